"""The defence of rules: strike any one condition of a text, shift any setting or bound of a rule, and some example must fail.

A condition that no example misses is either useless or untested; both are dangerous in a hearing. Texts of a family are defended by
the examples of all its rules. A condition that only narrows what is read, never what is found, says so: the comment `narrows` at the
end of its line, or a second equality on `psn_key` beside one on `mdtrt_key` (it keeps a join inside the person's bucket); striking it
must change nothing.

A condition that sends a row of knowledge to its branch (`k.algo = 'overlap'`) is defended by the rules of the family together: in the
lake of every example each of them must go on finding just what it finds now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Timer

import duckdb
from sqlglot import exp

from hengjian.engine.compile import parse
from hengjian.engine.examples import Court, differences
from hengjian.engine.shapes import OPTIONS
from hengjian.kernel.dates import Period
from hengjian.kernel.errors import HengjianError
from hengjian.rulebook.model import UNITS, Example, Param, Rule, Rulebook

SENDING = frozenset({"algo", "chk", "subject", "op", "relation"})
"""Columns of knowledge that choose a branch of a family."""

PATIENCE = 5.0
"""Seconds a struck text may run: without its condition a join or a recursion may never end, and that is noticed."""


@dataclass(frozen=True)
class Mutant:
    """A text or a rule with one thing changed."""

    what: str  # what was changed, as people read it
    where: str  # file:line
    narrows: bool = False  # striking it must change nothing
    sends: bool = False  # it sends knowledge to its branch


@dataclass(frozen=True)
class Survivor:
    """A change that no example noticed (or that one did, although it claims only to narrow)."""

    name: str  # family or rule
    what: str
    where: str
    narrows: bool

    @property
    def sentence(self) -> str:
        """What is wrong, without the place."""
        if self.narrows:
            return f"{self.name} 的条件“{self.what}”写明只缩小读取范围，去掉它却改变了结果"
        return f"{self.name} 的“{self.what}”没有示例守着，改了也没有示例失败"

    def __str__(self) -> str:
        return f"{self.where}：{self.sentence}"


Progress = Callable[[int, int], None]


def undefended(book: Rulebook, names: Sequence[str] | None = None, progress: Progress | None = None) -> list[Survivor]:
    """Survivors among the texts and rules of a rulebook, or among those named (families and rules)."""
    rules = [r for r in book.rules.values() if r.status != "retired"]
    texts = {f.name: (f.sql, str(f.path), f.sql_line) for f in book.families.values()}
    texts |= {r.rule_id: (r.sql, str(r.path), r.sql_line) for r in rules if r.sql}
    wanted = set(names or (*texts, *(r.rule_id for r in rules)))
    steps = [("text", n) for n in texts if n in wanted] + [("rule", r.rule_id) for r in rules if r.rule_id in wanted]
    found: list[Survivor] = []
    for done, (kind, name) in enumerate(steps):
        if kind == "text":
            sql, path, line = texts[name]
            cases = [(r, e) for r in rules if name in (r.family, r.rule_id) for e in r.examples]
            found += _text_survivors(book, name, sql, path, line, cases)
        else:
            found += _rule_survivors(book, book.rules[name])
        if progress:
            progress(done + 1, len(steps))
    return found


# texts -----------------------------------------------------------------------------------------------------------------------
def text_mutants(sql: str, path: str, first_line: int) -> Iterator[tuple[Mutant, str]]:
    """Every condition of a text struck once: leaves of WHERE, ON and HAVING, and the branches of CASE."""
    tree = parse(sql, path)
    leaves = [leaf for clause in tree.find_all(exp.Where, exp.Having, exp.Join) for leaf in _leaves(_condition(clause))]
    branches = [branch.this for branch in tree.find_all(exp.If) if isinstance(branch.parent, exp.Case)]
    for leaf in [*leaves, *branches]:
        where = f"{path}:{first_line + _line(leaf) - 1}"
        struck = _strike(tree, leaf)
        if isinstance(leaf.parent, exp.If) and (operand := leaf.parent.parent.args.get("this")):  # type: ignore[union-attr]
            shown = f"CASE {operand.sql('duckdb')} WHEN {leaf.sql('duckdb', comments=False)}"
        else:
            shown = leaf.sql("duckdb", comments=False)
        yield Mutant(shown, where, _narrows(leaf, leaves), _sends(leaf)), struck


def _condition(clause: exp.Expr) -> exp.Expr | None:
    return clause.args.get("on") if isinstance(clause, exp.Join) else clause.this


def _leaves(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The single conditions under AND, OR and parentheses."""
    if condition is None:
        return
    if isinstance(condition, (exp.And, exp.Or)):
        yield from _leaves(condition.this)
        yield from _leaves(condition.expression)
    elif isinstance(condition, exp.Paren):
        yield from _leaves(condition.this)
    else:
        yield condition


