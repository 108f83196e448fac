"""The duty report over a lake that was changed, put in order and cleaned: the same figures."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb

from hengjian.lake.upkeep.compact import compact
from hengjian.lake.upkeep.gc import clean
from hengjian.lake.versions import open_lake, version_numbers
from hengjian.report.duty import Duty, gather_duty

from ..lake.folder import NOW, load, make_folder, row
from ..lake.test_safety import MOVED, more


def gathered(lake: Path) -> Duty:
    with duckdb.connect() as con:
        return gather_duty(con, open_lake(lake))


def test_a_visit_that_changed_its_institution_is_no_unknown_place(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "a"), lake)
    load(more(tmp_path / "b", encounter=[row("encounter", **MOVED)], settlement=[row("settlement", **MOVED)], fee_line=[row("fee_line", **MOVED)]), lake)  # fmt: skip
    load(more(tmp_path / "c", diagnosis=[row("diagnosis", diag_srt_no="x")]), lake)
    assert [org.code for org in gathered(lake).orgs] == [MOVED["fixmedins_code"]]


def test_upkeep_changes_no_figure(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "a", fee_line=[row("fee_line"), row("fee_line", feedetl_sn="2", cnt="x")]), lake)
    load(more(tmp_path / "b", fee_line=[row("fee_line", rxno="R"), row("fee_line", feedetl_sn="2")]), lake)
    before = gathered(lake)
    compact(lake, now=NOW)
    (lake / "retention.yml").write_text("keep_days: 0\nkeep_last: 1\n", encoding="utf-8")
    clean(lake, now=NOW + timedelta(days=1))
    assert version_numbers(lake) == [3]
    after = gathered(lake)
    assert after == before and [past.number for past in after.loads] == [1, 2]
