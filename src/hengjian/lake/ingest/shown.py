"""Refused rows as a person may read them: opened with the lake's key, personal cells masked. Without the key they stay shut."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from hengjian.crypto.seal import Sealer, key_of_sealed
from hengjian.kernel.errors import HengjianError
from hengjian.kernel.mask import masked
from hengjian.lake.ingest.personal import RAW, keys_of, place_of, row_ids
from hengjian.lake.ingest.register import VAL, ids_of
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import LakeVersion

SHUT = "（已加密）"
WHOLE_LINE = "（整行，已加密）"


def sealer_of(version: LakeVersion) -> Sealer | None:
    """What opens the lake; None when the key is not at hand."""
    try:
        return keys_of(version.root, version).sealer
    except HengjianError:
        return None


def shown(row: dict[str, Any], sealer: Sealer | None) -> dict[str, Any]:
    """A row of `rejects` with `val` and `raw` as they may be shown. A line that is no row could hold anything and stays shut."""
    table = TABLES.get(row["tab"]) or LOCAL.get(str(row["tab"]).removeprefix("local_"))
    if table is None or not row["col"]:
        return row | {"val": WHOLE_LINE, "raw": WHOLE_LINE}
    ids = ids_of(row["file"], [row["line"]])
    val, raw = row["val"], SHUT
    if table[row["col"]].personal:
        opened = _open(sealer, VAL, ids, val)
        val = masked(row["col"], opened) if opened is not None else SHUT
    if (text := _open(sealer, RAW, ids, row["raw"])) is not None:
        raw = _masked_row(table, json.loads(text), sealer)
    return row | {"val": val, "raw": raw}


def _masked_row(table: Table, cells: dict[str, Any], sealer: Sealer | None) -> str:
    columns = {c.name: pa.array([None if cells.get(c.name) is None else str(cells[c.name])]) for c in table.columns}
    ids = row_ids(table, {k: v.cast(pa.string()) for k, v in columns.items()})
    told = {}
    for name, cell in cells.items():
        if cell is not None and name in table and table[name].personal:
            sealed = key_of_sealed(str(cell)) is not None  # a row that was staged before it was refused
            plain = _open(sealer, place_of(table.name, name), ids, str(cell)) if sealed else str(cell)
            told[name] = SHUT if plain is None else masked(name, plain)
        else:
            told[name] = cell
    return json.dumps(told, ensure_ascii=False)


def _open(sealer: Sealer | None, place: str, ids: pa.Array, sealed: str | None) -> str | None:
    if sealer is None or sealed is None:
        return None
    try:
        return str(sealer.open(place, ids, pa.array([sealed]))[0].as_py())
    except HengjianError:
        return None
