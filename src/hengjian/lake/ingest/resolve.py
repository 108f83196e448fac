"""What only shows when all files are in: repeated keys, references, refunds, and what the lake already holds.

Afterwards each staged row is one that the lake takes: new, or in place of an older one.
"""

from __future__ import annotations

from collections import Counter

from hengjian.lake.ingest import register
from hengjian.lake.ingest.resent import moved_encounters, shrunk_lines
from hengjian.lake.ingest.stage import Stage
from hengjian.lake.place import quoted_list
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.versions import LakeVersion

_CHILDREN = ("settlement", "diagnosis", "operation", "fee_line", "lab_result", "execution_record")


_NOTHING_KNOWN = {
    "person": {"gend": "'9'", "insutype": "MIN(insutype)", "insu_admdvs": "MIN(insu_admdvs)"},
    "institution": {
        "fixmedins_name": "fixmedins_code",
        "fixmedins_type": "CASE WHEN fixmedins_code LIKE 'P%' THEN '2' ELSE '1' END",
        "admdvs": "MIN(mdtrtarea_admvs)",
    },
}
"""What a placeholder says: nothing but what the encounters themselves say."""


class Resolver:
    """Judges the staged rows of one load against each other and against the lake."""

    def __init__(self, stage: Stage, previous: LakeVersion | None, names: dict[int, str]) -> None:
        self.stage, self.con, self.previous, self._names = stage, stage.con, previous, names
        self.placeholders: Counter[str] = Counter()
        self.notes: list[str] = []

    def run(self, tables: list[Table]) -> None:
        """Every step in order."""
        for table in tables:
            for staged in self.stage.views(table):
                self._repeated(table, staged)
        self._encounters()
        self._persons()
        for name in _CHILDREN:
            for staged in self.stage.views(TABLES[name]):
                self._parents(TABLES[name], staged)
        self._main_diagnoses()
        self._settlements()
        for staged in self.stage.views(TABLES["fee_line"]):
            self._refunds(staged)
            self._settled(staged)
        self._placeholders()
        for table in tables:
            for staged in self.stage.views(table):
                self._against_lake(table, staged)

    # one load ----------------------------------------------------------------------------------------------------------
    def _repeated(self, table: Table, staged: str) -> None:
        """D01, D02: of the rows of one key the first stays; equal ones are duplicates, others are refused."""
        columns, key = ", ".join(c.name for c in table.columns), ", ".join(table.key)
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE twice AS SELECT _key FROM {staged} GROUP BY _key HAVING COUNT(*) > 1"
        ).fetchall()
        if not self.count("twice"):
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
        """`enc`: who had which encounter where, staged or in the lake. An encounter never changes its person (K04)."""
        names = self.stage.views(TABLES["encounter"])
        staged = names[0] if names else None
        columns = "mdtrt_id, psn_no, fixmedins_code, begntime"
        self.con.execute(f"CREATE TABLE enc AS SELECT {columns} FROM {staged}" if staged else "CREATE TABLE enc (mdtrt_id VARCHAR, psn_no VARCHAR, fixmedins_code VARCHAR, begntime TIMESTAMP)").fetchall()  # fmt: skip
        if not self.holds("encounter"):
            if not staged and any(self.stage.views(TABLES[n]) for n in _CHILDREN):
                self.notes.append("文件夹和数据湖里都没有就诊表（encounter），费用、诊断、结算没有可归属的就诊，全部退回。")
            return
        wanted = " UNION ".join(
            f"SELECT mdtrt_id FROM {s}" for n in (*_CHILDREN, "encounter") for s in self.stage.views(TABLES[n])
        )
        if not wanted:
            return
        old = self.read("encounter", columns)
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE old_enc AS SELECT {columns} FROM {old} WHERE mdtrt_id IN ({wanted})"
        ).fetchall()
        if staged:
            moved = f"SELECT s.rid, 'K04' AS key, 'psn_no' AS col, s.psn_no AS val FROM {staged} AS s JOIN old_enc AS o ON o.mdtrt_id = s.mdtrt_id WHERE o.psn_no <> s.psn_no"
            self.refuse(TABLES["encounter"], staged, moved)
            moved_encounters(self, staged)
            self.con.execute(f"DELETE FROM enc WHERE mdtrt_id NOT IN (SELECT mdtrt_id FROM {staged})").fetchall()
        self.con.execute("INSERT INTO enc SELECT * FROM old_enc WHERE mdtrt_id NOT IN (SELECT mdtrt_id FROM enc)").fetchall()

    def _persons(self) -> None:
        """L04: a person born after one of the own encounters."""
        for staged in self.stage.views(TABLES["person"]):
            born_late = f"""SELECT s.rid, 'L04' AS key, 'brdy' AS col, CAST(s.brdy AS VARCHAR) AS val FROM {staged} AS s
                            JOIN (SELECT psn_no, MIN(begntime) AS first FROM enc GROUP BY psn_no) AS e ON e.psn_no = s.psn_no WHERE s.brdy > CAST(e.first AS DATE)"""
            self.refuse(TABLES["person"], staged, born_late)

    def _parents(self, table: Table, staged: str) -> None:
        """K03, K04: the encounter exists and is of the same person and place."""
        org = " OR s.fixmedins_code <> e.fixmedins_code" if "fixmedins_code" in table else ""
        self.refuse(
            table,
            staged,
            f"""SELECT s.rid, CASE WHEN e.mdtrt_id IS NULL THEN 'K03' ELSE 'K04' END AS key,
                       CASE WHEN e.mdtrt_id IS NULL THEN 'mdtrt_id' WHEN s.psn_no <> e.psn_no THEN 'psn_no' ELSE 'fixmedins_code' END AS col,
                       CASE WHEN e.mdtrt_id IS NULL THEN s.mdtrt_id WHEN s.psn_no <> e.psn_no THEN s.psn_no ELSE {"s.fixmedins_code" if org else "NULL"} END AS val
                FROM {staged} AS s LEFT JOIN enc AS e ON e.mdtrt_id = s.mdtrt_id WHERE e.mdtrt_id IS NULL OR s.psn_no <> e.psn_no{org}""",
        )

    def _main_diagnoses(self) -> None:
        """L13: of two main diagnoses of one kind the later row is refused."""
        for staged in self.stage.views(TABLES["diagnosis"]):
            second = f"""SELECT rid, 'L13' AS key, 'maindiag_flag' AS col, diag_code AS val FROM (
                           SELECT rid, diag_code, ROW_NUMBER() OVER (PARTITION BY mdtrt_id, inout_diag_type, diag_type ORDER BY _file, _line) AS place
                           FROM {staged} WHERE maindiag_flag = '1') WHERE place > 1"""
            self.refuse(TABLES["diagnosis"], staged, second)

    def _settlements(self) -> None:
        """`setl`: which settlement belongs to which encounter. K08: a refund names a settlement that is known."""
        names = self.stage.views(TABLES["settlement"])
        parts = [f"SELECT setl_id, mdtrt_id FROM {n}" for n in names]
        parts += (
            [f"SELECT setl_id, mdtrt_id FROM {self.read('settlement', 'setl_id, mdtrt_id')}"]
            if self.holds("settlement")
            else []
        )
        self.con.execute(
            "CREATE TABLE setl AS "
            + (" UNION ".join(parts) or "SELECT NULL::VARCHAR AS setl_id, NULL::VARCHAR AS mdtrt_id WHERE false")
        ).fetchall()
        for staged in names:
            lost = f"""SELECT rid, 'K08' AS key, 'init_setl_id' AS col, init_setl_id AS val FROM {staged} AS s
                       WHERE init_setl_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM setl WHERE setl.setl_id = s.init_setl_id)"""
            self.refuse(TABLES["settlement"], staged, lost)

    def _settled(self, staged: str) -> None:
        """K09: the settlement of a line is known and of the same encounter."""
        stray = f"""SELECT s.rid, 'K09' AS key, 'setl_id' AS col, s.setl_id AS val FROM {staged} AS s
                    LEFT JOIN setl AS t ON t.setl_id = s.setl_id AND t.mdtrt_id = s.mdtrt_id WHERE s.setl_id IS NOT NULL AND t.setl_id IS NULL"""
        register.flag_staged(self.con, TABLES["fee_line"], staged, stray, self._names)

    def _refunds(self, staged: str) -> None:
        """K06, L07, K07: a refund undoes a line of the same encounter, and never more than is left of it."""
        shrunk_lines(self, staged)
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE refund AS
                SELECT rid, mdtrt_id, feedetl_sn, init_feedetl_sn, med_list_codg, pric, cnt, det_item_fee_sumamt AS amt, fee_ocur_time
                FROM {staged} WHERE cnt < 0"""
        ).fetchall()
        if not self.count("refund"):
            return
        columns = "mdtrt_id, feedetl_sn, init_feedetl_sn, med_list_codg, pric, cnt, det_item_fee_sumamt AS amt, fee_ocur_time"
        old = (
            f" UNION ALL SELECT {columns} FROM {self.read('fee_line', '*')} WHERE mdtrt_id IN (SELECT mdtrt_id FROM refund)"
            if self.holds("fee_line")
            else ""
        )
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE fellow AS
                SELECT DISTINCT ON (mdtrt_id, feedetl_sn) * FROM (
                  SELECT {columns} FROM {staged} WHERE mdtrt_id IN (SELECT mdtrt_id FROM refund){old})"""
        ).fetchall()
        line = TABLES["fee_line"]
        self.refuse(
            line,
            staged,
            """SELECT r.rid, CASE WHEN r.init_feedetl_sn IS NULL THEN 'L07' ELSE 'K06' END AS key,
                      CASE WHEN r.init_feedetl_sn IS NULL THEN 'cnt' ELSE 'init_feedetl_sn' END AS col, COALESCE(r.init_feedetl_sn, CAST(r.cnt AS VARCHAR)) AS val
               FROM refund AS r
               WHERE NOT EXISTS (SELECT 1 FROM fellow AS f WHERE f.mdtrt_id = r.mdtrt_id AND f.cnt > 0 AND f.feedetl_sn = r.init_feedetl_sn)
                 AND NOT (r.init_feedetl_sn IS NULL
                          AND EXISTS (SELECT 1 FROM fellow AS f WHERE f.mdtrt_id = r.mdtrt_id AND f.cnt > 0 AND f.med_list_codg = r.med_list_codg
                                                                  AND f.pric = r.pric AND f.fee_ocur_time <= r.fee_ocur_time))""",
        )
        self._too_much(staged)

    def _too_much(self, staged: str) -> None:
        """K07, for the few lines of which more is given back than there was: refunds count in order of time while they fit."""
        linked = """SELECT f.mdtrt_id, f.feedetl_sn, f.fee_ocur_time, f.cnt, f.amt,
                           COALESCE(f.init_feedetl_sn, (SELECT ARG_MAX(o.feedetl_sn, (o.fee_ocur_time, o.feedetl_sn)) FROM fellow AS o
                              WHERE o.mdtrt_id = f.mdtrt_id AND o.med_list_codg = f.med_list_codg AND o.pric = f.pric AND o.cnt > 0 AND o.fee_ocur_time <= f.fee_ocur_time)) AS target
                    FROM fellow AS f WHERE f.cnt < 0"""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE linked AS {linked}").fetchall()
        rows = self.con.execute(
            """SELECT t.mdtrt_id, t.feedetl_sn, t.cnt, t.amt, LIST((-l.cnt, -l.amt, r.rid) ORDER BY l.fee_ocur_time, l.feedetl_sn)
               FROM linked AS l JOIN fellow AS t ON t.mdtrt_id = l.mdtrt_id AND t.feedetl_sn = l.target AND t.cnt > 0
               LEFT JOIN refund AS r ON r.mdtrt_id = l.mdtrt_id AND r.feedetl_sn = l.feedetl_sn
               GROUP BY ALL HAVING SUM(-l.cnt) > t.cnt OR SUM(-l.amt) > t.amt + 0.02"""
        ).fetchall()
        refused: list[int] = []
        for _, _, left, money, back in rows:
            for cnt, amt, rid in back:
                if cnt <= left and amt <= money + type(money)("0.02"):
                    left, money = left - cnt, money - amt
                elif rid is not None:
                    refused.append(rid)
        if refused:
            listed = ", ".join(map(str, refused))
            self.refuse(
                TABLES["fee_line"],
                staged,
                f"SELECT rid, 'K07' AS key, 'cnt' AS col, CAST(cnt AS VARCHAR) AS val FROM {staged} WHERE rid IN ({listed})",
            )

    # people and places nobody sent -------------------------------------------------------------------------------------
    def _placeholders(self) -> None:
        """K01, K02: people and institutions of staged encounters that are unknown get a row with nothing known."""
        staged = self.stage.part(TABLES["encounter"], 0)
        if staged is None:
            return
        for name, key, code in (("person", "psn_no", "K01"), ("institution", "fixmedins_code", "K02")):
            table = TABLES[name]
            known = [f"SELECT {key} FROM {s}" for s in self.stage.views(table)]
            known += [f"SELECT {key} FROM {self.read(name, key)}"] if self.holds(name) else []
            unknown = f"NOT IN ({' UNION ALL '.join(known)})" if known else "IS NOT NULL"
            flagged = f"SELECT rid, '{code}' AS key, '{key}' AS col, {key} AS val FROM {staged} WHERE {key} {unknown}"
            register.flag_staged(self.con, TABLES["encounter"], staged, flagged, self._names)
            values = _NOTHING_KNOWN[name] | {key: key}
            cells = ", ".join(f"{values.get(c.name, 'NULL')}::{c.kind.sql} AS {c.name}" for c in table.columns)
            bucket = "ANY_VALUE(bucket)" if table.by_person else "0"
            select = (
                f"SELECT {cells}, {bucket} AS bucket, HASH({key}) AS _key FROM {staged} WHERE {key} {unknown} GROUP BY {key}"
            )
            self.placeholders[name] += self.stage.add(table, select)

    # the lake ----------------------------------------------------------------------------------------------------------
    def _against_lake(self, table: Table, staged: str) -> None:
        """Rows the lake already holds word for word are duplicates; other rows of a known key replace the old one (`_old`)."""
        if self.holds(table.name):
            columns, key = ", ".join(c.name for c in table.columns), ", ".join(table.key)
            buckets = (
                [b for (b,) in self.con.execute(f"SELECT DISTINCT bucket FROM {staged}").fetchall()]
                if table.by_person
                else None
            )
            old = self.read(table.name, "*", buckets)
            if old:
                same = " AND ".join(f"o.{k} IS NOT DISTINCT FROM s.{k}" for k in table.key[1:])
                first = table.key[0]
                self.con.execute(
                    f"""CREATE OR REPLACE TEMP TABLE held AS
                        SELECT s.rid, s._file, o.whole = HASH({", ".join("s." + c.name for c in table.columns)}) AS same
                        FROM {staged} AS s JOIN (SELECT {key}, HASH({columns}) AS whole FROM {old}) AS o ON o.{first} = s.{first} {"AND " + same if same else ""}"""
                ).fetchall()
                for number, count in self.con.execute("SELECT _file, COUNT(*) FROM held WHERE same GROUP BY 1").fetchall():
                    self.stage.counts[number].outcomes["duplicate"] += count
                self.con.execute(f"INSERT INTO over_{staged} SELECT rid FROM held WHERE NOT same").fetchall()
                self.con.execute(f"INSERT INTO gone_{staged} SELECT rid FROM held WHERE same").fetchall()
        replaces = f"rid IN (SELECT rid FROM over_{staged})"
        for number, taken, replaced in self.con.execute(
            f"SELECT _file, COUNT_IF(NOT {replaces}), COUNT_IF({replaces}) FROM {staged} WHERE _file >= 0 GROUP BY 1"
        ).fetchall():
            self.stage.counts[number].outcomes["taken"] += taken
            self.stage.counts[number].outcomes["replaced"] += replaced

    def holds(self, name: str) -> bool:
        """Whether the lake has rows of a table."""
        return self.previous is not None and bool(self.previous.files(name))

    def read(self, name: str, columns: str, buckets: list[int] | None = None) -> str:
        """A subquery over the lake's rows of a table; empty text when those buckets hold none."""
        assert self.previous is not None
        paths = self.previous.files(name) if buckets is None else [p for b in buckets for p in self.previous.files(name, b)]
        return (
            f"(SELECT {columns} FROM read_parquet({quoted_list(paths)}, hive_partitioning = true, hive_types_autocast = true))"
            if paths
            else ""
        )

    def refuse(self, table: Table, staged: str, refused: str) -> None:
        """Refuse staged rows: `refused` is a SELECT of (rid, key, col, val)."""
        for number, count in register.refuse_staged(self.con, table, staged, refused, self._names).items():
            self.stage.counts[number].outcomes["rejected"] += count

    def count(self, name: str) -> int:
        """Rows of a table of this load."""
        ((rows,),) = self.con.execute(f"SELECT COUNT(*) FROM {name}").fetchall()
        return int(rows)
