"""Personal columns on their way into the lake: sealed cell by cell, with digests beside those that people search by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hengjian.crypto.keys import KeyRing, find_key_file
from hengjian.crypto.seal import Sealer
from hengjian.lake.schema import Table
from hengjian.lake.versions import LakeVersion


@dataclass(frozen=True)
class LakeKeys:
    """The key file of a lake, the id of the key its personal columns are sealed with, and what seals with it."""

    path: Path
    key: str
    sealer: Sealer
    made: bool = False


def keys_of(root: Path, version: LakeVersion | None, explicit: Path | None = None) -> LakeKeys:
    """The keys of a lake; for a new one the key file is made when there is none. Raises KeyFileError."""
    path = find_key_file(explicit, version.key_file if version else None)
    ring = KeyRing.open(path, create=version is None, lake=root)
    key = version.key if version else ring.current
    return LakeKeys(ring.path, key, ring.sealer(key), ring.created)


RAW = "rejects.raw"
"""What a rejected row as sent is sealed as."""


def place_of(table: str, column: str) -> str:
    """What a column is sealed as."""
    return f"{table}.{column}"


def row_ids(table: Table, cells: Mapping[str, pa.Array]) -> pa.Array:
    """The text that names each row when its cells are sealed: its key."""
    parts = [pc.fill_null(cells[k].cast(pa.string()), "") for k in table.key]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")


def sealed(sealer: Sealer, table: Table, cells: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """The columns with the personal ones sealed and digests added. `cells`: whole columns by name, keys among them."""
    done = dict(cells)
    personal = [c for c in table.columns if c.personal and c.name in cells]
    ids = row_ids(table, cells) if personal else None
    for column in personal:
        plain = cells[column.name]
        if column.looked_up:
            done[f"{column.name}_dgst"] = sealer.digest(column.name, plain)
        done[column.name] = sealer.seal(place_of(table.name, column.name), ids, plain)
    return done
