"""Where a row comes from: notice, batch, the day from which it holds, and whether its words are official."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from hengjian.kernel.dates import OPEN_DAY, day_number
from hengjian.lake.ingest.values import Unreadable, read_day

BATCH_DAYS = {
    "第一批": date(2025, 6, 1), "第二批": date(2026, 1, 1), "第三批": date(2026, 1, 1), "第四批": date(2026, 1, 1), "第五批": date(2026, 1, 1),
    "第六批": date(2026, 1, 1), "第七批": date(2026, 1, 1), "第八批": date(2026, 2, 1), "第九批": date(2026, 4, 21), "第十批": date(2026, 5, 23),
    "第十一批": date(2026, 5, 23), "第十二批": date(2026, 5, 23), "第十三批": date(2026, 6, 1), "第十四批": date(2026, 6, 9),
    "第十五批": date(2026, 6, 16), "第十六批": date(2026, 6, 22), "第十七批": date(2026, 6, 29), "2026-01-28 更新": date(2026, 1, 28),
    "2025年版": date(2026, 3, 1),
}  # fmt: skip
"""Batches and the day from which we let them hold: the day of the notice, or the first day by which it was certainly out."""
REPLACING = frozenset({"2026-01-28 更新"})
"""Batches whose lists replace the earlier ones of their rules; all others add."""

_NUMBERS = ("", *"一二三四五六七八九十", *(f"十{n}" for n in "一二三四五六七八九"), "二十")
_BATCH = re.compile(r"第([一二三四五六七八九十]+)批")
_DOUBT = re.compile(r"非官方|工程默认|工程判定|本文|推得|实务|verify|PDF-parsed|扫描")
_TAIL = re.compile(
    r"[；;（(]\s*(?:as parsed|parsed|text via|GitHub|年龄组|抗菌药物)|\s+via\s+|\bextracted in|；折率|；名称|附件；|；GitHub"
)


@dataclass(frozen=True)
class Options:
    """What the user says of all rows of an import; empty: the rows say it themselves."""

    notice: str = ""
    batch: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Origin:
    """`fault`: why it cannot be said where a row comes from, or from when it holds."""

    notice: str = ""
    batch: str = ""
    start: int = 0
    end: int = OPEN_DAY
    official: bool = False
    doubt: str = ""
    fault: str = ""


@dataclass
class Origins:
    """Origins of rows, each distinct one worked out once."""

    options: Options
    _seen: dict[tuple[str, ...], Origin] = field(default_factory=dict)

    def of(self, cells: dict[str, str]) -> Origin:
        key = tuple(cells.get(n, "") for n in ("source", "batch", "from_day", "to_day"))
        if key not in self._seen:
            self._seen[key] = self._work_out(*key)
        return self._seen[key]

    def _work_out(self, source: str, batch_cell: str, from_cell: str, to_cell: str) -> Origin:
        notice = self.options.notice or _TAIL.split(source)[0].strip()
        batch = self.options.batch or batch_of(batch_cell, source)
        start = self.options.day or _day(from_cell) or BATCH_DAYS.get(batch)
        if from_cell and not self.options.day and _day(from_cell) is None and len(from_cell) > 4:
            return Origin(fault=f"生效日期“{from_cell}”读不懂")
        end = _day(to_cell)
        if to_cell and end is None:
            return Origin(fault=f"失效日期“{to_cell}”读不懂")
        if start is None and _DOUBT.search(source):
            start = BATCH_DAYS["2025年版"]  # not official, of no batch: no earlier than the edition it accompanies
        if not notice:
            return Origin(fault="不知道出自哪个公告；用 --notice 写明")
        if start is None:
            return Origin(fault="不知道从哪天起有效；用 --from 写明（或用 --batch 写明公告批次）")
        if end is not None and end <= start:
            return Origin(fault=f"失效日期 {end} 不晚于生效日期 {start}")
        doubt = _DOUBT.search(source)
        why = ""
        if doubt:
            why = {"非官方": "实务做法，不是官方知识", "实务": "实务做法，不是官方知识"}.get(doubt[0], "")
            why = why or (
                "由扫描件或网页文字整理，须与原件核对" if doubt[0] in ("PDF-parsed", "verify", "扫描") else "部分由整理者取定"
            )
        last = day_number(end) if end else OPEN_DAY
        return Origin(notice, batch or notice[:20], day_number(start), last, not doubt, why)


def batch_of(cell: str, source: str = "") -> str:
    """The batch a cell or a source text names, as we write it; empty when none."""
    text = cell.strip()
    if text.isdigit() and 0 < int(text) < len(_NUMBERS):
        return f"第{_NUMBERS[int(text)]}批"
    for words in (text, source):
        if found := _BATCH.search(words):
            return f"第{found[1]}批"
        if found := re.search(r"两库附件 B(\d+)", words):
            return batch_of(found[1])
        if "2026-01-28" in words or "U2026-01" in words:
            return "2026-01-28 更新"
        if "2025年版" in words or "规则列表" in words:
            return "2025年版"
    return text


def _day(text: str) -> date | None:
    try:
        return read_day(text) if text else None
    except Unreadable:
        return None
