"""Binding: knowledge and parameters become small integer tables in the connection, before any rule runs.

After it a family needs only equality joins: names and prefixes are expanded to the codes that exist in the lake, periods are cut by
the rule's own validity, price ceilings by region and level, and the table `point` says for each `kid` what a finding must cite.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Any

import duckdb
import pyarrow as pa

from hengjian.engine.shapes import (
    BINDERS,
    BY_PARAMETERS,
    DATED,
    DRIVING,
    FAMILY_SHAPES,
    OF_TABLE,
    ROW_KEYS,
    SHAPES,
    WINDOWED,
    Member,
    Point,
)
from hengjian.engine.travelling import lake_rows, own_columns, specimens
from hengjian.kernel.amounts import to_fen
from hengjian.kernel.dates import OPEN_DAY, Period
from hengjian.kernel.errors import RulebookError
from hengjian.kernel.keys import key_of
from hengjian.lake.ingest.checks import NATIONAL
from hengjian.lake.schema.local import TRAVELLING
from hengjian.rulebook.model import ALWAYS, CodeMapping, KnowledgeRow, Rule, Rulebook
from hengjian.rulebook.rows import Frame, Rows

_ARROW = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "VARCHAR": pa.string()}
_PERIOD = {"valid_from": "INTEGER", "valid_to": "INTEGER"}


@dataclass(frozen=True)
class Bound:
    """What binding made: the points by number, tables with their columns, tables with at least one row, rules that wait, and how
    many knowledge rows were in force (of a site's rows only those whose codes occur in the lake become points)."""

    points: tuple[Point, ...]
    tables: dict[str, dict[str, str]]  # kn_* table → column → SQL type
    filled: frozenset[str]
    waiting: dict[str, str] = field(default_factory=dict)  # rule_id → knowledge table that is missing
    rows: int = 0


def typed_rows(columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Python rows as an Arrow table of rule-layer types; a value that is no integer where one is due raises an ArrowException."""
    arrays = [pa.array([row[i] for row in rows], type=_ARROW[sql]) for i, sql in enumerate(columns.values())]
    return pa.table(arrays, names=list(columns))


def fill(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Create table `name` from Python rows, typed, through Arrow."""
    con.register("staged_rows", typed_rows(columns, rows))
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM staged_rows").fetchall()
    con.unregister("staged_rows")


def points_of(
    rules: Iterable[Rule], rulebook: Rulebook, con: duckdb.DuckDBPyConnection | None
) -> tuple[list[Point], dict[str, str]]:
    """Every knowledge row of `rules` (of those a site imported the ones that can meet anything in the lake of `con`), and their
    parameters while they do not change, as numbered points; and the rules whose knowledge is missing. Without a lake, what travels with
    the data is taken from the rules' own examples: enough to see what a text will read."""
    points: list[Point] = []
    waiting: dict[str, str] = {}
    for rule in rules:
        brought: Sequence[KnowledgeRow] = ()
        if rule.travels:
            brought = specimens(rule) if con is None else lake_rows(con, rule.knowledge, rule)
        rows = rulebook.knowledge.get(rule.book_table, ())
        if rule.knowledge and not rows and not brought:
            waiting[rule.rule_id] = rule.knowledge
            continue
        settled = max((p.official_from for p in rule.params.values()), default=ALWAYS)
        met = occurring(con, rule, rows, rulebook.code_map) if con is not None and isinstance(rows, Rows) else rows
        for row in chain(brought, met):
            if period := row.period.meet(rule.period):
                points.append(Point(len(points), rule, row, period, max(row.official_from, settled)))
        if rule.family in BY_PARAMETERS or (rule.sql and (rule.params or not rule.knowledge)):
            for period, values in rule.param_periods():
                official = settled if rule.params else OPEN_DAY
                points.append(Point(len(points), rule, None, period, official, values))
    return points, waiting


def occurring(
    con: duckdb.DuckDBPyConnection, rule: Rule, rows: Rows, code_map: Sequence[CodeMapping]
) -> Iterator[KnowledgeRow]:
    """The rows shipped, and of the site's those that some code of the lake can meet: what a row requires beside it may be absent."""
    yield from rows.plain
    frame = rows.frame
    columns = ["code"] if "code" in frame.data.schema.names else ["a_code"] if "a_code" in frame.data.schema.names else []
    if "a_code" in columns and rule.settings.get("relation") != "requires":
        columns.append("b_code")
    if not columns:
        yield from frame.rows()
        return
    of = rule.settings.get("subject", "item")
    found = [_met(con, frame, column, of, code_map) for column in columns]
    yield from frame.rows(sorted(set.intersection(*found)))


def _met(con: duckdb.DuckDBPyConnection, frame: Frame, column: str, of: str, code_map: Sequence[CodeMapping]) -> set[int]:
    """Positions of the rows of a frame with a code in this column that occurs in dictionary `of` of the lake, or, of items, stands for a
    local code."""
    data = {"codes": frame.data.column(column), "match": _column(frame, "match"), "subject": _column(frame, "subject")}
    con.register("staged_rows", pa.table({"n": pa.array(range(len(frame)), pa.int64())} | data))
    con.execute(
        """CREATE OR REPLACE TEMP TABLE wanted_code AS
           SELECT n, TRIM(UNNEST(string_split(regexp_replace(codes, '[;；]', '|', 'g'), '|'))) AS code, match = 'prefix' AS prefixed,
                  COALESCE(NULLIF(subject, ''), ?) AS of FROM staged_rows""",
        [of],
    ).fetchall()
    con.unregister("staged_rows")
    fill(con, "mapped_code", {"code": "VARCHAR"}, [(code,) for code in sorted({_base(m.national) for m in code_map})])
    found: set[int] = set()
    for name in ("item", "diag", "oprn"):
        known = (
            "(SELECT split_part(code, '-', 1) AS code FROM code_item UNION SELECT code FROM mapped_code)"
            if name == "item"
            else f"code_{name}"
        )
        ours = "split_part(w.code, '-', 1)" if name == "item" else "w.code"
        parts = [
            f"SELECT w.n FROM wanted_code AS w JOIN {known} AS d ON d.code = {ours} WHERE w.of = '{name}' AND NOT w.prefixed"
        ]
        lengths = con.execute(f"SELECT DISTINCT LENGTH(code) FROM wanted_code WHERE of = '{name}' AND prefixed").fetchall()
        parts += [
            f"SELECT w.n FROM wanted_code AS w JOIN {known} AS d ON SUBSTRING(d.code, 1, {length}) = w.code "
            f"WHERE w.of = '{name}' AND w.prefixed AND LENGTH(w.code) = {length}"
            for (length,) in lengths
        ]
        found |= {n for (n,) in con.execute(" UNION ".join(parts)).fetchall()}
    con.execute("DROP TABLE wanted_code").fetchall()
    con.execute("DROP TABLE mapped_code").fetchall()
    return found


def _column(frame: Frame, name: str) -> pa.ChunkedArray | pa.Array:
    """A column of a frame, or empty cells where it has none."""
    return frame.data.column(name) if name in frame.data.schema.names else pa.array([""] * len(frame), pa.string())


def rows_in_force(rules: Iterable[Rule], rulebook: Rulebook, points: Sequence[Point]) -> int:
    """How many knowledge rows `rules` go by: those that became points, and a site's that meet nothing in this lake."""
    count = 0
    for rule in rules:
        rows = rulebook.knowledge.get(rule.book_table, ())
        if isinstance(rows, Rows):
            count += rows.frame.count(rule.period) + sum(row.period.meet(rule.period) is not None for row in rows.plain)
            count += sum(
                p.row is not None and p.row.table == rule.knowledge != rule.book_table for p in points if p.rule is rule
            )
        else:
            count += sum(p.row is not None for p in points if p.rule is rule)
    return count


def met_rulebook(rulebook: Rulebook, bound: Bound) -> Rulebook:
    """The rulebook with only those of a site's rows that became points: all that judging the same lake again can need."""
    kids: dict[str, set[str]] = {}
    for point in bound.points:
        if point.row is not None and point.row.site:
            kids.setdefault(point.row.table, set()).add(point.row.kid)
    knowledge = {t: rows.only(kids.get(t, set())) if isinstance(rows, Rows) else rows for t, rows in rulebook.knowledge.items()}
    return replace(rulebook, knowledge=knowledge)


def bind(con: duckdb.DuckDBPyConnection, rulebook: Rulebook, rules: Sequence[Rule]) -> Bound:
    """Create the kn_* tables of `rules`. Needs the tables code_item, code_diag, code_oprn and institution, and those of
    TRAVELLING that exist."""
    points, waiting = points_of(rules, rulebook, con)
    members: list[Member] = []
    custom: dict[str, list[tuple[Any, ...]]] = {}
    columns = {name: spec | (_PERIOD if name in DATED else {}) for name, spec in SHAPES.items()}
    for point in points:
        if point.rule.family:
            members += BINDERS[point.rule.family](point)
        elif point.row is not None and point.row.table in OF_TABLE:
            members += OF_TABLE[point.row.table](point)
        else:
            name, spec, row = custom_row(point)
            columns[name] = spec
            custom.setdefault(name, []).append(row)
            if code := point.row.values.get("med_list_codg", "") if point.row else "":
                members.append(Member(name, dict(zip(spec, row, strict=True)), point.period, _base(code), "prefix"))
    for rule in rules:
        members += [
            Member("kn_exempt", {"rule_id": rule.rule_id}, rule.period, prefix, "prefix", "diag")
            for prefix in rule.exempt_diagnoses
        ]
    last = _last_day(con)
    members = [m for m in members if m.shape not in WINDOWED or int(str(m.values["w0"])) <= last]
    local = Locals(rulebook.code_map)
    ready = ceilings(con, [p for p in points if p.rule.family == "price"])
    if any("kn_unmapped" in rule.sql for rule in rules):
        ready["kn_unmapped"] = con.execute(UNMAPPED).fetchall()
    sizes: dict[str, int] = {}
    for name, spec in columns.items():
        rows = ready.get(name) or _resolve(con, name, spec, [m for m in members if m.shape == name], local)
        rows = sorted({*rows, *custom.get(name, ())}, key=repr) if name in custom else rows
        fill(con, name, spec, rows)
        sizes[name] = len(rows)
    return Bound(
        tuple(points),
        columns,
        frozenset(n for n, size in sizes.items() if size),
        waiting,
        rows_in_force(rules, rulebook, points),
    )


def _last_day(con: duckdb.DuckDBPyConnection) -> int:
    """The last day the lake can tell of (`attach_small_tables`): calendar windows that begin later hold nothing."""
    if not con.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'data_day'").fetchall():
        return OPEN_DAY
    ((last,),) = con.execute("SELECT day FROM data_day").fetchall()
    return OPEN_DAY if last is None else int(last)


def custom_row(point: Point) -> tuple[str, dict[str, str], tuple[Any, ...]]:
    """The row of a rule with SQL of its own: `kn_<table>` of its knowledge, as `own_columns` says, or `kn_<rule>` of its parameters while
    they do not change. (`bind` adds the codes that begin with that of the item.)"""
    if point.row is None:
        told = {"kid": "INTEGER"} | dict.fromkeys(point.params, "BIGINT") | _PERIOD
        return f"kn_{point.rule.rule_id}", told, (point.kid, *point.params.values(), point.period.start, point.period.end)
    table = TRAVELLING[point.row.table]
    spec: dict[str, str] = {"kid": "INTEGER"}
    row: list[Any] = [point.kid]
    for column, (name, sql) in own_columns(table.name).items():
        spec[name] = sql
        value = point.row.values.get(column, "")
        if table[column].kind.word == "money":
            row.append(to_fen(Decimal(value)) if value else None)
        else:
            row.append(key_of(_base(value)) if sql == "BIGINT" else int(value) if sql == "INTEGER" else value)
    return f"kn_{table.name.removeprefix('local_')}", spec | _PERIOD, (*row, point.period.start, point.period.end)


UNMAPPED = f"SELECT key FROM code_item WHERE NOT regexp_full_match(code, '{NATIONAL}') ORDER BY ALL"
"""Items whose code has no national shape: a place's own, mapped to nothing."""

CEILINGS = """
WITH cls AS (SELECT DISTINCT i.admdvs, i.lv_grp FROM institution AS i WHERE i.lv_grp IS NOT NULL
), raw AS (
  SELECT k.n, k.code, c.admdvs, c.lv_grp, k.valid_from, k.valid_to,
         CASE WHEN k.admdvs = c.admdvs THEN 0 WHEN SUBSTRING(k.admdvs, 3, 4) = '0000' THEN 4 ELSE 2 END
           + CASE WHEN k.lv_grp = 0 THEN 1 ELSE 0 END AS far
  FROM price_row AS k
  JOIN cls AS c ON k.admdvs IN (c.admdvs, SUBSTRING(c.admdvs, 1, 4) || '00', SUBSTRING(c.admdvs, 1, 2) || '0000')
               AND k.lv_grp IN (0, c.lv_grp)
), cut AS (
  SELECT r.code, r.admdvs, r.lv_grp, r.valid_from AS d FROM raw AS r UNION SELECT r.code, r.admdvs, r.lv_grp, r.valid_to FROM raw AS r
), seg AS (
  SELECT c.*, LEAD(c.d) OVER (PARTITION BY c.code, c.admdvs, c.lv_grp ORDER BY c.d) AS t FROM cut AS c
), best AS (
  SELECT r.n, s.code, s.admdvs, s.lv_grp, s.d, s.t,
         ROW_NUMBER() OVER (PARTITION BY s.code, s.admdvs, s.lv_grp, s.d ORDER BY r.far, r.n) AS nth
  FROM seg AS s
  JOIN raw AS r ON r.code = s.code AND r.admdvs = s.admdvs AND r.lv_grp = s.lv_grp AND r.valid_from <= s.d AND r.valid_to >= s.t
)
SELECT b.n, b.code, b.admdvs, b.lv_grp, b.d, b.t FROM best AS b WHERE b.nth = 1 ORDER BY ALL
"""
"""Ceilings of regions and levels to one ceiling per code, class of institution and disjoint period: the nearest region wins,
then the exact level over "any level"."""


def ceilings(con: duckdb.DuckDBPyConnection, points: Sequence[Point]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of kn_price and kn_ceiling, cut by region, level and period."""
    if not points:
        return {}
    rows = lake_rows(con, "price")
    priced: dict[int, list[Point]] = {}
    for p in points:
        if p.row is not None and p.rule.settings.get("algo") == "ceiling":
            priced.setdefault(p.row.line, []).append(p)
    fill(
        con,
        "price_row",
        {"n": "INTEGER", "code": "VARCHAR", "admdvs": "VARCHAR", "lv_grp": "INTEGER", **_PERIOD},
        [
            (
                r.line,
                r.values["med_list_codg"].split("-")[0],
                r.values["admdvs"],
                int(r.values["hosp_lv_grp"]),
                r.period.start,
                r.period.end,
            )
            for r in rows
        ],
    )
    cut = con.execute(CEILINGS).fetchall()
    con.execute("DROP TABLE price_row").fetchall()
    uplmt = {r.line: int(r.values["pric_uplmt_amt"].replace(".", "")) for r in rows}  # DECIMAL(16,6) as text, without its point
    found: dict[str, list[tuple[Any, ...]]] = {"kn_price": [], "kn_ceiling": []}
    discounts = any(p.rule.settings.get("algo") == "discount" for p in points)
    for n, code, admdvs, level, start, end in cut:
        ceiling = (key_of(code), admdvs, level, uplmt[n])
        if discounts:
            found["kn_ceiling"].append((*ceiling, start, end))
        for point in priced.get(n, ()):
            for period, params in point.segments():
                if met := period.meet(Period(start, end)):
                    found["kn_price"].append((point.kid, *ceiling, params["tolerance"], met.start, met.end))
    return found


class Locals:
    """Local codes by the national code they stand for."""

    def __init__(self, mappings: Sequence[CodeMapping]) -> None:
        self._pairs = sorted((_base(m.national), key_of(_base(m.local)), m.period) for m in mappings)
        self._nationals = [national for national, _, _ in self._pairs]

    def keys(self, code: str, prefix: bool) -> list[tuple[int, Period]]:
        """Keys of the local codes of one national code, or of all that begin with it, each with the period it counts in."""
        found = []
        for place in range(bisect_left(self._nationals, code), len(self._pairs)):
            national, key, period = self._pairs[place]
            if national != code and not (prefix and national.startswith(code)):
                break
            found.append((key, period))
        return found


def _base(code: str) -> str:
    return code.split("-")[0]


def _resolve(
    con: duckdb.DuckDBPyConnection, name: str, spec: dict[str, str], members: list[Member], local: Locals
) -> list[tuple[Any, ...]]:
    """Members as rows: codes to keys, exact ones by digest, prefixes by the codes that exist in the lake, and local codes of items."""
    slot = next((c for c in spec if c in ROW_KEYS), "")
    keys = _keys(con, members, slot)
    rows = set()
    for member in members:
        values = member.values | {"valid_from": member.period.start, "valid_to": member.period.end}
        for key in keys[(member.code, member.match, member.of)]:
            rows.add(tuple(key if c == slot else values[c] for c in spec))
        for key, period in (
            local.keys(_base(member.code), member.match == "prefix") if member.of == "item" and member.code else ()
        ):
            if met := member.period.meet(period):
                values |= {"valid_from": met.start, "valid_to": met.end}
                rows.add(tuple(key if c == slot else values[c] for c in spec))
    return sorted(rows, key=repr)


def _keys(con: duckdb.DuckDBPyConnection, members: list[Member], slot: str) -> dict[tuple[str, str, str], list[Any]]:
    """What the key column holds for each (code, match, dictionary)."""
    keys: dict[tuple[str, str, str], list[Any]] = {}
    prefixes: dict[str, set[str]] = {}
    for code, match, of in {(m.code, m.match, m.of) for m in members}:
        if match in ("exact", "none"):
            keys[(code, match, of)] = [key_of(_base(code) if of == "item" else code)] if match == "exact" else [None]
        elif match in ("prefix", "diag3"):
            keys[(code, match, of)] = []
            prefixes.setdefault(of, set()).add(code)
        else:
            raise RulebookError(f"不认识的匹配方式“{match}”", where=code, cure="可用：exact、prefix")
    diag3 = slot == "diag3"
    for of, wanted in sorted(prefixes.items()):
        fill(con, "wanted_prefix", {"prefix": "VARCHAR"}, [(c,) for c in sorted(wanted)])
        value = "SUBSTRING(d.code, 1, 3)" if diag3 else "d.key"
        join = f"SELECT w.prefix, {value} FROM wanted_prefix AS w JOIN code_{of} AS d ON SUBSTRING(d.code, 1, {{0}}) = w.prefix"
        parts = [f"{join.format(n)} WHERE LENGTH(w.prefix) = {n}" for n in sorted({len(c) for c in wanted})]
        sql = " UNION ".join(parts) + " ORDER BY ALL"
        for prefix, key in con.execute(sql).fetchall():
            keys[(prefix, "diag3" if diag3 else "prefix", of)].append(key)
        con.execute("DROP TABLE wanted_prefix").fetchall()
    return keys


def families_to_run(rules: Sequence[Rule], bound: Bound) -> list[str]:
    """Families of `rules` with at least one bound row: a family without candidates finds nothing."""
    wanted = {r.family for r in rules if r.family and r.rule_id not in bound.waiting}
    return [f for f, shapes in FAMILY_SHAPES.items() if f in wanted and any(s in bound.filled for s in shapes if s in DRIVING)]
