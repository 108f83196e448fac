"""Money in totals: one line counts once.

Several rules may hit one line, and a stay in question contains lines in question. Each finding is given the part of its money that
totals may count, so that any breakdown (by rule, institution, month) adds up to the same grand total:
the largest finding of a line keeps its whole amount and the others get 0; the largest finding of an encounter gets what its amount
exceeds its lines by. The three amounts are treated alike but separately.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb

AMOUNTS = ("amount_total", "amount_inscope", "amount_fund")


def once_sql(findings: str) -> str:
    """SELECT finding_id, once_total, once_inscope, once_fund over a relation in the shape of `finding.FINDING_SCHEMA`."""
    line_rank = """CASE WHEN ROW_NUMBER() OVER (PARTITION BY psn_no, mdtrt_id, feedetl_sn ORDER BY {a} DESC, finding_id) = 1
                        THEN {a} ELSE 0 END AS {o}"""
    stay_rank = """CASE WHEN ROW_NUMBER() OVER (PARTITION BY f.psn_no, f.mdtrt_id ORDER BY f.{a} DESC, f.finding_id) = 1
                        THEN GREATEST(f.{a} - COALESCE(s.{o}, 0), 0) ELSE 0 END AS {o}"""
    pairs = [(a, a.replace("amount", "once")) for a in AMOUNTS]
    lines = ",\n".join(line_rank.format(a=a, o=o) for a, o in pairs)
    sums = ", ".join(f"SUM({o}) AS {o}" for _, o in pairs)
    stays = ",\n".join(stay_rank.format(a=a, o=o) for a, o in pairs)
    names = ", ".join(f"CAST({o} AS DECIMAL(18,2)) AS {o}" for _, o in pairs)
    return f"""
WITH line AS (
  SELECT finding_id, mdtrt_id, {lines} FROM {findings} WHERE grain = 'line'
), line_sum AS (SELECT mdtrt_id, {sums} FROM line GROUP BY mdtrt_id
), stay AS (
  SELECT f.finding_id, {stays}
  FROM {findings} AS f LEFT JOIN line_sum AS s ON s.mdtrt_id = f.mdtrt_id WHERE f.grain = 'encounter'
)
SELECT finding_id, {names} FROM line
UNION ALL SELECT finding_id, {names} FROM stay
UNION ALL SELECT finding_id, {", ".join(f"CAST({a} AS DECIMAL(18,2))" for a in AMOUNTS)} FROM {findings}
WHERE grain NOT IN ('line', 'encounter')
"""


def grand_total(con: duckdb.DuckDBPyConnection, findings: str) -> dict[str, object]:
    """Number of findings and the three once-counted sums in yuan (Decimal)."""
    row = con.execute(
        f"SELECT COUNT(*), COALESCE(SUM(once_total), 0), COALESCE(SUM(once_inscope), 0), COALESCE(SUM(once_fund), 0) FROM ({once_sql(findings)})"
    ).fetchone()
    assert row is not None
    return dict(zip(("findings", *AMOUNTS), row, strict=True))


def rule_sums(findings: Path) -> list[tuple[str, str, int, Decimal, Decimal]]:
    """(rule_id, certainty, findings, amount_total, amount_fund) of each rule's own findings, most money first."""
    with duckdb.connect(":memory:") as con:
        return con.execute(
            """SELECT rule_id, certainty, COUNT(*), SUM(amount_total), SUM(amount_fund) FROM read_parquet(?)
               GROUP BY rule_id, certainty ORDER BY SUM(amount_fund) DESC, rule_id""",
            [str(findings)],
        ).fetchall()
