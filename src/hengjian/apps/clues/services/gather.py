"""An audit's results beside what is in hand: what is new, what holds no more, what has come back. In a DuckDB that lives for one arrival."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from django.db.models import Max

from hengjian.apps.clues.grouping import KEY
from hengjian.apps.clues.models import Finding
from hengjian.apps.registry.models import Institution
from hengjian.engine.increment import WITHDRAWN
from hengjian.engine.results import settle, stamp
from hengjian.kernel.errors import InputError
from hengjian.lake.place import one_file

MEMORY = "1GB"
PART = 100_000
"""Whole findings sorted at a time."""
BATCH = 4_000
"""Findings handed out at a time, and so of one transaction: about a fifth of a second."""
READ = 50_000
"""Rows of the database read at a time."""


@contextmanager
def scratch() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB in a folder of its own, removed afterwards; what does not fit into MEMORY goes to disk."""
    folder = Path(tempfile.mkdtemp(prefix="hengjian-arrive-"))
    try:
        with duckdb.connect(str(folder / "arrive.duckdb")) as con:
            con.execute(
                f"SET memory_limit = '{MEMORY}'; SET temp_directory = '{folder}'; SET preserve_insertion_order = false; SET threads = 2"
            )
            yield con, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def gather(con: duckdb.DuckDBPyConnection, folder: Path, results: Path, region: str) -> None:
    """Fill the tables `fresh`, `gone` and `back`; `folder` is the scratch of `con`.

    fresh: findings that are not in hand, in the order of their groups; `fresh_rows` reads them.
    gone: (finding_id, why) in hand or settled that are listed as withdrawn, or that a rule of this audit would have found if they held;
    what rules say nothing about that did not run stays. back: ids withdrawn and found again.
    Raises InputError for results that are not whole, older than what is in hand, or replaced meanwhile.
    """
    settle(results)
    before = stamp(results)
    try:
        told = json.loads((results / "audit.json").read_text(encoding="utf-8"))
        rules = _rules(results / "rules.csv")
        own = folder / "findings.parquet"  # stays what it is when another audit replaces the results
        _keep(results / own.name, own)
        con.execute(f"CREATE VIEW found AS SELECT * FROM read_parquet({one_file(own)})")
        newest = Finding.objects.aggregate(newest=Max("data_version"))["newest"] or 0
        if int(told["data_version"]) < newest:
            raise InputError(
                "这份审计结果比在办的疑点旧",
                why=f"它按第 {told['data_version']} 版数据，在办的到第 {newest} 版",
                cure="重新审计后再入库",
            )
        _register(con, rules, region)
        _held(con)
        _compare(con, results / WITHDRAWN)
    except (OSError, ValueError, KeyError, duckdb.Error) as error:
        raise InputError(
            "审计结果读不出", where=str(results), why=str(error).splitlines()[0], cure="重新审计，等它做完再入库"
        ) from error
    if stamp(results) != before:
        raise InputError("审计结果在读的时候换了", why="另一次审计刚好做完", cure="再入库一次")


def fresh_rows(con: duckdb.DuckDBPyConnection, columns: str) -> Iterator[list[dict[str, Any]]]:
    """What is new, group by group, in batches; `columns` of the finding, its rule's title and category, its region and month."""
    ((total,),) = con.execute("SELECT count(*) FROM fresh").fetchall()
    for start in range(0, total, PART):
        rows = con.sql(f"""
SELECT {columns} FROM (
  SELECT k.group_key, k.nth, f.*, COALESCE(r.title, f.rule_id) AS rule_title, COALESCE(r.category, '') AS category,
         COALESCE(i.region, o.region) AS region_code, strftime(f.window_start, '%Y-%m') AS month
  FROM fresh AS k JOIN found AS f ON f.finding_id = k.finding_id CROSS JOIN office AS o
  LEFT JOIN rule AS r ON r.rule_id = f.rule_id LEFT JOIN institution AS i ON i.code = f.fixmedins_code
  WHERE k.nth >= {start} AND k.nth < {start + PART}) ORDER BY nth""")
        for batch in rows.to_arrow_reader(BATCH):
            yield batch.to_pylist()


