"""`hengjian rules exempt|exemptions`: what a site holds against nobody, until when, on whose word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.cli.moment import now
from hengjian.cli.options import AsJson, OwnSite
from hengjian.cli.rules import rules_app
from hengjian.kernel.dates import day_date, day_number
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.local import SUBJECTS
from hengjian.rulebook.model import Exemption, Rulebook
from hengjian.site.apply import known
from hengjian.site.exemptions import EXEMPTIONS, add_exemptions, read_exemptions
from hengjian.site.folder import site_root


@rules_app.command()
def exempt(
    rules: Annotated[list[str] | None, typer.Argument(help="规则编号，可写几条；不写则全部规则")] = None,
    institution: Annotated[str, typer.Option("--institution", help="机构编号")] = "",
    doctor: Annotated[str, typer.Option("--doctor", help="主治或接诊医师编码")] = "",
    person: Annotated[str, typer.Option("--person", help="人员编号")] = "",
    visit: Annotated[str, typer.Option("--visit", help="就诊编号")] = "",
    item: Annotated[str, typer.Option("--item", help="项目编码或它的前几位")] = "",
    from_: Annotated[str, typer.Option("--from", help="从哪一天发生的行为起；不写则今天", show_default=False)] = "",
    to: Annotated[str, typer.Option("--to", help="到哪一天为止（含），不能不写")] = "",
    reason: Annotated[str, typer.Option("--reason", help="为什么不计")] = "",
    basis: Annotated[str, typer.Option("--basis", help="文号、会议纪要")] = "",
    by: Annotated[str, typer.Option("--by", help="登记人")] = "",
    approved_by: Annotated[str, typer.Option("--approved-by", help="批准人，不能是登记人")] = "",
    number: Annotated[str, typer.Option("--number", help="改已有的一项：写它的编号，其余照新的写")] = "",
    site: OwnSite = Path("site"),
) -> None:
    """登记一项豁免：这段时间里的这些行为不计为疑点。写了几样对象的，要同时符合；免去的仍逐条记在 spared.parquet。

    例：hengjian rules exempt drug_sex_limit --person P0001 --from 2026-01-01 --to 2026-12-31 --reason 性别登记变更 --by 张三 --approved-by 李四

    例：hengjian rules exempt --institution H99010100001 --item 0034 --from 2026-03-01 --to 2026-08-31 --reason 单议通过 --basis 会议纪要3号 --by 张三 --approved-by 李四
    """
    cells = {
        "number": number, "rules": " ".join(rules or []), "institution": institution, "doctor": doctor, "person": person, "visit": visit,
        "item": item, "from": from_ or now().date().isoformat(), "to": to, "reason": reason, "basis": basis, "by": by,
        "approved_by": approved_by,
    }  # fmt: skip
    book = known(load_rulebook(), site if site.is_dir() else None)
    (made,) = add_exemptions(site, book, [cells], now())
    Console(highlight=False, soft_wrap=True).print(
        f"已登记：豁免 {made.number}，{_rules(book, made)}，{_about(made)}，{day_date(made.period.start)} 至 {day_date(made.period.end - 1)}"
        f"（登记 {made.by}，批准 {made.approved_by}），写在 {site / EXEMPTIONS.file}。"
    )


@rules_app.command()
def exemptions(site: OwnSite = Path("site"), as_json: AsJson = False) -> None:
    """列出站点登记的豁免，和今天还有效的。

    例：hengjian rules exemptions --site site
    """
    root = site_root(site)
    assert root is not None
    book = known(load_rulebook(), root)
    today = day_number(now().date())
    found = read_exemptions(root, book)
    if as_json:
        typer.echo(json.dumps([_facts(e, today) for e in found], ensure_ascii=False, indent=1))
        return
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("编号", "规则", "对象", "起止", "理由", "登记 / 批准", "今天"):
        table.add_column(header, no_wrap=header in ("编号", "起止", "今天"), overflow="fold")
    for e in found:
        days = f"{day_date(e.period.start)}\n{day_date(e.period.end - 1)}"
        state = "有效" if today in e.period else "已过" if today >= e.period.end else "未到"
        table.add_row(
            e.number, _rules(book, e), _about(e), days, f"{e.reason}\n{e.basis}".strip(), f"{e.by} / {e.approved_by}", state
        )
    Console(highlight=False).print(table if found else "站点还没有登记豁免。")


def _rules(book: Rulebook, e: Exemption) -> str:
    return "、".join(book.rules[r].title for r in e.rules) or "全部规则"


def _about(e: Exemption) -> str:
    return "，".join(f"{EXEMPTIONS.columns[s]} {value}" for s in SUBJECTS if (value := getattr(e, s)))


def _facts(e: Exemption, today: int) -> dict[str, object]:
    return {
        "number": e.number,
        "rules": list(e.rules),
        **{s: getattr(e, s) for s in SUBJECTS},
        "valid_from": day_date(e.period.start).isoformat(),
        "valid_to": day_date(e.period.end).isoformat(),
        "reason": e.reason,
        "basis": e.basis,
        "by": e.by,
        "approved_by": e.approved_by,
        "in_force": today in e.period,
    }
