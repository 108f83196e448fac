"""Official tables as files, and imports of them: what the tests of imported knowledge share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import xlsxwriter

from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import KnowledgeRow
from hengjian.rulebook.rows import Frame
from hengjian.site.folder import writing
from hengjian.site.knowledge.importing import Prepared, apply, prepare
from hengjian.site.knowledge.origin import Options
from hengjian.site.knowledge.store import StoredBatch

NOTICE = Options("测试公告", "第九十批", date(2026, 5, 1))
NOW = datetime(2026, 11, 25, 9)
A, B, C = "XA01AAA001A001010100001", "XA01AAA001A001010100002", "XB01AAB002B001010100003"
"""Made-up drug codes."""


def csv(path: Path, head: Sequence[str], *rows: Sequence[Any]) -> Path:
    """A CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(f'"{c}"' for c in cells) for cells in (head, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def xlsx(path: Path, head: Sequence[str], *rows: Sequence[Any], title: str = "", sheet: str = "Sheet1") -> Path:
    """A workbook of one sheet, with a title row when there is a title."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(sheet)
        for number, cells in enumerate(([[title]] if title else []) + [head, *rows]):
            for place, cell in enumerate(cells):
                page.write(number, place, cell)
    return path


def look(
    root: Path, *paths: Path, options: Options = NOTICE, mode: str = "", shipped: Mapping[str, Any] | None = None
) -> Prepared:
    """What an import would do. `shipped`: the rulebook's knowledge instead of none."""
    return prepare(list(paths), root, shipped or {}, options, mode, lambda what, share: None)


def take(
    root: Path, *paths: Path, options: Options = NOTICE, mode: str = "", shipped: Mapping[str, Any] | None = None
) -> StoredBatch:
    """Import."""
    with writing(root):
        return apply(root, look(root, *paths, options=options, mode=mode, shipped=shipped), NOW)


def on(day: date) -> Options:
    """The notice, in force from a day."""
    return Options(NOTICE.notice, NOTICE.batch, day)


def told(prepared: Prepared) -> dict[int, tuple[str, str]]:
    """Line → reason and detail."""
    return {e.line: (e.reason, e.detail) for e in prepared.batch.explained}


def framed(table: str, rows: Sequence[KnowledgeRow]) -> Frame:
    """Rows as a site keeps them."""
    cells = [c for c in dict.fromkeys(c for r in rows for c in r.values) if c not in ("valid_from", "valid_to", "official")]
    columns: dict[str, Any] = {c: pa.array([r.values.get(c, "") for r in rows], pa.string()) for c in cells}
    columns |= {
        "start": pa.array([r.period.start for r in rows], pa.int32()),
        "end": pa.array([r.period.end for r in rows], pa.int32()),
    }
    columns |= {"official": pa.array([r.official for r in rows]), "line": pa.array([r.line for r in rows], pa.int32())}
    return Frame(table, pa.table(columns))


SHIPPED = load_rulebook()
