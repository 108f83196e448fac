"""Access to the registers of a lake: the one place that knows how refused and flagged rows are kept.

Two tables come out: `duty_refused`, one row per refused row with what became of it, and `duty_flag`, one row per flag of a row that
was taken. In both `org` is the institution ('' = unknown), `val` may be shown to anybody who may see the lake, and what was sent
as a whole (`raw`) is never read.
"""

from __future__ import annotations

import duckdb

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import LakeError
from hengjian.lake.place import quoted_list
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import LakeVersion

SEALED, WHOLE_LINE = "（已加密）", "（整行）"
"""Shown in place of a personal value, and of a line that is no row and may hold anything."""

_ROW = {
    "load_no": "INTEGER", "tab": "VARCHAR", "file": "VARCHAR", "line": "BIGINT", "code": "VARCHAR", "col": "VARCHAR", "val": "VARCHAR",
    "reason": "VARCHAR", "advice": "VARCHAR", "others": "VARCHAR", "fixmedins_code": "VARCHAR", "amount": "DECIMAL(16,2)", "row_key": "VARCHAR",
    "waits": "INTEGER",
}  # fmt: skip
_END = {"load_no": "INTEGER", "tab": "VARCHAR", "file": "VARCHAR", "line": "BIGINT", "how": "VARCHAR", "end_load": "INTEGER"}
_PLACE = "load_no, tab, file, line"


def duty_relations(con: duckdb.DuckDBPyConnection, lake: LakeVersion | None) -> None:
    """Make `duty_refused` and `duty_flag` in `con`; both are empty without a lake. Raises LakeError when a register cannot be read."""
    try:
        _register(con, lake, "rejects", "duty_reject_row", _ROW)
        _register(con, lake, "load_warnings", "duty_warning_row", _ROW)
        _register(con, lake, "reject_ends", "duty_end_row", _END)
        _known_encounters(con, lake)
        con.execute(f"CREATE OR REPLACE TEMP TABLE duty_refused AS {_refused()}").fetchall()
        con.execute(f"CREATE OR REPLACE TEMP TABLE duty_flag AS {_flags()}").fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        cure = "用备份恢复这个文件夹，或把原文件重新加载进一个新的数据湖"
        where = str(lake.root / "tables") if lake else ""
        raise LakeError("退回登记读不出来", where=where, why=cause_of(error), cure=cure) from error


def _register(con: duckdb.DuckDBPyConnection, lake: LakeVersion | None, table: str, view: str, columns: dict[str, str]) -> None:
    """A register under the name `view` with exactly these columns; what an older load did not write is NULL."""
    files = lake.files(table) if lake else []
    source = f"FROM read_parquet({quoted_list(files)}, union_by_name = true)"
    there = {row[0] for row in con.execute(f"DESCRIBE SELECT * {source}").fetchall()} if files else set()
    cells = ", ".join(f"CAST({n if n in there else 'NULL'} AS {sql}) AS {n}" for n, sql in columns.items())
    con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {cells} {source if files else 'WHERE false'}").fetchall()


