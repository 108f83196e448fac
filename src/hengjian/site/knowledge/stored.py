"""What a site's imported knowledge says today: the points of all batches that count, cut where a later batch ends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from hengjian.kernel.dates import Period
from hengjian.rulebook.model import KnowledgeRow
from hengjian.rulebook.rows import Frame, Rows
from hengjian.site.knowledge.store import CLOSED, StoredBatch, active, read_batches, read_table
from hengjian.site.knowledge.tables import DRUG_CODE, KINDS

Ends = dict[tuple[str, str], int]
"""(table, kid) → the day from which a point no longer holds."""


def stored(root: Path) -> dict[str, Sequence[KnowledgeRow]]:
    """Knowledge table → the site's rows, validity applied."""
    return {table: Rows((), frame) for table, frame in frames(root).items()}


def effective(root: Path, shipped: Mapping[str, Sequence[KnowledgeRow]]) -> dict[str, Sequence[KnowledgeRow]]:
    """All knowledge of a site: what is shipped, cut where a batch of the site ends it, and then what the site imported."""
    batches = active(read_batches(root))
    ends = closings(root, batches)
    found: dict[str, Sequence[KnowledgeRow]] = {
        table: tuple(_cut(rows, ends)) if any(t == table for t, _ in ends) else rows for table, rows in shipped.items()
    }
    for table, frame in frames(root, batches).items():
        found[table] = Rows(found.get(table, ()), frame)
    return found


def frames(root: Path, batches: list[StoredBatch] | None = None, *, codes: bool = False) -> dict[str, Frame]:
    """The site's rows by table; `codes`: the code table instead."""
    counted = active(read_batches(root)) if batches is None else batches
    ends = closings(root, counted)
    parts: dict[str, list[pa.Table]] = {}
    for batch in counted:
        for table in batch.tables:
            if (table == DRUG_CODE) == codes and (data := read_table(root, batch, table)) is not None:
                parts.setdefault(table, []).append(data)
    found = {}
    for table, tables in parts.items():
        data = _ended(pa.concat_tables(tables, promote_options="default"), {k: d for (t, k), d in ends.items() if t == table})
        if data.num_rows:
            found[table] = Frame(table, data)
    return found


def closings(root: Path, batches: list[StoredBatch]) -> Ends:
    """The earliest end that any batch sets to each point."""
    ends: Ends = {}
    for batch in batches:
        if (data := read_table(root, batch, CLOSED)) is not None:
            for table, kid, end in zip(*(data.column(n).to_pylist() for n in ("table", "kid", "end")), strict=True):
                ends[(table, kid)] = min(end, ends.get((table, kid), end))
    return ends


def all_points(root: Path) -> Iterator[tuple[str, pa.Table]]:
    """Every table with all rows of batches that count, ended ones too (`end` is cut, and may be no later than `start`)."""
    batches = active(read_batches(root))
    ends = closings(root, batches)
    for batch in batches:
        for table in batch.tables:
            if table in KINDS and (data := read_table(root, batch, table)) is not None:
                yield table, _cut_ends(data, {k: d for (t, k), d in ends.items() if t == table})


def _ended(data: pa.Table, ends: dict[str, int]) -> pa.Table:
    cut = _cut_ends(data, ends)
    return cut.filter(pa.array(cut.column("end").to_numpy() > cut.column("start").to_numpy())) if ends else cut


def _cut_ends(data: pa.Table, ends: dict[str, int]) -> pa.Table:
    if not ends:
        return data
    now = data.column("end").to_numpy().copy()
    for place, kid in enumerate(data.column("kid").to_pylist()):
        if kid in ends:
            now[place] = min(now[place], ends[kid])
    return data.set_column(data.schema.get_field_index("end"), "end", pa.array(now.astype(np.int32)))


def _cut(rows: Sequence[KnowledgeRow], ends: Ends) -> Iterator[KnowledgeRow]:
    for row in rows:
        end = ends.get((row.table, row.kid))
        if end is None or end >= row.period.end:
            yield row
        elif end > row.period.start:
            yield replace(row, period=Period(row.period.start, end))
