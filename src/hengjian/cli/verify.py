"""`hengjian verify`: does a finding still hold, and if not, what changed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from hengjian.cli.bar import progress_bar
from hengjian.cli.options import Site
from hengjian.cli.show import find
from hengjian.engine.pack import PACK, open_pack
from hengjian.engine.verify import CAUSES, HOLDS, LOST, Grounds, Verdict
from hengjian.engine.verify import verify as verify_findings
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.report.source import open_audit
from hengjian.rulebook import load_rulebook
from hengjian.site.apply import effective
from hengjian.site.folder import site_root


def verify(
    finding_id: Annotated[str, typer.Argument(help="疑点编号，可以只写开头几位；不写则看 --sample")] = "",
    out: Annotated[Path, typer.Option("--out", help="审计结果在哪个文件夹")] = Path("out"),
    lake: Annotated[Path | None, typer.Option("--lake", help="数据湖文件夹；不写则用审计时的那个")] = None,
    site: Site = None,
    sample: Annotated[int, typer.Option("--sample", min=1, help="不写编号时，按编号均匀抽多少条")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
) -> None:
    """重算疑点：先用审计时的规则、知识和数据，再用现在的；不再成立的，说明是三者中哪一样变了；站点的核准、知识变了也说明。

    全部成立时退出码为 0，有不再成立或有变化的为 1。

    例：hengjian verify d74f9615 --out out

    例：hengjian verify --out out --sample 1000 --json
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    source = open_audit(out)
    try:
        chosen = [find(source, finding_id.strip().lower())] if finding_id else _sample(source.con, sample)
    finally:
        source.con.close()
    root = lake or Path(str(source.audit.raw.get("lake") or ""))
    old, new = open_lake(root, int(source.audit.raw["data_version"])), open_lake(root)
    with open_pack(out / PACK) as book, progress_bar(console, "重算") as tick:
        current = effective(load_rulebook(), _site(site, source.audit.raw, root), date.today())  # noqa: DTZ011 - civil day
        verdicts = verify_findings(
            chosen,
            Grounds(book, book, old, old),
            Grounds(current, current, new, new),
            progress=tick,
        )
    if as_json:
        typer.echo(json.dumps([_plain(v) for v in verdicts], ensure_ascii=False, indent=1))
    else:
        _tell(console, verdicts, single=bool(finding_id))
    raise typer.Exit(0 if all(v.verdict == HOLDS for v in verdicts) else 1)


def _site(site: Path | None, told: dict[str, Any], lake: Path) -> Path | None:
    """The site folder named, else the one the audit used while it is there, else the one beside the lake."""
    used = Path(str(told.get("site") or ""))
    return site_root(site or (used if told.get("site") and used.is_dir() else None), lake)


def _sample(con: Any, count: int) -> list[dict[str, Any]]:
    """`count` findings spread evenly over the ids, which are digests: a fair sample, and the same one every time."""
    cursor = con.execute(
        """SELECT * EXCLUDE (nth, every) FROM (
             SELECT *, ROW_NUMBER() OVER (ORDER BY finding_id) - 1 AS nth, GREATEST(1, COUNT(*) OVER () // ?) AS every FROM all_finding)
           WHERE nth % every = 0 ORDER BY finding_id LIMIT ?""",
        [count, count],
    )
    names = [d[0] for d in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if not rows:
        raise InputError("这次审计没有疑点", cure="没有疑点可以重算")
    return rows


def _plain(verdict: Verdict) -> dict[str, Any]:
    facts = asdict(verdict)
    now = facts.pop("now")
    return facts | {"now": {k: str(v) for k, v in now.items() if k.startswith("amount_") or k in ("observed", "threshold")}}


def _tell(console: Console, verdicts: list[Verdict], single: bool) -> None:
    counts = Counter(v.verdict for v in verdicts)
    if not single:
        console.print(f"重算 {len(verdicts):,} 条：" + "，".join(f"{name} {n:,} 条" for name, n in counts.most_common()))
    for verdict in [v for v in verdicts if single or v.verdict != HOLDS][:20]:
        why = f"，变的是：{'、'.join(CAUSES[c] for c in verdict.causes)}" if verdict.causes else ""
        console.print(f"{verdict.finding_id[:16]} {verdict.rule_id}：{verdict.verdict}{why}")
        for detail in verdict.details:
            console.print(f"  {detail}")
        if verdict.now:
            console.print(f"  现在算出：整行 {verdict.now['amount_total']} 元，基金 {verdict.now['amount_fund']} 元")
    if counts[LOST]:
        console.print("无法重现的疑点不能作为任何处理的依据，请保留结果文件夹和数据湖，查明原因。", style="red")
