"""`hengjian keys`: the keys of personal columns. No command ever shows a secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.bar import progress_bar
from hengjian.crypto.keys import CURRENT, NEW, OLD, KeyRing, find_key_file
from hengjian.kernel.errors import InputError, KeyFileError
from hengjian.lake.keyuse import key_uses, keys_hint
from hengjian.lake.versions import open_lake

keys_app = typer.Typer(help="查看、更换、删去个人信息的密钥。", no_args_is_help=True)

_KEYS = Annotated[
    Path | None,
    typer.Option("--keys", help="密钥文件；不写则依次看环境变量 HENGJIAN_KEYS、数据湖记下的位置、~/.config/hengjian/keys.json"),
]
_LAKE = Annotated[Path, typer.Option("--lake", help="数据湖文件夹")]
_JSON = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
_STATES = {NEW: "待用", CURRENT: "当前", OLD: "旧"}


@keys_app.command(name="list")
def list_keys(keys: _KEYS = None, lake: _LAKE = Path("lake"), as_json: _JSON = False) -> None:
    """列出密钥文件里的每把密钥：名字、建立时间、状态、数据湖的哪些版本在用。密钥本身从不显示。

    例：hengjian keys list --lake lake
    """
    ring = _ring(keys, lake)
    uses = key_uses(lake, [key.id for key in ring.keys])
    if as_json:
        rows = [{"id": k.id, "created_at": k.created_at, "state": k.state, "versions": uses[k.id]} for k in ring.keys]
        typer.echo(json.dumps({"file": str(ring.path), "keys": rows}, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    table = Table("密钥", "建立时间", "状态", "在用的版本", header_style="bold")
    for key in ring.keys:
        table.add_row(Text(key.id), Text(key.created_at), _STATES[key.state], _numbers(uses[key.id]) or "无")
    console.print(Text(f"密钥文件：{ring.path}"), table)


@keys_app.command()
def rotate(lake: _LAKE = Path("lake"), keys: _KEYS = None, as_json: _JSON = False) -> None:
    """换一把新密钥：用它重新加密数据湖里的个人信息，生成新的一版。

    旧密钥留着，打开旧版本要用它；旧版本清理之后，可用 hengjian keys drop 删去。中途被杀，数据湖仍是原来的一版，重新运行即可。

    例：hengjian keys rotate --lake lake
    """
    from hengjian.lake.rotate import rotate as rotate_lake

    open_lake(lake)
    ring = _ring(keys, lake)
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with progress_bar(console, "重新加密") as progress:
        rotate_lake(lake, ring, progress)
    version = open_lake(lake).number
    if as_json:
        said = {"key": ring.current, "version": version, "file": str(ring.path)}
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    console.print(Text(f"已换成密钥 {ring.current}，数据湖第 {version} 版用它加密。"))
    console.print(Text(f"请重新备份密钥文件（不要和数据放在一起）：{ring.path}"))


@keys_app.command()
def drop(
    key_id: Annotated[str, typer.Argument(help="密钥的名字，例如 k3f9a")],
    lake: Annotated[list[Path], typer.Option("--lake", help="用过这个密钥文件的数据湖；有几个就写几次")] = [Path("lake")],  # noqa: B006
    keys: _KEYS = None,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False,
    as_json: _JSON = False,
) -> None:
    """永远删去一把旧密钥。还有版本在用的、当前的，都不会删。

    只核对写明的数据湖；别的数据湖若也用它，删去后那里的个人信息再也打不开。

    例：hengjian keys drop k3f9a --lake lake

    例：hengjian keys drop k3f9a --lake 甲湖 --lake 乙湖 --yes
    """
    ring = _ring(keys, lake[0])
    if key_id in ring:
        for root in lake:
            _refuse_in_use(ring, key_id, root)
        if not yes:
            _ask(key_id, lake, as_json)
    ring.drop(key_id)
    if as_json:
        typer.echo(json.dumps({"dropped": key_id, "file": str(ring.path)}, ensure_ascii=False))
        return
    typer.echo(f"密钥 {key_id} 已删去：{ring.path}\n密钥文件的旧备份里仍有它，也请处理。")


def _ring(keys: Path | None, lake: Path) -> KeyRing:
    return KeyRing.open(find_key_file(keys, keys_hint(lake)), lake=lake)


def _refuse_in_use(ring: KeyRing, key_id: str, root: Path) -> None:
    open_lake(root)  # a path misspelt must not pass for a lake that does not use the key
    if used := key_uses(root, [key_id])[key_id]:
        raise KeyFileError(
            f"密钥 {key_id} 不能删",
            where=str(ring.path),
            why=f"数据湖 {root} 的第 {_numbers(used)} 版还在用它",
            cure="先运行 hengjian keys rotate 换一把，并等用它的旧版本清理之后再删",
        )


def _ask(key_id: str, lakes: list[Path], as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise InputError(f"没有删去密钥 {key_id}", why="删去不能撤回，须先确认", cure="确定要删，就加上 --yes")
    names = "、".join(str(root) for root in lakes)
    typer.echo(f"只核对了 {names}。别的数据湖若也用 {key_id}，删去后那里的个人信息再也打不开。")
    if typer.prompt(f"确定要删，请再写一遍 {key_id}", default="", show_default=False) != key_id:
        raise InputError(f"没有删去密钥 {key_id}", why="写的不是它的名字", cure="确定要删时重新运行")


def _numbers(versions: list[int]) -> str:
    return "、".join(map(str, versions[:5])) + (f" 等 {len(versions)} 个" if len(versions) > 5 else "")
