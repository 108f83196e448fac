"""Knowledge at hand, by code: what a check could meet, found in a dictionary instead of a join.

Binding (`engine.bind`) expands codes and prefixes to what a lake holds; the gate meets codes one order at a time, so every member is kept
under its key, prefixes are tried on codes that are met for the first time, and only rows of points that the visit itself touches
reach the database (an inner join with nothing finds nothing).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import duckdb

from hengjian.engine.bind import Locals, ceilings, custom_row
from hengjian.engine.shapes import BINDERS, BY_PARAMETERS, DATED, OF_TABLE, ROW_KEYS, SHAPES, Member, Point
from hengjian.engine.travelling import lake_rows
from hengjian.kernel.dates import OPEN_DAY
from hengjian.kernel.keys import key_of
from hengjian.lake.schema.layer import DICTIONARIES
from hengjian.rulebook.model import ALWAYS, KnowledgeRow, Rule, Rulebook

Cell = int | str | None
Bound = tuple[Cell, ...]
_PERIOD = ("valid_from", "valid_to")
_OF = {"item_key": "item", "code_key": "item", "diag_key": "diag"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a point comes from: its rule, and its row by place in the rule's knowledge, or its parameters."""

    rule: Rule
    rows: Sequence[KnowledgeRow] | None
    place: int
    point: Point | None


