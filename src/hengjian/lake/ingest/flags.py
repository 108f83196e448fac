"""Flags that need other rows: the row is taken, and somebody should look (K05, K09, L05, L11, L12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hengjian.lake.ingest import register
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES, Table

if TYPE_CHECKING:
    from hengjian.lake.ingest.resolve import Resolver

PRACTITIONERS = {
    "encounter": ("atddr_no",),
    "fee_line": ("bilg_dr_codg", "orders_dr_code"),
    "operation": ("oper_dr_code", "anst_dr_code"),
    "diagnosis": ("dise_dor_no",),
    "execution_record": ("prac_psn_code",),
}
"""Columns that name a practitioner, by table."""


def flag(resolver: Resolver) -> None:
    """Flag what this load sent."""
    _practitioners(resolver)
    for part in resolver.parts(TABLES["fee_line"]):
        if staged := resolver.stage.part(TABLES["fee_line"], part):
            _lines(resolver, staged)
    if staged := resolver.stage.part(TABLES["settlement"], 0):
        _settlements(resolver, staged)
    _open_stays(resolver)


def _flag(resolver: Resolver, table: Table, staged: str, flagged: str) -> None:
    register.flag_staged(resolver.con, table, staged, flagged, resolver.names)


def _practitioners(resolver: Resolver) -> None:
    """K05: a practitioner nobody registered. Where no register was ever sent nobody is flagged."""
    known = [f"SELECT prac_psn_code FROM {view}" for view in resolver.stage.views(TABLES["practitioner"])]
    known += [
        f"SELECT prac_psn_code FROM {old}" for old in [rows_sql(resolver.previous, "practitioner", ("prac_psn_code",))] if old
    ]
    if not known:
        return
    resolver.con.execute(f"CREATE OR REPLACE TEMP TABLE doctor AS {' UNION '.join(known)}").fetchall()
    for name, columns in PRACTITIONERS.items():
        table = TABLES[name]
        for staged in resolver.stage.views(table):
            for column in columns:
                _flag(
                    resolver,
                    table,
                    staged,
                    f"""SELECT rid, 'K05' AS key, '{column}' AS col, {column} AS val FROM {staged}
                        WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT prac_psn_code FROM doctor)""",
                )


def _lines(resolver: Resolver, staged: str) -> None:
    """K09: the settlement of a line is unknown, or of another encounter. L05: a fee outside its stay by more than a day."""
    table = TABLES["fee_line"]
    _flag(
        resolver,
        table,
        staged,
        f"""SELECT s.rid, 'K09' AS key, 'setl_id' AS col, s.setl_id AS val FROM {staged} AS s
            LEFT JOIN setl AS t ON t.setl_id = s.setl_id AND t.mdtrt_id = s.mdtrt_id WHERE s.setl_id IS NOT NULL AND t.setl_id IS NULL""",
    )
    day = "CAST(s.fee_ocur_time AS DATE)"
    _flag(
        resolver,
        table,
        staged,
        f"""SELECT s.rid, 'L05' AS key, 'fee_ocur_time' AS col, CAST(s.fee_ocur_time AS VARCHAR) AS val
            FROM {staged} AS s JOIN enc AS e ON e.mdtrt_id = s.mdtrt_id
            WHERE {_STAY} AND ({day} < CAST(e.begntime AS DATE) - 1 OR {day} > CAST(e.endtime AS DATE) + 1)""",
    )


_STAY = "(e.med_type LIKE '2%' OR e.med_type LIKE '52%') AND e.fixmedins_code NOT LIKE 'P%'"


def _settlements(resolver: Resolver, staged: str) -> None:
    """L11: the lines do not add up to the settlement."""
    table, line = TABLES["settlement"], TABLES["fee_line"]
    lines = []
    for part in resolver.parts(line):
        view = resolver.stage.part(line, part)
        lines += [f"SELECT mdtrt_id, setl_id, det_item_fee_sumamt FROM {view}"] if view else []
        beside = resolver.held.beside(line, ("mdtrt_id", "setl_id", "det_item_fee_sumamt"), view, part)
        lines += [beside] if beside else []
    if lines:
        _flag(
            resolver,
            table,
            staged,
            f"""SELECT s.rid, 'L11' AS key, 'medfee_sumamt' AS col, CAST(s.medfee_sumamt AS VARCHAR) AS val
                FROM {staged} AS s JOIN (SELECT mdtrt_id, setl_id, SUM(det_item_fee_sumamt) AS total FROM ({" UNION ALL ".join(lines)})
                                         WHERE setl_id IS NOT NULL GROUP BY ALL) AS l ON l.mdtrt_id = s.mdtrt_id AND l.setl_id = s.setl_id
                WHERE ABS(l.total - s.medfee_sumamt) > 1.00""",
        )


def _open_stays(resolver: Resolver) -> None:
    """L12: a stay settled before its end; where the lake holds the stay, its settlement sent now is flagged."""
    encounter, settlement = TABLES["encounter"], TABLES["settlement"]
    sent, settled = (resolver.stage.part(table, 0) for table in (encounter, settlement))
    if sent:
        _flag(
            resolver,
            encounter,
            sent,
            f"""SELECT e.rid, 'L12' AS key, 'endtime' AS col, NULL AS val FROM {sent} AS e
                WHERE {_STAY} AND e.endtime IS NULL AND e.mdtrt_id IN (SELECT mdtrt_id FROM setl)""",
        )
    if settled:
        held = f"AND e.mdtrt_id NOT IN (SELECT mdtrt_id FROM {sent})" if sent else ""
        _flag(
            resolver,
            settlement,
            settled,
            f"""SELECT s.rid, 'L12' AS key, 'mdtrt_id' AS col, s.mdtrt_id AS val FROM {settled} AS s JOIN enc AS e ON e.mdtrt_id = s.mdtrt_id
                WHERE {_STAY} AND e.endtime IS NULL {held}""",
        )
