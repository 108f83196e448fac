"""`hengjian ingest`: load a folder into a lake."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from hengjian.cli.origin import Address, Folder, MapFile, Schema, saved_map, survey_of
from hengjian.lake.ingest import LoadReport
from hengjian.lake.ingest.load import load
from hengjian.lake.ingest.messages import MESSAGE
from hengjian.lake.ingest.report import OUTCOMES
from hengjian.lake.ingest.source import Source, choose_files
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.local import LOCAL

_REASONS, _WARNINGS = 8, 5
"""Reasons and warnings spelled out on the screen."""
_TABLES = {**TABLES, MESSAGE.name: MESSAGE}
_LABELS = {"read": "读到", "taken": "收下", "replaced": "替换", "rejected": "退回", "duplicate": "重复"}


def ingest(
    folder: Folder = None,
    lake: Annotated[Path, typer.Option("--lake", help="数据湖文件夹；没有则新建")] = Path("lake"),
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出加载报告，供程序读取")] = False,
    address: Address = "",
    schema: Schema = "",
    map_file: MapFile = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", help="密钥文件；不写则用 HENGJIAN_KEYS、数据湖记得的，或用户目录下的 .config/hengjian/keys.json"
        ),
    ] = None,
) -> None:
    """把一个文件夹、压缩包或数据库的数据加载进数据湖，生成新的一版。

    文件名以表名开头，例如 fee_line.csv、fee_line_2026-03.csv.gz、encounter.parquet、fee_line.xlsx；Excel 的工作表也看表名和表头。
    编码自动识别，列的次序不限，表头可用国家标准名或中文名；名字不同的，先用 hengjian map 建一份对照表。
    国家接口的报文（每行一笔 JSON，.ndjson 或 .jsonl，可压缩成 .gz）折算成各表的行；撤销、删除的行从数据湖撤下，预结算和失败的交易不算。
    数据库里的表和视图按名字对应，在同一个只读事务里读完，什么也不写。
    姓名、证件号码等个人信息加密存放，密钥文件在数据之外，第一次加载时新建。
    读不懂的行不会丢，连同文件、行号、列、值、原因和办法记在数据湖的退回登记里。

    退出码：0 全部收下；1 有文件或行被退回或没有读，其余已加载；2 没有加载。

    例：hengjian ingest 数据文件夹 --lake lake

    例：hengjian ingest 数据.zip --lake lake --map 对照.yml

    例：hengjian ingest --from postgresql://reader@10.0.0.8/yibao --schema dwd --lake lake

    例：hengjian ingest 数据文件夹 --lake lake --json
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    saved = saved_map(map_file)
    with survey_of("ingest", folder, address, schema) as found:
        source = choose_files(found, saved)
        report = load_with_bar(source, lake, console, keys)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        show_report(console, report, lake)
        if report.version:
            console.print(Text(f"下一步：hengjian audit --lake {lake} --out out"))
    raise typer.Exit(2 if not report.version else 0 if report.clean else 1)


def load_with_bar(source: Source, lake: Path, console: Console, keys: Path | None = None) -> LoadReport:
    """Load with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("读取", total=1.0)
        now = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
        return load(
            source, lake, now=now, keys=keys, progress=lambda what, share: bar.update(task, description=what, completed=share)
        )


def show_report(console: Console, report: LoadReport, lake: Path) -> None:
    """Tables, refused files, reasons and speed."""
    title = f"数据湖第 {report.version} 版" + ("" if report.new else "（没有新内容，版本不变）")
    table = Table(
        title=title if report.version else "没有加载：没有一行数据可用，数据湖没有建立",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("表")
    for key in ("read", *OUTCOMES):
        table.add_column(_LABELS[key], justify="right")
    for name, counts in report.tables.items():
        label = (_TABLES.get(name) or LOCAL[name.removeprefix("local_")]).label
        table.add_row(f"{label} {name}", *(f"{counts[key]:,}" for key in ("read", *OUTCOMES)))
    console.print(table)
    if report.withdrawn:
        listed = "、".join(f"{_TABLES[name].label} {count:,} 行" for name, count in report.withdrawn.items())
        console.print(Text(f"按撤销、删除的报文从数据湖撤下：{listed}。"))
    for title, count in report.messages.get("not_facts", {}).items():
        console.print(Text(f"报文 {count:,} 笔不算事实：{title}。", "dim"))
    for title, count in report.messages.get("gaps", {}).items():
        console.print(Text(f"报文还缺 {count:,} 处：{title}。例如：{report.messages['examples'][title]}。", "yellow"))
    for refused in report.refused_files:
        console.print(
            Text(f"退回文件 {refused['file']}：{refused['title']}。{refused['detail']}。办法：{refused['advice']}。", "red")
        )
    for reason in report.reasons[:_REASONS]:
        console.print(
            Text(f"退回 {reason['count']:,} 行：{reason['title']}（{reason['code']}）。办法：{reason['advice']}。", "yellow")
        )
    _rest(console, report.reasons[_REASONS:], "行", "yellow")
    for reason in report.warnings[:_WARNINGS]:
        console.print(Text(f"提示 {reason['count']:,} 处：{reason['title']}（{reason['code']}）。", "dim"))
    _rest(console, report.warnings[_WARNINGS:], "处", "dim")
    if report.reasons:
        console.print(Text(f"退回的每一行在 {lake}/tables/rejects，看法：hengjian lake rejects --lake {lake}", "dim"))
    for name, columns in report.unknown_columns.items():
        console.print(Text(f"{name} 里没有用到的列：{'、'.join(columns[:12])}{' 等' if len(columns) > 12 else ''}", "dim"))
    for name, why in report.ignored.items():
        console.print(Text(f"没有读 {name}：{why}", "yellow" if name in report.unread else "dim"))
    if sum(report.recovered.values()):
        console.print(Text(f"以前因缺少所指的行而退回的，这次补收 {sum(report.recovered.values()):,} 行。", "green"))
    if waiting := sum(report.waiting.values()):
        console.print(Text(f"还有 {waiting:,} 行在等它们所指的就诊、明细或结算；送到后自动收下，不必重送。", "dim"))
    for note in report.notes:
        console.print(Text(note, "yellow"))
    if report.keys_made:
        console.print(
            Text(
                f"新建了密钥文件 {report.keys_made}：请另外备份，不要和数据放在一起。没有它，姓名和证件号码再也打不开。",
                "yellow",
            )
        )
    console.print(f"用时 {report.seconds:.1f} 秒，每秒 {report.lines_per_second:,} 行费用。")


def _rest(console: Console, reasons: list[dict[str, Any]], unit: str, style: str) -> None:
    """What was not spelled out, in one line."""
    if reasons:
        codes = "、".join(str(reason["code"]) for reason in reasons)
        console.print(Text(f"等另 {len(reasons)} 种，共 {sum(r['count'] for r in reasons):,} {unit}：{codes}。", style))
