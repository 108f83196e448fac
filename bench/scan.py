"""The bare scan: every value of every rule-table column that the rules read, once, and nothing else.

Rule tables hold integer keys where the lake has strings (people, visits, institutions, codes); what rules read as text (line numbers,
prescription numbers, kinds) is text here too. The scan reads what the rules read, so that the ratio is the work, not the format.
"""

from __future__ import annotations

from hengjian.engine.backends.duckdb import attach_small_tables, connect
from hengjian.engine.bind import bind
from hengjian.engine.plan import Plan, make_plan
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import Rule, Rulebook


def plan_of(lake: LakeVersion, book: Rulebook, rules: list[Rule]) -> Plan:
    """The plan an audit of these rules follows."""
    con = connect()
    attach_small_tables(con, lake)
    plan = make_plan(book, rules, bind(con, book, rules))
    con.close()
    return plan


def scan_sql(lake: LakeVersion, plan: Plan) -> dict[str, str]:
    """One SELECT a rule table: integers are summed, texts measured, so that nothing comes from statistics."""
    found = {}
    for table, columns in sorted(plan.read.items()):
        if rows := rows_sql(lake, f"rule_{table}"):
            spec = LAYER[table].by_name
            sums = (f"SUM(strlen({c}))" if spec[c].sql == "VARCHAR" else f"SUM({c}::HUGEINT)" for c in sorted(columns))
            found[table] = f"SELECT {', '.join(sums)} FROM {rows} AS t"
    return found


def bare_scan(lake: LakeVersion, plan: Plan) -> None:
    """Run the scan."""
    con = connect()
    for sql in scan_sql(lake, plan).values():
        con.execute(sql).fetchall()
    con.close()
