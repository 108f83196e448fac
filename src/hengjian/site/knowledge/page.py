"""The reference page of imports: which tables are recognised by which headers, where their points go, and every reason."""

from __future__ import annotations

from hengjian.rulebook.model import Rulebook
from hengjian.site.knowledge.columns import COLUMNS
from hengjian.site.knowledge.reasons import REASONS
from hengjian.site.knowledge.shapes import SHAPES, Shape
from hengjian.site.knowledge.tables import KINDS


def knowledge_page(book: Rulebook) -> str:
    """`docs/reference/knowledge.md`."""
    lines = [
        "# 知识表：认得的表头、去处、原因码",
        "",
        "由 `hengjian docs` 生成。怎样导入见[导入知识](../howto/knowledge.md)。",
        "",
        "## 一、认得的表",
        "",
        "表头不计全半角、空格和括号里的单位；标题行、空行照跳。一张表属于认得它最多列的那一种。“或”表示有其中一列即可。",
        "",
        "| 表 | 必须有的列 | 还认得的列 |",
        "| --- | --- | --- |",
    ]
    lines += [_shape(shape) for shape in SHAPES]
    lines += ["", "以下各列每种表都认得：规则名称、检出逻辑、逻辑依据（目录备注）、状态、生效日期、失效日期、批次、来源。", ""]
    lines += ["## 二、各列的写法", "", "| 列 | 也可写成 |", "| --- | --- |"]
    lines += [f"| {c.label} | {'、'.join(a for a in c.aliases if a.lower() != c.label.lower())} |" for c in COLUMNS.values()]
    lines += ["", "## 三、去处", "", "同一个键在同一天只能有一种内容。没有规则读的表照样保存、计数，有了规则就用上。", ""]
    lines += ["| 知识 | 表 | 键 | 内容 | 读它的规则 |", "| --- | --- | --- | --- | --- |"]
    for kind in KINDS.values():
        rules = "、".join(r.rule_id for r in book.rules.values() if r.knowledge == kind.table)
        rules = rules or ("还没有" if kind.counts else "只作对照，不算知识点")
        lines.append(f"| {kind.title} | {kind.table} | {'、'.join(kind.key)} | {'、'.join(kind.content) or '—'} | {rules} |")
    lines += ["", "## 四、没有成为知识点的行", "", "读到的行 = 成为知识点或对照的行 + 下面各种原因说明的行。", ""]
    lines += ["| 原因码 | 原因 | 办法 | 要改吗 |", "| --- | --- | --- | --- |"]
    lines += [f"| {r.code} | {r.title} | {r.advice} | {'要' if r.fault else '不用'} |" for r in REASONS.values()]
    return "\n".join(lines) + "\n"


def _shape(shape: Shape) -> str:
    if shape.raw:
        return f"| {shape.title} | {'、'.join(shape.raw)} | — |"
    needs = "；".join(" 或 ".join(COLUMNS[n].label for n in need.split("|")) for need in shape.needs)
    also = "、".join(COLUMNS[n].label for n in shape.also)
    return f"| {shape.title} | {needs} | {also or '—'} |"
