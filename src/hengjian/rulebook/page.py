"""The printed list of rules (`docs/reference/rules.md`), made from the rulebook."""

from __future__ import annotations

from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.rulebook.model import CATEGORIES, CERTAINTIES, STATUS_LABELS, Rule, Rulebook


def period_text(period: Period) -> str:
    """`2021-05-01 起` or `2021-05-01 至 2026-01-01（不含）`."""
    start = day_date(period.start).isoformat()
    return f"{start} 起" if period.end == OPEN_DAY else f"{start} 至 {day_date(period.end).isoformat()}（不含）"


def rules_page(book: Rulebook) -> str:
    """Markdown: one table of all rules, then a section for each."""
    lines = [
        "# 规则",
        "",
        "本页由 `hengjian docs` 从规则文件生成。",
        "",
        "| 规则 | 官方编码 | 类别 | 族 | 明确程度 | 状态 | 知识点 |",
        "|" + " --- |" * 7,
    ]
    for rule in book.rules.values():
        family = f"{book.families[rule.family].code} {book.families[rule.family].title}" if rule.family else "自带 SQL"
        points = len(book.knowledge.get(rule.knowledge, ())) if not rule.knowledge.startswith("local_") else "随数据"
        cells = (
            f"{rule.title} `{rule.rule_id}`", rule.official_code or "—", CATEGORIES[rule.category], family, CERTAINTIES[rule.certainty],
            STATUS_LABELS[rule.status], str(points) if rule.knowledge else "—",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    for rule in book.rules.values():
        lines += ["", *rule_section(rule)]
    return "\n".join(lines) + "\n"


def rule_section(rule: Rule) -> list[str]:
    """Markdown lines that describe one rule."""
    lines = [
        f"## {rule.title}",
        "",
        f"`{rule.rule_id}`，{CATEGORIES[rule.category]}类，{period_text(rule.period)}。",
        "",
        f"- 说法：{rule.message}",
    ]
    lines += [f"- 依据：{b.text}（{period_text(b.period)}）" for b in rule.basis]
    lines += [f"- 不计入：{'；'.join(rule.spares)}"]
    for param in rule.params.values():
        values = "；".join(f"{period_text(period)} {param.shown(value)}" for period, value in param.values)
        if param.approved_from < OPEN_DAY:
            standing = f"（当地核准，{day_date(param.approved_from).isoformat()} 起）"
        else:
            standing = "" if param.official else "（恒鉴的缺省值，未经当地核准）"
        allowed = f"，可核准 {param.shown(param.bounds[0])} 至 {param.shown(param.bounds[1])}" if param.bounds else ""
        lines.append(f"- 参数 {param.name}：{values}{standing}{allowed}")
    lines.append(
        f"- 示例：命中 {sum(e.marks['命中'] for e in rule.examples)} 个，放过 {sum(e.marks['放过'] for e in rule.examples)} 个"
    )
    return lines
