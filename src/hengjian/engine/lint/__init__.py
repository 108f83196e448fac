"""The static lint: it refuses a rule that cannot be defended, and says where, why and what to write instead.

Each refusal has a code in `CODES`. That every condition has an example which misses it is checked elsewhere (`engine/defence.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from hengjian.engine.lint.amounts import check_literal_amounts, check_products
from hengjian.engine.lint.dated import check_dated
from hengjian.engine.lint.fault import CODES, Fault
from hengjian.engine.lint.header import check_header
from hengjian.engine.lint.hits import check_hits
from hengjian.engine.lint.kinds import check_kinds
from hengjian.engine.lint.law import check_basis, check_knowledge
from hengjian.engine.lint.prepare import Bench
from hengjian.engine.lint.text import LintText
from hengjian.engine.lint.windows import check_windows
from hengjian.engine.lint.words import check_words
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook.model import ENGINES, Rulebook

__all__ = ["CODES", "Fault", "lint_rulebook"]


def lint_rulebook(book: Rulebook) -> list[Fault]:
    """Everything that is wrong with a rulebook, in the order of its files. Retired rules are left alone."""
    rules = [r for r in book.rules.values() if r.status != "retired"]
    bench = Bench(book, [r for r in rules if r.sql])
    try:
        texts = [LintText(f.name, f.sql, f.path, f.sql_line, f.engines, bench.schema) for f in book.families.values()]
        texts += [LintText(r.rule_id, r.sql, r.path, r.sql_line, ENGINES, bench.schema) for r in rules if r.sql]
        found = bench.unbound + [fault for text in texts for fault in _text_faults(bench, text)]
    finally:
        bench.close()
    broken = {fault.name for fault in found}
    for rule in rules:
        found += check_basis(book, rule)
        found += check_header(book, rule)
        if not {rule.rule_id, rule.family} & broken:
            found += check_hits(book, rule)
    for table, rows in book.knowledge.items():
        found += check_knowledge(table, rows, str(book.root / "knowledge" / f"{table}.csv"))
    return found


def _text_faults(bench: Bench, text: LintText) -> list[Fault]:
    try:
        found = list(dict.fromkeys(check_words(text)))
    except RulebookError as error:
        return [Fault(text.name, "does_not_run", error.where or text.line(1), error.what, error.why, error.cure)]
    if text.full is not None:
        found += _meaning_faults(text)
    return found or list(bench.check(text))


def _meaning_faults(text: LintText) -> Iterator[Fault]:
    """Refusals that need to know where columns come from."""
    for check in (check_dated, check_literal_amounts, check_products, check_kinds, check_windows):
        yield from dict.fromkeys(check(text))
