"""Proposals for a map: which table, which column, which code, and whether a person has to look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from hengjian.lake.ingest.columns import convert
from hengjian.lake.ingest.mapping import SavedMap
from hengjian.lake.ingest.readers.base import FileRefused, Renamed, names_of
from hengjian.lake.ingest.readers.spelling import bare, clean, column_of, fold
from hengjian.lake.ingest.reasons import REASONS, REFUSED
from hengjian.lake.ingest.survey import Part
from hengjian.lake.ingest.synonyms import AFFIXES, FLAGS, HEADERS, VALUES
from hengjian.lake.ingest.values import EMPTY_IF_NULLABLE, known
from hengjian.lake.schema import Column, Table
from hengjian.lake.schema.codes import CODE_TABLES

PEEK = 60
"""Rows looked at for samples."""
_LIKELY, _SURE = 0.6, 0.9
"""Likeness from which a column is proposed, and from which nobody need look."""
_MOST_VALUES = 40
"""Values listed for one column."""
_OTHER_UNITS = ("万元", "千元", "百元", "角", "分", "小时", "分钟", "kg", "千克", "斤")


@dataclass(frozen=True)
class HeaderGuess:
    """A header as sent, its place in the row, the column it may mean, and up to three samples. `known`: no map is needed for it."""

    sent: str
    place: int
    column: Column | None
    sure: bool
    known: bool = False
    note: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ValueGuess:
    """A value in no code table, how often it was seen, and the code it may mean."""

    sent: str
    rows: int
    code: str | None


@dataclass
class PartGuess:
    """What a part may be. `problem`: it cannot be looked at at all."""

    part: Part
    table: Table | None = None
    named: bool = True
    headers: list[HeaderGuess] = field(default_factory=list)
    missing: list[Column] = field(default_factory=list)
    values: dict[str, list[ValueGuess]] = field(default_factory=dict)
    problem: str = ""

    @property
    def decisions(self) -> int:
        """How many things a person has to decide."""
        if self.table is None or self.problem:
            return 1 if self.part.data or self.problem else 0
        asked = sum(1 for h in self.headers if h.column and not h.sure) + len(self.missing) + (not self.named)
        return asked + sum(1 for guesses in self.values.values() for g in guesses if g.code is None)


def guess(part: Part, saved: SavedMap) -> PartGuess:
    """Look at the first rows of a part and say what it may be; what a saved map says stands."""
    entry = saved.entry(part.name)
    try:
        rows = part.peek(PEEK)
    except FileRefused as error:
        return PartGuess(part, part.table, problem=error.detail)
    table = (entry.table if entry else None) or part.table
    named = table is not None
    if table is None and (found := _table(rows, part.tables)):
        table = found
    if table is None:
        return PartGuess(part)
    said = entry.headers_of(table) if entry else {}
    place = _header_row(rows, table, said)
    if place is None:
        return PartGuess(part, table, named, problem="没有表头")
    done = PartGuess(part, table, named, _headers(table, rows[place], rows[place + 1 :], said))
    meant = {h.column.name for h in done.headers if h.column}
    done.missing = [c for c in table.columns if c.required and c.name not in meant]
    done.values = _values(done, rows[place + 1 :], saved)
    return done


def _table(rows: Sequence[Sequence[str]], tables: Mapping[str, Table]) -> Table | None:
    """The table most of whose required columns are named, by any name in use; None when less than half are."""
    best, most = None, 0.5
    for table in tables.values():
        required = {c.name for c in table.columns if c.required}
        for cells in rows[:10]:
            named = {_named(table, cell) for cell in cells} - {None}
            share = len(required & named) / len(required) + 0.001 * len(named)
            if share > most and len(required & named) > 1:
                best, most = table, share
    return best


def _header_row(rows: Sequence[Sequence[str]], table: Table, said: Renamed) -> int | None:
    counts = [sum(1 for c in cells if c.strip() and (fold(c) in said or _named(table, c))) for cells in rows[:10]]
    most = max(counts, default=0)
    return counts.index(most) if most else next((i for i, cells in enumerate(rows[:10]) if any(cells)), None)


def _named(table: Table, header: str) -> str | None:
    """The column a header names in the schema's words or in the field's."""
    return column_of(table, header) or _synonyms(table).get(bare(header)[0])


@lru_cache(maxsize=64)
def _synonyms(table: Table) -> dict[str, str]:
    """Folded synonym → column. A word that means several columns of the table means the first."""
    words: dict[str, str] = {}
    for column in table.columns:
        for word in HEADERS.get(column.name, "").split():
            words.setdefault(fold(word), column.name)
    return words


def _headers(table: Table, cells: Sequence[str], below: Sequence[Sequence[str]], said: Renamed) -> list[HeaderGuess]:
    """Every header with the column it means or may mean; no column twice."""
    sent = [clean(cell) for cell in cells]
    names = names_of(table, sent, said)
    samples = [_samples(below, place) for place in range(len(sent))]
    free = [c for c in table.columns if c.name not in names]
    offers = sorted(
        (
            (likeness * _plausible(table, column, samples[place]), place, column)
            for place, header in enumerate(sent)
            if header and names[place] is None and fold(header) not in said
            for column in free
            if (likeness := _likeness(table, header, column)) >= _LIKELY
        ),
        key=lambda offer: (-offer[0], offer[1]),
    )
    chosen: dict[int, tuple[float, Column]] = {}
    for score, place, column in offers:
        if score >= _LIKELY and place not in chosen and column not in [c for _, c in chosen.values()]:
            chosen[place] = (score, column)
    guesses = []
    for place, header in enumerate(sent):
        if not header:
            continue
        if names[place] is not None or fold(header) in said:
            meant = table[name] if (name := names[place]) else None
            guesses.append(HeaderGuess(header, place, meant, True, fold(header) not in said))
        elif place in chosen:
            score, column = chosen[place]
            unit = next((u for inner in bare(header)[1] for u in _OTHER_UNITS if u in inner), "")
            note = f"单位是{unit}，不能直接对应" if unit else ""
            shown = tuple(dict.fromkeys(_shown(column, text) for text in samples[place]))[:3]
            guesses.append(HeaderGuess(header, place, column, score >= _SURE and not unit, False, note, shown))
        else:
            guesses.append(HeaderGuess(header, place, None, True))
    return guesses


def _samples(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place].strip() for row in rows if place < len(row) and row[place].strip()]


def _likeness(table: Table, header: str, column: Column) -> float:
    """How alike a header and a column's names are, 0 to 1."""
    base = bare(header)[0]
    if _synonyms(table).get(base) == column.name:
        return 0.95
    best = 0.0
    for word in (column.label, *column.aliases, *HEADERS.get(column.name, "").split()):
        other = fold(word)
        if base == other:  # another column has the better claim
            return 0.8
        if len(_core(base)) > 1 and _core(base) == _core(other):
            best = max(best, 0.85)
        elif min(len(base), len(other)) > 1 and (base in other or other in base):
            best = max(best, 0.6 + 0.25 * min(len(base), len(other)) / max(len(base), len(other)))
        else:
            best = max(best, 0.85 * SequenceMatcher(None, base, other).ratio())
    return best


