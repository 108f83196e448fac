"""Tolerant reading of message nodes: what counts as missing, one or many, nested or flat, which spelling of a key.

Every value of a parsed message is a text, a bool, None, a list or a dict: numbers are kept as they were written
(`envelope`), so no amount ever passes through a float.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

Node = Mapping[str, Any]

MISSING = frozenset({"", "-", "—", "null", "NULL"})
"""Texts with which clients fill a field that they do not know."""
_NO_DAY = ("1900-01-01", "1900/01/01", "1900/1/1", "19000101", "0001-01-01", "0001/01/01", "0001/1/1", "00010101")
"""Placeholders for an unknown day (the second kind is what an unset date becomes in some client languages)."""


def text(value: Any) -> str | None:
    """A value as written, trimmed; None when it is missing or no single value."""
    if type(value) is str:
        value = value.strip()
        return None if value in MISSING else value
    if value is True:
        return "1"
    return "0" if value is False else None


def instant(value: Any) -> str | None:
    """A date or time as written; None when missing or a placeholder."""
    written = text(value)
    return None if written is None or written.startswith(_NO_DAY) else written


def many(value: Any) -> list[Node]:
    """A collection, whether it came as array, single object, text or nothing."""
    if type(value) is list:
        return [entry for entry in value if type(entry) is dict]
    return [value] if type(value) is dict and value else []


def opened(value: Any) -> Any:
    """A node that came as JSON text, opened; anything else as it is."""
    if type(value) is not str or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value, parse_float=str, parse_int=str, parse_constant=lambda _: None, strict=False)
    except (ValueError, RecursionError):
        return value


@lru_cache(maxsize=4096)
def camel(name: str) -> str:
    """The camelCase twin of a field name."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def pick(node: Node, name: str) -> str | None:
    """One field by its name or its camelCase twin."""
    found = text(node.get(name))
    return found if found is not None else text(node.get(camel(name)))


def find(root: Any, names: Sequence[str], flat: str = "") -> Any:
    """The node with one of these names: under `root`, under `root.data`, or, if `root` itself holds the field `flat`, root itself.

    A single `data` that stands in for a named node must hold that field too.
    """
    if type(root) is not dict:
        return root if type(root) is list else None
    inner = root.get("data")
    stands_in = bool(flat) and names[0] != "data"
    for name in names:
        for place in (root, inner):
            if type(place) is dict:
                found = place.get(name)
                if found is None:
                    found = place.get(camel(name))
                if (
                    found is not None
                    and (found := opened(found))
                    and not (stands_in and name == "data" and type(found) is dict and pick(found, flat) is None)
                ):
                    return found
    return root if flat and pick(root, flat) is not None else None


class Plan:
    """How the fields of one node become the columns of one table.

    `columns`: field → column. `spellings`: other spelling → (rank, field); the official field wins, then the lower rank.
    """

    __slots__ = ("days", "known", "pairs", "spellings")

    def __init__(
        self, known: frozenset[str], columns: Mapping[str, str], spellings: Mapping[str, tuple[int, str]], days: Iterable[str]
    ) -> None:
        self.known, self.pairs, self.spellings = known, tuple(columns.items()), dict(spellings)
        self.days = tuple(days)

    def read(self, node: Node) -> dict[str, str]:
        """The columns this node fills. Missing ones are left out."""
        if not self.known.issuperset(node):
            node = self._respelled(node)
        cells: dict[str, str] = {}
        for name, column in self.pairs:
            if (value := node.get(name)) is not None:
                if type(value) is str:
                    value = value.strip()
                    if value in MISSING:
                        continue
                elif (value := text(value)) is None:
                    continue
                cells[column] = value
        for column in self.days:
            if column in cells and cells[column].startswith(_NO_DAY):
                del cells[column]
        return cells

    def _respelled(self, node: Node) -> Node:
        found = sorted((self.spellings[name], name) for name in node if name in self.spellings)
        if not found:
            return node
        spelled = dict(node)
        for (_, official), name in found:
            if text(spelled.get(official)) is None:
                spelled[official] = node[name]
        return spelled
