"""The card of one finding in the terminal, and the same as JSON. Persons are masked; everything else is as the auditor sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from hengjian.lake.versions import LakeVersion
from hengjian.report.lines import ASKED, NEIGHBOUR, REFUND, Rows, evidence_of, institution_name, rows_of
from hengjian.report.words import (
    amount_text,
    category_text,
    certainty_text,
    fingerprint_text,
    hide_person,
    masked,
    number_text,
    plain,
    window_text,
)

_GRAINS = {
    "line": "费用明细",
    "encounter": "就诊",
    "day": "人日",
    "person": "人员",
    "doctor": "医师",
    "institution": "机构",
    "group": "团伙",
    "code": "追溯码",
}
_LOOKS = {ASKED: "bold yellow", REFUND: "strike dim", NEIGHBOUR: "dim"}


def card(finding: Mapping[str, Any], rule: Mapping[str, str], lake: LakeVersion | None) -> RenderableType:
    """One finding as a card: sentence, money, calculation, rows with their neighbours, what was spared, law and knowledge."""
    rows = rows_of(finding, lake)
    is_certain = finding.get("certainty") == "certain"
    title = Text(f" {plain(rule.get('title') or str(finding['rule_id']))} ", "bold")
    title.append(
        f" {certainty_text(str(finding.get('certainty') or ''))} ",
        "bold white on red" if is_certain else "bold black on yellow",
    )
    parts: list[RenderableType] = [
        Text(_said(finding), "bold"),
        Text(""),
        _facts(finding, rule, lake),
        _sums(finding),
    ]
    if rows.encounters and (len(rows.encounters) > 1 or not rows.lines):
        parts += [_section("就诊"), _encounters(rows, lake)]
    if rows.lines:
        parts += [_section("费用明细"), _lines(rows)]
    elif lake is None:
        parts += [_section("费用明细"), Text("没有给出数据湖，明细没有列出。加上 --lake 数据湖 可以看到。", "dim")]
    parts += [_section("看过的豁免"), _spared(finding), _section("依据"), _grounds(finding)]
    foot = Text("疑点是待核实的金额，不是认定结果。", "dim")
    return Panel(
        Group(*parts, Text(""), foot),
        title=title,
        title_align="left",
        border_style="red" if is_certain else "yellow",
        padding=(1, 2),
        width=118,
    )


def card_json(finding: Mapping[str, Any], rule: Mapping[str, str], lake: LakeVersion | None) -> dict[str, Any]:
    """The card as data: the finding with its rule, institution, lines and encounters. Amounts are text, the person is masked."""
    rows = rows_of(finding, lake)
    evidence = evidence_of(finding)
    skipped = ("psn_no", "evidence", "message", "window_start", "window_end")
    values = {name: _json(value) for name, value in finding.items() if name not in skipped}
    return values | {
        "message": _said(finding),
        "psn_no": masked(finding.get("psn_no")),
        "persons": _people(finding),
        "window_start": _json(finding.get("window_start")),
        "window_end": _json(finding.get("window_end")),
        "rule": dict(rule),
        "fixmedins_name": institution_name(finding.get("fixmedins_code"), lake),
        "values": evidence.get("values") or {},
        "exempt_checked": evidence.get("exempt_checked") or [],
        "lines": [{name: _json(value) for name, value in vars(line).items()} for line in rows.lines],
        "lines_hidden": rows.hidden,
        "encounters": [{name: _json(value) for name, value in vars(visit).items()} for visit in rows.encounters],
    }


def _json(value: Any) -> Any:
    return (
        value
        if value is None or isinstance(value, (str, int, bool))
        else value.isoformat()
        if hasattr(value, "isoformat")
        else str(value)
    )


def _people(finding: Mapping[str, Any]) -> list[str]:
    """The person, or all persons of a group, masked."""
    group = finding.get("grain") == "group"
    named = evidence_of(finding).get("persons") or [] if group else [finding.get("psn_no")]
    return [masked(number) for number in named if number]


def _said(finding: Mapping[str, Any]) -> str:
    return plain(hide_person(str(finding.get("message") or ""), finding.get("psn_no")))


def _section(name: str) -> RenderableType:
    return Padding(Rule(Text(name, "bold cyan"), align="left", style="dim", characters="─"), (1, 0, 0, 0))


def _grid(pairs: list[tuple[str, str | Text]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            grid.add_row(Text(name), value if isinstance(value, Text) else Text(plain(value)))
    return grid


def _facts(finding: Mapping[str, Any], rule: Mapping[str, str], lake: LakeVersion | None) -> Table:
    code = finding.get("fixmedins_code") or ""
    place = Text(plain(institution_name(code, lake)) or "不止一家机构")
    if code and place.plain != code:
        place.append(f"  {code}", "dim")
    codes = "  ".join(c for c in (finding.get("official_code"), finding.get("r_code")) if c)
    grain = str(finding.get("grain") or "")
    kind = Text(f"{category_text(rule.get('category') or '')} · 按{_GRAINS.get(grain, grain)}判断")
    kind.append(f"  {finding['rule_id']}  {codes}", "dim")
    pairs: list[tuple[str, str | Text]] = [
        ("疑点", str(finding["finding_id"])),
        ("规则", kind),
        ("机构", place),
        ("人员", "、".join(_people(finding))),
        ("就诊", str(finding.get("mdtrt_id") or "")),
        ("时间", window_text(finding.get("window_start"), finding.get("window_end"))),
    ]
    return _grid(pairs)


def _sums(finding: Mapping[str, Any]) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, padding=(0, 3, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
    for name in ("整行金额（元）", "范围内金额（元）", "基金支付（元）"):
        table.add_column(name, justify="right")
    table.add_column("计算")
    money = [Text(amount_text(finding.get(n)), "bold") for n in ("amount_total", "amount_inscope", "amount_fund")]
    sum_text = Text(f"查得 {number_text(finding.get('observed'))}，界限 {number_text(finding.get('threshold'))}")
    table.add_row(*money, sum_text if finding.get("observed") is not None else Text("—"))
    return Padding(table, (1, 0, 0, 0))


def _lines(rows: Rows) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False, header_style="dim", pad_edge=False)
    for name, justify in (
        ("", "left"),
        ("编码", "left"),
        ("名称", "left"),
        ("时间", "left"),
        ("数量", "right"),
        ("单价", "right"),
        ("金额", "right"),
        ("范围内", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=name not in ("编码", "名称"), overflow="fold")  # type: ignore[arg-type]
    for line in rows.lines:
        look = _LOOKS.get(line.role, "")
        quantity = number_text(line.quantity) + (f" {line.unit}" if line.unit else "")
        cells = [
            line.role,
            line.code,
            line.name,
            f"{line.at:%m-%d %H:%M}",
            quantity,
            number_text(line.price),
            amount_text(line.amount),
        ]
        table.add_row(*(Text(plain(cell), look) for cell in [*cells, amount_text(line.inscope)]))
    if rows.hidden:
        return Group(table, Text(f"另有 {rows.hidden:,} 行没有列出。", "dim"))
    return table


def _encounters(rows: Rows, lake: LakeVersion | None) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
    for name in ("", "就诊ID", "机构", "开始", "结束", "主诊断"):
        table.add_column(name, overflow="fold", no_wrap=name in ("", "开始", "结束"))
    for visit in rows.encounters:
        look = _LOOKS.get(visit.role, "")
        times = [f"{t:%Y-%m-%d %H:%M}" if t else "未结束" for t in (visit.begins, visit.ends)]
        place = institution_name(visit.fixmedins_code, lake)
        table.add_row(*(Text(plain(c), look) for c in (visit.role, visit.mdtrt_id, place, *times, visit.diagnosis)))
    return table


def _spared(finding: Mapping[str, Any]) -> RenderableType:
    checked = evidence_of(finding).get("exempt_checked") or []
    if not checked:
        return Text("这条规则没有豁免情形。", "dim")
    return Group(*(Text(f"· {plain(_exempt_text(item))}") for item in checked))


def _exempt_text(item: Any) -> str:
    return "，".join(str(v) for v in item.values()) if isinstance(item, dict) else str(item)


def _grounds(finding: Mapping[str, Any]) -> Table:
    return _grid([
        ("法律", str(finding.get("law") or "—")),
        ("知识", str(finding.get("knowledge_ref") or "—").replace("; ", "\n")),
        ("规则指纹", fingerprint_text(str(finding.get("rule_fingerprint") or ""))),
        ("数据版本", f"第 {finding.get('data_version') or '—'} 版"),
    ])  # fmt: skip