def _strike(tree: exp.Query, leaf: exp.Expr) -> str:
    """The text without one condition: TRUE where it stands under AND or alone, FALSE under OR; a branch of CASE is never taken."""
    copy = tree.copy()
    twin = next(b for a, b in zip(tree.walk(), copy.walk(), strict=True) if a is leaf)
    parent = twin.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(twin.parent, exp.If):
        operand = twin.parent.parent.args.get("this") if twin.parent.parent else None
        twin.replace(exp.null() if operand else exp.false())
    else:
        twin.replace(exp.false() if isinstance(parent, exp.Or) else exp.true())
    return copy.sql(dialect="duckdb", comments=False)


def _line(node: exp.Expr) -> int:
    lines = [n.meta["line"] for n in node.walk() if "line" in n.meta]
    return min(lines) if lines else 1


def _narrows(leaf: exp.Expr, leaves: Sequence[exp.Expr]) -> bool:
    if any("narrows" in c for n in leaf.walk() for c in n.comments or ()):
        return True
    if not _equates(leaf, "psn_key"):
        return False
    tables = {c.table for c in leaf.find_all(exp.Column)}
    clause = leaf.find_ancestor(exp.Where, exp.Join)
    return any(
        _equates(other, "mdtrt_key") and {c.table for c in other.find_all(exp.Column)} == tables
        for other in leaves
        if other.find_ancestor(exp.Where, exp.Join) is clause
    )


def _sends(leaf: exp.Expr) -> bool:
    """Whether a condition only asks which branch a row of knowledge belongs to."""
    return (
        isinstance(leaf, exp.EQ)
        and isinstance(leaf.left, exp.Column)
        and leaf.left.name in SENDING
        and isinstance(leaf.right, exp.Literal)
        and leaf.right.is_string
    )


def _equates(leaf: exp.Expr, column: str) -> bool:
    return isinstance(leaf, exp.EQ) and all(isinstance(s, exp.Column) and s.name == column for s in (leaf.left, leaf.right))


def _text_survivors(
    book: Rulebook, name: str, sql: str, path: str, line: int, cases: list[tuple[Rule, Example]]
) -> list[Survivor]:
    courts = [(Court(book, rule, example), example) for rule, example in cases]
    family = [r for r in book.rules.values() if r.family == name and r.status != "retired"] if name in book.families else []
    full = [Court(book, rule, example, beside=family) for rule, example in cases] if family else []
    try:
        plain = [(court, example, hits) for court, example in courts if (hits := _hits(court, name, sql)) is not None]
        together = [(court, hits) for court in full if (hits := _hits(court, name, sql)) is not None]
        survivors = []
        for mutant, struck in text_mutants(sql, path, line):
            noticed = any(_notices(court, example, name, struck, hits) for court, example, hits in plain)
            if mutant.sends and not noticed:
                noticed = any(_disturbs(court, name, struck, hits) for court, hits in together)
            if mutant.narrows == noticed:
                survivors.append(Survivor(name, mutant.what, mutant.where, mutant.narrows))
        return survivors
    finally:
        for court in [*(c for c, _ in courts), *full]:
            court.close()


