"""What a report says in words. Every sentence is built from figures; what the figures do not show is not said."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from hengjian.report.charts import MonthBar
from hengjian.report.gather import Figures, Group, InstitutionFigures, month_series
from hengjian.report.words import Unit, count_text, day_text, listed, month_text, percent, rate

Words = list[tuple[str, str]]
"""Running text in pieces: (text, "" or "b" for a key figure or "em" for a name)."""

SPRING_FESTIVAL = {
    2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6),
    2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8),
}  # fmt: skip
_MANY = 24


def lead(figures: Figures, unit: Unit) -> Words:
    """The opening: what was checked, what was found, where most of it lies."""
    audit = figures.audit
    words: Words = [("本次检查了 ", "")]
    for i, (name, noun) in enumerate((("lines", "行费用"), ("encounters", "次就诊"), ("institutions", "家机构"))):
        words += [("、" if i else "", ""), (count_text(audit.count(name)), "b"), (f" {noun}", "")]
    if not figures.findings:
        return [*words, ("，没有发现疑点。没有疑点只说明这些规则没有查到问题，不等于没有问题。", "")]
    words += [("。发现疑点 ", ""), (f"{figures.findings:,}", "b"), (" 条，涉及基金 ", ""), (unit.full(figures.once.fund), "b")]
    if figures.fund_total > 0:
        words += [("，占同期基金支付的 ", ""), (percent(figures.once.fund, figures.fund_total, 2), "b")]
    words += [("。", ""), *_where_from(figures), *_top_institution(figures), ("疑点是待核实的金额，不是认定结果。", "")]
    return words


def _where_from(figures: Figures) -> Words:
    whole = figures.own.fund
    rules = [r for r in figures.rules if r.own.fund > 0]
    if whole <= 0 or len(rules) < 4:
        return []
    part = rules[:3]
    share = percent(sum(r.own.fund for r in part), whole)
    return [
        ("按各规则相加计，", ""),
        (share, "b"),
        (" 来自", ""),
        (listed([r.rule.title for r in part]), "em"),
        ("三条规则。", ""),
    ]


def _top_institution(figures: Figures) -> Words:
    known = [i for i in figures.institutions if i.code and i.once.fund > 0]
    if len(known) < 2:
        return []
    top = known[0]
    words: Words = [(top.name, "em"), ("一家占 ", ""), (percent(top.once.fund, figures.once.fund), "b")]
    rising = rising_months(figures, top.code)
    if rising >= 3:
        words += [(f"，截至最近一个整月已连续 {rising} 个月上升", "")]
    own, all_ = rate_of(top), rate(sum(i.findings for i in figures.institutions if i.code), figures.encounters)
    if figures.encounters_known and top.encounters:
        words += [(f"，每百次就诊 {own} 条疑点，全部机构平均 {all_} 条", "")]
    return [*words, ("。", "")]


def rate_of(institution: InstitutionFigures) -> str:
    """Findings a hundred encounters; a dash when the institution has none in the period."""
    return rate(institution.findings, institution.encounters)


def rising_months(figures: Figures, code: str) -> int:
    """How many whole months in a row, up to the last one, the institution's money rose."""
    values = [fen for month, fen in month_series(figures, code).items() if not part_of_month(figures, month)]
    count = 0
    for earlier, later in zip(values[-2::-1], values[:0:-1], strict=True):
        if later <= earlier:
            break
        count += 1
    return count


def part_of_month(figures: Figures, month: str) -> tuple[int, int] | None:
    """First and last day of a month that period and data cover only in part; None for a whole month or one outside the period."""
    first = date.fromisoformat(f"{month}-01")
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    ends = [figures.audit.end - timedelta(days=1), *([figures.audit.data_date] if figures.audit.data_date else [])]
    since, until = max(first, figures.audit.start), min(last, *ends)
    return None if (since, until) == (first, last) or since > until else (since.day, until.day)


def month_bars(figures: Figures, unit: Unit) -> list[MonthBar]:
    """Bars of the month chart: at most 24 months, what lies before them in one bar of its own."""
    series = month_series(figures)
    early, shown = list(series)[:-_MANY], dict(list(series.items())[-_MANY:])
    bars = [MonthBar("此前", "", sum(series[m] for m in early), unit.text(sum(series[m] for m in early)))] if early else []
    high, low = max(shown.values(), default=0), min(shown.values(), default=0)
    peak = next((m for m, fen in shown.items() if fen == high and fen > 0), "")
    least = next((m for m, fen in shown.items() if fen == low and 0 < low < high), "")
    year = ""
    for month, fen in shown.items():
        name, year_new = f"{int(month[5:])}月", month[:4]
        text = unit.text(fen) if month in (peak, least) else ""
        bars.append(
            MonthBar(name, year_new if year_new != year else "", fen, text, bool(part_of_month(figures, month)), month == peak)
        )
        year = year_new
    return bars


def month_label(figures: Figures, unit: Unit) -> str:
    """The finding of the month chart in one sentence."""
    series = month_series(figures)
    top = max(series, key=lambda m: series[m])
    return f"{len(series)} 个月的疑点金额，{month_text(top)}最高，{unit.full(series[top])}"


def month_note(figures: Figures, unit: Unit) -> str:
    """What a reader of the month chart must know: the peak, months covered in part, the Spring Festival, findings without a day."""
    series = month_series(figures)
    top = max(series, key=lambda m: series[m])
    notes = [f"{month_text(top)}最高，{unit.full(series[top])}。"]
    for month in series:
        if part := part_of_month(figures, month):
            notes.append(f"{month_text(month)}只有 {part[0]} 日至 {part[1]} 日的数据。")
    whole = {m: fen for m, fen in series.items() if not part_of_month(figures, m)}
    low = min(whole, key=lambda m: whole[m]) if len(whole) >= 6 else ""
    if low and SPRING_FESTIVAL.get(int(low[:4]), (0, 0))[0] == int(low[5:]):
        day = SPRING_FESTIVAL[int(low[:4])]
        notes.append(f"整月中 {month_text(low)}最低，{unit.full(whole[low])}；春节（{day[0]} 月 {day[1]} 日）在当月。")
    undated = sum(fen for (_, month), (_, fen) in figures.months.items() if month is None)
    if undated:
        notes.append(f"另有 {unit.full(undated)}没有写明日期，不在图中。")
    return "".join(notes)


def group_sentence(group: Group) -> str:
    """What the findings of one rule in one institution are about: who, how often, from when to when."""
    counts = [(group.persons, "人"), (group.encounters, "次就诊")]
    parts = [f"{n:,} {noun}" for n, noun in counts if n]
    text = f"{group.findings:,} 条疑点" + (f"，涉及 {listed(parts)}" if parts else "")
    if group.first and group.last:
        text += f"，{_when(group.first.date(), group.last.date())}"
    return text + "。"


def _when(first: date, last: date) -> str:
    if first == last:
        return day_text(first)
    return f"{day_text(first)}至 {day_text(last, year=first.year != last.year)}"
