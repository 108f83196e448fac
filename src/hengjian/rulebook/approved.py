"""What a site has approved, put to work: from its day on a value or a knowledge row counts as official, and a value may differ from ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hengjian.kernel.dates import OPEN_DAY, Period
from hengjian.rulebook.model import Approval, Param, Rulebook
from hengjian.rulebook.rows import Rows


def approve(book: Rulebook, approvals: Sequence[Approval]) -> Rulebook:
    """The rulebook with `approvals` at work. What they name must exist."""
    if not approvals:
        return book
    rules, knowledge = dict(book.rules), dict(book.knowledge)
    values: dict[tuple[str, str], list[Approval]] = {}
    rows: dict[str, dict[str, int]] = {}
    for a in sorted(approvals, key=lambda a: a.day):
        if a.value is None:
            rows.setdefault(a.subject, {}).setdefault(a.name, a.day)
        else:
            values.setdefault((a.subject, a.name), []).append(a)
    for (rule_id, name), dated in values.items():
        rule = rules[rule_id]
        rules[rule_id] = replace(rule, params=rule.params | {name: _approved(rule.params[name], dated)})
    for table, days in rows.items():
        known = knowledge[table]
        if isinstance(known, Rows):
            knowledge[table] = known.approve(days)
        else:
            knowledge[table] = tuple(replace(r, approved_from=days[r.kid]) if r.kid in days else r for r in known)
    return replace(book, rules=rules, knowledge=knowledge, approvals=(*book.approvals, *approvals))


def _approved(param: Param, dated: Sequence[Approval]) -> Param:
    """Our values until the first approval, the approved ones from then on; where the value stays the same there is no cut, so that
    approving it never changes what is found."""
    first = dated[0].day
    ours = [(p.start, value) for p, value in param.values if p.start < first]
    by_day = {a.day: a.value for a in dated if a.value is not None}  # of one day the last holds
    return replace(param, values=_merged([*ours, *by_day.items()]), approved_from=first)


def _merged(starts: Iterable[tuple[int, int]]) -> tuple[tuple[Period, int], ...]:
    kept: list[tuple[int, int]] = []
    for start, value in starts:
        if not kept or kept[-1][1] != value:
            kept.append((start, value))
    ends = [start for start, _ in kept[1:]] + [OPEN_DAY]
    return tuple((Period(start, end), value) for (start, value), end in zip(kept, ends, strict=True))
