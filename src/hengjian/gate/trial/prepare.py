"""Making the demonstration ready: its people chosen, their past told to the store, its book written."""

from __future__ import annotations

from pathlib import Path

from hengjian.gate.acts import Layout
from hengjian.gate.store import Store
from hengjian.gate.trial.book import write_book
from hengjian.gate.trial.past import tell_past
from hengjian.gate.trial.people import Cast, cast
from hengjian.gate.trial.roles import ROLES
from hengjian.lake.versions import open_lake


def prepare_trial(lake: Path, home: Path, store: Store, layout: Layout) -> tuple[Path, Cast]:
    """The book of a demonstration over a synthetic lake, in the gate's home, and who plays in it. Run again it changes nothing.

    Raises InputError for a lake of real data.
    """
    playing = cast(open_lake(lake), ROLES)
    tell_past(playing, store, layout)
    return write_book(playing, home), playing
