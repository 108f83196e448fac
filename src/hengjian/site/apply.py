"""The rulebook as it stands at a site on a day: what is shipped, the site's knowledge, its approvals, its releases, its code map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.rulebook.approved import approve
from hengjian.rulebook.model import KnowledgeRow, Rulebook
from hengjian.site.approvals import read_approvals
from hengjian.site.codes import read_codes
from hengjian.site.knowledge import stored
from hengjian.site.releases import read_releases, release_rules


def with_knowledge(book: Rulebook, rows: Mapping[str, Sequence[KnowledgeRow]]) -> Rulebook:
    """The rulebook with the site's rows beside the shipped ones, marked as the site's. Raises InputError where both have one id."""
    if not rows:
        return book
    knowledge = dict(book.knowledge)
    for table, added in rows.items():
        shipped = {r.kid for r in knowledge.get(table, ())}
        if taken := next((r for r in added if r.kid in shipped), None):
            raise InputError(
                f"站点知识的编号 {taken.kid} 与随程序的知识点相同", where=f"知识表 {table}", cure="撤销这一批，换一个编号再导入"
            )
        ours = tuple(r if r.site else replace(r, site=True) for r in added)
        knowledge[table] = (*knowledge.get(table, ()), *ours)
    return replace(book, knowledge=knowledge)


def known(book: Rulebook, root: Path | None) -> Rulebook:
    """The rulebook with the site's knowledge and code map, before approvals and releases."""
    if root is None:
        return book
    return replace(with_knowledge(book, stored(root)), code_map=(*book.code_map, *read_codes(root)))


def effective(book: Rulebook, root: Path | None, on: date) -> Rulebook:
    """`book` as it stands at a site on a day; as shipped without a site. Raises InputError for a wrong row in the site's files."""
    if root is None:
        return book
    whole = known(book, root)
    whole = approve(whole, read_approvals(root, whole))
    return release_rules(whole, read_releases(root, whole), day_number(on))
