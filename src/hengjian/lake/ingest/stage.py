"""Staging: batches of sent rows become typed rows in a private database beside the lake, out of every reader's sight.

Rows of `fee_line` are kept in parts of consecutive person buckets, so that later steps never hold more than one part in memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from hengjian.kernel.keys import BUCKETS
from hengjian.lake.derive import key_sql
from hengjian.lake.ingest import register
from hengjian.lake.ingest.checks import Check, row_checks
from hengjian.lake.ingest.columns import convert
from hengjian.lake.ingest.reasons import REASONS, REFUSED
from hengjian.lake.ingest.readers.base import Batch, FileRefused
from hengjian.lake.ingest.source import SourceFile
from hengjian.lake.schema import Table

@dataclass
class FileCount:
    """What became of the rows of one file."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


class Stage:
    """The staging database of one load."""

    def __init__(self, folder: Path, parts: int, data_date: date, memory: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.con = duckdb.connect(str(folder / "stage.duckdb"))
        for setting in (f"memory_limit = '{memory}'", "preserve_insertion_order = false", f"temp_directory = '{folder / 'spill'}'"):
            self.con.execute(f"SET {setting}").fetchall()
        self.parts = parts
        self._after = data_date + timedelta(days=1)
        self.counts: dict[int, FileCount] = defaultdict(FileCount)
        self._made: set[str] = set()
        register.create(self.con)
        register.load_reasons(self.con)

    # where rows lie ----------------------------------------------------------------------------------------------------
    def names(self, table: Table) -> list[str]:
        """The staging tables of a lake table that hold rows."""
        return [name for name in self._parts(table) if name in self._made]

    def part(self, table: Table, number: int) -> str:
        """The staging table with the rows of one part of the buckets; made when missing."""
        names = self._parts(table)
        name = names[number if len(names) > 1 else 0]
        self._make(table, name)
        return name

    def buckets(self, number: int) -> tuple[int, int]:
        """First and one-past-last bucket of a part."""
        return number * BUCKETS // self.parts, (number + 1) * BUCKETS // self.parts

    def _parts(self, table: Table) -> list[str]:
        if table.name == "fee_line" and self.parts > 1:
            return [f"stg_fee_line_{n}" for n in range(self.parts)]
        return [f"stg_{table.name}"]

    def _make(self, table: Table, name: str) -> None:
        if name not in self._made:
            columns = ", ".join(f"{c.name} {c.kind.sql}" for c in table.columns)
            self.con.execute(f"CREATE TABLE {name} ({columns}, bucket INTEGER, _key UBIGINT, _file INTEGER, _line BIGINT)").fetchall()
            self._made.add(name)

    # taking in ---------------------------------------------------------------------------------------------------------
    def take(self, source: SourceFile, number: int, batch: Batch) -> None:
        """Stage one batch of file `number`: understood rows are kept, others go to the rejects with every reason."""
        register.refuse_lines(self.con, source, number, batch.bad)
        self.counts[number].read += len(batch.bad)
        self.counts[number].outcomes["rejected"] += len(batch.bad)
        if not len(batch.data):
            return
        table = source.table
        self.counts[number].read += len(batch.data)
        arrays: dict[str, pa.Array] = {}
        faults: list[register.Fault] = []
        for name in batch.data.column_names:
            sent = batch.data[name].combine_chunks()
            sent = sent if not isinstance(sent, pa.ChunkedArray) else pa.concat_arrays(sent.chunks)
            try:
                done = convert(table.name, table[name], sent)
            except pa.ArrowException as error:
                raise FileRefused("F05", f"列 {name}（{table[name].label}）的类型读不出：{error}") from error
            arrays[name] = done.array
            faults += [(code, name, mask) for code, mask in done.faults.items()]
        bad = np.zeros(len(batch.data), bool)
        for code, _, mask in faults:
            if REASONS[code].level == REFUSED:
                bad |= mask
        typed = pa.table(arrays | {"_line": batch.lines, "_no": pa.array(np.arange(len(bad), dtype=np.int64)), "_bad": pa.array(bad)})
        self._insert(source, number, batch, typed, faults)

    def _insert(self, source: SourceFile, number: int, batch: Batch, typed: pa.Table, faults: list[register.Fault]) -> None:
        table, sent = source.table, frozenset(typed.column_names)
        checks = [self._dated(c) for c in row_checks(table, sent)]
        judged = " OR ".join(["_bad", *(f"COALESCE({c.condition}, false)" for c in checks if REASONS[c.code].level == REFUSED)])
        missing = "".join(f", NULL::{c.kind.sql} AS {c.name}" for c in table.columns if c.name not in sent)
        self.con.register("sent", typed)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE batch AS SELECT *, ({judged}) AS _refused FROM (SELECT *{missing} FROM sent)").fetchall()
        self.con.unregister("sent")
        columns = ", ".join(c.name for c in table.columns)
        bucket = f"CAST({key_sql('psn_no')} % {BUCKETS} AS INTEGER)" if table.by_person else "0"
        row = f"SELECT {columns}, {bucket} AS bucket, hash({', '.join(table.key)}) AS _key, {number} AS _file, _line FROM batch WHERE NOT _refused"
        spread = len(self._parts(table)) > 1
        if spread:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE placed AS {row}").fetchall()
        for place in range(self.parts if spread else 1):
            first, end = self.buckets(place)
            chosen = f"SELECT * FROM placed WHERE bucket >= {first} AND bucket < {end}" if spread else row
            self.con.execute(f"INSERT INTO {self.part(table, place)} {chosen}").fetchall()
        self.counts[number].outcomes["rejected"] += register.refuse_rows(self.con, source, number, batch, faults, checks)
        register.flag_rows(self.con, source, number, batch, faults, checks)

    def forget(self, number: int) -> None:
        """Take back every row of a file that turned out to be broken half-way."""
        for name in self._made:
            self.con.execute(f"DELETE FROM {name} WHERE _file = ?", [number]).fetchall()
        for name in ("rejects", "load_warnings", "unmapped_values"):
            self.con.execute(f"DELETE FROM {name} WHERE _file = ?", [number]).fetchall()
        self.counts[number] = FileCount()

    def _dated(self, check: Check) -> Check:
        return Check(check.code, check.column, check.condition.replace("{day}", f"DATE '{self._after}'"))
