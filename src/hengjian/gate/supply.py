"""How many days of a drug the patient still has at home (预警超量开药, M006): a fact told to the doctor, no finding.

Counted from what was dispensed to him outside a stay: each line lasts the days it was prescribed for, one after the other, of whatever make
(the same generic name). Lines without days, and what was refunded, count nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hengjian.gate.acts import Layout, Rows
from hengjian.gate.case import Case
from hengjian.gate.knowledge import Knowledge
from hengjian.kernel.dates import day_date

NAMED = 7
"""Days left from which it is said in words."""
_GENERIC = {"X": 10, "Z": 11}
"""Characters of a drug code that name the drug whatever its maker and pack: class and name."""


@dataclass(frozen=True, slots=True)
class Supply:
    """One order line whose drug the patient still has. `days` left after today, `until` the last day covered, `last` the last dispensing."""

    sn: str
    name: str
    days: int
    until: int
    last: int

    @property
    def sentence(self) -> str:
        """For the doctor."""
        return f"「{self.name}」患者手中约还可用 {self.days} 天（{day_date(self.last):%Y-%m-%d} 取药，用到 {day_date(self.until):%Y-%m-%d}）。"

    def as_dict(self) -> dict[str, str | int]:
        """For machines: `output.drug_days`."""
        return {
            "rx_id": self.sn,
            "days_left": self.days,
            "covered_until": day_date(self.until).isoformat(),
            "last_dispensed": day_date(self.last).isoformat(),
        }


@lru_cache(maxsize=1 << 16)
def generic(code: str) -> str:
    """What names a drug in its national code; "" for what is no drug."""
    national = code.split("-", 1)[0]
    length = _GENERIC.get(national[:1])
    return national[:length] if length is not None and len(national) > length else ""


def _lasts(fills: list[tuple[int, int]]) -> tuple[int, int]:
    """The first day not covered by fills of (day, days), and the last day of a fill."""
    end = 0
    for day, days in sorted(fills):
        end = max(end, day) + days
    return end, max(day for day, _ in fills)


def supplies(case: Case, past: Rows, layout: Layout, knowledge: Knowledge) -> list[Supply]:
    """The current drug lines whose drug lasts beyond the day of the order. The layout must keep `fee_line.prd_days_e4`."""
    columns = layout.columns["fee_line"]
    wanted = {name: line for line in case.visit.lines if line.current and (name := generic(line.code))}
    if not wanted or "prd_days_e4" not in columns:
        return []
    place = {c: columns.index(c) for c in ("mdtrt_key", "item_key", "fee_day", "net_cnt_e4", "prd_days_e4")}
    key, kind = layout.place("encounter", "mdtrt_key"), layout.place("encounter", "kind")
    stays = {row[key] for row in past.get("encounter", ()) if row[kind] == "inp"}
    taken: dict[str, list[tuple[int, int]]] = {}
    for row in past.get("fee_line", ()):
        days = row[place["prd_days_e4"]]
        if not days or not row[place["net_cnt_e4"]] or row[place["mdtrt_key"]] in stays:
            continue
        name, day = generic(knowledge.code(int(row[place["item_key"]] or 0))), int(row[place["fee_day"]] or 0)
        if name in wanted and day <= wanted[name].day:
            taken.setdefault(name, []).append((day, int(days) // 10_000))
    ends = {name: _lasts(fills) for name, fills in taken.items()}
    return [
        Supply(line.sn, line.name or line.code, end - line.day, end - 1, last)
        for name, line in wanted.items()
        for end, last in (ends.get(name, (0, 0)),)
        if end > line.day
    ]
