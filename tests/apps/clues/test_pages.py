from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone

from hengjian.apps.accounts.models import Office
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.services import Report, register_clue, settle_findings, take_next
from hengjian.apps.runs.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(audits, cast):
    """Clues in hand and in the pool, one outside clue that is over its limit."""
    audits.write(300)
    audits.arrive()
    at = timezone.now()
    past = at - timedelta(days=60)
    register_clue(
        report=Report("superior", "省局交办：核查康复收费", "请核查。", timezone.localdate(past), "交办〔2026〕12号"),
        by=cast["kezhang"],
        at=past,
    )
    for _ in range(3):
        take_next(by=cast["chushen"], at=at)
    return cast


def page(client, who, address, **query):
    client.force_login(who)
    return client.get(address, query)


LIST = "/clues/"


def test_the_list_shows_the_most_urgent_first_with_counts_and_total(client, world):
    answer = page(client, world["kezhang"], LIST)
    shown = list(answer.context["page"])
    assert shown[0].source == "superior" and [c.priority for c in shown] == sorted((c.priority for c in shown), reverse=True)
    counts = {t["state"]: t["count"] for t in answer.context["tabs"]}
    total = Clue.objects.count()
    assert counts == {"": total, "new": total - 3, "in_hand": 3, "overdue": 1, "closed": 0}
    assert answer.context["total"] == Clue.objects.aggregate(t=Sum("counted_total"))["t"]
    assert "XS-2026-00001" in page(client, world["kezhang"], LIST, sort="number").content.decode()


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"source": "superior"}, lambda c: c.source == "superior"),
        ({"state": "in_hand"}, lambda c: c.state == "in_hand"),
        ({"state": "overdue"}, lambda c: c.source == "superior"),
        ({"region": "990102"}, lambda c: c.region_code == "990102"),
        ({"category": "fraud"}, lambda c: c.category == "fraud"),
        ({"certainty": "certain"}, lambda c: c.certainty == "certain"),
        ({"amount": "20"}, lambda c: c.amount_total >= 20),
        ({"rule": "made_05"}, lambda c: c.rule_id == "made_05"),
        ({"institution": "H99010000001"}, lambda c: c.institution and c.institution.code == "H99010000001"),
        ({"q": "XS-2026-00002"}, lambda c: c.number == "XS-2026-00002"),
        ({"q": "康复"}, lambda c: c.source == "superior"),
        ({"due": "none"}, lambda c: c.due_at is None),
        ({"found_from": "2099-01-01"}, lambda c: False),
        ({"amount": "许多"}, lambda c: True),
    ],
)
def test_filters_stand_in_the_address(client, world, query, kept):
    answer = page(client, world["kezhang"], LIST, size="100", **query)
    shown = {c.pk for c in answer.context["page"].paginator.object_list}
    assert shown == {c.pk for c in Clue.objects.select_related("institution") if kept(c)}


@pytest.mark.parametrize(
    "query", [{"page": "99"}, {"page": "x"}, {"size": "7"}, {"sort": "nothing"}, {"person": "-1"}, {"due": "?"}]
)
def test_an_odd_address_still_shows_the_list(client, world, query):
    assert page(client, world["kezhang"], LIST, **query).status_code == 200


def test_a_list_takes_the_same_few_queries_however_many_rows(client, world, django_assert_max_num_queries):
    client.force_login(world["kezhang"])
    with django_assert_max_num_queries(16):
        client.get(LIST, {"size": "20"})
    with django_assert_max_num_queries(16):
        client.get(LIST, {"size": "100"})
    with django_assert_max_num_queries(20):
        client.get(reverse("clues:ledger"), {"size": "100"})


def test_one_clue_takes_few_queries(client, world, django_assert_max_num_queries):
    client.force_login(world["kezhang"])
    clue = Clue.objects.order_by("-findings_count")[0]
    with django_assert_max_num_queries(18):
        client.get(reverse("clues:clue", args=[clue.pk]))


