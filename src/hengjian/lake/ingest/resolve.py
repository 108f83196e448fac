"""What only shows when all files are in: repeated keys, references, and what the lake already holds.

What a load leaves in the lake is a function of the rows the lake and the load hold together, never of the order in which they came:
rows refused for what lies in other rows wait and are judged again at every load, and rows of the lake that no longer stand beside
what was sent are put down to wait with them. Of two contents of one key the later load's stands.
"""

from __future__ import annotations

from collections import Counter

from hengjian.lake.derive import key_sql
from hengjian.lake.ingest import flags, refunds, register
from hengjian.lake.ingest.held import CHILDREN, OF_ENCOUNTERS, OF_PERSONS, Held, same_key
from hengjian.lake.ingest.stage import AGAIN, STUB, Stage
from hengjian.lake.ingest.undo import not_undone
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.versions import LakeVersion

_ENC = {"mdtrt_id": "VARCHAR", "psn_no": "VARCHAR", "fixmedins_code": "VARCHAR", "begntime": "TIMESTAMP", "endtime": "TIMESTAMP", "med_type": "VARCHAR"}  # fmt: skip
"""Columns of `enc`: every encounter that is sent or touched, as it will stand."""

_NOTHING_KNOWN = {
    "person": {"gend": "'9'", "insutype": "MIN(insutype)", "insu_admdvs": "MIN(insu_admdvs)", "stub": "'1'"},
    "institution": {
        "fixmedins_name": "fixmedins_code",
        "fixmedins_type": "CASE WHEN fixmedins_code LIKE 'P%' THEN '2' ELSE '1' END",
        "admdvs": "MIN(admdvs)",
        "stub": "'1'",
    },
}
"""What a placeholder says: nothing but what the encounters themselves say (the smallest, so that their order does not matter)."""


