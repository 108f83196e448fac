"""`hengjian knowledge`: import official tables into a site, see what an import would change, list batches, undo the last."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Rulebook
from hengjian.site.folder import writing
from hengjian.site.knowledge.importing import MODES, Prepared, apply, prepare, table_title
from hengjian.site.knowledge.importing import undo as undo_batch
from hengjian.site.knowledge.origin import Options, batch_of
from hengjian.site.knowledge.reasons import REASONS
from hengjian.site.knowledge.store import StoredBatch, read_batches
from hengjian.site.knowledge.stored import all_points
from hengjian.site.knowledge.tables import KINDS

knowledge_app = typer.Typer(
    help="知识：导入官方知识表、看会改变什么、列出各批、撤销最后一批。", no_args_is_help=True, rich_markup_mode=None
)
Paths = Annotated[list[Path], typer.Argument(help="知识表（CSV、xlsx、zip）或放它们的文件夹，可写几个", show_default=False)]
Site = Annotated[Path, typer.Option("--site", help="站点文件夹；导入时没有就新建")]
Notice = Annotated[str, typer.Option("--notice", help="出自哪个公告（全名）；表里没有来源一列时必须写", show_default=False)]
BatchName = Annotated[str, typer.Option("--batch", help="公告的批次，例如 第十二批", show_default=False)]
From = Annotated[str, typer.Option("--from", help="从哪天起有效，例如 2026-06-01；不写则看表里和批次", show_default=False)]
Mode = Annotated[str, typer.Option("--mode", help="replace 整表替换，add 增补；不写则照公告", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
_SHOWN = 8


@knowledge_app.command("import")
def import_(
    paths: Paths,
    site: Site = Path("site"),
    notice: Notice = "",
    batch: BatchName = "",
    start: From = "",
    mode: Mode = "",
    yes: Annotated[bool, typer.Option("--yes", help="不再询问，直接导入")] = False,
    as_json: AsJson = False,
) -> None:
    """把官方知识表导入站点文件夹，成为一批有日期的知识点。

    先列出会新增、改变、停用多少，问过才写；不在终端上运行又没有 --yes，就只看不写。
    每一行不是成为知识点，就是说明为什么没有。整表替换的一批只给以前的知识点写上停用日，什么也不删除。

    退出码：0 已导入（或没有变化）；1 已导入，但有的行或文件要改；2 没有导入。

    例：hengjian knowledge import 第十二批.xlsx --site site --notice "国家医保局公告（第十二批）" --from 2026-05-23

    例：hengjian knowledge import 知识文件夹 --site site --yes
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    book = load_rulebook()
    with writing(site):
        prepared = _prepare(console, paths, site, book, notice, batch, start, mode)
        if not as_json:
            _show(console, prepared, book)
        if prepared.empty:
            _told(console, as_json, prepared, None, "没有变化，没有写入。")
            raise typer.Exit(0 if not _faults(prepared) else 1)
        if not yes and not _agreed(console, as_json):
            _told(console, as_json, prepared, None, "没有写入。看过以后要导入，加上 --yes 再运行。")
            raise typer.Exit(2)
        stored = apply(site, prepared, datetime.now().replace(microsecond=0))  # noqa: DTZ005 - civil time
    _told(console, as_json, prepared, stored, f"已导入，是第 {stored.no} 批。撤销：hengjian knowledge undo --site {site}")
    raise typer.Exit(1 if _faults(prepared) else 0)


