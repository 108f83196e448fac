"""Four limit rules as one decision table of zen-engine, compiled once, one evaluation a fee line.

The table has one row per code that carries knowledge; a line is a JSON object with item, sex and insurance. What is measured is the
evaluation alone: making the objects is not counted. The same lines, in memory too, are judged by our limit text.
"""

from __future__ import annotations

import json
import time

import duckdb
import zen

from bench.peers.given import Given, Hits, give
from hengjian.engine.backends.duckdb import attach_small_tables, connect, load_table
from hengjian.engine.bind import bind
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import Rulebook

RULES = ("drug_sex_limit", "drug_maternity_only", "drug_work_injury_only", "tcm_slice_not_paid")
LINES = 30_000
_UNKNOWN = "?"


def decision(given: Given) -> str:
    """The decision as GoRules JSON: every row of kn_limit is one row of the table; all that match are returned."""
    rows = []
    for n, k in enumerate(r for r in given.knowledge["kn_limit"].to_pylist() if given.rule_of[r["kid"]] in RULES):
        listed = json.dumps(k["vals"].strip("|").split("|"))
        test = {"in": f"not in {json.dumps([*json.loads(listed), _UNKNOWN])}", "not_in": f"in {listed}", "never": ""}[k["op"]]
        cells = {
            "item": f'"{k["code_key"]}"',
            "sex": test if k["dim"] == "sex" else "",
            "insurance": "" if k["dim"] == "sex" else test,
        }
        day = f"[{k['valid_from']}..{k['valid_to'] - 1}]"
        rows.append({"_id": f"r{n}", **cells, "day": day, "kid": str(k["kid"])})
    fields = [{"id": name, "name": name, "field": name} for name in ("item", "sex", "insurance", "day")]
    table = {"hitPolicy": "collect", "inputs": fields, "outputs": [{"id": "kid", "name": "kid", "field": "kid"}], "rules": rows}
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": place},
        {"id": "table", "name": "table", "type": "decisionTableNode", "position": place, "content": table},
        {"id": "out", "name": "out", "type": "outputNode", "position": place},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def sample(lake: LakeVersion, con: duckdb.DuckDBPyConnection, lines: int = LINES) -> None:
    """Whole persons with about `lines` fee lines in scope, as tables of the connection."""
    load_table(con, lake, "encounter", LAYER["encounter"].by_name, None)
    load_table(con, lake, "person", LAYER["person"].by_name, None)
    load_table(con, lake, "fee_line", LAYER["fee_line"].by_name, None, f"""t.net_cnt_e4 > 0 AND t.net_inscp > 0 AND t.psn_key IN (
        SELECT psn_key FROM person ORDER BY psn_key LIMIT {max(1, lines * lake.rows("person") // lake.rows("fee_line"))})""")  # fmt: skip
    for table in ("encounter", "person"):
        con.execute(f"DELETE FROM {table} WHERE psn_key NOT IN (SELECT psn_key FROM fee_line)").fetchall()
    for table in ("diagnosis", "operation"):
        load_table(con, lake, table, LAYER[table].by_name, None, "false")


def run(lake: LakeVersion, book: Rulebook, lines: int = LINES) -> dict[str, float]:
    """CPU microseconds a line of both on one thread, and the number of findings. Raises AssertionError when they differ."""
    given = give(lake, book)
    con = connect(threads=1)
    attach_small_tables(con, lake)
    sample(lake, con, lines)
    bound = bind(con, book, [book.rules[r] for r in RULES])
    before = time.process_time()
    found = con.execute(f"SELECT kid, mdtrt_key, feedetl_sn FROM ({book.families['limit'].sql}\n)").fetchall()
    our_cpu = time.process_time() - before
    ours: Hits = {(bound.points[kid].rule.rule_id, *key) for kid, *key in found}
    rows = con.execute(
        f"""SELECT CAST(f.item_key AS VARCHAR), COALESCE(p.gend, '{_UNKNOWN}'),
                   COALESCE(CASE WHEN SUBSTRING(e.med_type, 1, 1) = '5' THEN '510' ELSE e.insutype END, '{_UNKNOWN}'), f.fee_day, f.mdtrt_key, f.feedetl_sn
            FROM fee_line AS f JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key AND e.psn_key = f.psn_key JOIN person AS p ON p.psn_key = f.psn_key"""
    ).fetchall()
    con.close()
    asked = [
        ({"item": item, "sex": sex, "insurance": insurance, "day": day}, (visit, sn))
        for item, sex, insurance, day, visit, sn in rows
    ]
    content = zen.ZenDecisionContent(decision(given))  # compiled once
    engine = zen.ZenEngine({"loader": lambda key: content})
    engine.evaluate("rules", asked[0][0])
    before = time.process_time()
    answers = [engine.evaluate("rules", context)["result"] for context, _ in asked]
    zen_cpu = time.process_time() - before
    theirs = {(given.rule_of[int(a["kid"])], *key) for (_, key), hits in zip(asked, answers, strict=True) for a in hits}
    assert theirs == ours, "zen-engine and we do not find the same"
    per_line = 1e6 / len(asked)
    return {"lines": len(asked), "findings": len(ours), "zen_us": zen_cpu * per_line, "ours_us": our_cpu * per_line}
