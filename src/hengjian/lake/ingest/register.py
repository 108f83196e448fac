"""Registers of a load: rows refused, rows flagged, values without a national code. Nothing that was sent is lost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.crypto.seal import Sealer
from hengjian.lake.ingest.checks import Check
from hengjian.lake.ingest.columns import Mask
from hengjian.lake.ingest.personal import RAW
from hengjian.lake.ingest.readers.base import BadLine, Batch
from hengjian.lake.ingest.reasons import ORDER, REASONS, REFUSED
from hengjian.lake.ingest.source import SourceFile
from hengjian.lake.place import quoted
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
    "row_key": "VARCHAR",
    "waits": "INTEGER",
}
"""Columns of `rejects` and `load_warnings`. `raw` is the row as sent (JSON, sealed), `val` the cell in question (sealed where personal),
`amount` the row's money in yuan where it has any, `row_key` its key with `/` between, `waits` = 1: tried again at every later load."""

ENDS: dict[str, str] = {
    "load_no": "INTEGER", "tab": "VARCHAR", "file": "VARCHAR", "line": "BIGINT", "how": "VARCHAR", "end_load": "INTEGER",
}  # fmt: skip
"""Columns of `reject_ends`: what became of a rejected row later: `taken` (it waited), `corrected` (another row of its key was taken),
`superseded` (another row of its key was sent and judged in its place), `withdrawn` (the messages it came from were taken back)."""

UNMAPPED: dict[str, str] = {"load_no": "INTEGER", "tab": "VARCHAR", "col": "VARCHAR", "val": "VARCHAR", "rows": "BIGINT"}
"""Columns of `unmapped_values`: values that stand in no code table, for the site's value map."""

MESSAGE: dict[str, str] = {
    "digest": "VARCHAR", "msgid": "VARCHAR", "infno": "VARCHAR", "inf_time": "VARCHAR", "fixmedins_code": "VARCHAR", "psn_no": "VARCHAR",
    "file": "VARCHAR", "line": "BIGINT", "load_no": "INTEGER", "failure": "VARCHAR", "body": "VARCHAR",
}  # fmt: skip
"""Columns of `message`: every national message once (`digest` names the exact line); `body` is the line as it came and `failure` what
the platform answered, both sealed."""

MESSAGE_SUBJECT: dict[str, str] = {"kind": "VARCHAR", "subject_key": "VARCHAR", "digest": "VARCHAR", "load_no": "INTEGER"}
"""Columns of `message_subject`: whose rows a message concerns, and under which settlement it may tell of codes sold."""

MONEY = {"fee_line": "det_item_fee_sumamt", "settlement": "medfee_sumamt"}
"""The money of a row, by table."""

VAL = "rejects.val"
"""What a personal cell in a register is sealed as."""

HELD = "（数据湖）"
"""The file named for a row that was in the lake and had to go: no file of the load sent it."""

Fault = tuple[str, str, Mask]  # reason key, column, rows


