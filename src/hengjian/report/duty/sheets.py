"""Sheets of the duty report: institutions, reasons, and the rows themselves, each with what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from hengjian.kernel.amounts import to_yuan
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.local import LOCAL
from hengjian.report.book import Book, Head
from hengjian.report.duty.figures import FLAGGED, REFUSED, Duty, OrgDuty, ReasonDuty, Tally

SHEET_ROWS = 1_000_000
"""Rows of one sheet; a workbook allows 1,048,576."""

DUTY_HEADS = (
    Head("机构名称", 32), Head("机构编号", 16), Head("处理", 8), Head("原因码", 8), Head("原因", 40, "wrap"), Head("行数", 11, "count"),
    Head("金额（元）", 17, "money"), Head("已补正行数", 12, "count"), Head("已补正金额（元）", 17, "money"), Head("办法", 60, "wrap"),
)  # fmt: skip
ORG_HEADS = (
    Head("机构名称", 32), Head("机构编号", 16), Head("退回行数", 11, "count"), Head("退回金额（元）", 17, "money"), Head("已补正行数", 12, "count"),
    Head("已补正金额（元）", 17, "money"), Head("提示行数", 11, "count"), Head("提示金额（元）", 17, "money"), Head("主要原因", 60, "wrap"), Head("退回文件", 30),
)  # fmt: skip
REASON_HEADS = (
    Head("处理", 8), Head("原因码", 8), Head("原因", 44, "wrap"), Head("行数", 11, "count"), Head("金额（元）", 17, "money"), Head("已补正行数", 12, "count"),
    Head("已补正金额（元）", 17, "money"), Head("办法", 60, "wrap"),
)  # fmt: skip
FLAG_HEADS = (
    Head("文件", 28), Head("行", 9, "line"), Head("表", 16), Head("主键", 34), Head("列", 30), Head("值", 24), Head("原因", 40, "wrap"), Head("办法", 50, "wrap"),
    Head("金额（元）", 15, "money"),
)  # fmt: skip
REJECT_HEADS = (*FLAG_HEADS, Head("其他问题", 30, "wrap"), Head("补送后自动重试", 12))
PLACE_HEADS = (Head("机构编号", 16), Head("机构名称", 28))
"""Stand before the columns of a row where rows of several institutions are listed."""

REJECTED_ROWS = """
SELECT org, file, line, tab, row_key, col, val, reason, advice, amount, others, waits FROM duty_refused
WHERE how IS NULL AND ({org}) ORDER BY org, load_no, file, line
"""
FLAGGED_ROWS = """
SELECT org, file, line, tab, row_key, col, val, reason, advice, amount FROM duty_flag WHERE {org} ORDER BY org, load_no, file, line, code LIMIT {most}
"""

_LABELS = {name: t.label for name, t in TABLES.items()} | {t.name: t.label for t in LOCAL.values()}
_COLUMNS = {(t.name, c.name): f"{c.label} {c.name}" for t in (*TABLES.values(), *LOCAL.values()) for c in t.columns}


def main_reasons(org: OrgDuty, most: int = 2) -> str:
    """The reasons that cost an institution most rows: of refused rows still open, else of flagged ones."""
    open_ones = [r for r in org.reasons if r.level == REFUSED and r.tally.rows] or [
        r for r in org.reasons if r.level == FLAGGED
    ]
    return "；".join(f"{r.title}（{r.tally.rows:,} 行）" for r in open_ones[:most])


def duty_rows(duty: Duty) -> tuple[list[list[Any]], list[list[Any]]]:
    """Institution by reason, and the two sums; in the second a row with several flags counts once."""
    rows = [[org.name, org.code, *_reason(r)] for org in duty.orgs for r in org.reasons]
    refused = ["退回合计", "", REFUSED, "", "", *_tally(duty.refused), *_tally(duty.settled), ""]
    flagged = ["提示合计", "", FLAGGED, "", "一行有几处提示，这里只计一次", *_tally(duty.flagged), None, None, ""]
    return rows, [refused, flagged]


def org_rows(duty: Duty, files: dict[str, str]) -> tuple[list[list[Any]], list[list[Any]]]:
    """One row per institution, and their sum."""
    rows = [
        [o.name, o.code, *_tally(o.refused), *_tally(o.settled), *_tally(o.flagged), main_reasons(o, 3), files.get(o.code, "")]
        for o in duty.orgs
    ]
    return rows, [["合计", "", *_tally(duty.refused), *_tally(duty.settled), *_tally(duty.flagged), "", ""]]


def reason_rows(duty: Duty) -> list[list[Any]]:
    """One row per reason."""
    return [_reason(r) for r in duty.reasons]


def _tally(tally: Tally) -> list[Any]:
    return [tally.rows, to_yuan(tally.fen)]


def _reason(r: ReasonDuty) -> list[Any]:
    settled = _tally(r.settled) if r.level == REFUSED else [None, None]
    return [r.level, r.code, r.title, *_tally(r.tally), *settled, r.advice]


def write_table(
    book: Book, name: str, heads: Sequence[Head], rows: Sequence[Sequence[Any]], totals: Sequence[Sequence[Any]] = ()
) -> None:
    """A sheet that is filtered by its header, with its sums below."""
    sheet = book.sheet(name, heads, freeze=1)
    for number, cells in enumerate(rows, start=1):
        book.row(sheet, number, heads, cells)
    for number, cells in enumerate(totals, start=len(rows) + 1):
        book.row(sheet, number, heads, cells, bold=True)
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)


def write_rows(
    book: Book,
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    heads: Sequence[Head],
    names: dict[str, str] | None = None,
    tell: Callable[[int], None] | None = None,
    sheet_rows: int = SHEET_ROWS,
) -> int:
    """Write the rows of REJECTED_ROWS or FLAGGED_ROWS to as many sheets as they need; `names` puts the institution before each.

    `tell` hears how many rows are written. Returns their number.
    """
    heads = [*PLACE_HEADS, *heads] if names is not None else list(heads)
    sheet, here, sheets, written = book.sheet(name, heads, freeze=2), 0, 1, 0
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            if here == sheet_rows:
                sheet.autofilter(0, 0, here, len(heads) - 1)
                sheets += 1
                sheet, here = book.sheet(f"{name} {sheets}", heads, freeze=2), 0
            here += 1
            place = [row[0], names.get(row[0], row[0])] if names is not None else []
            book.row(sheet, here, heads, [*place, *_cells(row)])
        written += len(rows)
        if tell:
            tell(written)
    sheet.autofilter(0, 0, max(here, 1), len(heads) - 1)
    return written


def _cells(row: tuple[Any, ...]) -> list[Any]:
    _, file, line, tab, key, col, val, reason, advice, amount, *more = row
    cells = [file, line, _LABELS.get(tab, tab), key, _COLUMNS.get((tab, col), col), val, reason, advice, amount]
    return cells + ([more[0], "是" if more[1] == 1 else ""] if more else [])
