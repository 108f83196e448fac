"""The columns of every table of a lake as its files hold them: lake and rule tables, dictionaries, registers, masks, what waits."""

from __future__ import annotations

from hengjian.lake.ingest import register
from hengjian.lake.rows import MASK
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.schema.local import LOCAL

CODE = {"key": "BIGINT", "code": "VARCHAR", "name": "VARCHAR"}
"""Columns of a dictionary (`code_item`, `code_diag`, `code_oprn`)."""

_WAITING = {"file": "VARCHAR", "line": "BIGINT", "load_no": "INTEGER", "code": "VARCHAR"}


def columns_of(name: str) -> tuple[dict[str, str], bool]:
    """Columns of any table of a lake, in its files, and whether it is parted by bucket."""
    stamp = {"load_no": "INTEGER"}
    if name.startswith("rule_"):
        layer = LAYER[name.removeprefix("rule_")]
        return {c.name: c.sql for c in layer.columns} | (stamp if layer.by_person else {}), layer.by_person
    if name.startswith("code_"):
        return dict(CODE), False
    others = {
        "rejects": register.COLUMNS, "load_warnings": register.COLUMNS, "reject_ends": register.ENDS,
        "unmapped_values": register.UNMAPPED, "mask": MASK, "message": register.MESSAGE, "message_subject": register.MESSAGE_SUBJECT,
    }  # fmt: skip
    if name in others:
        return dict(others[name]), False
    if name.startswith("waiting_"):
        return {c.name: c.kind.sql for c in TABLES[name.removeprefix("waiting_")].stored} | _WAITING, False
    table = TABLES.get(name) or LOCAL[name.removeprefix("local_")]
    columns = {c.name: c.kind.sql for c in table.stored}
    return (columns | {"bucket": "INTEGER"} | stamp if table.by_person else columns), table.by_person
