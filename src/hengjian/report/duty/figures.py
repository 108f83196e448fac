"""Every figure of the duty report, gathered once. Money is in fen; refused rows are counted until they were put right."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

import duckdb

from hengjian.kernel.amounts import to_fen
from hengjian.lake.history import load_history
from hengjian.lake.ingest.reasons import REASONS, Reason
from hengjian.lake.versions import LakeVersion
from hengjian.report.duty.relations import duty_relations
from hengjian.report.source import lake_view

UNKNOWN = "机构不明"
REFUSED, FLAGGED = "退回", "提示"
ENDS = {"taken": "后来收下", "corrected": "已有更正行", "superseded": "被后来的内容取代", "withdrawn": "已被撤销或删除"}
"""What became of a refused row, by word of the register."""


@dataclass(frozen=True)
class Tally:
    """Rows and their money in fen."""

    rows: int = 0
    fen: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.rows + other.rows, self.fen + other.fen)


@dataclass(frozen=True)
class ReasonDuty:
    """One reason at one level (退回 or 提示). A row with several flags stands under each; `settled` of it were put right."""

    level: str
    code: str
    title: str
    advice: str
    tally: Tally = Tally()
    settled: Tally = Tally()


@dataclass(frozen=True)
class OrgDuty:
    """One institution; `code` is empty for rows that name none. `reasons`: its own, most rows first."""

    code: str
    name: str
    refused: Tally = Tally()
    settled: Tally = Tally()
    flagged: Tally = Tally()
    reasons: tuple[ReasonDuty, ...] = ()


@dataclass(frozen=True)
class Load:
    """One load that made a version, by number and time."""

    number: int
    at: str


@dataclass(frozen=True)
class Duty:
    """All of it. `sent` and `taken` count rows over the loads whose record is still there (`loads`)."""

    loads: tuple[Load, ...] = ()
    sent: int = 0
    taken: int = 0
    refused: Tally = Tally()
    flagged: Tally = Tally()
    ended: dict[str, Tally] = field(default_factory=dict)
    orgs: tuple[OrgDuty, ...] = ()
    reasons: tuple[ReasonDuty, ...] = ()

    @property
    def settled(self) -> Tally:
        return sum(self.ended.values(), Tally())

    @property
    def is_empty(self) -> bool:
        """Nothing was ever refused or flagged."""
        return not (self.refused.rows or self.settled.rows or self.flagged.rows)


_REFUSED = "SELECT org, code, MIN(reason), MIN(advice), how, COUNT(*), COALESCE(SUM(amount), 0) FROM duty_refused GROUP BY org, code, how"
_FLAGS = """
SELECT org, code, MIN(reason), MIN(advice), COUNT(*), COALESCE(SUM(amount), 0) FROM (
  SELECT org, code, tab, ref, MIN(reason) AS reason, MIN(advice) AS advice, MAX(amount) AS amount FROM duty_flag GROUP BY org, code, tab, ref)
