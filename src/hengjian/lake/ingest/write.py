"""From staged rows to the lake: lake tables, the rule tables derived from them, dictionaries and registers, part by part.

What the lake holds is not rewritten: a unit (encounter, person) of which a row changed is written anew and its older rows are masked.
Files are written beside the lake and moved in at the end, table by table; the version file comes last (`load`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hengjian.kernel.errors import LakeError
from hengjian.lake import delta
from hengjian.lake.derive import create_empty_tables, dictionary_sql, key_sql, layer_sql
from hengjian.lake.ingest import register
from hengjian.lake.ingest.held import OF_ENCOUNTERS, OF_PERSONS, Held, same_key
from hengjian.lake.ingest.layout import CODE, columns_of
from hengjian.lake.ingest.personal import RAW
from hengjian.lake.ingest.stage import Stage
from hengjian.lake.ingest.undo import undoes
from hengjian.lake.place import quoted
from hengjian.lake.rows import MASK, RULE, RULE_PERSON, rows_sql
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import MIXED, TableState, begin_commit

SMALL = 400_000
"""A load of fewer rows by person goes into one file a table; a greater one into one file a bucket."""

_RULES_OF_ENCOUNTERS = tuple(n for n, spec in LAYER.items() if spec.by_person and n != "person")


class Writer:
    """Writes one load into files under `out` and commits them."""

    def __init__(self, stage: Stage, held: Held, root: Path, out: Path, number: int) -> None:
        self.stage, self.con, self.held, self.previous = stage, stage.con, held, held.previous
        self._root, self._out, self._number = root, out, number
        self._removed: dict[str, list[str]] = {}
        self._dead: Counter[str] = Counter()
        self.waiting: dict[str, int] = {}
        self.masks: Counter[str] = Counter(held.previous.masks if held.previous else {})
        self.con.execute("SET preserve_insertion_order = false").fetchall()
        self.con.execute("CREATE SCHEMA whole").fetchall()
        self.con.execute("SET schema = 'whole'").fetchall()
        create_empty_tables(self.con)
        self.con.execute("SET schema = 'main'").fetchall()
        self.con.execute(f"CREATE TABLE mask ({', '.join(f'{c} {sql}' for c, sql in MASK.items())})").fetchall()
        for name in DICTIONARIES:
            self.con.execute(f"CREATE TABLE seen_{name} (key BIGINT, code VARCHAR, name VARCHAR)").fetchall()
        views = [view for table in (*OF_ENCOUNTERS, *OF_PERSONS) for view in stage.views(table)]
        counts = [self.con.execute(f"SELECT COUNT(*) FROM {view}").fetchall()[0][0] for view in views]
        self._mixed = held.previous is not None and sum(counts) < SMALL

    # what to write -----------------------------------------------------------------------------------------------------
    def run(self, progress: Callable[[float], None]) -> None:
        """Write every file of the load."""
        self._small_tables()
        self._persons()
        for part in range(self.stage.parts):
            self._encounters(part)
            progress((part + 1) / self.stage.parts)
        self._masks()
        self._dictionaries()
        self._waiting()
        self._messages()

    def _small_tables(self) -> None:
        """Tables that are not parted by person: appended to, or written anew when a row is replaced."""
        for table in (*TABLES.values(), *LOCAL.values()):
            if table.by_person:
                continue
            staged = self.stage.part(table, 0)
            if table.name in TABLES:
                self._show(table, self._small(table, staged))
            if staged is not None and not self._any(staged):
                staged = None
            undone = bool(self._files(table.name)) and undoes(self.con, table)
            if staged is None and not undone:
                continue
            again = undone or self._any(f"over_{staged}")
            columns = _names(table)
            if again:
                self._copy(f"SELECT {columns} FROM ({self._small(table, staged)})", table.name)
                self._removed[table.name] = self._files(table.name)
            else:
                self._copy(f"SELECT {columns} FROM {staged}", table.name)
            if table.name in LAYER:
                self._small_layer(table, staged, again)

    def _small_layer(self, table: Table, staged: str | None, again: bool) -> None:
        """A rule table that is not by person: appended to where new rows change no other."""
        deletes = staged is not None and table.name == "stock_change" and self._any(f"{staged} WHERE infno = '3507'")
        if again or deletes or table.name in ("institution", "practitioner"):
            self._removed[f"rule_{table.name}"] = self._files(f"rule_{table.name}")
        else:
            undone = self._small(table, None) if table.name == "stock_change" else ""
            late = f" UNION ALL SELECT * FROM ({undone}) WHERE infno = '3507'" if undone else ""
            self._show(table, f"SELECT {_names(table)} FROM {staged}{late}")
        self._derive(table.name)

    def _small(self, table: Table, staged: str | None) -> str:
        """SELECT of all rows of a table that is not by person, as they will stand; empty text when there are none."""
        old = self.held.lake(table)
        if old and staged:
            old = f"SELECT {_names(table)} FROM {old} AS o WHERE NOT EXISTS (SELECT 1 FROM main.{staged} AS s WHERE {same_key(table, 's', 'o')})"
        elif old:
            old = f"SELECT {_names(table)} FROM {old} AS o"
        new = f"SELECT {_names(table)} FROM main.{staged}" if staged else ""
        return " UNION ALL ".join(p for p in (new, old) if p)

    def _persons(self) -> None:
        """Tables of persons, and the persons' rule table."""
        for table in OF_PERSONS:
            self._units(table, 0)
        person, lists = TABLES["person"], self.stage.part(TABLES["external_list"], 0)
        changed = [f"SELECT psn_no FROM main.{v}" for v in (self.stage.part(person, 0), lists) if v]
        changed += [f"SELECT psn_no FROM {down} AS d" for down in [self.held.down(person)] if down]
        if not changed:
            return
        self.con.execute(
            f"CREATE OR REPLACE TABLE changed AS SELECT DISTINCT psn_no FROM ({' UNION ALL '.join(changed)})"
        ).fetchall()
        rows = self._standing(person, 0)
        self._show(person, f"SELECT * FROM ({rows}) WHERE psn_no IN (SELECT psn_no FROM main.changed)" if rows else "")
        self._derive("person")
        self._distinct("person", "psn_key")
        if view := self.held.all(person):
            key = key_sql("psn_no")
            self._mask(RULE_PERSON, f"SELECT NULL AS id, {key} AS key, {key} AS psn_key FROM {view} WHERE psn_no IN (SELECT psn_no FROM changed)", "rule_person")  # fmt: skip

    def _encounters(self, part: int) -> None:
        """Tables of encounters of one part, and their rule tables."""
        changed = []
        for table in OF_ENCOUNTERS:
            if table.name == "fee_line" or part == 0:
                self._units(table, part)
            changed += self._inside(table, part)
        first, end = self.stage.buckets(part)
        where = f"bucket >= {first} AND bucket < {end}"
        if not changed:
            return
        self.con.execute(f"CREATE OR REPLACE TABLE changed AS SELECT DISTINCT mdtrt_id FROM ({' UNION ALL '.join(changed)}) WHERE {where}").fetchall()  # fmt: skip
        if not self._any("changed"):
            return
        whole = self.previous is None
        for table in OF_ENCOUNTERS:
            rows = self._standing(table, part)
            narrow = where if whole else f"{where} AND mdtrt_id IN (SELECT mdtrt_id FROM main.changed)"
            self._show(table, f"SELECT * FROM ({rows}) WHERE {narrow}" if rows else "")
        for name in _RULES_OF_ENCOUNTERS:
            self._derive(name, part)
        self._distinct("encounter", "mdtrt_key", part)
        if view := self.held.all(TABLES["encounter"]):
            self._mask(
                RULE,
                f"SELECT NULL AS id, {key_sql('mdtrt_id')} AS key, {key_sql('psn_no')} AS psn_key FROM {view} WHERE mdtrt_id IN (SELECT mdtrt_id FROM changed)",
            )
            for name in _RULES_OF_ENCOUNTERS:
                if old := self.held.all(TABLES[name], part):
                    self._count_dead(f"rule_{name}", f"{old} WHERE mdtrt_id IN (SELECT mdtrt_id FROM changed)")
        self.con.execute("SET schema = 'whole'").fetchall()
        for name in DICTIONARIES:
            self.con.execute(f"INSERT INTO main.seen_{name} {dictionary_sql(name)}").fetchall()
        self.con.execute("SET schema = 'main'").fetchall()

    def _inside(self, table: Table, part: int) -> list[str]:
        """SELECT (mdtrt_id, bucket) of the encounters whose rows in a table change."""
        found = [f"SELECT mdtrt_id, bucket FROM main.{v}" for v in [self.stage.part(table, part)] if v]
        found += [f"SELECT mdtrt_id, bucket FROM {down} AS d" for down in [self.held.down(table)] if down]
        return found

    def _units(self, table: Table, part: int) -> None:
        """Write the sent rows of a table, and again whole the units of which a row in the lake is replaced or put down."""
        staged, held = self.stage.part(table, part), self.held.all(table, part)
        unit, columns = table.unit, f"{_names(table)}, bucket"
        if staged and self._any(staged):
            self._copy(f"SELECT {columns}, {self._number}::INTEGER AS load_no FROM {staged}", table.name, part)
        if held is None:
            return
        torn = [f"SELECT {unit} FROM {staged} WHERE rid IN (SELECT rid FROM over_{staged})"] if staged else []
        torn += [f"SELECT {unit} FROM {held} WHERE rid IN (SELECT rid FROM down_{table.name})"]
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE torn AS SELECT DISTINCT {unit} FROM ({' UNION ALL '.join(torn)})"
        ).fetchall()
        if not self._any("torn"):
            return
        inside = f"{unit} IN (SELECT {unit} FROM torn)"
        rest = self.held.beside(table, (*(c.name for c in table.stored), "bucket"), staged, part)
        if rest:
            self._copy(
                f"SELECT {columns}, {self._number}::INTEGER AS load_no FROM ({rest}) WHERE {inside}", table.name, part, "kept"
            )
        self._count_dead(table.name, f"{held} WHERE {inside}")
        self._mask(table.name, f"SELECT {unit} AS id, NULL AS key, NULL AS psn_key FROM torn")

    def _standing(self, table: Table, part: int) -> str:
        """SELECT of the rows of touched units as they will stand; empty text when there are none."""
        staged = self.stage.part(table, part)
        new = f"SELECT {_names(table)}, bucket FROM main.{staged}" if staged else ""
        beside = self.held.beside(
            table, (*(c.name for c in table.stored), "bucket"), f"main.{staged}" if staged else None, part
        )
        return " UNION ALL ".join(p for p in (new, beside) if p)

    def _show(self, table: Table, select: str) -> None:
        """View `whole.<table>` over a SELECT; an empty one over empty text."""
        if not select:
            select = (
                "SELECT " + ", ".join(f"NULL::{c.kind.sql} AS {c.name}" for c in table.stored) + ", 0 AS bucket WHERE false"
            )
        ((kind,),) = self.con.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = 'whole' AND table_name = ?", [table.name]
        ).fetchall()
        self.con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} whole.{table.name}").fetchall()
        self.con.execute(f"CREATE VIEW whole.{table.name} AS {select}").fetchall()

    def _derive(self, name: str, part: int | None = None) -> None:
        by_person = LAYER[name].by_person
        self.con.execute("SET schema = 'whole'").fetchall()
        stamp = f", {self._number}::INTEGER AS load_no" if by_person else ""
        self._copy(f"SELECT *{stamp} FROM ({layer_sql(name)})", f"rule_{name}", (part or 0) if by_person else None)
        self.con.execute("SET schema = 'main'").fetchall()

    def _distinct(self, name: str, key: str, part: int = 0) -> None:
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

    # masks, dictionaries, registers ------------------------------------------------------------------------------------
    def _mask(self, tab: str, rows: str, table: str = "") -> None:
        """Mask the units of `rows`, a SELECT of (id, key, psn_key)."""
        ((count,),) = self.con.execute(
            f"INSERT INTO mask SELECT '{tab}', id, key, psn_key, {self._number} FROM ({rows})"
        ).fetchall()
        self.masks[tab] += count
        if table:
            self._dead[table] += count

    def _count_dead(self, table: str, rows: str) -> None:
        ((count,),) = self.con.execute(f"SELECT COUNT(*) FROM {rows}").fetchall()
        self._dead[table] += count

    def _masks(self) -> None:
        """The masks of this load, with those before in one file."""
        if self._any("mask"):
            old = rows_sql(self.previous, "mask")
            self._copy(f"SELECT * FROM mask{f' UNION ALL SELECT * FROM {old}' if old else ''}", "mask")
            self._removed["mask"] = self._files("mask")

    def _dictionaries(self) -> None:
        """Every code ever seen with the smallest of its names; a code never goes."""
        for name in DICTIONARIES:
            table = f"code_{name}"
            known = rows_sql(self.previous, table, CODE)
            rows = f"SELECT key, code, name FROM seen_{name}" + (
                f" UNION ALL SELECT key, code, name FROM {known}" if known else ""
            )
            clash = self.con.execute(
                f"SELECT MIN(code), MAX(code) FROM ({rows}) GROUP BY key HAVING MIN(code) <> MAX(code) LIMIT 1"
            ).fetchall()
            if clash:
                raise LakeError(
                    "两个编码的键相同，不能一起保存",
                    where=table,
                    why="、".join(clash[0]),
                    cure="请把这两个编码报给开发者；数据湖没有改动",
                )
            whole = f"SELECT key, code, MIN(name) AS name FROM ({rows}) GROUP BY key, code"
            if known:
                fresh = f"SELECT 1 FROM ({whole}) AS w LEFT JOIN {known} AS k ON k.key = w.key WHERE k.key IS NULL OR k.name IS DISTINCT FROM w.name LIMIT 1"
                if not self.con.execute(fresh).fetchall():
                    continue
                self._removed[table] = self._files(table)
            if self._any(f"({rows})"):
                self._copy(f"{whole} ORDER BY key", table)

    def _waiting(self) -> None:
        """The rows that wait now, in place of those that waited before."""
        for table in TABLES.values():
            columns = _names(table)
            rows = [
                f"""SELECT {columns}, COALESCE(s._name, f.name) AS file, s._line AS line, COALESCE(s._load, {self._number})::INTEGER AS load_no, w.code
                    FROM all_{view} AS s JOIN wait_{view} AS w ON w.rid = s.rid LEFT JOIN file_name AS f ON f.number = s._file"""
                for view in self.stage.views(table)
                if self._any(f"wait_{view}")
            ]
            if table.by_person and (down := self.held.down(table, waiting=True)):
                rows.append(
                    f"SELECT {columns}, '{register.HELD}' AS file, d.rid AS line, {self._number}::INTEGER AS load_no, d.key AS code FROM {down} AS d"
                )
                register.refuse_held(self.con, table, down)
            name = f"waiting_{table.name}"
            self._removed[name] = self._files(name)
            if rows:
                self.waiting[table.name] = self._copy(" UNION ALL ".join(rows), name)

    def _messages(self) -> None:
        """The messages the lake did not know, in the order in which they were read."""
        for name in ("message", "message_subject"):
            if self._any(name):
                select = f"SELECT * EXCLUDE (_file), {self._number}::INTEGER AS load_no FROM {name} ORDER BY ALL"
                self._copy(select, name)

    def registers(self) -> int:
        """Write what was refused, flagged, unmapped and put right; returns the number of refused rows the lake did not know yet."""
        names = [c for c in register.COLUMNS if c != "load_no"]
        before = rows_sql(self.previous, "rejects", ("tab", "file", "line", "raw"))
        fresh = 0
        for name in ("rejects", "load_warnings"):
            reader = (
                self.con.cursor()
                .sql(
                    f"SELECT {self._number}::INTEGER AS load_no, {', '.join(names)} FROM {name} ORDER BY tab, file, line, code"
                )
                .to_arrow_reader(100_000)
            )
            writer = None
            for batch in reader:
                rows = self._sealed(pa.Table.from_batches([batch]))
                if name == "rejects" and before:
                    judged = rows
                    rows = self.con.sql(
                        f"SELECT r.* FROM judged AS r WHERE NOT EXISTS (SELECT 1 FROM {before} AS o WHERE o.tab = r.tab AND o.file = r.file AND o.line = r.line AND o.raw = r.raw)"
                    ).to_arrow_table()
                    del judged
                if name == "rejects":
                    fresh += len(rows)
                if len(rows):
                    writer = writer or pq.ParquetWriter(self._target(name), rows.schema, compression="zstd")
                    writer.write_table(rows)
            if writer:
                writer.close()
        if self._any("unmapped_values"):
            self._copy(
                f"SELECT {self._number}::INTEGER AS load_no, tab, col, val, CAST(SUM(rows) AS BIGINT) AS rows FROM unmapped_values GROUP BY ALL ORDER BY ALL",
                "unmapped_values",
            )
        if self._any("reject_ends"):
            self._copy(f"SELECT *, {self._number}::INTEGER AS end_load FROM reject_ends ORDER BY ALL", "reject_ends")
        return fresh

    def _sealed(self, rows: pa.Table) -> pa.Table:
        """Rows of a register with their raw text sealed: cells of staged rows were, the whole of them was not."""
        raw = rows["raw"].combine_chunks()
        plain = pc.fill_null(pc.starts_with(raw, "{"), False)
        if not pc.any(plain).as_py():
            return rows
        ids = pc.binary_join_element_wise(rows["file"], rows["line"].cast(pa.string()), ":").combine_chunks()
        sealed = pc.if_else(plain, self.stage.sealer.seal(RAW, ids, raw), raw)
        return rows.set_column(rows.column_names.index("raw"), "raw", sealed)

    # how to write ------------------------------------------------------------------------------------------------------
    def _target(self, table: str) -> Path:
        target = self._out / table
        target.mkdir(parents=True, exist_ok=True)
        return target / f"load-{self._number:06d}.parquet"

    def _copy(self, select: str, table: str, part: int | None = None, word: str = "load") -> int:
        """Write the rows of a query into the table's folder: one file, or (`part`: of the load) one file a bucket. Returns their number."""
        place = self._target(table)
        how = ""
        if part is not None:
            name = f"{word}-{self._number:06d}-{part:02d}"
            if self._mixed:
                place = place.parent / f"part={MIXED}" / f"{name}-{MIXED}.parquet"
                place.parent.mkdir(exist_ok=True)
            else:
                place = place.parent
                how = f"PARTITION_BY (part), APPEND, FILENAME_PATTERN '{name}-{{uuid}}', "
                select = f"SELECT *, bucket AS part FROM ({select})"
        ((rows,),) = self.con.execute(f"COPY ({select}) TO {quoted(place)} (FORMAT parquet, {how}COMPRESSION zstd)").fetchall()
        return int(rows)

    def commit(self) -> dict[str, TableState]:
        """Move the files in and commit them table by table. Returns where every table of the lake stands."""
        states = dict(self.previous.tables) if self.previous else {}
        names = sorted({p.name for p in self._written()} | {name for name, paths in self._removed.items() if paths})
        begin_commit(self._root, set(names) - states.keys())
        for name in names:
            columns, parted = columns_of(name)
            before = states.get(name)
            version, rows = delta.commit(
                self._root, name, columns, self._out / name, self._removed.get(name, ()), before, parted
            )
            dead = self._dead[name]
            states[name] = TableState(
                version, (before.rows if before else 0) + rows - dead, (before.dead if before else 0) + dead
            )
        return states

    @property
    def wrote(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self._written())

    def _written(self) -> list[Path]:
        return list(self._out.iterdir()) if self._out.is_dir() else []

    def _files(self, table: str) -> list[str]:
        return self.previous.files(table) if self.previous else []

    def _any(self, what: str) -> bool:
        return bool(self.con.execute(f"SELECT 1 FROM {what} LIMIT 1").fetchall())


def _names(table: Table) -> str:
    return ", ".join(c.name for c in table.stored)


def tables_of(names: Iterable[str]) -> list[Table]:
    """Lake and local tables by name, in load order."""
    wanted = set(names)
    return [t for t in (*TABLES.values(), *LOCAL.values()) if t.name in wanted]
