"""Knowledge shapes: the small tables families join with, and how a rule's knowledge rows become rows of them.

Every bound row carries `kid`, the number of its point in the table `point`: one point is one knowledge row (or the dated parameters)
of one rule. Codes are keys already, prefixes are expanded to the codes that exist, periods are day numbers, amounts are integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from hengjian.kernel.amounts import FEN, QTY_UNITS
from hengjian.kernel.dates import OPEN_DAY, Period, day_date, day_number
from hengjian.kernel.errors import RulebookError
from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.rulebook.model import KnowledgeRow, Rule

SHAPES: dict[str, dict[str, str]] = {
    "kn_limit": {
        "kid": "INTEGER", "subject": "VARCHAR", "code_key": "BIGINT", "dim": "VARCHAR", "op": "VARCHAR", "vals": "VARCHAR",
        "lo": "BIGINT", "hi": "BIGINT",
    },
    "kn_diag": {
        "kid": "INTEGER", "subject": "VARCHAR", "code_key": "BIGINT", "relation": "VARCHAR", "occasion": "VARCHAR", "dx_set": "INTEGER",
        "lookback": "INTEGER",
    },
    "kn_dx": {"dx_set": "INTEGER", "diag_key": "BIGINT"},
    "kn_cap": {"kid": "INTEGER", "item_key": "BIGINT", "measure": "VARCHAR", "per": "VARCHAR", "max_n": "BIGINT"},
    "kn_line": {"kid": "INTEGER", "item_key": "BIGINT", "measure": "VARCHAR", "max_e4": "BIGINT"},
    "kn_cycle": {"kid": "INTEGER", "item_key": "BIGINT", "n_days": "INTEGER", "max_e4": "BIGINT"},
    "kn_pair": {
        "kid": "INTEGER", "relation": "VARCHAR", "role": "VARCHAR", "item_key": "BIGINT", "win": "VARCHAR", "n": "INTEGER", "grp": "VARCHAR",
    },
    "kn_price": {
        "kid": "INTEGER", "item_key": "BIGINT", "admdvs": "VARCHAR", "lv_grp": "INTEGER", "uplmt_e6": "BIGINT", "tol_e6": "BIGINT",
    },
    "kn_ceiling": {"item_key": "BIGINT", "admdvs": "VARCHAR", "lv_grp": "INTEGER", "uplmt_e6": "BIGINT"},
    "kn_discount": {"kid": "INTEGER", "grp": "VARCHAR", "item_key": "BIGINT", "rate_pct": "INTEGER", "tol_e6": "BIGINT"},
    "kn_valid": {"kid": "INTEGER", "chk": "VARCHAR", "kind": "VARCHAR", "n": "INTEGER"},
    "kn_timeline": {"kid": "INTEGER", "algo": "VARCHAR", "kind": "VARCHAR", "n": "INTEGER"},
    "kn_planned": {"diag3": "VARCHAR"},
    "kn_recon": {
        "kid": "INTEGER", "algo": "VARCHAR", "list_types": "VARCHAR", "tol": "INTEGER", "w0": "INTEGER", "w1": "INTEGER",
    },
    "kn_stat": {
        "kid": "INTEGER", "algo": "VARCHAR", "num_types": "VARCHAR", "num_set": "VARCHAR", "least": "INTEGER", "n": "INTEGER",
        "ym": "INTEGER", "w0": "INTEGER", "w1": "INTEGER",
    },
    "kn_stat_item": {"num_set": "VARCHAR", "item_key": "BIGINT"},
    "kn_stat_diag": {"num_set": "VARCHAR", "diag_key": "BIGINT"},
    "kn_graph": {
        "kid": "INTEGER", "kinds": "VARCHAR", "sec": "INTEGER", "min_days": "INTEGER", "lift": "INTEGER", "w0": "INTEGER", "w1": "INTEGER",
    },
    "kn_cc_evidence": {"kid": "INTEGER", "diag_prefix": "VARCHAR", "item_key": "BIGINT"},
    "kn_kinds": {"kid": "INTEGER", "what": "VARCHAR", "max_n": "INTEGER", "label": "VARCHAR"},
    "kn_day": {"kid": "INTEGER", "max_n": "INTEGER", "label": "VARCHAR"},
    "kn_freq": {"kid": "INTEGER", "what": "VARCHAR", "max_n": "INTEGER", "label": "VARCHAR", "w0": "INTEGER", "w1": "INTEGER"},
    "kn_exempt": {"rule_id": "VARCHAR", "diag_key": "BIGINT"},
    "kn_unmapped": {"item_key": "BIGINT"},
}  # fmt: skip
"""Columns of each shape; `kn_unmapped`: items under codes of no national shape, of which no list can say anything. Those of DATED also have valid_from and valid_to (INTEGER, half-open)."""

WINDOWED = frozenset({"kn_recon", "kn_stat", "kn_graph", "kn_freq"})
"""Shapes whose rows are calendar windows [w0, w1) in which the rule and its parameters are in force."""

DATED = frozenset(SHAPES) - WINDOWED - {"kn_dx", "kn_exempt", "kn_unmapped"}

FAMILY_SHAPES: dict[str, tuple[str, ...]] = {
    "limit": ("kn_limit",),
    "diagnosis": ("kn_diag", "kn_dx"),
    "cap": ("kn_cap", "kn_line"),
    "cap_cycle": ("kn_cycle",),
    "pair": ("kn_pair",),
    "price": ("kn_price", "kn_discount", "kn_ceiling"),
    "valid": ("kn_valid",),
    "timeline": ("kn_timeline", "kn_planned"),
    "reconcile": ("kn_recon",),
    "statistic": ("kn_stat", "kn_stat_item", "kn_stat_diag", "kn_planned"),
    "graph": ("kn_graph",),
    "frequency": ("kn_kinds", "kn_day", "kn_freq", "kn_planned"),
}
"""Families and the shapes they join; a family without a row in any of `DRIVING` finds nothing."""

BY_PARAMETERS = frozenset({"valid", "timeline", "reconcile", "statistic", "graph", "frequency"})
"""Families whose rules are judged by their parameters; in the others every judgement rests on a knowledge row."""

DRIVING = frozenset(SHAPES) - {"kn_dx", "kn_ceiling", "kn_planned", "kn_stat_item", "kn_stat_diag", "kn_exempt", "kn_unmapped"}

OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "limit": {
        "subject": ("item", "diag", "oprn"),
        "dim": ("sex", "insurance", "visit_type", "channel", "dept", "age_days", "age_months", "age_years", "hosp_level"),
        "op": ("in", "not_in", "between", "never"),
    },
    "diagnosis": {
        "subject": ("item", "oprn"),
        "relation": ("requires_any", "forbids"),
        "occasion": ("any", "clean_operation"),
    },
    "cap": {"measure": ("qty", "days", "amount", "supply", "daily"), "per": ("day", "encounter", "year", "line")},
    "pair": {
        "relation": ("excludes", "requires", "forbid_together", "alone"),
        "win": ("day", "encounter", "rx", "hour", "hours6", "near", "past"),
    },
    "price": {"algo": ("ceiling", "discount")},
    "valid": {"chk": ("fee_outside_stay", "late_upload", "no_main_diagnosis")},
    "timeline": {"algo": ("readmit", "after_death", "overlap", "during_stay"), "kind": ("outp", "pharm")},
    "reconcile": {"algo": ("stock", "trace", "total", "operations")},
    "statistic": {"algo": ("fees", "items", "infection", "readmission")},
}
"""Words a family's settings (and cells of the same name) may hold. Anything else is refused: SQL would take it for NULL, and a window
that is NULL is one window for everything."""

SETTINGS: dict[str, tuple[str, ...]] = {
    "limit": ("subject", "dim", "op", "vals"),
    "diagnosis": ("subject", "relation", "occasion"),
    "cap": ("measure", "per"),
    "cap_cycle": (),
    "pair": ("relation", "win"),
    "price": ("algo",),
    "valid": ("chk",),
    "timeline": ("algo", "kind"),
    "reconcile": ("algo", "list_types"),
    "statistic": ("algo", "num_types"),
    "graph": ("kinds",),
    "frequency": (),
}
"""Settings each family reads. Anything else is refused: nobody would read it."""

READS: dict[str, tuple[tuple[str, ...], ...]] = {
    "limit": (("code",), ("value",), ("low", "high")),
    "diagnosis": (("code",), ("diag_prefixes",)),
    "cap": (("code",), ("max_value",)),
    "cap_cycle": (("code",), ("cycle_days",), ("max_value",)),
    "pair": (("a_code", "code"), ("b_code", "earlier", "code")),
}
"""Columns of the rule's knowledge table that each family reads, one or the other of each group. `value` with op in and not_in, `low` or
`high` with op between. A table of prices travels with the data and has columns of its own."""

LABELS = ("value_label", "window_label", "unit_label")
"""What a message may name beside cells and the values of a finding: the word for a coded cell, for the window, and for the unit of an age."""

ROW_KEYS = frozenset({"item_key", "code_key", "diag_key", "diag3"})
"""Columns of a shape that hold the code of the knowledge row, once it is a key."""

AGES = {"age_days": "天", "age_months": "个月", "age_years": "岁"}

WINDOWS = {
    "day": "当日", "encounter": "同次就诊", "rx": "同一处方", "hour": "同一小时内", "hours6": "六小时内", "near": "前后几日内", "past": "此前",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One knowledge point of one rule, as findings cite it: a knowledge row, or the rule's parameters while they do not change."""

    kid: int
    rule: Rule
    row: KnowledgeRow | None
    period: Period
    official_from: int  # the first day on which all it rests on is official; OPEN_DAY: never
    params: dict[str, int] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """Table and row key with validity, for `knowledge_ref`."""
        end = "" if self.period.end == OPEN_DAY else day_date(self.period.end).isoformat()
        key = f"{self.row.table}:{self.row.kid}" if self.row else f"param:{self.rule.rule_id}"
        return f"{key} [{day_date(self.period.start).isoformat()}, {end})"

    @property
    def labels(self) -> dict[str, str]:
        """Values a message may name: the row's cells and the words for coded ones."""
        cells = dict(self.row.values) if self.row else {}
        if self.rule.settings.get("dim") == "sex":
            cells["value_label"] = CODE_TABLES["gend"].get(cells.get("value", ""), "")
        cells["unit_label"] = AGES.get(cells.get("dim") or self.rule.settings.get("dim", ""), "")
        cells["window_label"] = WINDOWS.get(cells.get("win") or self.rule.settings.get("win", ""), "")
        return cells

    def setting(self, name: str) -> str:
        """A setting of the rule. Raises RulebookError when it is missing."""
        if name not in self.rule.settings:
            raise RulebookError(f"缺少设置“{name}”", where=self.rule.where("settings"), cure=f"在 settings 里写 {name}: …")
        return self.word(name, self.rule.settings[name])

    def word(self, name: str, value: str) -> str:
        """A setting's value, which must be one of OPTIONS where these say so."""
        allowed = OPTIONS.get(self.rule.family, {}).get(name)
        if allowed and value not in allowed:
            where = f"{self.row.table}:{self.row.line}" if self.row and name in self.row.values else self.rule.where("settings")
            raise RulebookError(f"“{name}”不能是“{value}”", where=where, cure="可用：" + "、".join(allowed))
        return value

    def choice(self, name: str, default: str) -> str:
        """The cell of that name, else the setting, else `default`."""
        cell = self.row.values.get(name) if self.row else ""
        return self.word(name, cell or self.rule.settings.get(name) or default)

    def cell(self, name: str) -> str:
        """A cell of the knowledge row. Raises RulebookError when it is empty."""
        assert self.row is not None
        value = self.row.values.get(name, "")
        if not value:
            raise RulebookError(f"知识点缺少“{name}”", where=f"{self.row.table}:{self.row.line}", cure="补上这一格")
        return value

    def segments(self) -> list[tuple[Period, dict[str, int]]]:
        """The point's period cut where a dated parameter of its rule changes, with the values in each part."""
        if self.row is None:
            return [(self.period, self.params)]
        return [(met, values) for period, values in self.rule.param_periods() if (met := period.meet(self.period))]


