"""From rows to points: names become codes, groups become pairs, and every row ends as points or with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from hengjian.kernel.dates import Period
from hengjian.lake.ingest.readers import FileRefused
from hengjian.site.knowledge import words
from hengjian.site.knowledge.convert import Draft, Why, convert, names_and_codes
from hengjian.site.knowledge.origin import Options, Origin, Origins
from hengjian.site.knowledge.sources import Found, Progress, Read, Source, read
from hengjian.site.knowledge.tables import KINDS

GROUPED, MERGED = "duplicate_drug_group", "operation_diagnosis_mismatch"


@dataclass(slots=True)
class Made:
    """A point of this import; `rows`: the rows it comes from, as (source, line)."""

    table: str
    values: dict[str, str]
    period: Period
    official: bool
    origin: Origin
    row: str
    rows: list[tuple[int, int]]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(self.values.get(c, "") for c in KINDS[self.table].key)

    @property
    def content(self) -> tuple[str, ...]:
        return tuple(self.values.get(c, "") for c in KINDS[self.table].content)


@dataclass(frozen=True, slots=True)
class Explained:
    """A row that made no point, and why."""

    source: int
    line: int
    reason: str
    detail: str
    name: str
    table: str = ""


@dataclass
class Batch:
    """What an import makes of its files: points, rows explained, names without a code by table, rows read by source."""

    sources: list[Source]
    points: list[Made] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    unresolved: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: list[dict[str, str]] = field(default_factory=list)

    def taken(self) -> set[tuple[int, int]]:
        """Rows that a point comes from."""
        return {row for point in self.points for row in point.rows}


class Codes:
    """Codes by name: those of the rule's own list first, else those any list gives."""

    def __init__(self, stored: Iterable[tuple[str, str, str]] = ()) -> None:
        self._of_rule: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._any: dict[str, dict[str, None]] = defaultdict(dict)
        for name, code, rule in stored:
            self.add(name, code, rule)

    def add(self, name: str, code: str, rule: str) -> None:
        self._of_rule[(rule, name)][code] = None
        self._any[name][code] = None

    def of(self, name: str, rule: str) -> list[str]:
        folded = words.fold(name)
        return list(self._of_rule.get((rule, folded)) or self._any.get(folded) or ())


@dataclass(slots=True)
class _Row:
    source: int
    line: int
    origin: Origin
    drafts: list[Draft]
    name: str


def make(found: Found, options: Options, codes: Codes, progress: Progress) -> Batch:
    """Read and convert everything found."""
    batch = Batch(found.sources, refused=list(found.refused))
    origins = Origins(options)
    rows: list[_Row] = []
    done = 0
    for number, source in enumerate(found.sources):
        try:
            table = read(source, lambda share, d=done, s=source: progress(s.name, (d + share * s.size) / found.size))  # type: ignore[misc]
        except FileRefused as error:
            batch.rows.append(0)
            batch.refused.append({"file": source.name, "what": error.detail, "cure": error.advice or "改好这个文件再导入"})
            continue
        done += source.size
        batch.rows.append(len(table.lines) + len(table.bad))
        rows += _drafted(batch, number, table, origins, codes)
    _points(batch, rows, codes)
    return batch


def _drafted(batch: Batch, number: int, table: Read, origins: Origins, codes: Codes) -> list[_Row]:
    """Rows with drafts; the others are explained at once. What the table tells of names goes into `codes`."""
    shape, rule = table.source.shape, table.source.rule
    batch.explained += [Explained(number, bad.line, "Z13", bad.detail, bad.text[:80]) for bad in table.bad]
    rows = []
    for line, cells in zip(table.lines, table.cells, strict=True):
        name = next(
            (
                cells[n]
                for n in ("drug", "item", "diag", "oprn", "supply", "slice", "name", "a_name", "slice_a")
                if cells.get(n)
            ),
            "",
        )
        result = convert(cells, shape, rule)
        if isinstance(result, Why):
            batch.explained.append(Explained(number, line, result.code, result.detail[:300], name))
            continue
        origin = origins.of(cells)
        if origin.fault:
            batch.explained.append(Explained(number, line, "Z16" if "日期" in origin.fault else "Z08", origin.fault, name))
            continue
        for known in names_and_codes(result):
            codes.add(*known)
        rows.append(_Row(number, line, origin, result, name or result[0].values.get("name", "")))
    return rows


