"""What uploaded files mean: the proposal `hengjian map` makes, as a form, and the form's answers as the map file a load reads.

Files with the same headers are answered once. An answer is kept in YAML beside the upload; the next upload begins from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from hengjian.apps.runs.models import Run
from hengjian.apps.runs.queries import last_map
from hengjian.kernel.errors import HengjianError, InputError
from hengjian.lake.ingest.map_page import patterns_of
from hengjian.lake.ingest.mapping import ALL_TABLES, NO_MAP, SavedMap, matches, read_map
from hengjian.lake.ingest.propose import HeaderGuess, PartGuess, ValueGuess, guess
from hengjian.lake.ingest.readers.spelling import fold
from hengjian.lake.ingest.survey import Survey, survey
from hengjian.lake.schema import Column, Table
from hengjian.lake.schema.codes import CODE_TABLES

DATA, MAP = "data", "map.yml"
"""Names in an upload's folder."""
SKIP, BLANK = "-", "-"
"""The answers “not read” (a file, a header) and “empty” (a value)."""


@dataclass(frozen=True)
class ReadUpload:
    """An upload as it lies there: what was found, and the map that says what it means."""

    found: Survey
    saved: SavedMap

    @property
    def names(self) -> list[str]:
        """Every name a map may speak of."""
        return [*(part.name for part in self.found.parts), *self.found.ignored]


@dataclass(frozen=True)
class Choice:
    """One header with its answers. `chosen`: column, or "" where nothing is read."""

    field: str
    guess: HeaderGuess
    chosen: str

    @property
    def open(self) -> bool:
        """Whether a person has to look."""
        return not self.guess.sure


@dataclass(frozen=True)
class ValueChoice:
    """One value that stands in no code table, and the code it is to mean."""

    field: str
    sent: str
    rows: int
    chosen: str


@dataclass(frozen=True)
class Question:
    """Files with the same headers, and all that is asked of them."""

    number: int
    guesses: tuple[PartGuess, ...]
    table: Table | None
    headers: tuple[Choice, ...] = ()
    values: tuple[tuple[Column, tuple[ValueChoice, ...], tuple[tuple[str, str], ...]], ...] = ()

    @property
    def field(self) -> str:
        return f"table-{self.number}"

    @property
    def names(self) -> list[str]:
        return [g.part.name for g in self.guesses]

    @property
    def first(self) -> PartGuess:
        return self.guesses[0]

    @property
    def problem(self) -> str:
        """Why nothing can be asked."""
        return self.first.problem or ("" if self.table or self.first.headers else self.first.part.why)

    @property
    def decisions(self) -> int:
        """What has to be decided before a load can take the files: table, headers, missing columns."""
        odd = sum(1 for values in self.first.values.values() for v in values if v.code is None)
        return self.first.decisions - odd

    @property
    def unknown(self) -> int:
        """Values nobody has told the code of. They stop no load: it says row by row what it does with them."""
        return sum(not choice.chosen for _, choices, _ in self.values for choice in choices)

    @property
    def columns(self) -> list[Column]:
        return list(self.table.columns) if self.table else []


@dataclass(frozen=True)
class Proposal:
    """All questions about an upload."""

    questions: tuple[Question, ...]
    ignored: Mapping[str, str]
    messages: int = 0
    skipped: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def decisions(self) -> int:
        """How many answers are open."""
        return sum(q.decisions for q in self.questions)

    @property
    def unknown(self) -> int:
        """Values without a code."""
        return sum(q.unknown for q in self.questions)

    @property
    def readable(self) -> int:
        """How many files have a table, or are messages."""
        return self.messages + sum(len(q.guesses) for q in self.questions if q.table)


def read_upload(run: Run) -> ReadUpload:
    """Look at the files of an upload, with its own map or what the last load's map says of such files. Raises InputError."""
    found = survey(run.place / DATA)
    names = [*(part.name for part in found.parts), *found.ignored]
    own = run.place / MAP
    if own.is_file():
        return ReadUpload(found, read_map(own))
    former = last_map()
    return ReadUpload(found, _fitting(former, names) if former else NO_MAP)


def _fitting(path: Path, names: Sequence[str]) -> SavedMap:
    """What an earlier map says of files that are here."""
    try:
        saved = read_map(path)
    except HengjianError:
        return NO_MAP
    entries = tuple(e for e in saved.entries if any(matches(pattern, n) for pattern, _ in e.patterns for n in names))
    kept = [replace(e, patterns=tuple(p for p in e.patterns if any(matches(p[0], n) for n in names))) for e in entries]
    return replace(saved, entries=tuple(kept), ignored=tuple(p for p in saved.ignored if any(matches(p, n) for n in names)))


