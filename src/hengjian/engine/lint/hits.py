"""One finding per key: a rule's examples are run, and no knowledge point may hit one subject twice in one window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import duckdb

from hengjian.engine.examples import Court
from hengjian.engine.lint.fault import Fault
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook.model import Rule, Rulebook

SUBJECT = ("psn_key", "mdtrt_key", "feedetl_sn", "org_key", "item_key", "other_psn_key")
"""Columns of a hit that say whom it is about; beside them the partner, when the pair is the subject."""
PAIR = ("other_mdtrt_key", "other_sn")


def check_hits(book: Rulebook, rule: Rule) -> Iterator[Fault]:
    """Run the texts of a rule on its examples and compare the keys of what they hit."""
    for example in rule.examples:
        where = f"{rule.path}:{example.line}"
        try:
            court = Court(book, rule, example)
        except RulebookError as error:
            yield Fault(
                rule.rule_id,
                "does_not_run",
                error.where or where,
                f"示例“{example.name}”跑不起来：{error.what}",
                error.why,
                error.cure,
            )
            continue
        try:
            twice = _twice(court)
        except duckdb.Error as error:
            yield Fault(
                rule.rule_id,
                "does_not_run",
                where,
                f"示例“{example.name}”跑不起来",
                str(error).splitlines()[0],
                "改正示例或 SQL",
            )
            continue
        finally:
            court.close()
        if twice:
            yield Fault(
                rule.rule_id,
                "found_twice",
                where,
                f"示例“{example.name}”里同一知识点对同一对象同一天找出两次（共 {len(twice)} 个对象）",
                "合成一条疑点时只留一次，金额和对照会丢掉另一次",
                "用 ROW_NUMBER 排到键取第一行，或 GROUP BY 到对象的键",
            )


def _twice(court: Court) -> list[tuple[object, ...]]:
    """Keys that a text of the court hits more than once."""
    found = []
    for text in court.plan.texts:
        keys: Counter[tuple[object, ...]] = Counter()
        for row in court.con.execute(text.sql).fetchall():
            hit = dict(zip(text.returns, row, strict=True))
            subject = (*SUBJECT, *(PAIR if hit.get("by_pair") else ()))
            keys[tuple(hit.get(c) for c in ("kid", "w0", *subject))] += 1
        found += [key for key, times in keys.items() if times > 1]
    return found
