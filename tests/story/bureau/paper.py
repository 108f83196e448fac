"""Puts rows on paper as the old system does, and enters every one into the ledger with the line it stands on."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from hengjian.lake.schema import TABLES

from .habits import BY_PLACE, Habit, place_of
from .ledger import REJECTED, Fate, Ledger, Row

EPOCH = (2026, 4, 1, 8, 0, 0)


class WindowsName(zipfile.ZipInfo):
    """A member named in GBK without saying so, as zip programs of Chinese Windows do."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def write_export(folder: Path, rows: Iterable[Row], ledger: Ledger, suffix: str = "") -> None:
    """All rows, each in the file it belongs in; `suffix` marks a later month's files."""
    folder.mkdir(parents=True, exist_ok=True)
    sorted_rows: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        sorted_rows[place_of(row.table, row.cells)].append(row)
    archives: dict[str, dict[str, bytes]] = defaultdict(dict)
    books: dict[str, dict[str, list[Row]]] = defaultdict(dict)
    for place in (p for p in BY_PLACE if sorted_rows[p]):
        outer, _, inner = place.partition("!")
        named = later(outer, suffix)
        if outer.endswith(".xlsx"):
            books[named][inner] = sorted_rows[place]
            continue
        data = _csv(BY_PLACE[place], sorted_rows[place], ledger, named + (f"!{inner}" if inner else ""), total=not suffix)
        if inner:
            archives[named][inner] = data
        else:
            (folder / named).write_bytes(gzip.compress(data, mtime=0) if named.endswith(".gz") else data)
    for name, members in archives.items():
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                info = (WindowsName if name.startswith("慢病") else zipfile.ZipInfo)(member, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)
    for name, sheets in books.items():
        _book(folder / name, sheets, ledger)


def later(name: str, suffix: str) -> str:
    """The name of a file of a later delivery."""
    stem, dot, ending = name.partition(".")
    return f"{stem}{suffix}{dot}{ending}"


def _values(habit: Habit, row: Row, number: int) -> list[Any]:
    cells = []
    for header, column in habit.pairs:
        if header in row.raw or (column and column in row.raw):
            cells.append(row.raw.get(header, row.raw.get(column, "")))
        elif not column:
            cells.append({"序号": str(number), "打印次数": "1", "患者姓名": "某某"}.get(header, ""))
        else:
            cells.append("" if row.wreck == "empty" else habit.cell(row.table, column, row.cells.get(column)))
    return cells if row.wreck != "empty" else [""] * len(cells)


def key_of_row(row: Row) -> tuple[str, ...]:
    """The key a row has in the lake, as text; empty when its text does not carry it."""
    if row.wreck in ("empty", "fewer") or any(k in row.raw for k in TABLES[row.table].key):
        return ()
    return tuple("" if row.cells.get(k) is None else str(row.cells[k]) for k in TABLES[row.table].key)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _wrecked(habit: Habit, fields: list[str], wreck: str) -> str:
    name = next((i for i, (_, column) in enumerate(habit.pairs) if column == "hilist_name"), 0)
    if wreck == "fewer":
        fields = fields[:5]
    elif wreck == "stray":
        fields[name] = fields[name][1:-1].replace('""', '"')
    elif wreck == "unclosed":
        fields[name] = '"' + fields[name]
    return ",".join(fields) + {"more": ",多出一格", "commas": ",,,", "semicolons": ";;;"}.get(wreck, "")


def _csv(habit: Habit, rows: list[Row], ledger: Ledger, file: str, *, total: bool) -> bytes:
    out = io.StringIO()
    line = 1

    def say(text: str) -> None:
        nonlocal line
        out.write(text + habit.newline)
        line += text.count("\n") + 1

    for text in habit.title:
        say(text)
    say(",".join(header for header, _ in habit.pairs))
    for number, row in enumerate(rows, 1):
        ledger.enter(file, line, row, key_of_row(row))
        say(_wrecked(habit, [_quoted(str(v)) for v in _values(habit, row, number)], row.wreck))
    if habit.footer and total:
        money = next(c for _, c in habit.pairs if c in ("det_item_fee_sumamt", "medfee_sumamt"))
        whole = f"{sum((r.cells[money] for r in rows), Decimal(0)):.2f}"
        short = habit.footer == "short"
        cells = ["合计", whole] if short else ["合计", *(whole if c == money else "" for _, c in habit.pairs[1:])]
        ledger.enter(file, line, Row(habit.table, {}, fate=Fate("sum_line", REJECTED, "F04" if short else "T01")), ())
        say(",".join(cells))
        out.write(habit.newline)  # and a blank line, which is no row
    return out.getvalue().encode(habit.encoding)


def _book(path: Path, sheets: dict[str, list[Row]], ledger: Ledger) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": datetime(*EPOCH)})
    clock, bold = book.add_format({"num_format": "yyyy/m/d h:mm"}), book.add_format({"bold": True, "align": "center"})
    cover = book.add_worksheet("说明")
    cover.write_column(0, 0, ["本表由云岭县医疗保障局信息科导出", "如有疑问请电话联系", "数据截至 2026-03-31"])
    for name, rows in sheets.items():
        habit = BY_PLACE[f"{path.name.replace('_补报', '')}!{name}"]
        sheet, at = book.add_worksheet(name), len(habit.title)
        for i, text in enumerate(habit.title):
            if text:
                sheet.merge_range(i, 0, i, 6, text, bold)
        sheet.write_row(at, 0, [header for header, _ in habit.pairs], bold)
        for number, row in enumerate(rows, 1):
            at += 1
            ledger.enter(f"{path.name}!{name}", at + 1, row, key_of_row(row))
            for i, value in enumerate(_values(habit, row, number)):
                _cell(
                    sheet,
                    at,
                    i,
                    value,
                    clock,
                    as_number=number % 2 == 0 and habit.pairs[i][1] in ("mdtrt_id", "psn_no", "oprn_srt_no"),
                )
    summary = book.add_worksheet("透视表")
    for i, cells in enumerate((["行标签", "计数项", "求和项"], ["人民医院", 12, 3456.7], ["总计", 12, 3456.7])):
        summary.write_row(i, 0, cells)
    hidden = book.add_worksheet("字典")
    hidden.write_column(0, 0, ["代码", "1", "2"])
    hidden.write_column(0, 1, ["名称", "有效", "停用"])
    hidden.hide()
    book.close()
    ledger.ignored |= {f"{path.name}!{name}" for name in ("说明", "透视表", "字典")}


def _cell(sheet: Any, row: int, column: int, value: Any, clock: Any, *, as_number: bool) -> None:
    if value == "#N/A":
        sheet.write_formula(row, column, "=NA()", None, "#N/A")
    elif hasattr(value, "year"):
        sheet.write_datetime(row, column, value, clock)
    elif isinstance(value, (int, float)) or (as_number and str(value).isdigit() and str(value)[0] != "0"):
        sheet.write_number(row, column, float(value))
    elif value != "":
        sheet.write_string(row, column, value)
