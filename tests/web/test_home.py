"""What each person sees first: the own work, and the way to it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ..apps.review.conftest import world  # noqa: F401


@pytest.fixture
def page(world, now, monkeypatch):  # noqa: F811
    monkeypatch.setattr(timezone, "now", lambda: now)

    def shown(login: str) -> str:
        client = Client()
        client.force_login(world.cast[login])
        return client.get(reverse("home")).content.decode()

    return shown


def test_a_reviewer_sees_the_clues_in_hand_first_and_goes_on_to_review(world, page):  # noqa: F811
    empty = page("chushen")
    assert "去初审" not in empty and "手里没有线索" in empty
    world.review("first")
    shown = page("chushen")
    assert shown.index("我在办的线索") < shown.index("先看这些")
    assert f'class="btn primary" href="{reverse("review:queue")}"' in shown


def test_an_institution_sees_what_waits_for_it_and_how_to_answer(world, page):  # noqa: F811
    assert "没有等您答复的疑点" in page("yibao")
    review, unsent = world.review("answer"), world.review("first")
    shown = page("yibao")
    assert reverse("desk:item", args=[review.pk]) in shown and reverse("desk:item", args=[unsent.pk]) not in shown
    assert "还没有看过" in shown and "剩 7 个工作日" in shown and "怎么答复" in shown


@pytest.mark.parametrize("login", ["anquan", "shenji", "caiwu", "yibao"])
def test_who_may_find_nothing_is_offered_no_search(page, login):
    assert 'role="search"' not in page(login)


def test_no_way_is_offered_that_is_closed(world, page):  # noqa: F811
    client = Client()
    client.force_login(world.cast["juzhang"])
    shown = client.get(reverse("review:second")).content.decode()
    assert reverse("review:bulk") not in shown and reverse("review:feedback") not in shown
    client.force_login(world.cast["fuhe"])
    shown = client.get(reverse("review:second")).content.decode()
    assert reverse("review:bulk") in shown and reverse("review:feedback") in shown
