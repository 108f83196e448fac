"""`hengjian docs`: write the reference pages that are made from code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hengjian.engine.family_page import family_page
from hengjian.engine.spec_page import rule_sql_page
from hengjian.gate.stage_page import stage_page
from hengjian.kernel.errors import InputError
from hengjian.lake.schema.dictionary import data_dictionary
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.law_page import law_page
from hengjian.rulebook.page import rules_page
from hengjian.site.knowledge.page import knowledge_page


def pages() -> dict[str, str]:
    """Every generated page by file name."""
    book = load_rulebook()
    return {
        "data.md": data_dictionary(),
        "families.md": family_page(book),
        "knowledge.md": knowledge_page(book),
        "law.md": law_page(book),
        "rule-sql.md": rule_sql_page(),
        "rules.md": rules_page(book),
        "stages.md": stage_page(book),
    }


def docs(
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹")] = Path("docs/reference"),
    check: Annotated[bool, typer.Option("--check", help="只检查是否过期，不写文件；过期时退出码为 1")] = False,
) -> None:
    """写出由代码生成的参考页：数据字典、规则族、知识表、规则 SQL、规则清单和阶段。

    例：hengjian docs

    例：hengjian docs --check
    """
    stale = [
        name for name, text in pages().items() if not (out / name).is_file() or (out / name).read_text(encoding="utf-8") != text
    ]
    if check:
        typer.echo("参考页都是最新的。" if not stale else "这些页过期了，运行 make fix：" + "、".join(stale))
        raise typer.Exit(1 if stale else 0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError("参考页写不进去", where=str(out), why=str(error), cure="换一个可写的文件夹") from error
    typer.echo(f"写好 {len(pages())} 页，{len(stale)} 页有变化：{out}")
