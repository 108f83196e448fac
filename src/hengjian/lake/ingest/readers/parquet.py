"""Parquet files, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.lake.causes import cause_of
from hengjian.lake.ingest.readers.base import Batch, FileRefused, Header, match_header
from hengjian.lake.schema import Table

_ROWS = 250_000


def read_parquet(path: Path, table: Table) -> tuple[Header, Iterator[Batch]]:
    """Header and batches. Line n is row n of the file, the first row being 2 as in a CSV. Raises FileRefused."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise FileRefused("F05", f"文件读不了：{cause_of(error)}", "检查文件和权限后重新送这个文件") from error
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise FileRefused("F05", f"不是完整的 Parquet 文件（{cause_of(error)}）") from error
    header = match_header(table, file.schema_arrow.names)
    return header, _batches(file, header)


def _batches(file: pq.ParquetFile, header: Header) -> Iterator[Batch]:
    sent = {cell: name for cell, name in zip(file.schema_arrow.names, header.names, strict=True) if name}
    line = 2
    total = max(file.metadata.num_rows, 1)
    try:
        with file:
            for part in file.iter_batches(_ROWS, columns=list(sent)):
                data = pa.Table.from_batches([part]).rename_columns([sent[n] for n in part.schema.names])
                lines = pa.array(np.arange(line, line + len(data), dtype=np.int64))
                line += len(data)
                yield Batch(data, lines, (), (line - 2) / total)
    except (OSError, pa.ArrowException) as error:
        raise FileRefused("F05", f"第 {line - 1} 行之后读不出（{cause_of(error)}）") from error
