"""Excel files of any list, made in the background: a room registers its list, a page posts its query string.

Who asked for a file is written into it, only that person may fetch it, and after some days it is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import office
from hengjian.apps.journal.services import record
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.progress import Progress
from hengjian.apps.runs.services import lifecycle
from hengjian.apps.runs.work import Outcome
from hengjian.kernel.errors import InputError
from hengjian.report.words import plain

KEPT_FOR = timedelta(days=7)
MOST_ROWS = 1_000_000
_FORMATS = {
    "money": "#,##0.00",
    "count": "#,##0",
    "share": "0.0000",
    "day": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm",
    "text": "@",
}


@dataclass(frozen=True)
class Column:
    """One column: its title, an attribute path (`institution__name` or `institution.name`) or a function of the row, and how it is
    written: text, money, count, share, day, instant."""

    title: str
    value: str | Callable[[Any], Any]
    kind: str = "text"
    width: int = 16

    def of(self, row: Any) -> Any:
        """The value in a row."""
        if callable(self.value):
            return self.value(row)
        for name in self.value.replace("__", ".").split("."):
            row = row.get(name) if isinstance(row, dict) else getattr(row, name, None)
            row = row() if callable(row) else row
        return row


Rows = Callable[[User, date, QueryDict], "QuerySet[Any] | Sequence[Any] | Iterable[Any]"]
"""Rows of a list for a person on a day, with the filters of its page: the scope is applied here, when the file is made."""


Writer = Callable[[Path, User, date, QueryDict, Progress], int]
"""Writes a whole workbook of its own shape to a path, and says how many rows it has."""


@dataclass(frozen=True)
class Export:
    """A list that can be exported, or a workbook that can be written (`write`)."""

    name: str
    title: str
    act: str
    rows: Rows = lambda user, day, query: ()
    columns: tuple[Column, ...] = ()
    write: Writer | None = None


_EXPORTS: dict[str, Export] = {}


def register(name: str, rows: Rows, columns: Sequence[Column], *, title: str, act: str) -> None:
    """Offer a list under /runs/exports/NAME/ (URL `runs:export`). Called when the room is ready; registered twice it is the last."""
    _EXPORTS[name] = Export(name, title, act, rows, tuple(columns))


def register_file(name: str, write: Writer, *, title: str, act: str) -> None:
    """Offer a workbook that is no list."""
    _EXPORTS[name] = Export(name, title, act, write=write)


def export_named(name: str) -> Export:
    """Raises InputError for a name nobody registered."""
    if name not in _EXPORTS:
        raise InputError("没有这个导出", cure="回到列表页，用上面的“导出 Excel”")
    return _EXPORTS[name]


@transaction.atomic
def start_export(*, by: User, at: datetime, name: str, query: str) -> Run:
    """Have a list written to a file, with the filters of its page. Raises NotAllowed as the list itself."""
    export = export_named(name)
    rights.check(by, export.act, timezone.localdate(at))
    return lifecycle.queue(
        by=by, at=at, kind="export", title=f"导出{export.title}", settings={"name": name, "query": query[:2000]}
    )


@transaction.atomic
def take_export(*, by: User, at: datetime, run: Run) -> Path:
    """The file of a finished export, for who asked for it. That it was taken is recorded."""
    path = file_of(run)
    if not path.is_file():
        raise InputError("导出文件已经删除", why=f"只保留 {KEPT_FOR.days} 天", cure="回到列表页再导出一份")
    record(
        by=by, at=at, event="export.taken", subject=f"run:{run.pk}", summary=f"下载：{run.title}", rows=run.counts.get("rows")
    )
    return path


def file_of(run: Run) -> Path:
    """Where the file of an export lies."""
    return Path(settings.EXPORTS) / f"{run.pk}.xlsx"


def work(run: Run, progress: Progress) -> Outcome:
    """Write the file, as its person may see the rows now."""
    export = export_named(run.settings["name"])
    by, at = run.by, timezone.localtime()
    assert by is not None
    rights.check(by, export.act, at.date())
    query, path = QueryDict(run.settings["query"]), file_of(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    if export.write is not None:
        written = export.write(draft, by, at.date(), query, progress)
    else:
        rows = export.rows(by, at.date(), query)
        total = rows.count() if isinstance(rows, QuerySet) else len(rows) if isinstance(rows, Sequence) else 0
        written = _write(draft, export, _each(rows), total, f"{by.name}（{by.login}，{by.unit.name}）", at, progress)
    draft.replace(path)
    path.chmod(0o600)
    return Outcome({"rows": written}, f"{written:,} 行")


def _each(rows: Any) -> Iterator[Any]:
    return rows.iterator(chunk_size=2000) if isinstance(rows, QuerySet) else iter(rows)


def _write(path: Path, export: Export, rows: Iterator[Any], total: int, who: str, at: datetime, progress: Progress) -> int:
    mark = f"{who} 于 {at:%Y-%m-%d %H:%M} 导出，仅供本单位办案使用"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        book.set_properties({"title": export.title, "author": who, "company": office().name, "comments": mark, "created": at.replace(tzinfo=None)})  # fmt: skip
        sheet = book.add_worksheet(export.title[:31])
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#EAF1FB"})
        kinds = {kind: book.add_format({"num_format": number}) for kind, number in _FORMATS.items()}
        sheet.freeze_panes(1, 0)
        sheet.set_footer(f"&L{mark.replace('&', '&&')}&R第 &P 页，共 &N 页")
        for n, column in enumerate(export.columns):
            sheet.set_column(n, n, column.width)
            sheet.write_string(0, n, column.title, head)
        count = 0
        for row in rows:
            if count == MOST_ROWS:
                break
            count += 1
            for n, column in enumerate(export.columns):
                _cell(sheet, count, n, column.of(row), kinds[column.kind])
            if count % 500 == 0:
                progress.tell(f"已写 {count:,} 行", count / total if total else 0.5)
        more = f"；行数太多，只写了前 {MOST_ROWS:,} 行" if count == MOST_ROWS else ""
        sheet.write_string(count + 2, 0, f"{mark}；共 {count:,} 行{more}")
    finally:
        book.close()
    return count


def _cell(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, column, "是" if value else "否")
    elif isinstance(value, Decimal | int | float):
        sheet.write_number(row, column, value, form)
    elif isinstance(value, datetime):
        plain_at = timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
        sheet.write_datetime(row, column, plain_at, form)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, form)
    else:
        sheet.write_string(row, column, plain(str(value))[:32_000], form)
