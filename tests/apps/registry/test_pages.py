"""Institutions, persons and their full values, through HTTP."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.registry.models import Institution, Person, Reveal
from hengjian.apps.registry.services import ensure_persons, sync_from_lake
from hengjian.apps.runs.models import Run
from hengjian.lake.versions import open_lake

from .test_sync import people_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(stocked, city, now, cast):
    """The registers of a small city, with twenty persons."""
    lake = open_lake(stocked / "lake")
    sync_from_lake(lake=lake, by="测试", at=now)
    ensure_persons(lake=lake, psn_nos=[r["psn_no"] for r in people_of(city)], by="测试", at=now)
    return people_of(city)


def test_the_list_of_institutions_is_searched_and_scoped(known, cast, client):
    client.force_login(cast["chushen"])
    first = Institution.objects.order_by("name").first()
    page = client.get(reverse("registry:institutions"), {"q": first.code}).content.decode()
    assert first.name in page and reverse("institution", args=[first.code]) in page
    Institution.objects.filter(pk=first.pk).update(region_code="330100")
    assert not client.get(reverse("registry:institutions"), {"q": first.code}).context["page"].object_list
    assert client.get(reverse("institution", args=[first.code])).status_code == 404
    client.force_login(cast["caiwu"])
    assert client.get(reverse("registry:institutions")).status_code == 403


def test_an_institution_shows_its_findings_by_rule_and_month(known, cast, client, now):
    place = Institution.objects.order_by("code").first()
    run = Run.objects.create(kind="audit", title="审计", state="done", queued_at=now, ended_at=now)
    clue = Clue.objects.create(
        number="X1", source="audit", grouping="institution", group_key="k", title="t", institution=place, region_code=place.region_code,
        found_on=now.date(), registered_at=now,
    )  # fmt: skip
    for n, (rule, month, state) in enumerate(
        [("a", 9, "in_hand"), ("a", 9, "in_hand"), ("a", 11, "settled"), ("b", 11, "withdrawn")]
    ):
        Finding.objects.create(
            finding_id=f"f{n}", clue=clue, first_run=run, state=state, rule_id=rule, rule_title=f"规则{rule}", category="medical",
            grain="fee_line", certainty="certain", rule_fingerprint="x", data_version=1, institution_code=place.code,
            region_code=place.region_code, window_start=now.replace(month=month, day=3), amount_total=100, amount_inscope=80,
            amount_fund=Decimal("60.50"), message="m", evidence="{}", law="", knowledge_ref="", arrived_at=now,
        )  # fmt: skip
    client.force_login(cast["chushen"])
    answer = client.get(reverse("institution", args=[place.code]))
    assert answer.context["months"] == ["2026-09", "2026-10", "2026-11"]
    (row,) = answer.context["heat"]
    assert [(c.count, c.level) for c in row.cells] == [(2, 5), (0, 0), (1, 3)]
    assert (row.count, row.fund) == (3, Decimal("181.50"))
    page = answer.content.decode()
    assert place.name in page and "181.50" in page and "规则b" not in page
    client.force_login(cast["shuju"])  # reads the register, not the clues
    assert "heat" not in client.get(reverse("institution", args=[place.code])).context


def test_a_full_value_is_in_one_answer_that_nobody_keeps(known, cast, client):
    row, person = known[0], Person.objects.get(psn_no=known[0]["psn_no"])
    client.force_login(cast["chushen"])
    address = reverse("registry:person", args=[person.pk])
    masked = client.get(address).content.decode()
    assert row["certno"] not in masked and row["psn_name"] not in masked and person.masked_name in masked
    answer = client.post(reverse("registry:reveal", args=[person.pk]), {"reason": "核对身份证号与病历首页"})
    page = answer.content.decode()
    assert row["certno"] in page and row["psn_name"] in page and row["tel"] in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert row["certno"] not in client.get(address).content.decode()
    assert client.get(reverse("registry:reveal", args=[person.pk])).status_code == 405


def test_a_reason_that_is_too_short_is_said_at_the_field(known, cast, client):
    person = Person.objects.first()
    client.force_login(cast["chushen"])
    answer = client.post(reverse("registry:reveal", args=[person.pk]), {"reason": "看看"})
    assert answer.status_code == 400 and "至少 6 个字" in answer.content.decode()
    assert not Reveal.objects.exists()


def test_who_may_not_open_full_values_is_told_who_may(known, cast, client):
    person = Person.objects.first()
    client.force_login(cast["shuju"])
    assert "不能看这个人的完整信息" in client.get(reverse("registry:person", args=[person.pk])).content.decode()
    assert client.post(reverse("registry:reveal", args=[person.pk]), {"reason": "核对身份证号与病历首页"}).status_code == 403


def test_a_person_is_found_by_the_whole_identity_number_only(known, cast, client):
    row = known[0]
    person = Person.objects.get(psn_no=row["psn_no"])
    client.force_login(cast["chushen"])
    answer = client.post(reverse("registry:find"), {"certno": row["certno"]})
    assert answer.headers["Location"] == reverse("registry:person", args=[person.pk])
    assert (
        "没有疑点说到这个人"
        in client.post(reverse("registry:find"), {"certno": row["certno"][:-1]}, follow=True).content.decode()
    )
    assert client.post(reverse("registry:find"), {"certno": "3301"}).status_code == 400
    page = client.get(reverse("registry:persons"), {"q": row["psn_no"]}).content.decode()
    assert person.masked_name in page and row["psn_name"] not in page


def test_those_who_watch_see_who_opened_what_and_why(known, cast, client):
    person = Person.objects.get(psn_no=known[0]["psn_no"])
    client.force_login(cast["chushen"])
    client.post(reverse("registry:reveal", args=[person.pk]), {"reason": "核对身份证号与病历首页"})
    assert client.get(reverse("registry:reveals")).status_code == 403
    for watcher in ("shenji", "kezhang"):
        client.force_login(cast[watcher])
        page = client.get(reverse("registry:reveals")).content.decode()
        assert "何文杰" in page and "核对身份证号与病历首页" in page
        assert known[0]["certno"] not in page and known[0]["psn_name"] not in page
        assert "还没有人看过" not in page
    assert "没有符合条件的" in client.get(reverse("registry:reveals"), {"who": "别人"}).content.decode()
