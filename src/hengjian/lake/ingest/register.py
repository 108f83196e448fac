"""Registers of a load: rows refused, rows flagged, values without a national code. Nothing that was sent is lost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.lake.ingest.checks import Check
from hengjian.lake.ingest.columns import Mask
from hengjian.lake.ingest.readers.base import BadLine, Batch
from hengjian.lake.ingest.reasons import ORDER, REASONS, REFUSED
from hengjian.lake.ingest.source import SourceFile
from hengjian.lake.schema import Table

COLUMNS: dict[str, str] = {
    "load_no": "INTEGER",
    "tab": "VARCHAR",
    "file": "VARCHAR",
    "line": "BIGINT",
    "code": "VARCHAR",
    "col": "VARCHAR",
    "val": "VARCHAR",
    "reason": "VARCHAR",
    "advice": "VARCHAR",
    "others": "VARCHAR",
    "raw": "VARCHAR",
    "fixmedins_code": "VARCHAR",
    "amount": "DECIMAL(16,2)",
}
"""Columns of `rejects` and `load_warnings`; `raw` is the row as sent (JSON), `amount` its money in yuan where it has one."""

UNMAPPED: dict[str, str] = {"load_no": "INTEGER", "tab": "VARCHAR", "col": "VARCHAR", "val": "VARCHAR", "rows": "BIGINT"}
"""Columns of `unmapped_values`: values that stand in no code table, for the site's value map."""

MONEY = {"fee_line": "det_item_fee_sumamt", "settlement": "medfee_sumamt"}
"""The money of a row, by table."""

Fault = tuple[str, str, Mask]  # reason key, column, rows


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Make the staging registers."""
    columns = ", ".join(f"{name} {sql}" for name, sql in COLUMNS.items() if name != "load_no")
    for register in ("rejects", "load_warnings"):
        con.execute(f"CREATE TABLE {register} (_file INTEGER, {columns})").fetchall()
    con.execute("CREATE TABLE unmapped_values (_file INTEGER, tab VARCHAR, col VARCHAR, val VARCHAR, rows BIGINT)").fetchall()


def refuse_lines(con: duckdb.DuckDBPyConnection, source: SourceFile, number: int, lines: Iterable[BadLine]) -> None:
    """Lines that are no rows (F04): what is wrong stands in the reason, the line itself in `raw`, its beginning in `val`."""
    why = REASONS["F04"]
    found = list(lines)
    if not found:
        return
    sent = {
        "line": pa.array([b.line for b in found], pa.int64()),
        "val": pa.array([b.text[:200] for b in found], pa.string()),
        "reason": pa.array([f"{why.title}：{b.detail}" for b in found], pa.string()),
        "raw": pa.array([b.text for b in found], pa.string()),
    }
    con.register("bad_lines", pa.table(sent))
    con.execute(
        """INSERT INTO rejects
           SELECT ?, ?, ?, line, ?, '', val, reason, ?, '', raw, NULL, NULL FROM bad_lines""",
        [number, source.table.name, source.name, why.code, why.advice],
    ).fetchall()
    con.unregister("bad_lines")


def refuse_rows(
    con: duckdb.DuckDBPyConnection,
    source: SourceFile,
    number: int,
    batch: Batch,
    faults: Sequence[Fault],
    checks: Sequence[Check],
) -> int:
    """Write every refused row of the view `batch` with its first reason and all others; returns their number."""
    found: dict[int, list[tuple[str, str, str | None]]] = defaultdict(list)
    for code, column, mask in faults:
        if REASONS[code].level == REFUSED:
            rows = np.flatnonzero(mask)
            texts = batch.data[column].take(pa.array(rows)).cast(pa.string()).to_pylist()
            for row, text in zip(rows.tolist(), texts, strict=True):
                found[row].append((code, column, text))
    for check in checks:
        if REASONS[check.code].level == REFUSED:
            sql = f"SELECT _no, CAST({check.column} AS VARCHAR) FROM batch WHERE _refused AND {_true(check)}"
            for row, text in con.execute(sql).fetchall():
                found[row].append((check.code, check.column, text))
    if not found:
        return 0
    numbers = sorted(found)
    sent = batch.data.take(pa.array(numbers)).to_pylist()
    rows_out = []
    for row, cells in zip(numbers, sent, strict=True):
        reasons = sorted(found[row], key=lambda r: ORDER[r[0]])
        code, column, value = reasons[0]
        others = "；".join(f"{c} {name}" for c, name, _ in reasons[1:])
        rows_out.append((row, code, column, (value or "")[:200], others, json.dumps(cells, ensure_ascii=False, default=str)))
    names = ("_no", "key", "col", "val", "others", "raw")
    why = pa.table({name: pa.array(cells) for name, cells in zip(names, zip(*rows_out, strict=True), strict=True)})
    con.register("why", why)
    con.execute(
        _insert("rejects", source, number, "w.key", "w.col", "w.val", "w.others", "w.raw", "JOIN why AS w ON w._no = b._no")
    ).fetchall()
    con.unregister("why")
    return len(rows_out)


def flag_rows(
    con: duckdb.DuckDBPyConnection,
    source: SourceFile,
    number: int,
    batch: Batch,
    faults: Sequence[Fault],
    checks: Sequence[Check],
) -> None:
    """Write every flag of the rows of `batch` that are taken, and count values without a national code."""
    for key, column, mask in faults:
        if REASONS[key].level == REFUSED:
            continue
        rows = pa.array(np.flatnonzero(mask))
        texts = batch.data[column].take(rows).cast(pa.string())
        con.register("flagged", pa.table({"_no": rows, "val": texts}))
        con.execute(
            _insert(
                "load_warnings",
                source,
                number,
                f"'{key}'",
                f"'{column}'",
                "LEFT(w.val, 200)",
                "''",
                "NULL",
                "JOIN flagged AS w ON w._no = b._no WHERE NOT b._refused",
            )
        ).fetchall()
        con.unregister("flagged")
        if key == "C01W":
            counted = pc.value_counts(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).to_pylist()
            con.executemany(
                "INSERT INTO unmapped_values VALUES (?, ?, ?, ?, ?)",
                [(number, source.table.name, column, c["values"], c["counts"]) for c in counted],
            )
    for check in checks:
        if REASONS[check.code].level != REFUSED:
            value = f"CAST(b.{check.column} AS VARCHAR)"
            con.execute(
                _insert(
                    "load_warnings",
                    source,
                    number,
                    f"'{check.code}'",
                    f"'{check.column}'",
                    value,
                    "''",
                    "NULL",
                    f"WHERE NOT b._refused AND {_true(check)}",
                )
            ).fetchall()


def refuse_staged(
    con: duckdb.DuckDBPyConnection, table: Table, staged: str, refused: str, names: dict[int, str]
) -> dict[int, int]:
    """Move staged rows to the rejects. `refused` is a SELECT of (rid, key, col, val). Returns rows by file number."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE out_rows AS SELECT rid, ANY_VALUE(key) AS key, ANY_VALUE(col) AS col, ANY_VALUE(val) AS val FROM ({refused}) GROUP BY rid"
    ).fetchall()
    ((any_row,),) = con.execute("SELECT COUNT(*) FROM out_rows").fetchall()
    if not any_row:
        return {}
    packed = ", ".join(f"{c.name} := s.{c.name}" for c in table.columns)
    org = "s.fixmedins_code" if "fixmedins_code" in table else "NULL"
    money = f"s.{MONEY[table.name]}" if table.name in MONEY else "NULL"
    _load_names(con, names)
    con.execute(
        f"""INSERT INTO rejects
            SELECT s._file, '{table.name}', f.name, s._line, r.code, o.col, LEFT(o.val, 200), r.title, r.advice, '', json_merge_patch('{{}}'::JSON, to_json(struct_pack({packed}))), {org}, {money}
            FROM {staged} AS s JOIN out_rows AS o ON o.rid = s.rid JOIN reason AS r ON r.key = o.key JOIN file_name AS f ON f.number = s._file"""
    ).fetchall()
    counts = dict(
        con.execute(f"SELECT _file, COUNT(*) FROM {staged} WHERE rid IN (SELECT rid FROM out_rows) GROUP BY 1").fetchall()
    )
    con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM out_rows").fetchall()
    return counts


