"""The numbers of the gate, by plain SQL over any period [from_sec, to_sec) of civil seconds."""

from __future__ import annotations

from dataclasses import dataclass

from hengjian.gate.store.database import Database

BY = {
    "institution": "t.fixmedins_code",
    "doctor": "t.dr_codg",
    "rule": "t.rule_id",
    "day": "t.at_sec / 86400",
    "all": "CAST('' AS TEXT)",
}
"""What the numbers can be told by, and its SQL. A day is a day number."""

EMPLOYEE = ("310", "320", "330", "340", "350", "360", "370")
RESIDENT = ("380", "390", "391", "392")
"""Kinds of insurance by fund: employees (职工), residents (居民)."""

_PERIOD = "t.at_sec >= ? AND t.at_sec < ?"
_REMINDERS = f"""SELECT {{by}} AS k, COUNT(*) AS reminders, SUM(CASE WHEN f.way = '2' THEN 1 ELSE 0 END) AS accepted,
  SUM(CASE WHEN f.way = '1' THEN 1 ELSE 0 END) AS overridden, SUM(CASE WHEN f.jr_id IS NULL THEN 1 ELSE 0 END) AS unanswered,
  SUM(t.amount) AS amount, SUM(CASE WHEN f.way = '2' THEN t.amount ELSE 0 END) AS accepted_amount
FROM reminder AS t LEFT JOIN feedback AS f ON f.jr_id = t.jr_id WHERE {_PERIOD} AND t.level <> 'shadow' GROUP BY k"""
_STOPS = """SELECT fingerprint, at_sec / 86400 AS day, COUNT(*) FROM reminder WHERE at_sec >= ? AND level IN ('reason', 'no_pay')
GROUP BY fingerprint, day"""
_SINCE = "SELECT fingerprint, MIN(at_sec) / 86400 FROM reminder GROUP BY fingerprint"
_CHECKS = f"""SELECT {{by}} AS k, COUNT(*) AS checks, SUM(CASE WHEN t.skipped > 0 THEN 1 ELSE 0 END) AS skipped,
  SUM(t.supplies) AS supplies FROM check_note AS t WHERE {_PERIOD} GROUP BY k"""
_SKIPS = f"SELECT {{by}} AS k, COUNT(*) AS skipped FROM skip AS t WHERE {_PERIOD} GROUP BY k"
_LATENCY = f"""SELECT k, MIN(CASE WHEN 2 * place >= n THEN micros END) AS p50, MIN(CASE WHEN 100 * place >= 99 * n THEN micros END) AS p99
FROM (SELECT {{by}} AS k, t.micros, ROW_NUMBER() OVER (PARTITION BY {{by}} ORDER BY t.micros) AS place,
             COUNT(*) OVER (PARTITION BY {{by}}) AS n FROM check_note AS t WHERE {_PERIOD}) AS ranked GROUP BY k"""
_AUDITED = f"SELECT t.insutype, COUNT(*), SUM(t.audited) FROM settled AS t WHERE {_PERIOD} GROUP BY t.insutype"

_ANSWERED = (_REMINDERS, ("reminders", "accepted", "overridden", "unanswered", "amount", "accepted_amount"))
_RUN = ((_CHECKS, ("checks", "skipped", "supplies")), (_LATENCY, ("p50", "p99")))
_LEFT = ((_SKIPS, ("skipped",)),)


@dataclass
class Figures:
    """Numbers of one institution, doctor, rule or day.

    `skipped`: checks in which a rule was not run (by rule: how often this one was not). `accepted`: the doctor went back; `overridden`: went
    on with a reason. `supplies`: lines whose drug the patient still had for a week or more (0 by rule). Amounts in fen. `p50`, `p99`: CPU micros of a check, None by rule or without checks.
    """

    key: str | int
    checks: int = 0
    skipped: int = 0
    reminders: int = 0
    accepted: int = 0
    overridden: int = 0
    unanswered: int = 0
    amount: int = 0
    accepted_amount: int = 0
    p50: int | None = None
    p99: int | None = None
    supplies: int = 0


@dataclass(frozen=True)
class Audited:
    """Settlements of one fund, and how many had been audited before they were paid."""

    settled: int = 0
    audited: int = 0

    @property
    def share_e4(self) -> int | None:
        """In 1/10,000, rounded down; None without settlements."""
        return self.audited * 10_000 // self.settled if self.settled else None


class Numbers:
    """Part of the store; see `Store`."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def stops(self, from_sec: int) -> list[tuple[str, int, int]]:
        """Reminders that cost a doctor time, from an instant on: (rule fingerprint, day, how many)."""
        return [(str(f), int(day), int(n)) for f, day, n in self.db.read(_STOPS, (from_sec,))]

    def first_used(self) -> dict[str, int]:
        """The day on which each rule version first said something here, by fingerprint."""
        return {str(f): int(day) for f, day in self.db.read(_SINCE)}

    def figures(self, by: str, from_sec: int, to_sec: int) -> list[Figures]:
        """The numbers by institution, doctor, rule, day or of all (`BY`), by key."""
        found: dict[str | int, Figures] = {}
        for sql, names in (_ANSWERED, *(_LEFT if by == "rule" else _RUN)):
            for key, *values in self.db.read(sql.format(by=BY[by]), (from_sec, to_sec)):
                figures = found.setdefault(key, Figures(key))
                for name, value in zip(names, values, strict=True):
                    setattr(figures, name, int(value))
        return [found[key] for key in sorted(found)]

    def audited(self, from_sec: int, to_sec: int) -> dict[str, Audited]:
        """Settlements audited before payment, by fund: employee, resident, other."""
        sums: dict[str, list[int]] = {"employee": [0, 0], "resident": [0, 0], "other": [0, 0]}
        for insutype, count, audited in self.db.read(_AUDITED, (from_sec, to_sec)):
            fund = "employee" if insutype in EMPLOYEE else "resident" if insutype in RESIDENT else "other"
            sums[fund][0] += int(count)
            sums[fund][1] += int(audited)
        return {fund: Audited(*both) for fund, both in sums.items()}
