"""The rulebook as it stands at a site on a day: what is shipped, the site's own rules, its knowledge, its approvals, its releases, its code map, its
exemptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from hengjian.kernel.dates import day_number
from hengjian.rulebook.approved import approve
from hengjian.rulebook.loader import add_local
from hengjian.rulebook.model import Rulebook
from hengjian.site.approvals import read_approvals
from hengjian.site.codes import read_codes
from hengjian.site.exemptions import read_exemptions
from hengjian.site.knowledge import effective as knowledge_of
from hengjian.site.releases import read_releases, release_rules

LOCAL_RULES = "rulebook"
"""Folder of the site's own laws, knowledge tables and rules, laid out like a rulebook."""


def known(book: Rulebook, root: Path | None) -> Rulebook:
    """The rulebook with the site's own rules, its knowledge and code map, before approvals and releases."""
    if root is None:
        return book
    book = add_local(book, root / LOCAL_RULES)
    return replace(book, knowledge=knowledge_of(root, book.knowledge), code_map=(*book.code_map, *read_codes(root)))


def effective(book: Rulebook, root: Path | None, on: date) -> Rulebook:
    """`book` as it stands at a site on a day; as shipped without a site. Raises InputError for a wrong row in the site's files."""
    if root is None:
        return book
    whole = known(book, root)
    whole = approve(whole, read_approvals(root, whole))
    whole = replace(whole, exemptions=(*whole.exemptions, *read_exemptions(root, whole)))
    return release_rules(whole, read_releases(root, whole), day_number(on))