def _points(batch: Batch, rows: Sequence[_Row], codes: Codes) -> None:
    made: dict[tuple[str, tuple[str, ...]], Made] = {}
    groups: dict[str, dict[str, tuple[_Row, Draft, str]]] = defaultdict(dict)
    for row in rows:
        kept, fault = 0, Explained(row.source, row.line, "Z05", "", row.name)
        for draft in row.drafts:
            if (ready := _resolved(draft, codes)) is None:
                title = KINDS[draft.table].title
                wanted = "、".join(name for name in draft.names.values() if not codes.of(name, title))
                batch.unresolved[draft.table].add(words.fold(row.name))
                fault = Explained(row.source, row.line, "Z01", wanted, row.name, draft.table)
                continue
            if draft.table == GROUPED:
                listed = "|".join(v["code"] for v in ready)
                members = groups[draft.values["grp"]]
                kept += draft.values["name"] not in members
                members.setdefault(draft.values["name"], (row, draft, listed))
                continue
            for values in ready:
                told = _put(made, draft, values, row, batch.sources[row.source])
                kept += told == ""
                if told:
                    fault = Explained(row.source, row.line, told[:3], told[3:], row.name, draft.table)
        if not kept:
            batch.explained.append(fault)
    _pairs(batch, made, groups)
    batch.points = list(made.values())


def _resolved(draft: Draft, codes: Codes) -> list[dict[str, str]] | None:
    """The values of each point of a draft, with codes; None when a name has none."""
    if not draft.names:
        return [draft.values]
    found = {column: codes.of(name, KINDS[draft.table].title) for column, name in draft.names.items()}
    if not all(found.values()):
        return None
    if "code" in found:
        return [draft.values | {"code": code} for code in found["code"]]
    return [draft.values | {column: "|".join(listed) for column, listed in found.items()}]


def _put(made: dict[tuple[str, tuple[str, ...]], Made], draft: Draft, values: dict[str, str], row: _Row, source: Source) -> str:
    """Keep a point; or say what is against it: reason code and detail."""
    origin = row.origin
    where = f"{source.name} 第 {row.line} 行"
    doubts = "；".join(x for x in (draft.ours, origin.doubt) if x)
    said = f"{KINDS[draft.table].title} · {row.name}{f'（{doubts}）' if doubts else ''}，{where}"
    point = Made(
        draft.table,
        values,
        Period(origin.start, origin.end),
        draft.official and origin.official,
        origin,
        said,
        [(row.source, row.line)],
    )
    former = made.setdefault((draft.table, point.key), point)
    if former is point:
        return ""
    if draft.table == MERGED:
        listed = former.values["diag_prefixes"].split("|")
        more = [c for c in values["diag_prefixes"].split("|") if c not in listed]
        former.values["diag_prefixes"] = "|".join(listed + more)
        if more:
            former.rows.append((row.source, row.line))
        return "" if more else "Z05"
    if former.content == point.content:
        return "Z05"
    if not former.period.meet(point.period):
        made[(draft.table, (*point.key, str(point.period.start)))] = point
        return ""
    return f"Z06{_content(point)}；前面是{_content(former)}（{former.row}）"


def _content(point: Made) -> str:
    return "、".join(f"{c}={v}" for c, v in zip(KINDS[point.table].content, point.content, strict=True))


def _pairs(
    batch: Batch, made: dict[tuple[str, tuple[str, ...]], Made], groups: dict[str, dict[str, tuple[_Row, Draft, str]]]
) -> None:
    """Two of one group make a pair; one that is alone makes none."""
    for group, members in groups.items():
        if len(members) == 1:
            ((row, _, _),) = members.values()
            batch.explained.append(Explained(row.source, row.line, "Z15", group, row.name, GROUPED))
            continue
        for (a, (row_a, draft_a, codes_a)), (b, (row_b, draft_b, codes_b)) in combinations(members.items(), 2):
            values = draft_a.values | {"a_name": a, "a_code": codes_a, "b_name": b, "b_code": codes_b, "win": ""}
            for gone in ("name", "code", "win"):
                values.pop(gone, None)
            draft = Draft(GROUPED, values, {}, draft_a.official and draft_b.official, draft_a.ours)
            if _put(made, draft, values, row_a, batch.sources[row_a.source]) == "":
                made[(GROUPED, (codes_a, codes_b))].rows.append((row_b.source, row_b.line))
