"""The header of a rule: settings its family knows, knowledge with the columns the family reads, a sentence whose blanks can be filled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hengjian.engine.collect import RUNTIME
from hengjian.engine.lint.fault import Fault
from hengjian.engine.shapes import LABELS, READS, SETTINGS
from hengjian.engine.travelling import columns_of
from hengjian.rulebook.model import Rule, Rulebook


def check_header(book: Rulebook, rule: Rule) -> Iterator[Fault]:
    """Words nobody reads must never be silently ignored: the rule would find nothing, or say nothing."""
    if rule.family:
        for name in rule.settings:
            if name not in SETTINGS[rule.family]:
                yield Fault(
                    rule.rule_id,
                    "unknown_setting",
                    rule.where("settings"),
                    f"{rule.family} 这一族不认识设置“{name}”",
                    "没有人读它，写了等于没写",
                    "可用：" + "、".join(SETTINGS[rule.family] or ["（没有设置）"]),
                )
    columns = _columns(book, rule)
    if columns is not None:
        for choice in READS.get(rule.family, ()):
            if _needed(rule, choice) and not columns & set(choice):
                yield Fault(
                    rule.rule_id,
                    "missing_column",
                    rule.where("knowledge"),
                    f"知识表 {rule.knowledge} 没有列 {' 或 '.join(choice)}",
                    f"{rule.family} 这一族要读它，没有它什么也找不出",
                    "在知识表的表头里补上这一列；现有的列：" + "、".join(sorted(columns)),
                )
    known = {*RUNTIME, *LABELS, *(columns or ())}
    for name in re.findall(r"\{(\w+)\}", rule.message):
        if name not in known and columns is not None:
            yield Fault(
                rule.rule_id,
                "unknown_placeholder",
                rule.where("message"),
                f"说法里的 {{{name}}} 没有东西可填",
                "知识表没有这一列，也不是逐条疑点才知道的值，会成为空白",
                "可用：" + "、".join(sorted(known)),
            )


def _needed(rule: Rule, choice: tuple[str, ...]) -> bool:
    op = rule.settings.get("op")
    if choice == ("value",):
        return op in ("in", "not_in") and "{value}" in rule.settings.get("vals", "{value}")
    return choice != ("low", "high") or op == "between"


def _columns(book: Rulebook, rule: Rule) -> set[str] | None:
    """Columns of the rule's knowledge; None when its table is empty, so that nobody can tell."""
    if not rule.knowledge:
        return set()
    if rule.travels:
        return columns_of(rule.knowledge)
    rows = book.knowledge.get(rule.knowledge, ())
    return set(rows[0].values) if rows else None
