"""Any order of arrival gives the same lake, save that of two contents of one key the later load's stands."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.lake.derive import RULE_SQL
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import LakeVersion, open_lake

from ..conftest import LONG
from .folder import load, make_folder, query, row

Sent = tuple[str, dict[str, Any]]

OURS = {"load_no", "file", "line", "code"}
COMPARED = [*TABLES, *(f"rule_{name}" for name in RULE_SQL), "code_item", "code_diag", "code_oprn"]


def contents(lake: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the lake, and every row that waits, without what says how it came."""
    version = open_lake(lake)
    found = {name: rows_of(version, name) for name in COMPARED}
    return found | {f"waiting_{name}": rows_of(version, f"waiting_{name}") for name in TABLES}


def rows_of(version: LakeVersion, name: str) -> list[tuple[Any, ...]]:
    relation = rows_sql(version, name)
    if not relation:
        return []
    names = [c for (c, *_) in query(version, f"DESCRIBE SELECT * FROM {relation}") if c not in OURS]
    return query(version, f"SELECT {', '.join(names)} FROM {relation} ORDER BY ALL")


def arrive(folder: Path, lake: Path, loads: list[list[Sent]]) -> None:
    """Load after load, in the order given; a lake is born even of nothing but rows that wait."""
    for number, rows in enumerate(loads):
        tables: dict[str, list[dict[str, Any]]] = {name: [] for name in ("person", "institution", "encounter", "settlement", "diagnosis", "fee_line")}  # fmt: skip
        for table, cells in rows:
            tables.setdefault(table, []).append(cells)
        if rows:
            load(make_folder(folder / f"load-{number}", **tables), lake)


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """A few visits with what goes wrong between rows: missing and late parents, refunds of too much, two main diagnoses …"""
    rows: list[Sent] = []
    some = st.booleans()
    for p in range(draw(st.integers(1, 2))):
        if draw(some):
            brdy = draw(st.sampled_from(["1960-05-01", "2026-03-02", "2026-02-15"]))
            rows.append(("person", row("person", psn_no=f"P{p}", brdy=brdy, psn_name=f"甲{p}")))
        for m in range(draw(st.integers(1, 2))):
            rows += draw(visits(f"P{p}", f"M{p}{m}"))
    if draw(some):
        rows.append(("institution", row("institution")))
    if draw(some):
        rows.append(("external_list", {"list_kind": "death", "psn_no": "P0", "begndate": "2026-05-01", "src_dept": "民政"}))
    return rows


@st.composite
def visits(draw: st.DrawFn, psn: str, visit: str) -> list[Sent]:
    own = {"psn_no": psn, "mdtrt_id": visit}
    day = draw(st.sampled_from(["2026-02-10", "2026-03-01"]))
    rows: list[Sent] = []
    if draw(st.integers(0, 4)):
        insutype = draw(st.sampled_from(["310", "390"]))
        rows.append(("encounter", row("encounter", **own, begntime=f"{day} 09:00:00", insutype=insutype)))
    for n in range(draw(st.integers(0, 3))):
        main = draw(st.sampled_from("01"))
        rows.append(("diagnosis", row("diagnosis", **own, diag_srt_no=str(n + 1), maindiag_flag=main)))
    for n in range(draw(st.integers(1, 2))):
        wrong = {"psn_no": "P9"} if not draw(st.integers(0, 5)) else {}
        name = draw(st.sampled_from(["诊查费", "普通诊查费"]))
        rows.append(
            ("fee_line", row("fee_line", **own | wrong, feedetl_sn=f"{n}", setl_id=f"S{visit}", hilist_name=name, **money(3)))
        )
    for n in range(draw(st.integers(0, 3))):
        undoes = draw(st.sampled_from(["0", "1", "7", ""]))
        cells = {"feedetl_sn": f"r{n}", "init_feedetl_sn": undoes, "fee_ocur_time": f"2026-03-0{n + 2} 10:00:00"}
        rows.append(("fee_line", row("fee_line", **own, **cells, setl_id=f"S{visit}", **money(-draw(st.integers(1, 3))))))
    for n, undoes in enumerate(["", f"S{visit}", f"S{visit}r1"][: draw(st.integers(0, 3))]):
        sign = {"refd_setl_flag": "1", "init_setl_id": undoes} if undoes else {}
        rows.append(("settlement", row("settlement", **own, setl_id=f"S{visit}" + (f"r{n}" if n else ""), **sign)))
    return rows


