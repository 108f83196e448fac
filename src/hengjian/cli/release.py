"""`hengjian rules release|releases|approve|approvals`: what a site decides about rules."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.cli.moment import now
from hengjian.cli.options import AsJson, OwnSite
from hengjian.cli.rules import rules_app
from hengjian.engine.defence import undefended
from hengjian.engine.lint import lint_rulebook
from hengjian.kernel.dates import day_date, day_number
from hengjian.kernel.errors import InputError
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import STATUS_LABELS, Rulebook
from hengjian.site.apply import effective, known
from hengjian.site.approvals import Wanted, add_approvals, check_day, read_approvals
from hengjian.site.folder import site_root
from hengjian.site.releases import STATUSES, Release, add_releases, read_releases, standing

By = Annotated[str, typer.Option("--by", help="批准人姓名")]
From = Annotated[str, typer.Option("--from", help="从哪一天起，如 2026-03-01；不写则今天", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="理由、文号")]


@rules_app.command()
def release(
    rules: Annotated[list[str] | None, typer.Argument(help="规则编号，可写几条")] = None,
    status: Annotated[str, typer.Option("--status", help="shadow（只试运行，不产生疑点）或 active（启用）")] = "",
    by: By = "",
    from_: From = "",
    reason: Reason = "",
    every: Annotated[bool, typer.Option("--all", help="全部启用的规则")] = False,
    place: Annotated[
        list[str] | None, typer.Option("--place", help="先只在这里启用：行政区划代码或机构编号，可写几次；别处仍只作影子")
    ] = None,
    site: OwnSite = Path("site"),
) -> None:
    """登记规则从哪一天起启用或只作影子。随程序的状态和站点的发布，以较严的为准：启用的可以压住，影子的不能放开。

    例：hengjian rules release split_admission --status shadow --from 2026-03-01 --by 张三 --site site

    例：hengjian rules release --all --status shadow --by 张三 --reason 试运行三个月

    例：hengjian rules release split_admission --status active --place 990102 --by 张三 --reason 先在一个县试三个月
    """
    book = known(load_rulebook(), site if site.is_dir() else None)
    if status not in STATUSES:
        raise InputError(f"状态不能是“{status}”", where="--status", cure="写 shadow 或 active")
    if bool(rules) == every:
        raise InputError("没有说是哪些规则" if not rules else "规则编号和 --all 只能写一样", cure="写规则编号，或写 --all")
    names = rules or [r.rule_id for r in book.active]
    if status == "active":
        _defended(book, [n for n in names if n in book.rules and book.rules[n].local])
    day = check_day(from_, "--from") if from_ else day_number(now().date())
    places = tuple(dict.fromkeys(place or ()))
    add_releases(site, book, [Release(name, status, day, by, reason, "", places) for name in names], now())
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"已登记：{len(names)} 条规则从 {day_date(day)} 起{STATUS_LABELS[status]}{_where(places)}（{by}），写在 {site / 'releases.csv'}。"
    )
    for own in [
        book.rules[n] for n in names if book.rules[n].local and status == "active" and book.rules[n].status != "active"
    ]:
        console.print(
            f"[yellow]“{own.title}”的规则文件里写的还是{STATUS_LABELS[own.status]}：把 {own.path} 的 status 改成 active，它才产生疑点。[/yellow]"
        )
    if stricter := [n for n in names if status == "active" and book.rules[n].status != "active" and not book.rules[n].local]:
        told = "、".join(f"{book.rules[n].title}（{STATUS_LABELS[book.rules[n].status]}）" for n in stricter)
        console.print(f"[yellow]随程序还没有启用的，仍以较严的为准：{told}。[/yellow]")


@rules_app.command()
def releases(site: OwnSite = Path("site"), as_json: AsJson = False) -> None:
    """列出站点的发布记录，和每条规则今天的状态。

    例：hengjian rules releases --site site
    """
    root = _existing(site)
    shipped = load_rulebook()
    book = known(shipped, root)
    rows = read_releases(root, book)
    current = effective(shipped, root, date.today())  # noqa: DTZ011 - civil day
    held = standing(rows, day_number(now().date()))
    facts: list[dict[str, Any]] = [
        {
            "rule_id": r.rule_id,
            "title": book.rules[r.rule_id].title,
            "status": r.status,
            "from": day_date(r.day).isoformat(),
            "by": r.by,
            "reason": r.reason,
            "places": list(r.places),
            "recorded_at": r.recorded_at,
            "standing": held.get(r.rule_id) == r,
            "shipped": book.rules[r.rule_id].status,
            "today": current.rules[r.rule_id].status,
        }
        for r in rows
    ]
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    table = _table("规则", "登记为", "起始日期", "批准人", "理由", "今天的状态")
    for f in facts:
        today = STATUS_LABELS[str(f["today"])] if f["standing"] else ""
        table.add_row(
            f"{f['title']}\n[dim]{f['rule_id']}[/dim]",
            STATUS_LABELS[str(f["status"])] + ("\n" + " ".join(f["places"]) if f["places"] else ""),
            str(f["from"]),
            str(f["by"]),
            str(f["reason"]),
            today,
        )
    Console(highlight=False).print(table if facts else "站点还没有发布记录：规则都按随程序的状态。")


@rules_app.command()
def approve(
    subject: Annotated[str, typer.Argument(help="规则编号，或知识表")],
    name: Annotated[str, typer.Argument(help="参数，或知识点编号")],
    value: Annotated[str, typer.Option("--value", help="核准的值；不写则核准我们的值。知识点不写值")] = "",
    by: By = "",
    from_: From = "",
    reason: Reason = "",
    site: OwnSite = Path("site"),
) -> None:
    """核准一个参数的值，或一个知识点：从那天发生的行为起，它算有官方出处；程度可到“违规”的规则，疑点就是违规。

    例：hengjian rules approve split_admission max_gap_days --value 10 --from 2026-03-01 --by 张三 --reason 协议第十二条

    例：hengjian rules approve drug_child_only child-01 --from 2026-03-01 --by 张三
    """
    shipped = load_rulebook()
    book = known(shipped, site if site.is_dir() else None)
    day = from_ or now().date().isoformat()
    (approval,) = add_approvals(site, book, [Wanted(f"{subject} {name}", value, day, by, reason)], now())
    console = Console(highlight=False, soft_wrap=True)
    what = f"{subject} {name}"
    if approval.value is not None:
        what += f" = {book.rules[subject].params[name].shown(approval.value)}"
    console.print(f"已登记：{what}，{day_date(approval.day)} 起（{by}），写在 {site / 'approvals.csv'}。")
    rules = [r for r in book.rules.values() if r.rule_id == subject or (approval.value is None and r.book_table == subject)]
    if rules and all(r.certainty != "certain" for r in rules):
        console.print("[yellow]用到它的规则至多是可疑（规则本身没有官方的违规定性），核准后程度不变。[/yellow]")


@rules_app.command()
def approvals(site: OwnSite = Path("site"), as_json: AsJson = False) -> None:
    """列出站点核准的参数和知识点。

    例：hengjian rules approvals --site site
    """
    root = _existing(site)
    book = known(load_rulebook(), root)
    facts = [
        {
            "subject": a.subject,
            "name": a.name,
            "value": "" if a.value is None else _value(book, a.subject, a.name, a.value),
            "from": day_date(a.day).isoformat(),
            "by": a.by,
            "reason": a.reason,
        }
        for a in read_approvals(root, book)
    ]
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    table = _table("核准什么", "值", "起始日期", "批准人", "理由")
    for f in facts:
        table.add_row(f"{f['subject']} {f['name']}", f["value"], f["from"], f["by"], f["reason"])
    Console(highlight=False).print(table if facts else "站点还没有核准什么：缺省参数和我们整理的知识一律只作可疑。")


def _defended(book: Rulebook, names: list[str]) -> None:
    """Refuse to let a rule of the site's own open findings when it does not stand up. Raises InputError."""
    if not names:
        return
    found = [(f.where, f.what, f.cure) for f in lint_rulebook(book) if f.name in names]
    found = found or [(s.where, s.sentence, "补一个示例，或去掉这个条件") for s in undefended(book, names)]
    if found:
        where, what, cure = found[0]
        raise InputError(
            f"本地规则还不能启用：{len(found)} 处问题",
            where=where,
            why=what,
            cure=f"{cure}；全部问题见 hengjian rules lint --site",
        )


def _value(book: Rulebook, subject: str, name: str, value: int) -> str:
    return book.rules[subject].params[name].shown(value)


def _existing(site: Path) -> Path:
    root = site_root(site)
    assert root is not None
    return root


def _table(*headers: str) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, no_wrap=header != "理由")
    return table


def _where(places: tuple[str, ...]) -> str:
    return f"，先只在 {'、'.join(places)}，别处仍只作影子" if places else ""
