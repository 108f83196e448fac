"""Knowledge rows by code, name, table, validity: those shipped one by one, a site's hundreds of thousands by column. Rows are built only for the
page that shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.apps.rules.book import OfficeBook
from hengjian.kernel.dates import OPEN_DAY
from hengjian.rulebook.model import KnowledgeRow
from hengjian.rulebook.rows import Frame, Rows

_CODES = re.compile(r"code|[ab]_code|diag_prefix(es)?")
_NAMES = ("name", "a_name", "b_name", "grp", "note")
_SHORTEST = 3
"""Letters of the shortest code that stands for all codes beginning with it."""


@dataclass(frozen=True)
class Asked:
    """What is looked for; empty: everything."""

    words: str = ""
    table: str = ""
    when: str = ""
    official: str = ""


@dataclass(frozen=True)
class _Part:
    plain: tuple[KnowledgeRow, ...]
    frame: Frame | None = None
    places: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.plain) + len(self.places)

    def rows(self, begin: int, end: int) -> Iterator[KnowledgeRow]:
        yield from self.plain[begin:end]
        count = len(self.plain)
        which = self.places[max(begin - count, 0) : max(end - count, 0)]
        if self.frame is not None and len(which):
            yield from self.frame.rows(which)


class FoundRows(Sequence[KnowledgeRow]):
    """The rows that fit, table by table."""

    def __init__(self, parts: Iterable[_Part]) -> None:
        self._parts = [p for p in parts if len(p)]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, place: int) -> KnowledgeRow: ...
    @overload
    def __getitem__(self, place: slice) -> list[KnowledgeRow]: ...
    def __getitem__(self, place: int | slice) -> KnowledgeRow | list[KnowledgeRow]:
        if isinstance(place, int):
            return self[place : place + 1][0]
        begin, end, _ = place.indices(len(self))
        found: list[KnowledgeRow] = []
        for part in self._parts:
            if begin < len(part) and end > 0:
                found += part.rows(max(begin, 0), max(end, 0))
            begin, end = begin - len(part), end - len(part)
        return found


def find_rows(office: OfficeBook, tables: Iterable[str], asked: Asked) -> FoundRows:
    """The rows of `tables` that fit."""
    wanted = [t for t in tables if not asked.table or t == asked.table]
    return FoundRows(_part(office.book.knowledge[t], asked, office.on) for t in wanted)


def _part(rows: Sequence[KnowledgeRow], asked: Asked, on: int) -> _Part:
    plain = rows.plain if isinstance(rows, Rows) else rows
    kept = tuple(r for r in plain if _fits(r, asked, on))
    if not isinstance(rows, Rows) or not len(rows.frame):
        return _Part(kept)
    return _Part(kept, rows.frame, np.flatnonzero(_mask(rows.frame, asked, on)).tolist())


def _fits(row: KnowledgeRow, asked: Asked, on: int) -> bool:
    if asked.official and (asked.official == "1") != (row.official_from <= on):
        return False
    if asked.when and asked.when != when_of(row, on):
        return False
    return not asked.words or _named(row, asked.words)


def when_of(row: KnowledgeRow, on: int) -> str:
    """Whether a row is in force on a day: now, future or past."""
    return "future" if row.period.start > on else "past" if row.period.end <= on else "now"


def _named(row: KnowledgeRow, words: str) -> bool:
    low, code = words.lower(), words.upper()
    if low == row.kid.lower() or any(low in row.values.get(n, "").lower() for n in _NAMES):
        return True
    begins = row.values.get("match") == "prefix"
    codes = [c for n, v in row.values.items() if _CODES.fullmatch(n) for c in v.upper().split("|")]
    return any(c.startswith(code) or (begins and len(c) >= _SHORTEST and code.startswith(c)) for c in codes)


def _mask(frame: Frame, asked: Asked, on: int) -> npt.NDArray[np.bool_]:
    data = frame.data
    start, end = (data.column(n).to_numpy() for n in ("start", "end"))
    kept: npt.NDArray[np.bool_] = np.ones(len(frame), dtype=bool)
    if asked.official:
        said = data.column("official").to_numpy()
        if frame.approved:
            approved = [frame.approved.get(k, OPEN_DAY) <= on for k in data.column("kid").to_pylist()]
            said = said | np.array(approved, dtype=bool)
        kept &= said == (asked.official == "1")
    if asked.when:
        future, past = start > on, end <= on
        kept &= {"future": future, "past": past & ~future, "now": ~future & ~past}[asked.when]
    return kept & _named_mask(frame, asked.words) if asked.words else kept


def _named_mask(frame: Frame, words: str) -> npt.NDArray[np.bool_]:
    data, names = frame.data, frame.data.schema.names
    found: npt.NDArray[np.bool_] = np.zeros(len(frame), dtype=bool)

    def add(mask: pa.ChunkedArray) -> None:
        nonlocal found
        found = found | pc.fill_null(mask, False).to_numpy(zero_copy_only=False)

    for name in filter(names.__contains__, _NAMES):
        add(pc.match_substring(data.column(name), words, ignore_case=True))
    add(pc.equal(data.column("kid"), words))
    stems = pa.array([words[:n].upper() for n in range(_SHORTEST, len(words) + 1)], pa.string())
    begins = pc.equal(data.column("match"), "prefix") if "match" in names else None
    for name in filter(_CODES.fullmatch, names):
        add(pc.match_substring_regex(data.column(name), rf"(^|\|){re.escape(words)}", ignore_case=True))
        if begins is not None:
            add(pc.and_(begins, pc.is_in(data.column(name), value_set=stems)))
    return found
