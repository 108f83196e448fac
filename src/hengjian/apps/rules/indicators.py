"""Statistics of institutions among their peers, as the newest audit counted them: numbers to compare by, never findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from hengjian.apps.accounts.models import User
from hengjian.apps.rules import policies
from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.forms import IndicatorFilter
from hengjian.apps.rules.indicator import ENOUGH, FEWEST, Indicator
from hengjian.apps.rules.queries import institution_names
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.queries import last_audit
from hengjian.lake.place import one_file
from hengjian.rulebook.model import Rule

_CELLS = (
    "fixmedins_code, window_start::DATE, hosp_lv_grp, medins_kind, unit, numerator, denominator, share, peers, place, percentile, "
    "peer_median, peer_p90"
)


@dataclass(frozen=True)
class Placed:
    """A figure with its institution's name, where it stands on the axis of its peers (percent of the axis), and the months before."""

    figure: Indicator
    name: str
    axis: dict[str, Any] | None
    trend: str

    @property
    def pk(self) -> str:
        return self.figure.code

    def __str__(self) -> str:
        return self.name


def rules_of(user: User, day: date) -> list[Rule]:
    """The statistics the person may see, in the order of the national edition."""
    policies.check_can_read(user, day)
    fraud = policies.sees_fraud(user, day)
    found = [r for r in office_book(day).book.rules.values() if r.certainty == "indicator" and policies.may_see(r, fraud)]
    return sorted(found, key=lambda r: (r.national or 999, r.official_code, r.rule_id))


def figures(run: Run | None, rule_id: str) -> Sequence[Indicator]:
    """All figures of a statistic in an audit."""
    return () if run is None or not run.folder else _read(f"{run.place}", rule_id)


@lru_cache(maxsize=16)
def _read(place: str, rule_id: str) -> tuple[Indicator, ...]:
    """The results of one audit are never rewritten, so that its folder is key enough."""
    path = Path(place) / "indicators.parquet"
    if not path.is_file():
        return ()
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT {_CELLS} FROM read_parquet({one_file(path)}) WHERE rule_id = ? ORDER BY ALL", [rule_id]
        ).fetchall()
    return tuple(Indicator(*cells) for cells in found)


def placed(rows: Sequence[Indicator], every: Sequence[Indicator], names: dict[str, str]) -> list[Placed]:
    """The rows as a page draws them. `every`: all figures of the statistic, for the axis of the peers and the months before."""
    months = {r.month for r in rows}
    wanted = {r.code for r in rows}
    groups: dict[tuple[date, tuple[int | None, str]], list[Decimal]] = defaultdict(list)
    history: dict[str, list[Indicator]] = defaultdict(list)
    for figure in every:
        if figure.month in months:
            groups[figure.month, figure.group].append(figure.share)
        if figure.code in wanted:
            history[figure.code].append(figure)
    axes = {key: sorted(shares) for key, shares in groups.items()}
    return [
        Placed(r, names.get(r.code, r.code), _axis(r, axes[r.month, r.group]), _trend(history[r.code], max(months)))
        for r in rows
    ]


def _axis(figure: Indicator, shares: list[Decimal]) -> dict[str, Any] | None:
    """Where the peers, their median, four fifths of them and the institution stand between the smallest and the largest, in percent."""
    if len(shares) < FEWEST or shares[0] == shares[-1]:
        return None
    low, span = shares[0], shares[-1] - shares[0]

    def at(share: Decimal) -> str:
        return f"{4 + 92 * (share - low) / span:.1f}"

    found = {"dots": sorted({at(s) for s in shares}), "mid": at(figure.median), "own": at(figure.share)}
    if len(shares) >= ENOUGH:
        p10 = shares[(len(shares) - 1) // 10]
        found |= {"lo": at(p10), "width": f"{92 * max(figure.p90 - p10, Decimal(0)) / span:.1f}"}
    return found


def _trend(history: list[Indicator], until: date) -> str:
    """Points of a line in a 100 × 24 box: the last twelve months there are; nothing for fewer than three."""
    shares = [f.share for f in sorted(history, key=lambda f: f.month) if f.month <= until][-12:]
    if len(shares) < 3:
        return ""
    low, span = min(shares), (max(shares) - min(shares)) or Decimal(1)
    return " ".join(f"{100 * n / (len(shares) - 1):.1f},{22 - 20 * (s - low) / span:.1f}" for n, s in enumerate(shares))


SORTS: Mapping[str, Callable[[Indicator, Mapping[str, str]], Any]] = {
    "name": lambda r, names: names[r.code],
    "share": lambda r, names: r.share,
    "percentile": lambda r, names: -1 if r.percentile is None else r.percentile,
    "denominator": lambda r, names: r.denominator,
}
USUAL = "-percentile"


@dataclass(frozen=True)
class Chosen:
    """What an address asks for: the statistic, the month, its rows in order; `counts`: institutions of each statistic that month."""

    rule: Rule | None
    month: date | None
    rows: list[Indicator]
    every: Sequence[Indicator]
    names: dict[str, str]
    counts: list[tuple[Rule, int]]
    sort: str
    run: Run | None


def chosen(user: User, day: date, query: Mapping[str, str]) -> Chosen:
    """The rows the person may see of the statistic, month and filters of an address. Raises NotAllowed."""
    rules, names = rules_of(user, day), institution_names(user, day)
    rule = next((r for r in rules if r.rule_id == query.get("state")), rules[0] if rules else None)
    run = last_audit()
    every = figures(run, rule.rule_id) if rule else ()
    asked = IndicatorFilter(query, every)
    month = asked.month_asked
    counts = [(r, sum(f.month == month and f.code in names for f in figures(run, r.rule_id))) for r in rules]
    wanted = query.get("sort", "")
    sort = wanted if wanted.removeprefix("-") in SORTS else USUAL
    key = SORTS[sort.removeprefix("-")]
    rows = [f for f in every if f.month == month and f.code in names and asked.fits(f, names[f.code])]
    rows = sorted(
        sorted(rows, key=lambda f: (-f.denominator, f.code)), key=lambda f: key(f, names), reverse=sort.startswith("-")
    )
    return Chosen(rule, month, rows, every, names, counts, sort, run)
