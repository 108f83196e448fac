"""Compaction: a lake in order again, and nobody who reads it sees a difference."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.engine.run import run_audit
from hengjian.kernel.errors import LakeError
from hengjian.kernel.keys import BUCKETS, key_of
from hengjian.lake import delta
from hengjian.lake.upkeep.compact import compact, untidy
from hengjian.lake.versions import MIXED, open_lake, table_path, version_numbers
from hengjian.rulebook import load_rulebook

from ...conftest import LONG
from ..folder import NOW, load, query, row
from ..test_order import Sent, arrive, corrected, histories, spread
from ..test_safety import more
from .lakes import everything, files_of, kill_at, lived_in


def in_order(lake: Path) -> None:
    version = open_lake(lake)
    for name, state in version.tables.items():
        parts = Counter(entry.part for entry in version.entries(name))
        assert not state.dead and MIXED not in parts and all(count == 1 for count in parts.values()), name
        assert state.rows == sum(entry.rows for entry in version.entries(name)), name


def test_a_lake_in_order_holds_the_same_rows_by_the_same_loads(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    old = open_lake(lake)
    before = everything(old)
    assert any(state.dead for state in old.tables.values()) and old.masks
    told: list[tuple[int, int]] = []
    done = compact(lake, now=NOW, progress=lambda *step: told.append(step))
    new = open_lake(lake)
    assert done.new and new.number == done.version == old.number + 1 and new.made_by == "compact"
    assert everything(new) == before == everything(open_lake(lake, old.number))
    in_order(lake)
    assert told == sorted(told) and told[-1][0] == told[-1][1] and done.files_after < done.files_before
    assert new.masks == {} and (new.load, new.key, new.data_date) == (old.load, old.key, old.data_date)
    assert {n: s.rows for n, s in new.tables.items() if n != "mask"} == {
        n: s.rows for n, s in old.tables.items() if n != "mask"
    }


def test_nothing_to_do_makes_no_version(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    compact(lake, now=NOW)
    files = files_of(lake)
    done = compact(lake, now=NOW)
    assert not done.new and done.version == open_lake(lake).number == 5 and files_of(lake) == files


def moved(folder: Path, psn: str) -> Path:
    """The visit M2, whole, under this person."""
    visit = row("encounter", mdtrt_id="M2", psn_no=psn, medrcdno="B2")
    return more(folder, encounter=[visit], fee_line=[row("fee_line", mdtrt_id="M2", psn_no=psn, setl_id="")])


def test_whom_an_encounter_left_is_still_told(tmp_path: Path) -> None:
    """A visit goes over to another person: who asks what changed since must learn of the first one, after a compaction too."""
    lake = lived_in(tmp_path)
    since = open_lake(lake).number
    load(moved(tmp_path / "e", "P3"), lake)
    load(more(tmp_path / "f", fee_line=[row("fee_line", cnt="3", det_item_fee_sumamt="300")]), lake)
    compact(lake, now=NOW)
    new = open_lake(lake)
    assert new.masks == {"rule": 1} and not compact(lake, now=NOW).new
    asked = f"SELECT tab, key, psn_key FROM {{mask}} WHERE load_no > {since}"
    assert query(new, asked) == [("rule", key_of("M2"), key_of("P2"))]
    changed = query(new, f"SELECT DISTINCT psn_key FROM {{rule_encounter}} WHERE load_no > {since} ORDER BY 1")
    assert changed == sorted([(key_of("P1"),), (key_of("P3"),)])
    load(moved(tmp_path / "g", "P2"), lake)
    before = everything(open_lake(lake))
    compact(lake, now=NOW)
    assert everything(open_lake(lake)) == before
    assert query(lake, asked) == [("rule", key_of("M2"), key_of("P3"))]


def test_loads_go_on_over_a_lake_in_order(tmp_path: Path) -> None:
    lake, plain = lived_in(tmp_path / "one"), lived_in(tmp_path / "two")
    compact(lake, now=NOW)
    for each in (lake, plain):
        folder = more(tmp_path / each.parent.name / "e", fee_line=[row("fee_line", cnt="3", det_item_fee_sumamt="300")])
        assert load(folder, each).tables["fee_line"]["replaced"] == 1
        assert not load(folder, each).new
    sql = "SELECT * EXCLUDE load_no FROM {rule_fee_line} ORDER BY ALL"
    assert query(lake, sql) == query(plain, sql)


@settings(max_examples=100 if LONG else 4)
@given(histories(), st.integers(2, 4), st.integers(0, 10**6), st.integers(1, 40))
def test_whatever_came_in_a_compaction_changes_no_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Sent], parts: int, seed: int, at_once: int
) -> None:
    folder, luck = tmp_path_factory.mktemp("compact"), random.Random(seed)
    lake = folder / "lake"
    first = [(table, corrected(table, cells, luck)) for table, cells in rows if luck.random() < 0.5]
    arrive(folder / "in", lake, [*spread(rows, parts, luck), *spread(first, 2, luck)])
    old = open_lake(lake)
    before = everything(old)
    compact(lake, now=NOW, rows_at_once=at_once)
    assert everything(open_lake(lake)) == before == everything(open_lake(lake, old.number))
    in_order(lake)


def test_the_findings_are_the_same_bytes(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    many = [row("fee_line", feedetl_sn=str(n), fee_ocur_time=f"2026-03-0{n % 9 + 1} 09:30:00") for n in range(1, 30)]
    fresh = lived_in(tmp_path)
    load(more(tmp_path / "e", fee_line=many), fresh)
    run_audit(open_lake(lake), load_rulebook(), tmp_path / "before", now=NOW)
    compact(lake, now=NOW)
    same_number = open_lake(lake)
    object.__setattr__(same_number, "number", same_number.number - 1)
    run_audit(same_number, load_rulebook(), tmp_path / "after", now=NOW)
    for name in ("findings.parquet", "indicators.parquet", "rules.csv"):
        assert (tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes()


ACT = """
from hengjian.lake.upkeep.compact import compact
compact(Path(sys.argv[1]), now=datetime(2026, 11, 1))
"""


@pytest.mark.parametrize(
    ("module", "name", "at"),
    [
        ("hengjian.lake.upkeep.compact", "rows_sql", 3),
        ("hengjian.lake.delta", "commit", 1),
        ("hengjian.lake.delta", "commit", 4),
        ("hengjian.lake.upkeep.renewal", "publish", 1),
        ("hengjian.lake.delta", "checkpoint", 1),
    ],
)
def test_killed_anywhere_the_lake_is_as_before_or_in_order(tmp_path: Path, module: str, name: str, at: int) -> None:
    lake = lived_in(tmp_path)
    before = everything(open_lake(lake))
    assert kill_at(module, name, at, ACT, lake)
    assert version_numbers(lake)[-1] == (5 if name == "checkpoint" else 4)
    assert everything(open_lake(lake)) == before
    if at == 4:  # a load comes first
        load(more(tmp_path / "e", fee_line=[row("fee_line", feedetl_sn="7")]), lake)
        before = everything(open_lake(lake))
    compact(lake, now=NOW)
    assert everything(open_lake(lake)) == before
    in_order(lake)


FULL_DISK = """
import resource, signal, sys
from datetime import datetime
from pathlib import Path
import duckdb, pyarrow.parquet, deltalake  # noqa: F401
from hengjian.kernel.errors import LakeError
from hengjian.lake.upkeep.compact import compact
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
try:
    compact(Path(sys.argv[1]), now=datetime(2026, 11, 1))
