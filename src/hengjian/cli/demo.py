"""`hengjian demo`: the whole way once, from a synthetic city to the report."""

from __future__ import annotations

import json
import shutil
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.city import Plan, build
from hengjian.cli.bar import progress_bar
from hengjian.cli.ingest import load_with_bar
from hengjian.engine.results import results
from hengjian.engine.run import AuditResult, run_audit
from hengjian.engine.totals import rule_sums
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest import LoadReport
from hengjian.lake.ingest.source import find_files
from hengjian.lake.versions import open_lake, refuse_orphans, version_numbers
from hengjian.report import write_html, write_workbook
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import CERTAINTIES
from hengjian.score import ScoreResult, read_findings, read_rules, read_truth, score


def demo(
    people: Annotated[int, typer.Option("--people", help="合成城市有多少参保人")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="种子：同样的人数和种子得到同样的结果")] = 1,
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹")] = Path("out"),
) -> None:
    """走一遍全程：造一座合成城市，加载、审计、评分，写出报告。

    全部数据都是编造的，没有真人真机构。再运行一次会覆盖上一次演示。

    例：hengjian demo

    例：hengjian demo --people 100000 --seed 7 --out out
    """
    started = time.perf_counter()
    console = Console(highlight=False, soft_wrap=True)
    city, lake = out / "city", out / "lake"
    _clear(lake)
    plan = Plan(people=people, seed=seed)
    with progress_bar(console, "一 造城") as tick:
        summary = build(plan, city, tick, force=True)
    console.print(f"一 造城：{people:,} 人，{summary.rows['fee_line']:,} 行费用，用时 {summary.seconds:.1f} 秒 → {city}")
    loaded = load_with_bar(find_files(city), lake, console, out / "keys.json")  # nobody real: no file in the user's home
    _tell_load(console, loaded, lake)
    book = load_rulebook()
    version = open_lake(lake)
    with results(out) as folder:
        with progress_bar(console, "三 审计") as tick:
            now = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
            audited = run_audit(version, book, folder, now=now, progress=tick)
        found, rules = read_findings(folder / "findings.parquet"), read_rules(folder / "rules.csv")
        result = score(found, read_truth(city / "truth.csv"), rules)
        (folder / "score.json").write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
        written = [write_html(folder, version).name, write_workbook(folder, version).name, "findings.parquet"]
    speed = int(audited.lines / max(audited.seconds, 0.001))
    console.print(
        f"三 审计：{audited.rules_active} 条规则，疑点 {audited.findings:,} 条，用时 {audited.seconds:.1f} 秒，每秒 {speed:,} 行费用"
    )
    console.print(f"四 评分与报告：{'、'.join(str(out / name) for name in written)}")
    console.print()
    console.print(_table(result, out))
    _tell_next(console, audited, out, time.perf_counter() - started)


def _clear(lake: Path) -> None:
    """Remove the lake of an earlier demo; never one with other data."""
    if not lake.exists():
        return
    if not version_numbers(lake):
        refuse_orphans(lake)
    if version_numbers(lake) and "synthetic" not in str(open_lake(lake).load.get("manifest", {}).get("sender", "")):
        raise InputError(
            "这个文件夹里的数据湖不是演示数据", where=str(lake), why="演示会覆盖它", cure="换一个文件夹，例如 --out demo"
        )
    shutil.rmtree(lake)


def _tell_load(console: Console, report: LoadReport, lake: Path) -> None:
    refused = sum(t["rejected"] for t in report.tables.values())
    console.print(
        f"二 加载：用时 {report.seconds:.1f} 秒，每秒 {report.lines_per_second:,} 行费用；有意混入的坏行退回 {refused:,} 行，逐行有原因 → {lake}"
    )


def _table(result: ScoreResult, out: Path) -> Table:
    """Rule · findings · money · precision · recall."""
    book = load_rulebook()
    scores = {t.rule_id: t for t in result.themes}
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for header, justify in (
        ("规则", "left"),
        ("程度", "left"),
        ("疑点", "right"),
        ("整行金额（元）", "right"),
        ("精确率", "right"),
        ("召回率", "right"),
    ):
        table.add_column(header, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for rule_id, certainty, count, total, _ in rule_sums(out / "findings.parquet"):
        theme = scores.get(rule_id)
        shares = (
            "—" if share is None else f"{share:.3f}" for share in ((theme.precision, theme.recall) if theme else (None, None))
        )
        table.add_row(book.rules[rule_id].title, CERTAINTIES[certainty], f"{count:,}", f"{total:,.2f}", *shares)
    return table


def _tell_next(console: Console, audited: AuditResult, out: Path, seconds: float) -> None:
    console.print(
        f"疑点是待核的金额，不是结论；一行费用在合计里只计一次：{Decimal(audited.amount_total):,.2f} 元，其中基金支付 {Decimal(audited.amount_fund):,.2f} 元。"
    )
    console.print("精确率、召回率按合成城市里埋入的事实算，不代表真实数据上的准确程度。")
    console.print(f"全程 {seconds:.0f} 秒。下一步：")
    console.print(f"  用浏览器打开 {out / 'report.html'}，用 Excel 打开 {out / 'findings.xlsx'}")
    console.print(f"  看一条疑点的全部依据：.venv/bin/hengjian show 疑点编号 --out {out}")
    console.print(f"  看被退回的行：.venv/bin/hengjian lake rejects --lake {out / 'lake'}")
    console.print(
        "  加载自己的数据：.venv/bin/hengjian ingest 文件夹 --lake lake，再运行 .venv/bin/hengjian audit --lake lake --out 结果"
    )
