"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Site = Annotated[
    Path | None, typer.Option("--site", help="站点文件夹；不写则用数据湖旁边的 site（如果有）", show_default=False)
]
NamedSite = Annotated[Path | None, typer.Option("--site", help="站点文件夹；不写则只看随程序的规则", show_default=False)]
OwnSite = Annotated[Path, typer.Option("--site", help="站点文件夹；没有就建立")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
