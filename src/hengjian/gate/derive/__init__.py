"""From what messages come to, to what rules see, in Python: the exact twin of the load and of `lake.derive` for the visits of one person.

The archive's way is text → typed columns → checks → SQL over a city; this is the same for a handful of rows in a fraction of a
millisecond. Tests hold the two together on generated visits, every column of every table.

Where the twin differs from a load, on purpose: rows are judged by themselves and beside the other rows of their visit only, since the
gate does not see the rest of the lake (see `judge`); a fraction of a second is cut, which the loader does too unless a whole
file is written so; a row left out waits nowhere, it is judged again whenever its visit is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hengjian.gate.acts import Layout, Person, Rows
from hengjian.gate.derive.cells import Cells
from hengjian.gate.derive.checks import UNKNOWN_BIRTH
from hengjian.gate.derive.judge import LeftOut, take, take_one
from hengjian.gate.derive.layer import item_key, kind_of, layer_rows, region_flag
from hengjian.gate.derive.spelled import DAY, ymd_of
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import Row


class Derived(NamedTuple):
    """Rows of the rule layer, and the lake rows that gave none, with the loader's reason."""

    rows: Rows
    left_out: tuple[LeftOut, ...]


def derive(rows: Mapping[str, list[Row]], layout: Layout, *, today: int | None = None) -> Derived:
    """What rules see of the lake rows of whole visits of one person, columns as the layout has them.

    `rows` as `lake.wire.fold` leaves them (`Fold.rows`). A row the loader would refuse is left out and reported; a cell the loader would
    take as empty is None. `today`: the day number after which nothing can have happened (the loader's data date); None: not asked.
    """
    taken = take(rows, today)
    return Derived(layer_rows(taken.rows, layout), tuple(taken.left_out))


def derive_person(row: Row, *, today: int | None = None) -> Person | LeftOut:
    """Who a person is, from the lake row of `person`; why not, when the loader would refuse the row."""
    taken = take_one("person", row, today)
    return taken if isinstance(taken, LeftOut) else person_of(taken)


def person_of(cells: Cells) -> Person:
    """The person as rules see it: sex only where known, birth only where it is no placeholder."""
    texts, numbers = cells.texts, cells.numbers
    born = numbers.get("brdy")
    known = born is not None and born > UNKNOWN_BIRTH
    return Person(
        psn_key=key_of(texts["psn_no"]),
        gend=texts["gend"] if texts["gend"] in ("1", "2") else None,
        brdy_day=born if known else None,
        brdy_ymd=ymd_of(born) if born is not None and known else None,
        dead_day=numbers.get("die_date"),
        insutype=texts["insutype"],
        psn_type=texts.get("psn_type"),
    )


__all__ = [
    "DAY",
    "Derived",
    "LeftOut",
    "derive",
    "derive_person",
    "item_key",
    "kind_of",
    "region_flag",
    "ymd_of",
]
