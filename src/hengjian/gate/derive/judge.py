"""Which rows of a visit the loader would take: each row by itself, then beside the others (twin of `lake.ingest.resolve`, `refunds`).

Reasons that need the whole lake are not asked for here: a settlement id used by another visit too, a visit that moves to another person
while rows of it that came by file stay behind, a birth after a visit (`fold` asks that of persons).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hengjian.gate.derive.cells import Cells, Refused, read_cells
from hengjian.gate.derive.checks import check
from hengjian.lake.schema import TABLES
from hengjian.lake.wire import Row

CHILDREN = ("settlement", "diagnosis", "operation", "fee_line")
_ROUNDING = 2
"""Fen by which the amounts given back may exceed the line's."""


class LeftOut(NamedTuple):
    """A row that leaves nothing: its table and key, the loader's reason code, the column at fault. Never the value."""

    table: str
    key: tuple[str, ...]
    code: str
    column: str


class Taken(NamedTuple):
    """The rows that stand, by table, and those that do not."""

    rows: dict[str, list[Cells]]
    left_out: list[LeftOut]

    def drop(self, table: str, gone: Mapping[int, tuple[str, str]]) -> None:
        """Leave rows out: place → reason code and column."""
        if gone:
            rows = self.rows[table]
            self.left_out.extend(LeftOut(table, key_of_row(table, rows[place]), *why) for place, why in gone.items())
            self.rows[table] = [row for place, row in enumerate(rows) if place not in gone]


def take(rows: Mapping[str, list[Row]], today: int | None = None) -> Taken:
    """The rows of visits and what belongs to them, as the loader would take them in one load.

    `rows`: tables encounter, diagnosis, operation, fee_line, settlement (others are passed over). `today`: the day number after
    which nothing can have happened; None: not asked.
    """
    done = Taken({}, [])
    for table in ("encounter", *CHILDREN):
        done.rows[table] = _alone(done, table, rows.get(table, ()), today)
        _repeated(done, table)
    encounters = {row.texts["mdtrt_id"]: row.texts for row in done.rows["encounter"]}
    for table in CHILDREN:
        done.drop(table, {n: why for n, row in enumerate(done.rows[table]) if (why := _astray(row.texts, encounters))})
    _second_mains(done)
    _lost_refunds(done)
    _refunds(done)
    return done


def take_one(table: str, row: Row, today: int | None = None) -> Cells | LeftOut:
    """One row by itself."""
    try:
        cells = read_cells(table, row.cells)
        check(table, cells, today)
    except Refused as why:
        return LeftOut(table, tuple(row.cells.get(k, "") for k in TABLES[table].key), why.code, why.column)
    return cells


def _alone(done: Taken, table: str, rows: Iterable[Row], today: int | None) -> list[Cells]:
    found: list[Cells] = []
    for row in rows:
        taken = take_one(table, row, today)
        if isinstance(taken, LeftOut):
            done.left_out.append(taken)
        else:
            found.append(taken)
    return found


def key_of_row(table: str, row: Cells) -> tuple[str, ...]:
    """The key of a row as texts."""
    return tuple(row.texts[k] if k in row.texts else str(row.numbers.get(k, "")) for k in TABLES[table].key)


def _repeated(done: Taken, table: str) -> None:
    """D02: of the rows of one key the first stays; the same row again counts once."""
    first: dict[tuple[str, ...], Cells] = {}
    gone: dict[int, tuple[str, str]] = {}
    same: set[int] = set()
    for place, row in enumerate(done.rows[table]):
        known = first.setdefault(key_of_row(table, row), row)
        if known is not row and known == row:
            same.add(place)
        elif known is not row:
            gone[place] = "D02", TABLES[table].key[0]
    done.drop(table, gone)
    if same:
        done.rows[table] = list(first.values())


