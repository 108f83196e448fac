"""Refusals that need only the words of a text: everything outside the subset, each under its own code."""

from __future__ import annotations

from collections.abc import Iterator

from hengjian.engine.lint.fault import CODES, Fault
from hengjian.engine.lint.text import LintText, shown
from hengjian.engine.spec import reason
from hengjian.engine.subset import ALLOWED, code_of, constructs


def check_words(text: LintText) -> Iterator[Fault]:
    """Constructs that rules may not use, named, with what to write instead."""
    for name, node in constructs(text.tree):
        if name not in ALLOWED:
            code = code_of(name)
            what = f"不能用 {name}：{shown(node)}" if code == "outside_subset" else f"{CODES[code]}：{shown(node)}"
            yield text.fault(code, node, what, *reason(name))
