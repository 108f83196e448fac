"""A county's export that nobody wrote to suit the loader: nothing is lost, and every row that is not taken says why."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hengjian.lake.schema import TABLES
from hengjian.lake.versions import open_lake

from ..lake.folder import query
from .bureau.habits import BY_PLACE
from .bureau.ledger import FLAGGED, REJECTED, Ledger
from .conftest import hengjian
from .foreign_bureau import corrections, make_bureau

MAP = Path(__file__).with_name("foreign_bureau_map.yml")
SEED = 20260401
COUNTS = ("read", "taken", "replaced", "rejected", "duplicate")


@dataclass(frozen=True)
class Delivery:
    """A folder as it was written, and what the loader said of it."""

    ledger: Ledger
    told: dict[str, Any]
    lake: Path
    version: int

    def warned(self) -> set[tuple[str, int, str]]:
        """(file, line, code) of every flag."""
        sql = f"SELECT file, line, code, others FROM {{load_warnings}} WHERE load_no = {self.version}"
        found = query(self.lake, sql)
        return {(plain(f), n, c) for f, n, code, others in found for c in (code, *re.findall(r"[A-Z]\d\d", others or ""))}

    def rejects(self) -> dict[tuple[str, int], str]:
        """(file, line) of every refused row, and the reason written."""
        listed = self.lake.parent / f"rejects{self.version}.csv"
        done = hengjian("lake", "rejects", "--lake", self.lake, "--out", listed)
        assert done.returncode == 0, done.stderr
        with listed.open(encoding="utf-8-sig", newline="") as handle:
            found = [r for r in csv.DictReader(handle) if int(r["版本"]) == self.version]
        assert all(r["原因"] and r["办法"] and r["原始内容"] for r in found)
        keys = Counter((plain(r["文件"]), int(r["行"])) for r in found)
        assert set(keys.values()) <= {1}, "a row is refused once"
        return {(plain(r["文件"]), int(r["行"])): r["代码"] for r in found}


def plain(place: str) -> str:
    """A place inside a workbook or an archive, however it is joined and whether or not the archive's one folder is named."""
    outer, *inner = re.split(r"[!#/\\|:]+", place)
    return "!".join([outer, *inner[-1:]])


