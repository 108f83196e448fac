"""Batches: what replaces, what adds, what contradicts; undo; a kill; two at once."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from hengjian.kernel.dates import OPEN_DAY, Period, day_number
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import KnowledgeRow
from hengjian.site.folder import writing
from hengjian.site.knowledge import effective, stored
from hengjian.site.knowledge.importing import undo
from hengjian.site.knowledge.origin import Options
from hengjian.site.knowledge.store import FOLDER, INDEX, read_batches

from .tables import NOTICE, NOW, A, B, C, csv, look, on, take, told

HEAD = ("药品编码", "通用名", "限定性别")
OLD, NEW = date(2026, 1, 1), date(2026, 6, 1)


def sexes(folder: Path, name: str, *rows: tuple[str, str, str]) -> Path:
    return csv(folder / f"{name}.csv", HEAD, *rows)


def periods(site: Path) -> dict[str, tuple[str, str, str]]:
    """Code → sex, valid_from, valid_to."""
    return {
        r.values["code"]: tuple(r.values[c] for c in ("value", "valid_from", "valid_to"))
        for r in stored(site).get("drug_sex_limit", ())
    }


def shipped(code: str, value: str, *, official: bool, match: str = "prefix") -> dict[str, tuple[KnowledgeRow, ...]]:
    values = {"kid": "s1", "name": "甲", "code": code, "match": match, "value": value}
    return {"drug_sex_limit": (KnowledgeRow("drug_sex_limit", "s1", values, Period(day_number(OLD)), official, 2),)}


@pytest.fixture()
def site(tmp_path: Path) -> Path:
    take(tmp_path / "site", sexes(tmp_path, "一", (A, "甲", "女"), (B, "乙", "女")), options=on(OLD))
    return tmp_path / "site"


def test_a_replacing_list_closes_what_it_does_not_say_again(tmp_path: Path, site: Path) -> None:
    batch = take(site, sexes(tmp_path, "二", (A, "甲", "女"), (C, "丙", "男")), options=on(NEW), mode="replace")
    assert batch.tables == {"drug_sex_limit": {"added": 1, "closed": 1, "changed": 0, "unchanged": 1, "refused": 0}}
    assert periods(site) == {A: ("2", "2026-01-01", ""), B: ("2", "2026-01-01", "2026-06-01"), C: ("1", "2026-06-01", "")}


def test_a_replacing_list_changes_what_it_says_otherwise(tmp_path: Path, site: Path) -> None:
    batch = take(site, sexes(tmp_path, "二", (A, "甲", "男"), (B, "乙", "女")), options=on(NEW), mode="replace")
    assert batch.tables["drug_sex_limit"] | {"changed": 1, "unchanged": 1} == batch.tables["drug_sex_limit"]
    found = {(r.values["value"], r.period) for r in stored(site)["drug_sex_limit"] if r.values["code"] == A}
    assert found == {("2", Period(day_number(OLD), day_number(NEW))), ("1", Period(day_number(NEW)))}


def test_an_adding_list_closes_nothing_and_may_not_contradict(tmp_path: Path, site: Path) -> None:
    prepared = look(site, sexes(tmp_path, "二", (A, "甲", "男"), (C, "丙", "男")), options=on(NEW))
    reason, detail = told(prepared)[2]
    assert reason == "Z07" and A in detail and "第 1 批" in detail and "2026-01-01" in detail
    take(site, tmp_path / "二.csv", options=on(NEW))
    assert periods(site) == {A: ("2", "2026-01-01", ""), B: ("2", "2026-01-01", ""), C: ("1", "2026-06-01", "")}


def test_what_follows_what_ended_is_no_contradiction(tmp_path: Path, site: Path) -> None:
    take(site, sexes(tmp_path, "二", (A, "甲", "女")), options=on(NEW), mode="replace")
    take(site, sexes(tmp_path, "三", (B, "乙", "男")), options=on(date(2026, 7, 1)))
    assert periods(site)[B] == ("1", "2026-07-01", "")


def test_the_known_update_replaces_and_the_numbered_batches_add(tmp_path: Path, site: Path) -> None:
    update = Options("更新公告", "2026-01-28 更新", date(2026, 1, 28))
    assert (
        look(site, sexes(tmp_path, "二", (A, "甲", "女")), options=update).difference.counts()["drug_sex_limit"]["closed"] == 1
    )
    assert (
        look(site, tmp_path / "二.csv", options=Options("公告", "第十二批", NEW)).difference.counts()["drug_sex_limit"][
            "closed"
        ]
        == 0
    )
    assert look(site, tmp_path / "二.csv", options=update, mode="add").difference.counts()["drug_sex_limit"]["closed"] == 0


def test_an_earlier_list_may_not_replace_a_later_one(tmp_path: Path, site: Path) -> None:
    take(site, sexes(tmp_path, "二", (C, "丙", "男")), options=on(NEW))
    with pytest.raises(InputError, match="更晚的一批"):
        look(site, sexes(tmp_path, "三", (A, "甲", "女")), options=on(date(2026, 3, 1)), mode="replace")


def test_an_earlier_notice_imported_late_adds_only_the_time_before(tmp_path: Path, site: Path) -> None:
    take(site, sexes(tmp_path, "二", (A, "甲", "女")), options=on(date(2025, 6, 1)))
    found = sorted((r.period.start, r.period.end) for r in stored(site)["drug_sex_limit"] if r.values["code"] == A)
    assert found == [(day_number(date(2025, 6, 1)), day_number(OLD)), (day_number(OLD), OPEN_DAY)]


def test_the_same_import_again_changes_nothing(tmp_path: Path, site: Path) -> None:
    prepared = look(site, tmp_path / "一.csv", options=on(OLD))
    assert prepared.empty and {e.reason for e in prepared.batch.explained} == {"Z11"}


def test_shipped_points_are_closed_by_a_list_that_replaces_them(tmp_path: Path) -> None:
    site, ours = tmp_path / "site", shipped("XC09", "1", official=True)
    take(site, sexes(tmp_path, "一", (A, "甲甲", "女")), options=on(NEW), mode="replace", shipped=ours)
    old, new = effective(site, ours)["drug_sex_limit"]
    assert (old.kid, old.period.end) == ("s1", day_number(NEW)) and new.values["code"] == A
    undo(site, None, NOW)
    assert effective(site, ours)["drug_sex_limit"] == ours["drug_sex_limit"]


def test_a_name_the_list_says_without_a_code_is_not_closed(tmp_path: Path) -> None:
    site, ours = tmp_path / "site", shipped("XC09", "1", official=True)
    named = csv(tmp_path / "药品区分性别使用.csv", ("药品通用名", "药品编码", "限定性别"), ["甲", "", "男"], ["丙", C, "男"])
    prepared = look(site, named, options=on(NEW), mode="replace", shipped=ours)
    assert told(prepared)[2][0] == "Z01" and not prepared.difference.closed


def test_a_shipped_prefix_is_contradicted_by_a_code_under_it(tmp_path: Path) -> None:
    site, rows = tmp_path / "site", sexes(tmp_path, "一", (A, "甲", "女"))
    assert told(look(site, rows, options=on(NEW), shipped=shipped(A[:9], "1", official=True)))[2][0] == "Z07"
    theirs = look(site, rows, options=on(NEW), shipped=shipped(A[:9], "1", official=False))
    assert theirs.difference.closed == [("drug_sex_limit", "s1", day_number(NEW))] and len(theirs.difference.changed) == 1


def test_what_was_ours_becomes_official_when_the_notice_says_it(tmp_path: Path) -> None:
    site, ours = tmp_path / "site", shipped(A, "2", official=False, match="exact")
    take(site, sexes(tmp_path, "一", (A, "甲", "女")), options=on(NEW), shipped=ours)
    assert [(r.official, r.period.end) for r in effective(site, ours)["drug_sex_limit"]] == [
        (False, day_number(NEW)),
        (True, OPEN_DAY),
    ]


def test_only_the_last_batch_is_undone_and_nothing_deleted(tmp_path: Path, site: Path) -> None:
    before = periods(site)
    take(site, sexes(tmp_path, "二", (C, "丙", "男")), options=on(NEW), mode="replace")
    files = sorted(p.name for p in (site / FOLDER).rglob("*.parquet"))
    with pytest.raises(InputError, match="第 1 批不能撤销"):
        undo(site, 1, NOW)
    assert undo(site, 2, NOW).undone_at == "2026-11-25T09:00:00"
    assert periods(site) == before and files == sorted(p.name for p in (site / FOLDER).rglob("*.parquet"))
    with pytest.raises(InputError, match="已经撤销"):
        undo(site, 2, NOW)
    take(site, sexes(tmp_path, "三", (C, "丙", "男")), options=on(NEW))
    assert [(b.no, bool(b.undone_at)) for b in read_batches(site)] == [(1, False), (2, True), (3, False)]
    undo(site, None, NOW)
    undo(site, None, NOW)
    with pytest.raises(InputError, match="没有可以撤销"):
        undo(site, None, NOW)


def test_an_import_killed_anywhere_leaves_the_former_state(tmp_path: Path, site: Path) -> None:
    former, before = (site / FOLDER / INDEX).read_bytes(), periods(site)
    take(site, sexes(tmp_path, "二", (C, "丙", "男")), options=on(NEW), mode="replace")
    whole = periods(site)
    (site / FOLDER / INDEX).write_bytes(former)  # killed before the list was renamed: the folder lies there, unnamed
    assert periods(site) == before
    shutil.copytree(site / FOLDER / "0002", site / FOLDER / ".0002.part")  # killed while the folder was written
    (site / FOLDER / f".{INDEX}.part").write_text("{", encoding="utf-8")
    assert periods(site) == before
    take(site, tmp_path / "二.csv", options=on(NEW), mode="replace")
    assert periods(site) == whole and not list((site / FOLDER).glob(".0*"))


def test_two_imports_at_once_are_refused(tmp_path: Path, site: Path) -> None:
    with writing(site), pytest.raises(InputError, match="有人正在改"), writing(site):
        pass


def test_a_broken_list_of_batches_is_told(site: Path) -> None:
    (site / FOLDER / INDEX).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="知识清单读不出"):
        stored(site)
    told_layout = json.dumps({"layout": 9, "batches": []})
    (site / FOLDER / INDEX).write_text(told_layout, encoding="utf-8")
    with pytest.raises(InputError, match="知识清单读不出"):
        stored(site)


def test_a_site_without_imports_adds_nothing(tmp_path: Path) -> None:
    ours = shipped(A, "2", official=True)
    assert stored(tmp_path) == {} and effective(tmp_path, ours) == ours


def test_a_site_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="写不进去"), writing(tmp_path / "file" / "site"):
        pass


def test_the_notice_and_the_day_must_be_known(tmp_path: Path) -> None:
    rows = sexes(tmp_path, "一", (A, "甲", "女"))
    assert "--notice" in told(look(tmp_path / "s", rows, options=Options(day=NEW)))[2][1]
    assert "--from" in told(look(tmp_path / "s", rows, options=Options(notice="公告")))[2][1]
    (point,) = look(tmp_path / "s", rows, options=Options(notice="公告", batch="第十二批")).batch.points
    assert point.period.start == day_number(date(2026, 5, 23))
    assert NOTICE.day is not None
