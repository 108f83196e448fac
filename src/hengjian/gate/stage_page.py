"""The page of stages (docs/reference/stages.md): what a check says, and which rules it lets us ask when. Made from the schema."""

from __future__ import annotations

from collections.abc import Iterator

from hengjian.gate.analysis import NODES
from hengjian.gate.stages import ASSUMED, GATE_STAGES, Standing, known_columns, standings
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook.model import STAGES, STATUS_LABELS, Rulebook

_HEAD = """# 阶段：报文说了什么，哪些规则能问

这一页由代码生成（`hengjian docs`）。规则在哪个阶段能运行，不靠写，靠算：规则折叠后的 SQL 读了哪些列，3101（事前）、3102（事中）的报文
和登记信息填了哪些列；缺一列就不问。一列空着时另有一列顶替的，不算缺。规则可以用 `stages` 再收窄，不能放宽。
"""


def stage_page(book: Rulebook) -> str:
    """The page as Markdown."""
    return "\n".join((_HEAD, *_rules(book), *_fields(), *_assumed(), *_layer())) + "\n"


def _rules(book: Rulebook) -> Iterator[str]:
    rules = [r for r in book.rules.values() if r.status in ("active", "shadow")]
    found: dict[str, dict[str, Standing]] = {}
    for one in standings(book, rules):
        found.setdefault(one.rule.rule_id, {})[one.stage] = one
    counts = {stage: sum(of[stage].runs for of in found.values()) for stage in GATE_STAGES}
    yield "## 规则与阶段"
    yield f"\n共 {len(found)} 条启用或影子规则：事前能问 {counts['before']} 条，事中能问 {counts['during']} 条，事后全部。影子规则运行、计数，不提示。\n"
    yield "| 规则 | 编号 | 状态 | 事前 | 事中 |\n|---|---|---|---|---|"
    for rule_id, of in sorted(found.items()):
        rule = book.rules[rule_id]
        yield f"| {rule.title} | `{rule_id}` | {STATUS_LABELS[rule.status]} | {_said(of['before'])} | {_said(of['during'])} |"


def _said(one: Standing) -> str:
    if one.runs:
        return "能问"
    return one.why or "缺 " + "、".join(f"{LAYER[t].by_name[c].label} `{t}.{c}`" for t, c in (n.split(".") for n in one.lacks))


def _fields() -> Iterator[str]:
    yield "\n## 报文的每一项"
    yield "\n也接受驼峰写法（`patnId`）和“别的写法”一栏里各地的名称；不认识的项目不看。\n"
    yield "| 节点 | 项目 | 名称 | 数据湖的列 | 别的写法 | 说明 |\n|---|---|---|---|---|---|"
    for node in NODES:
        for f in node.fields:
            columns = "、".join(f"`{t}`" for t in f.to) or "—"
            others = "、".join(f"`{a}`" for a in f.also) or "—"
            yield f"| `{node.names[0]}` {node.label} | `{f.name}` | {f.label} | {columns} | {others} | {f.how} |"


def _assumed() -> Iterator[str]:
    yield "\n## 报文没有、也不需要的\n\n| 列 | 怎么办 |\n|---|---|"
    for name, how in ASSUMED.items():
        yield f"| `{name}` | {how} |"


def _layer() -> Iterator[str]:
    yield "\n## 规则看得见的列，各阶段知道哪些\n\n| 规则表 | 列 | 名称 | " + " | ".join(STAGES[s] for s in GATE_STAGES)
    yield "|---|---|---|" + "---|" * len(GATE_STAGES)
    known = {stage: known_columns(stage) for stage in GATE_STAGES}
    for table in LAYER.values():
        for column in table.columns:
            marks = " | ".join("知道" if f"{table.name}.{column.name}" in known[s] else "—" for s in GATE_STAGES)
            yield f"| `{table.name}` {table.label} | `{column.name}` | {column.label} | {marks} |"