@pytest.mark.parametrize("login", ["shuju", "caiwu", "guanli", "anquan", "shenji", "yibao", "yishi"])
@pytest.mark.parametrize("name", ["clues:list", "clues:ledger", "clues:gone", "clues:new", "board"])
def test_who_has_no_right_is_told_so(client, world, login, name):
    assert page(client, world[login], reverse(name)).status_code == 403


def test_clues_of_other_counties_are_not_there(client, world):
    post = world["kezhang"].posts.get()
    post.region_code = "990103"
    post.save()
    shown = page(client, world["kezhang"], LIST, size="100").context["page"].paginator.object_list
    assert {c.region_code for c in shown} == {"990103"}
    foreign = Clue.objects.filter(region_code="990102").first()
    assert client.get(reverse("clues:clue", args=[foreign.pk])).status_code == 404
    answer = client.post(reverse("clues:assign"), {"sel": foreign.pk, "to": world["chushen"].pk})
    assert answer.status_code in (302, 400) and Clue.objects.get(pk=foreign.pk).state == foreign.state


def test_chosen_clues_are_given_to_a_person(client, world):
    client.force_login(world["kezhang"])
    chosen = list(Clue.objects.filter(state="new")[:3])
    answer = client.post(
        reverse("clues:assign"), {"sel": [c.pk for c in chosen], "to": world["chushen2"].pk, "back": LIST + "?state=new"}
    )
    assert answer["Location"] == LIST + "?state=new"
    assert set(Clue.objects.filter(assignee=world["chushen2"])) == set(chosen)
    assert "交给夏知秋" in client.get(LIST).content.decode()


@pytest.mark.parametrize("sent", [{}, {"sel": "1"}, {"sel": "x", "to": "1"}, {"to": "999999", "sel": "1"}])
def test_a_half_filled_hand_out_changes_nothing(client, world, sent):
    client.force_login(world["kezhang"])
    before = list(Clue.objects.order_by("pk").values_list("assignee", flat=True))
    assert client.post(reverse("clues:assign"), sent).status_code in (302, 400)
    assert list(Clue.objects.order_by("pk").values_list("assignee", flat=True)) == before


def test_the_next_clue_opens(client, world):
    client.force_login(world["chushen2"])
    answer = client.post(reverse("clues:next"), follow=True)
    assert answer.context["clue"].assignee == world["chushen2"]
    body = answer.content.decode()
    assert "退回待分派" in body and "办理过程" in body and "取得" in body and "何文杰" not in body


def test_a_reviewer_gives_a_clue_back_and_stands_aside(client, world):
    client.force_login(world["chushen"])
    clue = Clue.objects.filter(assignee=world["chushen"], institution__isnull=False)[0]
    address = reverse("clues:return", args=[clue.pk])
    assert client.post(address, {"version": clue.version, "reason": ""}).status_code == 400
    client.post(reverse("clues:recuse", args=[clue.pk]), {"reason": "配偶在院"})
    client.post(address, {"version": clue.version, "reason": "应当回避"})
    clue.refresh_from_db()
    assert clue.state == "new" and world["chushen"].recusals.get().institution == clue.institution


def test_a_clue_shows_its_certainty_as_it_is(client, world):
    for certainty, word in (("certain", "违规"), ("suspected", "可疑")):
        clue = Clue.objects.filter(certainty=certainty, grouping="institution").first()
        body = page(client, world["kezhang"], reverse("clues:clue", args=[clue.pk])).content.decode()
        assert f">{word}</span>" in body and body.count('class="sure') == 1 + min(20, clue.findings.count())


def test_the_supervisor_closes_an_outside_clue(client, world):
    client.force_login(world["kezhang"])
    clue = Clue.objects.get(source="superior")
    client.post(reverse("clues:close", args=[clue.pk]), {"version": clue.version, "reason": "查无此事"})
    clue.refresh_from_db()
    assert (clue.state, clue.closed_reason) == ("closed", "查无此事")
    assert "查无此事" in client.get(reverse("clues:clue", args=[clue.pk])).content.decode()


