"""One DuckDB query a rule, straight over the Parquet files: how rules are usually run. The texts are our own families', each with the
knowledge of one rule; binding is not counted."""

from __future__ import annotations

import time

from bench.peers.given import Hits
from hengjian.engine.backends.duckdb import attach_small_tables, connect, load_table
from hengjian.engine.bind import bind
from hengjian.engine.plan import HIT, make_plan
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import Rule, Rulebook


def find(lake: LakeVersion, book: Rulebook, rules: list[Rule]) -> tuple[Hits, float]:
    """Hits (rule, visit, line, day, amount) less what is exempt, and the CPU seconds of the queries alone."""
    con = connect()
    attach_small_tables(con, lake)
    for table, spec in LAYER.items():
        if table != "institution":
            load_table(con, lake, table, spec.by_name, None, "", "VIEW")
    hits: Hits = set()
    spent = 0.0
    for rule in rules:
        bound = bind(con, book, [rule])
        plan = make_plan(book, [rule], bound)
        for text in plan.texts:
            names = ", ".join(text.returns)
            con.execute(f"CREATE OR REPLACE TABLE hit ({', '.join(f'{n} {sql}' for n, sql in HIT.items())})").fetchall()
            before = time.process_time()
            if text.output == "finding":
                con.execute(f"INSERT INTO hit ({names}) SELECT {names} FROM ({text.sql}\n)").fetchall()
            else:
                con.execute(f"SELECT {names} FROM ({text.sql}\n)").fetchall()
            spent += time.process_time() - before
            spared = "SELECT 1 FROM kn_exempt AS x JOIN diagnosis AS d ON d.diag_key = x.diag_key WHERE d.psn_key = hit.psn_key"
            if rule.exempt_diagnoses and con.execute("SELECT 1 FROM hit LIMIT 1").fetchall():
                con.execute(f"DELETE FROM hit WHERE EXISTS ({spared})").fetchall()
            hits |= {
                (rule.rule_id, *row)
                for row in con.execute("SELECT mdtrt_key, COALESCE(feedetl_sn, ''), w0, amount_total FROM hit").fetchall()
            }
    con.close()
    return hits, spent
