"""The printed data dictionary (`docs/reference/data.md`), made from the schema so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Iterable

from hengjian.lake.schema import TABLES
from hengjian.lake.schema.base import Column, Table
from hengjian.lake.schema.codes import CODE_TABLES, PREFIX, STRICT
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import LOCAL

_SOURCE = {"N": "国家接口", "n": "通用", "o": "恒鉴"}


def data_dictionary() -> str:
    """Markdown: lake tables, local knowledge, code tables, and the rule layer."""
    parts = [
        "# 数据字典\n",
        "本页由 `hengjian docs` 从代码里的表结构生成，加载校验、合成城市和规则读的都是同一份结构。",
        "列名是国家标准名；表头也可以写中文名，不计大小写、全半角、空格、星号和括号里的单位（如“单价（元）”），名字不同的用 `hengjian map` 建对照表。",
        "“必填”列必须出现在表头里，其余可以整列缺省。",
        "“加密”列是个人信息，落盘应加密、显示应脱敏。\n",
        "## 一 数据湖的表\n",
        *(_table(t) for t in TABLES.values()),
        "## 二 随数据来的地方知识\n",
        "放在数据文件夹的 `knowledge/` 里，文件名即下表名字（去掉 `local_`）。有效期左闭右开。\n",
        *(_table(t) for t in LOCAL.values()),
        "## 三 代码表\n",
        _codes(),
        "## 四 规则看到的整数表\n",
        "加载时由数据湖生成一次，三种引擎读的是同一份。金额是分，`_e4` 是万分之一，`_e6` 是百万分之一，`_day` 是自 1970-01-01 的天数，"
        "`_sec` 是秒数，`_key` 是编码的 63 位键。规则只能读这些列。\n",
        *(_layer(name) for name in LAYER),
        "字典表："
        + "，".join(
            f"`code_{name}`（{TABLES['fee_line' if name == 'item' else 'diagnosis' if name == 'diag' else 'operation'][c].label}）"
            for name, (c, _) in DICTIONARIES.items()
        )
        + "，各有 key、code、name 三列，只增不改。\n",
        "## 五 报文\n",
        "国家接口的报文放在 `.ndjson`、`.jsonl` 文件里（可压缩成 `.gz`），每行一笔："
        '`{"request": 请求, "response": 应答}`，或带 `infno`、`input`、`output` 的一个报文。'
        "每一行加密后原样留在表 `message`（同一行只留一次），`message_subject` 记它涉及哪次就诊、哪个人、哪批货；两张表只增不改。"
        "各表的行由同一就诊、人、货的全部报文折算而来，报告里列为“报文:费用明细”之类的文件；报文不再给出的行从数据湖撤下。\n",
    ]
    return "\n".join(parts)


def _rows(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _column(c: Column) -> tuple[str, ...]:
    limits = [f"代码表 {c.codes}"] if c.codes else []
    limits += [f"指向 {c.refers}"] if c.refers else []
    limits += ["加密"] if c.personal else []
    limits += ["别名 " + "、".join(c.aliases)] if c.aliases else []
    return (
        f"`{c.name}`",
        c.label,
        c.kind.label,
        c.kind.sql,
        "必填" if c.required else "",
        "；".join(limits),
        _SOURCE[c.src],
        c.meaning,
    )


def _table(table: Table) -> str:
    head = f"### `{table.name}` {table.label}\n\n主键：" + "、".join(f"`{k}`" for k in table.key) + "\n"
    return head + "\n" + _rows(("列", "中文", "类型", "存储", "必填", "约束", "来源", "含义"), map(_column, table.columns))


def _codes() -> str:
    rows = []
    for name, codes in CODE_TABLES.items():
        how = "未知值退回该行" if name in STRICT else "可加长，按开头识别" if name in PREFIX else "未知值照收并列出"
        rows.append((f"`{name}`", "，".join(f"{c} {label}" for c, label in codes.items()), how))
    return _rows(("代码表", "取值", "未知值"), rows)


def _layer(name: str) -> str:
    table = LAYER[name]
    rows = [(f"`{c.name}`", c.label, c.sql, "、".join(f"`{n}`" for n in c.needs), c.note) for c in table.columns]
    return f"### `{name}` {table.label}\n\n" + _rows(("列", "中文", "存储", "来自", "说明"), rows)
