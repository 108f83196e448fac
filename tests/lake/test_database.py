"""A database as a source: typed, streamed, all tables as at one moment, and no password anywhere."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.load import load as load_source
from hengjian.lake.ingest.mapping import read_map
from hengjian.lake.ingest.readers import FileRefused, database
from hengjian.lake.ingest.readers.database import open_database
from hengjian.lake.ingest.source import choose_files
from hengjian.lake.ingest.tables import survey_database
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import open_lake

from ..postgres import PASSWORD, Postgres
from ..story.conftest import hengjian
from .folder import DEFAULTS, NOW, load, make_folder, query, row

pytest.importorskip("sqlalchemy", reason="缺少 sqlalchemy，安装：pip install 'hengjian[db]'")


def sqlite_of(path: Path, **tables: list[dict[str, Any]]) -> str:
    """A SQLite file with the clean visit, or these tables instead; its address."""
    with sqlite3.connect(path) as con:
        for name, rows in ({n: [r] for n, r in DEFAULTS.items()} | tables).items():
            if rows:
                con.execute(f'CREATE TABLE "{name}" ({", ".join(rows[0])})')
                con.executemany(
                    f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', [list(r.values()) for r in rows]
                )
    con.close()
    return f"sqlite:///{path}"


@pytest.fixture()
def claims(postgres: Postgres) -> Iterator[Any]:
    """An empty database with the tables a bureau has, and a connection to fill it."""
    import psycopg

    def connect(name: str) -> Any:
        return psycopg.connect(
            host="127.0.0.1", port=postgres.port, user="boss", password=PASSWORD, dbname=name, autocommit=True
        )

    with connect("postgres") as con:
        con.execute("DROP DATABASE IF EXISTS claims WITH (FORCE)")
        con.execute("CREATE DATABASE claims")
    with connect("claims") as con:
        yield con


def fill(con: Any, name: str, types: dict[str, str], *rows: dict[str, Any], schema: str = "public") -> None:
    """A table of these rows; columns are text unless `types` says otherwise."""
    columns = ", ".join(f'"{c}" {types.get(c, "text")}' for c in rows[0])
    con.execute(f'CREATE TABLE {schema}."{name}" ({columns})')
    for cells in rows:
        values = [None if v == "" else v for v in cells.values()]
        con.execute(f'INSERT INTO {schema}."{name}" VALUES ({", ".join(["%s"] * len(values))})', values)


TYPES = {
    "fee_line": {"cnt": "numeric(16,4)", "pric": "numeric(16,6)", "det_item_fee_sumamt": "numeric(16,2)", "inscp_scp_amt": "numeric", "fee_ocur_time": "timestamp", "feedetl_sn": "bigint"},
    "settlement": {"medfee_sumamt": "numeric(16,2)", "setl_time": "timestamp"},
    "person": {"brdy": "date"},
}  # fmt: skip


def whole(con: Any, schema: str = "public", **tables: list[dict[str, Any]]) -> None:
    """The clean visit in typed tables, or these tables instead."""
    for name, rows in ({n: [r] for n, r in DEFAULTS.items()} | tables).items():
        if rows:
            fill(con, name, TYPES.get(name, {}), *rows, schema=schema)


def load_from(address: str, lake: Path, schema: str | None = None, saved: Path | None = None) -> Any:
    with open_database(address, schema) as opened:
        source = choose_files(survey_database(opened), *([read_map(saved)] if saved else []))
        return load_source(source, lake, now=NOW)


def test_a_database_loads_as_the_same_files_load(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    whole(claims)
    report = load_from(postgres.address(database="claims"), tmp_path / "lake")
    assert report.clean and {n: c["taken"] for n, c in report.tables.items()} == dict.fromkeys(DEFAULTS, 1)
    load(make_folder(tmp_path / "in"), tmp_path / "files")
    for table in DEFAULTS:
        columns = ", ".join(c.name for c in TABLES[table].columns)
        sql = f"SELECT {columns} FROM {{{table}}}"
        assert query(tmp_path / "lake", sql) == query(tmp_path / "files", sql), table


def test_amounts_are_exact_and_times_are_china_time(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    line = row(
        "fee_line",
        cnt="3",
        pric="0.333333",
        det_item_fee_sumamt="1.00",
        inscp_scp_amt="0.10",
        fee_ocur_time="2026-02-28T17:30:00+00:00",
    )
    whole(claims, fee_line=[])
    types = TYPES["fee_line"] | {"fee_ocur_time": "timestamptz"}
    fill(claims, "fee_line", types, line, row("fee_line", feedetl_sn="900719925474099301"))
    load_from(postgres.address(database="claims"), tmp_path / "lake")
    sql = "SELECT pric, det_item_fee_sumamt, inscp_scp_amt, CAST(fee_ocur_time AS VARCHAR), feedetl_sn FROM {fee_line} ORDER BY feedetl_sn"
    assert query(tmp_path / "lake", sql) == [
        (Decimal("0.333333"), Decimal("1.00"), Decimal("0.10"), "2026-03-01 01:30:00", "1"),
        (Decimal("100"), Decimal("100"), Decimal("100"), "2026-03-01 17:30:00", "900719925474099301"),
    ]


def test_lines_count_rows_and_bad_rows_are_refused_alone(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    whole(claims, fee_line=[row("fee_line", feedetl_sn=str(i), list_type="9" if i == 3 else "201") for i in range(1, 6)])
    report = load_from(postgres.address(database="claims"), tmp_path / "lake")
    assert report.tables["fee_line"]["taken"] == 4
    assert query(tmp_path / "lake", "SELECT file, line, code FROM {rejects}") == [("fee_line", 4, "C01")]


def test_all_tables_stand_as_at_one_moment(
    postgres: Postgres, claims: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visit written between the reading of two tables must not be half there."""
    whole(claims)
    read = database.Database.read
    written: list[str] = []

    def read_and_write(self: Any, name: str, *more: Any) -> Any:
        done = read(self, name, *more)
        if not written:
            written.append(name)
            for table in DEFAULTS:
                claims.execute(f"INSERT INTO {table} SELECT * FROM {table}")
                claims.execute(f"DELETE FROM {table} WHERE ctid = (SELECT MIN(ctid) FROM {table})")
            claims.execute("UPDATE fee_line SET mdtrt_id = 'M2'")
            claims.execute("UPDATE encounter SET mdtrt_id = 'M2'")
        return done

    monkeypatch.setattr(database.Database, "read", read_and_write)
    assert load_from(postgres.address(database="claims"), tmp_path / "lake").clean
    assert query(tmp_path / "lake", "SELECT mdtrt_id FROM {fee_line} UNION ALL SELECT mdtrt_id FROM {encounter}") == [
        ("M1",),
        ("M1",),
    ]