def _astray(own: Mapping[str, str], encounters: Mapping[str, Mapping[str, str]]) -> tuple[str, str] | None:
    """K03, K04: the visit stands, and is of the same person and place."""
    visit = encounters.get(own["mdtrt_id"])
    if visit is None:
        return "K03", "mdtrt_id"
    return next((("K04", c) for c in ("psn_no", "fixmedins_code") if c in own and own[c] != visit[c]), None)


def _second_mains(done: Taken) -> None:
    """L13: of two main diagnoses of one kind that with the smaller number stays."""
    first: dict[tuple[str, ...], int] = {}
    rows = done.rows["diagnosis"]
    mains = [n for n, row in enumerate(rows) if row.texts["maindiag_flag"] == "1"]
    gone: dict[int, tuple[str, str]] = {}
    for place in sorted(mains, key=lambda n: rows[n].numbers["diag_srt_no"]):
        texts = rows[place].texts
        kind = texts["mdtrt_id"], texts["inout_diag_type"], texts["diag_type"]
        if first.setdefault(kind, place) != place:
            gone[place] = "L13", "maindiag_flag"
    done.drop("diagnosis", gone)


def _lost_refunds(done: Taken) -> None:
    """K08: a refund names a settlement that stands; a refund that does not may itself be what another names."""
    while True:
        known = {row.texts["setl_id"] for row in done.rows["settlement"]}
        named = ((n, row.texts.get("init_setl_id")) for n, row in enumerate(done.rows["settlement"]))
        lost = {n: ("K08", "init_setl_id") for n, setl_id in named if setl_id is not None and setl_id not in known}
        if not lost:
            return
        done.drop("settlement", lost)


def target_of(refund: Cells, lines: Iterable[Cells]) -> str | None:
    """The line a refund line undoes: as sent, else the latest earlier one of the same visit, code and price; None when there is none.

    `lines`: those of the same visit with a positive quantity.
    """
    named = refund.texts.get("init_feedetl_sn")
    if named is not None:
        return named if any(line.texts["feedetl_sn"] == named for line in lines) else None
    code, price, at = refund.texts["med_list_codg"], refund.numbers["pric"], refund.numbers["fee_ocur_time"]
    alike = [
        (line.numbers["fee_ocur_time"], line.texts["feedetl_sn"])
        for line in lines
        if line.numbers["pric"] == price and line.texts["med_list_codg"] == code and line.numbers["fee_ocur_time"] <= at
    ]
    return max(alike)[1] if alike else None


def by_visit(rows: Iterable[Cells]) -> dict[str, list[Cells]]:
    """Rows by mdtrt_id."""
    found: dict[str, list[Cells]] = {}
    for row in rows:
        found.setdefault(row.texts["mdtrt_id"], []).append(row)
    return found


def _refunds(done: Taken) -> None:
    """K06, L07, K07: a refund undoes a line of its visit, and never more than is left of it; refunds count in order of time."""
    rows = done.rows["fee_line"]
    back = [n for n, row in enumerate(rows) if row.numbers["cnt"] < 0]
    if not back:
        return
    sold = by_visit(row for row in rows if row.numbers["cnt"] > 0)
    left = {
        (visit, line.texts["feedetl_sn"]): [line.numbers["cnt"], line.numbers["det_item_fee_sumamt"] + _ROUNDING]
        for visit, lines in sold.items()
        for line in lines
    }
    gone: dict[int, tuple[str, str]] = {}
    for place in sorted(back, key=lambda n: (rows[n].numbers["fee_ocur_time"], rows[n].texts["feedetl_sn"])):
        row, visit = rows[place], rows[place].texts["mdtrt_id"]
        target = target_of(row, sold.get(visit, []))
        if target is None:
            gone[place] = ("K06", "init_feedetl_sn") if "init_feedetl_sn" in row.texts else ("L07", "cnt")
            continue
        room = left[visit, target]
        count, amount = -row.numbers["cnt"], -row.numbers["det_item_fee_sumamt"]
        if count <= room[0] and amount <= room[1]:
            room[0], room[1] = room[0] - count, room[1] - amount
        else:
            gone[place] = "K07", "cnt"
    done.drop("fee_line", gone)
