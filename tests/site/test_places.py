"""A rule that is first switched on at some places only: there it opens findings, elsewhere it runs in shadow, in every engine of the office."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hengjian.engine.run import run_audit
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Rulebook
from hengjian.site.apply import effective
from hengjian.site.releases import Release, add_releases, places_of, read_releases

from ..lake.folder import NOW, load, make_folder, row, write_csv

BOOK = load_rulebook()
RULE = "drug_sex_limit"
CITY, COUNTY = "H99010100001", "H99010200001"


def released(site: Path, *places: str, on: str = "2026-11-01") -> Rulebook:
    """The rulebook of a site that lets the rule open findings at these places."""
    add_releases(site, BOOK, [Release(RULE, "active", day_number(date(2026, 1, 1)), "张三", "先试", "", places)], NOW)
    return effective(BOOK, site, date.fromisoformat(on))


@pytest.fixture
def lake(tmp_path: Path) -> LakeVersion:
    """A woman's visit at a hospital of a city district and one at a hospital of a county, each with a drug for men."""
    mens = {
        "med_list_codg": "XG04CBA088A001010100001",
        "hilist_name": "爱普列特片",
        "list_type": "101",
        "med_chrgitm_type": "09",
    }
    places = {"M1": (CITY, "990101"), "M2": (COUNTY, "990102")}
    folder = make_folder(
        tmp_path / "in",
        person=[row("person", gend="2")],
        institution=[row("institution", fixmedins_code=code, admdvs=region) for code, region in places.values()],
        encounter=[row("encounter", mdtrt_id=m, fixmedins_code=code) for m, (code, _) in places.items()],
        settlement=[row("settlement", mdtrt_id=m, setl_id=m, fixmedins_code=code) for m, (code, _) in places.items()],
        diagnosis=[row("diagnosis", mdtrt_id=m) for m in places],
        fee_line=[row("fee_line", **mens, mdtrt_id=m, setl_id=m, fixmedins_code=code) for m, (code, _) in places.items()],
    )
    load(folder, tmp_path / "lake")
    return open_lake(tmp_path / "lake")


def audit(lake: LakeVersion, out: Path, book: Rulebook, **more: Any) -> tuple[list[str], list[str], dict[str, Any]]:
    """Institutions of findings and of hits in shadow, and what the audit says of itself."""
    run_audit(lake, book, out, only=[RULE], now=NOW, **more)
    found, shadow = (pq.read_table(out / f"{n}.parquet").to_pylist() for n in ("findings", "shadow"))
    told = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    return sorted(f["fixmedins_code"] for f in found), sorted(f["fixmedins_code"] for f in shadow), told


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ((), [CITY, COUNTY]),
        (("990102",), [COUNTY]),
        (("990100",), [CITY, COUNTY]),
        ((CITY,), [CITY]),
        ((CITY, "990102"), [CITY, COUNTY]),
        (("990200",), []),
    ],
)
def test_findings_at_the_places_and_only_counted_elsewhere(
    lake: LakeVersion, tmp_path: Path, places: tuple[str, ...], found: list[str]
) -> None:
    opened, quiet, told = audit(lake, tmp_path / "out", released(tmp_path / "site", *places))
    assert opened == found and sorted(opened + quiet) == [CITY, COUNTY]
    assert (told["findings"], told["shadow_hits"]) == (len(opened), len(quiet))
    with (tmp_path / "out" / "rules.csv").open(encoding="utf-8") as handle:
        assert {r["rule_id"]: r["findings"] for r in csv.DictReader(handle)} == {RULE: f"{len(opened)}"}


def test_widening_opens_and_narrowing_withdraws_because_of_the_rule(lake: LakeVersion, tmp_path: Path) -> None:
    out, site = tmp_path / "out", tmp_path / "site"
    assert audit(lake, out, released(site, "990102"))[0] == [COUNTY]
    opened, _, told = audit(lake, out, released(site), since="last")
    assert opened == [CITY, COUNTY] and told["full_because"] == "规则或知识与上次不同"
    opened, quiet, _ = audit(lake, out, released(site, CITY), since="last")
    (gone,) = pq.read_table(out / "withdrawn.parquet").to_pylist()
    assert (opened, quiet) == ([CITY], [COUNTY]) and (gone["fixmedins_code"], gone["withdrawn_why"]) == (COUNTY, "rule")


