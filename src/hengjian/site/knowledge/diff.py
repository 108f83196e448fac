"""What an import would change: each of its points against those that stand, and those that stand against a list that replaces them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hengjian.kernel.dates import Period, day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import KnowledgeRow
from hengjian.site.knowledge import words
from hengjian.site.knowledge.points import Batch, Explained, Made
from hengjian.site.knowledge.stored import frames
from hengjian.site.knowledge.tables import KINDS

Key = tuple[str, ...]


@dataclass(slots=True)
class Standing:
    """A point that stands: of an earlier batch, or shipped (`line` of its file, `no` empty)."""

    kid: str
    key: Key
    content: Key
    period: Period
    official: bool
    prefix: bool
    shipped: bool
    row: KnowledgeRow | None = None
    name: str = ""

    @property
    def where(self) -> str:
        said = "随程序的知识" if self.shipped else f"第 {int(self.kid.split('-')[0])} 批"
        return f"{said} {self.kid}，{'、'.join(self.content) or '内容相同'}，自 {day_date(self.period.start)}"


@dataclass
class Difference:
    """`added` and `changed` points are to be written, `closed` ends earlier ones on a day; per table how many of each."""

    added: list[Made] = field(default_factory=list)
    changed: list[Made] = field(default_factory=list)
    closed: list[tuple[str, str, int]] = field(default_factory=list)
    unchanged: list[Made] = field(default_factory=list)
    refused: list[tuple[Made, str]] = field(default_factory=list)
    dropped: list[tuple[str, Standing]] = field(default_factory=list)

    def counts(self) -> dict[str, dict[str, int]]:
        """By table: added, closed (ended and not said again), changed, unchanged, refused."""
        found: dict[str, dict[str, int]] = defaultdict(
            lambda: dict.fromkeys(("added", "closed", "changed", "unchanged", "refused"), 0)
        )
        for name, points in (("added", self.added), ("changed", self.changed), ("unchanged", self.unchanged)):
            for point in points:
                found[point.table][name] += 1
        for point, _ in self.refused:
            found[point.table]["refused"] += 1
        for table, _ in self.dropped:
            found[table]["closed"] += 1
        return dict(sorted(found.items()))


def compare(
    root: Path | None, shipped: Mapping[str, Sequence[KnowledgeRow]], batch: Batch, replaces: Mapping[str, bool]
) -> Difference:
    """Compare a batch with what stands. `replaces`: by batch of the notice, whether its list replaces the earlier ones.

    Points that stand in the way of one another go to `refused`. Raises InputError when a list would replace a later one.
    """
    result = Difference()
    by_table: dict[str, list[Made]] = defaultdict(list)
    for point in batch.points:
        by_table[point.table].append(point)
    site = frames(root) | frames(root, codes=True) if root else {}
    for table, points in sorted(by_table.items()):
        standing = list(_standing(table, shipped.get(table, ()), True))
        standing += _standing(table, site[table].rows(), False) if table in site else []
        whole = KINDS[table].counts and any(replaces.get(p.origin.batch, False) for p in points)
        if whole:
            _refuse_backwards(table, points, standing, replaces)
        said = _points(result, points, standing, replaces)
        if whole:
            start = min(p.period.start for p in points if replaces.get(p.origin.batch, False))
            _close(result, table, start, standing, said, points, batch.unresolved.get(table, set()))
    _explain(batch, result)
    return result


def _standing(table: str, rows: Iterable[KnowledgeRow], shipped: bool) -> Iterable[Standing]:
    kind = KINDS[table]
    for row in rows:
        values = row.values
        prefix = values.get("match") == "prefix"
        key, content = (tuple(values.get(c, "") for c in columns) for columns in (kind.key, kind.content))
        name = words.fold(values.get("name") or values.get("a_name", ""))
        yield Standing(row.kid, key, content, row.period, row.official, prefix, shipped, name=name)


def _points(result: Difference, points: list[Made], standing: list[Standing], replaces: Mapping[str, bool]) -> set[str]:
    """Sort the points of one table; returns the kids of standing points that they say again, or end."""
    exact: dict[Key, list[Standing]] = defaultdict(list)
    prefixes: dict[int, dict[str, list[Standing]]] = defaultdict(lambda: defaultdict(list))
    for s in standing:
        exact[s.key].append(s)
        if s.prefix and len(s.key) == 1:
            for code in s.key[0].split("|"):
                prefixes[len(code)][code].append(s)
    said: set[str] = set()
    for point in points:
        key = point.key
        same = exact.get(key, [])
        covering = [s for n, found in prefixes.items() if len(key[0]) > n for s in found.get(key[0][:n], ())]
        met = [s for s in (*same, *covering) if s.period.meet(point.period)]
        whole = replaces.get(point.origin.batch, False)
        contrary = [s for s in met if s.content != point.content]
        # what is ours never ends what is official; and unless its list replaces, a point ends only what we shipped as ours
        if barred := [s for s in contrary if s.official > point.official or not (whole or (s.shipped and not s.official))]:
            result.refused.append((point, barred[0].where))
            said.update(s.kid for s in met)
            continue
        alike = [s for s in same if s in met and s.content == point.content]
        said.update(s.kid for s in met if s.content == point.content)
        firm = [s for s in alike if s.official or not point.official]
        for s in [*contrary, *(s for s in alike if s not in firm)]:
            result.closed.append((point.table, s.kid, point.period.start))
            said.add(s.kid)
        if firm:
            first = min(s.period.start for s in firm)
            if point.period.start < first:  # an earlier notice, imported late: only the time before is new
                point.period = Period(point.period.start, first)
                result.added.append(point)
            else:
                result.unchanged.append(point)
        elif contrary or alike:
            result.changed.append(point)
        else:
            result.added.append(point)
    result.closed[:] = list(dict.fromkeys(result.closed))
    return said


def _close(
    result: Difference,
    table: str,
    start: int,
    standing: list[Standing],
    said: set[str],
    points: list[Made],
    unresolved: set[str],
) -> None:
    """End what a replacing list does not say again. A name it does say, though without a code, is spared."""
    for s in standing:
        if s.kid in said or s.period.end <= start or s.name in unresolved:
            continue
        if s.prefix and any(p.key[0].startswith(tuple(s.key[0].split("|"))) and p.content == s.content for p in points):
            continue
        result.closed.append((table, s.kid, start))
        result.dropped.append((table, s))


def _refuse_backwards(table: str, points: list[Made], standing: list[Standing], replaces: Mapping[str, bool]) -> None:
    start = min(p.period.start for p in points if replaces.get(p.origin.batch, False))
    for s in standing:
        if not s.shipped and s.period.start > start:
            raise InputError(
                f"{KINDS[table].title}已有更晚的一批，不能用更早的清单替换它",
                where=s.where,
                why=f"这一批自 {day_date(start)} 起有效，替换会抹掉后来的",
                cure="按公告的先后导入；或先用 hengjian knowledge undo 撤销后来的一批，或改用 --mode add",
            )


def _explain(batch: Batch, result: Difference) -> None:
    """Rows whose points all stand already, or are all refused, made no point: say so."""
    written = {row for point in (*result.added, *result.changed) for row in point.rows}
    told: dict[tuple[int, int], Explained] = {}
    for point, where in result.refused:
        content = "、".join(f"{c}={v}" for c, v in zip(KINDS[point.table].content, point.content, strict=True))
        for row in point.rows:
            if row not in written:
                name = point.values.get("name") or point.values.get("a_name", "")
                told[row] = Explained(*row, "Z07", f"{'、'.join(point.key)}：{content}；已有的是{where}", name, point.table)
    for point in result.unchanged:
        for row in point.rows:
            if row not in written and row not in told:
                told[row] = Explained(*row, "Z11", "", point.values.get("name") or point.values.get("a_name", ""), point.table)
    batch.explained += told.values()
    batch.points = [*result.added, *result.changed]
