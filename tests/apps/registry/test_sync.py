"""The registers filled from a real lake, and full values opened for one answer only."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pyarrow.parquet as pq
import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.registry.models import Institution, Person, Practitioner, Reveal
from hengjian.apps.registry.services import ensure_persons, look_up, reveal, sync_from_lake
from hengjian.kernel.errors import InputError
from hengjian.kernel.mask import masked_name
from hengjian.lake.versions import open_lake

pytestmark = pytest.mark.django_db


def people_of(city) -> list[dict]:
    """Persons as the city wrote them, insured in the cast's city, whose identity number nobody else has."""
    rows = [row for path in sorted(city.glob("person-0*.parquet")) for row in pq.read_table(path).to_pylist()]
    found = [r for r in rows if r["psn_name"] and r["certno"] and r["tel"] and str(r["insu_admdvs"]).startswith("9901")]
    numbers = [r["certno"] for r in found]
    return [r for r in found if numbers.count(r["certno"]) == 1][:20]


def test_institutions_and_practitioners_are_those_of_the_lake(stocked, city, now):
    lake = open_lake(stocked / "lake")
    counts = sync_from_lake(lake=lake, by="测试", at=now)
    text = (city / "institution.csv").read_text(encoding="utf-8-sig")
    sent = {r["fixmedins_code"]: r for r in csv.DictReader(io.StringIO(text))}
    assert counts["institutions"] == Institution.objects.count() > 5
    known = Institution.objects.filter(code__in=sent)
    assert known.count() > 5
    assert all(i.name == sent[i.code]["fixmedins_name"] and i.region_code == sent[i.code]["admdvs"] for i in known)
    assert {i.kind for i in known} <= {"定点医疗机构", "定点零售药店"}
    assert known.filter(last_data_on__isnull=False).exists()
    assert Practitioner.objects.filter(institution__isnull=False).exclude(department="").exists()


def test_a_second_sync_changes_nothing_and_renames_what_was_renamed(stocked, now):
    lake = open_lake(stocked / "lake")
    sync_from_lake(lake=lake, by="测试", at=now)
    one = Institution.objects.first()
    keys = set(Institution.objects.values_list("pk", flat=True))
    Institution.objects.filter(pk=one.pk).update(name="旧名")
    sync_from_lake(lake=lake, by="测试", at=now)
    assert Institution.objects.get(pk=one.pk).name == one.name
    assert set(Institution.objects.values_list("pk", flat=True)) == keys
    assert Entry.objects.filter(event="registry.synced").count() == 2
    assert verify().whole


def test_persons_carry_masked_names_only(stocked, city, now):
    lake = open_lake(stocked / "lake")
    wanted = people_of(city)
    assert len(wanted) == 20
    ensure_persons(lake=lake, psn_nos=[r["psn_no"] for r in wanted] + ["没有这个人"], by="测试", at=now)
    assert Person.objects.count() == 21
    for row in wanted:
        person = Person.objects.get(psn_no=row["psn_no"])
        assert person.masked_name == masked_name(row["psn_name"])
        assert person.region_code == row["insu_admdvs"]
    assert Person.objects.get(psn_no="没有这个人").masked_name == ""


def test_full_values_are_shown_with_a_reason_and_kept_nowhere(stocked, city, now, cast):
    lake = open_lake(stocked / "lake")
    row = people_of(city)[0]
    ensure_persons(lake=lake, psn_nos=[row["psn_no"]], by="测试", at=now)
    person = Person.objects.get()
    shown = reveal(by=cast["chushen"], at=now, person=person, reason="核对身份证号与病历首页")
    assert shown.values["姓名"] == row["psn_name"]
    assert shown.values["证件号码"] == row["certno"]
    assert shown.values["联系电话"] == row["tel"]
    assert row["certno"] not in repr(shown)
    kept = Reveal.objects.get()
    assert (kept.user, kept.reason) == (cast["chushen"], "核对身份证号与病历首页")
    entry = Entry.objects.get(event="person.revealed")
    everything = json.dumps(
        [entry.summary, entry.detail, *Person.objects.values_list("masked_name", flat=True)], ensure_ascii=False
    )
    assert row["certno"] not in everything and row["psn_name"] not in everything and row["tel"] not in everything


def test_full_values_need_the_right_the_region_and_a_reason(stocked, city, now, cast):
    row = people_of(city)[0]
    ensure_persons(lake=open_lake(stocked / "lake"), psn_nos=[row["psn_no"]], by="测试", at=now)
    person = Person.objects.get()
    with pytest.raises(NotAllowed):
        reveal(by=cast["shuju"], at=now, person=person, reason="核对身份证号与病历首页")
    with pytest.raises(InputError, match="理由太短"):
        reveal(by=cast["chushen"], at=now, person=person, reason="看一下 ")
    Person.objects.update(region_code="330100")
    with pytest.raises(NotAllowed, match="地区"):
        reveal(by=cast["chushen"], at=now, person=Person.objects.get(), reason="核对身份证号与病历首页")
    assert not Reveal.objects.exists()
    assert not Entry.objects.filter(event="person.revealed").exists()


def test_an_identity_number_finds_its_person_and_is_not_kept(stocked, city, now, cast):
    row = people_of(city)[0]
    ensure_persons(lake=open_lake(stocked / "lake"), psn_nos=[r["psn_no"] for r in people_of(city)], by="测试", at=now)
    assert [p.psn_no for p in look_up(by=cast["chushen"], at=now, certno=f" {row['certno'].lower()} ")] == [row["psn_no"]]
    assert look_up(by=cast["chushen"], at=now, certno="110101199001010000") == []
    told = "".join(Entry.objects.filter(event="person.looked_up").values_list("detail", flat=True))
    assert row["certno"] not in told
    with pytest.raises(NotAllowed):
        look_up(by=cast["shenji"], at=now, certno=row["certno"])


def test_the_number_stands_nowhere_in_the_lake(stocked, city):
    row = people_of(city)[0]
    version = open_lake(stocked / "lake")
    with duckdb.connect() as con:
        text = con.execute(
            "SELECT string_agg(certno || certno_dgst, ' ') FROM read_parquet(?)", [version.files("person")]
        ).fetchone()[0]
    assert row["certno"] not in text
