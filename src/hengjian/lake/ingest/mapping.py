"""A saved map: which table a file belongs to, which column a header means, which code a value means. People write and keep it.

files:
  - file: 收费明细_*.xlsx/明细     # 文件名，可用 *；工作表写在 / 后面
    table: fee_line
    headers: {患者编号: psn_no, 备注: }     # 空 = 不读这一列
    values: {chrgitm_lv: {甲: "01"}}       # 只用于这些文件
values:
  fee_line: {list_type: {药品: "101"}}     # 用于这张表的所有文件
ignore: [说明.xlsx]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import yaml

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers.base import Batch, Renamed
from hengjian.lake.ingest.readers.spelling import fold
from hengjian.lake.ingest.readers.workbook import SUFFIXES as BOOKS
from hengjian.lake.ingest.values import known
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.local import LOCAL

ALL_TABLES: dict[str, Table] = TABLES | {t.name: t for t in LOCAL.values()}
"""Tables by the name a map may give them."""

ValueMap = dict[str, dict[str, str]]
"""Column → value as sent → code; "" = empty."""


@dataclass(frozen=True)
class Entry:
    """What a map says of some files. `headers` by folded spelling, with the line it stands on."""

    patterns: tuple[tuple[str, int], ...]
    table: Table | None
    headers: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    values: ValueMap = field(default_factory=dict)

    def headers_of(self, table: Table) -> Renamed:
        """Headers for the readers; those that name a column of another table are no business of this file."""
        return {sent: name for sent, (name, _) in self.headers.items() if name is None or name in table}


@dataclass(frozen=True)
class SavedMap:
    """A map as read from `path`."""

    path: Path | None = None
    entries: tuple[Entry, ...] = ()
    values: dict[str, ValueMap] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def entry(self, name: str) -> Entry | None:
        """The first entry for a file or sheet; for a workbook whose sheets nobody can see, the first for one of its sheets."""
        named = (e for e in self.entries if any(matches(pattern, name) for pattern, _ in e.patterns))
        inside = (e for e in self.entries if any(fnmatchcase(name, pattern.rpartition("/")[0]) for pattern, _ in e.patterns))
        return next(named, None) or (next(inside, None) if name.lower().endswith(BOOKS) else None)

    def skips(self, name: str) -> bool:
        """Whether a file or sheet is to be left out."""
        return any(matches(pattern, name) for pattern in self.ignored)

    def values_of(self, name: str, table: Table) -> ValueMap:
        """What values mean in a file of this table."""
        entry = self.entry(name)
        own = entry.values if entry else {}
        common = self.values.get(table.name, {})
        return {column: common.get(column, {}) | own.get(column, {}) for column in {*common, *own} if column in table}

    def refuse_absent(self, names: Iterable[str]) -> None:
        """Raises InputError when an entry names a file that is not there. A pattern with * may find nothing."""
        listed = list(names)
        for entry in self.entries:
            for pattern, line in entry.patterns:
                if "*" not in pattern and "?" not in pattern and not any(matches(pattern, name) for name in listed):
                    raise InputError(
                        f"对照表里的文件“{pattern}”不在这批数据里",
                        where=f"{self.path}:{line}",
                        why="现有：" + ("、".join(listed[:8]) or "没有文件"),
                        cure="改正文件名；名字每次不同的，用 * 代替不同的部分；用不着的，删去这一段",
                    )


NO_MAP = SavedMap()


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern means a file, one of its sheets, or a member of an archive."""
    return name == pattern or fnmatchcase(name, pattern) or name.startswith(f"{pattern}/") or fnmatchcase(name, f"{pattern}/*")


def translate(batch: Batch, table: Table, changes: ValueMap) -> Batch:
    """The batch with values replaced; what came is kept in `sent` where anything changed."""
    data = batch.data
    for column, codes in changes.items():
        if column not in data.column_names or not len(data):
            continue
        cells = data[column].combine_chunks() if isinstance(data[column], pa.ChunkedArray) else data[column]
        coded = (cells.chunk(0) if isinstance(cells, pa.ChunkedArray) else cells).cast(pa.string()).dictionary_encode()
        words = coded.dictionary.to_pylist()
        meant = [codes.get(word.strip(), word) for word in words]
        if meant != words:
            array = pa.array([word or None for word in meant], pa.string()).take(coded.indices)
            data = data.set_column(data.column_names.index(column), column, array)
    return batch if data is batch.data else Batch(data, batch.lines, batch.bad, batch.done, batch.data)


