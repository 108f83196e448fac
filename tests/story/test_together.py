"""Several at once on one lake: loads wait for nobody, readers and audits always see one whole version."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb

from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers

from ..lake.folder import load, row
from ..lake.test_safety import more
from .conftest import hengjian
from .processes import start, stopped
from .town import Town, lake_state, result_bytes, result_state, run, unlisted


def test_of_two_loads_the_second_is_told(town: Town, tmp_path: Path) -> None:
    lake = town.lake(tmp_path / "lake")
    first = start("ingest", town.change, "--lake", lake)
    with stopped(first, (lake / "staging" / "out").is_dir):
        second = hengjian("ingest", town.root / "city", "--lake", lake)
        assert second.returncode == 2 and "另一次加载" in second.stderr and "等它结束后再试" in second.stderr
        assert (lake / "staging" / "out").is_dir()
    assert first.communicate() and first.returncode == 1  # some rows were refused
    assert lake_state(lake) == lake_state(town.after) and not unlisted(lake)


def test_of_two_audits_into_one_folder_the_second_is_told(town: Town, tmp_path: Path) -> None:
    out = Path(shutil.copytree(town.old, tmp_path / "out"))
    first = start("audit", "--lake", town.after, "--out", out)
    with stopped(first, (out / ".audit-new").is_dir):
        second = hengjian("audit", "--lake", town.after, "--out", out)
        assert second.returncode == 2 and "另一次审计正在写这个结果文件夹" in second.stderr
        assert result_bytes(out) == result_bytes(town.old) and result_state(out) == result_state(town.old)
    assert first.communicate() and first.returncode == 0
    assert result_state(out) == result_state(town.new)


def test_an_audit_keeps_to_its_version_while_loads_publish(town: Town, tmp_path: Path) -> None:
    lake, out = town.lake(tmp_path / "lake"), tmp_path / "out"
    process = start("audit", "--lake", lake, "--out", out)
    with stopped(process, (out / ".audit-new").is_dir):
        run("ingest", town.change, "--lake", lake)
        load(more(tmp_path / "more", person=[row("person", psn_no="PZ", psn_name="乙")]), lake)
        assert version_numbers(lake) == [1, 2, 3]
    assert process.communicate() and process.returncode == 0
    assert result_state(out)["bytes"] == result_state(town.old)["bytes"]
    run("audit", "--lake", lake, "--version", 1, "--out", tmp_path / "again")
    assert result_state(tmp_path / "again")["bytes"] == result_state(town.old)["bytes"]


def test_readers_see_one_whole_version_while_a_load_runs(town: Town, tmp_path: Path) -> None:
    lake = town.lake(tmp_path / "lake")
    whole = {version.number: counted(version) for version in (open_lake(town.before), open_lake(town.after))}
    assert whole[1] != whole[2]
    process, seen = start("ingest", town.change, "--lake", lake), []
    while process.poll() is None:
        version = open_lake(lake)
        assert counted(version) == whole[version.number]
        seen.append(version.number)
    process.communicate()
    assert len(seen) > 3 and seen == sorted(seen) and seen[0] == 1 and open_lake(lake).number == 2


def counted(version: LakeVersion) -> dict[str, Any]:
    """Rows of every table, counted, and the money of all lines; the count is what the version says."""
    with duckdb.connect() as con:
        found: dict[str, Any] = {}
        for name, state in version.tables.items():
            relation = rows_sql(version, name)
            found[name] = con.execute(f"SELECT COUNT(*) FROM {relation}").fetchall()[0][0] if relation else 0
            assert found[name] == state.rows, name
        sql = f"SELECT SUM(det_item_fee_sumamt), SUM(inscp_scp_amt) FROM {rows_sql(version, 'fee_line')}"
        return found | {"money": con.execute(sql).fetchall()}
