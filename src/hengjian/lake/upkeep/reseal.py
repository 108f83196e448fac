"""Sealed cells from one key to another: in tables, in rows that wait, and in the registers of what was refused and flagged."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from hengjian.crypto.seal import Sealer
from hengjian.kernel.errors import SealError
from hengjian.lake.ingest.messages import FAILURE
from hengjian.lake.ingest.messages import place_of as message_place
from hengjian.lake.ingest.personal import RAW, place_of, row_ids, sealed
from hengjian.lake.ingest.register import VAL
from hengjian.lake.schema import TABLES, Table

_PERSONAL = {(table.name, column.name) for table in TABLES.values() for column in table.columns if column.personal}
REGISTERS = ("rejects", "load_warnings")


def holds_sealed(name: str) -> bool:
    """Whether a table of the lake has sealed cells."""
    return name in (*REGISTERS, "message") or any(table == name.removeprefix("waiting_") for table, _ in _PERSONAL)


@dataclass(frozen=True)
class Resealer:
    """Opens with one key and seals with another. Raises SealError for a cell that does not open."""

    old: Sealer
    new: Sealer

    def rows(self, name: str, rows: pa.Table) -> pa.Table:
        """Rows of any table of the lake, sealed anew."""
        if name in REGISTERS:
            return self._register(rows)
        if name == "message":
            return self._messages(rows)
        table = TABLES[name.removeprefix("waiting_")]
        columns = [c.name for c in table.columns if c.personal] + [*table.key]
        cells = {c: rows[c].combine_chunks() for c in columns}
        ids = row_ids(table, cells)
        plain = {
            c: self.old.open(place_of(table.name, c), ids, cell) if table[c].personal else cell for c, cell in cells.items()
        }
        for column, cell in sealed(self.new, table, plain).items():
            if column not in table.key:
                rows = rows.set_column(rows.column_names.index(column), column, cell)
        return rows

    def _messages(self, rows: pa.Table) -> pa.Table:
        digests = rows["digest"].combine_chunks()
        failures = self.old.open(FAILURE, digests, rows["failure"].combine_chunks())
        rows = rows.set_column(rows.column_names.index("failure"), "failure", self.new.seal(FAILURE, digests, failures))
        places = map(message_place, digests.to_pylist())
        bodies = [
            self.new.seal_text(p, self.old.open_text(p, b)) for p, b in zip(places, rows["body"].to_pylist(), strict=True)
        ]
        return rows.set_column(rows.column_names.index("body"), "body", pa.array(bodies, pa.string()))

    def _register(self, rows: pa.Table) -> pa.Table:
        ids = pc.binary_join_element_wise(rows["file"], rows["line"].cast(pa.string()), ":").combine_chunks()
        tabs, columns = rows["tab"].to_pylist(), rows["col"].to_pylist()
        private = pa.array([not c or (t, c) in _PERSONAL for t, c in zip(tabs, columns, strict=True)], pa.bool_())
        for column, place, among in (("val", VAL, private), ("raw", RAW, None)):
            cells = rows[column].combine_chunks()
            ours = pc.fill_null(pc.starts_with(cells, f"{self.old.key_id}:"), False)
            where = ours if among is None else pc.and_(ours, among)
            mine = ids.filter(where)
            plain = self.old.open(place, mine, cells.filter(where))
            if column == "raw":
                plain = self._inside(plain, [tab for tab, chosen in zip(tabs, where.to_pylist(), strict=True) if chosen])
            fresh = pc.replace_with_mask(cells, where, self.new.seal(place, mine, plain))
            rows = rows.set_column(rows.column_names.index(column), column, fresh)
        return rows

    def _inside(self, texts: pa.Array, tabs: list[str]) -> pa.Array:
        """Rows as sent (JSON) whose personal cells were sealed before the whole of them was."""
        mark = f'"{self.old.key_id}:'
        found: dict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(list)
        done = texts.to_pylist()
        for at in [at for at, text in enumerate(done) if text and mark in text and tabs[at] in TABLES]:
            for column, row_id, cell in self._sealed_cells(TABLES[tabs[at]], done[at]):
                found[tabs[at], column].append((at, row_id, cell))
        for (tab, column), cells in found.items():
            place = place_of(tab, column)
            for at, row_id, cell in cells:
                done[at] = done[at].replace(f'"{cell}"', f'"{self._again(place, row_id, cell)}"')
        return pa.array(done, pa.string())

    def _sealed_cells(self, table: Table, text: str) -> list[tuple[str, str, str]]:
        """Column, id of the row and cell of what is sealed in a row."""
        try:
            row = json.loads(text)
        except ValueError:
            return []
        if not isinstance(row, dict):
            return []
        row_id = "\x1f".join("" if row.get(key) is None else str(row[key]) for key in table.key)
        head = f"{self.old.key_id}:"
        cells = ((c.name, row.get(c.name)) for c in table.columns if c.personal)
        return [(name, row_id, cell) for name, cell in cells if isinstance(cell, str) and cell.startswith(head)]

    def _again(self, place: str, row_id: str, cell: str) -> str:
        """One cell sealed anew; a text somebody sent that only looks sealed stays as it is."""
        ids = pa.array([row_id])
        try:
            plain = self.old.open(place, ids, pa.array([cell]))
        except SealError:
            return cell
        return str(self.new.seal(place, ids, plain)[0].as_py())
