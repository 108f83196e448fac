"""The state of one encounter while its exchanges go over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hengjian.lake.wire.folding.exchange import Cells, Exchange
from hengjian.lake.wire.folding.lines import Lines
from hengjian.lake.wire.folding.settlements import Settlement

PersonLookup = Callable[[str], Mapping[str, str | None] | None]
"""psn_no → the columns of that person, as far as known."""


@dataclass
class Sheet:
    """What the last settlement list says."""

    exchange: Exchange
    cells: Cells
    diagnoses: list[Cells]
    operations: list[Cells]


@dataclass
class Encounter:
    """What stands of one encounter so far."""

    mdtrt_id: str
    lines: Lines
    visit: Cells = field(default_factory=dict)
    visited: Exchange | None = None
    uploaded: str = ""
    admitted: list[Cells] = field(default_factory=list)
    admitted_by: Exchange | None = None
    discharge: Cells = field(default_factory=dict)
    discharged: list[Cells] = field(default_factory=list)
    discharged_by: Exchange | None = None
    discharge_undone: bool = False
    sheet: Sheet | None = None
    periods: dict[str, Cells] = field(default_factory=dict)
    settlements: dict[str, Settlement] = field(default_factory=dict)
    members: list[Exchange] = field(default_factory=list)
    """The exchanges of this life of the encounter; cancelling the visit undoes them all."""
