"""The printed list of laws (`docs/reference/law.md`): every article a rule may stand on, how sure we are of it, and what rests on it."""

from __future__ import annotations

from hengjian.rulebook.model import SURE, Law, Rulebook
from hengjian.rulebook.page import period_text


def law_page(book: Rulebook) -> str:
    """Markdown: one table of all texts, then the articles of each with the rules that cite them."""
    cited: dict[tuple[str, str], list[str]] = {}
    for rule in book.rules.values():
        for basis in rule.basis:
            cited.setdefault((basis.law, basis.article), []).append(rule.title)
    lines = [
        "# 法律依据",
        "",
        "本页由 `hengjian docs` 从 `rulebook/law` 生成。条文大意是我们自己的话；原文由站点导入或自行核对。把握程度：",
        "",
        *(f"- {word}" for word in SURE.values()),
        "",
        "| 文件 | 文号 | 施行 | 把握 | 条 | 代替 |",
        "|" + " --- |" * 6,
    ]
    laws = sorted(book.laws.values(), key=lambda law: (law.period.start, law.law))
    lines += [_row(law) for law in laws]
    for law in laws:
        lines += ["", f"## {law.title}", "", "| 条 | 大意 | 施行 | 把握 | 依据它的规则 |", "|" + " --- |" * 5]
        for a in law.articles.values():
            rules = "、".join(cited.get((law.law, a.article), [])) or "—"
            lines.append(f"| {a.article} | {a.text or a.summary} | {period_text(a.period)} | {SURE[a.sure]} | {rules} |")
    return "\n".join(lines) + "\n"


def _row(law: Law) -> str:
    old = "；".join(f"《{r.title}》{f'（{r.number}）' if r.number else ''}" for r in law.replaces) or "—"
    return f"| {law.title} | {law.number} | {period_text(law.period)} | {SURE[law.sure]} | {len(law.articles)} | {old} |"
