"""What a clue's findings come to, told anew from the database: counts, money, certainty, period, priority. Only what changed is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from django.db import transaction
from django.db.models import CharField, Count, Q
from django.db.models.functions import Cast

from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.priority import Facts, priority
from hengjian.apps.clues.services.gather import READ, scratch
from hengjian.apps.clues.services.insertion import update_clues
from hengjian.apps.clues.states import SETTLED, WITHDRAWN
from hengjian.engine.totals import AMOUNTS, once_sql

WRITE = 1_000
_TOLD = (
    "findings_count",
    "certainty",
    *AMOUNTS,
    *(a.replace("amount", "counted") for a in AMOUNTS),
    "priority",
    "priority_why",
)
_NAMES = ("clue_id", "finding_id", "grain", "psn_no", "mdtrt_id", "feedetl_sn", "certainty", *AMOUNTS)
_SCHEMA = pa.schema([(n, pa.int64() if n == "clue_id" else pa.string()) for n in _NAMES])


def recount() -> int:
    """Bring every clue of the audit up to date with its findings; returns how many changed.

    `amount_*`: its own findings, each line once (the largest of one line). `counted_*`: what totals may count (`engine.totals`).
    """
    with scratch() as (con, _):
        _read_findings(con)
        _sum(con)
        told = con.execute(
            "SELECT clue_id, n, certainty, own_total, own_inscope, own_fund, total, inscope, fund FROM told"
        ).fetchall()
    facts = {row[0]: row[1:] for row in told}
    upheld, judged = _history()
    changed = 0
    for chunk in _clues():
        stale = []
        for clue in chunk:
            now = _tell(clue, facts.get(clue.pk), upheld, judged)
            if now != clue.told:
                stale.append((*now, clue.pk))
        for n in range(0, len(stale), WRITE):
            with transaction.atomic():
                update_clues(_TOLD, stale[n : n + WRITE])
        changed += len(stale)
    return changed


def _read_findings(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """CREATE TABLE live (clue_id BIGINT, finding_id VARCHAR, grain VARCHAR, psn_no VARCHAR, mdtrt_id VARCHAR, feedetl_sn VARCHAR, certainty VARCHAR,
           amount_total DECIMAL(16,2), amount_inscope DECIMAL(16,2), amount_fund DECIMAL(16,2))"""
    ).fetchall()
    texts = {f"text_{a}": Cast(a, CharField()) for a in AMOUNTS}
    names = (*_NAMES[:7], *texts)
    rows = Finding.objects.exclude(state=WITHDRAWN).annotate(**texts).order_by("pk").values_list(*names, "pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:READ]):
        last = chunk[-1][-1]
        columns = list(zip(*chunk, strict=True))[:-1]
        con.register("chunk", pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA))
        con.execute(f"INSERT INTO live SELECT {', '.join(_NAMES)} FROM chunk").fetchall()
        con.unregister("chunk")


def _sum(con: duckdb.DuckDBPyConnection) -> None:
    """A line is one line wherever it is found; what is no line stands for itself."""
    largest = ", ".join(f"MAX({a}) AS {a}" for a in AMOUNTS)
    own = ", ".join(f"SUM({a}) AS {a.replace('amount', 'own')}" for a in AMOUNTS)
    con.execute(f"""
CREATE TABLE told AS
WITH line AS (
  SELECT clue_id, {largest} FROM live
  GROUP BY clue_id, CASE WHEN grain = 'line' THEN psn_no || chr(31) || mdtrt_id || chr(31) || feedetl_sn ELSE finding_id END
), own AS (SELECT clue_id, {own} FROM line GROUP BY clue_id
), counted AS (
  SELECT l.clue_id, COUNT(*) AS n, MAX(l.certainty) AS certainty, SUM(o.once_total) AS total, SUM(o.once_inscope) AS inscope, SUM(o.once_fund) AS fund
  FROM live AS l JOIN ({once_sql("live")}) AS o ON o.finding_id = l.finding_id GROUP BY l.clue_id
)
SELECT c.clue_id, c.n, c.certainty, CAST(own_total AS DECIMAL(16,2)) AS own_total, CAST(own_inscope AS DECIMAL(16,2)) AS own_inscope,
       CAST(own_fund AS DECIMAL(16,2)) AS own_fund, CAST(total AS DECIMAL(16,2)) AS total, CAST(inscope AS DECIMAL(16,2)) AS inscope,
       CAST(fund AS DECIMAL(16,2)) AS fund
FROM counted AS c JOIN own ON own.clue_id = c.clue_id""").fetchall()


def _history() -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
    """Upheld findings of each institution; decided and overturned findings of each rule."""
    settled = Finding.objects.filter(state=SETTLED).order_by()
    upheld = dict(settled.filter(upheld=True).values_list("institution_code").annotate(Count("pk")))
    judged = settled.values_list("rule_id").annotate(n=Count("pk"), lost=Count("pk", filter=Q(upheld=False)))
    return upheld, {rule: (n, lost) for rule, n, lost in judged}


class _Clue(NamedTuple):
    """What is read of a clue: what its priority looks at, and what was told of it before."""

    pk: int
    institution: str | None
    rule_id: str
    category: str
    acts_to: date | None
    found_on: date
    told: tuple[Any, ...]


def _clues() -> Iterator[list[_Clue]]:
    names = ("pk", "institution__code", "rule_id", "category", "acts_to", "found_on", *_TOLD)
    rows = Clue.objects.filter(source="audit").order_by("pk").values_list(*names)
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:READ]):
        last = chunk[-1][0]
        yield [_Clue._make((*row[:6], row[6:])) for row in chunk]


def _tell(
    clue: _Clue, sums: tuple[Any, ...] | None, upheld: dict[str, int], judged: dict[str, tuple[int, int]]
) -> tuple[Any, ...]:
    """Values of _TOLD. A clue of which nothing stands keeps its certainty and comes to nothing."""
    count, certainty, *amounts = sums or (0, clue.told[1], *[Decimal(0)] * 6)
    decided, lost = judged.get(clue.rule_id, (0, 0))
    points, why = priority(
        Facts(
            source="audit",
            amount_fund=amounts[2],
            certainty=certainty,
            category=clue.category,
            acts_to=clue.acts_to,
            found_on=clue.found_on,
            upheld_before=upheld.get(clue.institution or "", 0),
            rule_decided=decided,
            rule_overturned=lost,
        )
    )
    return (count, certainty, *amounts, points, why)
