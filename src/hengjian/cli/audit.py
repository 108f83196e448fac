"""`hengjian audit`: judge a lake with the active rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.cli.bar import progress_bar
from hengjian.cli.options import Site
from hengjian.engine.increment import SHADOW, SPARED, WITHDRAWN
from hengjian.engine.results import keep_score, results
from hengjian.engine.run import AuditResult, run_audit
from hengjian.engine.totals import rule_sums
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.report import write_html, write_workbook
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import CERTAINTIES, ENGINES, Rulebook
from hengjian.site.apply import effective
from hengjian.site.folder import site_root


def audit(
    lake: Annotated[Path, typer.Option("--lake", help="数据湖文件夹（由 hengjian ingest 生成）")],
    out: Annotated[Path, typer.Option("--out", help="结果写到哪个文件夹")] = Path("out"),
    rules: Annotated[list[str] | None, typer.Option("--rules", help="只运行这些规则，可重复；不写则运行全部启用的规则")] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="用哪个引擎：duckdb（整城）、sqlite（闸口所用）、spark（全省）；结果相同")
    ] = "duckdb",
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="增量：只重审这天（2026-11-24）、这一版（12）或上次审计（last）以来有新数据的人，其余沿用 --out 里的结果",
        ),
    ] = None,
    site: Site = None,
    shadow: Annotated[bool, typer.Option("--shadow/--no-shadow", help="影子规则是否一起试运行（只计数，不产生疑点）")] = True,
    version: Annotated[int | None, typer.Option("--version", help="审计第几版数据；不写则用最新一版")] = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="是否同时写 report.html 和 findings.xlsx")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出结果摘要，供程序读取")] = False,
) -> None:
    """用启用的规则审计一版数据，写出疑点清单。

    写出 findings.parquet（全部疑点）、shadow.parquet（影子规则的命中，不是疑点）、rules.csv、audit.json、report.html、findings.xlsx。同一版数据审计多少次，疑点编号都不变。

    例：hengjian audit --lake lake --out out

    例：hengjian audit --lake lake --out out --rules split_admission --json

    例：hengjian audit --lake lake --out out --since last

    例：hengjian audit --lake lake --out out --site site --no-shadow

    例：hengjian audit --lake lake --out out --engine spark
    """
    if engine not in ENGINES:
        raise InputError(f"没有引擎“{engine}”", cure="可用：" + "、".join(ENGINES))
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    current = open_lake(lake, version)
    now = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
    root = site_root(site, lake)
    book = effective(load_rulebook(), root, now.date())
    with results(out) as folder:
        with progress_bar(console, "审计") as tick:
            result = run_audit(
                current,
                book,
                folder,
                former=out,
                only=rules,
                engine=engine,
                since=since,
                now=now,
                with_shadow=shadow,
                site=root,
                progress=tick,
            )
        keep_score(out, folder)
        if report:
            write_html(folder, current)
            write_workbook(folder, current)
    if as_json:
        typer.echo(json.dumps(asdict(result), ensure_ascii=False))
        return
    show_result(console, result, out, book, rules)


def show_result(console: Console, result: AuditResult, out: Path, book: Rulebook, only: Sequence[str] | None = None) -> None:
    """The table of rules and what to do next."""
    table = Table(
        title=f"第 {result.data_version} 版数据的疑点",
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for header, justify in (
        ("规则", "left"),
        ("程度", "left"),
        ("疑点", "right"),
        ("整行金额（元）", "right"),
        ("基金支付（元）", "right"),
    ):
        table.add_column(header, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    found = set()
    for rule_id, certainty, count, total, fund in rule_sums(out / "findings.parquet"):
        rule = book.rules[rule_id]
        found.add(rule_id)
        table.add_row(rule.title, CERTAINTIES[certainty], f"{count:,}", f"{total:,.2f}", f"{fund:,.2f}")
    for rule_id in only or ():  # a rule asked for by name shows that it ran
        if rule_id not in {*found, *result.waiting, *result.left_out}:
            table.add_row(book.rules[rule_id].title, CERTAINTIES[book.rules[rule_id].certainty], "0", "0.00", "0.00")
    console.print(table)
    console.print(
        f"疑点 {result.findings:,} 条；同一行只计一次后，整行金额 {Decimal(result.amount_total):,.2f} 元，其中基金支付 {Decimal(result.amount_fund):,.2f} 元。"
    )
    if result.indicators:
        console.print(
            f"统计指标 {result.indicators:,} 个（机构 × 月 × 指标），记在 {out / 'indicators.parquet'}；只供比较，不是疑点。"
        )
    if result.shadow_pack:
        console.print(
            f"影子规则 {result.rules_shadow} 条试运行，命中 {result.shadow_hits:,} 处，基金支付 {Decimal(result.shadow_fund):,.2f} 元；只计数，不是疑点，记在 {out / SHADOW}。"
        )
    if result.exemptions or result.incomplete:
        why = [f"登记的豁免 {result.exemptions} 项，免去 {result.spared - result.incomplete:,} 处"] if result.exemptions else []
        why += [f"就诊有行加载时被拒收，{result.incomplete:,} 处先不判断"] if result.incomplete else []
        fund = Decimal(result.spared_fund)
        console.print(f"{'；'.join(why)}。合计基金支付 {fund:,.2f} 元，不是疑点，逐条记在 {out / SPARED}。")
    if result.site:
        console.print(f"按站点文件夹 {result.site}：核准 {result.approvals} 项。")
    if result.waiting:
        titles = [book.rules[rule_id].title for rule_id in result.waiting]
        shown = "、".join(titles if only or len(titles) <= 3 else [*titles[:3], "…"])
        console.print(
            f"[yellow]有 {len(titles)} 条规则缺知识表，没有运行：{shown}。缺哪张：hengjian rules coverage --lake {result.lake}[/yellow]"
        )
    for rule_id in result.left_out:
        console.print(f"[yellow]{book.rules[rule_id].title}：不在 {result.engine} 上运行。[/yellow]")
    if result.full_because:
        console.print(f"[yellow]{result.full_because}，所以全部重审。[/yellow]")
    if result.rejudged is not None:
        console.print(f"增量：重审 {result.rejudged:,} 人，其余沿用上次结果，疑点与全部重审相同。")
    if result.withdrawn:
        console.print(f"以前的疑点有 {result.withdrawn:,} 条不再成立，记在 {out / WITHDRAWN}，没有删除。")
    speed = int(result.lines / max(result.seconds, 0.001))
    console.print(f"用时 {result.seconds:.1f} 秒，每秒 {speed:,} 行费用，内存峰值 {result.peak_mb:,} MB。")
    console.print(f"下一步：打开 {out / 'report.html'}；看一条疑点：hengjian show 疑点编号 --out {out}")
