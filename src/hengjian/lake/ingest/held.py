"""What the lake holds of the encounters and persons a load speaks of, copied beside the staged rows once.

Later steps read these copies, never the lake, so that a small load costs one look at each table. A copied row that no longer stands
beside what was sent (a refund greater than what is left of its line) is put down: it leaves the lake and waits with the refused rows.
"""

from __future__ import annotations

from collections.abc import Iterable

from hengjian.kernel.keys import BUCKETS
from hengjian.lake.derive import key_sql
from hengjian.lake.ingest.stage import Stage
from hengjian.lake.ingest.undo import UNDONE, not_undone, undoes
from hengjian.lake.place import quoted
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.versions import LakeVersion

OF_ENCOUNTERS = tuple(t for t in TABLES.values() if t.by_person and t.unit == "mdtrt_id")
OF_PERSONS = tuple(t for t in TABLES.values() if t.by_person and t.unit == "psn_no")
CHILDREN = tuple(t for t in OF_ENCOUNTERS if t.name != "encounter")

_BUCKET = f"CAST({key_sql('psn_no')} % {BUCKETS} AS INTEGER)"


class Held:
    """Copies of lake rows. Without a lake there are none and every view is missing."""

    def __init__(self, stage: Stage, previous: LakeVersion | None) -> None:
        self._stage, self._con, self.previous = stage, stage.con, previous
        self._folder = stage.folder / "held"
        self._copied: set[str] = set()
        for table in (*OF_ENCOUNTERS, *OF_PERSONS):
            self._con.execute(f"CREATE TABLE down_{table.name} (rid BIGINT, key VARCHAR, col VARCHAR, val VARCHAR)").fetchall()

    # copying -----------------------------------------------------------------------------------------------------------
    def look(self) -> None:
        """Make `touch`, the encounters anything was sent about, and copy the lake's encounter rows of them."""
        if self.previous is None:
            return
        con, stage = self._con, self._stage
        sent = [f"SELECT mdtrt_id FROM {view}" for table in OF_ENCOUNTERS for view in stage.views(table)]
        sent += [self._named_by_key(table) for table in CHILDREN if "mdtrt_id" not in table.key]
        sent += [f"SELECT mdtrt_id FROM undo_{table.name}" for table in OF_ENCOUNTERS]
        body = " UNION ".join(s for s in sent if s) or "SELECT NULL::VARCHAR AS mdtrt_id WHERE false"
        con.execute(f"CREATE TABLE touch AS SELECT DISTINCT mdtrt_id, 0 AS part FROM ({body})").fetchall()
        self._copy(TABLES["encounter"])

    def fetch(self) -> None:
        """Copy the lake's other rows of the touched encounters and persons; needs `enc`."""
        if self.previous is None:
            return
        con, stage = self._con, self._stage
        part = f"{_BUCKET} * {stage.parts} // {BUCKETS}"
        con.execute(
            f"CREATE OR REPLACE TABLE touch AS SELECT t.mdtrt_id, CAST(COALESCE({part}, 0) AS INTEGER) AS part FROM touch AS t LEFT JOIN enc AS e USING (mdtrt_id)"
        ).fetchall()
        for table in CHILDREN:
            self._copy(table)
        sent = [f"SELECT psn_no FROM {view}" for table in OF_PERSONS for view in stage.views(table)]
        sent += [f"SELECT psn_no FROM {view}" for name in ("encounter", "external_list") for view in stage.views(TABLES[name])]
        self._undo_placeholders()
        sent += [f"SELECT psn_no FROM undo_{table.name}" for table in OF_PERSONS]
        con.execute(
            f"CREATE TABLE touch_person AS {' UNION '.join(sent) or 'SELECT NULL::VARCHAR AS psn_no WHERE false'}"
        ).fetchall()
        for table in OF_PERSONS:
            self._copy(table)

    def _named_by_key(self, table: Table) -> str:
        """Encounters of lake rows that were sent again, or are named by a refund, maybe under another encounter."""
        (key,) = table.key
        views = self._stage.views(table)
        ids = [f"SELECT {key} FROM {view}" for view in views]
        ids += [f"SELECT {key} FROM undo_{table.name}"] if undoes(self._con, table) else []
        if table.name == "settlement":
            ids += [f"SELECT init_setl_id FROM {view} WHERE init_setl_id IS NOT NULL" for view in views]
        old = rows_sql(self.previous, table.name, (key, "mdtrt_id"))
        return f"SELECT mdtrt_id FROM {old} WHERE {key} IN ({' UNION '.join(ids)})" if ids and old else ""

    def _copy(self, table: Table) -> None:
        old = rows_sql(self.previous, table.name)
        if not old:
            return
        touch = "touch" if table.unit == "mdtrt_id" else "touch_person"
        columns = ", ".join(f"o.{c.name}" for c in table.stored)
        parted = table.name == "fee_line" and self._stage.parts > 1
        sql = f"SELECT {columns}, o.bucket, ROW_NUMBER() OVER () AS rid{', t.part AS _part' if parted else ''} FROM {old} AS o JOIN {touch} AS t ON t.{table.unit} = o.{table.unit}"
        folder = self._folder / table.name
        folder.mkdir(parents=True, exist_ok=True)
        how = "PARTITION_BY (_part), APPEND, " if parted else ""
        target = folder if parted else folder / "rows.parquet"
        ((rows,),) = self._con.execute(
            f"COPY ({sql}) TO {quoted(target)} (FORMAT parquet, {how}COMPRESSION uncompressed)"
        ).fetchall()
        if not rows:
            return
        for part in range(self._stage.parts) if parted else (None,):
            inside = folder / f"_part={part}" if parted else folder
            if inside.is_dir():
                name = f"held_{table.name}" + (f"_{part}" if parted else "")
                rows = f"SELECT * FROM read_parquet({quoted(inside / '*.parquet')}, hive_partitioning = false)"
                self._con.execute(f"CREATE VIEW all_{name} AS {rows}").fetchall()
                stands = f"rid NOT IN (SELECT rid FROM down_{table.name})"
                self._con.execute(f"CREATE VIEW {name} AS {rows} WHERE {stands}").fetchall()
                self._copied.add(name)
                if undoes(self._con, table):
                    self._undo(table, name)

    def _undo(self, table: Table, view: str) -> None:
        """Put down copied rows that are taken back."""
        self._con.execute(
            f"""INSERT INTO down_{table.name} SELECT h.rid, '{UNDONE}', CASE WHEN MAX(u._again) = 1 THEN 'again' END, NULL
                FROM {view} AS h JOIN undo_{table.name} AS u ON {same_key(table, "h", "u")} GROUP BY h.rid"""
        ).fetchall()

    def _undo_placeholders(self) -> None:
        """Placeholders were made from encounters; of those that are taken back they say nothing any more."""
        if not undoes(self._con, TABLES["encounter"]):
            return
        if (view := self.all(TABLES["encounter"])) is None:
            return
        gone = f"SELECT h.* FROM {view} AS h WHERE h.rid IN (SELECT rid FROM down_encounter WHERE key = '{UNDONE}')"
        for name, key in (("person", "psn_no"), ("institution", "fixmedins_code")):
            old = rows_sql(self.previous, name, (key, "stub"))
            if old:
                self._con.execute(
                    f"INSERT INTO undo_{name} SELECT DISTINCT o.{key}, 0 FROM {old} AS o JOIN ({gone}) AS g USING ({key}) WHERE o.stub = '1'"
                ).fetchall()

    # reading -----------------------------------------------------------------------------------------------------------
    def view(self, table: Table, part: int = 0) -> str | None:
        """The view over the copied rows that stand (fee lines: of one part); None when the lake held none."""
        names = (f"held_{table.name}", f"held_{table.name}_{part}")
        return next((f"main.{name}" for name in names if name in self._copied), None)

    def all(self, table: Table, part: int = 0) -> str | None:
        """As `view`, with the rows that were put down."""
        view = self.view(table, part)
        return view.replace("main.", "main.all_") if view else None

    def beside(self, table: Table, columns: Iterable[str], staged: str | None, part: int = 0) -> str:
        """SELECT of copied rows whose key was not sent again; empty text when there are none."""
        view = self.view(table, part)
        if view is None:
            return ""
        names = ", ".join(f"h.{c}" for c in columns)
        again = f" WHERE NOT EXISTS (SELECT 1 FROM {staged} AS s WHERE {same_key(table, 's', 'h')})" if staged else ""
        return f"SELECT {names} FROM {view} AS h{again}"

    def put_down(self, table: Table, rows: str) -> None:
        """Take copied rows out of the lake: `rows` is a SELECT of (rid, key, col, val)."""
        self._con.execute(
            f"""INSERT INTO down_{table.name} SELECT rid, MIN(key), ANY_VALUE(col), ANY_VALUE(val) FROM ({rows}) AS r
                WHERE rid NOT IN (SELECT rid FROM down_{table.name}) GROUP BY rid"""
        ).fetchall()

    def down(self, table: Table, *, waiting: bool = False) -> str | None:
        """Relation of the rows that were put down: stored columns, bucket, rid, key, col, val; None when there are none.

        `waiting`: only those that wait from now on.
        """
        which = f"down_{table.name}" + (f" WHERE key <> '{UNDONE}'" if waiting else "")
        if not self._con.execute(f"SELECT 1 FROM {which} LIMIT 1").fetchall():
            return None
        files = quoted(self._folder / table.name / "**" / "*.parquet")
        return f"(SELECT r.*, d.key, d.col, d.val FROM read_parquet({files}, hive_partitioning = false) AS r JOIN (SELECT * FROM {which}) AS d ON d.rid = r.rid)"

    def lake(self, table: Table) -> str:
        """Relation of all rows of a table in the lake less those taken back; empty text when there are none."""
        old = rows_sql(self.previous, table.name)
        stays = not_undone(self._con, table, "o")
        return f"(SELECT * FROM {old} AS o WHERE {stays})" if old and stays != "true" else old

    def withdrawn(self) -> dict[str, int]:
        """Rows of the lake that nothing gives any more, by table; placeholders do not count."""
        found: dict[str, int] = {}
        for table in TABLES.values():
            if not undoes(self._con, table) or table.stubs:
                continue
            if (old := self._gone(table, "0")) and (count := self._con.execute(f"SELECT COUNT(*) FROM {old}").fetchall()[0][0]):
                found[table.name] = int(count)
        return found

    def restaged(self, table: Table) -> str:
        """Relation of the rows of the lake that are taken back while others of their keys are sent; empty text when there are none."""
        return self._gone(table, "1") if undoes(self._con, table) else ""

    def _gone(self, table: Table, again: str) -> str:
        old = rows_sql(self.previous, table.name, table.key)
        undone = f"SELECT 1 FROM undo_{table.name} AS u WHERE u._again = {again} AND {same_key(table, 'u', 'o')}"
        return f"(SELECT * FROM {old} AS o WHERE EXISTS ({undone}))" if old else ""


def same_key(table: Table, one: str, other: str) -> str:
    """Condition that two aliases have one key. Parts of a key that may be empty are alike when both are."""
    return " AND ".join(
        f"{one}.{k} = {other}.{k}" if table[k].required else f"{one}.{k} IS NOT DISTINCT FROM {other}.{k}" for k in table.key
    )
