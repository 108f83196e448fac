"""YAML and CSV with line numbers, so that every error names file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from hengjian.kernel.dates import OPEN_DAY, Period, day_number
from hengjian.kernel.errors import RulebookError


@dataclass(frozen=True)
class Marked:
    """A YAML mapping and the line of each of its keys (1-based, in the file)."""

    values: dict[str, Any]
    lines: dict[str, int]
    path: Path

    def where(self, key: str = "") -> str:
        return f"{self.path}:{self.lines.get(key, next(iter(self.lines.values()), 1))}"

    def need(self, key: str) -> Any:
        """The value of a required key. Raises RulebookError when it is missing or empty."""
        value = self.values.get(key)
        if value is None or value == "":
            raise RulebookError(f"缺少“{key}”", where=self.where(), why="这一项不能为空", cure=f"补上 {key}: …")
        return value

    def text(self, key: str, default: str = "") -> str:
        return str(self.values.get(key, default) or default)

    def one_of(self, key: str, allowed: Any) -> str:
        """The value of `key`, which must be one of `allowed`."""
        value = str(self.need(key))
        if value not in allowed:
            raise RulebookError(f"“{key}”不能是“{value}”", where=self.where(key), cure="改为：" + "、".join(allowed))
        return value

    def flag(self, key: str) -> bool:
        """Whether `key` is true; absent, it is not."""
        value = str(self.values.get(key, "false"))
        if value not in ("true", "false"):
            raise RulebookError(f"“{key}”不能是“{value}”", where=self.where(key), cure="写 true，或删去这一行")
        return value == "true"

    def refuse_unknown(self, known: set[str]) -> None:
        """Raises RulebookError when a key is not known: a misspelt key must never be silently ignored."""
        for key in self.values:
            if key not in known:
                raise RulebookError(
                    f"不认识的条目“{key}”", where=self.where(key), cure="可用的条目：" + "、".join(sorted(known))
                )

    def period(self, context: str = "") -> Period:
        """`valid_from` (required) and `valid_to` of this mapping."""
        start = as_day(self.need("valid_from"), self.where("valid_from"))
        end = as_day(self.values["valid_to"], self.where("valid_to")) if self.values.get("valid_to") else OPEN_DAY
        return make_period(start, end, self.where("valid_from"))


def make_period(start: int, end: int, where: str) -> Period:
    """A Period, or a RulebookError that names the place."""
    try:
        return Period(start, end)
    except ValueError as error:
        raise RulebookError(
            "有效期是空的", where=where, why="失效日期不晚于生效日期", cure="失效日期是不再有效的第一天，须晚于生效日期"
        ) from error


def as_day(value: Any, where: str) -> int:
    """`2026-03-01` as day number. Raises RulebookError naming `where`."""
    try:
        return day_number(date.fromisoformat(str(value).strip()))
    except ValueError as error:
        raise RulebookError(f"“{value}”不是日期", where=where, cure="写成 2026-03-01 这样的形式") from error


_SAFE, _BASE = (getattr(yaml, f"C{name}", getattr(yaml, name)) for name in ("SafeLoader", "BaseLoader"))
"""libyaml where PyYAML was built with it: fifteen times as fast."""


def read_yaml(text: str, path: Path, first_line: int = 1) -> Marked:
    """One YAML mapping; `first_line` is the file line on which `text` begins."""
    try:
        node = yaml.compose(text, Loader=_SAFE)
        values = yaml.load(text, Loader=_BASE)  # every scalar stays text: no surprise about on, no, dates
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark else 0)
        raise RulebookError(
            "YAML 写法有误", where=f"{path}:{line}", why=str(getattr(error, "problem", error)), cure="检查缩进、冒号和引号"
        ) from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise RulebookError("应当是“条目: 值”的形式", where=f"{path}:{first_line}", cure="参照 rulebook 里已有的文件")
    lines = {str(k.value): first_line + k.start_mark.line for k, _ in node.value}
    return Marked({str(k): v for k, v in values.items()}, lines, path)


def read_file(path: Path) -> str:
    """UTF-8 text of a rulebook file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError("文件读不出来", where=str(path), why=str(error), cure="确认文件存在并且是 UTF-8 编码") from error


def read_csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file as (line, {column: stripped text}). Raises RulebookError on a ragged row."""
    reader = csv.reader(io.StringIO(read_file(path)))
    header = next(reader, None)
    if not header:
        raise RulebookError("文件是空的", where=str(path), cure="第一行写列名")
    for cells in reader:
        if not cells:
            continue
        if len(cells) != len(header):
            raise RulebookError(
                f"这一行有 {len(cells)} 格，表头有 {len(header)} 格", where=f"{path}:{reader.line_num}", cure="检查逗号和引号"
            )
        yield reader.line_num, {h: c.strip() for h, c in zip(header, cells, strict=True)}


def pipe_table(text: str, path: Path, first_line: int) -> tuple[list[dict[str, str]], dict[str, int]]:
    """A small table `a | b` with `#` remarks, as rows and the count of rows whose remark says 命中 or 放过."""
    rows: list[dict[str, str]] = []
    marks = {"命中": 0, "放过": 0}
    header: list[str] | None = None
    for offset, raw in enumerate(text.splitlines()):
        body, _, remark = raw.partition("#")
        if not body.strip():
            continue
        cells = [c.strip() for c in body.split("|")]
        if header is None:
            header = cells
            continue
        if len(cells) != len(header):
            raise RulebookError(
                f"示例这一行有 {len(cells)} 格，表头有 {len(header)} 格",
                where=f"{path}:{first_line + offset}",
                why=raw.strip(),
                cure="用 | 分格，空格留空",
            )
        row = dict(zip(header, cells, strict=True))
        row["#"] = remark.strip()
        for mark in marks:
            marks[mark] += remark.strip().startswith(mark) or f"：{mark}" in remark
        rows.append(row)
    return rows, marks
