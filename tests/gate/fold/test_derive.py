"""The twin of the derivation: the same rows as DuckDB makes of the same visits, every column; and as a whole load takes them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.city import Plan, build
from hengjian.gate.acts import ACT_TABLES, Layout, Rows
from hengjian.gate.derive import derive, derive_person, spelled
from hengjian.gate.derive.cells import Cells
from hengjian.gate.derive.checks import _dates, checks_of
from hengjian.gate.derive.judge import LeftOut, take
from hengjian.kernel.dates import EPOCH, day_number
from hengjian.kernel.keys import key_of
from hengjian.lake.derive import create_empty_tables, layer_sql
from hengjian.lake.ingest import load_folder
from hengjian.lake.ingest.checks import row_checks
from hengjian.lake.ingest.reasons import REASONS, REFUSED
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import open_lake
from hengjian.lake.wire import Row
from tests.gate.fold.visits import TODAY, Texts, as_rows, visit
from tests.lake.folder import NOW, load, write_csv

WHOLE = Layout({table: tuple(c.name for c in LAYER[table].columns) for table in ACT_TABLES})
"""Every column of every table."""


def by_name(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """Rows with their columns' names, in an order of their own."""
    named = {table: [dict(zip(WHOLE.columns[table], row, strict=True)) for row in rows[table]] for table in ACT_TABLES}
    return {table: sorted(listed, key=lambda row: str(list(row.values()))) for table, listed in named.items()}


