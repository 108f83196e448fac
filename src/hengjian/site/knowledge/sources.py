"""Files to rows: finds what lies under the given paths, recognises the shape of each table by its header, and reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers import Content, FileRefused, read_csv
from hengjian.lake.ingest.readers.archive import members
from hengjian.lake.ingest.readers.base import BadLine, Batch, names_of
from hengjian.lake.ingest.readers.delimited import peek_csv
from hengjian.lake.ingest.readers.sheet import list_sheets, read_sheet
from hengjian.lake.ingest.readers.workbook import SUFFIXES as BOOKS
from hengjian.lake.schema.base import Table
from hengjian.site.knowledge.shapes import SHAPES, Shape
from hengjian.site.knowledge.tables import OF_RULE

TEXTS = (".csv", ".csv.gz", ".txt")
_TOP = 12
Progress = Callable[[str, float], None]

OTHER_RULES = (
    "药品限二线使用", "药品限适应症", "药品超限定病种目录范围使用", "超说明书适应症用药", "药品禁忌症", "老年人用药安全", "妊娠期及哺乳期用药安全",
    "药品相互作用", "无指征检验检查", "无指征治疗", "医疗服务项目禁忌症", "医疗服务项目超适应症使用", "医用耗材限疾病使用", "围手术期抗菌药物预防性应用监管",
    "医疗服务项目限适应症", "医疗服务项目分解收费",
)  # fmt: skip
"""Rules whose official tables hold texts that only people can judge."""
_NICK = {
    "超互联网": "超互联网医院药品支付范围", "最大开药天数": "超说明书用量开药", "单复方": "中药饮片单复方均不予支付",
    "单方": "中药饮片单方使用不予支付", "internet_excluded_drug": "超互联网医院药品支付范围", "second_line_drug": "药品限二线使用",
    "indication_drug": "药品限适应症", "duplicate_rx": "重复开药", "max_prescription_days": "超说明书用量开药",
    "limit_course_drug": "药品限支付疗程", "同切口": "手术项目未按规定折价收费",
}  # fmt: skip
"""Shorter words by which titles, sheets and files call a rule."""


@dataclass(frozen=True)
class Source:
    """One table: a file, or a sheet of a workbook. `rule`: the official rule its title, sheet or file name tells."""

    name: str
    shape: Shape
    rule: str
    read: Callable[[], Iterator[Batch]]
    size: int
    unknown: tuple[str, ...] = ()


@dataclass
class Found:
    """What lies under the paths: tables, and what is left out with the reason and the cure."""

    sources: list[Source] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    size: int = 0

    def refuse(self, name: str, what: str, cure: str) -> None:
        self.refused.append({"file": name, "what": what, "cure": cure})


@dataclass
class Read:
    """Rows of a table as read: cells by column, the line of each row, lines that are no rows."""

    source: Source
    lines: list[int]
    cells: list[dict[str, str]]
    bad: list[BadLine]


def find(paths: list[Path]) -> Found:
    """Look at files, folders and zips. Raises InputError when a path is missing or nothing can be a knowledge table."""
    found = Found()
    for path in paths:
        try:
            if not path.exists():
                raise InputError("没有这个文件或文件夹", where=str(path), cure="检查路径；含空格的路径要加引号")
            if path.is_dir():
                for file in sorted(p for p in path.rglob("*") if p.is_file()):
                    _file(found, Content.of(file, file.relative_to(path).as_posix()))
            else:
                _file(found, Content.of(path))
        except OSError as error:
            raise InputError("文件读不了", where=str(path), why=cause_of(error), cure="请管理员开读的权限") from error
    if not found.sources:
        told = "；".join(f"{r['file']}：{r['what']}" for r in found.refused[:3])
        raise InputError(
            "没有可以导入的知识表",
            where="、".join(map(str, paths)),
            why=told or "文件夹里没有 CSV 或 Excel 文件",
            cure=found.refused[0]["cure"]
            if found.refused
            else "把官方知识表（CSV、xlsx 或它们的 zip）放进来；认得的表头见 docs/howto/knowledge.md",
        )
    return found


def read(source: Source, progress: Callable[[float], None]) -> Read:
    """All rows of a table. Raises FileRefused."""
    result = Read(source, [], [], [])
    for batch in source.read():
        names = batch.data.column_names
        columns = [_texts(batch.data.column(n)) for n in names]
        result.lines += batch.lines.to_pylist()
        result.bad += batch.bad
        result.cells += (
            [{n: c for n, c in zip(names, cells, strict=True) if c} for cells in zip(*columns, strict=True)]
            if columns
            else [{} for _ in range(len(batch.lines))]
        )
        progress(batch.done)
    return result


def _texts(column: Any) -> list[str]:
    return [(c or "").strip() for c in column.cast(pa.string()).to_pylist()]


def _file(found: Found, content: Content) -> None:
    lower = content.name.lower()
    base = lower.rpartition("/")[2]
    if base.startswith((".", "~$")):
        return
    try:
        if lower.endswith(".zip"):
            inside, refused = members(content)
            for name, member in inside.items():
                _file(found, Content(f"{content.name}/{name}", member.size, member.open))
            for name, why in refused.items():
                found.refuse(f"{content.name}/{name}", why, "去掉密码或重新压缩")
        elif lower.endswith(BOOKS):
            _book(found, content)
        elif lower.endswith(TEXTS):
            _table(found, content.name, peek_csv(content, _TOP), content.size, content.name, partial(read_csv, content))
        elif lower.endswith((".pdf", ".doc", ".docx", ".et", ".xlsb", ".json", ".wps")):
            found.refuse(content.name, "不是 CSV 或 xlsx", "把里面的表另存为 xlsx 或 CSV")
    except FileRefused as error:
        found.refuse(content.name, error.detail, error.advice or "重新导出或重新传输这个文件")


def _book(found: Found, content: Content) -> None:
    for sheet, top in list_sheets(content, _TOP):
        name = f"{content.name}/{sheet.name}"
        if not any(any(row) for row in top):
            continue
        if sheet.hidden:
            found.refuse(name, "隐藏的工作表没有读", "要导入就在 Excel 里取消隐藏；不要就删去它")
            continue
        words = f"{sheet.name} {content.name}"
        _table(found, name, top, sheet.size or content.size, words, partial(read_sheet, content, sheet.name))


def _table(found: Found, name: str, top: list[list[str]], size: int, words: str, reader: Callable[[Table], Any]) -> None:
    """Recognise a table and list it, or say why it is none."""
    place, shape = recognise(top)
    if shape is None:
        head = "、".join(next((row for row in top if sum(bool(c.strip()) for c in row) > 1), [])[:8])
        found.refuse(
            name,
            f"表头不是认得的知识表（{head}）" if head else "没有表头",
            "表头改成 docs/howto/knowledge.md 里列的写法；不是知识表就拿出文件夹",
        )
        return
    title = " ".join(cell for row in top[:place] for cell in row if cell)
    rule = rule_in(title) or rule_in(words) or shape.rule

    columns = names_of(shape.columns, top[place])
    wanted = Table(shape.name, shape.title, (), tuple(replace(c, required=c.name in columns) for c in shape.columns.columns))

    def rows() -> Iterator[Batch]:
        return reader(wanted)[1]  # type: ignore[no-any-return]

    unknown = tuple(c.strip() for c, n in zip(top[place], columns, strict=True) if n is None and c.strip())
    found.sources.append(Source(name, shape, rule, rows, max(size, 1), unknown))
    found.size += max(size, 1)


def recognise(top: list[list[str]]) -> tuple[int, Shape | None]:
    """The header among the first rows, and its shape: the one that knows most of its columns."""
    best: tuple[int, int, Shape] | None = None
    for place, cells in enumerate(top):
        for shape in SHAPES:
            known = {n for n in names_of(shape.columns, cells) if n}
            if shape.fits(known) and (best is None or len(known) > best[0]):
                best = (len(known), place, shape)
    return (best[1], best[2]) if best else (0, None)


def rule_in(text: str) -> str:
    """The official rule a text names: the longest name that stands in it."""
    flat = "".join(text.split())
    named = [r for r in (*OF_RULE, *OTHER_RULES) if r in flat and not r.startswith("实务")]
    named = named or [rule for nick, rule in _NICK.items() if nick in flat]
    return max(named, key=len, default="")
