"""The frame of the pages as a browser gets it: the door's colour, the menu, the way out, and a policy that lets nothing inline through."""

import pytest
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse

from hengjian.web.browser_floor import breaches_in

pytestmark = pytest.mark.django_db


def page(client, user):
    client.force_login(user)
    answer = client.get(reverse("home"))
    assert answer.status_code == 200
    return answer


def test_each_door_has_its_own_colour(client, cast):
    assert 'class="bureau ' in page(client, cast["chushen"]).content.decode()
    assert 'class="desk ' in page(client, cast["yibao"]).content.decode()


def test_the_frame_names_person_unit_and_posts_and_signs_out_by_post(client, cast):
    shown = page(client, cast["chushen"]).content.decode()
    assert cast["chushen"].name in shown and cast["chushen"].unit.name in shown
    assert f'<form method="post" action="{reverse("logout")}">' in shown


def test_what_the_browser_gets_has_nothing_inline_and_no_other_host(client, cast):
    for user in (cast["chushen"], cast["yibao"]):
        answer = page(client, user)
        assert list(breaches_in(answer.content.decode(), ".html", "home")) == []
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


def test_the_sign_in_page_stands_without_an_account(client, cast):
    shown = client.get(reverse("login")).content.decode()
    assert 'autocomplete="current-password"' in shown and "镜川市医疗保障局" in shown
    assert list(breaches_in(shown, ".html", "login")) == []


def test_pages_of_a_list_keep_the_filters_in_their_address():
    request = RequestFactory().get("/x/", {"q": "甲", "page": "2", "size": "20"})
    page_two = Paginator(range(100), 20).page(2)
    shown = render_to_string("office/_pager.html", {"page": page_two, "pages": [1, 2, 3]}, request=request)
    assert "第 21–40 条，共" in shown
    assert 'href="?q=%E7%94%B2&amp;page=3&amp;size=20"' in shown and '<input type="hidden" name="q" value="甲">' in shown
    assert '<option value="20" selected>' in shown
