"""Knowledge shapes: the small tables families join with, and how a rule's knowledge rows become rows of them.

Every bound row carries `kid`, the number of its point in the table `point`: one point is one knowledge row (or one dated parameter)
of one rule. Codes are keys already, prefixes are expanded to the codes that exist, periods are day numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hengjian.kernel.amounts import QTY_UNITS
from hengjian.kernel.dates import OPEN_DAY, Period
from hengjian.kernel.errors import RulebookError
from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.rulebook.model import KnowledgeRow, Rule

SHAPES: dict[str, dict[str, str]] = {
    "kn_limit": {"kid": "INTEGER", "item_key": "BIGINT", "dim": "VARCHAR", "op": "VARCHAR", "vals": "VARCHAR"},
    "kn_diag": {"kid": "INTEGER", "item_key": "BIGINT", "dx_set": "INTEGER"},
    "kn_dx": {"dx_set": "INTEGER", "diag_key": "BIGINT"},
    "kn_cap": {"kid": "INTEGER", "item_key": "BIGINT", "per": "VARCHAR", "max_e4": "BIGINT"},
    "kn_pair": {"kid": "INTEGER", "role": "VARCHAR", "item_key": "BIGINT", "win": "VARCHAR"},
    "kn_timeline": {"kid": "INTEGER", "algo": "VARCHAR", "n": "INTEGER"},
    "kn_planned": {"diag3": "VARCHAR"},
    "kn_exempt": {"rule_id": "VARCHAR", "diag_key": "BIGINT"},
}
"""Columns of each shape; all but `kn_dx` and `kn_exempt` also have valid_from and valid_to (INTEGER, half-open)."""

DATED = frozenset(SHAPES) - {"kn_dx", "kn_exempt"}

FAMILY_SHAPES: dict[str, tuple[str, ...]] = {
    "limit": ("kn_limit",),
    "diagnosis": ("kn_diag", "kn_dx"),
    "cap": ("kn_cap",),
    "pair": ("kn_pair",),
    "timeline": ("kn_timeline", "kn_planned"),
}

WINDOWS = {"day": "当日", "encounter": "同次就诊", "hour": "同一小时内", "hours6": "六小时内"}


@dataclass(frozen=True)
class Point:
    """One knowledge point of one rule, as findings cite it."""

    kid: int
    rule: Rule
    row: KnowledgeRow | None
    period: Period
    official: bool

    @property
    def reference(self) -> str:
        """Table and row key with validity, for `knowledge_ref`."""
        from hengjian.kernel.dates import day_date

        end = "" if self.period.end == OPEN_DAY else day_date(self.period.end).isoformat()
        key = f"{self.row.table}:{self.row.kid}" if self.row else f"param:{self.rule.rule_id}"
        return f"{key} [{day_date(self.period.start).isoformat()}, {end})"

    @property
    def labels(self) -> dict[str, str]:
        """Values a message may name: the row's cells and the words for coded ones."""
        cells = dict(self.row.values) if self.row else {}
        if self.rule.settings.get("dim") == "sex":
            cells["value_label"] = CODE_TABLES["gend"].get(cells.get("value", ""), "")
        cells["window_label"] = WINDOWS.get(cells.get("win", ""), "")
        return cells


@dataclass(frozen=True)
class Member:
    """A bound row before its code is a key: shape, values in shape order without key and period, code and how it matches."""

    shape: str
    values: tuple[object, ...]  # in the order of SHAPES[shape]; the key column holds None
    code: str
    match: str  # exact | prefix | diag3 | none
    period: Period


def _cell(point: Point, name: str) -> str:
    assert point.row is not None
    value = point.row.values.get(name, "")
    if not value:
        raise RulebookError(f"知识点缺少“{name}”", where=f"{point.row.table}:{point.row.line}", cure="补上这一格")
    return value


def prefixes(text: str) -> list[str]:
    """`I63|I64` or `I63;I64` as a list."""
    return [part.strip() for part in text.replace("；", "|").replace(";", "|").split("|") if part.strip()]


def _limit(point: Point) -> Iterable[Member]:
    settings = point.rule.settings
    vals = settings["vals"].replace("{value}", _cell(point, "value"))
    yield Member(
        "kn_limit",
        (point.kid, None, settings["dim"], settings["op"], vals),
        _cell(point, "code"),
        _cell(point, "match"),
        point.period,
    )


def _diagnosis(point: Point) -> Iterable[Member]:
    yield Member("kn_diag", (point.kid, None, point.kid), _cell(point, "code"), _cell(point, "match"), point.period)
    for prefix in prefixes(_cell(point, "diag_prefixes")):
        yield Member("kn_dx", (point.kid, None), prefix, "prefix", point.period)


def _cap(point: Point) -> Iterable[Member]:
    limit = int(_cell(point, "max_value")) * QTY_UNITS
    yield Member(
        "kn_cap",
        (point.kid, None, point.rule.settings["per"], limit),
        _cell(point, "code"),
        _cell(point, "match"),
        point.period,
    )


def _pair(point: Point) -> Iterable[Member]:
    window = _cell(point, "win")
    if window not in WINDOWS:
        raise RulebookError(
            f"不认识的窗口“{window}”", where=f"{point.row.table if point.row else ''}", cure="可用：" + "、".join(WINDOWS)
        )
    for role in ("a", "b"):
        yield Member("kn_pair", (point.kid, role, None, window), _cell(point, f"{role}_code"), "exact", point.period)


def _timeline(point: Point) -> Iterable[Member]:
    if point.row is not None:
        yield Member("kn_planned", (None,), _cell(point, "diag_prefix"), "diag3", point.period)
        return
    (param,) = point.rule.params.values()
    n = next(value for period, value in param.values if point.period.start in period)
    yield Member("kn_timeline", (point.kid, point.rule.settings["algo"], n), "", "none", point.period)


BINDERS: dict[str, Callable[[Point], Iterable[Member]]] = {
    "limit": _limit,
    "diagnosis": _diagnosis,
    "cap": _cap,
    "pair": _pair,
    "timeline": _timeline,
}