@knowledge_app.command()
def diff(
    paths: Paths,
    site: Site = Path("site"),
    notice: Notice = "",
    batch: BatchName = "",
    start: From = "",
    mode: Mode = "",
    as_json: AsJson = False,
) -> None:
    """看一次导入会改变什么，不写入。

    例：hengjian knowledge diff 知识文件夹 --site site

    例：hengjian knowledge diff 更新.xlsx --site site --mode replace --from 2026-01-28 --json
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    book = load_rulebook()
    prepared = _prepare(console, paths, site, book, notice, batch, start, mode)
    if not as_json:
        _show(console, prepared, book)
    _told(console, as_json, prepared, None, "只是看看，没有写入。")
    raise typer.Exit(1 if _faults(prepared) else 0)


@knowledge_app.command("list")
def list_(site: Site = Path("site"), as_json: AsJson = False) -> None:
    """列出导入过的各批，和各表的知识点：今日有效、将来生效、已停用。

    例：hengjian knowledge list --site site

    例：hengjian knowledge list --json
    """
    if not site.is_dir():
        raise InputError("没有这个站点文件夹", where=str(site), cure="检查 --site；第一次用 hengjian knowledge import 建立")
    batches, rows = read_batches(site), points_by_table(site, load_rulebook(), date.today())  # noqa: DTZ011 - civil day
    if as_json:
        said = {"batches": [_batch_facts(b) for b in batches], "tables": rows}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    if not batches:
        console.print("这个站点还没有导入过知识。下一步：hengjian knowledge import 知识文件夹")
        return
    table = _table("批", "导入时间", "公告批次", "生效", "新增", "改变", "停用", "状态")
    for b in batches:
        n = Counter[str]()
        for counts in b.tables.values():
            n.update(counts)
        state = f"已撤销（{b.undone_at[:16].replace('T', ' ')}）" if b.undone_at else "有效"
        name, day = _first(b.batches) or ("手工修改" if b.edit else ""), _first(b.valid_from)
        table.add_row(
            str(b.no),
            b.made_at[:16].replace("T", " "),
            name,
            day,
            *(f"{n[k]:,}" for k in ("added", "changed", "closed")),
            state,
        )
    console.print(table)
    table = _table("知识", "规则", "族", "有效", "将来", "已停用")
    for row in rows:
        numbers = (f"{row[k]:,}" for k in ("in_force", "future", "closed"))
        table.add_row(
            f"{row['title']}\n[dim]{row['table']}[/dim]", "、".join(row["rules"]) or "还没有规则", row["family"], *numbers
        )
    console.print(table)
    points = sum(r["in_force"] for r in rows if r["counts"])
    console.print(f"今日有效的知识点 {points:,} 个（编码级；通用名编码表不算）。")


@knowledge_app.command()
def undo(
    number: Annotated[int | None, typer.Argument(metavar="[BATCH]", help="批号；不写就是最后一批", show_default=False)] = None,
    site: Site = Path("site"),
    as_json: AsJson = False,
) -> None:
    """撤销最后一批：标为已撤销，它停用的知识点恢复；什么也不删除。要撤销更早的，从最后一批起逐批来。

    例：hengjian knowledge undo --site site

    例：hengjian knowledge undo 3 --site site
    """
    if not site.is_dir():
        raise InputError("没有这个站点文件夹", where=str(site), cure="检查 --site")
    with writing(site):
        batch = undo_batch(site, number, datetime.now().replace(microsecond=0))  # noqa: DTZ005 - civil time
    if as_json:
        typer.echo(json.dumps(_batch_facts(batch), ensure_ascii=False))
        return
    typer.echo(f"第 {batch.no} 批已撤销；它停用过的知识点恢复有效。重新审计后疑点随之改变。")


def points_by_table(site: Path, book: Rulebook, today: date) -> list[dict[str, Any]]:
    """Per table: official rule, our rules that read it, their family, and points in force, future and closed on a day."""
    day = day_number(today)
    counts: dict[str, Counter[str]] = {}
    for table, data in all_points(site):
        found = counts.setdefault(table, Counter())
        starts, ends = data.column("start").to_numpy(), data.column("end").to_numpy()
        gone = (ends <= day) | (ends <= starts)
        future = ~gone & (starts > day)
        found["closed"] += int(gone.sum())
        found["future"] += int(future.sum())
        found["in_force"] += int((~gone & ~future).sum())
    rows = []
    for table, n in sorted(counts.items()):
        rules = [r for r in book.rules.values() if r.book_table == table]
        family = book.families[rules[0].family].title if rules and rules[0].family in book.families else ""
        rows.append(
            {"table": table, "title": table_title(table), "rules": [r.rule_id for r in rules], "family": family,
             "counts": KINDS[table].counts, "in_force": n["in_force"], "future": n["future"], "closed": n["closed"]}
        )  # fmt: skip
    return rows


def _prepare(
    console: Console, paths: list[Path], site: Path, book: Rulebook, notice: str, batch: str, start: str, mode: str
) -> Prepared:
    if mode and mode not in MODES:
        raise InputError("选项 --mode 的值不对", why=f"“{mode}”", cure="写 replace（整表替换）或 add（增补）")
    try:
        day = date.fromisoformat(start) if start else None
    except ValueError as error:
        raise InputError("选项 --from 的值不对", why=f"“{start}”不是日期", cure="写成 2026-06-01") from error
    if site.exists() and not site.is_dir():
        raise InputError("站点文件夹打不开", where=str(site), why="这里有一个文件，不是文件夹", cure="检查 --site")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("读取", total=1.0)
        options = Options(notice.strip(), batch_of(batch), day)
        return prepare(
            paths, site, book.knowledge, options, mode, lambda what, share: bar.update(task, description=what, completed=share)
        )


def _agreed(console: Console, as_json: bool) -> bool:
    """Whether a person at a terminal says yes; nobody is asked elsewhere."""
    if as_json or not sys.stdin.isatty() or not console.is_terminal:
        return False
    return typer.confirm("现在导入吗", default=False)


def _faults(prepared: Prepared) -> bool:
    """Whether a file or a row should be mended."""
    return bool(prepared.batch.refused) or any(REASONS[e.reason].fault for e in prepared.batch.explained)


def _show(console: Console, prepared: Prepared, book: Rulebook) -> None:
    """What was read, what would change, what made no point and why."""
    rows, taken = sum(f["rows"] for f in prepared.files), sum(f["taken"] for f in prepared.files)
    console.print(
        f"读到 {len(prepared.files)} 张表 {rows:,} 行：{taken:,} 行成为知识点或通用名编码，{rows - taken:,} 行另有说明。"
    )
    used = {r.knowledge for r in book.rules.values()}
    table = _table("知识", "新增", "改变", "不变", "停用", "矛盾", "")
    for name, n in prepared.difference.counts().items():
        note = "" if name in used else "只作对照" if not KINDS[name].counts else "还没有规则"
        numbers = (f"{n[k]:,}" for k in ("added", "changed", "unchanged", "closed", "refused"))
        table.add_row(f"{table_title(name)}\n[dim]{name}[/dim]", *numbers, note)
    if table.row_count:
        console.print(table)
    for refused in prepared.batch.refused[:_SHOWN]:
        console.print(Text(f"没有读 {refused['file']}：{refused['what']}。办法：{refused['cure']}。", "yellow"))
    if len(prepared.batch.refused) > _SHOWN:
        console.print(Text(f"另有 {len(prepared.batch.refused) - _SHOWN} 个文件没有读，见 --json。", "yellow"))
    for code, count in Counter(e.reason for e in prepared.batch.explained).most_common():
        reason = REASONS[code]
        one = next(e for e in prepared.batch.explained if e.reason == code)
        where = f"{prepared.batch.sources[one.source].name} 第 {one.line} 行"
        example = f"例如 {where}{f'，{one.name}' if one.name else ''}{f'（{one.detail}）' if one.detail else ''}"
        console.print(
            Text(
                f"{count:,} 行：{reason.title}（{code}）。{example}。办法：{reason.advice}。",
                "yellow" if reason.fault else "dim",
            )
        )


def _told(console: Console, as_json: bool, prepared: Prepared, stored: StoredBatch | None, sentence: str) -> None:
    if as_json:
        reasons = Counter(e.reason for e in prepared.batch.explained)
        said = {
            "batch": stored.no if stored else None,
            "files": prepared.files,
            "refused_files": prepared.batch.refused,
            "rows": sum(f["rows"] for f in prepared.files),
            "taken": sum(f["taken"] for f in prepared.files),
            "tables": prepared.difference.counts(),
            "reasons": [
                {"code": c, "title": REASONS[c].title, "advice": REASONS[c].advice, "rows": n} for c, n in reasons.most_common()
            ],
            "explained": [
                {
                    "file": prepared.batch.sources[e.source].name,
                    "line": e.line,
                    "code": e.reason,
                    "detail": e.detail,
                    "name": e.name,
                }
                for e in prepared.batch.explained
                if REASONS[e.reason].fault
            ],
        }
        typer.echo(json.dumps(said, ensure_ascii=False))
    console.print(sentence)


def _batch_facts(b: StoredBatch) -> dict[str, Any]:
    facts = {"batch": b.no, "made_at": b.made_at, "undone_at": b.undone_at, "notices": b.notices, "notice_batches": b.batches}
    return facts | {
        "valid_from": b.valid_from,
        "mode": b.mode,
        "tables": b.tables,
        "reasons": b.reasons,
        "files": b.files,
        "edit": b.edit,
    }


def _first(names: list[str]) -> str:
    return names[0] + (f" 等 {len(names)} 个" if len(names) > 1 else "") if names else ""


def _table(*headers: str) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, header in enumerate(headers):
        words = {"知识", "规则", "族", "导入时间", "公告批次", "生效", "状态", ""}
        table.add_column(header, justify="left" if header in words or not place else "right")
    return table
