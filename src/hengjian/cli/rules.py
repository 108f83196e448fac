"""`hengjian rules`: list, show, test and lint the rules."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from hengjian.cli.bar import progress_bar
from hengjian.cli.options import AsJson, NamedSite
from hengjian.engine.defence import Survivor, undefended
from hengjian.engine.examples import differences, false_remarks, run_example
from hengjian.engine.fold import folded_sql
from hengjian.engine.lint import lint_rulebook
from hengjian.kernel.errors import InputError, RulebookError
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.loader import SHIPPED
from hengjian.rulebook.model import CATEGORIES, CERTAINTIES, ENGINES, STATUS_LABELS, Rule, Rulebook
from hengjian.rulebook.page import rule_section
from hengjian.site.apply import effective, known
from hengjian.site.folder import site_root

rules_app = typer.Typer(help="规则：列出、查看、运行示例、检查写法。", no_args_is_help=True, rich_markup_mode=None)
Folder = Annotated[Path, typer.Option("--rulebook", help="规则文件夹；不写则用随程序的规则", show_default=False)]


def book_at(rulebook: Path, site: Path | None) -> Rulebook:
    """A rulebook as it stands today, at a site if one is named."""
    return effective(load_rulebook(rulebook), site_root(site), date.today())  # noqa: DTZ011 - civil day


def _one(book: Rulebook, name: str) -> Rule:
    if name not in book.rules:
        near = [r for r in book.rules if name in r or name in book.rules[r].title] or list(book.rules)
        raise InputError(f"没有这条规则：{name}", cure="可用的规则：" + "、".join(near[:12]))
    return book.rules[name]


@rules_app.command("list")
def list_rules(rulebook: Folder = SHIPPED, site: NamedSite = None, as_json: AsJson = False) -> None:
    """列出全部规则：名称、编号、类别、族、程度、状态、知识点、示例（官方编码和引擎见 --json）。

    例：hengjian rules list

    例：hengjian rules list --json

    例：hengjian rules list --site site
    """
    book = book_at(rulebook, site)
    rows = [_facts(book, rule) for rule in book.rules.values()]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("规则", "类别", "族", "程度", "状态", "知识点", "示例"):
        table.add_column(header, no_wrap=True, justify="right" if header in ("知识点", "示例") else "left")
    for row in rows:
        points = "随数据" if row["knowledge_rows"] is None else str(row["knowledge_rows"])
        table.add_row(
            f"{row['title']}\n[dim]{row['rule_id']}[/dim]",
            row["category"],
            book.families[row["family"]].title if row["family"] in book.families else "自带 SQL",
            CERTAINTIES[row["certainty"]],
            STATUS_LABELS[row["status"]],
            points,
            f"{row['guilty']}/{row['innocent']}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{len(rows)} 条。示例一列是“命中 / 放过”的行数。下一步：hengjian rules show 规则")


def _facts(book: Rulebook, rule: Rule) -> dict[str, Any]:
    travels = rule.knowledge.startswith("local_") or rule.knowledge == "price"
    return {
        "rule_id": rule.rule_id,
        "title": rule.title,
        "official_code": rule.official_code,
        "r_code": rule.r_code,
        "family": rule.family or "sql",
        "category": CATEGORIES[rule.category],
        "certainty": rule.certainty,
        "status": rule.status,
        "grain": rule.grain,
        "engines": list(book.engines(rule)),
        "knowledge": rule.knowledge,
        "knowledge_rows": None if travels else len(book.knowledge.get(rule.knowledge, ())),
        "guilty": sum(e.marks["命中"] for e in rule.examples),
        "innocent": sum(e.marks["放过"] for e in rule.examples),
        "fingerprint": book.fingerprint(rule),
    }


@rules_app.command()
def show(
    rule_id: Annotated[str, typer.Argument(help="规则编号")],
    rulebook: Folder = SHIPPED,
    site: NamedSite = None,
    as_json: AsJson = False,
) -> None:
    """看一条规则：说法、依据、参数、不计入的情形，和把设置代入后实际运行的 SQL。

    例：hengjian rules show drug_sex_limit
    """
    book = book_at(rulebook, site)
    rule = _one(book, rule_id)
    sql = folded_sql(book, rule)
    if as_json:
        facts = _facts(book, rule) | {
            "message": rule.message,
            "basis": [b.text for b in rule.basis],
            "spares": list(rule.spares),
            "settings": rule.settings,
            "params": {p.name: p.unit for p in rule.params.values()},
            "sql": sql,
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    for line in rule_section(rule):
        console.print(line.replace("## ", "").replace("`", ""), style="bold" if line.startswith("## ") else "", markup=False)
    console.print()
    console.print(Syntax(sql, "sql", background_color="default", word_wrap=False))


@rules_app.command()
def test(
    rule_ids: Annotated[list[str] | None, typer.Argument(help="规则编号，可写几条；不写则全部")] = None,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", help="在哪些引擎上运行，可重复；不写则 duckdb 和 sqlite")
    ] = None,
    rulebook: Folder = SHIPPED,
    site: NamedSite = None,
    as_json: AsJson = False,
) -> None:
    """运行规则自带的示例：该找出的找出，金额对，其余放过。有不符的退出码为 1。

    例：hengjian rules test drug_sex_limit

    例：hengjian rules test --engine duckdb --engine spark --json
    """
    book = book_at(rulebook, site)
    engines = engine or ["duckdb", "sqlite"]
    if unknown := [e for e in engines if e not in ENGINES]:
        raise InputError(f"没有引擎“{unknown[0]}”", cure="可用：" + "、".join(ENGINES))
    chosen = [_one(book, name) for name in rule_ids] if rule_ids else list(book.rules.values())
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch, progress_bar(console, "示例") as tick:
        for done, rule in enumerate(chosen, 1):
            for number, example in enumerate(rule.examples, 1):
                for name in engines:
                    if name in book.engines(rule):
                        try:
                            found = run_example(book, rule, example, name, Path(scratch))
                        except (duckdb.Error, sqlite3.Error) as error:
                            raise RulebookError(
                                f"“{rule.title}”的语句运行不了",
                                where=f"{rule.path}:{rule.sql_line}",
                                why=f"{name}：{str(error).splitlines()[0]}",
                                cure=f"先看 hengjian rules lint {rule.rule_id} 怎么说",
                            ) from error
                        wrong = differences(example, found)
                        wrong += false_remarks(rule, example)
                        facts = {
                            "rule_id": rule.rule_id,
                            "example": number,
                            "engine": name,
                            "name": example.name,
                            "wrong": wrong,
                        }
                        results.append(facts)
            tick(done, len(chosen))
    failed = [r for r in results if r["wrong"]]
    if as_json:
        typer.echo(json.dumps(results, ensure_ascii=False, indent=1))
    else:
        for result in failed:
            console.print(f"{result['rule_id']} 第 {result['example']} 个示例（{result['engine']}）：", style="red")
            for sentence in result["wrong"]:
                console.print(f"  {sentence}", markup=False)
        console.print(f"{len(chosen)} 条规则，{len(results)} 次运行，不符 {len(failed)} 次。")
    raise typer.Exit(1 if failed else 0)


@rules_app.command()
def lint(
    names: Annotated[list[str] | None, typer.Argument(help="规则或族，可写几个；不写则全部")] = None,
    defence: Annotated[bool, typer.Option("--defence/--no-defence", help="逐个去掉条件、移动设置，看有没有示例守着")] = True,
    rulebook: Folder = SHIPPED,
    site: NamedSite = None,
    as_json: AsJson = False,
) -> None:
    """检查规则写法：站不住脚的写法逐条指到文件和行；没有示例守着的条件也算。写 --site 连本地规则一起查。有问题的退出码为 1。

    例：hengjian rules lint

    例：hengjian rules lint my_rule --site site

    例：hengjian rules lint drug_sex_limit --no-defence
    """
    book = known(load_rulebook(rulebook), site_root(site))
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    if names and (unknown := [n for n in names if n not in book.rules and n not in book.families]):
        raise InputError(f"没有这条规则或族：{unknown[0]}", cure="可用的族：" + "、".join(book.families))
    faults = [f for f in lint_rulebook(book) if not names or f.name in names]
    told = [{"code": f.code, "name": f.name, "where": f.where, "what": f.what, "why": f.why, "cure": f.cure} for f in faults]
    if defence and not faults:
        told += _failing(book, [r for r in book.rules.values() if not names or r.rule_id in names])
    if defence and not told:
        with progress_bar(console, "守护") as tick:
            told += [_undefended(s) for s in undefended(book, names, tick)]
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for fault in told:
            console.print(f"{fault['where']} [{fault['code']}] {fault['what']}", style="red", markup=False)
            console.print(f"  {'；'.join(x for x in (fault['why'], fault['cure']) if x)}", markup=False)
        looked = f"查了 {'、'.join(names)}" if names else f"{len(book.families)} 族 {len(book.rules)} 条规则"
        console.print(f"{looked}：{'没有问题' if not told else f'{len(told)} 处问题'}。", markup=False)
    raise typer.Exit(1 if told else 0)


def _failing(book: Rulebook, rules: list[Rule]) -> list[dict[str, str]]:
    """Examples that do not hold: against them nothing can be defended."""
    found = []
    for rule in rules:
        for number, example in enumerate(rule.examples, 1):
            if differences(example, run_example(book, rule, example)) or false_remarks(rule, example):
                what = f"{rule.rule_id} 的第 {number} 个示例本身不符"
                cure = f"先过 hengjian rules test {rule.rule_id}"
                found.append(
                    {
                        "code": "example_fails",
                        "name": rule.rule_id,
                        "where": rule.where("examples"),
                        "what": what,
                        "why": "",
                        "cure": cure,
                    }
                )
    return found


def _undefended(survivor: Survivor) -> dict[str, str]:
    return {
        "code": "undefended",
        "name": survivor.name,
        "where": survivor.where,
        "what": survivor.sentence,
        "why": "",
        "cure": "补一个示例，或去掉这个条件",
    }