except LakeError as error:
    print(error)
"""


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(lake)], capture_output=True, text=True, check=False)
    assert "磁盘写满了，这次整理没有生效" in done.stdout and "办法" in done.stdout, done.stdout + done.stderr
    assert version_numbers(lake) == [1, 2, 3, 4] and compact(lake, now=NOW).new


def test_where_there_is_no_lake_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="没有数据湖"):
        compact(tmp_path / "nothing", now=NOW)
    assert not (tmp_path / "nothing").exists()


def test_a_long_log_is_shortened_and_old_versions_stay_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lived_in(tmp_path)
    monkeypatch.setattr(delta, "_LONG_LOG", 2)
    before = {number: everything(open_lake(lake, number)) for number in version_numbers(lake)}
    compact(lake, now=NOW)
    assert list((table_path(lake, "fee_line") / "_delta_log").glob("*.checkpoint.parquet"))
    assert {number: everything(open_lake(lake, number)) for number in before} == before
    load(more(tmp_path / "e", fee_line=[row("fee_line", feedetl_sn="7")]), lake)
    assert {number: everything(open_lake(lake, number)) for number in before} == before


def test_every_bucket_has_one_file_when_a_table_is_written_bucket_by_bucket(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    people = [row("person", psn_no=f"P{n}") for n in range(300)]
    load(more(tmp_path / "a", person=people), lake)
    load(more(tmp_path / "b", person=[p | {"gend": "2"} for p in people[::2]]), lake)
    assert untidy(open_lake(lake))
    before = everything(open_lake(lake))
    compact(lake, now=NOW, rows_at_once=20)
    in_order(lake)
    assert everything(open_lake(lake)) == before and len(open_lake(lake).files("person")) == BUCKETS