WAITING = frozenset({"K03", "K04", "K06", "K07", "K08", "L04", "L07", "L13"})
"""Reasons that lie in other rows: what is refused for them when all rows are in is tried again at every later load."""


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Make the staging registers."""
    columns = ", ".join(f"{name} {sql}" for name, sql in COLUMNS.items() if name != "load_no")
    for register in ("rejects", "load_warnings"):
        con.execute(f"CREATE TABLE {register} (_file INTEGER, {columns})").fetchall()
    con.execute("CREATE TABLE unmapped_values (_file INTEGER, tab VARCHAR, col VARCHAR, val VARCHAR, rows BIGINT)").fetchall()
    con.execute(
        f"CREATE TABLE reject_ends ({', '.join(f'{c} {sql}' for c, sql in ENDS.items() if c != 'end_load')})"
    ).fetchall()


def refuse_lines(
    con: duckdb.DuckDBPyConnection, sealer: Sealer, source: SourceFile, number: int, lines: Iterable[BadLine], code: str = "F04"
) -> None:
    """Lines that are no rows: what is wrong stands in the reason, the line itself in `raw`, its beginning in `val`."""
    why = REASONS[code]
    found = list(lines)
    if not found:
        return
    ids = ids_of(source.name, [b.line for b in found])
    sent = {
        "line": pa.array([b.line for b in found], pa.int64()),
        "val": sealer.seal(VAL, ids, pa.array([b.text[:200] for b in found], pa.string())),
        "reason": pa.array([f"{why.title}：{b.detail}" for b in found], pa.string()),
        "raw": sealer.seal(RAW, ids, pa.array([b.text for b in found], pa.string())),
    }
    con.register("bad_lines", pa.table(sent))
    con.execute(
        """INSERT INTO rejects
           SELECT ?, ?, ?, line, ?, '', val, reason, ?, '', raw, NULL, NULL, NULL, 0 FROM bad_lines""",
        [number, source.table.name, source.name, why.code, why.advice],
    ).fetchall()
    con.unregister("bad_lines")


def refuse_rows(
    con: duckdb.DuckDBPyConnection,
    sealer: Sealer,
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
            texts = as_sent(batch)[column].take(pa.array(rows)).cast(pa.string()).to_pylist()
            for row, text in zip(rows.tolist(), texts, strict=True):
                found[row].append((code, column, text))
    for check in checks:
        if REASONS[check.code].level == REFUSED:
            sql = f"SELECT _no, CAST({check.column} AS VARCHAR) FROM batch WHERE _refused AND {_true(check)}"
            for row, text in con.execute(sql).fetchall():
                found[row].append((check.code, check.column, text))
    if not found:
        return 0
    table = source.table
    numbers = pa.array(sorted(found))
    ids = ids_of(source.name, batch.lines.take(numbers).to_pylist())
    first, keys, raws = [], [], []
    for row, cells in zip(numbers.to_pylist(), as_sent(batch).take(numbers).to_pylist(), strict=True):
        reasons = sorted(found[row], key=lambda r: ORDER[r[0]])
        code, column, value = reasons[0]
        first.append((code, column, (value or "")[:200], "；".join(f"{c} {name}" for c, name, _ in reasons[1:])))
        named = [str(cells[k]) for k in table.key if cells.get(k) is not None]
        keys.append("/".join(named) if len(named) == len(table.key) else None)
        raws.append(json.dumps(cells, ensure_ascii=False, default=str))
    codes, columns, vals, others = zip(*first, strict=True)
    private = pa.array([table[column].personal for column in columns])
    plain = pa.array(vals, pa.string())
    why = pa.table(
        {
            "_no": numbers,
            "key": pa.array(codes),
            "col": pa.array(columns),
            "val": pc.if_else(private, sealer.seal(VAL, ids, plain), plain),
            "others": pa.array(others),
            "raw": sealer.seal(RAW, ids, pa.array(raws, pa.string())),
            "row_key": pa.array(keys, pa.string()),
        }
    )
    con.register("why", why)
    con.execute(
        _insert(
            "rejects",
            source,
            number,
            "w.key",
            "w.col",
            "w.val",
            "w.others",
            "w.raw",
            "w.row_key",
            "JOIN why AS w ON w._no = b._no",
        )
    ).fetchall()
    con.unregister("why")
    return len(numbers)


def flag_rows(
    con: duckdb.DuckDBPyConnection,
    sealer: Sealer,
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
        texts = as_sent(batch)[column].take(rows).cast(pa.string())
        shown = pc.utf8_slice_codeunits(texts, 0, 200)
        if source.table[column].personal:
            shown = sealer.seal(VAL, ids_of(source.name, batch.lines.take(rows).to_pylist()), shown)
        con.register("flagged", pa.table({"_no": rows, "val": shown}))
        con.execute(
            _insert(
                "load_warnings",
                source,
                number,
                f"'{key}'",
                f"'{column}'",
                "w.val",
                "''",
                "NULL",
                _key_text(source.table, "b"),
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
                    _key_text(source.table, "b"),
                    f"WHERE NOT b._refused AND {_true(check)}",
                )
            ).fetchall()


def refuse_staged(
    con: duckdb.DuckDBPyConnection, table: Table, staged: str, refused: str, names: dict[int, str]
) -> dict[int, int]:
    """Take staged rows out: those that wait are listed in `wait_…`, those of this load's files written to the rejects.

    `refused` is a SELECT of (rid, key, col, val). Returns rows by file number.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE out_rows AS SELECT rid, MIN(key) AS key, ANY_VALUE(col) AS col, ANY_VALUE(val) AS val FROM ({refused}) GROUP BY rid"
    ).fetchall()
    if not con.execute("SELECT 1 FROM out_rows LIMIT 1").fetchall():
        return {}
    _load_names(con, names)
    con.execute(
        f"""INSERT INTO rejects
            SELECT s._file, '{table.name}', f.name, s._line, r.code, o.col, LEFT(o.val, 200), r.title, r.advice, '', {_packed(table, "s")},
                   {_org(table, "s")}, {_money(table, "s")}, {_key_text(table, "s")}, {_waits("o.key")}
            FROM {staged} AS s JOIN out_rows AS o ON o.rid = s.rid JOIN reason AS r ON r.key = o.key JOIN file_name AS f ON f.number = s._file"""
    ).fetchall()
    counts = dict(
        con.execute(f"SELECT _file, COUNT(*) FROM {staged} WHERE rid IN (SELECT rid FROM out_rows) GROUP BY 1").fetchall()
    )
    con.execute(f"INSERT INTO wait_{staged} SELECT rid, key FROM out_rows AS o WHERE {_waits('o.key')} = 1").fetchall()
    con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM out_rows").fetchall()
    return counts