def flag_staged(con: duckdb.DuckDBPyConnection, table: Table, staged: str, flagged: str, names: dict[int, str]) -> None:
    """Flag staged rows that stay. `flagged` is a SELECT of (rid, key, col, val)."""
    org = "s.fixmedins_code" if "fixmedins_code" in table else "NULL"
    money = f"s.{MONEY[table.name]}" if table.name in MONEY else "NULL"
    _load_names(con, names)
    con.execute(
        f"""INSERT INTO load_warnings
            SELECT s._file, '{table.name}', f.name, s._line, r.code, o.col, LEFT(o.val, 200), r.title, r.advice, '', NULL, {org}, {money}
            FROM ({flagged}) AS o JOIN {staged} AS s ON s.rid = o.rid JOIN reason AS r ON r.key = o.key JOIN file_name AS f ON f.number = s._file"""
    ).fetchall()


def load_reasons(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `reason` (key, code, title, advice)."""
    con.execute("CREATE TABLE reason (key VARCHAR, code VARCHAR, title VARCHAR, advice VARCHAR)").fetchall()
    con.executemany("INSERT INTO reason VALUES (?, ?, ?, ?)", [(key, r.code, r.title, r.advice) for key, r in REASONS.items()])


def _load_names(con: duckdb.DuckDBPyConnection, names: dict[int, str]) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE file_name (number INTEGER, name VARCHAR)").fetchall()
    con.executemany("INSERT INTO file_name VALUES (?, ?)", list(names.items()))


def _true(check: Check) -> str:
    return f"COALESCE({check.condition}, false)"


def _insert(
    register: str, source: SourceFile, number: int, key: str, column: str, value: str, others: str, raw: str, rest: str
) -> str:
    org = "b.fixmedins_code" if "fixmedins_code" in source.table else "NULL"
    money = f"b.{MONEY[source.table.name]}" if source.table.name in MONEY else "NULL"
    name = source.name.replace("'", "''")
    joins, _, where = rest.partition("WHERE")
    return f"""INSERT INTO {register}
        SELECT {number}, '{source.table.name}', '{name}', b._line, r.code, {column}, {value}, r.title, r.advice, {others}, {raw}, {org}, {money}
        FROM batch AS b {joins} JOIN reason AS r ON r.key = {key} {"WHERE " + where if where else ""}"""