def read_map(path: Path) -> SavedMap:
    """Read a map. Raises InputError with file and line when anything in it is not understood."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("对照表读不出", where=str(path), why=cause_of(error), cure="检查路径和权限，用 UTF-8 保存") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(
            "对照表的写法有误",
            where=where,
            why=str(getattr(error, "problem", error)),
            cure="检查缩进、冒号和引号；特殊字符放在双引号里",
        ) from error
    return _Reader(path).read(node) if node is not None else SavedMap(path)


class _Reader:
    """Turns YAML nodes into a map; every refusal names its line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, node: yaml.Node) -> SavedMap:
        entries: list[Entry] = []
        values: dict[str, ValueMap] = {}
        ignored: list[str] = []
        for key, line, value in self._pairs(node):
            if key == "files":
                entries += [self._entry(item) for item in self._items(value)]
            elif key == "values":
                for name, at, columns in self._pairs(value):
                    table = self._table(name, at)
                    values[table.name] = self._values(columns, table)
            elif key == "ignore":
                ignored += [self._text(item) for item in self._items(value)]
            else:
                raise self._error(line, f"不认识的条目“{key}”", "可用的条目：files、values、ignore")
        return SavedMap(self._path, tuple(entries), values, tuple(ignored))

    def _entry(self, node: yaml.Node) -> Entry:
        patterns: list[tuple[str, int]] = []
        table: Table | None = None
        parts: dict[str, yaml.Node] = {}
        for key, line, value in self._pairs(node):
            if key == "file":
                items = value.value if isinstance(value, yaml.SequenceNode) else [value]
                patterns = [(self._text(item), item.start_mark.line + 1) for item in items]
            elif key == "table":
                table = self._table(self._text(value), line)
            elif key in ("headers", "values"):
                parts[key] = value
            else:
                raise self._error(line, f"不认识的条目“{key}”", "可用的条目：file、table、headers、values")
        if not patterns:
            raise self._error(node.start_mark.line + 1, "这一段没有写文件", "加一行 file: 文件名")
        headers = self._headers(parts["headers"], table) if "headers" in parts else {}
        return Entry(tuple(patterns), table, headers, self._values(parts["values"], table) if "values" in parts else {})

    def _headers(self, node: yaml.Node, table: Table | None) -> dict[str, tuple[str | None, int]]:
        headers: dict[str, tuple[str | None, int]] = {}
        taken: dict[str, str] = {}
        for sent, line, value in self._pairs(node):
            column = self._text(value)
            if column:
                self._column(column, table, line)
                if column in taken:
                    raise self._error(
                        line, f"表头“{taken[column]}”和“{sent}”都对到了 {column}", "一列只能对一个表头；多出的留空，就不读它"
                    )
                taken[column] = sent
            if fold(sent) in headers:
                raise self._error(line, f"表头“{sent}”写了两次", "删去一行")
            headers[fold(sent)] = (column or None, line)
        return headers

    def _values(self, node: yaml.Node, table: Table | None) -> ValueMap:
        values: ValueMap = {}
        for name, line, pairs in self._pairs(node):
            self._column(name, table, line)
            values[name] = {}
            for sent, at, value in self._pairs(pairs):
                code = self._text(value)
                column = table[name] if table else None
                if code and column and column.codes and not known(column.codes, code):
                    raise self._error(
                        at, f"“{code}”不在 {name}（{column.label}）的代码表里", "看 docs/reference/data.md 的代码表"
                    )
                values[name][sent.strip()] = code
        return values

    def _table(self, name: str, line: int) -> Table:
        if name not in ALL_TABLES:
            raise self._error(line, f"没有表“{name}”", "可用的表：" + "、".join(ALL_TABLES))
        return ALL_TABLES[name]

    def _column(self, name: str, table: Table | None, line: int) -> None:
        if table and name not in table:
            raise self._error(line, f"表 {table.name}（{table.label}）没有列“{name}”", "可用的列：" + "、".join(table.by_name))
        if not table and not any(name in t for t in ALL_TABLES.values()):
            raise self._error(line, f"没有一张表有列“{name}”", "写国家标准列名，看 docs/reference/data.md")

    def _pairs(self, node: yaml.Node) -> Iterator[tuple[str, int, yaml.Node]]:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node.start_mark.line + 1, "这里应当是“名字: 值”的形式", "参照 hengjian map 写出的对照表")
        seen: set[str] = set()
        for key, value in node.value:
            name, line = self._text(key), key.start_mark.line + 1
            if name in seen:
                raise self._error(line, f"“{name}”写了两次", "合并成一处")
            seen.add(name)
            yield name, line, value

    def _items(self, node: yaml.Node) -> list[yaml.Node]:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node.start_mark.line + 1, "这里应当是一列，每项前面有“- ”", "参照 hengjian map 写出的对照表")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node.start_mark.line + 1, "这里应当是一个词", "参照 hengjian map 写出的对照表")
        return "" if node.style is None and node.value in ("~", "null") else str(node.value)

    def _error(self, line: int, what: str, cure: str) -> InputError:
        return InputError(f"对照表：{what}", where=f"{self._path}:{line}", cure=cure)
