"""`hengjian gate levels`: how strongly a rule answers at the gate, by institution and date, in the site folder."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.gate_keys import today, told_day
from hengjian.cli.options import AsJson
from hengjian.kernel.dates import day_date
from hengjian.rulebook import load_rulebook

gate_levels_app = typer.Typer(help="级别：一条规则在闸口说得多重。", no_args_is_help=True)
_Site = Annotated[Path, typer.Option("--site", help="站点文件夹；记在它的 gate_levels.csv 里")]
SITE = Path("site")


@gate_levels_app.command(name="set")
def set_level(
    rule: Annotated[str, typer.Argument(help="规则编号，见 hengjian rules list")],
    level: Annotated[str, typer.Argument(help="inform 提醒、warn 警示、reason 请说明理由、no_pay 基金不予支付")],
    by: Annotated[str, typer.Option("--by", help="批准人姓名")],
    institution: Annotated[str, typer.Option("--institution", help="只在这家机构；不写则各家都是")] = "",
    since: Annotated[str | None, typer.Option("--from", help="从哪天起；不写则是今天", show_default=False)] = None,
    reason: Annotated[str, typer.Option("--reason", help="理由")] = "",
    site: _Site = SITE,
) -> None:
    """定一条规则从某日起在闸口说得多重。

    没有定过的：明确的警示，可疑的提醒。“基金不予支付”只用于明确的疑点，也不拦住诊疗：医生写明理由就可以继续。急诊、生育、新生儿一律只提醒。
    运行中的闸口两秒内知道。

    例：hengjian gate levels set service_daily_limit reason --by 王某

    例：hengjian gate levels set service_daily_limit no_pay --by 王某 --institution H99010000001 --from 2027-01-01
    """
    from hengjian.gate.levels import LEVELS, LevelRow, add_level

    day = told_day(since, "--from") if since else today()
    now = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
    add_level(site, load_rulebook(), LevelRow(rule, institution, level, day, by, reason), now)
    where = institution or "各家机构"
    typer.echo(f"记下：{rule} 在{where}从 {day_date(day)} 起{LEVELS[level]}（{by}）。")


@gate_levels_app.command(name="list")
def list_levels(site: _Site = SITE, as_json: AsJson = False) -> None:
    """列出定过的级别。

    例：hengjian gate levels list --site site
    """
    from hengjian.gate.levels import LEVELS, read_levels

    rows = read_levels(site, load_rulebook())
    if as_json:
        told = [
            {"rule": r.rule_id, "institution": r.institution, "level": r.level, "from": str(day_date(r.day)), "by": r.by}
            for r in rows
        ]
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    table = Table("规则", "机构", "级别", "起始日期", "批准人", "理由", header_style="bold")
    for r in rows:
        cells = (r.rule_id, r.institution or "各家", LEVELS[r.level], str(day_date(r.day)), r.by, r.reason)
        table.add_row(*map(Text, cells))
    Console().print(table if rows else "没有定过级别：明确的警示，可疑的提醒。")
