"""A new key: everything personal is sealed with it, nothing else changes, and the old key can go once its versions are gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hengjian.crypto.keys import KeyRing
from hengjian.crypto.seal import Sealer
from hengjian.kernel.errors import KeyFileError, SealError
from hengjian.lake.ingest import load_folder
from hengjian.lake.ingest.personal import RAW, place_of, row_ids
from hengjian.lake.ingest.register import VAL, ids_of
from hengjian.lake.rotate import rotate
from hengjian.lake.rows import parquet_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.upkeep.compact import compact
from hengjian.lake.upkeep.gc import clean
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers

from ...cli.test_mistakes import run as run
from ..folder import NOW, load, query, row
from ..test_safety import more
from .lakes import everything, files_of, kill_at, lived_in


@pytest.fixture()
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    """A key file of this test alone."""
    monkeypatch.setenv("HENGJIAN_KEYS", str(tmp_path / "keys.json"))
    return KeyRing.open(tmp_path / "keys.json", create=True)


def personal(version: LakeVersion, sealer: Sealer) -> Iterator[tuple[Any, ...]]:
    """Every personal cell of a version in plain text, with its digest."""
    for name in version.tables:
        table = TABLES.get(name.removeprefix("waiting_"))
        if table and any(c.personal for c in table.columns) and version.entries(name):
            rows = duckdb.sql(f"FROM {parquet_sql(version.files(name))} ORDER BY ALL").to_arrow_table()
            cells = {c.name: rows[c.name].combine_chunks() for c in table.columns}
            for c in (c for c in table.columns if c.personal):
                plain = sealer.open(place_of(table.name, c.name), row_ids(table, cells), cells[c.name])
                if c.looked_up:
                    assert rows[f"{c.name}_dgst"].combine_chunks().equals(sealer.digest(c.name, plain)), c.name
                yield (name, c.name, *sorted(filter(None, plain.to_pylist())))
    for register in ("rejects", "load_warnings"):
        for tab, file, line, col, val, raw in query(version, f"SELECT tab, file, line, col, val, raw FROM {{{register}}} ORDER BY ALL"):  # fmt: skip
            ids = ids_of(file, [line])
            private = not col or TABLES[tab][col].personal
            yield (register, tab, col, sealer.open(VAL, ids, pa.array([val]))[0].as_py() if private else val)
            if raw is not None:
                yield (register, tab, *opened_row(sealer, tab, sealer.open(RAW, ids, pa.array([raw]))[0].as_py()))


def opened_row(sealer: Sealer, tab: str, text: str) -> Iterator[tuple[str, Any]]:
    """The cells of a row as sent; personal ones may have been sealed before the whole of it was."""
    cells = json.loads(text)
    row_id = "\x1f".join(str(cells.get(key) or "") for key in TABLES[tab].key)
    for column, cell in cells.items():
        sealed = isinstance(cell, str) and cell.startswith(f"{sealer.key_id}:")
        yield column, sealer.open(place_of(tab, column), pa.array([row_id]), pa.array([cell]))[0].as_py() if sealed else cell


def texts_of(version: LakeVersion) -> str:
    """Every text that stands in the files of a version."""
    found = []
    for table in version.tables:
        for path in version.files(table):
            rows = pq.read_table(path, partitioning=None)
            found += [
                str(rows[name].to_pylist()) for name in rows.column_names if pa.types.is_string(rows.schema.field(name).type)
            ]
    return "\n".join(found)


def without_sealed(rows: dict[str, list[tuple[Any, ...]]], *keys: str) -> dict[str, list[str]]:
    """Rows without what changes with the key."""
    heads = tuple(f"{key}:" for key in keys)
    digest = set("0123456789abcdef")

    def plain(cell: Any) -> bool:
        return not (isinstance(cell, str) and (cell.startswith(heads) or (len(cell) == 32 and set(cell) <= digest)))

    return {name: sorted(str([cell for cell in each if plain(cell)]) for each in found) for name, found in rows.items()}


def test_everything_personal_is_sealed_anew_and_nothing_else_changes(tmp_path: Path, ring: KeyRing) -> None:
    lake, old_key = lived_in(tmp_path), ring.current
    old = open_lake(lake)
    before, plain = everything(old), list(personal(old, ring.sealer(old_key)))
    assert {"person", "encounter", "settlement", "external_list", "waiting_settlement", "rejects", "load_warnings"} <= {
        p[0] for p in plain
    }
    told: list[tuple[int, int]] = []
    rotate(lake, ring, lambda *step: told.append(step), now=NOW)
    new = open_lake(lake)
    assert (new.number, new.made_by, new.key) == (5, "rotate", ring.current) and new.key != old_key
    assert new.key_file == str(ring.path) and told[-1][0] == told[-1][1] > 0
    assert list(personal(new, ring.sealer(new.key))) == plain
    assert f"{old_key}:" in texts_of(old) and f"{old_key}:" not in texts_of(new)
    assert without_sealed(everything(new), old_key, new.key) == without_sealed(before, old_key, new.key)
    assert new.masks == old.masks and {n: (s.rows, s.dead) for n, s in new.tables.items()} == {n: (s.rows, s.dead) for n, s in old.tables.items()}  # fmt: skip
    again = open_lake(lake, 4)
    assert everything(again) == before and list(personal(again, ring.sealer(again.key))) == plain, "old versions stay readable"


def test_what_was_sent_before_is_known_after(tmp_path: Path, ring: KeyRing) -> None:
    lake = lived_in(tmp_path)
    rotate(lake, ring, now=NOW)
    for name in ("b", "d"):
        report = load_again(tmp_path / name, lake)
        assert not report.new and all(c["taken"] == c["replaced"] == 0 for c in report.tables.values())
    assert report.tables["external_list"]["duplicate"] == 1
    compact(lake, now=NOW)
    assert not load_again(tmp_path / "d", lake).new


def load_again(folder: Path, lake: Path) -> Any:
    return load_folder(folder, lake, now=NOW)


def test_a_row_that_waited_is_taken_after(tmp_path: Path, ring: KeyRing) -> None:
    lake = lived_in(tmp_path)
    rotate(lake, ring, now=NOW)
    report = load(more(tmp_path / "e", encounter=[row("encounter", mdtrt_id="M9")]), lake)
    assert report.recovered == {"settlement": 1}
    assert ("settlement", "opter", "9527", "9528") in set(personal(open_lake(lake), ring.sealer(open_lake(lake).key)))


def test_the_old_key_goes_when_its_versions_are_gone(tmp_path: Path, ring: KeyRing, run: Any) -> None:
    lake, old_key = lived_in(tmp_path), ring.current
    code, said, err = run("keys", "rotate", "--lake", lake, "--json")
    assert code == 0 and json.loads(said)["version"] == 5, err
    new_key = json.loads(said)["key"]
    code, _, err = run("keys", "drop", old_key, "--lake", lake, "--yes")
    assert code == 2 and "还在用它" in err
    (lake / "retention.yml").write_text("keep_days: 0\nkeep_last: 1\n", encoding="utf-8")
    assert run("lake", "gc", "--lake", lake)[0] == 0
    assert run("keys", "drop", old_key, "--lake", lake, "--yes")[0] == 0
    whole = KeyRing.open(ring.path)
    assert [key.id for key in whole.keys] == [new_key] and list(personal(open_lake(lake), whole.sealer(new_key)))
    assert not load_again(tmp_path / "d", lake).new


ACT = """
from hengjian.crypto.keys import KeyRing
from hengjian.lake.rotate import rotate
from hengjian.lake.rows import parquet_sql
rotate(Path(sys.argv[1]), KeyRing.open(Path(os.environ["HENGJIAN_KEYS"])), now=datetime(2026, 11, 1))
"""


@pytest.mark.parametrize(
    ("module", "name", "at"),
    [
        ("hengjian.lake.rotate", "_file", 3), ("hengjian.lake.delta", "commit", 1), ("hengjian.lake.delta", "commit", 3),
        ("hengjian.crypto.keys", "_write", 2), ("hengjian.lake.upkeep.renewal", "publish", 1),
    ],
)  # fmt: skip
def test_killed_anywhere_the_lake_is_sealed_as_before(tmp_path: Path, ring: KeyRing, module: str, name: str, at: int) -> None:
    lake, old_key = lived_in(tmp_path), ring.current
    before = everything(open_lake(lake))
    plain = list(personal(open_lake(lake), ring.sealer(old_key)))
    assert kill_at(module, name, at, ACT, lake)
    ring = KeyRing.open(ring.path)
    assert open_lake(lake).key == old_key and everything(open_lake(lake)) == before
    if name == "publish":  # a load comes first, with the key of the lake
        load(more(tmp_path / "e", fee_line=[row("fee_line", feedetl_sn="7")]), lake)
    rotate(lake, ring, now=NOW)
    new = open_lake(lake)
    assert new.key == ring.current != old_key and len(ring.keys) == (3 if name == "publish" else 2)
    assert list(personal(new, ring.sealer(new.key))) == plain
    clean(lake, now=NOW + timedelta(days=1))
    assert everything(new) and version_numbers(lake)[-1] == new.number


def test_a_cell_that_was_tampered_with_stops_it(tmp_path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    lake, key = lived_in(tmp_path), ring.current
    (path, *_) = open_lake(lake).files("settlement")
    rows = pq.read_table(path, partitioning=None)
    (sealed,) = rows["opter"].to_pylist()
    other = "A" if sealed[-1] != "A" else "Q"
    pq.write_table(rows.set_column(rows.column_names.index("opter"), "opter", pa.array([sealed[:-1] + other])), path)
    monkeypatch.setattr("hengjian.lake.versions._present", lambda *_: None)
    before = files_of(lake)
    with pytest.raises(SealError, match="打不开"):
        rotate(lake, ring, now=NOW)
    assert KeyRing.open(ring.path).current == key and files_of(lake) == before and version_numbers(lake)[-1] == 4


def test_without_the_old_key_nothing_is_done(tmp_path: Path, ring: KeyRing) -> None:
    lake = lived_in(tmp_path)
    other = KeyRing.open(tmp_path / "others.json", create=True)
    with pytest.raises(KeyFileError, match="没有密钥"):
        rotate(lake, other, now=NOW)
    assert len(other.keys) == 1 and version_numbers(lake)[-1] == 4