def test_registering_shows_what_is_missing_and_what_is_alike(client, world, institutions):
    client.force_login(world["chushen"])
    address = reverse("clues:new")
    answer = client.post(address, {"source": "tip", "title": ""})
    assert answer.status_code == 400 and "还不能提交" in answer.content.decode()
    sent = {"source": "tip", "title": "多收费", "received_on": date.today().isoformat(), "institution": institutions[2].name}  # noqa: DTZ011
    answer = client.post(address, sent, follow=True)
    made = answer.context["clue"]
    assert made.institution == institutions[2] and made.registered_by == world["chushen"]
    again = client.post(address, sent)
    assert again.status_code == 400 and made.number in again.content.decode()
    assert client.post(address, sent | {"not_alike": "on"}).status_code == 302
    assert client.post(address, sent | {"institution": "没有这家"}).status_code == 400
    assert institutions[2].code in client.get(reverse("clues:institutions"), {"institution": "样例医院 2"}).content.decode()


def test_the_ledger_lists_what_is_open_with_step_and_last_act(client, world):
    answer = page(client, world["kezhang"], reverse("clues:ledger"), size="100")
    shown = list(answer.context["page"])
    assert shown[0].source == "superior" and shown[0].left < 0
    assert len(shown) == min(100, Clue.objects.exclude(state="closed").count())
    assert {c.pk: c.held for c in shown} == {c.pk: Finding.objects.filter(clue=c, state="in_hand").count() for c in shown}
    assert shown[0].last_act.event in ("clue.assigned", "workdays.started", "clock.started", "clue.registered")
    counts = answer.context["counts"]
    assert counts["n_overdue"] == 1 and counts["n_new"] + counts["n_in_hand"] == counts["n_all"]


def test_decided_findings_that_no_longer_hold_are_listed(client, world, audits):
    decided = Finding.objects.first()
    settle_findings(findings=[decided], reasons={decided.pk: "扣减"}, by="测试", at=timezone.now())
    Finding.objects.filter(pk=decided.pk).update(gone_at=timezone.now())
    body = page(client, world["kezhang"], reverse("clues:gone")).content.decode()
    assert decided.message in body
    assert "1 条疑点已决定" in client.get(reverse("clues:ledger")).content.decode()


def test_home_says_what_is_due_and_its_number_is_that_of_its_list(client, world):
    answer = page(client, world["kezhang"], "/")
    told = answer.context
    assert (told["overdue"], told["due_today"]) == (1, 0)
    assert all(c.state == "new" for c in told["top"]) and [c.priority for c in told["top"]] == sorted(
        (c.priority for c in told["top"]), reverse=True
    )
    number = told["suspected"]
    behind = client.get(number["href"])
    assert behind.context["total"] == number["total"] > 0
    assert number["findings"] == Finding.objects.count()
    assert "counted_total" in number["query"] and "查询语句" in answer.content.decode()


def test_the_number_since_go_live_leaves_out_what_came_before(client, world):
    Office.objects.update(live_since=timezone.localdate() + timedelta(days=1))
    number = page(client, world["kezhang"], "/").context["suspected"]
    assert number["total"] == 0 and client.get(number["href"]).context["page"].paginator.count == 0


def test_home_tells_of_silent_institutions_and_failed_runs(client, world, institutions):
    for n, institution in enumerate(institutions):
        institution.last_data_on = date(2026, 11, 1) - timedelta(days=31 if n == 2 else 30)
        institution.save()
    type(institutions[0]).objects.filter(pk=institutions[0].pk).update(last_data_on=date(2026, 11, 1))
    Run.objects.create(
        kind="audit", title="夜间审计", queued_at=timezone.now(), state="failed", ended_at=timezone.now(), failure="磁盘写满了"
    )
    answer = page(client, world["kezhang"], "/")
    assert [i.name for i in answer.context["silent"]] == ["样例医院 2"] and answer.context["silent_count"] == 1
    assert "磁盘写满了" in answer.content.decode()


