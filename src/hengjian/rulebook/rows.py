"""Knowledge rows kept as columns: a site may have hundreds of thousands, and an audit uses the few whose codes occur in its lake.

`Rows` reads like a tuple of KnowledgeRow (rows are built when looked at); whoever needs speed takes `plain` and `frame`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np
import pyarrow as pa

from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.rulebook.model import KnowledgeRow

OWN = ("start", "end", "official", "line")
"""Columns of a frame that are no cells of the row."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A site's rows of one knowledge table as Arrow columns: the cells as text, and `start`, `end` (days), `official`, `line`.

    `approved`: by kid, the day from which the site takes a row as official.
    """

    table: str
    data: pa.Table
    approved: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def rows(self, which: Sequence[int] | None = None) -> Iterator[KnowledgeRow]:
        """Rows by position, in that order; None: all."""
        data = self.data if which is None else self.data.take(pa.array(which, pa.int64()))
        for batch in data.to_batches(max_chunksize=20_000):
            for cells in batch.to_pylist():
                yield self._row(cells)

    def _row(self, cells: dict[str, Any]) -> KnowledgeRow:
        start, end = cells.pop("start"), cells.pop("end")
        official, line = cells.pop("official"), cells.pop("line")
        cells["valid_from"] = day_date(start).isoformat()
        cells["valid_to"] = "" if end == OPEN_DAY else day_date(end).isoformat()
        cells["official"] = "1" if official else "0"
        values = {name: cell or "" for name, cell in cells.items()}
        approved = self.approved.get(values["kid"], OPEN_DAY)
        return KnowledgeRow(self.table, values["kid"], values, Period(start, end), official, line, True, approved)

    def count(self, period: Period) -> int:
        """How many rows meet a period."""
        start, end = (self.data.column(n).to_numpy() for n in ("start", "end"))
        return int(np.count_nonzero((start < period.end) & (end > period.start)))

    def digest(self) -> str:
        """SHA-256 of what the rows say, whatever chunks they lie in."""
        found = hashlib.sha256(repr((self.data.schema.names, sorted(self.approved.items()))).encode())
        for column in self.data.columns:
            if pa.types.is_string(column.type):
                found.update("\0".join(cell or "" for cell in column.to_pylist()).encode())
            else:
                found.update(np.ascontiguousarray(column.to_numpy()).tobytes())
        return found.hexdigest()


class Rows(Sequence[KnowledgeRow]):
    """Rows of one table: those shipped (`plain`), then those of the site (`frame`)."""

    def __init__(self, plain: Sequence[KnowledgeRow], frame: Frame) -> None:
        self.plain, self.frame = tuple(plain), frame

    def approve(self, days: Mapping[str, int]) -> Rows:
        """The rows, some of them official from a day on: the day by kid."""
        plain = (replace(r, approved_from=days[r.kid]) if r.kid in days else r for r in self.plain)
        return Rows(tuple(plain), replace(self.frame, approved={**self.frame.approved, **days}))

    def only(self, kids: set[str]) -> tuple[KnowledgeRow, ...]:
        """The rows shipped, and of the site's those of `kids`."""
        which = [place for place, kid in enumerate(self.frame.data.column("kid").to_pylist()) if kid in kids]
        return (*self.plain, *self.frame.rows(which))

    def __len__(self) -> int:
        return len(self.plain) + len(self.frame)

    @overload
    def __getitem__(self, place: int) -> KnowledgeRow: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[KnowledgeRow]: ...
    def __getitem__(self, place: int | slice) -> KnowledgeRow | Sequence[KnowledgeRow]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        if at < len(self.plain):
            return self.plain[at]
        return next(self.frame.rows([at - len(self.plain)]))

    def __iter__(self) -> Iterator[KnowledgeRow]:
        yield from self.plain
        yield from self.frame.rows()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return self.plain == other.plain and self.frame.digest() == other.frame.digest()
        return (
            isinstance(other, (tuple, list))
            and len(other) == len(self)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    def __hash__(self) -> int:
        return hash((len(self.plain), len(self.frame)))
