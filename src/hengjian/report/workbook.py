"""`findings.xlsx`: totals, and the findings of most money, written row by row so that memory stays flat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hengjian.kernel.amounts import to_yuan
from hengjian.lake.versions import LakeVersion
from hengjian.report import words
from hengjian.report.book import Book, Head
from hengjian.report.duty.figures import gather_duty
from hengjian.report.duty.sheets import DUTY_HEADS, duty_rows, write_table
from hengjian.report.gather import Figures, Sums, gather
from hengjian.report.sentences import rate_of
from hengjian.report.source import Source, open_audit

LIMIT = 100_000

DETAIL = """
SELECT f.finding_id, f.rule_id, f.certainty, f.fixmedins_code, f.psn_no, f.mdtrt_id, f.feedetl_sn, f.window_start, f.window_end, f.observed,
       f.threshold, f.amount_total, f.amount_inscope, f.amount_fund, f.message, f.law, f.knowledge_ref, f.rule_fingerprint, f.data_version
FROM finding AS f ORDER BY f.amount_fund DESC, f.amount_total DESC, f.finding_id LIMIT ?
"""


RULE_HEADS = (
    Head("规则", 26), Head("规则号", 26), Head("国家编号", 12), Head("类别", 9), Head("明确程度", 10), Head("疑点条数", 11, "count"),
    Head("整行金额（元）", 17, "money"), Head("范围内金额（元）", 17, "money"), Head("基金支付（元）", 17, "money"),
    Head("只计一次后：整行", 17, "money"), Head("只计一次后：范围内", 18, "money"), Head("只计一次后：基金支付", 20, "money"), Head("依据", 60, "wrap"),
)  # fmt: skip
INSTITUTION_HEADS = (
    Head("机构名称", 32), Head("机构编号", 16), Head("级别", 9), Head("疑点条数", 11, "count"), Head("整行金额（元）", 17, "money"),
    Head("范围内金额（元）", 17, "money"), Head("基金支付（元）", 17, "money"), Head("其中明确违规（元）", 18, "money"), Head("期间就诊次数", 13, "count"),
    Head("每百次就诊疑点", 15),
)  # fmt: skip
DETAIL_HEADS = (
    Head("疑点编号", 20), Head("规则", 24), Head("类别", 8), Head("明确程度", 10), Head("机构编号", 15), Head("机构名称", 26), Head("人员编号", 22),
    Head("就诊ID", 22), Head("明细流水号", 22), Head("窗口", 23), Head("观察值", 11, "number"), Head("阈值", 11, "number"),
    Head("整行金额", 14, "money"), Head("范围内金额", 14, "money"), Head("基金支付", 14, "money"), Head("说明", 60, "wrap"), Head("依据", 44, "wrap"),
    Head("知识来源", 32, "wrap"), Head("规则指纹", 20), Head("数据版本", 10),
)  # fmt: skip


def write_workbook(out: Path, lake: LakeVersion | None, limit: int = LIMIT) -> Path:
    """Write `findings.xlsx` into the audit folder `out` and return its path: totals of all findings, and the `limit` of most money."""
    source = open_audit(out)
    target = out / "findings.xlsx"
    book = Book(target, "医保基金审计疑点")
    try:
        figures = gather(source, lake)
        duty = gather_duty(source.con, lake)
        _about(book, figures, limit)
        _rules(book, figures)
        _institutions(book, figures)
        _details(book, source, figures, limit)
        write_table(book, "履责", DUTY_HEADS, *duty_rows(duty))
    finally:
        book.file.close()
        source.con.close()
    return target


def _about(book: Book, figures: Figures, limit: int) -> None:
    audit, shown = figures.audit, min(limit, figures.findings)
    if figures.findings > limit:
        scope = (
            f"共有疑点 {figures.findings:,} 条。本表的合计按全部疑点计算；“疑点明细”只列基金支付最多的 {shown:,} 条，"
            f"其余 {figures.findings - shown:,} 条在 findings.parquet。"
        )
    else:
        scope = f"共有疑点 {figures.findings:,} 条，“疑点明细”全部列出，按基金支付从多到少。超过 {limit:,} 条时只列前 {limit:,} 条。"
    sums = f"整行 {_yuan(figures.once.total)} 元，符合范围 {_yuan(figures.once.inscope)} 元，基金支付 {_yuan(figures.once.fund)} 元"
    shadow = sum(n for _, n, _ in figures.shadow)
    rows = [
        ("这是什么", "一次审计查出的疑点。疑点是待核实的金额，不是认定结果；没有经过具名人员的决定，不扣减任何金额。"),
        ("列了多少", scope),
        ("期间", f"{words.span_text(audit.start, audit.end)}发生的费用"),
        ("合计", f"{sums}；其中明确违规的基金支付 {_yuan(figures.certain)} 元。同一行命中多条规则只计一次。"),
        ("几种合计", "“按规则”给出各规则自己的合计和只计一次后的部分；“按机构”用只计一次后的金额，各机构相加等于总额。"),
        ("履责", "“履责”按机构和原因列出报送数据时退回和提示的行：说的是数据，不是认定，也不在上面的合计里。"),
        ("报告编号", audit.number),
        ("数据版本", f"第 {audit.raw.get('data_version', '—')} 版，数据截至 {audit.data_date or '—'}"),
        ("规则包指纹", f"SHA-256 {audit.raw.get('rule_pack') or '—'}"),
        ("疑点文件指纹", f"SHA-256 {figures.digest}（findings.parquet）"),
        ("生成时间", words.instant_text(audit.generated_at)),
    ]
    rows += [("影子规则", f"{shadow:,} 条疑点出自试运行的规则，不在本表，也不计入合计。")] if shadow else []
    rows += [("演示", "演示数据，均为合成，不涉及任何真实的人和机构。")] if audit.is_demo else []
    book.about("说明", f"{audit.place}医保基金审计疑点", rows)


def _yuan(fen: int) -> str:
    return words.YUAN.text(fen)


def _money(sums: Sums) -> list[Any]:
    return [to_yuan(fen) for fen in (sums.total, sums.inscope, sums.fund)]


def _rules(book: Book, figures: Figures) -> None:
    sheet = book.sheet("按规则", RULE_HEADS, freeze=1)
    for number, f in enumerate(figures.rules, start=1):
        named = [
            f.rule.title,
            f.rule.rule_id,
            f.rule.official_code,
            words.category_text(f.rule.category),
            "、".join(words.certainty_text(c) for c in f.certainties),
        ]
        book.row(sheet, number, RULE_HEADS, [*named, f.findings, *_money(f.own), *_money(f.once), f.rule.basis])
    last = len(figures.rules)
    book.row(
        sheet,
        last + 1,
        RULE_HEADS,
        ["合计", "", "", "", "", figures.findings, *_money(figures.own), *_money(figures.once), ""],
        bold=True,
    )
    sheet.autofilter(0, 0, max(last, 1), len(RULE_HEADS) - 1)


def _institutions(book: Book, figures: Figures) -> None:
    sheet = book.sheet("按机构", INSTITUTION_HEADS, freeze=1)
    rows = [i for i in figures.institutions if i.findings]
    for number, i in enumerate(rows, start=1):
        level = words.level_text(i.hosp_lv, i.fixmedins_type)
        visits = i.encounters if figures.encounters_known else None
        rate = rate_of(i) if figures.encounters_known else ""
        book.row(
            sheet,
            number,
            INSTITUTION_HEADS,
            [i.name, i.code, level, i.findings, *_money(i.once), to_yuan(i.certain), visits, rate],
        )
    total = ["合计", "", "", figures.findings, *_money(figures.once), to_yuan(figures.certain)]
    visits = sum(i.encounters for i in rows) if figures.encounters_known else None
    book.row(sheet, len(rows) + 1, INSTITUTION_HEADS, [*total, visits, ""], bold=True)
    sheet.autofilter(0, 0, max(len(rows), 1), len(INSTITUTION_HEADS) - 1)


def _details(book: Book, source: Source, figures: Figures, limit: int) -> None:
    sheet = book.sheet("疑点明细", DETAIL_HEADS, freeze=2)
    names = {i.code: i.name for i in figures.institutions}
    rules = {f.rule.rule_id: f.rule for f in figures.rules}
    cursor = source.con.execute(DETAIL, [limit])
    number = 0
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            number += 1
            rule = rules[row[1]]
            head = [
                row[0],
                rule.title,
                words.category_text(rule.category),
                words.certainty_text(row[2]),
                row[3],
                names.get(row[3], ""),
            ]
            book.row(sheet, number, DETAIL_HEADS, [*head, *row[4:7], words.window_text(row[7], row[8]), *row[9:]])
    sheet.autofilter(0, 0, max(number, 1), len(DETAIL_HEADS) - 1)
