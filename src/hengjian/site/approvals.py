"""Approvals: from which day a site takes a parameter's value, or a knowledge row, as official, and on whose word.

From that day of the act on, findings of a rule that may be certain are certain; before it they stay suspected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import UNITS, WINDOWS, Approval, Param, Rule, Rulebook
from hengjian.site.folder import writing
from hengjian.site.ledger import Entry, Ledger, day_of

APPROVALS = Ledger(
    "approvals.csv",
    "核准记录",
    {"what": "核准什么", "value": "值", "from": "起始日期", "by": "批准人", "reason": "理由", "recorded_at": "登记时间"},
)
_WHAT = "写“规则 参数”（如 split_admission max_gap_days）或“知识表 知识点”"


@dataclass(frozen=True)
class Wanted:
    """One approval as it is asked for: `what` names `rule param` or `table kid`; `value` in the parameter's unit, empty: ours."""

    what: str
    value: str
    day: str
    by: str
    reason: str = ""


def read_approvals(site: Path, book: Rulebook) -> list[Approval]:
    """All approvals, in the order of the file. Raises InputError at the first wrong row."""
    return [_approval(entry, book) for entry in APPROVALS.read(site)]


def add_approvals(site: Path, book: Rulebook, wanted: Sequence[Wanted], now: datetime) -> list[Approval]:
    """Record approvals against the rulebook with the site's knowledge. Raises InputError, and then records none."""
    entries = [
        Entry("命令行", APPROVALS.label, {"what": w.what, "value": w.value, "from": w.day, "by": w.by, "reason": w.reason})
        for w in wanted
    ]
    approvals = [_approval(entry, book) for entry in entries]
    at = now.isoformat(sep=" ", timespec="seconds")
    with writing(site):
        read_approvals(site, book)
        rows = [[f"{a.subject} {a.name}", _shown(book, a), day_date(a.day).isoformat(), a.by, a.reason, at] for a in approvals]
        APPROVALS.add(site, rows)
    return approvals


def _approval(entry: Entry, book: Rulebook) -> Approval:
    words = entry.need("what", _WHAT).split()
    if len(words) != 2:
        raise entry.refuse("看不出核准什么", f"“{entry['what']}”", _WHAT)
    subject, name = words
    day, by = entry.day("from"), entry.need("by", "写批准人姓名")
    if subject in book.rules and name in book.rules[subject].params:
        rule = book.rules[subject]
        value = _value(entry, rule, rule.params[name], day)
        _check_window(entry, book, rule, rule.params[name], value, day)
        return Approval(subject, name, value, day, by, entry["reason"])
    if subject in book.knowledge:
        if not any(r.kid == name for r in book.knowledge[subject]):
            raise entry.refuse("知识点不存在", f"知识表 {subject} 里没有 {name}", "核对知识点编号")
        return Approval(subject, name, None, day, by, entry["reason"])
    if subject in book.rules:
        known = "、".join(book.rules[subject].params) or "没有参数"
        raise entry.refuse("参数不存在", f"规则 {subject} 没有参数 {name}", f"这条规则的参数：{known}")
    raise entry.refuse("指的东西不存在", f"没有规则或知识表 {subject}", "规则编号见 hengjian rules list")


def _value(entry: Entry, rule: Rule, param: Param, day: int) -> int:
    text = entry["value"].removesuffix(param.unit).strip()
    if param.official:
        raise entry.refuse("不必核准", f"参数 {param.name} 由上级文件定，当地不能改", "删去这一行")
    ours = next((value for period, value in param.values if day in period), None)
    if ours is None:
        raise entry.refuse("起始日期太早", f"规则 {rule.rule_id} 那时还没有这个参数", "把起始日期改到规则生效之后")
    if not text:
        return ours
    try:
        scaled = Decimal(text) * UNITS[param.unit]
    except InvalidOperation as error:
        raise entry.refuse("值不是数", f"“{entry['value']}”", f"写数字，单位是{param.unit}") from error
    low, high = param.bounds or (ours, ours)
    if scaled != scaled.to_integral_value() or not low <= scaled <= high:
        only = f"{param.shown(low)} 到 {param.shown(high)}" if param.bounds else f"我们的值 {param.shown(ours)}"
        raise entry.refuse("值超出范围", f"{rule.rule_id} 的 {param.name} 不能是 {text} {param.unit}", f"可以核准：{only}")
    return int(scaled)


def _check_window(entry: Entry, book: Rulebook, rule: Rule, param: Param, value: int, day: int) -> None:
    """A value that differs from ours may begin only where a calendar window of the rule begins, else no whole window is left."""
    window = book.families[rule.family].window if rule.family else ""
    differs = any(v != value for p, v in param.values if p.end > day)
    start = day_date(day)
    if window and differs and not (start.day == 1 and (start.month - 1) % WINDOWS[window] == 0):
        words = {"month": "每月 1 日", "quarter": "1 月、4 月、7 月、10 月 1 日", "year": "1 月 1 日"}[window]
        raise entry.refuse("起始日期不在期初", f"{rule.rule_id} 按整个期间计算", f"改为{words}")


def _shown(book: Rulebook, approval: Approval) -> str:
    if approval.value is None:
        return ""
    unit = book.rules[approval.subject].params[approval.name].unit
    return f"{(Decimal(approval.value) / UNITS[unit]).normalize():f}"


def check_day(text: str, where: str) -> int:
    """A day given on the command line. Raises InputError."""
    try:
        return day_of(text)
    except ValueError as error:
        raise InputError(f"“{text}”不是日期", where=where, cure="写成 2026-03-01 这样的日期") from error
