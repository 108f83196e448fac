"""The site's small dated files: CSV that people also edit in Excel, so BOM, GB18030, Chinese headers, blank rows and 2026/3/1 are read.

A file is only ever added to by the commands; a wrong row is refused with file, row, cause and cure, and then the whole file is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hengjian.kernel.causes import cause_of
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.kernel.whole import write_whole

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True)
class Ledger:
    """One file of the site: its name, what people call it, and its columns with their Chinese headers."""

    file: str
    label: str
    columns: Mapping[str, str]
    later: frozenset[str] = frozenset()
    """Columns that older files do not have: empty there."""

    def read(self, site: Path) -> list[Entry]:
        """Its rows, none when there is no file. Raises InputError."""
        path = site / self.file
        if not path.is_file():
            return []
        rows = list(csv.reader(io.StringIO(_text(path, self.label))))
        header = [_folded(c) for c in rows[0]] if rows else []
        names = {_folded(c): c for c in self.columns} | {_folded(label): c for c, label in self.columns.items()}
        places = {names[c]: n for n, c in reversed(list(enumerate(header))) if c in names}
        if missing := [c for c in self.columns if c not in places and c not in self.later]:
            raise InputError(
                f"{self.label}缺少列",
                where=f"{path}:1",
                why="没有 " + "、".join(f"{c}（{self.columns[c]}）" for c in missing),
                cure="第一行写全列名：" + ",".join(self.columns),
            )
        found = []
        for number, cells in enumerate(rows[1:], 2):
            if any(c.strip() for c in cells):
                values = dict.fromkeys(self.columns, "") | {
                    c: cells[n].strip() if n < len(cells) else "" for c, n in places.items()
                }
                found.append(Entry(f"{path}:{number}", self.label, values))
        return found

    def add(self, site: Path, rows: Iterable[Sequence[str]]) -> None:
        """Add rows at the end; whole or not at all. Raises OSError, or InputError when what is there cannot be read."""
        kept = [[entry.cells[c] for c in self.columns] for entry in self.read(site)]
        handle = io.StringIO()
        csv.writer(handle, lineterminator="\n").writerows([list(self.columns), *kept, *rows])
        write_whole(site / self.file, "\ufeff" + handle.getvalue())  # so that Excel reads Chinese


@dataclass(frozen=True)
class Entry:
    """One row: where it stands and its cells."""

    where: str
    label: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def need(self, column: str, cure: str) -> str:
        """A cell that must not be empty."""
        if not self.cells[column]:
            raise self.refuse(f"没有写 {column}", "这一格是空的", cure)
        return self.cells[column]

    def day(self, column: str) -> int:
        """A cell as a day number."""
        text = self.need(column, "写成 2026-03-01 这样的日期")
        try:
            return day_of(text)
        except ValueError as error:
            raise self.refuse("日期不对", f"“{text}”不是日期", "写成 2026-03-01 这样的日期") from error

    def refuse(self, what: str, why: str, cure: str) -> InputError:
        """The error that refuses this row."""
        return InputError(f"{self.label}的这一行{what}", where=self.where, why=why, cure=cure)


def day_of(text: str) -> int:
    """`2026-03-01`, `2026/3/1` or `2026年3月1日` as day number. Raises ValueError."""
    match = _DAY.fullmatch(text.strip().split(" ")[0])
    if not match:
        raise ValueError(text)
    return day_number(date(*map(int, match.groups())))


def _folded(header: str) -> str:
    return header.strip().strip("\ufeff").replace(" ", "").lower()


def _text(path: Path, label: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{label}读不出来", where=str(path), why=cause_of(error), cure="检查权限") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{label}读不出来", where=str(path), why="既不是 UTF-8 也不是 GB18030 编码的文字", cure="用 Excel 另存为 CSV UTF-8"
    )