def propose_map(run: Run) -> Proposal:
    """What the files of a run may mean, as questions; what its map says already is answered."""
    return _proposal(read_upload(run))


def _proposal(upload: ReadUpload) -> Proposal:
    found, saved = upload.found, upload.saved
    skipped = tuple(part.name for part in found.parts if saved.skips(part.name))
    groups: dict[tuple[Any, ...], list[PartGuess]] = {}
    for part in found.parts:
        if part.name in skipped:
            continue
        each = guess(part, saved)
        alike = tuple((h.sent, h.place, h.column.name if h.column else "") for h in each.headers)
        key = (each.table.name if each.table else part.name, each.problem, alike)
        groups.setdefault(key if each.headers else (part.name,), []).append(each)
    questions = tuple(_question(n, tuple(parts)) for n, parts in enumerate(groups.values()))
    return Proposal(questions, found.ignored, len(found.messages), skipped, _said(saved))


def _said(saved: SavedMap) -> dict[str, Any]:
    """Values by table as the map before says them."""
    return {table: {column: dict(codes) for column, codes in columns.items()} for table, columns in saved.values.items()}


def _question(number: int, guesses: tuple[PartGuess, ...]) -> Question:
    first = guesses[0]
    if first.table is None or first.problem:
        return Question(number, guesses, first.table if not first.problem else None)
    headers = tuple(Choice(f"head-{number}-{n}", h, h.column.name if h.column else "") for n, h in enumerate(first.headers))
    seen: dict[str, dict[str, ValueGuess]] = {}
    for each in guesses:
        for name, values in each.values.items():
            for value in values:
                before = seen.setdefault(name, {}).get(value.sent)
                seen[name][value.sent] = ValueGuess(value.sent, value.rows + (before.rows if before else 0), value.code)
    asked = []
    for name, found in seen.items():
        column = first.table[name]
        codes = tuple((CODE_TABLES[column.codes] if column.codes else {"1": "是", "0": "否"}).items())
        choices = tuple(
            ValueChoice(f"value-{number}-{name}-{n}", v.sent, v.rows, v.code or "") for n, v in enumerate(found.values())
        )
        asked.append((column, choices, codes))
    return Question(number, guesses, first.table, headers, tuple(asked))


def answered(run: Run, answers: Mapping[str, str]) -> str:
    """The map that the answers of the form make, in YAML. Raises InputError for answers that cannot be."""
    upload = read_upload(run)
    proposal = _proposal(upload)
    everything = [part.name for part in upload.found.parts]
    files: list[dict[str, Any]] = []
    ignored = list(proposal.skipped)
    values = {table: {column: dict(codes) for column, codes in said.items()} for table, said in proposal.values.items()}
    for question in proposal.questions:
        chosen = answers.get(question.field, question.table.name if question.table else "")
        if chosen == SKIP:
            ignored += question.names
            continue
        if not chosen:
            continue
        if chosen not in ALL_TABLES:
            raise InputError("没有这张表", why=f"选的是“{chosen}”", cure="从列表里选一张表")
        table = ALL_TABLES[chosen]
        files += _entries(question, table, answers, upload, everything)
        if table is question.table:
            for column, choices, _ in question.values:
                for choice in choices:
                    if code := answers.get(choice.field, choice.chosen):
                        values.setdefault(chosen, {}).setdefault(column.name, {})[choice.sent] = "" if code == BLANK else code
    page = {"files": files, "values": values, "ignore": ignored}
    head = "# 恒鉴对照表：在网页上核对，下一批同样的文件接着用。\n"
    return head + yaml.safe_dump(page, allow_unicode=True, sort_keys=False, width=120)


def _entries(
    question: Question, table: Table, answers: Mapping[str, str], upload: ReadUpload, everything: Sequence[str]
) -> list[dict[str, Any]]:
    """What the map has to say of the files of a question; nothing where names and headers say it all."""
    headers: dict[str, str] = {}
    entry_before = upload.saved.entry(question.first.part.name)
    said = entry_before.headers_of(table) if entry_before else {}
    if table is question.table:
        for choice in question.headers:
            column = answers.get(choice.field, choice.chosen)
            default = choice.chosen if choice.guess.known else ""
            if column != default or (not column and fold(choice.guess.sent) in said):
                headers[choice.guess.sent] = column
    plain = all(g.part.table is table for g in question.guesses)
    if plain and not headers:
        return []
    own = {n: e.values for n in question.names if (e := upload.saved.entry(n)) and e.values}
    entry: dict[str, Any] = {"file": patterns_of(question.names, everything), "table": table.name}
    entry |= {"headers": headers} if headers else {}
    if own:
        entry["values"] = next(iter(own.values()))
    return [entry]


def tables() -> list[Table]:
    """Every table a file may belong to."""
    return list(ALL_TABLES.values())
