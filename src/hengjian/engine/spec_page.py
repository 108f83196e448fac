"""The printed page of rule SQL (`docs/reference/rule-sql.md`), made from the specs that are also its tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from hengjian.engine.compile import parse
from hengjian.engine.lint import CODES
from hengjian.engine.spec import Ban, Row, Spec, allowed, forbidden
from hengjian.rulebook.model import ENGINES

_ENGINES = dict(zip(ENGINES, ("DuckDB", "SQLite", "Spark"), strict=True))


def rule_sql_page() -> str:
    """Markdown: what rules may write with rows that show it, what they may not and what to write instead, what the lint refuses."""
    specs = sorted(allowed(), key=lambda s: (s.group, s.name))
    bans = sorted(forbidden(), key=lambda b: (b.group, b.name))
    lines = [
        "# 规则 SQL",
        "",
        "本页由 `hengjian docs` 从 `src/hengjian/rulebook/spec` 里的文件生成；同一批文件在 `tests/spec` 里逐个在 DuckDB、SQLite、Spark 上运行。",
        "",
        "规则 SQL 是一个 SELECT，写成 DuckDB 的样子，由程序变成另外两种写法。值只有整数（BIGINT、INTEGER）和文字（VARCHAR）；没有小数、日期和布尔值。"
        "规则能读的表和列见[数据字典](data.md)。这里没有写到的，检查时一律拒绝。",
        "",
        f"可用的写法 {len(specs)} 节，不可用的 {len(bans)} 节。下文表格里，空着的格子是 NULL（不知道），`''` 是空文字。",
        "",
        "## 一、可用的写法",
    ]
    for group, members in groupby(specs, key=lambda s: s.group):
        lines += ["", f"### {group.split(' ', 1)[1]}"]
        for spec in members:
            lines += ["", *_allowed_section(spec)]
    lines += ["", "## 二、不可用的写法", ""]
    for group, refused in groupby(bans, key=lambda b: b.group):
        lines += [f"### {group}", ""]
        for ban in refused:
            lines += [*_forbidden_section(ban), ""]
    lines += [
        "## 三、检查时拒绝什么",
        "",
        "`hengjian rules lint` 逐条指到文件和行。每个代码在 `tests/engine/lint/bad` 里都有反例。",
        "",
        "| 代码 | 拒绝什么 |",
        "| --- | --- |",
        *(f"| `{code}` | {what} |" for code, what in CODES.items()),
    ]
    return "\n".join(lines) + "\n"


def _allowed_section(spec: Spec) -> Iterator[str]:
    yield from (f"#### {_plain(spec.title)}", "", spec.says, "", "```sql", spec.sql, "```", "")
    for table in spec.tables:
        yield from (f"表 {table.name}：", "", *_table(table.columns, table.rows), "")
    yield from ("结果：", "", *_table(parse(spec.sql).named_selects, spec.rows), "", f"写法：{spec.write}")


def _forbidden_section(ban: Ban) -> Iterator[str]:
    yield from (f"#### {_plain(ban.title)}", "", "```sql", f"{ban.sql}", "```", "")
    yield f"- 为什么：{ban.why}。"
    if ban.answers:
        yield "- 各引擎的回答：" + "，".join(f"{_ENGINES[e]} {_code(a)}" for e, a in ban.answers.items()) + "。"
    yield f"- 改写成：{ban.instead}。"
    yield f"- 检查代码：`{ban.code}`。"
    if ban.better:
        yield from ("", "```sql", ban.better, "```")


def _table(columns: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    names = list(columns)
    yield "| " + " | ".join(names) + " |"
    yield "|" + " --- |" * len(names)
    for row in rows:
        yield "| " + " | ".join(_cell(c) for c in row) + " |"


def _cell(value: int | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return "`''`" if value == "" else f"`{value}`".replace("|", "\\|")


def _plain(title: str) -> str:
    """A heading whose `*` and `|` Markdown leaves alone."""
    return title.replace("*", "\\*").replace("|", "\\|")


def _code(answer: str) -> str:
    return "报错" if answer == "报错" else "NULL" if answer == "None" else f"`{answer}`"
