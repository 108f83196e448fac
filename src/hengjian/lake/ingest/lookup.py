"""What encounters ask of their persons when their own messages do not say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa

from hengjian.lake.ingest.messages import Inbox
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.wire import PERSON, Message, Subject, fold

_LOOKED_UP = ("insutype", "insu_admdvs")
"""What an encounter may need to know of its person."""

_ASKED = f"psn_no, {', '.join(_LOOKED_UP)}"

Cells = dict[str, str]
Group = tuple[Subject, list[Message], list[Message]]
"""A subject, its messages that the lake knew, and all."""


class Persons:
    """What an encounter may ask of its person: before this load, and now. Messages stand over what files say."""

    def __init__(self, inbox: Inbox, chunks: Callable[[str], Iterable[list[Group]]]) -> None:
        self._inbox, self._stage, self._con, self._previous = inbox, inbox.stage, inbox.con, inbox.previous
        self._chunks = chunks
        self._known: dict[str, tuple[Cells, Cells]] = {}
        self.asked: set[str] = set()
        self.missed = 0

    def before(self, psn_no: str) -> Mapping[str, str | None] | None:
        return self._ask(psn_no, 0)

    def now(self, psn_no: str) -> Mapping[str, str | None] | None:
        return self._ask(psn_no, 1)

    def _ask(self, psn_no: str, when: int) -> Cells | None:
        if psn_no in self._known:
            return self._known[psn_no][when]
        self.asked.add(psn_no)
        self.missed += 1
        return None

    def changed(self) -> list[str]:
        """Those of whom something else is known now."""
        return [psn_no for psn_no, (before, now) in self._known.items() if before != now]

    def sent(self) -> list[str]:
        """Persons whose rows came in this load's files, where the lake holds messages or some came."""
        if not self._inbox.fresh and not (self._previous and self._previous.rows("message")):
            return []
        views = self._stage.views(TABLES["person"])
        return [psn_no for view in views for (psn_no,) in self._con.execute(f"SELECT DISTINCT psn_no FROM {view}").fetchall()]

    def learn(self, psn_nos: Iterable[str]) -> None:
        """Look persons up."""
        wanted = [psn_no for psn_no in psn_nos if psn_no not in self._known]
        self.asked.clear()
        if not wanted:
            return
        listed = pa.array(wanted, pa.string())
        self._con.register("asked_now", pa.table({"psn_no": listed}))
        lake = [rows_sql(self._previous, name) for name in ("waiting_person", "person")]
        of_lake = self._read([f"SELECT {_ASKED} FROM {rows} WHERE stub IS NULL" for rows in lake if rows])
        of_files = self._read([f"SELECT {_ASKED} FROM {view}" for view in self._stage.views(TABLES["person"])])
        for psn_no in wanted:
            old = of_lake.get(psn_no, {})
            self._known[psn_no] = dict(old), old | of_files.get(psn_no, {})
        self._con.execute(
            f"CREATE OR REPLACE TABLE person_now AS SELECT '{PERSON}' AS kind, psn_no AS subject_key FROM asked_now"
        ).fetchall()
        self._con.unregister("asked_now")
        for chunk in self._chunks("person_now"):
            for subject, before, whole in chunk:
                for known, messages in zip(self._known[subject.key], (before, whole), strict=True):
                    for row in fold(subject, messages).rows.get("person", ()):
                        known |= {c: row.cells[c] for c in _LOOKED_UP if c in row.cells}

    def _read(self, selects: list[str]) -> dict[str, Cells]:
        found: dict[str, Cells] = {}
        for select in selects:
            for psn_no, *values in self._con.execute(
                f"SELECT * FROM ({select}) WHERE psn_no IN (SELECT psn_no FROM asked_now) ORDER BY ALL"
            ).fetchall():
                found[psn_no] = {c: value for c, value in zip(_LOOKED_UP, values, strict=True) if value is not None}
        return found
