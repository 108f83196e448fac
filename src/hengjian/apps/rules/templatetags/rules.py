"""How this room prints SQL, shares and cells."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from hengjian.apps.rules.words import cell_in_words
from hengjian.rulebook.model import KnowledgeRow

register = template.Library()

_TOKENS = re.compile(
    r"(?P<note>--[^\n]*)|(?P<text>'[^']*')|(?P<word>\b(?:SELECT|DISTINCT|FROM|JOIN|LEFT|INNER|CROSS|ON|AND|OR|NOT|IN|IS|NULL|WHERE|GROUP|ORDER|BY|"
    r"HAVING|UNION|ALL|AS|WITH|CASE|WHEN|THEN|ELSE|END|EXISTS|BETWEEN|LIKE|OVER|PARTITION|ROWS|QUALIFY|CAST|WINDOW|DESC|LIMIT|TRUE|FALSE)\b)"
)


@register.filter
def sql_lines(sql: str) -> list[SafeString]:
    """The lines of a statement, its words, texts and remarks marked."""
    return [_line(line) for line in sql.strip().splitlines()]


def _line(line: str) -> SafeString:
    found, at = [], 0
    for match in _TOKENS.finditer(line):
        found += [escape(line[at : match.start()]), f'<span class="t-{match.lastgroup}">{escape(match[0])}</span>']
        at = match.end()
    return mark_safe("".join((*found, escape(line[at:]))) or "&nbsp;")  # every piece is escaped above


@register.filter
def share(value: float | None) -> str:
    """A share as people read it: 100%, 98.7%; nothing is a dash."""
    if value is None:
        return "—"
    text = f"{value * 100:.1f}"
    return f"{text.removesuffix('.0')}%"


@register.filter
def cell(row: KnowledgeRow | Mapping[str, str], name: str) -> str:
    """A cell of a knowledge row in words."""
    values = row.values if isinstance(row, KnowledgeRow) else row
    return cell_in_words(name, values.get(name, ""))


@register.filter
def row_name(row: KnowledgeRow) -> str:
    """What a row that comes with the data is about."""
    v = row.values
    return next((v[n] for n in ("name", "hilist_name", "a_name") if v.get(n)), "—")


@register.filter
def row_code(row: KnowledgeRow) -> str:
    """The code of a row that comes with the data."""
    v = row.values
    return next((v[n] for n in ("code", "med_list_codg") if v.get(n)), "—")