@lru_cache(maxsize=4096)
def _core(word: str) -> str:
    for affix in AFFIXES:
        word = word.removeprefix(affix) if word != affix else word
        word = word.removesuffix(affix) if word != affix else word
    return word


def _plausible(table: Table, column: Column, samples: Sequence[str]) -> float:
    """Share of the samples the column could hold; 1 when there are none. Values a value map could mend do not count against it."""
    if not samples:
        return 1.0
    if column.codes:
        return 1.0 if any(known(column.codes, s) or guess_code(column, s) for s in samples) else 0.7
    done = convert(table.name, replace(column, required=False), pa.array(samples, pa.string()))
    wrong = sum(int(mask.sum()) for code, mask in done.faults.items() if REASONS[code].level == REFUSED)
    return 0.4 + 0.6 * max(0.0, 1 - wrong / len(samples))


def _shown(column: Column, text: str) -> str:
    """A sample for the eyes of whoever edits the map: identifiers and personal data only in their shape."""
    if column.personal or column.kind.word in ("id", "name", "text"):
        text = "".join("9" if c.isdigit() else "A" if c.isascii() and c.isalpha() else "某" if c.isalpha() else c for c in text)
    return text[:20]


def _values(done: PartGuess, below: Sequence[Sequence[str]], saved: SavedMap) -> dict[str, list[ValueGuess]]:
    """Values of coded columns that stand in no code table."""
    assert done.table is not None
    said = saved.values_of(done.part.name, done.table)
    found: dict[str, list[ValueGuess]] = {}
    for column, counts in _counted(done, below).items():
        unknown = [
            ValueGuess(text, rows, guess_code(column, text))
            for text, rows in counts.most_common()
            if text not in said.get(column.name, {}) and not _is_code(column, text)
        ]
        if unknown:
            found[column.name] = unknown[:_MOST_VALUES]
    return found


def _counted(done: PartGuess, below: Sequence[Sequence[str]]) -> dict[Column, Counter[str]]:
    """How often each value of the coded columns occurs in the first batch, or in the first rows when it cannot be read yet."""
    table = done.table
    assert table is not None
    coded = [(h.place, h.column) for h in done.headers if h.column and (h.column.codes or h.column.kind.word == "flag")]
    renamed = {fold(h.sent): h.column.name if h.column else None for h in done.headers}
    if coded and not done.missing:
        try:
            _, batches = done.part.read(table, renamed)
            batch = next(batches, None)
            if close := getattr(batches, "close", None):
                close()
        except FileRefused:
            batch = None
        if batch is not None:
            counts = {c: pc.value_counts(batch.data[c.name].cast(pa.string()).combine_chunks()) for _, c in coded}
            return {
                c: Counter({str(p["values"]).strip(): p["counts"] for p in found.to_pylist() if p["values"] is not None})
                for c, found in counts.items()
            }
    return {c: Counter(_samples(below, place)) for place, c in coded}


def _is_code(column: Column, text: str) -> bool:
    if text in EMPTY_IF_NULLABLE:
        return True
    if column.codes:
        return known(column.codes, text)
    return text in ("0", "1", "是", "否", "Y", "N", "y", "n") or text.lower() in ("true", "false")


def guess_code(column: Column, text: str) -> str | None:
    """The code a value may mean, by its label, by words in use, or with a leading zero put back; None when nobody can tell."""
    if not column.codes:
        return FLAGS.get(text)
    codes = CODE_TABLES[column.codes]
    if found := VALUES.get(column.codes, {}).get(text):
        return found
    labels = {label: code for code, label in codes.items()}
    if text in labels:
        return labels[text]
    if text.isdigit() and (padded := text.zfill(max(map(len, codes)))) in codes:
        return padded
    near = {code for label, code in labels.items() if len(text) > 1 and (text in label or label in text)}
    return near.pop() if len(near) == 1 else None