def _known_encounters(con: duckdb.DuckDBPyConnection, lake: LakeVersion | None) -> None:
    """`duty_place`: the institution of encounters that rows without one may name: as the lake knows it, else as a refused encounter said."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE duty_candidate AS SELECT DISTINCT mdtrt_id FROM (
              {_candidates("duty_reject_row")} UNION ALL {_candidates("duty_warning_row")})"""
    ).fetchall()
    parts = []
    if known := rows_sql(lake, "encounter", ("mdtrt_id", "fixmedins_code")):
        parts.append(
            f"SELECT mdtrt_id, fixmedins_code, 1 AS rank FROM {known} AS e"
            " WHERE mdtrt_id IN (SELECT mdtrt_id FROM duty_candidate)"
        )
    parts.append(
        f"SELECT row_key AS mdtrt_id, fixmedins_code, 2 AS rank FROM duty_reject_row WHERE tab = 'encounter' AND row_key IS NOT NULL AND {_is_code('fixmedins_code')}"
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE duty_place AS
            SELECT mdtrt_id, ARG_MIN(fixmedins_code, rank) AS fixmedins_code FROM ({" UNION ALL ".join(parts)})
            GROUP BY mdtrt_id HAVING COUNT(DISTINCT fixmedins_code) FILTER (WHERE rank = 1) = 1 OR COUNT(DISTINCT fixmedins_code) = 1"""
    ).fetchall()
    settled = rows_sql(lake, "settlement", ("setl_id", "fixmedins_code"))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE duty_settlement AS "
        + (
            f"""SELECT setl_id, ANY_VALUE(fixmedins_code) AS fixmedins_code FROM {settled} AS s
                WHERE setl_id IN (SELECT row_key FROM duty_reject_row WHERE tab = 'settlement'
                                  UNION ALL SELECT row_key FROM duty_warning_row WHERE tab = 'settlement') GROUP BY setl_id"""
            if settled
            else "SELECT NULL::VARCHAR AS setl_id, NULL::VARCHAR AS fixmedins_code WHERE false"
        )
    ).fetchall()


def _candidates(view: str) -> str:
    """What may be the mdtrt_id of a row without an institution: the beginning of its key, which may itself hold a `/`."""
    widths = {t.name: len(t.key) for t in TABLES.values() if t.key[0] == "mdtrt_id"}
    width = "CASE tab " + " ".join(f"WHEN '{name}' THEN {n}" for name, n in widths.items()) + " END"
    listed = ", ".join(f"'{name}'" for name in widths)
    return f"""SELECT {_PLACE}, array_to_string(parts[1:n], '/') AS mdtrt_id FROM (
                 SELECT {_PLACE}, string_split(row_key, '/') AS parts, {width} AS width FROM {view}
                 WHERE tab IN ({listed}) AND row_key IS NOT NULL AND NOT {_is_code("fixmedins_code")}
               ) AS k, UNNEST(range(1, len(parts) - width + 2)) AS u(n)"""


def _is_code(column: str) -> str:
    return f"COALESCE(regexp_full_match({column}, '[HP].{{11}}'), false)"


def _shown() -> str:
    """The value of a row as it may be shown."""
    personal = ", ".join(f"'{t.name}.{c.name}'" for t in TABLES.values() for c in t.columns if c.personal)
    return f"""CASE WHEN COALESCE(r.val, '') = '' THEN '' WHEN COALESCE(r.col, '') = '' THEN '{WHOLE_LINE}'
                    WHEN r.tab || '.' || r.col IN ({personal}) THEN '{SEALED}' ELSE r.val END"""


def _placed(view: str) -> str:
    """Rows with `org`: as sent, else of the one known encounter their key names, else of the settlement they replace, else ''."""
    return f"""
SELECT r.* REPLACE ({_shown()} AS val),
       CASE WHEN {_is_code("r.fixmedins_code")} THEN r.fixmedins_code ELSE COALESCE(e.org, s.fixmedins_code, '') END AS org
FROM {view} AS r
LEFT JOIN (SELECT {_PLACE}, ANY_VALUE(p.fixmedins_code) AS org FROM ({_candidates(view)}) AS c JOIN duty_place AS p USING (mdtrt_id)
           GROUP BY {_PLACE} HAVING COUNT(DISTINCT p.mdtrt_id) = 1) AS e
  ON e.load_no = r.load_no AND e.tab = r.tab AND e.file = r.file AND e.line = r.line
LEFT JOIN duty_settlement AS s ON r.tab = 'settlement' AND s.setl_id = r.row_key
"""


def _refused() -> str:
    return f"""SELECT p.*, e.how, e.end_load FROM ({_placed("duty_reject_row")}) AS p
               LEFT JOIN (SELECT {_PLACE}, ARG_MIN(how, end_load) AS how, MIN(end_load) AS end_load FROM duty_end_row GROUP BY ALL) AS e
                 ON e.load_no = p.load_no AND e.tab = p.tab AND e.file = p.file AND e.line = p.line"""


def _flags() -> str:
    """Flags of rows that were taken, each row as it was last sent. `ref` tells rows of one table apart."""
    taken = f"SELECT * FROM ({_placed('duty_warning_row')}) AS w ANTI JOIN duty_reject_row AS r USING ({_PLACE})"
    return f"""
SELECT * FROM (SELECT *, COALESCE(row_key, load_no || ' ' || file || ' ' || line) AS ref FROM ({taken}))
QUALIFY ROW_NUMBER() OVER (PARTITION BY tab, ref, code, col ORDER BY load_no DESC, file, line) = 1
    AND load_no = MAX(load_no) OVER (PARTITION BY tab, ref)
"""
