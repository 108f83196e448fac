"""K06, L07, K07: a refund undoes a line of the same encounter, and never more than is left of it.

All refunds of a touched encounter are judged together, sent or held, in order of time: the outcome does not depend on which came first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hengjian.lake.schema import TABLES

if TYPE_CHECKING:
    from hengjian.lake.ingest.resolve import Resolver

_LINE = "mdtrt_id, feedetl_sn, init_feedetl_sn, med_list_codg, pric, cnt, det_item_fee_sumamt AS amt, fee_ocur_time"
_ROUNDING = Decimal("0.02")
"""Yuan by which the amounts given back may exceed the line's."""


def judge(resolver: Resolver, part: int) -> None:
    """Judge the refunds of one part of the buckets."""
    table, con = TABLES["fee_line"], resolver.con
    staged = resolver.stage.part(table, part)
    beside = resolver.held.beside(
        table,
        (
            "rid",
            "mdtrt_id",
            "feedetl_sn",
            "init_feedetl_sn",
            "med_list_codg",
            "pric",
            "cnt",
            "det_item_fee_sumamt",
            "fee_ocur_time",
        ),
        staged,
        part,
    )
    rows = [f"SELECT 0 AS old, rid, {_LINE} FROM {staged}"] if staged else []
    rows += [f"SELECT 1 AS old, rid, {_LINE} FROM ({beside})"] if beside else []
    if not rows:
        return
    every = " UNION ALL ".join(rows)
    con.execute(f"CREATE OR REPLACE TEMP TABLE refund AS SELECT * FROM ({every}) WHERE cnt < 0").fetchall()
    if not resolver.any("refund"):
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE undone AS SELECT * FROM ({every}) WHERE cnt > 0 AND mdtrt_id IN (SELECT mdtrt_id FROM refund)"
    ).fetchall()
    con.execute(  # without a number: the latest earlier line of the same code and price
        """CREATE OR REPLACE TEMP TABLE linked AS
           SELECT r.old, r.rid, r.mdtrt_id, r.feedetl_sn, r.init_feedetl_sn, r.cnt, r.amt, r.fee_ocur_time,
                  CASE WHEN r.init_feedetl_sn IS NOT NULL THEN MAX(l.feedetl_sn) ELSE ARG_MAX(l.feedetl_sn, (l.fee_ocur_time, l.feedetl_sn)) END AS target
           FROM refund AS r LEFT JOIN undone AS l ON l.mdtrt_id = r.mdtrt_id
                AND (l.feedetl_sn = r.init_feedetl_sn
                     OR r.init_feedetl_sn IS NULL AND l.med_list_codg = r.med_list_codg AND l.pric = r.pric AND l.fee_ocur_time <= r.fee_ocur_time)
           GROUP BY r.old, r.rid, r.mdtrt_id, r.feedetl_sn, r.init_feedetl_sn, r.cnt, r.amt, r.fee_ocur_time"""
    ).fetchall()
    con.execute(
        """CREATE OR REPLACE TEMP TABLE bad_refund AS
           SELECT old, rid, CASE WHEN init_feedetl_sn IS NULL THEN 'L07' ELSE 'K06' END AS key,
                  CASE WHEN init_feedetl_sn IS NULL THEN 'cnt' ELSE 'init_feedetl_sn' END AS col, COALESCE(init_feedetl_sn, CAST(cnt AS VARCHAR)) AS val
           FROM linked WHERE target IS NULL"""
    ).fetchall()
    _too_much(resolver)
    if staged:
        resolver.refuse(table, staged, "SELECT rid, key, col, val FROM bad_refund WHERE old = 0")
    if beside:
        resolver.held.put_down(table, "SELECT rid, key, col, val FROM bad_refund WHERE old = 1")


def _too_much(resolver: Resolver) -> None:
    """For the few lines of which more is given back than there was: refunds count in order of time while they fit."""
    rows = resolver.con.execute(
        """SELECT t.cnt, t.amt, LIST((-l.cnt, -l.amt, l.old, l.rid) ORDER BY l.fee_ocur_time, l.feedetl_sn)
           FROM linked AS l JOIN undone AS t ON t.mdtrt_id = l.mdtrt_id AND t.feedetl_sn = l.target
           GROUP BY t.mdtrt_id, t.feedetl_sn, t.cnt, t.amt HAVING SUM(-l.cnt) > t.cnt OR SUM(-l.amt) > t.amt + 0.02"""
    ).fetchall()
    refused: list[tuple[int, int, str]] = []
    for left, money, back in rows:
        for cnt, amt, old, rid in back:
            if cnt <= left and amt <= money + _ROUNDING:
                left, money = left - cnt, money - amt
            else:
                refused.append((old, rid, str(-cnt)))
    if refused:
        resolver.con.executemany("INSERT INTO bad_refund VALUES (?, ?, 'K07', 'cnt', ?)", refused)
