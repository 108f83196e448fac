"""A small town that stories of trouble happen to: its claims, a folder that corrects them, and what must be equal afterwards."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from hengjian.engine.results import BELONGING
from hengjian.lake.rows import parquet_sql, rows_sql
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers
from hengjian.report.source import open_audit

from ..lake.folder import query, row, write_csv
from .conftest import hengjian

TIMED = {"generated_at", "seconds", "peak_mb", "lines_per_second", "audit_no", "lake", "keys_made"}
"""What differs between two runs over the same data: times, places, and which of them made the keys."""


@dataclass(frozen=True)
class Town:
    """`before`: a lake of one version. `change`: a folder that corrects it. `after`: `before` with `change` loaded undisturbed.

    `old`, `new`: results of an audit of the two.
    """

    root: Path

    before = property(lambda self: self.root / "before")
    after = property(lambda self: self.root / "after")
    change = property(lambda self: self.root / "change")
    old = property(lambda self: self.root / "old")
    new = property(lambda self: self.root / "new")

    def lake(self, place: Path) -> Path:
        """A lake of one version at `place`."""
        shutil.rmtree(place, ignore_errors=True)
        return Path(shutil.copytree(self.before, place))


def found_town(root: Path) -> Town:
    """Make the town."""
    town = Town(root)
    run("city", "--people", 500, "--seed", 5, "--out", root / "city")
    run("ingest", root / "city", "--lake", town.before)
    write_change(town.change, town.before)
    town.lake(town.after)
    run("ingest", town.change, "--lake", town.after)
    run("audit", "--lake", town.after, "--version", 1, "--out", town.old)
    shutil.copytree(town.old, town.new)
    run("audit", "--lake", town.after, "--out", town.new)
    return town


def run(*arguments: object) -> str:
    """Run a command that succeeds; what it said."""
    done = hengjian(*arguments)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout + done.stderr


def write_change(folder: Path, lake: Path) -> None:
    """Lines put right so that findings vanish and others appear, rows of every fate, and two tables the lake does not have yet."""
    names = [c for (c, *_) in query(lake, "DESCRIBE SELECT * EXCLUDE (bucket, load_no) FROM {fee_line}")]
    cells = query(lake, "SELECT COLUMNS(*)::VARCHAR FROM (SELECT * EXCLUDE (bucket, load_no) FROM {fee_line} WHERE cnt > 0 ORDER BY mdtrt_id, feedetl_sn)")  # fmt: skip
    lines = [dict(zip(names, values, strict=True)) for values in cells]
    sent = [line | {"inscp_scp_amt": "0.00"} if n % 2 else line | {"rxno": f"R{n}"} for n, line in enumerate(lines) if n % 3]
    ((org,),) = query(lake, "SELECT MIN(fixmedins_code) FROM {institution} WHERE fixmedins_type = '1'")
    own = {"psn_no": "PX", "mdtrt_id": "MX", "fixmedins_code": org}
    new = [row("fee_line", **own, setl_id="SX", feedetl_sn="1"), row("fee_line", **own | {"mdtrt_id": "MY"}, feedetl_sn="2")]
    write_csv(folder / "fee_line.csv", [*sent, *new, row("fee_line", **own, feedetl_sn="3", cnt="x")])
    with (folder / "fee_line.csv").open("a", encoding="utf-8") as handle:
        handle.write("MX,4,坏行\n")
    write_csv(folder / "person.csv", [row("person", psn_no="PX")])
    write_csv(folder / "encounter.csv", [row("encounter", **own)])
    write_csv(folder / "settlement.csv", [row("settlement", **own, setl_id="SX")])
    result = {"rslt_id": "L1", "mdtrt_id": "MX", "psn_no": "PX", "fixmedins_code": org, "rpt_time": "2026-03-01 11:00:00"}
    write_csv(folder / "lab_result.csv", [result | {"item_name": "血钾", "rslt": "4.1"}])
    write_csv(
        folder / "knowledge" / "film_limit_x.csv",
        [{"med_list_codg": "X", "exam_codg": "Y", "max_per_part": "3", "valid_from": "2024-01-01"}],
    )
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-11-10"}])


# lakes -----------------------------------------------------------------------------------------------------------------
def lake_state(lake: Path, number: int | None = None) -> dict[str, Any]:
    """All that a version is: every table's rows as they count and as they lie, counts, masks and the load report, without times."""
    version = open_lake(lake, number)
    with duckdb.connect() as con:
        tables = {
            name: (_digest(con, rows_sql(version, name)), _digest(con, _lying(version, name)), state.rows, state.dead)
            for name, state in version.tables.items()
        }
    load = {name: value for name, value in version.load.items() if name not in TIMED}
    return {"number": version.number, "tables": tables, "masks": version.masks, "load": load, "key": version.key}


def _lying(version: LakeVersion, table: str) -> str:
    return parquet_sql(version.files(table)) if version.files(table) else ""


def _digest(con: duckdb.DuckDBPyConnection, relation: str) -> tuple[Any, ...]:
    return con.execute(f"SELECT COUNT(*), SUM(HASH(t)) FROM {relation} AS t").fetchall()[0] if relation else (0, None)


def listed_files(lake: Path) -> set[Path]:
    """Every data file that some version lists."""
    versions = [open_lake(lake, number) for number in version_numbers(lake)]
    return {Path(path) for version in versions for name in version.tables for path in version.files(name)}


def lying_files(lake: Path) -> set[Path]:
    """Every file that lies in a lake beside Delta's logs, the lock and notes of audits."""
    return {p for p in lake.rglob("*") if p.is_file() and not {"_delta_log", "audits"} & set(p.parts) and p.name != ".lock"}


def unlisted(lake: Path) -> set[str]:
    """Files nobody needs."""
    kept = listed_files(lake) | {lake / "versions" / f"{number:06d}.json" for number in version_numbers(lake)}
    logs = {p for p in lake.glob("tables/*/_delta_log/*") if p.suffix not in (".json", ".parquet")}
    return {str(p.relative_to(lake)) for p in (lying_files(lake) - kept) | logs}


# results ---------------------------------------------------------------------------------------------------------------
def result_state(out: Path) -> dict[str, Any]:
    """What the results of an audit say, without times."""
    open_audit(out).con.close()
    told = json.loads((out / "audit.json").read_text(encoding="utf-8"))
    tables = {
        name: pq.read_table(out / name)
        for name in ("findings.parquet", "shadow.parquet", "withdrawn.parquet", "indicators.parquet")
    }
    plain = {name: table.to_pylist() for name, table in tables.items()}
    for finding in plain["withdrawn.parquet"]:
        del finding["withdrawn_at"]
    kept = {
        name: (out / name).read_bytes()
        for name in ("findings.parquet", "shadow.parquet", "indicators.parquet", "rules.csv", "rulebook.zip")
    }
    return {"told": {k: v for k, v in told.items() if k not in TIMED}, **plain, "bytes": kept}


def result_bytes(out: Path) -> dict[str, str]:
    """Digest of every file that belongs to the results as they lie."""
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in BELONGING if (out / name).exists()}