def refuse_held(con: duckdb.DuckDBPyConnection, table: Table, rows: str) -> None:
    """Write rows the lake held until now to the rejects. `rows`: a relation of the stored columns and key, col, val."""
    con.execute(
        f"""INSERT INTO rejects
            SELECT -1, '{table.name}', '{HELD}', s.rid, r.code, s.col, LEFT(s.val, 200), r.title, r.advice, '', {_packed(table, "s")},
                   {_org(table, "s")}, {_money(table, "s")}, {_key_text(table, "s")}, 1
            FROM {rows} AS s JOIN reason AS r ON r.key = s.key"""
    ).fetchall()


def flag_staged(con: duckdb.DuckDBPyConnection, table: Table, staged: str, flagged: str, names: dict[int, str]) -> None:
    """Flag staged rows that stay. `flagged` is a SELECT of (rid, key, col, val)."""
    _load_names(con, names)
    con.execute(
        f"""INSERT INTO load_warnings
            SELECT s._file, '{table.name}', COALESCE(s._name, f.name), s._line, r.code, o.col, LEFT(o.val, 200), r.title, r.advice, '', NULL,
                   {_org(table, "s")}, {_money(table, "s")}, {_key_text(table, "s")}, 0
            FROM ({flagged}) AS o JOIN {staged} AS s ON s.rid = o.rid JOIN reason AS r ON r.key = o.key LEFT JOIN file_name AS f ON f.number = s._file"""
    ).fetchall()


def as_sent(batch: Batch) -> pa.Table:
    """The cells of a batch as they came, before a saved map gave them other values."""
    return batch.data if batch.sent is None else batch.sent


def ids_of(file: str, lines: Iterable[int]) -> pa.Array:
    """What the cells of registers are sealed with: file and line."""
    return pa.array([f"{file}:{line}" for line in lines], pa.string())


def _packed(table: Table, alias: str) -> str:
    packed = ", ".join(f"{c.name} := {alias}.{c.name}" for c in table.columns)
    return f"json_merge_patch('{{}}'::JSON, to_json(struct_pack({packed})))"


def _org(table: Table, alias: str) -> str:
    return f"{alias}.fixmedins_code" if "fixmedins_code" in table else "NULL"


def _money(table: Table, alias: str) -> str:
    return f"{alias}.{MONEY[table.name]}" if table.name in MONEY else "NULL"


def _key_text(table: Table, alias: str) -> str:
    """The key of a row as one text; NULL when a part of it is missing."""
    return " || '/' || ".join(f"CAST({alias}.{k} AS VARCHAR)" for k in table.key)


def _waits(key: str) -> str:
    return f"CASE WHEN {key} IN ({', '.join(quoted(code) for code in sorted(WAITING))}) THEN 1 ELSE 0 END"


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
    register: str,
    source: SourceFile,
    number: int,
    key: str,
    column: str,
    value: str,
    others: str,
    raw: str,
    row_key: str,
    rest: str,
) -> str:
    org, money = _org(source.table, "b"), _money(source.table, "b")
    name = source.name.replace("'", "''")
    joins, _, where = rest.partition("WHERE")
    return f"""INSERT INTO {register}
        SELECT {number}, '{source.table.name}', '{name}', b._line, r.code, {column}, {value}, r.title, r.advice, {others}, {raw}, {org}, {money}, {row_key}, 0
        FROM batch AS b {joins} JOIN reason AS r ON r.key = {key} {"WHERE " + where if where else ""}"""
