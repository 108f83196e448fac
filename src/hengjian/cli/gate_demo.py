"""`hengjian gate demo`: a small synthetic city, its history in a gate, and the doctor's page /try open in the browser."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from hengjian.city import Plan, build
from hengjian.cli.bar import progress_bar
from hengjian.cli.gate import gate_app, need_packages
from hengjian.cli.gate_keys import today
from hengjian.cli.ingest import load_with_bar
from hengjian.crypto.keys import ENVIRONMENT
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.source import find_files
from hengjian.lake.versions import LakeVersion, open_lake, refuse_orphans, version_numbers
from hengjian.rulebook import load_rulebook

if TYPE_CHECKING:
    from hengjian.gate.settings import GateSettings
    from hengjian.gate.sites import SiteKey
    from hengjian.gate.trial.people import Cast

HOME = Path("out/gate")
_KEYS = "keys.json"
_LEVELS = {
    "service_cycle_limit": "no_pay",
    "drug_visit_type_limit": "no_pay",
    "drug_forbidden_in_pregnancy": "reason",
    "drug_child_forbidden": "reason",
    "drug_sex_limit": "reason",
}
"""Levels of the demonstration's site, so that each of the four is seen."""


@gate_app.command()
def demo(
    home: Annotated[Path, typer.Option("--home", help="演示文件夹：城市、数据湖、闸口的库、密钥都在里面")] = HOME,
    people: Annotated[int, typer.Option("--people", help="合成城市有多少参保人（第一次建的时候用）")] = 5_000,
    seed: Annotated[int, typer.Option("--seed", help="种子（第一次建的时候用）")] = 1,
    host: Annotated[str, typer.Option("--host", help="在哪个地址上服务；127.0.0.1 只有本机能打开")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="端口")] = 8100,
) -> None:
    """试用闸口：建一座合成城市，预热，打开闸口和医生工作站（/try）。

    全部数据都是编造的。再运行一次沿用已有的；要重建，删去演示文件夹。按 Ctrl-C 停止。

    例：hengjian gate demo

    例：hengjian gate demo --people 20000 --home out/gate2 --port 8101
    """
    need_packages()
    from hengjian.gate.security import Signature
    from hengjian.gate.serve import serve as run
    from hengjian.gate.settings import GateSettings
    from hengjian.gate.trial.example import curl_line, write_example

    console = Console(highlight=False, soft_wrap=True)
    os.environ[ENVIRONMENT] = str((home / _KEYS).resolve())  # nobody real: no file in the user's home; the workers inherit it
    version = _city(home, people, seed, console)
    root = home.resolve()
    settings = GateSettings(
        home=root,
        store=str(root / "gate.sqlite"),
        lake=root / "lake",
        site=root / "site",
        signature=Signature.REQUIRED,
        load_seconds=0.0,
    )
    _warm(settings, version, console)
    settings, playing = with_trial(settings)
    key = _site(root / "site", playing.here.code)
    message = write_example(playing, home)
    address = f"http://{host}:{port}/"

    def ready() -> None:
        console.print()
        console.print(f"用浏览器打开 {address}try ，按 Ctrl-C 停止。", style="bold")
        console.print(f"机构 {playing.here.name}（{key.fixmedins_code}），账号 {key.paasid}，密钥 {key.secret}")
        console.print("不用页面，直接发一笔 3101（另开一个终端，整行复制）：")
        console.print(curl_line(address, message, key), style="dim")

    code = run(settings, host, port, 1, ready=ready)
    console.print("已停止。再运行一次会沿用这座城市。")
    raise typer.Exit(code)


def with_trial(settings: GateSettings) -> tuple[GateSettings, Cast]:
    """Settings that open /try over their lake, and who plays. Raises InputError when there is no lake, or its data are real."""
    from hengjian.gate.layout import layout_of
    from hengjian.gate.trial.prepare import prepare_trial
    from hengjian.gate.worker import store_of

    if settings.lake is None:
        raise InputError("没有数据湖，开不了试用页", cure="用 --lake 指明合成城市的数据湖；或运行 hengjian gate demo")
    settings.home.mkdir(parents=True, exist_ok=True)
    store = store_of(settings)
    try:
        book, playing = prepare_trial(settings.lake, settings.home, store, layout_of(load_rulebook()))
    finally:
        store.close()
    return replace(settings, trial=book), playing


def _city(home: Path, people: int, seed: int, console: Console) -> LakeVersion:
    """The newest version of the demonstration's lake, made where there is none."""
    from hengjian.gate.trial.people import refuse_real

    city, lake = home / "city", home / "lake"
    if version_numbers(lake):
        version = open_lake(lake)
        refuse_real(version)
        told = version.load.get("manifest", {})
        console.print(
            f"沿用已有的合成城市：{told.get('place', '')}，{int(told.get('people', 0)):,} 人，数据湖第 {version.number} 版 → {lake}"
        )
        return version
    if lake.exists():
        refuse_orphans(lake)
    with progress_bar(console, "一 造城") as tick:
        summary = build(Plan(people=people, seed=seed), city, tick, force=True)
    console.print(f"一 造城：{people:,} 人，{summary.rows['fee_line']:,} 行费用，用时 {summary.seconds:.1f} 秒 → {city}")
    report = load_with_bar(find_files(city), lake, console, home / _KEYS)
    console.print(f"二 加载：用时 {report.seconds:.1f} 秒 → {lake}")
    return open_lake(lake)


def _warm(settings: GateSettings, version: LakeVersion, console: Console) -> None:
    """Fill the gate's store from the lake, unless it was filled from this version for the present rules."""
    from hengjian.gate.layout import layout_of
    from hengjian.gate.warm import warm
    from hengjian.gate.worker import store_of

    layout, store = layout_of(load_rulebook()), store_of(settings)
    try:
        kept = store.layout
        if kept is not None and kept.covers(layout) and store.warmed.get("lake_version") == str(version.number):
            console.print(f"沿用已有的闸口的库 → {settings.store}")
            return
        with progress_bar(console, "三 预热") as tick:
            report = warm(version, store, layout, progress=tick)
    finally:
        store.close()
    rows = sum(report.rows.values())
    console.print(f"三 预热：{report.persons:,} 人近十二个月的 {rows:,} 行，用时 {report.seconds:.1f} 秒 → {settings.store}")


def _site(site: Path, code: str) -> SiteKey:
    """The demonstration's site folder, made where it is not: levels, and the key of its institution."""
    from hengjian.gate.levels import LevelRow, add_level, read_levels
    from hengjian.gate.sites import add_key, read_keys

    book, now = load_rulebook(), datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
    site.mkdir(parents=True, exist_ok=True)
    known = {row.rule_id for row in read_levels(site, book)}
    for rule_id, level in _LEVELS.items():
        if rule_id in book.rules and rule_id not in known:
            add_level(site, book, LevelRow(rule_id, "", level, day_number(date(2021, 5, 1)), "演示", "让四级都看得到"), now)
    on = today()
    usable = [key for key in read_keys(site).values() if key.fixmedins_code == code and not key.refusal(on)]
    return usable[0] if usable else add_key(site, code, on=on)
