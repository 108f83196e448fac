"""One load of a city's fee lines as CSV, Parquet and Excel: lines a second, CPU, memory.

    python -m bench.ingest --form xlsx        10 M lines; prints one JSON line, which docs/benchmarks.md quotes
    python -m bench.ingest --form csv --people 20000

The other tables come as Parquet in every run, so that the three differ in the fee lines' format alone. Excel takes 1,048,575 rows a
sheet: a million a workbook here. CPU and memory are those of the `hengjian ingest` process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import xlsxwriter
from pyarrow import csv

SHEET = 1_000_000
FORMS = ("csv", "parquet", "xlsx")


def fee_lines(city: Path, folder: Path, form: str) -> None:
    """Write the fee lines of `city` into `folder` in another format, and link every other file."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(p for p in city.iterdir() if not p.name.startswith("fee_line")):
        (folder / path.name).symlink_to(path.resolve())
    for number, path in enumerate(sorted(city.glob("fee_line*.parquet")), 1):
        if form == "parquet":
            (folder / path.name).symlink_to(path.resolve())
        elif form == "csv":
            csv.write_csv(pq.read_table(path), folder / f"fee_line-{number:04d}.csv")
    for path in city.glob("fee_line*.csv"):
        (folder / path.name).unlink(missing_ok=True)
        (folder / path.name).symlink_to(path.resolve())
    if form == "xlsx":
        workbooks(sorted(city.glob("fee_line*.parquet")), folder)


def workbooks(paths: list[Path], folder: Path) -> None:
    """The rows of some Parquet files, a million a workbook; texts as texts, numbers as numbers, times as people's exports have them."""
    book = sheet = None
    row = number = 0
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(50_000):
            names = batch.schema.names
            columns = [c.cast("string").to_pylist() if str(c.type)[:4] in ("time", "date") else c.to_pylist() for c in batch]
            for cells in zip(*columns, strict=True):
                if book is None or row > SHEET:
                    if book:
                        book.close()
                    number += 1
                    book = xlsxwriter.Workbook(str(folder / f"fee_line-{number:04d}.xlsx"), {"constant_memory": True})
                    sheet = book.add_worksheet("费用明细")
                    sheet.write_row(0, 0, names)
                    row = 1
                for place, cell in enumerate(cells):
                    if isinstance(cell, str):
                        sheet.write_string(row, place, cell)
                    elif cell is not None:
                        sheet.write_number(row, place, cell)
                row += 1
    if book:
        book.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=260_000, help="about 39 fee lines each")
    parser.add_argument("--form", choices=FORMS, required=True)
    parser.add_argument("--work", type=Path, default=Path("out/bench"))
    args = parser.parse_args()
    command = str(Path(sys.executable).with_name("hengjian"))
    folder = args.work / f"p{args.people}"
    if not (folder / "city" / "manifest.csv").exists():
        subprocess.run(
            [command, "city", "--people", str(args.people), "--seed", "7", "--out", str(folder / "city")], check=True
        )
    sent = folder / f"sent-{args.form}"
    if not sent.exists():
        fee_lines(folder / "city", sent, args.form)
    size = sum(p.stat().st_size for p in sent.glob("fee_line*"))
    before, wall, load = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), os.getloadavg()[0]
    lake = folder / f"lake-{args.form}"
    done = subprocess.run(
        [command, "ingest", str(sent), "--lake", str(lake), "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode not in (0, 1):  # 1 = loaded, the city's planted bad rows refused
        raise SystemExit(done.stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter() - wall
    lines = json.loads(done.stdout)["tables"]["fee_line"]["read"]
    row = {
        "form": args.form,
        "lines": lines,
        "cpu": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "wall": round(wall, 1),
        "lines_a_second": int(lines / wall),
        "peak_mb": after.ru_maxrss // 1024,
        "mb_sent": size >> 20,
        "load": round(load, 1),
    }
    print(json.dumps(row))  # noqa: T201


if __name__ == "__main__":
    main()
