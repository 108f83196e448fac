"""`hengjian show`: one finding with everything behind it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers
from hengjian.report.card import card, card_json
from hengjian.report.source import Source, open_audit

_SHOWN = 5


def show(
    finding_id: Annotated[str, typer.Argument(help="疑点编号，可以只写开头几位")],
    out: Annotated[Path, typer.Option("--out", help="审计结果在哪个文件夹")] = Path("out"),
    lake: Annotated[Path | None, typer.Option("--lake", help="数据湖文件夹；不写则用审计时的那个")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
) -> None:
    """看一条疑点：说明、金额、计算、费用明细、看过的豁免、依据。

    疑点编号在 report.html、findings.xlsx 和 findings.parquet 里。人员编号只显示头尾。

    例：hengjian show d74f9615 --out out

    例：hengjian show d74f9615 --json
    """
    source = open_audit(out)
    try:
        finding = find(source, finding_id.strip().lower())
        rule = source.rules.get(finding["rule_id"])
        version = _lake(source, lake)
        facts = asdict(rule) if rule else {"rule_id": finding["rule_id"], "title": finding["rule_id"]}
    finally:
        source.con.close()
    if as_json:
        typer.echo(json.dumps(card_json(finding, facts, version), ensure_ascii=False, indent=1))
    else:
        Console().print(card(finding, facts, version))


def find(source: Source, finding_id: str) -> dict[str, Any]:
    """The one finding whose id begins with `finding_id`. Raises InputError when there is none, or more than one."""
    try:
        return _find(source, finding_id)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise InputError(
            "疑点文件读不出来", where=str(source.findings), why=cause_of(error), cure="重新运行 hengjian audit"
        ) from error


def _find(source: Source, finding_id: str) -> dict[str, Any]:
    where = str(source.findings)
    if not finding_id:
        raise InputError("没有写疑点编号", cure="写编号的开头几位，例如 hengjian show d74f9615")
    cursor = source.con.execute(
        "SELECT * FROM all_finding WHERE starts_with(finding_id, ?) ORDER BY finding_id LIMIT ?", [finding_id, _SHOWN + 1]
    )
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    exact = [row for row in rows if row["finding_id"] == finding_id]
    if len(rows) == 1 or exact:
        return (exact or rows)[0]
    if rows:
        more = " 等" if len(rows) > _SHOWN else ""
        ids = "、".join(row["finding_id"][: len(finding_id) + 8] for row in rows[:_SHOWN])
        raise InputError(f"{finding_id} 对应不止一条疑点", where=where, why=f"以它开头的有 {ids}{more}", cure="多写几位编号")
    near = source.con.execute(
        "SELECT finding_id, levenshtein(left(finding_id, ?), ?) AS far FROM all_finding ORDER BY far, finding_id LIMIT 3",
        [len(finding_id), finding_id],
    ).fetchall()
    if not near:
        raise InputError("这次审计没有疑点", where=where, cure="没有疑点可看；看 report.html 里检查了什么")
    close = [row[0][: max(16, len(finding_id))] for row in near if row[1] <= max(1, len(finding_id) // 4)]
    cure = f"最接近的是 {'、'.join(close)}" if close else "编号在 findings.xlsx 的第一列"
    raise InputError(f"没有编号以 {finding_id} 开头的疑点", where=where, why="这次审计里没有这个编号", cure=cure)


def _lake(source: Source, given: Path | None) -> LakeVersion | None:
    """The lake version that was audited; without `--lake` only when it is still where the audit found it."""
    root = given or Path(str(source.audit.raw.get("lake") or ""))
    if given is None and (not source.audit.raw.get("lake") or not version_numbers(root)):
        return None
    number = source.audit.raw.get("data_version")
    return open_lake(root, int(number) if number in version_numbers(root) else None)
