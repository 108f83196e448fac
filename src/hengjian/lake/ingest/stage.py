"""Staging: batches of sent rows become typed rows in plain Parquet files beside the lake, out of every reader's sight.

Rows of `fee_line` are kept in parts of consecutive person buckets, so that later steps never hold more than one part in memory.
A staged row is never rewritten: rows that later turn out to be refused or repeated are listed in `gone_…` and left out by the view.
Personal cells are sealed before a row is written anywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hengjian.crypto.seal import Sealer
from hengjian.kernel.causes import cause_of
from hengjian.kernel.keys import BUCKETS
from hengjian.lake.derive import key_sql
from hengjian.lake.ingest import register, undo
from hengjian.lake.ingest.checks import Check, row_checks
from hengjian.lake.ingest.columns import convert
from hengjian.lake.ingest.personal import sealed
from hengjian.lake.ingest.plain import plain_checks
from hengjian.lake.ingest.readers.base import Batch, FileRefused
from hengjian.lake.ingest.reasons import REASONS, REFUSED
from hengjian.lake.ingest.source import SourceFile
from hengjian.lake.place import quoted, quoted_list
from hengjian.lake.schema import Table

_OWN = {
    "bucket": "INTEGER", "_key": "UBIGINT", "_file": "INTEGER", "_line": "BIGINT", "rid": "BIGINT", "_load": "INTEGER", "_name": "VARCHAR",
}  # fmt: skip
"""Columns of a staged row beside the schema's: bucket, hash of the key, number of its file (STUB, AGAIN: of none), physical line,
number in the load, and of a row tried again the load that first read it and its file."""

STUB, AGAIN = -1, -2
"""File numbers of rows that no file of this load sent: placeholders, and rows that wait in the lake for what they refer to."""


@dataclass
class FileCount:
    """What became of the rows of one file."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