def by_duckdb(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    found: Rows = {table: con.execute(layer_sql(table)).fetchall() for table in ACT_TABLES}
    return by_name(found)


def value(kind: Any, number: int) -> Any:
    """What stands in the lake for a number as the twin reads it."""
    if kind.sql == "DATE":
        return EPOCH + timedelta(days=number)
    if kind.sql == "TIMESTAMP":
        return datetime(1970, 1, 1) + timedelta(seconds=number)
    return number if kind.sql == "INTEGER" else Decimal(number).scaleb(-kind.scale)


def put(con: duckdb.DuckDBPyConnection, table: str, row: Cells) -> None:
    cells = row.texts | {c: value(TABLES[table][c].kind, n) for c, n in row.numbers.items()}
    places = ", ".join("?" for _ in cells)
    con.execute(f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({places})", list(cells.values())).fetchall()


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        create_empty_tables(con)
        yield con


@settings(max_examples=50)
@given(st.data())
def test_rows_that_stand_give_what_duckdb_gives(empty: duckdb.DuckDBPyConnection, data: st.DataObject) -> None:
    def choose(among: Any) -> Any:
        return data.draw(st.sampled_from(among))

    rows = as_rows(visit(choose, "M1", "P1"))
    second = as_rows(visit(choose, "M2", "P1"))
    for table, listed in second.items():
        rows[table] += listed
    for table, listed in take(rows).rows.items():
        empty.execute(f"DELETE FROM {table}").fetchall()
        for row in listed:
            put(empty, table, row)
    assert by_name(derive(rows, WHOLE).rows) == by_duckdb(empty)


def test_what_is_drawn_reaches_what_matters() -> None:
    """Refunds netted, money shared, stays, pharmacies, rows left out for every reason between rows."""
    chance, seen, why = random.Random(7), Counter[str](), Counter[str]()
    for number in range(300):
        done = derive(
            as_rows(visit(chance.choice, f"M{number}", "P1", odd=[False] * 9 + [True])), WHOLE, today=day_number(TODAY)
        )
        why.update(left.code for left in done.left_out)
        named = by_name(done.rows)
        for row in named["encounter"]:
            seen[row["kind"]] += 1
            seen["money"] += row["fund_amt"] != 0
        for row in named["fee_line"]:
            seen["shared"] += row["fund_amt"] > 0
            seen["off"] += row["off_days"] != 0
            seen["netted"] += row["net_inscp"] % 100 != 0
    assert min(seen[k] for k in ("inp", "outp", "pharm", "money", "shared", "off", "netted")) > 20, seen
    wanted = {"T01", "T02", "T03", "T04", "T05", "D02", "K03", "K06", "K07", "K08", "L01", "L02", "L06", "L07", "L13"}
    assert wanted <= why.keys(), why


def write_parquet(folder: Path, texts: Texts) -> None:
    """Rows as a load of messages stages them: every column of the table, all texts."""
    folder.mkdir(exist_ok=True)
    for table, rows in texts.items():
        columns = {c.name: pa.array([r.get(c.name) or None for r in rows], pa.string()) for c in TABLES[table].columns}
        pq.write_table(pa.table(columns), folder / f"{table}.parquet")
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": str(TODAY)}])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_load_takes_and_derives_the_same_rows(tmp_path: Path, seed: int) -> None:
    """400 visits with odd cells everywhere: what the loader takes, refuses and makes of them is what the twin does."""
    chance, whole = random.Random(seed), dict[str, list[dict[str, str]]]()
    for number in range(400):
        for table, rows in visit(chance.choice, f"M{number}", f"P{number}", odd=[False, False, True]).items():
            whole.setdefault(table, []).extend(rows)
    write_parquet(tmp_path / "in", whole)
    load(tmp_path / "in", tmp_path / "lake")
    version = open_lake(tmp_path / "lake")
    done = derive(as_rows(whole), WHOLE, today=day_number(TODAY))
    wanted = by_name(done.rows)
    with duckdb.connect() as con:
        for table in ACT_TABLES:
            columns = ", ".join(WHOLE.columns[table])
            found = con.execute(f"SELECT {columns} FROM {rows_sql(version, f'rule_{table}')}").fetchall()
            assert by_name({t: found if t == table else [] for t in ACT_TABLES})[table] == wanted[table], table
        refused = con.execute(f"SELECT tab, COUNT(*) FROM {rows_sql(version, 'rejects')} GROUP BY 1").fetchall()
    assert dict(refused) == Counter(left.table for left in done.left_out)
    assert len(done.left_out) > 200 and len(wanted["fee_line"]) > 200


def test_a_city_is_derived_as_its_load_derived_it(tmp_path: Path) -> None:
    """What the lake holds of some hundred people of a city, read as text and derived again."""
    build(Plan(people=2000, seed=9), tmp_path / "city")
    load_folder(tmp_path / "city", tmp_path / "lake", now=NOW)
    version, buckets = open_lake(tmp_path / "lake"), range(0, 64, 8)
    texts = Texts()
    with duckdb.connect() as con:
        for table in ("encounter", "diagnosis", "operation", "fee_line", "settlement"):
            columns = [c.name for c in TABLES[table].columns if not c.personal]
            listed = ", ".join(f"CAST({c} AS VARCHAR)" for c in columns)
            found = con.execute(f"SELECT {listed} FROM {rows_sql(version, table, columns, buckets)}").fetchall()
            texts[table] = [{c: t for c, t in zip(columns, row, strict=True) if t is not None} for row in found]
        done = derive(as_rows(texts), WHOLE)
        wanted: Rows = {}
        for table in ACT_TABLES:
            columns = ", ".join(WHOLE.columns[table])
            wanted[table] = con.execute(f"SELECT {columns} FROM {rows_sql(version, f'rule_{table}', None, buckets)}").fetchall()
    assert done.left_out == () and len(wanted["fee_line"]) > 2000
    for table in ACT_TABLES:
        assert sorted(done.rows[table], key=str) == sorted(wanted[table], key=str), table


@pytest.mark.parametrize("table", ["encounter", "diagnosis", "operation", "fee_line", "settlement", "person"])
def test_every_refusing_check_of_the_loader_has_its_twin(table: str) -> None:
    own = {(code, column) for code, column, _ in checks_of(table)}
    instants, days, entered = _dates(table)
    own |= {(code, column) for code in ("L02", "L03") for column in (*instants, *days)} | {("L02", c) for c in entered}
    own |= {("L04", "brdy")} if table == "person" else set()
    every = row_checks(TABLES[table], frozenset(TABLES[table].by_name))
    assert own == {(c.code, c.column) for c in every if REASONS[c.code].level == REFUSED}


WHO = {"psn_no": "P1", "gend": "1", "brdy": "1960-05-01", "insutype": "310", "insu_admdvs": "990101", "psn_type": "11"}


ODD = [
    {}, {"gend": "0"}, {"gend": "男"}, {"brdy": ""}, {"brdy": "1900-01-01"}, {"brdy": "19600501"}, {"brdy": "1895-11-02"}, {"brdy": "1895-10-31"},
    {"brdy": "2026-11-02"}, {"brdy": "2026-13-01"}, {"insutype": ""}, {"insutype": "x"}, {"insu_admdvs": "99"}, {"die_date": "2026-09-01"},
    {"die_date": "1999-01-01"}, {"psn_name": "a\tb"}, {"psn_type": "长得不合理的人员类别"}, {"tel": "1.2E+10"},
]  # fmt: skip


def test_persons_are_taken_as_the_loader_takes_them(tmp_path: Path) -> None:
    persons = [WHO | odd | {"psn_no": f"P{number}"} for number, odd in enumerate(ODD)]
    write_parquet(tmp_path / "in", {"person": persons})
    load(tmp_path / "in", tmp_path / "lake")
    columns = ("psn_key", "gend", "brdy_day", "brdy_ymd", "dead_day", "insutype", "psn_type")
    with duckdb.connect() as con:
        rows = rows_sql(open_lake(tmp_path / "lake"), "rule_person")
        found = con.execute(f"SELECT {', '.join(columns)} FROM {rows}").fetchall()
    done = [derive_person(row, today=day_number(TODAY)) for row in as_rows({"person": persons})["person"]]
    assert {tuple(one) for one in done if not isinstance(one, LeftOut)} == set(found)
    assert 5 < len(found) < len(ODD) - 5


def test_columns_come_as_the_layout_has_them() -> None:
    rows = as_rows(visit(random.Random(1).choice, "M1", "P1"))
    layout = Layout({"fee_line": ("mdtrt_key", "fee_day"), "encounter": ("mdtrt_key",)})
    done = derive(rows, layout).rows
    assert set(done) == {"fee_line", "encounter"} and done["encounter"] == [(key_of("M1"),)]
    assert all(row[0] == key_of("M1") and isinstance(row[1], int) for row in done["fee_line"])


@pytest.mark.parametrize(
    "read", [spelled.scaled("money"), spelled.scaled("qty"), spelled.scaled("price"), spelled.day, spelled.second]
)
@pytest.mark.parametrize("written", ["x", "1.0.0", "９９.x", "1e400", "9" * 5000, "2026-02-30", "NaN", "--1"])
def test_what_means_nothing_is_said(read: Any, written: str) -> None:
    with pytest.raises(spelled.Unreadable):
        read(written)


@given(st.decimals(-(10**13), 10**13, places=2), st.sampled_from(["{}", "+{}", " {} ", "{:,}"]))
def test_amounts_are_exact(yuan: Decimal, form: str) -> None:
    written = form.format(yuan).replace("+-", "-")
    assert Decimal(spelled.scaled("money")(written)) == yuan * 100


def test_a_row_of_an_unknown_visit_says_why() -> None:
    done = derive({"operation": [Row({"mdtrt_id": "M9", "psn_no": "P1"}, "", 0)]}, WHOLE)
    assert done.left_out == (LeftOut("operation", ("M9", ""), "T01", "oprn_srt_no"),)
