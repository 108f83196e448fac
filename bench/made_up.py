"""Made-up results of an audit, of any size, in the shape `hengjian audit` writes: for measuring how they come in hand. Nobody is meant."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from hengjian.engine.finding import FINDING_SCHEMA, RULES_CSV
from hengjian.engine.increment import WITHDRAWN_SCHEMA

RULES = 33
"""Rules of the made-up audit; one of eleven is 反欺诈."""


def write_results(
    folder: Path, findings: int, *, institutions: int = 600, version: int = 1, without: str = "false", lake: str = "lake"
) -> None:
    """Write findings.parquet, withdrawn.parquet, rules.csv and audit.json. `without`: SQL of findings that hold no more (column n)."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '1GB'")
        con.execute(f"CREATE VIEW made AS {_sql(findings, institutions, version)}")
        names = ", ".join(FINDING_SCHEMA.names)
        con.execute(
            f"COPY (SELECT {names} FROM made WHERE NOT ({without}) ORDER BY finding_id) TO '{folder}/findings.parquet' (FORMAT parquet)"
        )
        gone = ", ".join(f"'' AS {n}" for n in WITHDRAWN_SCHEMA.names[-3:-1])
        con.execute(
            f"""COPY (SELECT {names}, {gone}, 'data' AS withdrawn_why FROM made WHERE {without} ORDER BY finding_id)
                TO '{folder}/withdrawn.parquet' (FORMAT parquet)"""
        )
        (kept,) = con.execute(f"SELECT count(*) FROM made WHERE NOT ({without})").fetchall()[0]
    lines = [",".join(RULES_CSV)]
    for n in range(RULES):
        category = "fraud" if n % 11 == 0 else ("policy", "management", "medical")[n % 3]
        lines.append(
            f"made_{n:02d},,R{n:02d},made,样例规则 {n:02d},{_certainty(n)},made_{n:02d},{category},active,《样例》第{n}条"
        )
    (folder / "rules.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = {"data_version": version, "findings": kept, "lake": lake}
    (folder / "audit.json").write_text(json.dumps(told), encoding="utf-8")


def _certainty(rule: int) -> str:
    return "certain" if rule % 3 == 0 else "suspected"


def _sql(findings: int, institutions: int, version: int) -> str:
    """Ten findings of one rule, institution and month at a time; every ninth line is found by two rules, every seventeenth finding is a stay."""
    return f"""
SELECT sha256('made-' || n) AS finding_id, printf('made_%02d', rule) AS rule_id, '' AS official_code, printf('R%02d', rule) AS r_code,
       CASE WHEN n % 17 = 0 THEN 'encounter' ELSE 'line' END AS grain, printf('9901%010d', grp) AS psn_no, printf('M%012d', grp) AS mdtrt_id,
       CASE WHEN n % 17 = 0 THEN NULL ELSE printf('%05d', line % 500) END AS feedetl_sn,
       printf('H9901%07d', org) AS fixmedins_code, printf('D9901%07d', org * 20 + grp % 20) AS atddr_no, day AS window_start, day + to_days(1) AS window_end,
       CAST(2 AS DECIMAL(18,4)) AS observed, CAST(1 AS DECIMAL(18,4)) AS threshold,
       CAST((line % 90001) * 0.01 + 1 AS DECIMAL(16,2)) AS amount_total, CAST((line % 90001) * 0.009 + 0.5 AS DECIMAL(16,2)) AS amount_inscope,
       CAST((line % 90001) * 0.007 AS DECIMAL(16,2)) AS amount_fund,
       CASE WHEN rule % 3 = 0 THEN 'certain' ELSE 'suspected' END AS certainty,
       '「样例项目」一天内不超过 1 次，当天累计 2 次，超出部分在疑。' AS message,
       '{{"lines":[{{"mdtrt_id":"' || printf('M%012d', grp) || '","feedetl_sn":"' || printf('%05d', line % 500) || '","role":"在疑"}}],"encounters":[],"persons":[],' ||
       '"values":{{"observed":"2","threshold":"1","attribute":null,"item_code":"001","item_name":"样例项目"}},"exempt_checked":["退费已冲抵","全自费不计","只计超出部分"]}}' AS evidence,
       '《样例》第一条' AS law, 'made:row-1 [2025-01-01, )' AS knowledge_ref, sha256('rule-' || rule) AS rule_fingerprint,
       '{version}' AS data_version, n
FROM (SELECT n, CASE WHEN n % 9 = 8 THEN n - 1 ELSE n END AS line, (n // 10) AS grp, (CASE WHEN n % 9 = 8 THEN n // 10 + 1 ELSE n // 10 END) % {RULES} AS rule,
             (n // 10) * 7919 % {institutions} AS org, TIMESTAMP '2025-11-01' + to_days(CAST((n // 10) * 104729 % 365 AS INTEGER)) AS day
      FROM range({findings}) AS t(n))"""
