"""Parquet files, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.kernel.causes import cause_of
from hengjian.lake.ingest.readers.base import NOTHING, Batch, FileRefused, Header, Renamed, match_header
from hengjian.lake.ingest.readers.content import Content
from hengjian.lake.schema import Table

_ROWS = 250_000


def read_parquet(content: Content, table: Table, renamed: Renamed = NOTHING) -> tuple[Header, Iterator[Batch]]:
    """Header and batches. Line n is row n of the file, the first row being 2 as in a CSV. Raises FileRefused."""
    with ExitStack() as opened:
        file = _opened(content, opened)
        header = match_header(table, file.schema_arrow.names, renamed)
        return header, _batches(file, header, opened.pop_all())


def peek_parquet(content: Content, rows: int) -> list[list[str]]:
    """The columns and the first rows as text. Raises FileRefused."""
    with ExitStack() as opened:
        file = _opened(content, opened)
        part = next(file.iter_batches(rows), None)
        cells = [] if part is None else [[str("" if v is None else v) for v in row.values()] for row in part.to_pylist()]
        return [list(file.schema_arrow.names), *cells]


def _opened(content: Content, opened: ExitStack) -> pq.ParquetFile:
    stream = opened.enter_context(content.seekable())
    try:
        return pq.ParquetFile(stream)
    except (OSError, pa.ArrowException) as error:
        raise FileRefused("F05", f"不是完整的 Parquet 文件（{cause_of(error)}）") from error


def _batches(file: pq.ParquetFile, header: Header, opened: ExitStack) -> Iterator[Batch]:
    sent = {cell: name for cell, name in zip(file.schema_arrow.names, header.names, strict=True) if name}
    line = 2
    total = max(file.metadata.num_rows, 1)
    try:
        with opened, file:
            for part in file.iter_batches(_ROWS, columns=list(sent)):
                data = pa.Table.from_batches([part]).rename_columns([sent[n] for n in part.schema.names])
                lines = pa.array(np.arange(line, line + len(data), dtype=np.int64))
                line += len(data)
                yield Batch(data, lines, (), (line - 2) / total)
    except (OSError, pa.ArrowException) as error:
        raise FileRefused("F05", f"第 {line - 1} 行之后读不出（{cause_of(error)}）") from error
