"""A page as a tree of elements, read with the standard library, and the money of findings counted a second way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

_VOID = {"br", "link", "meta"}
AMOUNTS = ("amount_total", "amount_inscope", "amount_fund")


class Element:
    """One element: tag, attributes, and what stands in it."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes = tag, attributes
        self.inside: list[Element | str] = []

    @property
    def classes(self) -> list[str]:
        return (self.attributes.get("class") or "").split()

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.inside)

    def all(self, tag: str = "", name: str = "") -> list[Element]:
        """Elements below this one, in the order of the page; of this tag and this class, if given."""
        found = []
        for part in self.inside:
            if isinstance(part, Element):
                fits = tag in ("", part.tag) and (not name or name in part.classes)
                found += [*([part] if fits else []), *part.all(tag, name)]
        return found

    def one(self, tag: str = "", name: str = "") -> Element:
        """The only such element."""
        (found,) = self.all(tag, name)
        return found

    def rows(self, part: str) -> list[list[str]]:
        """Cells of the rows of `tbody` or `tfoot`, in every table below."""
        return [
            [c.text.strip() for c in row.inside if isinstance(c, Element)] for body in self.all(part) for row in body.all("tr")
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            last = self.open[-1].inside[-1]
            assert isinstance(last, Element)
            self.open.append(last)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read_page(path: Path) -> Element:
    """The page as a tree; every element must be closed where it was opened."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    (root,) = reader.open
    return root


def counted(findings: Iterable[dict[str, Any]], amount: str) -> dict[str, Decimal]:
    """What each finding gives to a total: a line counts once, and a stay counts what its lines leave over."""
    listed = sorted(findings, key=lambda f: (-f[amount], f["finding_id"]))
    given = {f["finding_id"]: f[amount] for f in listed}
    lines: dict[str, Decimal] = defaultdict(Decimal)
    seen: set[tuple[str, ...]] = set()
    for f in listed:
        if f["grain"] == "line":
            key = (f["psn_no"], f["mdtrt_id"], f["feedetl_sn"])
            given[f["finding_id"]] = Decimal(0) if key in seen else f[amount]
            lines[f["mdtrt_id"]] += given[f["finding_id"]]
            seen.add(key)
    for f in listed:
        if f["grain"] == "encounter":
            left = max(f[amount] - lines[f["mdtrt_id"]], Decimal(0))
            given[f["finding_id"]] = Decimal(0) if (f["mdtrt_id"],) in seen else left
            seen.add((f["mdtrt_id"],))
    return given


def yuan(amount: Decimal) -> str:
    """1,023.36"""
    return f"{amount:,.2f}"


def wan(amount: Decimal) -> str:
    """The same in 万元, one decimal."""
    tenths = (amount / 10_000).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return "<0.1" if amount and not tenths else f"{tenths:,}"
