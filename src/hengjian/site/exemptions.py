"""Exemptions of a site: acts of a period that are held against nobody, because of a filing, an expert's ruling or an approved absence.

Each ends on a day, and somebody other than its author approved it. A later row with the same number takes the place of the earlier one,
so that an exemption can be cut short and what held before can still be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hengjian.kernel.dates import Period
from hengjian.rulebook.local import SUBJECTS
from hengjian.rulebook.model import Exemption, Rulebook
from hengjian.site.folder import writing
from hengjian.site.ledger import Entry, Ledger

EXEMPTIONS = Ledger(
    "exemptions.csv",
    "豁免登记",
    {
        "number": "编号", "rules": "规则", "institution": "机构", "doctor": "医师", "person": "参保人", "visit": "就诊", "item": "项目",
        "from": "起始日期", "to": "截止日期", "reason": "理由", "basis": "依据", "by": "登记人", "approved_by": "批准人", "recorded_at": "登记时间",
    },
)  # fmt: skip
"""`to` is the last day; `rules`: ids, a space between, empty = every rule."""

LONGEST_DAYS = 3 * 366
"""An exemption that never ends is a hole nobody looks at again."""


def read_exemptions(site: Path, book: Rulebook) -> tuple[Exemption, ...]:
    """Those that stand, in the order of their numbers. Raises InputError at the first wrong row."""
    found = {e.number: e for e in (_exemption(entry, book) for entry in EXEMPTIONS.read(site))}
    return tuple(found[number] for number in sorted(found))


def add_exemptions(site: Path, book: Rulebook, wanted: Sequence[dict[str, str]], now: datetime) -> list[Exemption]:
    """Record exemptions: cells by column of the ledger, without a number for a new one. Raises InputError, and then records none."""
    at = now.isoformat(sep=" ", timespec="seconds")
    with writing(site):
        standing = {e.number for e in read_exemptions(site, book)}
        taken = sum(number.startswith(f"H{now:%Y%m%d}-") for number in standing)
        rows, made = [], []
        for cells in wanted:
            number = cells.get("number", "")
            if number and number not in standing:
                raise Entry("命令行", EXEMPTIONS.label, cells).refuse("编号不存在", f"没有豁免 {number}", "新登记的不写编号")
            if not number:
                taken += 1
                number = f"H{now:%Y%m%d}-{taken:02d}"
            full = dict.fromkeys(EXEMPTIONS.columns, "") | cells | {"number": number, "recorded_at": at}
            made.append(_exemption(Entry("命令行", EXEMPTIONS.label, full), book))
            rows.append([full[c] for c in EXEMPTIONS.columns])
        EXEMPTIONS.add(site, rows)
    return made


def _exemption(entry: Entry, book: Rulebook) -> Exemption:
    number = entry.need("number", "每项豁免一个编号")
    rules = tuple(entry["rules"].replace("、", " ").replace("|", " ").split())
    if unknown := [r for r in rules if r not in book.rules]:
        raise entry.refuse(
            "规则不存在", f"没有规则 {unknown[0]}", "写规则编号（hengjian rules list），几条之间空一格；空着是全部规则"
        )
    if not any(entry[s] for s in SUBJECTS):
        what = "、".join(EXEMPTIONS.columns[s] for s in SUBJECTS)
        raise entry.refuse("没有说豁免谁", f"{what}都是空的", "至少写一样；写了几样的，要同时符合")
    start, last = entry.day("from"), entry.day("to")
    if last < start:
        raise entry.refuse("日期倒了", "截止日期早于起始日期", "改日期；要取消一项豁免，把截止日期改到最后有效的一天")
    if last - start >= LONGEST_DAYS:
        raise entry.refuse("太长", f"{last - start + 1} 天", "一项豁免最长三年，到期重新登记")
    by, approved_by = entry.need("by", "写登记人姓名"), entry.need("approved_by", "写批准人姓名")
    if by == approved_by:
        raise entry.refuse("登记人和批准人是同一人", by, "由另一个人批准")
    reason = entry.need("reason", "写清为什么不计")
    return Exemption(
        number=number,
        rules=rules,
        institution=entry["institution"],
        doctor=entry["doctor"],
        person=entry["person"],
        visit=entry["visit"],
        item=entry["item"],
        period=Period(start, last + 1),
        reason=reason,
        basis=entry["basis"],
        by=by,
        approved_by=approved_by,
    )
