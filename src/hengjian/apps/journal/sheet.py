"""The journal as an Excel file. Texts are written as texts: nothing in a cell is ever taken for a formula."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import xlsxwriter
from django.utils import timezone

from hengjian.apps.journal.models import Entry

HEADS = (
    ("序号", 8),
    ("时间", 20),
    ("行为人", 12),
    ("行为人标识", 14),
    ("事件", 24),
    ("对象", 18),
    ("内容", 70),
    ("详情", 40),
    ("摘要", 68),
)


def as_xlsx(rows: Iterable[Entry]) -> bytes:
    """One sheet, a row an entry, with a filter on the heads."""
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("操作日志")
        head = book.add_format({"bold": True, "bottom": 1})
        for n, (title, width) in enumerate(HEADS):
            sheet.write_string(0, n, title, head)
            sheet.set_column(n, n, width)
        last = 0
        for last, entry in enumerate(rows, 1):
            sheet.write_number(last, 0, entry.number)
            at = f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}"
            texts = (at, entry.actor_name, entry.actor, entry.event, entry.subject, entry.summary, entry.detail, entry.digest)
            for n, text in enumerate(texts, 1):
                sheet.write_string(last, n, text)
        sheet.autofilter(0, 0, last, len(HEADS) - 1)
        sheet.freeze_panes(1, 0)
    return kept.getvalue()
