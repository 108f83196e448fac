"""Which of a person's kept acts are the very acts of the visit that is being checked (an uploaded line equal to a current one is the same act).

A hospital names its visit by its own number until the platform has given one, and asks again after it has uploaded: counting such lines
beside the order would accuse an honest doctor of his own prescription.
"""

from __future__ import annotations

from collections import Counter

from hengjian.gate.acts import ACT_TABLES, Layout, Row, Rows
from hengjian.gate.case import Visit


def part(visit: Visit, past: Rows, layout: Layout) -> tuple[Rows, Rows]:
    """(rows that belong to the visit beside the message's own, under its key; rows of the person's past without them)."""
    stays = [row for row in past.get("encounter", ()) if _may_be(row, visit, layout)]
    if not stays:
        return {}, past
    key_place = {t: layout.place(t, "mdtrt_key") for t in ACT_TABLES}
    candidates = {row[key_place["encounter"]]: row for row in stays}
    ours, mine = _match(visit, past, candidates, layout)
    if not mine:
        return {}, past
    own: Rows = {}
    rest: Rows = {"encounter": [row for row in past.get("encounter", ()) if row[key_place["encounter"]] not in mine]}
    for table in ACT_TABLES[1:]:
        place = key_place[table]
        rest[table] = [row for row in past.get(table, ()) if row[place] not in mine]
        kept = [row for row in past.get(table, ()) if row[place] in mine]
        if table == "fee_line":
            kept = [row for row in kept if id(row) not in ours]
        own[table] = [(*row[:place], visit.mdtrt_key, *row[place + 1 :]) for row in kept]
    own["diagnosis"] = _unsaid(
        own["diagnosis"], {d["diag_key"] for d in visit.diagnoses}, layout.place("diagnosis", "diag_key")
    )
    own["operation"] = _unsaid(
        own["operation"], {o["oprn_key"] for o in visit.operations}, layout.place("operation", "oprn_key")
    )
    return own, rest


def _may_be(row: Row, visit: Visit, layout: Layout) -> bool:
    """The visit under its own number, one begun on the same day, or a stay that has not ended, at this institution."""
    columns = layout.columns["encounter"]
    cells = dict(zip(columns, row, strict=True))
    if cells["org_key"] != visit.org_key:
        return False
    if cells["mdtrt_key"] == visit.mdtrt_key:
        return True
    if (cells["kind"] == "inp") != (visit.kind == "inp"):
        return False
    return cells["in_day"] == visit.in_day


def _match(
    visit: Visit, past: Rows, candidates: dict[int | str | None, Row], layout: Layout
) -> tuple[set[int], set[int | str | None]]:
    """Kept lines that the message says again (by identity of the row), and the visits that are this one."""
    place = {c: layout.place("fee_line", c) for c in ("mdtrt_key", "feedetl_sn", "item_key", "fee_day", "net_cnt_e4")}
    numbers = {line.sn for line in visit.lines}
    daily = visit.kind == "inp"
    said: Counter[tuple[int, int]] = Counter((line.item_key, line.day if daily else 0) for line in visit.lines)
    ours: set[int] = set()
    mine: set[int | str | None] = {key for key in candidates if key == visit.mdtrt_key}
    for row in past.get("fee_line", ()):
        key = row[place["mdtrt_key"]]
        if key not in candidates:
            continue
        act = (int(row[place["item_key"]] or 0), int(row[place["fee_day"]] or 0) if daily else 0)
        if (key == visit.mdtrt_key and row[place["feedetl_sn"]] in numbers) or said[act] > 0:
            said[act] -= 1
        else:
            continue
        ours.add(id(row))
        mine.add(key)
    return ours, mine


def _unsaid(rows: list[Row], said: set[int | str | None], place: int) -> list[Row]:
    """Rows whose code the message does not say itself."""
    return [row for row in rows if row[place] not in said]
