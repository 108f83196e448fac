"""Specs of rule SQL: one YAML file per construct that rules may use, and per construct that they may not.

`rulebook/spec/allowed/*.yml` hold small awkward tables, a query and the rows it must give on every engine; `rulebook/spec/forbidden/*.yml`
hold a query, why it is refused and what to write instead, and may say what each engine answered. The files are tests
(`tests/spec`), what the lint tells an author, and the page docs/reference/rule-sql.md, all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from hengjian.kernel.errors import RulebookError
from hengjian.rulebook.loader import SHIPPED
from hengjian.rulebook.marked import read_file
from hengjian.rulebook.model import ENGINES

SPECS = SHIPPED / "spec"
Row = tuple[int | str | None, ...]


@dataclass(frozen=True)
class Table:
    """A small table: column → type (INTEGER, BIGINT or VARCHAR), and its rows."""

    name: str
    columns: dict[str, str]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Spec:
    """A construct that rules may use, shown on rows."""

    name: str
    group: str
    title: str
    shows: tuple[str, ...]  # names of `subset.ALLOWED`
    tables: tuple[Table, ...]
    sql: str
    rows: tuple[Row, ...]
    says: str
    write: str
    path: Path


@dataclass(frozen=True)
class Ban:
    """A construct that rules may not use."""

    name: str
    group: str
    title: str
    code: str  # the lint's
    refuses: tuple[str, ...]  # names of constructs; none when the lint looks at more than the construct
    tables: tuple[Table, ...]
    sql: str
    answers: dict[str, str]  # engine → what it answered, "报错" when it refused; empty when that is not the reason
    why: str
    instead: str
    better: str
    path: Path


@lru_cache(maxsize=4)
def allowed(root: Path = SPECS) -> tuple[Spec, ...]:
    """What rules may use, by group and name."""
    return tuple(_spec(p) for p in sorted((root / "allowed").glob("*.yml")))


@lru_cache(maxsize=4)
def forbidden(root: Path = SPECS) -> tuple[Ban, ...]:
    """What rules may not use."""
    return tuple(_ban(p) for p in sorted((root / "forbidden").glob("*.yml")))


def _read(path: Path, needed: Sequence[str], known: Sequence[str]) -> dict[str, Any]:
    try:
        values = yaml.safe_load(read_file(path))
    except yaml.YAMLError as error:
        raise RulebookError("写法说明的 YAML 有误", where=str(path), why=str(error), cure="检查缩进、冒号和引号") from error
    if missing := [k for k in needed if not values.get(k)]:
        raise RulebookError(f"写法说明缺少“{missing[0]}”", where=f"{path}:1", cure=f"补上 {missing[0]}: …")
    if unknown := [k for k in values if k not in (*needed, *known)]:
        raise RulebookError(
            f"不认识的条目“{unknown[0]}”", where=f"{path}:1", cure="可用的条目：" + "、".join((*needed, *known))
        )
    return dict(values)


def _spec(path: Path) -> Spec:
    v = _read(path, ("title", "group", "shows", "tables", "sql", "rows", "says", "write"), ())
    return Spec(
        path.stem, v["group"], v["title"], tuple(map(str, v["shows"])), _tables(v["tables"]), v["sql"].strip(),
        tuple(map(tuple, v["rows"])), v["says"].strip(), v["write"].strip(), path,
    )  # fmt: skip


def _ban(path: Path) -> Ban:
    v = _read(path, ("title", "group", "code", "sql", "why", "instead"), ("refuses", "tables", "answers", "better"))
    answers = {str(k): str(a) for k, a in (v.get("answers") or {}).items()}
    if unknown := [e for e in answers if e not in ENGINES]:
        raise RulebookError(f"不认识的引擎 {unknown[0]}", where=f"{path}:1", cure="可用：" + "、".join(ENGINES))
    return Ban(
        path.stem, v["group"], v["title"], v["code"], tuple(map(str, v.get("refuses") or ())), _tables(v.get("tables") or {}),
        v["sql"].strip(), answers, v["why"].strip(), v["instead"].strip(), (v.get("better") or "").strip(), path,
    )  # fmt: skip


def _tables(values: dict[str, Any]) -> tuple[Table, ...]:
    return tuple(Table(name, t["columns"], tuple(map(tuple, t.get("rows") or ()))) for name, t in values.items())


def reason(construct: str) -> tuple[str, str]:
    """Why a construct is refused and what to write instead, as its spec says."""
    for ban in forbidden():
        if construct in ban.refuses:
            return ban.why, ban.instead
    return "没有在三个引擎上验证过它的结果", "换成 docs/reference/rule-sql.md 里列出的写法"