GROUP BY org, code
"""
_FLAGGED = """
SELECT org, COUNT(*), COALESCE(SUM(amount), 0) FROM (SELECT org, tab, ref, MAX(amount) AS amount FROM duty_flag GROUP BY org, tab, ref)
GROUP BY org
"""


def gather_duty(con: duckdb.DuckDBPyConnection, lake: LakeVersion | None) -> Duty:
    """Ask every question of the duty report; leaves `duty_refused` and `duty_flag` in `con` for the rows themselves."""
    duty_relations(con, lake)
    found: dict[tuple[str, str, str], ReasonDuty] = {}
    ended: dict[str, Tally] = defaultdict(Tally)
    for org, code, title, advice, how, rows, money in con.execute(_REFUSED).fetchall():
        known = found.setdefault((org, REFUSED, code), _reason(REFUSED, code, title, advice))
        tally = Tally(rows, to_fen(Decimal(money)))
        if how is None:
            found[(org, REFUSED, code)] = replace(known, tally=known.tally + tally)
        else:
            found[(org, REFUSED, code)] = replace(known, settled=known.settled + tally)
            ended[how] += tally
    for org, code, title, advice, rows, money in con.execute(_FLAGS).fetchall():
        found[(org, FLAGGED, code)] = replace(_reason(FLAGGED, code, title, advice), tally=Tally(rows, to_fen(Decimal(money))))
    flagged = {org: Tally(rows, to_fen(Decimal(money))) for org, rows, money in con.execute(_FLAGGED).fetchall()}
    orgs = _orgs(found, flagged, _names(con, lake))
    loads, sent, taken = _loads(lake)
    return Duty(
        loads=loads,
        sent=sent,
        taken=taken,
        refused=sum((o.refused for o in orgs), Tally()),
        flagged=sum(flagged.values(), Tally()),
        ended=dict(ended),
        orgs=orgs,
        reasons=_added(found),
    )


def _reason(level: str, code: str, title: str | None, advice: str | None) -> ReasonDuty:
    """A reason in the words of the table; an unknown code in the words of the register."""
    known = (
        REASONS.get(code + "W" if level == FLAGGED else code)
        or REASONS.get(code)
        or Reason(code, "", title or code, advice or "")
    )
    return ReasonDuty(level, code, known.title.removesuffix("，照收"), known.advice)


def _heaviest(reasons: list[ReasonDuty]) -> tuple[ReasonDuty, ...]:
    return tuple(sorted(reasons, key=lambda r: (r.level != REFUSED, -r.tally.rows, -r.settled.rows, r.code)))


def _orgs(
    found: dict[tuple[str, str, str], ReasonDuty], flagged: dict[str, Tally], names: dict[str, str]
) -> tuple[OrgDuty, ...]:
    """Institutions, most refused money first; rows without one come last."""
    by_org: dict[str, list[ReasonDuty]] = defaultdict(list)
    for (org, _, _), reason in found.items():
        by_org[org].append(reason)
    orgs = []
    for org, reasons in by_org.items():
        own = [r for r in reasons if r.level == REFUSED]
        refused, settled = sum((r.tally for r in own), Tally()), sum((r.settled for r in own), Tally())
        name = names.get(org, org) if org else UNKNOWN
        orgs.append(OrgDuty(org, name, refused, settled, flagged.get(org, Tally()), _heaviest(reasons)))
    return tuple(sorted(orgs, key=lambda o: (not o.code, -o.refused.fen, -o.refused.rows, -o.flagged.rows, o.code)))


def _added(found: dict[tuple[str, str, str], ReasonDuty]) -> tuple[ReasonDuty, ...]:
    """Reasons over all institutions."""
    whole: dict[tuple[str, str], ReasonDuty] = {}
    for (_, level, code), r in found.items():
        known = whole.get((level, code)) or replace(r, tally=Tally(), settled=Tally())
        whole[(level, code)] = replace(known, tally=known.tally + r.tally, settled=known.settled + r.settled)
    return _heaviest(list(whole.values()))


def _names(con: duckdb.DuckDBPyConnection, lake: LakeVersion | None) -> dict[str, str]:
    if not lake_view(con, lake, "institution"):
        return {}
    rows = con.execute("SELECT fixmedins_code, fixmedins_name FROM institution").fetchall()
    return {code: name or code for code, name in rows}


def _loads(lake: LakeVersion | None) -> tuple[tuple[Load, ...], int, int]:
    """Loads up to this version that left a record, with rows sent and rows taken."""
    loads, sent, taken = [], 0, 0
    for past in load_history(lake) if lake else []:
        counts = [c for c in (past.report.get("tables") or {}).values() if isinstance(c, dict)]
        loads.append(Load(past.number, past.created_at))
        sent += sum(int(c.get("read") or 0) for c in counts)
        taken += sum(int(c.get("taken") or 0) + int(c.get("replaced") or 0) for c in counts)
    return tuple(loads), sent, taken