def _keep(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copyfile(source, target)


def _rules(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _register(con: duckdb.DuckDBPyConnection, rules: list[dict[str, str]], region: str) -> None:
    heads = pa.Table.from_pylist(
        [{n: r[n] for n in ("rule_id", "title", "category", "status")} for r in rules],
        pa.schema([(n, pa.string()) for n in ("rule_id", "title", "category", "status")]),
    )
    con.register("heads", heads)
    con.execute("CREATE TABLE rule AS SELECT * FROM heads").fetchall()
    places = [{"code": c, "region": r} for c, r in Institution.objects.values_list("code", "region_code")]
    con.register("places", pa.Table.from_pylist(places, pa.schema([("code", pa.string()), ("region", pa.string())])))
    con.execute("CREATE TABLE institution AS SELECT * FROM places").fetchall()
    con.execute("CREATE TABLE office AS SELECT ? AS region", [region]).fetchall()


def _held(con: duckdb.DuckDBPyConnection) -> None:
    """What the office knows already: id, state, rule, and whether it was marked as gone."""
    con.execute(
        "CREATE TABLE held (finding_id VARCHAR, state VARCHAR, rule_id VARCHAR, fingerprint VARCHAR, gone BOOLEAN)"
    ).fetchall()
    rows = Finding.objects.order_by("pk").values_list("finding_id", "state", "rule_id", "rule_fingerprint", "gone_at", "pk")
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:READ]):
        last = chunk[-1][5]
        ids, states, rules, prints, gone, _ = zip(*chunk, strict=True)
        names = ("finding_id", "state", "rule_id", "fingerprint", "gone")
        columns = (ids, states, rules, prints, [g is not None for g in gone])
        con.register("chunk", pa.table(dict(zip(names, map(list, columns), strict=True))))
        con.execute("INSERT INTO held SELECT * FROM chunk").fetchall()
        con.unregister("chunk")


def _compare(con: duckdb.DuckDBPyConnection, withdrawn: Path) -> None:
    con.execute(f"""
CREATE TABLE fresh AS
SELECT f.finding_id, {KEY} AS group_key, row_number() OVER (ORDER BY group_key, f.finding_id) - 1 AS nth
FROM found AS f LEFT JOIN rule AS r ON r.rule_id = f.rule_id WHERE f.finding_id NOT IN (SELECT finding_id FROM held)""").fetchall()
    con.execute("""CREATE TABLE back AS SELECT h.finding_id FROM held AS h JOIN found AS f ON f.finding_id = h.finding_id
                   WHERE h.state = 'withdrawn' OR h.gone ORDER BY 1""").fetchall()
    listed = (
        f"SELECT finding_id, withdrawn_why FROM read_parquet({one_file(withdrawn)})"
        if withdrawn.is_file()
        else "SELECT NULL AS finding_id, NULL AS withdrawn_why WHERE false"
    )
    con.execute(f"""
CREATE TABLE gone AS
SELECT h.finding_id, COALESCE(w.withdrawn_why, CASE WHEN r.status = 'shadow' OR p.fingerprint <> h.fingerprint THEN 'rule' ELSE 'data' END) AS why
FROM held AS h LEFT JOIN ({listed}) AS w ON w.finding_id = h.finding_id LEFT JOIN rule AS r ON r.rule_id = h.rule_id
LEFT JOIN (SELECT rule_id, any_value(rule_fingerprint) AS fingerprint FROM found GROUP BY rule_id) AS p ON p.rule_id = h.rule_id
WHERE h.state <> 'withdrawn' AND NOT h.gone AND h.finding_id NOT IN (SELECT finding_id FROM found)
  AND (w.finding_id IS NOT NULL OR r.status IN ('active', 'shadow'))
ORDER BY 1""").fetchall()