class Resolver:
    """Judges the staged rows of one load against each other and against the lake."""

    def __init__(self, stage: Stage, previous: LakeVersion | None, names: dict[int, str]) -> None:
        self.stage, self.con, self.previous, self.names = stage, stage.con, previous, names
        self.held = Held(stage, previous)
        self.placeholders: Counter[str] = Counter()
        self.recovered: Counter[str] = Counter()
        self.notes: list[str] = []

    def run(self, tables: list[Table]) -> None:
        """Every step in order. `tables`: lake and local tables, in load order."""
        self._try_again()
        for table in tables:
            for staged in self.stage.views(table):
                self._superseded(table, staged)
                self._repeated(table, staged)
        self.held.look()
        self._encounters()
        self.held.fetch()
        self._persons()
        for table in CHILDREN:
            for part in self.parts(table):
                self._parents(table, part)
        self._main_diagnoses()
        self._settlements()
        for part in self.parts(TABLES["fee_line"]):
            refunds.judge(self, part)
        flags.flag(self)
        self._placeholders()
        for table in tables:
            for part in self.parts(table):
                self._against_lake(table, part)

    def parts(self, table: Table) -> range:
        """Parts of a table's staged rows."""
        return range(self.stage.parts if table.name == "fee_line" else 1)

    # what waited -------------------------------------------------------------------------------------------------------
    def _try_again(self) -> None:
        """Stage the rows that wait in the lake for what they refer to."""
        for table in TABLES.values():
            waiting = rows_sql(self.previous, f"waiting_{table.name}")
            if waiting:
                columns = ", ".join(c.name for c in table.stored)
                bucket = f"CAST({key_sql('psn_no')} % 64 AS INTEGER)" if table.by_person else "0"
                stays = not_undone(self.con, table, "w")
                if stays != "true":
                    self.con.execute(
                        f"""INSERT INTO reject_ends
                            SELECT load_no, '{table.name}', file, line, CASE WHEN u._again = 1 THEN 'superseded' ELSE 'withdrawn' END
                            FROM {waiting} AS w JOIN undo_{table.name} AS u ON {same_key(table, "u", "w")}"""
                    ).fetchall()
                self.stage.add(
                    table,
                    f"SELECT {columns}, {bucket} AS bucket, HASH({', '.join(table.key)}) AS _key, load_no AS _load, line AS _line, file AS _name FROM {waiting} AS w WHERE {stays}",
                    AGAIN,
                )

    def _superseded(self, table: Table, staged: str) -> None:
        """A row that waited gives way to another of the same key sent now; the same row sent again is a duplicate (D01)."""
        old = f"SELECT s.rid FROM {staged} AS s WHERE s._file = {AGAIN} AND EXISTS (SELECT 1 FROM {staged} AS n WHERE n._file >= 0 AND {same_key(table, 'n', 's')})"
        if self.previous and self.previous.rows(f"waiting_{table.name}"):
            equal = " AND ".join(f"n.{c.name} IS NOT DISTINCT FROM s.{c.name}" for c in table.columns)
            other = f"SELECT 1 FROM {staged} AS n WHERE n._file >= 0 AND {same_key(table, 'n', 's')} AND NOT ({equal})"
            self.con.execute(
                f"CREATE OR REPLACE TEMP TABLE again AS SELECT n.rid, n._file FROM {staged} AS n JOIN {staged} AS s ON {same_key(table, 'n', 's')} WHERE n._file >= 0 AND s._file = {AGAIN} AND {equal} AND NOT EXISTS ({other})"
            ).fetchall()
            for number, count in self.con.execute("SELECT _file, COUNT(*) FROM again GROUP BY 1").fetchall():
                self.stage.counts[number].outcomes["duplicate"] += count
            self.con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM again").fetchall()
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE outdone AS {old}").fetchall()
            self._end(table, staged, "SELECT rid FROM outdone", "superseded")
            self.con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM outdone").fetchall()

    def _end(self, table: Table, staged: str, rids: str, how: str) -> None:
        """Note what became of rows that waited."""
        self.con.execute(
            f"INSERT INTO reject_ends SELECT _load, '{table.name}', _name, _line, '{how}' FROM all_{staged} WHERE _file = {AGAIN} AND rid IN ({rids})"
        ).fetchall()

    # one load ----------------------------------------------------------------------------------------------------------
    def _repeated(self, table: Table, staged: str) -> None:
        """D01, D02: of the rows of one key the first stays; equal ones are duplicates, others are refused."""
        columns, key = ", ".join(c.name for c in table.columns), ", ".join(table.key)
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE twice AS SELECT _key FROM {staged} GROUP BY _key HAVING COUNT(*) > 1"
        ).fetchall()
        if not self.any("twice"):
            return
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE repeated AS
                SELECT rid, _file, same FROM (
                  SELECT rid, _file, ROW_NUMBER() OVER w AS place, HASH({columns}) = FIRST_VALUE(HASH({columns})) OVER w AS same
                  FROM {staged} WHERE _key IN (SELECT _key FROM twice) WINDOW w AS (PARTITION BY {key} ORDER BY _file, _line))
                WHERE place > 1"""
        ).fetchall()
        for number, count in self.con.execute("SELECT _file, COUNT(*) FROM repeated WHERE same GROUP BY 1").fetchall():
            self.stage.counts[number].outcomes["duplicate"] += count
        text = " || '/' || ".join(f"COALESCE(CAST(s.{k} AS VARCHAR), '')" for k in table.key)
        self.refuse(
            table,
            staged,
            f"SELECT r.rid, 'D02' AS key, '{table.key[0]}' AS col, {text} AS val FROM repeated AS r JOIN {staged} AS s ON s.rid = r.rid WHERE NOT same",
        )
        self.con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM repeated WHERE same").fetchall()

    def _encounters(self) -> None:
        """K04, and `enc`. An encounter goes to another person or institution only together with all its rows."""
        table = TABLES["encounter"]
        staged = self.stage.part(table, 0)
        held = self.held.view(table)
        if staged and held:
            self._moved(table, staged, held)
        names = ", ".join(_ENC)
        new = (
            f"SELECT {names} FROM {staged}"
            if staged
            else f"SELECT {', '.join(f'NULL::{sql} AS {c}' for c, sql in _ENC.items())} WHERE false"
        )
        beside = self.held.beside(table, _ENC, staged)
        self.con.execute(f"CREATE TABLE enc AS {new}{' UNION ALL ' + beside if beside else ''}").fetchall()
        if (
            not staged
            and not (self.previous and self.previous.rows("encounter"))
            and any(self.stage.views(t) for t in CHILDREN)
        ):
            self.notes.append(
                "文件夹和数据湖里都没有就诊表（encounter），费用、诊断、结算没有可归属的就诊，先退回等待；补送就诊表后会自动收下。"
            )

    def _moved(self, table: Table, staged: str, held: str) -> None:
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE moved AS SELECT s.rid, s.mdtrt_id, s.psn_no, s.fixmedins_code, o.psn_no AS old_psn, o.fixmedins_code AS old_org
                FROM {staged} AS s JOIN {held} AS o ON o.mdtrt_id = s.mdtrt_id
                WHERE o.psn_no <> s.psn_no OR o.fixmedins_code <> s.fixmedins_code"""
        ).fetchall()
        for child in CHILDREN if self.any("moved") else ():
            placed = "fixmedins_code" in child
            keys = dict.fromkeys(("mdtrt_id", "psn_no", *(("fixmedins_code",) if placed else ()), *child.key))
            old = rows_sql(self.previous, child.name, keys)
            if not old:
                continue
            sent = " UNION ALL ".join(f"SELECT {', '.join(keys)} FROM {view}" for view in self.stage.views(child))
            here = " AND n.fixmedins_code = m.fixmedins_code" if placed else ""
            comes = f"AND NOT EXISTS (SELECT 1 FROM ({sent}) AS n WHERE {same_key(child, 'n', 'o')} AND n.mdtrt_id = m.mdtrt_id AND n.psn_no = m.psn_no{here})" if sent else ""  # fmt: skip
            elsewhere = " OR o.fixmedins_code <> m.fixmedins_code" if placed else ""
            self.refuse(
                table,
                staged,
                f"""SELECT m.rid, 'K04' AS key, CASE WHEN m.psn_no <> m.old_psn THEN 'psn_no' ELSE 'fixmedins_code' END AS col,
                           CASE WHEN m.psn_no <> m.old_psn THEN m.psn_no ELSE m.fixmedins_code END AS val
                    FROM moved AS m JOIN {old} AS o ON o.mdtrt_id = m.mdtrt_id WHERE (o.psn_no <> m.psn_no{elsewhere}) {comes}""",
            )
            self.con.execute(f"DELETE FROM moved WHERE rid IN (SELECT rid FROM gone_{staged})").fetchall()

    def _persons(self) -> None:
        """L04: a person born after one of the own encounters."""
        table = TABLES["person"]
        staged, held = self.stage.part(table, 0), self.held.view(table)
        lake = rows_sql(self.previous, "encounter", ("psn_no", "mdtrt_id", "begntime"))
        fault = "'L04' AS key, 'brdy' AS col, CAST(p.brdy AS VARCHAR) AS val"
        if staged:
            own = "SELECT psn_no, begntime FROM enc"
            if lake:
                own += f" UNION ALL SELECT psn_no, begntime FROM {lake} WHERE psn_no IN (SELECT psn_no FROM {staged}) AND mdtrt_id NOT IN (SELECT mdtrt_id FROM enc UNION ALL SELECT mdtrt_id FROM undo_encounter)"
            first = f"SELECT psn_no, MIN(begntime) AS first FROM ({own}) GROUP BY psn_no"
            self.refuse(
                table,
                staged,
                f"SELECT p.rid, {fault} FROM {staged} AS p JOIN ({first}) AS e ON e.psn_no = p.psn_no WHERE p.brdy > CAST(e.first AS DATE)",
            )
        if held:
            again = f"AND NOT EXISTS (SELECT 1 FROM {staged} AS s WHERE s.psn_no = p.psn_no)" if staged else ""
            first = "SELECT psn_no, MIN(begntime) AS first FROM enc GROUP BY psn_no"
            self.held.put_down(
                table,
                f"SELECT p.rid, {fault} FROM {held} AS p JOIN ({first}) AS e ON e.psn_no = p.psn_no WHERE p.brdy > CAST(e.first AS DATE) {again}",
            )

    def _parents(self, table: Table, part: int) -> None:
        """K03, K04: the encounter exists and is of the same person and place."""
        org = " OR s.fixmedins_code <> e.fixmedins_code" if "fixmedins_code" in table else ""
        fault = f"""CASE WHEN e.mdtrt_id IS NULL THEN 'K03' ELSE 'K04' END AS key,
                    CASE WHEN e.mdtrt_id IS NULL THEN 'mdtrt_id' WHEN s.psn_no <> e.psn_no THEN 'psn_no' ELSE 'fixmedins_code' END AS col,
                    CASE WHEN e.mdtrt_id IS NULL THEN s.mdtrt_id WHEN s.psn_no <> e.psn_no THEN s.psn_no ELSE {"s.fixmedins_code" if org else "NULL"} END AS val"""
        staged, held = self.stage.part(table, part), self.held.view(table, part)
        stray = f"LEFT JOIN enc AS e ON e.mdtrt_id = s.mdtrt_id WHERE e.mdtrt_id IS NULL OR s.psn_no <> e.psn_no{org}"
        if staged:
            self.refuse(table, staged, f"SELECT s.rid, {fault} FROM {staged} AS s {stray}")
        if held:
            again = f" AND NOT EXISTS (SELECT 1 FROM {staged} AS n WHERE {same_key(table, 'n', 's')})" if staged else ""
            self.held.put_down(table, f"SELECT s.rid, {fault} FROM {held} AS s {stray.replace('WHERE ', 'WHERE (')}){again}")

    def _main_diagnoses(self) -> None:
        """L13: of two main diagnoses of one kind that with the smaller number stays."""
        table = TABLES["diagnosis"]
        staged = self.stage.part(table, 0)
        if staged is None:
            return
        columns = ("rid", "mdtrt_id", "inout_diag_type", "diag_type", "diag_srt_no", "diag_code", "maindiag_flag")
        beside = self.held.beside(table, columns, staged)
        both = f"SELECT 0 AS old, {', '.join(columns)} FROM {staged}" + (
            f" UNION ALL SELECT 1 AS old, * FROM ({beside})" if beside else ""
        )
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE second_main AS SELECT old, rid, 'L13' AS key, 'maindiag_flag' AS col, diag_code AS val FROM (
                  SELECT old, rid, diag_code, ROW_NUMBER() OVER (PARTITION BY mdtrt_id, inout_diag_type, diag_type ORDER BY diag_srt_no) AS place
                  FROM ({both}) WHERE maindiag_flag = '1') WHERE place > 1"""
        ).fetchall()
        self.refuse(table, staged, "SELECT rid, key, col, val FROM second_main WHERE old = 0")
        if beside:
            self.held.put_down(table, "SELECT rid, key, col, val FROM second_main WHERE old = 1")

    def _settlements(self) -> None:
        """`setl`: which settlement belongs to which encounter. K08: a refund names a settlement that is known."""
        table = TABLES["settlement"]
        staged = self.stage.part(table, 0)
        beside = self.held.beside(table, ("setl_id", "mdtrt_id"), staged)
        parts = [f"SELECT setl_id, mdtrt_id FROM {staged}"] if staged else []
        parts += [beside] if beside else []
        body = " UNION ALL ".join(parts) or "SELECT NULL::VARCHAR AS setl_id, NULL::VARCHAR AS mdtrt_id WHERE false"
        self.con.execute(f"CREATE TABLE setl AS {body}").fetchall()
        held = self.held.view(table)
        again = f" AND NOT EXISTS (SELECT 1 FROM {staged} AS n WHERE n.setl_id = s.setl_id)" if staged else ""
        while True:  # a refund that is refused may itself be what another names
            lost = [
                f"""SELECT {old} AS old, rid, setl_id, 'K08' AS key, 'init_setl_id' AS col, init_setl_id AS val FROM {view} AS s
                    WHERE init_setl_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM setl WHERE setl.setl_id = s.init_setl_id){more}"""
                for old, view, more in ((0, staged, ""), (1, held, again))
                if view
            ]
            if not lost:
                return
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE lost AS {' UNION ALL '.join(lost)}").fetchall()
            if not self.any("lost"):
                return
            if staged:
                self.refuse(table, staged, "SELECT rid, key, col, val FROM lost WHERE old = 0")
            self.held.put_down(table, "SELECT rid, key, col, val FROM lost WHERE old = 1")
            self.con.execute("DELETE FROM setl WHERE setl_id IN (SELECT setl_id FROM lost)").fetchall()

    # people and places nobody sent -------------------------------------------------------------------------------------
    def _placeholders(self) -> None:
        """K01, K02: people and institutions of encounters that are unknown get a row with nothing known."""
        encounter = TABLES["encounter"]
        staged = self.stage.part(encounter, 0)
        lake = self.held.lake(encounter)
        for name, key, code in (("person", "psn_no", "K01"), ("institution", "fixmedins_code", "K02")):
            table = TABLES[name]
            held = self.held.view(table) if table.by_person else self.held.lake(table)
            known = [f"SELECT {key} FROM {s}" for s in self.stage.views(table)]
            known += [f"SELECT {key} FROM {held} AS h WHERE stub IS NULL"] if held else []
            unknown = f"{key} NOT IN ({' UNION ALL '.join(known)})" if known else f"{key} IS NOT NULL"
            names = (key, *(("insutype", "insu_admdvs") if name == "person" else ("mdtrtarea_admvs AS admdvs",)))
            listed = ", ".join(names)
            rows = []
            if staged:
                flagged = f"SELECT rid, '{code}' AS key, '{key}' AS col, {key} AS val FROM {staged} WHERE {unknown}"
                register.flag_staged(self.con, encounter, staged, flagged, self.names)
                rows.append(f"SELECT {listed} FROM {staged} WHERE {unknown}")
            if held and staged:
                rows.append(
                    f"SELECT {listed.replace('mdtrtarea_admvs AS ', '')} FROM {held} AS h WHERE stub = '1' AND {unknown} AND {key} IN (SELECT {key} FROM {staged})"
                )
            down = (self.held.down(table) or "") if table.by_person else f"undo_{name}" if self.any(f"undo_{name}") else ""
            if lake and down:
                rows.append(f"SELECT {listed} FROM {lake} AS e WHERE {key} IN (SELECT {key} FROM {down} AS d) AND {unknown}")
            if not rows:
                continue
            values = _NOTHING_KNOWN[name] | {key: key}
            cells = ", ".join(f"{values.get(c.name, 'NULL')}::{c.kind.sql} AS {c.name}" for c in table.stored)
            bucket = f"CAST({key_sql(key)} % 64 AS INTEGER)" if table.by_person else "0"
            select = f"SELECT {cells}, {bucket} AS bucket, HASH({key}) AS _key FROM ({' UNION ALL '.join(rows)}) GROUP BY {key}"
            self.placeholders[name] += self.stage.add(table, select, STUB)

    # the lake ----------------------------------------------------------------------------------------------------------
    def _against_lake(self, table: Table, part: int) -> None:
        """Rows the lake already holds word for word are duplicates; other rows of a known key replace the old one (`over_…`)."""
        staged = self.stage.part(table, part)
        if staged is None:
            return
        filled: dict[int, int] = {}
        old = self.held.view(table, part) if table.by_person else self.held.lake(table)
        if old:
            columns = [c.name for c in table.stored]
            stub = "o.stub = '1' AND s.stub IS NULL" if table.stubs else "false"
            self.con.execute(
                f"""CREATE OR REPLACE TEMP TABLE known AS
                    SELECT s.rid, s._file, HASH({", ".join("o." + c for c in columns)}) = HASH({", ".join("s." + c for c in columns)}) AS same, {stub} AS filled
                    FROM {staged} AS s JOIN {old} AS o ON {same_key(table, "o", "s")}"""
            ).fetchall()
            for number, count in self.con.execute("SELECT _file, COUNT(*) FROM known WHERE same GROUP BY 1").fetchall():
                self.stage.counts[number].outcomes["duplicate"] += count
            filled = dict(self.con.execute("SELECT _file, COUNT(*) FROM known WHERE NOT same AND filled GROUP BY 1").fetchall())
            self.con.execute(f"INSERT INTO over_{staged} SELECT rid FROM known WHERE NOT same").fetchall()
            self._end(table, staged, "SELECT rid FROM known WHERE same", "superseded")
            self.con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM known WHERE same").fetchall()
        replaces = f"rid IN (SELECT rid FROM over_{staged})"
        if again := self.held.restaged(table):
            replaces = f"({replaces} OR EXISTS (SELECT 1 FROM {again} AS o WHERE {same_key(table, 'o', 's')}))"
        for number, taken, replaced in self.con.execute(
            f"SELECT _file, COUNT_IF(NOT {replaces}), COUNT_IF({replaces}) FROM {staged} AS s GROUP BY 1"
        ).fetchall():
            self.stage.counts[number].outcomes["taken"] += taken + filled.get(number, 0)
            self.stage.counts[number].outcomes["replaced"] += replaced - filled.get(number, 0)
            if number == AGAIN:
                self.recovered[table.name] += taken + replaced
        if self.recovered[table.name]:
            self._end(table, staged, f"SELECT rid FROM {staged}", "taken")
        self._corrected(table, staged)

    def _corrected(self, table: Table, staged: str) -> None:
        """Rows refused earlier for what they said, of which a good one came now."""
        if not (self.previous and self.previous.rows("rejects")):
            return
        text = " || '/' || ".join(f"CAST({k} AS VARCHAR)" for k in table.key)
        ended = rows_sql(self.previous, "reject_ends")
        open_ = (
            f"AND NOT EXISTS (SELECT 1 FROM {ended} AS e WHERE (e.load_no, e.tab, e.file, e.line) = (r.load_no, r.tab, r.file, r.line))"
            if ended
            else ""
        )
        self.con.execute(
            f"""INSERT INTO reject_ends SELECT load_no, tab, file, line, 'corrected' FROM {rows_sql(self.previous, "rejects")} AS r
                WHERE tab = '{table.name}' AND waits = 0 AND row_key IN (SELECT {text} FROM {staged} WHERE _file >= 0) {open_}"""
        ).fetchall()

    def ends(self) -> int:
        """Number of rows refused earlier of which something has become, and of rows that had to leave the lake."""
        downs = " UNION ALL ".join(f"SELECT 1 FROM down_{t.name}" for t in (*OF_ENCOUNTERS, *OF_PERSONS))
        ((ended,),) = self.con.execute(f"SELECT COUNT(*) FROM (SELECT 1 FROM reject_ends UNION ALL {downs})").fetchall()
        return int(ended)

    def refuse(self, table: Table, staged: str, refused: str) -> None:
        """Refuse staged rows: `refused` is a SELECT of (rid, key, col, val)."""
        for number, count in register.refuse_staged(self.con, table, staged, refused, self.names).items():
            self.stage.counts[number].outcomes["rejected"] += count

    def any(self, name: str) -> bool:
        """Whether a table of this load has rows."""
        return bool(self.con.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchall())
