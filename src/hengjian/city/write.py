"""Files of the city: Parquet or CSV for the large tables, CSV in two encodings for small ones, all with the same bytes each time."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from hengjian.city.dirt import KIND, Row
from hengjian.kernel.errors import InputError
from hengjian.lake.schema import TABLES

_OWN = re.compile(rf"^(?:(?:{'|'.join(TABLES)})(?:-[0-9]{{3}}|-补传)?\.(?:csv|parquet)|manifest\.csv|truth\.csv|knowledge)$")

_TIMES = ("fee_ocur_time", "begntime", "setl_time")
_FEW_VALUES = (
    "pric",
    "cnt",
    "selfpay_prop",
    "overlmt_amt",
    "prd_days",
    "sin_dos",
    "spec_pack_cnt",
    "pool_prop_selfpay",
    "cvlserv_pay",
    "oth_pay",
)
"""Parquet: columns with statistics, and numbers that repeat enough for a dictionary."""


def prepare(out: Path, force: bool) -> None:
    """Make the output folder; with `force`, remove what an earlier city left in it. Raises InputError when it cannot be used."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        present = sorted(entry.name for entry in out.iterdir())
        if present and not force:
            few = "、".join(present[:3]) + (" 等" if len(present) > 3 else "")
            raise InputError(
                "输出文件夹不是空的",
                where=str(out),
                why=f"里面有 {few}",
                cure="换一个空文件夹，或加 --force 覆盖以前生成的城市",
            )
        if foreign := [name for name in present if not _OWN.match(name)]:
            raise InputError(
                "输出文件夹里有别的文件",
                where=str(out),
                why="、".join(foreign[:3]) + " 不是合成城市的文件，不会删除",
                cure="换一个空文件夹",
            )
        for name in present:
            shutil.rmtree(out / name) if name == "knowledge" else (out / name).unlink()
        probe = out / "manifest.csv"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise InputError(
            "输出文件夹写不进去", where=str(out), why=error.strerror or str(error), cure="换一个可写的文件夹，或请管理员开权限"
        ) from error


def write_large(out: Path, name: str, number: int, table: pa.Table, form: str) -> None:
    """One block's part of a large table: `<name>-001.parquet` or `.csv`."""
    path = out / f"{name}-{number + 1:03d}.{form}"
    if form == "csv":
        write_csv(path, table)
        return
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        store_schema=False,
        store_decimal_as_integer=True,
        coerce_timestamps="us",
        use_dictionary=[f.name for f in table.schema if pa.types.is_dictionary(f.type) or f.name in _FEW_VALUES],
        write_statistics=[c for c in _TIMES if c in table.column_names],
        dictionary_pagesize_limit=1 << 26,
        row_group_size=1 << 20,
    )


def as_text(table: pa.Table) -> pa.Table:
    """The table with every cell as text."""
    return pa.table({name: table.column(name).cast(pa.string()) for name in table.column_names})


def write_csv(path: Path, table: pa.Table, encoding: str = "utf-8") -> None:
    """A table as CSV with a header; `encoding` is utf-8, utf-8-sig or gb18030."""
    sink = io.BytesIO()
    pa_csv.write_csv(as_text(table), sink, pa_csv.WriteOptions(quoting_style="needed"))
    payload = sink.getvalue()
    path.write_bytes(payload if encoding == "utf-8" else payload.decode().encode(encoding))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], encoding: str = "utf-8") -> None:
    """Rows of text as CSV with a header."""
    with path.open("w", encoding=encoding, newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


class LateFiles:
    """The `补传` files: bad rows of every block, appended as they come; diagnoses under Chinese headers, persons in GB18030."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.counts: dict[str, dict[str, int]] = {}

    def add(self, found: dict[str, list[Row]]) -> None:
        """Append the bad rows of one block."""
        for name, rows in found.items():
            if not rows:
                continue
            columns = [c for c in rows[0] if c != KIND]
            first = name not in self.counts
            counts = self.counts.setdefault(name, {})
            encoding = "gb18030" if name == "person" else "utf-8"
            with (self.out / f"{name}-补传.csv").open("w" if first else "a", encoding=encoding, newline="") as handle:
                if first:
                    handle.write(_line([TABLES[name][c].label if name == "diagnosis" else c for c in columns]))
                for row in rows:
                    handle.write(_line([row[c] for c in columns]))
                    counts[row[KIND]] = counts.get(row[KIND], 0) + 1


def _line(cells: Sequence[str]) -> str:
    """One CSV line; unlike the csv module it keeps a NUL as a sender would."""
    return ",".join('"' + c.replace('"', '""') + '"' if any(x in c for x in ',"\r\n') else c for c in cells) + "\n"


def text_of(table: pa.Table) -> list[list[str]]:
    """Rows of a small table as lists of text."""
    columns = [pc.fill_null(table.column(c).cast(pa.string()), "").to_pylist() for c in table.column_names]
    return [list(row) for row in zip(*columns, strict=True)]
