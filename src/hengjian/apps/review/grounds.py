"""Why a finding is one: the articles it names with what they say, and the knowledge rows it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from hengjian.kernel.dates import day_date
from hengjian.rulebook.loader import load_rulebook
from hengjian.rulebook.model import KnowledgeRow, Rulebook

_ARTICLE = re.compile(r"《([^》]+)》([^；]+)")
_POINT = re.compile(r"^(?P<table>[\w:]+):(?P<row>\S+)\s*(?P<period>\[.*)?$")


@dataclass(frozen=True)
class Article:
    """One article: law, article, what it says (own words where the text is not imported), since when in force."""

    title: str
    article: str
    says: str
    since: str
    is_quote: bool


@dataclass(frozen=True)
class Point:
    """One knowledge row: what it says, where it comes from, when it holds."""

    title: str
    text: str
    source: str
    period: str


@lru_cache(maxsize=1)
def _book() -> Rulebook:
    return load_rulebook()


def articles_of(law: str) -> list[Article]:
    """The articles a finding names, in their order."""
    book = _book()
    by_title = {law.title: law for law in book.laws.values()}
    found = []
    for title, article in _ARTICLE.findall(law):
        known = by_title.get(title)
        entry = known.articles.get(article.strip()) if known else None
        since = f"{day_date(known.period.start):%Y-%m-%d} 起施行" if known else ""
        says = (entry.text or entry.summary) if entry else ""
        found.append(Article(f"《{title}》", article.strip(), says, since, bool(entry and entry.text)))
    return found


def points_of(knowledge_ref: str) -> list[Point]:
    """The knowledge rows a finding names. A row that is not in this rulebook is named all the same."""
    return [_point(ref.strip()) for ref in knowledge_ref.split(";") if ref.strip()]


def _point(ref: str) -> Point:
    match = _POINT.match(ref)
    if not match:
        return Point(ref, "", "", "")
    table, row_id = match["table"], match["row"]
    start, _, end = (part.strip() for part in (match["period"] or "").strip("[]() ").partition(","))
    period = f"{start} 起有效" + (f"，至 {end}" if end else "") if start else ""
    if table == "param":
        return Point("规则参数", "", "", period)
    row = _rows(table).get(row_id)
    if row is None:
        return Point(f"{table} {row_id}", "", "", period)
    source = "，".join(filter(None, (row.values.get("notice", ""), row.values.get("row", ""))))
    names = [text for name, text in row.values.items() if text and (name == "name" or name.endswith("_name"))]
    return Point("、".join(names) or row_id, row.values.get("note", ""), source, period)


@lru_cache(maxsize=64)
def _rows(table: str) -> dict[str, KnowledgeRow]:
    return {row.kid: row for row in _book().knowledge.get(table, ())}