def money(count: int) -> dict[str, str]:
    return {"cnt": f"{count}", "det_item_fee_sumamt": f"{count * 100}", "inscp_scp_amt": f"{count * 100}"}


def spread(rows: list[Sent], parts: int, luck: random.Random) -> list[list[Sent]]:
    loads: list[list[Sent]] = [[] for _ in range(parts)]
    for sent in rows:
        luck.choice(loads).append(sent)
    return [luck.sample(part, len(part)) for part in loads]


@settings(max_examples=200 if LONG else 15)
@given(histories(), st.integers(2, 4), st.integers(0, 10**6))
def test_any_order_of_arrival_gives_the_same_lake(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Sent], parts: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    arrive(folder / "once", folder / "lake-once", [rows])
    arrive(folder / "some", folder / "lake-some", spread(rows, parts, random.Random(seed)))
    assert contents(folder / "lake-some") == contents(folder / "lake-once")


@settings(max_examples=100 if LONG else 8)
@given(histories(), st.integers(0, 10**6))
def test_of_two_contents_the_later_loads_stands(tmp_path_factory: pytest.TempPathFactory, rows: list[Sent], seed: int) -> None:
    folder, luck = tmp_path_factory.mktemp("later"), random.Random(seed)
    arrive(folder / "last", folder / "lake-last", [rows])
    waits = waiting(folder / "lake-last")  # what is refused replaces nothing
    drafts = [(table, cells) for table, cells in rows if key_of(table, cells) not in waits]
    first = [(table, corrected(table, cells, luck)) for table, cells in drafts if luck.random() < 0.5]
    arrive(folder / "both", folder / "lake-both", [*spread(first, 2, luck), *spread(rows, 2, luck)])
    last, both = contents(folder / "lake-last"), contents(folder / "lake-both")
    for name in ("code_item", "code_diag", "code_oprn"):  # a code once seen is never forgotten
        assert set(last.pop(name)) <= set(both.pop(name)) or name == "code_item"
    assert both == last


def key_of(table: str, cells: dict[str, Any]) -> tuple[str, ...]:
    return (table, *(str(cells[k]) for k in TABLES[table].key))


def waiting(lake: Path) -> set[tuple[str, ...]]:
    """Table and key of every row that waits."""
    version, found = open_lake(lake), set()
    for table in TABLES.values():
        if relation := rows_sql(version, f"waiting_{table.name}", table.key):
            found |= {(table.name, *map(str, key)) for key in query(version, f"SELECT * FROM {relation}")}
    return found


def corrected(table: str, cells: dict[str, Any], luck: random.Random) -> dict[str, Any]:
    """Another content of the same key, such as a first draft that was put right later."""
    change: dict[str, dict[str, Any]] = {
        "person": {"brdy": "1970-01-01", "gend": "2"},
        "institution": {"hosp_lv": "05"},
        "encounter": {"insutype": "390"},
        "settlement": {"fund_pay_sumamt": "10.00", "hifp_pay": "10.00", "psn_cash_pay": "50"},
        "diagnosis": {"diag_code": "J18.900", "maindiag_flag": luck.choice("01")},
        "fee_line": {"rxno": "R1"} if cells.get("cnt", "").startswith("-") else {"rxno": "R2", **money(luck.choice([1, 5]))},
        "external_list": {"info": "更正"},
    }
    return {**cells, **change[table]}