def test_an_increment_carries_both_over(lake: LakeVersion, tmp_path: Path) -> None:
    out, book = tmp_path / "out", released(tmp_path / "site", "990102")
    audit(lake, out, book)
    whole = [pq.read_table(out / f"{n}.parquet") for n in ("findings", "shadow")]
    opened, quiet, told = audit(lake, out, book, since="last")
    assert (told["rejudged"], told["full_because"], opened, quiet) == (0, "", [COUNTY], [CITY])
    assert all(pq.read_table(out / f"{n}.parquet").equals(t) for n, t in zip(("findings", "shadow"), whole, strict=True))
    load(write_visit(tmp_path / "more"), tmp_path / "lake")
    opened, quiet, told = audit(open_lake(tmp_path / "lake"), out, book, since="last")
    assert (opened, quiet) == ([COUNTY], [CITY, CITY]) and told["rejudged"] == 1


def write_visit(folder: Path) -> Path:
    """One more visit of the woman at the city's hospital."""
    mens = {
        "med_list_codg": "XG04CBA088A001010100001",
        "hilist_name": "爱普列特片",
        "list_type": "101",
        "med_chrgitm_type": "09",
    }
    own = {"mdtrt_id": "M3", "fixmedins_code": CITY}
    write_csv(folder / "encounter.csv", [row("encounter", **own, begntime="2026-04-01 09:00:00")])
    write_csv(folder / "settlement.csv", [row("settlement", **own, setl_id="M3", setl_time="2026-04-01 10:00:00")])
    write_csv(folder / "diagnosis.csv", [row("diagnosis", mdtrt_id="M3")])
    write_csv(folder / "fee_line.csv", [row("fee_line", **mens, **own, setl_id="M3", fee_ocur_time="2026-04-01 09:30:00")])
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    return folder


def test_the_places_are_those_of_the_release_that_holds(tmp_path: Path) -> None:
    for day, places in (("2026-03-01", ("990102",)), ("2026-06-01", ())):
        add_releases(
            tmp_path, BOOK, [Release(RULE, "active", day_number(date.fromisoformat(day)), "张三", "试", "", places)], NOW
        )
    on = {
        d: effective(BOOK, tmp_path, date.fromisoformat(d)).rules[RULE].places
        for d in ("2026-02-28", "2026-03-01", "2026-06-01")
    }
    assert on == {"2026-02-28": (), "2026-03-01": ("990102",), "2026-06-01": ()}
    rule = replace(BOOK.rules[RULE], places=("990100", "H99020300001"))
    assert rule.opens_at("X", "990133") and rule.opens_at("H99020300001", "") and not rule.opens_at("X", "990201")


def test_places_are_read_as_people_write_them_and_refused_where_they_are_none(tmp_path: Path) -> None:
    assert places_of(" 990102、H99010100001，990102 ; 990103") == ("990102", "H99010100001", "990103")
    header = "rule,status,from,by,reason,recorded_at,places\n"
    path = tmp_path / "releases.csv"
    path.write_text(f"{header}{RULE},active,2026-03-01,张三,,,990102、{CITY}\n", encoding="utf-8")
    assert read_releases(tmp_path, BOOK)[0].places == ("990102", CITY)
    for cells, what in (
        ("active,2026-03-01,张三,,,某某县", "地方写得不对"),
        ("shadow,2026-03-01,张三,,,990102", "影子不分地方"),
    ):
        path.write_text(f"{header}{RULE},{cells}\n", encoding="utf-8")
        with pytest.raises(InputError, match=what) as caught:
            read_releases(tmp_path, BOOK)
        assert "releases.csv:2" in str(caught.value) and caught.value.cure
