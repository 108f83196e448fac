"""What a column and a table of the lake are.

One declaration serves validation at load, the data dictionary, the synthetic city and what rules may read. Types are words
(`id`, `money`, `ts` …); `Kind` says what each becomes in SQL and how it is checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Kind:
    """A type word: its SQL type in the lake, the label users read and the longest text it takes."""

    word: str
    sql: str
    label: str
    max_chars: int = 0
    scale: int = 0

    @property
    def is_text(self) -> bool:
        return self.sql == "VARCHAR"

    @property
    def is_number(self) -> bool:
        return self.sql.startswith("DECIMAL") or self.sql in ("INTEGER", "DOUBLE")


_KINDS = {
    "id": Kind("id", "VARCHAR", "标识", 50),
    "code": Kind("code", "VARCHAR", "编码", 50),
    "name": Kind("name", "VARCHAR", "名称", 500),
    "text": Kind("text", "VARCHAR", "文本", 4000),
    "enum": Kind("enum", "VARCHAR", "代码", 10),
    "flag": Kind("flag", "VARCHAR", "标志", 1),
    "money": Kind("money", "DECIMAL(16,2)", "金额（元）", scale=2),
    "price": Kind("price", "DECIMAL(16,6)", "单价（元）", scale=6),
    "qty": Kind("qty", "DECIMAL(16,4)", "数量", scale=4),
    "date": Kind("date", "DATE", "日期"),
    "ts": Kind("ts", "TIMESTAMP", "时间"),
    "int": Kind("int", "INTEGER", "整数"),
    "double": Kind("double", "DOUBLE", "小数"),
}


def kind(word: str) -> Kind:
    """The `Kind` of a type word; `char(n)` and `dec(p,s)` are made on demand. Raises ValueError for an unknown word."""
    if word in _KINDS:
        return _KINDS[word]
    if match := re.fullmatch(r"char\((\d+)\)", word):
        return Kind(word, "VARCHAR", "文本", int(match[1]))
    if match := re.fullmatch(r"dec\((\d+),(\d+)\)", word):
        return Kind(word, f"DECIMAL({match[1]},{match[2]})", "小数", scale=int(match[2]))
    raise ValueError(f"unknown type word {word!r}")


@dataclass(frozen=True)
class Column:
    """One column: national name, Chinese label, type, constraint, origin and meaning."""

    name: str
    label: str
    kind: Kind
    required: bool = False
    codes: str = ""  # name of its code table in lake.schema.codes
    refers: str = ""  # the table whose key this column names
    personal: bool = False  # kept encrypted at rest, shown masked
    looked_up: bool = False  # a personal column people search by: a keyed digest stands beside it
    src: str = "N"  # N national name, n national by common knowledge, o ours
    aliases: tuple[str, ...] = ()
    meaning: str = ""


def col(
    name: str,
    label: str,
    type_word: str,
    *,
    required: bool = False,
    codes: str = "",
    refers: str = "",
    personal: bool = False,
    looked_up: bool = False,
    src: str = "N",
    aliases: tuple[str, ...] = (),
    meaning: str = "",
) -> Column:
    """Declare a column (the short form used by every table module)."""
    return Column(name, label, kind(type_word), required, codes, refers, personal, looked_up, src, aliases, meaning)


@dataclass(frozen=True)
class Table:
    """One table of the lake. `by_person` tables are partitioned by the person bucket.

    `columns` is what files may send; `stored` what the lake holds: also digests to look up sealed columns by, and, where `stubs`
    is set, the mark of a row that was made because others name its key and nobody sent it.
    """

    name: str
    label: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    by_person: bool = False
    stubs: bool = False

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {c.name: c for c in self.columns}

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        digests = tuple(
            col(f"{c.name}_dgst", f"{c.label}检索摘要", "char(32)", src="o", meaning=f"keyed digest of {c.name}, to look it up")
            for c in self.columns
            if c.looked_up
        )
        stub = (col("stub", "占位标志", "flag", src="o", meaning="1 = nobody sent this row, others name its key"),)
        return self.columns + digests + (stub if self.stubs else ())

    @property
    def unit(self) -> str:
        """The column whose value names what is rewritten together when a row changes: an encounter, or a person."""
        return "mdtrt_id" if "mdtrt_id" in self else "psn_no"

    @cached_property
    def headers(self) -> dict[str, str]:
        """Every spelling of a header (national name, alias, Chinese label), lower case, to the column's name."""
        spellings = {c.label.lower(): c.name for c in self.columns}
        spellings |= {alias.lower(): c.name for c in self.columns for alias in c.aliases}
        return spellings | {c.name.lower(): c.name for c in self.columns}

    def __getitem__(self, name: str) -> Column:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name
