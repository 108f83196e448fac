"""Rows sent again in a later load, against what the lake holds beside them: a correction may not tear an encounter or a refund apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hengjian.lake.schema import TABLES

if TYPE_CHECKING:
    from hengjian.lake.ingest.resolve import Resolver

_PLACED = ("settlement", "fee_line")
"""Tables whose rows name the institution of their encounter."""


def moved_encounters(resolver: Resolver, staged: str) -> None:
    """K04: an encounter goes to another institution only together with all its lines and settlements."""
    con = resolver.con
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE moved AS SELECT s.rid, s.mdtrt_id, s.fixmedins_code, s.bucket
            FROM {staged} AS s JOIN old_enc AS o ON o.mdtrt_id = s.mdtrt_id WHERE o.fixmedins_code <> s.fixmedins_code"""
    ).fetchall()
    buckets = [b for (b,) in con.execute("SELECT DISTINCT bucket FROM moved").fetchall()]
    for name in _PLACED if buckets else ():
        table = TABLES[name]
        keys = ", ".join(dict.fromkeys(("mdtrt_id", *table.key)))
        old = resolver.read(name, f"{keys}, fixmedins_code", buckets) if resolver.holds(name) else ""
        if not old:
            continue
        sent = " UNION ALL ".join(f"SELECT {keys}, fixmedins_code FROM {view}" for view in resolver.stage.views(table))
        same = " AND ".join(f"n.{key} = o.{key}" for key in dict.fromkeys(("mdtrt_id", *table.key)))
        left = (
            f"AND NOT EXISTS (SELECT 1 FROM ({sent}) AS n WHERE {same} AND n.fixmedins_code = m.fixmedins_code)" if sent else ""
        )
        torn = f"""SELECT DISTINCT m.rid, 'K04' AS key, 'fixmedins_code' AS col, m.fixmedins_code AS val
                   FROM moved AS m JOIN {old} AS o ON o.mdtrt_id = m.mdtrt_id WHERE o.fixmedins_code <> m.fixmedins_code {left}"""
        resolver.refuse(TABLES["encounter"], staged, torn)


def shrunk_lines(resolver: Resolver, staged: str) -> None:
    """K07: a line sent again still holds what refunds in the lake took back from it."""
    con = resolver.con
    if not resolver.holds("fee_line"):
        return
    buckets = [b for (b,) in con.execute(f"SELECT DISTINCT bucket FROM {staged}").fetchall()]
    columns = "mdtrt_id, feedetl_sn, init_feedetl_sn, med_list_codg, pric, cnt, det_item_fee_sumamt AS amt, fee_ocur_time"
    old = resolver.read("fee_line", columns, buckets)
    if not old:
        return
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE old_refund AS
            SELECT o.* FROM {old} AS o WHERE o.cnt < 0 AND o.mdtrt_id IN (SELECT mdtrt_id FROM {staged})
              AND NOT EXISTS (SELECT 1 FROM {staged} AS s WHERE s.mdtrt_id = o.mdtrt_id AND s.feedetl_sn = o.feedetl_sn)"""
    ).fetchall()
    if not resolver.count("old_refund"):
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE old_line AS SELECT * FROM {old} WHERE cnt > 0 AND mdtrt_id IN (SELECT mdtrt_id FROM old_refund)"
    ).fetchall()
    resolver.refuse(
        TABLES["fee_line"],
        staged,
        f"""WITH linked AS (
              SELECT r.*, COALESCE(r.init_feedetl_sn, (SELECT ARG_MAX(l.feedetl_sn, (l.fee_ocur_time, l.feedetl_sn)) FROM old_line AS l
                       WHERE l.mdtrt_id = r.mdtrt_id AND l.med_list_codg = r.med_list_codg AND l.pric = r.pric AND l.fee_ocur_time <= r.fee_ocur_time)) AS target
              FROM old_refund AS r
            ), back AS (
              SELECT mdtrt_id, target, SUM(-cnt) AS cnt, SUM(-amt) AS amt FROM linked GROUP BY ALL
            )
            SELECT s.rid, 'K07' AS key, 'cnt' AS col, CAST(s.cnt AS VARCHAR) AS val
            FROM {staged} AS s JOIN back AS b ON b.mdtrt_id = s.mdtrt_id AND b.target = s.feedetl_sn
            WHERE s.cnt < b.cnt OR s.det_item_fee_sumamt < b.amt - 0.02
               OR EXISTS (SELECT 1 FROM linked AS r WHERE r.mdtrt_id = s.mdtrt_id AND r.target = s.feedetl_sn AND r.init_feedetl_sn IS NULL
                            AND (r.med_list_codg <> s.med_list_codg OR r.pric <> s.pric OR r.fee_ocur_time < s.fee_ocur_time))""",
    )
