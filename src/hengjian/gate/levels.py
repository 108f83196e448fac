"""How strongly a finding is answered, by rule, institution and date; never in the way of care.

inform 提醒 · warn 警示 · reason 请说明理由 · no_pay 基金不予支付. Without a word from the site a certain finding warns and a suspected one
informs. Nothing is ever refused: at the strongest level the fund will not pay, and the doctor can still go on with a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import Rulebook
from hengjian.site.folder import writing
from hengjian.site.ledger import Ledger

LEVELS = {"inform": "提醒", "warn": "警示", "reason": "请说明理由", "no_pay": "基金不予支付"}
"""From the mildest to the strongest."""
STOPS = ("reason", "no_pay")
"""Levels that cost the doctor time: a new rule version has a daily budget of them."""

GATE_LEVELS = Ledger(
    "gate_levels.csv",
    "闸口级别",
    {
        "rule": "规则",
        "institution": "机构",
        "level": "级别",
        "from": "起始日期",
        "by": "批准人",
        "reason": "理由",
        "recorded_at": "登记时间",
    },
)
"""One row: from a day on, a rule answers at this level, in one institution or (empty) in all."""


@dataclass(frozen=True)
class LevelRow:
    """One row of `gate_levels.csv`. `institution` "" = all."""

    rule_id: str
    institution: str
    level: str
    day: int
    by: str
    reason: str = ""


@dataclass
class Levels:
    """What the site has set. `budget`: stops a day that one rule version may cause in its first `young` days; then it informs."""

    rows: tuple[LevelRow, ...] = ()
    budget: int = 200
    young: int = 30
    since: Mapping[str, int] = field(default_factory=dict)
    """By rule fingerprint, the day it was first used at this gate."""
    _spent: Counter[tuple[str, int]] = field(default_factory=Counter)

    def level(self, rule_id: str, fingerprint: str, institution: str, certain: bool, day: int, *, only_informs: bool) -> str:
        """The level of one finding on a day; counts a stop against its budget."""
        if only_informs:
            return "inform"
        found = self._set(rule_id, institution, day) or ("warn" if certain else "inform")
        if found in STOPS and not certain:
            found = "reason"
        if found in STOPS and day - self.since.get(fingerprint, day) < self.young:
            spent = (fingerprint, day)
            if self._spent[spent] >= self.budget:
                return "inform"
            self._spent[spent] += 1
        return found

    def _set(self, rule_id: str, institution: str, day: int) -> str:
        """The row that holds: of this institution before all, of those begun the latest."""
        best: tuple[bool, int, int] | None = None
        level = ""
        for place, row in enumerate(self.rows):
            if row.rule_id == rule_id and row.day <= day and row.institution in ("", institution):
                rank = (bool(row.institution), row.day, place)
                if best is None or rank > best:
                    best, level = rank, row.level
        return level

    def spend(self, spent: Iterable[tuple[str, int, int]]) -> None:
        """Stops already caused: (fingerprint, day, count), as the store counts them."""
        for fingerprint, day, count in spent:
            self._spent[fingerprint, day] = max(self._spent[fingerprint, day], count)


def read_levels(site: Path | None, book: Rulebook) -> tuple[LevelRow, ...]:
    """The rows of the site. Raises InputError at the first wrong one."""
    if site is None:
        return ()
    words = {label: level for level, label in LEVELS.items()} | {level: level for level in LEVELS}
    found = []
    for entry in GATE_LEVELS.read(site):
        rule_id = entry.need("rule", "写规则编号，见 hengjian rules list")
        if rule_id not in book.rules:
            raise entry.refuse("规则不存在", f"没有规则 {rule_id}", "改成现有的编号（hengjian rules list），或删去这一行")
        level = words.get(entry["level"])
        if level is None:
            raise entry.refuse("级别不对", f"“{entry['level']}”", "写 " + "、".join(LEVELS.values()))
        by = entry.need("by", "写批准人姓名")
        found.append(LevelRow(rule_id, entry["institution"], level, entry.day("from"), by, entry["reason"]))
    return tuple(found)


def add_level(site: Path, book: Rulebook, row: LevelRow, now: datetime) -> None:
    """Record one row. Raises InputError, and then records none."""
    if row.rule_id not in book.rules:
        raise InputError(f"没有这条规则：{row.rule_id}", cure="规则编号见 hengjian rules list")
    if row.level not in LEVELS:
        raise InputError(f"没有级别“{row.level}”", cure="可用：" + "、".join(f"{k}（{v}）" for k, v in LEVELS.items()))
    if not row.by.strip():
        raise InputError("没有写批准人", where="--by", why="级别要有人负责", cure="写批准人姓名")
    at = now.isoformat(sep=" ", timespec="seconds")
    with writing(site):
        read_levels(site, book)
        cells = [row.rule_id, row.institution, row.level, day_date(row.day).isoformat(), row.by, row.reason, at]
        GATE_LEVELS.add(site, [cells])