def test_nothing_can_be_written_through_it(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    whole(claims)
    for address in (postgres.address(database="claims"), sqlite_of(tmp_path / "claims.db")):
        with open_database(address) as opened, pytest.raises(SQLAlchemyError):
            opened._connection.exec_driver_sql("DELETE FROM fee_line")
    assert claims.execute("SELECT COUNT(*) FROM fee_line").fetchone() == (1,)


def test_rows_are_streamed_in_chunks(postgres: Postgres, claims: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_AT_ONCE", 1000)
    claims.execute(
        "CREATE TABLE device AS SELECT 'D' || n AS dev_no, '1' AS dev_type, 'H99010000001' AS fixmedins_code FROM generate_series(1, 3500) AS n"
    )
    with open_database(postgres.address(database="claims")) as opened:
        (part,) = survey_database(opened).parts
        _, batches = part.read(TABLES["device"], {})
        found = [(len(b.data), b.lines[0].as_py(), round(b.done, 2)) for b in batches]
    assert found == [(1000, 2, 0.29), (1000, 1002, 0.57), (1000, 2002, 0.86), (500, 3002, 1.0)]


def test_a_table_without_rights_is_refused_alone(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    whole(claims)
    claims.execute("DROP ROLE IF EXISTS reader")
    claims.execute("CREATE ROLE reader LOGIN PASSWORD 'pw-reader'")
    claims.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    claims.execute("REVOKE SELECT ON diagnosis FROM reader")
    report = load_from(postgres.address("reader", "claims", "pw-reader"), tmp_path / "lake")
    assert [(f["file"], f["code"]) for f in report.refused_files] == [("diagnosis", "F05")]
    assert "没有权限" in report.refused_files[0]["detail"] and "SELECT" in report.refused_files[0]["advice"]
    assert report.tables["fee_line"]["taken"] == report.tables["settlement"]["taken"] == 1


def test_views_schemas_comments_and_a_map(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    claims.execute("CREATE SCHEMA dwd")
    whole(claims, "dwd")
    claims.execute("ALTER TABLE dwd.fee_line RENAME TO mx")
    claims.execute("ALTER TABLE dwd.mx RENAME med_list_codg TO xmbm")
    claims.execute("COMMENT ON COLUMN dwd.mx.xmbm IS '医疗目录编码'")
    claims.execute("ALTER TABLE dwd.mx RENAME cnt TO sl")
    claims.execute('CREATE VIEW dwd."费用明细" AS SELECT * FROM dwd.mx')
    saved = tmp_path / "map.yml"
    saved.write_text("files:\n  - {file: 费用明细, headers: {sl: cnt}}\n", encoding="utf-8")
    address = postgres.address(database="claims")
    report = load_from(address, tmp_path / "lake", "dwd", saved)
    assert report.tables["fee_line"]["taken"] == 0 and report.refused_files[0]["file"] == "费用明细"  # a view has no comments
    saved.write_text("files:\n  - {file: mx, table: fee_line, headers: {sl: cnt}}\nignore: [费用明细]\n", encoding="utf-8")
    report = load_from(address, tmp_path / "lake2", "dwd", saved)
    assert report.clean and report.tables["fee_line"]["taken"] == 1
    with pytest.raises(InputError, match="没有模式"):
        load_from(address, tmp_path / "lake", "nonsense")


def test_a_sqlite_file(tmp_path: Path) -> None:
    address = sqlite_of(
        tmp_path / "claims.db", fee_line=[row("fee_line", cnt=2, pric=0.1, det_item_fee_sumamt=0.2, inscp_scp_amt=0.2)]
    )
    report = load_from(address, tmp_path / "lake")
    assert report.clean and query(tmp_path / "lake", "SELECT pric, det_item_fee_sumamt FROM {fee_line}") == [
        (Decimal("0.1"), Decimal("0.2"))
    ]


def test_what_goes_wrong_half_way_refuses_the_table(tmp_path: Path) -> None:
    address = sqlite_of(tmp_path / "claims.db")
    with open_database(address) as opened:
        parts = {part.name: part for part in survey_database(opened).parts}
        _, batches = parts["fee_line"].read(TABLES["fee_line"], {})
        opened._connection.connection.dbapi_connection.set_progress_handler(lambda: 1, 1)  # type: ignore[union-attr]
        with pytest.raises(FileRefused, match="interrupted"):
            list(batches)
        with pytest.raises(FileRefused, match="interrupted"):
            parts["person"].read(TABLES["person"], {})


WRONG = [
    ("nonsense", "地址写得不对"), ("postgresql://u:pw-x@127.0.0.1:1/x", "连不上"), ("nosuchdb://u:pw-x@h/x", "不认识的数据库种类"),
    ("sqlite:///nothing.db", "没有这个数据库文件"), ("mysql+nodriver://u:pw-x@h/x", "不认识的数据库种类"), ("postgresql+psycopg2://u:pw-x@h/x", "驱动"),
    ("postgresql://u:pw-x@nowhere.invalid/x", "连不上"), ("postgresql://u:pw-x@h:port/x", "地址写得不对"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "words"), WRONG)
def test_an_address_that_does_not_work_is_a_sentence_without_the_password(tmp_path: Path, address: str, words: str) -> None:
    done = hengjian("ingest", "--from", address, "--lake", tmp_path / "lake", cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and "办法" in done.stderr, done.stderr
    assert "pw-x" not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "nothing.db").exists()


def test_a_wrong_password_or_database_is_told_without_it(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    for address, words in (
        (postgres.address(password="pw-wrong"), "用户或密码不对"), (postgres.address(database="nonsense"), "没有这个库"),
    ):  # fmt: skip
        with pytest.raises(InputError) as told:
            load_from(address, tmp_path / "lake")
        assert words in str(told.value) and "pw-wrong" not in str(told.value) and PASSWORD not in str(told.value)
    with pytest.raises(InputError, match="数据库里没有表"):
        load_from(postgres.address(database="claims"), tmp_path / "lake")


def test_the_password_is_nowhere_in_what_is_kept(postgres: Postgres, claims: Any, tmp_path: Path) -> None:
    whole(claims)
    done = hengjian("ingest", "--from", postgres.address(database="claims"), "--lake", tmp_path / "lake", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["new"], done.stderr
    kept = (
        done.stdout
        + done.stderr
        + "".join(p.read_bytes().decode("utf-8", "replace") for p in (tmp_path / "lake").rglob("*") if p.is_file())
    )
    assert PASSWORD not in kept and "s3cret" not in kept
    assert open_lake(tmp_path / "lake").rows("fee_line") == 1


@pytest.mark.parametrize("module", ["sqlalchemy.exc", "psycopg"])
def test_a_missing_driver_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as told, open_database("postgresql://u:pw-x@h/x"):
        pass
    assert "pip install 'hengjian[db]'" in told.value.cure and "pw-x" not in str(told.value)


def test_a_folder_and_a_database_at_once_are_refused(tmp_path: Path) -> None:
    done = hengjian("ingest", tmp_path, "--from", "sqlite:///x.db")
    assert done.returncode == 2 and "只能写一个" in done.stderr
    assert "缺少参数" in hengjian("map").stderr
    assert "--schema 只用于数据库" in hengjian("ingest", tmp_path, "--schema", "x").stderr


def test_types_of_other_databases_become_exact_text() -> None:
    from uuid import UUID

    from hengjian.lake.ingest.readers.cells import to_array

    cells = [Decimal("1E+2"), Decimal("0.10"), 7, 0.1, True, None, b"ab", UUID(int=1), [1, "甲"]]
    assert to_array(cells, TABLES["fee_line"]["spec"]).to_pylist() == [
        "100", "0.10", "7", "0.1", "1", None, "ab", "00000000-0000-0000-0000-000000000001", '[1, "甲"]'
    ]  # fmt: skip
    assert isinstance(to_array([None], TABLES["fee_line"]["spec"]), pa.StringArray)