class Knowledge:
    """All points of some rules, under the keys of their codes.

    `tables`: columns of every kn_* table, in the order of bound rows. `static`: rows that every check needs. `sources`: by kid.
    """

    def __init__(self, book: Rulebook, rules: Sequence[Rule], con: duckdb.DuckDBPyConnection) -> None:
        """`con` holds institutions, dictionaries and the knowledge that travels with the data (`backends.duckdb.attach_small_tables`)."""
        self.tables: dict[str, dict[str, str]] = {
            name: spec | (dict.fromkeys(_PERIOD, "INTEGER") if name in DATED else {}) for name, spec in SHAPES.items()
        }
        self.sources: list[Source] = []
        self.waiting: dict[str, str] = {}
        self.static: dict[str, list[Bound]] = {}
        self.filled: set[str] = set()
        self._exact: dict[int, list[tuple[str, int, Bound]]] = {}
        self._beside: dict[int, dict[int, list[tuple[str, Bound]]]] = {}
        self._relation, self._role = (list(self.tables["kn_pair"]).index(c) for c in ("relation", "role"))
        self._prefixed: dict[str, dict[int, dict[str, list[tuple[str, int, Bound, int]]]]] = {
            "item": {},
            "diag": {},
            "oprn": {},
        }
        self._known: dict[int, str] = {}
        self._sets: dict[int, tuple[str, ...]] = {}
        self._local = Locals(book.code_map)
        priced: list[Point] = []
        for rule in rules:
            for point in self._points(book, rule, con):
                if rule.family == "price":
                    priced.append(point)
                binder = BINDERS.get(rule.family) or OF_TABLE.get(rule.knowledge)
                if binder is None:
                    self._custom(point)
                    continue
                for member in binder(point):
                    self._add(member, point.kid)
        self._price(con, priced)
        for name in DICTIONARIES:
            for key, code in con.execute(f"SELECT key, code FROM code_{name}").fetchall():
                self.meet(name, key, code)

    def _points(self, book: Rulebook, rule: Rule, con: duckdb.DuckDBPyConnection) -> Iterator[Point]:
        """The points of a rule, as `bind.points_of` numbers them, but of a site's rows all: an order may name any code."""
        brought = lake_rows(con, rule.knowledge, rule) if rule.travels else []
        kept = book.knowledge.get(rule.book_table, ())
        if rule.knowledge and not brought and not kept:
            self.waiting[rule.rule_id] = rule.knowledge
            return
        settled = max((p.official_from for p in rule.params.values()), default=ALWAYS)
        for rows in (brought, kept):
            for place, row in enumerate(rows):
                if period := row.period.meet(rule.period):
                    self.sources.append(Source(rule, rows, place, None))
                    yield Point(len(self.sources) - 1, rule, row, period, max(row.official_from, settled))
        if rule.family in BY_PARAMETERS or (not rule.family and (rule.params or not rule.knowledge)):
            for period, values in rule.param_periods():
                point = Point(len(self.sources), rule, None, period, settled if rule.params else OPEN_DAY, values)
                self.sources.append(Source(rule, None, 0, point))
                yield point

    def point(self, kid: int) -> Point:
        """The point of a number."""
        source = self.sources[kid]
        if source.point is not None:
            return source.point
        assert source.rows is not None
        row = source.rows[source.place]
        period = row.period.meet(source.rule.period)
        assert period is not None
        settled = max((p.official_from for p in source.rule.params.values()), default=ALWAYS)
        return Point(kid, source.rule, row, period, max(row.official_from, settled))

    def _custom(self, point: Point) -> None:
        name, spec, row = custom_row(point)
        self.tables[name] = spec
        self.filled.add(name)
        keys = [value for column, value in zip(spec, row, strict=True) if column.endswith("_key")]
        for key in keys:
            self._keep(int(key), name, point.kid, row)
        if not keys:
            self.static.setdefault(name, []).append(row)

    def _add(self, member: Member, kid: int) -> None:
        if member.shape == "kn_dx":
            self._sets[kid] = (*self._sets.get(kid, ()), member.code)
            self.filled.add(member.shape)
            return
        spec = self.tables[member.shape]
        values: Mapping[str, object] = member.values | {"valid_from": member.period.start, "valid_to": member.period.end}
        slot = next((i for i, c in enumerate(spec) if c in ROW_KEYS), -1)
        row: Bound = tuple(None if i == slot else values[c] for i, c in enumerate(spec))  # type: ignore[misc]
        self.filled.add(member.shape)
        if member.match == "none":
            self.static.setdefault(member.shape, []).append(row)
        elif member.match == "exact":
            key = key_of(_base(member.code) if member.of == "item" else member.code)
            self._keep(key, member.shape, kid, _put(row, slot, key))
        elif member.match == "prefix":
            by_length = self._prefixed[member.of].setdefault(len(member.code), {})
            by_length.setdefault(member.code, []).append((member.shape, kid, row, slot))
        if member.of == "item" and member.code:
            for key, period in self._local.keys(_base(member.code), member.match == "prefix"):
                if met := member.period.meet(period):
                    cut = _cut(row, list(spec), met.start, met.end)
                    self._keep(key, member.shape, kid, _put(cut, slot, key))

    def _price(self, con: duckdb.DuckDBPyConnection, points: list[Point]) -> None:
        for name, rows in ceilings(con, points).items():
            place = list(self.tables[name]).index("item_key")
            kid = list(self.tables[name]).index("kid") if "kid" in self.tables[name] else None
            for row in rows:
                self.filled.add(name)
                self._exact.setdefault(row[place], []).append((name, -1 if kid is None else row[kid], row))

    def meet(self, of: str, key: int, code: str) -> None:
        """Learn a code: from now on what its prefixes say stands under its key."""
        if key in self._known:
            return
        self._known[key] = code
        shown = _base(code) if of == "item" else code
        for length, prefixes in self._prefixed[of].items():
            for shape, kid, row, slot in prefixes.get(shown[:length], ()) if len(shown) >= length else ():
                self._keep(key, shape, kid, _put(row, slot, key))

    def _keep(self, key: int, shape: str, kid: int, row: Bound) -> None:
        """Under its code: as what calls for a point, or, where a line needs another beside it, as the other, which by itself calls for none."""
        if shape == "kn_pair" and row[self._relation] == "requires" and row[self._role] != "a":
            self._beside.setdefault(key, {}).setdefault(kid, []).append((shape, row))
        else:
            self._exact.setdefault(key, []).append((shape, kid, row))

    def beside(self, key: int, touched: Set[int]) -> Iterator[tuple[str, Bound]]:
        """What is known of a code as the other one of these points."""
        if found := self._beside.get(key):
            for kid in found.keys() & touched:
                yield from found[kid]

    def entries(self, key: int) -> Sequence[tuple[str, int, Bound]]:
        """What is known of a code: table, kid (−1: of no point of its own) and bound row."""
        return self._exact.get(key, ())

    def in_set(self, kid: int, diagnoses: Iterable[int]) -> Iterator[Bound]:
        """Rows of kn_dx: those of some diagnoses (by key) that stand in the set of a point."""
        if prefixes := self._sets.get(kid):
            for key in diagnoses:
                if self._known.get(key, "").startswith(prefixes):
                    yield (kid, key)

    def code(self, key: int) -> str:
        """The code of a key, if it was ever met."""
        return self._known.get(key, "")

    @property
    def keys(self) -> int:
        """How many codes carry knowledge."""
        return len(self._exact.keys() | self._beside.keys())


def _base(code: str) -> str:
    return code.split("-", 1)[0]


def _put(row: Bound, slot: int, key: int) -> Bound:
    return (*row[:slot], key, *row[slot + 1 :]) if slot >= 0 else row


def _cut(row: Bound, columns: list[str], start: int, end: int) -> Bound:
    """A bound row with another period, where its table has one."""
    period: Iterable[tuple[str, int]] = zip(_PERIOD, (start, end), strict=True)
    cells = list(row)
    for column, value in period:
        if column in columns:
            cells[columns.index(column)] = value
    return tuple(cells)
