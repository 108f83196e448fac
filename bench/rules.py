"""Which rules are measured, and the rulebook with a copy of each YAML rule under an id and with knowledge of its own."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

from hengjian.lake.schema.local import TRAVELLING
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Rule, Rulebook

COPY = "_copy"


def measured(book: Rulebook, which: str) -> list[str]:
    """Ids of the active rules, and (`national`) of shadow rules with a national code, as if a site had switched them on."""
    return [
        r.rule_id
        for r in book.rules.values()
        if r.status == "active" or (which == "national" and r.status == "shadow" and r.official_code)
    ]


def doubled(book: Rulebook, rules: list[str], root: Path) -> tuple[Rulebook, list[str]]:
    """A rulebook folder at `root` with a copy of every YAML rule of `rules`: the same settings, its own id, its own knowledge rows.
    Returns the rulebook and the ids of the copies. A copy finds what its model finds."""
    shutil.copytree(book.root, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    copies = []
    for rule in (book.rules[name] for name in rules):
        if rule.family and "rule" not in TRAVELLING.get(rule.knowledge, ()):  # rows that name their rule know no copy
            _copy(book, rule, root)
            copies.append(rule.rule_id + COPY)
    return load_rulebook(root), copies


def _copy(book: Rulebook, rule: Rule, root: Path) -> None:
    text = re.sub(r"(?m)^rule: .*$", f"rule: {rule.rule_id}{COPY}", rule.path.read_text(encoding="utf-8"), count=1)
    if rule.knowledge in book.knowledge:
        text = re.sub(r"(?m)^knowledge: \w+", f"knowledge: {rule.knowledge}{COPY}", text, count=1)
        with (book.root / "knowledge" / f"{rule.knowledge}.csv").open(encoding="utf-8", newline="") as handle:
            head, *rows = csv.reader(handle)
        kid = head.index("kid")
        with (root / "knowledge" / f"{rule.knowledge}{COPY}.csv").open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows([head, *([*r[:kid], r[kid] + COPY, *r[kid + 1 :]] for r in rows)])
    (root / rule.path.relative_to(book.root)).with_name(f"{rule.rule_id}{COPY}.yml").write_text(text, encoding="utf-8")