@dataclass(frozen=True)
class Member:
    """A bound row before its code is a key: its shape, its values by column, its code and how that matches."""

    shape: str
    values: dict[str, object]
    period: Period
    code: str = ""
    match: str = "none"  # exact | prefix | diag3 | none
    of: str = "item"  # dictionary in which a prefix is looked up: item | diag | oprn


Binder = Callable[[Point], Iterable[Member]]


def split_codes(text: str) -> list[str]:
    """`I63|I64` or `I63;I64` as a list."""
    return [part.strip() for part in text.replace("；", "|").replace(";", "|").split("|") if part.strip()]


def _number(point: Point, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        where = f"{point.row.table}:{point.row.line}" if point.row else point.rule.where("settings")
        raise RulebookError(f"“{text}”不是整数", where=where, cure="改成整数") from error


def _codes(
    point: Point, shape: str, values: dict[str, object], period: Period, column: str = "code", of: str = "item"
) -> Iterator[Member]:
    match = point.row.values.get("match") or "exact" if point.row else "exact"
    for code in split_codes(point.cell(column)):
        yield Member(shape, values, period, code, match, of)


def _limit(point: Point) -> Iterable[Member]:
    cells = point.row.values if point.row else {}
    subject = point.choice("subject", "item")
    vals = point.rule.settings.get("vals", "|{value}|").replace("{value}", "|".join(split_codes(cells.get("value", ""))))
    low, high = (_number(point, cells[n]) if cells.get(n) else None for n in ("low", "high"))
    values: dict[str, object] = {
        "kid": point.kid,
        "subject": subject,
        "dim": point.choice("dim", ""),
        "op": point.choice("op", ""),
        "vals": vals,
        "lo": low,
        "hi": high,
    }
    return _codes(point, "kn_limit", values, point.period, of=subject)


def _diagnosis(point: Point) -> Iterable[Member]:
    subject = point.choice("subject", "item")
    for period, params in point.segments():
        values: dict[str, object] = {
            "kid": point.kid,
            "subject": subject,
            "relation": point.setting("relation"),
            "occasion": point.choice("occasion", "any"),
            "dx_set": point.kid,
            "lookback": params.get("lookback", 0),
        }
        yield from _codes(point, "kn_diag", values, period, of=subject)
    for prefix in split_codes(point.cell("diag_prefixes")):
        yield Member("kn_dx", {"dx_set": point.kid}, point.period, prefix, "prefix", "diag")


def _evidence(point: Point) -> Iterable[Member]:
    """One item that shows that a complication was treated; the rows of one prefix belong together."""
    values: dict[str, object] = {"kid": point.kid, "diag_prefix": point.cell("diag_prefix")}
    return _codes(point, "kn_cc_evidence", values, point.period)


def _units(point: Point, text: str) -> int:
    """A quantity as people write it (`1.5`) in 1/10,000 units."""
    try:
        scaled = Decimal(text) * QTY_UNITS
    except InvalidOperation:
        scaled = Decimal("0.5")
    if scaled != int(scaled):
        assert point.row is not None
        raise RulebookError(f"“{text}”不是数", where=f"{point.row.table}:{point.row.line}", cure="写成数，小数至多四位")
    return int(scaled)


def _cap(point: Point) -> Iterable[Member]:
    """A cap in a window, or of each line by itself; the parameter `multiple` is by how much the row's limit may be passed."""
    measure, per = point.choice("measure", "qty"), point.choice("per", "")
    if (per == "line") != (measure in ("supply", "daily")):
        raise RulebookError(
            f"“{measure}”不能按“{per}”算", where=point.rule.where("settings"), cure="supply、daily 按 line，其余不按 line"
        )
    limit = _units(point, point.cell("max_value"))
    for period, params in point.segments():
        n = limit * params.get("multiple", 1)
        values: dict[str, object] = {"kid": point.kid, "measure": measure}
        if per == "line":
            yield from _codes(point, "kn_line", values | {"max_e4": n}, period)
        else:
            n = n * FEN // QTY_UNITS if measure == "amount" else n
            yield from _codes(point, "kn_cap", values | {"per": per, "max_n": n}, period)


def _cap_cycle(point: Point) -> Iterable[Member]:
    values: dict[str, object] = {
        "kid": point.kid,
        "n_days": _number(point, point.cell("cycle_days")),
        "max_e4": _number(point, point.cell("max_value")) * QTY_UNITS,
    }
    return _codes(point, "kn_cycle", values, point.period)


def _pair(point: Point) -> Iterable[Member]:
    """a stands in `a_code` or `code`, b in `b_code` or, where classes of drugs are named, `earlier`; a set that must not stand alone has
    no b. What came before counts from before the row was in force: b, and under role `went_on` a itself."""
    relation = point.setting("relation")
    window = "rx" if relation == "alone" else point.choice("win", "")
    cells = point.row.values if point.row else {}
    columns = {"a": "a_code" if "a_code" in cells else "code", "b": "b_code" if "b_code" in cells else "earlier"}
    for period, params in point.segments():
        n = params.get("days")  # without it no window of days holds anything
        before = Period(period.start - (n or 0), period.end) if window == "past" else period
        members = {"a": ("a", period), "b": ("b", before), "went_on": ("a", before)}
        roles = ("a",) if relation == "alone" else ("a", "b", "went_on") if window == "past" else ("a", "b")
        for role in roles:
            values: dict[str, object] = {"kid": point.kid, "relation": relation, "role": role, "win": window, "n": n}
            values["grp"] = point.rule.rule_id
            column, valid = members[role]
            yield from _codes(point, "kn_pair", values, valid, columns[column])


def _price(point: Point) -> Iterable[Member]:
    """Discounts only: ceilings are cut by region and level in `bind.ceilings`."""
    if point.setting("algo") != "discount":
        return
    for period, params in point.segments():
        values: dict[str, object] = {
            "kid": point.kid,
            "grp": f"{point.rule.rule_id}/{point.cell('grp')}",
            "rate_pct": params["rate_pct"],
            "tol_e6": params["tolerance"],
        }
        yield from _codes(point, "kn_discount", values, period)


def _valid(point: Point) -> Iterable[Member]:
    """`tolerance` is the check's number; `tolerance_<kind>` that of encounters of one kind (outp, inp, pharm)."""
    for name, n in (point.params or {"tolerance": 0}).items():
        kind = name.removeprefix("tolerance").removeprefix("_") or None
        yield Member("kn_valid", {"kid": point.kid, "chk": point.setting("chk"), "kind": kind, "n": n}, point.period)


def _timeline(point: Point) -> Iterable[Member]:
    if point.row is not None:
        yield Member("kn_planned", {}, point.period, point.cell("diag_prefix"), "diag3", "diag")
        return
    (n,) = point.params.values()
    kind = point.setting("kind") if point.setting("algo") == "during_stay" else None
    values: dict[str, object] = {"kid": point.kid, "algo": point.setting("algo"), "kind": kind, "n": n}
    yield Member("kn_timeline", values, point.period)


def calendar(per: str, period: Period) -> Iterator[tuple[int, int, int]]:
    """Calendar windows (`year`, `half`, `quarter`, `month`) that lie wholly inside a period, up to 2059: (yyyymm, first day, day after)."""
    months = {"year": 12, "half": 6, "quarter": 3, "month": 1}[per]
    number = 2000 * 12
    while number < 2060 * 12:
        start, end = (day_number(date(n // 12, n % 12 + 1, 1)) for n in (number, number + months))
        if period.start <= start and end <= period.end:
            yield number // 12 * 100 + number % 12 + 1, start, end
        number += months


def _reconcile(point: Point) -> Iterable[Member]:
    for _, start, end in calendar("year", point.period):
        values: dict[str, object] = {
            "kid": point.kid,
            "algo": point.setting("algo"),
            "list_types": point.setting("list_types") if point.setting("algo") == "stock" else None,
            "tol": point.params.get("tolerance", 0),
            "w0": start,
            "w1": end,
        }
        yield Member("kn_recon", values, point.period)


_COUNTED = {"items": ("kn_stat_item", "code", "item"), "infection": ("kn_stat_diag", "diag_prefix", "diag")}
"""Shape, column of codes and dictionary of the knowledge of a share."""


def _statistic(point: Point) -> Iterable[Member]:
    """Knowledge rows say what the numerator counts (of readmissions: what it leaves out), parameters how large a share must be."""
    algo, own = point.setting("algo"), point.rule.rule_id
    if point.row is not None and algo == "readmission":
        yield Member("kn_planned", {}, point.period, point.cell("diag_prefix"), "diag3", "diag")
    elif point.row is not None:
        shape, column, of = _COUNTED.get(algo, ("", "", ""))
        for code in split_codes(point.cell(column)) if shape else ():
            yield Member(shape, {"num_set": own}, point.period, code, "prefix", of)
    else:
        for month, start, end in calendar("month", point.period):
            values: dict[str, object] = {
                "kid": point.kid,
                "algo": algo,
                "num_types": point.setting("num_types") if algo == "fees" else None,
                "num_set": own if algo in _COUNTED else None,
                "least": point.params["least"],
                "n": point.params.get("within", 0),
                "ym": month,
                "w0": start,
                "w1": end,
            }
            yield Member("kn_stat", values, point.period)


def _graph(point: Point) -> Iterable[Member]:
    for _, start, end in calendar("quarter", point.period):
        values: dict[str, object] = {"kid": point.kid, "kinds": point.setting("kinds"), "w0": start, "w1": end}
        values |= {
            name: point.params[param] for name, param in (("sec", "seconds"), ("min_days", "min_days"), ("lift", "lift"))
        }
        yield Member("kn_graph", values, point.period)


COUNTS = {
    "slices_rx": ("slices", "rx", "一张处方的饮片味数"),
    "drugs_rx": ("drugs", "rx", "一张处方的药品种数"),
    "institutions_day": ("institutions", "day", "同一天看门诊的医院数"),
    "visits_month": ("visits", "month", "一个月的门诊次数"),
    "purchases_month": ("purchases", "month", "一个月的药店购药次数"),
    "same_drug_month": ("same_drug", "month", "一个月购同一药品的次数"),
    "stays_quarter": ("stays", "quarter", "一个季度的住院次数"),
    "stays_half": ("stays", "half", "半年的住院次数"),
}
"""Parameters of the family `frequency`: what is counted, in which window, and its word."""


def _frequency(point: Point) -> Iterable[Member]:
    if point.row is not None:
        yield Member("kn_planned", {}, point.period, point.cell("diag_prefix"), "diag3", "diag")
        return
    for name, n in point.params.items():
        if name not in COUNTS:
            raise RulebookError(f"不认识的参数“{name}”", where=point.rule.where("params"), cure="可用：" + "、".join(COUNTS))
        what, per, label = COUNTS[name]
        values: dict[str, object] = {"kid": point.kid, "max_n": n, "label": label}
        if per == "day":
            yield Member("kn_day", values, point.period)
        elif per == "rx":
            yield Member("kn_kinds", values | {"what": what}, point.period)
        else:
            for _, start, end in calendar(per, point.period):
                yield Member("kn_freq", values | {"what": what, "w0": start, "w1": end}, point.period)


BINDERS: dict[str, Binder] = {
    "limit": _limit,
    "diagnosis": _diagnosis,
    "cap": _cap,
    "cap_cycle": _cap_cycle,
    "pair": _pair,
    "price": _price,
    "valid": _valid,
    "timeline": _timeline,
    "reconcile": _reconcile,
    "statistic": _statistic,
    "graph": _graph,
    "frequency": _frequency,
}

OF_TABLE: dict[str, Binder] = {"local_cc_evidence": _evidence}
"""Knowledge that travels with the data, of rules with SQL of their own, in which a code may stand for all that it begins."""