def deliver(folder: Path, ledger: Ledger, lake: Path) -> Delivery:
    """Load a folder through the command line."""
    done = hengjian("ingest", folder, "--map", MAP, "--lake", lake, "--json")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    told = json.loads(done.stdout)
    return Delivery(ledger, told, lake, told["version"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bureau")


@pytest.fixture(scope="module")
def first(place: Path) -> Delivery:
    """March, as it came."""
    return deliver(place / "三月", make_bureau(place / "三月", SEED), place / "lake")


@pytest.fixture(scope="module")
def again(first: Delivery, place: Path) -> Delivery:
    """The same folder a second time."""
    return deliver(place / "三月", first.ledger, place / "lake")


@pytest.fixture(scope="module")
def second(again: Delivery, place: Path) -> Delivery:
    """The month after, with what was missing."""
    return deliver(place / "四月", corrections(place / "四月", SEED), place / "lake")


def told_counts(delivery: Delivery) -> dict[str, dict[str, int]]:
    refused = {f["file"] for f in delivery.told["refused_files"]}
    return {plain(f["file"]): {k: f[k] for k in COUNTS} for f in delivery.told["files"] if f["file"] not in refused}


def due_counts(ledger: Ledger) -> dict[str, dict[str, int]]:
    return {plain(file): {k: tally[k] for k in COUNTS} for file, tally in ledger.counts.items()}


def test_the_same_seed_writes_the_same_bytes(first: Delivery, place: Path, tmp_path: Path) -> None:
    make_bureau(tmp_path, SEED)
    for file in (place / "三月").iterdir():
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name


def test_one_row_in_twenty_is_dirty(tmp_path: Path) -> None:
    ledger = make_bureau(tmp_path, SEED)
    assert 0.04 <= len(ledger.planted) / sum(t["read"] for t in ledger.counts.values()) <= 0.06
    assert len(ledger.kinds()) >= 100


def test_every_file_balances_and_counts_as_planted(first: Delivery) -> None:
    assert told_counts(first) == due_counts(first.ledger)


def test_what_cannot_be_read_is_refused_by_name(first: Delivery) -> None:
    said = json.dumps(first.told["refused_files"], ensure_ascii=False)
    for name in first.ledger.refused:
        assert name in said, name
    found = {plain(f["file"]): f.get("code", "") for f in first.told["refused_files"]}
    assert {n: found[plain(n)] for n, code in first.ledger.refused.items() if code} == {
        n: c for n, c in first.ledger.refused.items() if c
    }
    assert set(found) == {plain(n) for n in first.ledger.refused}


def test_what_is_no_data_is_listed(first: Delivery) -> None:
    assert {plain(name) for name in first.told["ignored"]} == {plain(name) for name in first.ledger.ignored}


def test_columns_nobody_needs_are_named(first: Delivery) -> None:
    told = {plain(file): set(names) for file, names in first.told["unknown_columns"].items()}
    due = {plain(h.place): {header for header, column in h.pairs if not column} for h in BY_PLACE.values()}
    assert told == {file: names for file, names in due.items() if names}


def test_values_in_no_code_table_are_listed_for_the_map(first: Delivery) -> None:
    columns = ("chrgitm_lv", "insutype", "gend", "profttl", "hosp_lv_grp")
    due = {
        (c, p.raw[c])
        for p in first.ledger.planted
        if p.fate.code == "C01" and p.fate.outcome == FLAGGED
        for c in columns
        if c in p.raw
    }
    said = {str(cell) for row in query(first.lake, "SELECT * FROM {unmapped_values}") for cell in row}
    assert len(due) == len(columns) and {cell for pair in due for cell in pair} <= said


def test_a_time_without_its_hour_is_marked(first: Delivery) -> None:
    assert any(p.fate.kind == "fee_day_without_time" for p in first.ledger.planted)
    assert "fee_ocur_time" in json.dumps(first.told["notes"])


def test_every_refused_row_was_planted_and_says_why(first: Delivery) -> None:
    due = {(plain(p.file), p.line): p.fate.code for p in first.ledger.planted if p.fate.outcome == REJECTED}
    kinds = {(plain(p.file), p.line): p.fate.kind for p in first.ledger.planted}
    found = first.rejects()
    wrong = {(kinds.get(at, "clean"), at): (due.get(at), found.get(at)) for at in due | found if due.get(at) != found.get(at)}
    assert not wrong


def test_every_flag_is_there_and_none_unexplained(first: Delivery) -> None:
    due = {(plain(p.file), p.line, p.fate.code) for p in first.ledger.planted if p.fate.outcome == FLAGGED}
    allowed = due | {(plain(p.file), p.line, code) for p in first.ledger.planted for code in p.fate.also}
    refused = {(plain(p.file), p.line) for p in first.ledger.planted if p.fate.outcome == REJECTED}
    found = {at for at in first.warned() if at[:2] not in refused}
    assert (due - found, found - allowed) == (set(), set())


def test_every_row_taken_reads_as_it_was_meant(first: Delivery) -> None:
    wrong: list[object] = []
    for name, table in TABLES.items():
        due = {key: (file, cells) for (t, key), (file, cells) in first.ledger.held.items() if t == name}
        if not due:
            continue
        columns = [c.name for c in table.columns]
        rows = [
            dict(zip(columns, r, strict=True))
            for r in query(
                first.lake,
                f"SELECT {', '.join(columns)} FROM {{{name}}}",
            )
        ]
        held = {tuple("" if r[k] is None else str(r[k]) for k in table.key): r for r in rows}
        wrong += [(name, key, "missing") for key in due if key not in held]
        for key, (file, cells) in due.items():
            written = {c for _, c in BY_PLACE[file].pairs if c} - {c.name for c in table.columns if c.personal}
            row = held.get(key, {})
            wrong += [
                (name, key, c, cells.get(c), row[c]) for c in written & set(row) & set(cells) if not same(cells[c], row[c])
            ]
    assert not wrong


def same(meant: Any, read: Any) -> bool:
    """Whether a value came through."""
    if isinstance(meant, Decimal):
        return read is not None and Decimal(str(read)) == meant
    return meant == read or str(meant) == str(read)


def test_people_unknown_are_made_and_counted(first: Delivery) -> None:
    flags = [p.fate for p in first.ledger.planted if p.fate.outcome == FLAGGED]
    people, places = (sum(f.code == code for f in flags) for code in ("K01", "K02"))
    assert first.told["placeholders"] == {"person": people, "institution": places}


def test_the_same_folder_again_changes_nothing(first: Delivery, again: Delivery) -> None:
    counts = told_counts(again)
    assert {f: (c["taken"], c["replaced"]) for f, c in counts.items()} == dict.fromkeys(counts, (0, 0))
    for file, tally in due_counts(first.ledger).items():
        told = counts[file]  # a row that waits and comes again as it was is a duplicate, and goes on waiting
        assert told["rejected"] <= tally["rejected"], file
        assert told["rejected"] + told["duplicate"] == tally["rejected"] + tally["duplicate"] + tally["taken"], file


def test_corrections_count_as_written(second: Delivery) -> None:
    assert told_counts(second) == due_counts(second.ledger)


def test_what_lacked_a_reference_is_now_in(second: Delivery) -> None:
    assert second.ledger.redeemed
    missing = []
    for table, key in second.ledger.redeemed:
        where = " AND ".join(f"CAST({c} AS VARCHAR) = '{v}'" for c, v in zip(TABLES[table].key, key, strict=True))
        if query(second.lake, f"SELECT COUNT(*) FROM {{{table}}} WHERE {where}")[0][0] != 1:
            missing.append((table, key))
    assert not missing


def test_a_stranger_made_known_is_filled(second: Delivery) -> None:
    known = [p.key[0] for p in second.ledger.planted if p.fate.kind == "stranger_made_known"]
    for psn_no in known:
        assert query(second.lake, f"SELECT gend IN ('1', '2'), insu_admdvs FROM {{person}} WHERE psn_no = '{psn_no}'") == [
            (True, "990281")
        ]


def test_lake_has_one_version_for_each_load(second: Delivery) -> None:
    assert open_lake(second.lake).load["version"] == second.version
