"""One change of one knowledge row, made by hand: its validity ends on a day, or a row like it is added, or both on the same day.

An edit becomes a batch of its own, so that it is dated, named and undone like any import. Nothing is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import KnowledgeRow, Rulebook
from hengjian.rulebook.rows import Rows
from hengjian.site.knowledge.diff import Difference, Standing
from hengjian.site.knowledge.importing import Prepared, apply
from hengjian.site.knowledge.origin import Origin
from hengjian.site.knowledge.points import Batch, Made
from hengjian.site.knowledge.store import StoredBatch
from hengjian.site.knowledge.tables import KINDS

MODE = "edit"
"""How `batches.json` calls a batch that is one edit."""

SOURCE = ("notice", "batch", "row")
NO_CELLS = frozenset({"kid", "valid_from", "valid_to", "official", "approved_from", "site", *SOURCE})
"""What a row has beside the cells a rule reads."""
_NAMING = ("code", "a_code", "b_code", "diag_prefix", "grp")
"""Columns that name what a row is about, in tables of which no import says so."""


@dataclass(frozen=True)
class Edit:
    """`end`: the day from which the row `kid` no longer holds (None: it stays). `values`: the cells of a row to add (None: none is),
    in force in `period`; the source stands for either."""

    table: str
    kid: str
    notice: str
    batch: str
    row: str
    end: int | None = None
    values: Mapping[str, str] | None = None
    period: Period = field(default=Period(0, OPEN_DAY))
    official: bool = False

    @property
    def origin(self) -> Origin:
        return Origin(self.notice, self.batch or self.notice[:20], self.period.start, self.period.end, self.official)


def find_row(book: Rulebook, table: str, kid: str) -> KnowledgeRow:
    """A row of the rulebook's knowledge. Raises InputError."""
    rows = book.knowledge.get(table, ())
    row = next((r for r in (rows.only({kid}) if isinstance(rows, Rows) else rows) if r.kid == kid), None)
    if row is None:
        raise InputError("没有这个知识点", why=f"知识表 {table} 里没有 {kid}", cure="它可能刚被停用或撤销；回到知识页重新查找")
    return row


def cells_of(row: KnowledgeRow) -> dict[str, str]:
    """The cells a rule reads, without number, period and source."""
    return {name: value for name, value in row.values.items() if name not in NO_CELLS}


def snapshot(row: KnowledgeRow) -> dict[str, str]:
    """A row as it stands, its period as batches have cut it: what a change is proposed on the ground of."""
    end = "" if row.period.end == OPEN_DAY else day_date(row.period.end).isoformat()
    return dict(row.values) | {"valid_from": day_date(row.period.start).isoformat(), "valid_to": end}


def key_of_row(table: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """What a row is about."""
    columns = KINDS[table].key if table in KINDS else [c for c in _NAMING if c in values]
    return tuple(values.get(c, "") for c in columns)


def check_edit(book: Rulebook, edit: Edit) -> KnowledgeRow:
    """The row an edit is about. Raises InputError where it says nothing, or what cannot stand beside the other rows."""
    row = find_row(book, edit.table, edit.kid)
    if edit.end is None and edit.values is None:
        raise InputError("没有要改的", cure="写停用日，或改一格再加一行")
    if not edit.notice.strip() or not edit.row.strip():
        raise InputError("没有写出处", why="知识点要有公告和所在行，才经得起问", cure="写公告名称和第几行")
    if edit.end is not None and not row.period.start < edit.end < row.period.end:
        until = "" if row.period.end == OPEN_DAY else f"、早于 {day_date(row.period.end)}"
        raise InputError(
            f"停用日 {day_date(edit.end)} 不对", why=f"要晚于生效日 {day_date(row.period.start)}{until}", cure="改停用日"
        )
    if edit.values is not None:
        _check_added(book, edit, row, edit.values)
    return row


def _check_added(book: Rulebook, edit: Edit, row: KnowledgeRow, values: Mapping[str, str]) -> None:
    if strange := [c for c in values if c not in row.values]:
        raise InputError(f"没有“{strange[0]}”这一列", cure="只能改这张表已有的列")
    key = key_of_row(edit.table, values)
    if not any(key):
        raise InputError("没有写编码", cure="补上编码")
    for other in book.knowledge[edit.table]:
        period = other.period
        if other.kid == edit.kid and edit.end is not None:
            period = Period(period.start, edit.end)
        if key_of_row(edit.table, other.values) == key and period.meet(edit.period):
            raise InputError(
                "同一编码在同一段时间已有一行",
                why=f"{other.kid}，自 {day_date(other.period.start)} 起",
                cure="让原来的一行同日停用，或改生效日",
            )


def edited(book: Rulebook, edit: Edit) -> Rulebook:
    """The rulebook with only the new row of an edit in its table: to try what a rule makes of it."""
    values = dict(edit.values or {})
    rows: Sequence[KnowledgeRow] = (KnowledgeRow(edit.table, "new", values, edit.period, edit.official, 1, True),)
    return replace(book, knowledge={**book.knowledge, edit.table: rows if edit.values is not None else ()})


def write_edit(root: Path, book: Rulebook, edit: Edit, now: datetime, persons: Mapping[str, str]) -> StoredBatch:
    """Write an edit as a batch of its own. The caller holds the lock of the site. Raises InputError, and then nothing is written."""
    row = check_edit(book, edit)
    made = (
        [Made(edit.table, dict(edit.values), edit.period, edit.official, edit.origin, edit.row, [(0, 1)])]
        if edit.values
        else []
    )
    difference = Difference()
    if edit.end is not None:
        difference.closed.append((edit.table, edit.kid, edit.end))
        if not made:
            key = key_of_row(edit.table, row.values)
            gone = Standing(row.kid, key, (), row.period, row.official, False, not row.site, row)
            difference.dropped.append((edit.table, gone))
    (difference.changed if edit.end is not None else difference.added).extend(made)
    source = {"notice": edit.notice, "batch": edit.batch, "row": edit.row, "of": f"{edit.table}:{edit.kid}"}
    return apply(root, Prepared(Batch([]), difference, MODE), now, source | dict(persons))