class Stage:
    """The staging area of one load: files in `folder` and a private database over them."""

    def __init__(self, folder: Path, parts: int, data_date: date, memory: str, sealer: Sealer) -> None:
        self.folder, self.sealer = folder, sealer
        (folder / "rows").mkdir(parents=True, exist_ok=True)
        self.con = duckdb.connect()
        for setting in (f"memory_limit = '{memory}'", f"temp_directory = {quoted(folder / 'spill')}"):
            self.con.execute(f"SET {setting}").fetchall()
        self.parts = parts
        self.counts: dict[int, FileCount] = defaultdict(FileCount)
        self.timeless: Counter[tuple[int, str]] = Counter()
        self._after = data_date + timedelta(days=1)
        self._rows = 0
        self._files: dict[str, list[tuple[int, Path]]] = defaultdict(list)
        self._views: dict[str, Table] = {}
        register.create(self.con)
        undo.create(self.con)
        register.load_reasons(self.con)

    # taking in ---------------------------------------------------------------------------------------------------------
    def take(self, source: SourceFile, number: int, batch: Batch) -> None:
        """Stage one batch of file `number`: rows that are understood are kept, others go to the rejects with every reason."""
        register.refuse_lines(self.con, self.sealer, source, number, batch.bad)
        self.counts[number].read += len(batch.bad) + len(batch.data)
        self.counts[number].outcomes["rejected"] += len(batch.bad)
        if not len(batch.data):
            return
        table = source.table
        arrays: dict[str, pa.Array] = {}
        faults: list[register.Fault] = []
        for name in batch.data.column_names:
            column = batch.data[name]
            sent = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
            try:
                done = convert(table.name, table[name], sent)
            except pa.ArrowException as error:
                raise FileRefused("F05", f"列 {name}（{table[name].label}）的类型读不出（{cause_of(error)}）") from error
            arrays[name] = done.array
            if done.timeless:
                self.timeless[number, name] += done.timeless
            faults += [(code, name, mask) for code, mask in done.faults.items()]
        faults += plain_checks(table, arrays)
        arrays = sealed(self.sealer, table, arrays)
        bad = np.zeros(len(batch.data), bool)
        for code, _, mask in faults:
            if REASONS[code].level == REFUSED:
                bad |= mask
        rows = pa.table(arrays | {"_line": batch.lines, "_no": pa.array(np.arange(len(bad))), "_bad": pa.array(bad)})
        self._judge(source, number, batch, rows, faults)

    def _judge(self, source: SourceFile, number: int, batch: Batch, rows: pa.Table, faults: list[register.Fault]) -> None:
        table, sent = source.table, frozenset(rows.column_names)
        checks = [self._dated(c) for c in row_checks(table, sent)]
        refusing = [c for c in checks if REASONS[c.code].level == REFUSED]
        judged = " OR ".join(["_bad", *(f"COALESCE({c.condition}, false)" for c in refusing)])
        missing = "".join(f", NULL::{c.kind.sql} AS {c.name}" for c in table.stored if c.name not in sent)
        bucket = f"CAST({key_sql('psn_no')} % {BUCKETS} AS INTEGER)" if table.by_person else "0"
        self.con.register("sent", rows)
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW batch AS SELECT *, ({judged}) AS _refused FROM (SELECT *{missing} FROM sent)"
        ).fetchall()
        flags = [c for c in checks if REASONS[c.code].level != REFUSED]
        counting = ", ".join(["COUNT_IF(_refused)", *(f"COUNT_IF({c.condition})" for c in flags)])
        (refused, *flagged) = self.con.execute(f"SELECT {counting} FROM batch").fetchall()[0]
        marks = self.con.sql(
            f"SELECT {bucket} AS bucket, HASH({', '.join(table.key)}) AS _key, _refused FROM batch"
        ).to_arrow_table()
        if refused:
            self.counts[number].outcomes["rejected"] += register.refuse_rows(
                self.con, self.sealer, source, number, batch, faults, checks
            )
        register.flag_rows(
            self.con, self.sealer, source, number, batch, faults, [c for c, count in zip(flags, flagged, strict=True) if count]
        )
        self.con.unregister("sent")
        kept = rows.drop_columns(["_no", "_bad"]).append_column("bucket", marks["bucket"]).append_column("_key", marks["_key"])
        self._keep(table, number, kept.filter(pc.invert(marks["_refused"])) if refused else kept)

    def _keep(self, table: Table, number: int, rows: pa.Table) -> None:
        """Write rows to the files of their parts."""
        count = len(rows)
        rows = rows.append_column("_file", pa.array(np.full(count, number, np.int32)))
        rows = rows.append_column("rid", pa.array(np.arange(self._rows, self._rows + count)))
        self._rows += count
        names = self._names(table)
        part = pc.divide(pc.multiply(rows["bucket"], self.parts), BUCKETS).to_numpy() if len(names) > 1 else None
        for place, name in enumerate(names):
            chosen = rows if part is None else rows.filter(pa.array(part == place))
            if len(chosen):
                path = self.folder / "rows" / f"{name}-{len(self._files[name]):05d}.parquet"
                pq.write_table(chosen, path, compression="none", write_statistics=False, row_group_size=len(chosen))
                self._files[name].append((number, path))

    def forget(self, number: int) -> None:
        """Take back every row of a file that turned out to be broken half-way."""
        for name, files in self._files.items():
            self._files[name] = [(n, path) for n, path in files if n != number]
        for name in ("rejects", "load_warnings", "unmapped_values"):
            self.con.execute(f"DELETE FROM {name} WHERE _file = ?", [number]).fetchall()
        self.counts[number] = FileCount()

    def _dated(self, check: Check) -> Check:
        return Check(check.code, check.column, check.condition.replace("{day}", f"DATE '{self._after}'"))

    # looking at what was taken -----------------------------------------------------------------------------------------
    def views(self, table: Table) -> list[str]:
        """The views over the staged rows of a table, part by part; none when nothing was staged."""
        return [self._view(table, name) for name in self._names(table) if self._files[name]]

    def part(self, table: Table, number: int) -> str | None:
        """The view over the staged rows that lie in one part of the buckets (tables that are not parted: all rows)."""
        names = self._names(table)
        name = names[number if len(names) > 1 else 0]
        return self._view(table, name) if self._files[name] else None

    def all(self, table: Table) -> list[str]:
        """As `views`, with every row, also those left out since."""
        return [f"all_{view}" for view in self.views(table)]

    def add(self, table: Table, select: str, file: int) -> int:
        """Stage the rows of a query over the stored columns, `bucket`, `_key` and perhaps `_load`, `_line`, `_name`; returns their
        number. `file`: STUB or AGAIN."""
        present = {column for (column, *_) in self.con.execute(f"DESCRIBE {select}").fetchall()}
        columns = ", ".join(c.name for c in table.stored)
        names = self._names(table)
        staged = 0
        for place, name in enumerate(names):
            given = {"_file": f"{file}::INTEGER", "rid": f"{self._rows} + ROW_NUMBER() OVER ()"}
            own = [f"{given.get(c, c if c in present else f'NULL::{sql}')} AS {c}" for c, sql in _OWN.items()]
            inside = f"WHERE bucket * {self.parts} // {BUCKETS} = {place}" if len(names) > 1 else ""
            path = self.folder / "rows" / f"{name}-{len(self._files[name]):05d}.parquet"
            sql = f"SELECT {columns}, {', '.join(own)} FROM ({select}) {inside}"
            ((rows,),) = self.con.execute(
                f"COPY ({sql}) TO {quoted(path)} (FORMAT parquet, COMPRESSION uncompressed)"
            ).fetchall()
            if rows:
                self._rows += rows + 1
                self._files[name].append((file, path))
                self._views.pop(name, None)
                staged += int(rows)
        return staged

    def buckets(self, number: int) -> tuple[int, int]:
        """First and one-past-last bucket of a part."""
        return -(-number * BUCKETS // self.parts), -(-(number + 1) * BUCKETS // self.parts)

    def settle(self) -> None:
        """Nothing more will be left out: views without anything left out stop looking for it, which keeps them fast."""
        for name, table in self._views.items():
            if not self.con.execute(f"SELECT 1 FROM gone_{name} LIMIT 1").fetchall():
                self._create(table, name, "true")

    def _names(self, table: Table) -> list[str]:
        if table.name == "fee_line" and self.parts > 1:
            return [f"stg_fee_line_{n}" for n in range(self.parts)]
        return [f"stg_{table.name}"]

    def _view(self, table: Table, name: str) -> str:
        if name not in self._views:
            self.con.execute(f"CREATE TABLE IF NOT EXISTS gone_{name} (rid BIGINT)").fetchall()
            self.con.execute(f"CREATE TABLE IF NOT EXISTS over_{name} (rid BIGINT)").fetchall()
            self.con.execute(f"CREATE TABLE IF NOT EXISTS wait_{name} (rid BIGINT, code VARCHAR)").fetchall()
            self._create(table, name, f"rid NOT IN (SELECT rid FROM gone_{name})")
            self._views[name] = table
        return name

    def _create(self, table: Table, name: str, kept: str) -> None:
        listed = quoted_list(path for _, path in self._files[name])
        present = {column for _, path in self._files[name] for column in pq.read_schema(path).names}
        wanted = {c.name: c.kind.sql for c in table.stored} | _OWN
        columns = ", ".join(c if c in present else f"NULL::{sql} AS {c}" for c, sql in wanted.items())
        rows = f"SELECT {columns} FROM read_parquet({listed}, union_by_name = true)"
        self.con.execute(f"CREATE OR REPLACE VIEW all_{name} AS {rows}").fetchall()
        self.con.execute(f"CREATE OR REPLACE VIEW {name} AS {rows} WHERE {kept}").fetchall()
