"""From staged rows to the lake: lake tables, the rule tables derived from them, dictionaries and registers, part by part.

Files are written beside the lake and moved in at the end, table by table; the version file comes last (`load`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from hengjian.kernel.errors import LakeError
from hengjian.lake import delta
from hengjian.lake.derive import create_empty_tables, dictionary_sql, layer_sql
from hengjian.lake.ingest import register
from hengjian.lake.ingest.stage import Stage
from hengjian.lake.place import quoted, quoted_list
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import LakeVersion, TableState, mark_unpublished, unpublished

_CODE = {"key": "BIGINT", "code": "VARCHAR", "name": "VARCHAR"}
_PERSONAL_SOURCES = [t for t in TABLES.values() if t.by_person]


class Writer:
    """Writes one load into files under `out` and commits them."""

    def __init__(self, stage: Stage, previous: LakeVersion | None, root: Path, out: Path, number: int) -> None:
        self.stage, self.con, self.previous, self._root, self._out, self._number = stage, stage.con, previous, root, out, number
        self._removed: dict[str, list[str]] = {}
        self.con.execute("SET preserve_insertion_order = false").fetchall()
        self.con.execute("CREATE SCHEMA whole").fetchall()
        self.con.execute("SET schema = 'whole'").fetchall()
        create_empty_tables(self.con)
        self.con.execute("SET schema = 'main'").fetchall()
        for name in DICTIONARIES:
            self.con.execute(f"CREATE TABLE seen_{name} (key BIGINT, code VARCHAR, name VARCHAR)").fetchall()

    # what to write -----------------------------------------------------------------------------------------------------
    def run(self, progress: Callable[[float], None]) -> None:
        """Write every file of the load."""
        self._small_tables()
        touched = self._touched()
        for part in range(self.stage.parts):
            first, end = self.stage.buckets(part)
            buckets = [b for b in touched if first <= b < end]
            if buckets:
                self._person_tables(part, buckets)
            progress((part + 1) / self.stage.parts)
        self._dictionaries()

    def _touched(self) -> list[int]:
        """Buckets of persons about whom anything was sent."""
        parts = [f"SELECT bucket FROM {s}" for t in _PERSONAL_SOURCES for s in self.stage.views(t)]
        parts += [
            f"SELECT CAST(md5_number_upper(psn_no) & 9223372036854775807::UBIGINT AS BIGINT) % 64 FROM {s}"
            for s in self.stage.views(TABLES["external_list"])
        ]
        if not parts:
            return []
        return [
            int(b)
            for (b,) in self.con.execute(f"SELECT DISTINCT bucket FROM ({' UNION ALL '.join(parts)}) ORDER BY 1").fetchall()
        ]

    def _small_tables(self) -> None:
        """Tables that are not parted by person: appended to, or written anew when a row is replaced."""
        for table in (*TABLES.values(), *LOCAL.values()):
            if table.by_person:
                continue
            staged = self.stage.views(table)
            if table.name in TABLES:
                self._show(table, staged, None)
            if not staged or not self._any(staged[0]):
                continue
            if self._any(f"over_{staged[0]}"):
                self._show(table, staged, None)
                self._copy(f"SELECT {_names(table)} FROM whole.{table.name}", table.name)
                self._removed[table.name] = self._files(table.name)
            else:
                self._copy(f"SELECT {_names(table)} FROM {staged[0]}", table.name)
        for name in (n for n, spec in LAYER.items() if not spec.by_person):
            staged = self.stage.views(TABLES[name])
            if staged and self._any(staged[0]):
                self._derive(name, None)
                self._removed[f"rule_{name}"] = self._files(f"rule_{name}")

    def _person_tables(self, part: int, buckets: list[int]) -> None:
        inside = f"bucket IN ({', '.join(map(str, buckets))})"
        for table in _PERSONAL_SOURCES:
            view = self.stage.part(table, part)
            staged = [view] if view else []
            self._show(table, staged, buckets)
            if not staged:
                continue
            again = [
                b
                for (b,) in self.con.execute(
                    f"SELECT DISTINCT bucket FROM {staged[0]} WHERE rid IN (SELECT rid FROM over_{staged[0]}) AND {inside}"
                ).fetchall()
            ]
            fresh = f"{inside} AND NOT list_contains({again}, bucket)" if again else inside
            self._copy(f"SELECT {_names(table)}, bucket FROM {staged[0]} WHERE {fresh}", table.name, part)
            if again:
                self._copy(
                    f"SELECT {_names(table)}, bucket FROM whole.{table.name} WHERE list_contains({again}, bucket)",
                    table.name,
                    part,
                )
                self._removed.setdefault(table.name, []).extend(p for b in again for p in self._files(table.name, b))
        for name, spec in LAYER.items():
            if spec.by_person:
                self._derive(name, part)
                self._removed.setdefault(f"rule_{name}", []).extend(p for b in buckets for p in self._files(f"rule_{name}", b))
        self._distinct("person", "psn_key", part)
        self._distinct("encounter", "mdtrt_key", part)
        self.con.execute("SET schema = 'whole'").fetchall()
        for name in DICTIONARIES:
            self.con.execute(f"INSERT INTO main.seen_{name} {dictionary_sql(name)}").fetchall()
        self.con.execute("SET schema = 'main'").fetchall()

    def _show(self, table: Table, staged: list[str], buckets: list[int] | None) -> None:
        """View `whole.<table>`: the lake's rows of these buckets with the staged ones in place of those they replace."""
        columns = _names(table) + (", bucket" if table.by_person else "")
        inside = f"bucket IN ({', '.join(map(str, buckets))})" if buckets is not None else "true"
        new = f"SELECT {columns} FROM main.{staged[0]} WHERE {inside}" if staged else ""
        paths = self._files(table.name) if buckets is None else [p for b in buckets for p in self._files(table.name, b)]
        old = ""
        if paths:
            old = f"SELECT {columns} FROM read_parquet({quoted_list(paths)}, hive_partitioning = true, hive_types_autocast = true) AS o"
            if staged:
                same = " AND ".join(
                    f"s.{k} IS NOT DISTINCT FROM o.{k}" if k != table.key[0] else f"s.{k} = o.{k}" for k in table.key
                )
                old += f" WHERE NOT EXISTS (SELECT 1 FROM main.{staged[0]} AS s WHERE s.rid IN (SELECT rid FROM main.over_{staged[0]}) AND {same})"
        empty = (
            "SELECT "
            + ", ".join(f"NULL::{c.kind.sql} AS {c.name}" for c in table.columns)
            + (", 0 AS bucket" if table.by_person else "")
            + " WHERE false"
        )
        body = " UNION ALL ".join(p for p in (new, old) if p) or empty
        kind = "VIEW" if table.name in self._viewed() else "TABLE"
        self.con.execute(f"DROP {kind} IF EXISTS whole.{table.name}").fetchall()
        self.con.execute(f"CREATE VIEW whole.{table.name} AS {body}").fetchall()

    def _viewed(self) -> set[str]:
        return {n for (n,) in self.con.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'whole'").fetchall()}

    def _derive(self, name: str, part: int | None) -> None:
        self.con.execute("SET schema = 'whole'").fetchall()
        self._copy(layer_sql(name), f"rule_{name}", part)
        self.con.execute("SET schema = 'main'").fetchall()

    def _distinct(self, name: str, key: str, part: int) -> None:
        """Two ids with one key would be taken for one person or visit: stop before anybody reads it."""
        written = sorted((self._out / f"rule_{name}").rglob(f"*-{part:02d}-*.parquet"))
        if not written:
            return
        sql = f"SELECT {key} FROM read_parquet(?) GROUP BY {key} HAVING COUNT(*) > 1 LIMIT 1"
        if self.con.execute(sql, [[str(path) for path in written]]).fetchall():
            why = "两个不同的编号算出同一个键"
            raise LakeError(
                "这批数据不能保存", where=f"rule_{name}", why=why, cure="请把这批数据的编号规则报给开发者；数据湖没有改动"
            )

    def _dictionaries(self) -> None:
        for name in DICTIONARIES:
            table = f"code_{name}"
            paths = self._files(table)
            known = (
                f"SELECT key, code, name FROM read_parquet({quoted_list(paths)})"
                if paths
                else "SELECT NULL::BIGINT AS key, NULL::VARCHAR AS code, NULL::VARCHAR AS name WHERE false"
            )
            clash = self.con.execute(
                f"SELECT MIN(code), MAX(code) FROM (SELECT key, code FROM seen_{name} UNION ALL SELECT key, code FROM ({known})) GROUP BY key HAVING MIN(code) <> MAX(code) LIMIT 1"
            ).fetchall()
            if clash:
                raise LakeError(
                    "两个编码的键相同，不能一起保存",
                    where=table,
                    why="、".join(clash[0]),
                    cure="请把这两个编码报给开发者；数据湖没有改动",
                )
            new = f"SELECT key, code, MIN(name) AS name FROM seen_{name} WHERE key NOT IN (SELECT key FROM ({known})) GROUP BY key, code"
            if self.con.execute(f"SELECT COUNT(*) FROM ({new})").fetchall()[0][0]:
                self._copy(new, table)

    def registers(self) -> int:
        """Write what was refused, flagged and unmapped; returns the number of refused rows the lake did not know yet."""
        before = self._files("rejects")
        known = (
            f"WHERE NOT EXISTS (SELECT 1 FROM read_parquet({quoted_list(before)}) AS o WHERE o.tab = r.tab AND o.file = r.file AND o.line = r.line AND o.raw = r.raw)"
            if before
            else ""
        )
        names = ", ".join(c for c in register.COLUMNS if c != "load_no")
        ((fresh,),) = self.con.execute(f"SELECT COUNT(*) FROM rejects AS r {known}").fetchall()
        if fresh:
            self._copy(
                f"SELECT {self._number}::INTEGER AS load_no, {names} FROM rejects AS r {known} ORDER BY tab, file, line",
                "rejects",
            )
        if self._any("load_warnings"):
            self._copy(
                f"SELECT {self._number}::INTEGER AS load_no, {names} FROM load_warnings ORDER BY tab, file, line",
                "load_warnings",
            )
        if self._any("unmapped_values"):
            self._copy(
                f"SELECT {self._number}::INTEGER AS load_no, tab, col, val, CAST(SUM(rows) AS BIGINT) AS rows FROM unmapped_values GROUP BY ALL ORDER BY ALL",
                "unmapped_values",
            )
        return int(fresh)

    # how to write ------------------------------------------------------------------------------------------------------
    def _copy(self, select: str, table: str, part: int | None = None) -> None:
        target = self._out / table
        target.mkdir(parents=True, exist_ok=True)
        name = f"load-{self._number:06d}" + ("" if part is None else f"-{part:02d}")
        parted = "PARTITION_BY (bucket), APPEND, " if part is not None else ""
        place = target if parted else target / f"{name}.parquet"
        pattern = f"FILENAME_PATTERN '{name}-{{uuid}}', " if parted else ""
        self.con.execute(f"COPY ({select}) TO {quoted(place)} (FORMAT parquet, {parted}{pattern}COMPRESSION zstd)").fetchall()

    def commit(self) -> dict[str, TableState]:
        """Move the files in and commit them table by table. Returns where every table of the lake stands."""
        states = dict(self.previous.tables) if self.previous else {}
        names = sorted({p.name for p in self._written()} | set(self._removed))
        new = set(names) - states.keys()
        mark_unpublished(self._root, new | unpublished(self._root))
        for name in names:
            columns, parted = _columns(name)
            if (self._out / name).exists() or self._removed.get(name):
                states[name] = delta.commit(
                    self._root, name, columns, self._out / name, self._removed.get(name, ()), states.get(name), parted
                )
        return states

    @property
    def wrote(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self._written())

    def _written(self) -> list[Path]:
        return list(self._out.iterdir()) if self._out.is_dir() else []

    def _files(self, table: str, bucket: int | None = None) -> list[str]:
        return self.previous.files(table, bucket) if self.previous else []

    def _any(self, what: str) -> bool:
        return bool(self.con.execute(f"SELECT 1 FROM {what} LIMIT 1").fetchall())


def _names(table: Table) -> str:
    return ", ".join(c.name for c in table.columns)


def _columns(name: str) -> tuple[dict[str, str], bool]:
    """Columns of any table of a lake, and whether it is parted by bucket."""
    if name.startswith("rule_"):
        layer = LAYER[name.removeprefix("rule_")]
        return {c.name: c.sql for c in layer.columns}, layer.by_person
    if name.startswith("code_"):
        return dict(_CODE), False
    if name in ("rejects", "load_warnings"):
        return dict(register.COLUMNS), False
    if name == "unmapped_values":
        return dict(register.UNMAPPED), False
    table = TABLES.get(name) or LOCAL[name.removeprefix("local_")]
    columns = {c.name: c.kind.sql for c in table.columns}
    return (columns | {"bucket": "INTEGER"} if table.by_person else columns), table.by_person


def tables_of(names: Iterable[str]) -> list[Table]:
    """Lake and local tables by name, in load order."""
    wanted = set(names)
    return [t for t in (*TABLES.values(), *LOCAL.values()) if t.name in wanted]