@pytest.mark.parametrize(
    "login", ["kezhang", "chushen", "fuhe", "juzhang", "shuju", "caiwu", "guanli", "shenji", "yibao", "yishi"]
)
def test_everybody_has_a_home(client, world, login, django_assert_max_num_queries):
    client.force_login(world[login])
    with django_assert_max_num_queries(34):
        assert client.get("/").status_code == 200


def test_home_of_one_without_a_post_says_who_helps(client, world):
    world["shuju"].posts.update(valid_to=date(2026, 1, 2))
    assert "请安全管理员" in page(client, world["shuju"], "/").content.decode()


def test_the_board_counts_everybodys_load_and_gives_clues_to_another(client, world):
    answer = page(client, world["kezhang"], reverse("board"))
    (load,) = answer.context["people"]
    assert (load["person"], load["clues"], load["over"]) == (world["chushen"], 3, 1)
    mine = client.get(reverse("board"), {"person": world["chushen"].pk})
    assert {c.assignee for c in mine.context["page"]} == {world["chushen"]}
    one = mine.context["page"][0]
    client.post(reverse("clues:assign"), {"sel": one.pk, "to": world["chushen2"].pk, "back": reverse("board")})
    assert {p["person"].name: p["clues"] for p in client.get(reverse("board")).context["people"]} == {"何文杰": 2, "夏知秋": 1}
    assert client.get(reverse("board"), {"person": "none", "due": "overdue"}).status_code == 200


def test_the_head_sees_the_board_but_gives_nothing_out(client, world):
    answer = page(client, world["juzhang"], reverse("board"))
    assert answer.status_code == 200 and 'name="sel"' not in answer.content.decode()
    client.post(reverse("clues:assign"), {"sel": Clue.objects.first().pk, "to": world["chushen2"].pk})
    assert not Clue.objects.filter(assignee=world["chushen2"]).exists()


def test_the_board_takes_few_queries(client, world, django_assert_max_num_queries):
    client.force_login(world["kezhang"])
    with django_assert_max_num_queries(18):
        client.get(reverse("board"), {"size": "100"})


def test_search_finds_clue_finding_institution_and_rule(client, world):
    clue = Clue.objects.filter(grouping="institution").first()
    finding = clue.findings.first()
    assert page(client, world["kezhang"], reverse("search"), q=clue.number)["Location"] == reverse("clues:clue", args=[clue.pk])
    assert client.get(reverse("search"), {"q": finding.finding_id[:10]}).context["findings"] == [finding]
    assert clue.institution in client.get(reverse("search"), {"q": clue.institution.name}).context["institutions"]
    assert {r["rule_id"] for r in client.get(reverse("search"), {"q": clue.rule_title}).context["rules"]} == {clue.rule_id}
    assert "没有找到" in client.get(reverse("search"), {"q": "没有这个"}).content.decode()
    assert client.get(reverse("search")).status_code == 200


def test_search_stays_within_the_scope(client, world):
    post = world["kezhang"].posts.get()
    post.region_code = "990103"
    post.save()
    foreign = Clue.objects.filter(region_code="990102", grouping="institution").first()
    answer = page(client, world["kezhang"], reverse("search"), q=foreign.number)
    assert answer.status_code == 200 and not answer.context["found"]
    named = client.get(reverse("search"), {"q": foreign.institution.name})
    assert foreign.institution not in named.context["institutions"]
    found = client.get(reverse("search"), {"q": foreign.findings.first().finding_id})
    assert not found.context["findings"]


@override_settings(DEBUG=False)
def test_an_empty_office_says_what_will_come(client, cast):
    body = page(client, cast["kezhang"], LIST).content.decode()
    assert "还没有线索" in body
    assert "没有符合条件的线索" in page(client, cast["kezhang"], LIST, q="x").content.decode()
    for address in ("/", reverse("clues:ledger"), reverse("board"), reverse("clues:gone")):
        assert page(client, cast["kezhang"], address).status_code == 200


def test_money_of_a_page_is_exact(client, world):
    clue = Clue.objects.filter(source="audit").order_by("-amount_total")[0]
    body = page(client, world["kezhang"], LIST, sort="-amount").content.decode()
    assert f"{Decimal(clue.amount_total):,.2f}" in body