def _disturbs(court: Court, name: str, struck: str, plain: list[tuple[object, ...]]) -> bool:
    """Whether rules of one family, together in one lake, find something else with the struck text."""
    try:
        return _hits(court, name, struck) != plain
    except (duckdb.Error, RuntimeError):
        return True


def _hits(court: Court, name: str, sql: str) -> list[tuple[object, ...]] | None:
    """Sorted rows a text returns in a court; None when the court's rule does not run it."""
    if name not in {t.name for t in court.plan.texts}:
        return None
    with _patience(court.con):
        return sorted(court.con.execute(sql).fetchall(), key=repr)


def _notices(court: Court, example: Example, name: str, struck: str, plain: list[tuple[object, ...]]) -> bool:
    """Whether the example fails with the struck text, or the text does."""
    try:
        if _hits(court, name, struck) == plain:
            return False
        with _patience(court.con):
            return bool(differences(example, court.judge(sql=struck)))
    except (duckdb.Error, RuntimeError):
        return True


@contextmanager
def _patience(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    timer = Timer(PATIENCE, con.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# rules -----------------------------------------------------------------------------------------------------------------------
def rule_mutants(rule: Rule) -> Iterator[tuple[Mutant, Rule]]:
    """Every setting and parameter of a rule shifted once: list members dropped, numbers moved by one, words exchanged for each other word the family knows, or struck."""
    for key, value in rule.settings.items():
        for what, changed in _shifted(value, OPTIONS.get(rule.family, {}).get(key, ())):
            yield Mutant(f"{key}: {what}", rule.where("settings")), replace(rule, settings=rule.settings | {key: changed})
    for param in rule.params.values():
        for what, moved in _moved(param):
            yield Mutant(f"{param.name}: {what}", rule.where("params")), replace(rule, params=rule.params | {param.name: moved})
    for prefix in rule.exempt_diagnoses:
        rest = tuple(p for p in rule.exempt_diagnoses if p != prefix)
        yield Mutant(f"exempt_diagnoses: {prefix}", rule.where("exempt_diagnoses")), replace(rule, exempt_diagnoses=rest)


def _shifted(value: str, options: Sequence[str]) -> Iterator[tuple[str, str]]:
    if options:
        yield from ((f"{value} 改为 {other}", other) for other in options if other != value)
        return
    members = [m for m in value.split("|") if m]
    if "|" in value and members:
        for member in members:
            yield f"去掉 {member}", "|" + "".join(f"{m}|" for m in members if m != member)
    elif value.lstrip("-").isdigit():
        for step in (-1, 1):
            yield f"{value} 改为 {int(value) + step}", str(int(value) + step)
    else:
        yield f"去掉 {value}", "-"


def _moved(param: Param) -> Iterator[tuple[str, Param]]:
    for place, (period, value) in enumerate(param.values):
        step = 1
        while UNITS[param.unit] > 1 and value and value % (step * 10) == 0:
            step *= 10
        for by in (-step, step):
            values = tuple((p, value + by if i == place else v) for i, (p, v) in enumerate(param.values))
            yield f"{param.shown(value)}改为 {param.shown(value + by)}", replace(param, values=values)
        if place:
            for by in (-1, 1):
                edge = period.start + by
                values = tuple(
                    (Period(p.start, edge) if i == place - 1 else Period(edge, p.end) if i == place else p, v)
                    for i, (p, v) in enumerate(param.values)
                )
                yield f"{param.shown(value)}的起始日移动 {by} 天", replace(param, values=values)


def _rule_survivors(book: Rulebook, rule: Rule) -> list[Survivor]:
    return [
        Survivor(rule.rule_id, mutant.what, mutant.where, False)
        for mutant, changed in rule_mutants(rule)
        if not any(_fails(book, changed, example) for example in rule.examples)
    ]


def _fails(book: Rulebook, rule: Rule, example: Example) -> bool:
    try:
        court = Court(book, rule, example)
    except HengjianError:
        return True
    try:
        return bool(differences(example, court.judge()))
    finally:
        court.close()
