"""Apache Spark: the province's engine. Executors read the lake's Parquet files themselves and write what they hit as Parquet;
nothing but the names of files passes through the driver.

Tables by person are spread by `psn_key` once and kept, so that joins and windows of texts of scope `person`, which all name it,
need no further exchange; knowledge is small and broadcast.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from hengjian.engine.backends.duckdb import both, create_candidates, load_table
from hengjian.engine.bind import Bound
from hengjian.engine.compile import compile_sql
from hengjian.engine.plan import COLLECT, HIT, INDICATOR, Plan, Text
from hengjian.kernel.errors import InputError
from hengjian.lake.place import quoted
from hengjian.lake.rows import MASK, mask_of, parquet_sql
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion

_SPARK = {"INTEGER": "int", "BIGINT": "bigint", "VARCHAR": "string"}
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": str(max(2, os.cpu_count() or 2)),
    "spark.sql.requireAllClusterKeysForCoPartition": "false",
    "spark.sql.cteRecursionLevelLimit": "4000",
    "spark.sql.cteRecursionRowLimit": "-1",
}


def open_session() -> Any:
    """The Spark session of this process: a cluster's, when started by `spark-submit`, else local on all cores. Raises InputError."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError("没有装 Spark", why=str(error), cure="pip install 'hengjian[spark]'，另需 Java 17") from error
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise InputError("没有 Java，Spark 起不来", cure="安装 Java 17，例如 apt-get install openjdk-17-jre-headless")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("hengjian")
    if "SPARK_ENV_LOADED" not in os.environ:
        builder = builder.master("local[*]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def schema_text(columns: Mapping[str, str]) -> str:
    """Rule-layer types as a Spark schema."""
    return ", ".join(f"{name} {_SPARK[sql]}" for name, sql in columns.items())


class SparkBackend:
    """Judges in Spark; the connection holds only what citing needs."""

    def __init__(self, con: duckdb.DuckDBPyConnection, plan: Plan, bound: Bound, scratch: Path) -> None:
        self._con, self._plan, self._scratch = con, plan, scratch / "spark"
        self._keep = create_candidates(con, plan, bound)
        self._spark = open_session()
        self._kept: list[Any] = []
        shutil.rmtree(self._scratch, ignore_errors=True)
        for name in (*bound.tables, *(("candidate",) if self._keep else ())):
            self._send(name, bound.tables.get(name, {"item_key": "BIGINT"}))

    def _send(self, name: str, columns: Mapping[str, str]) -> None:
        """A small table of the connection, through a Parquet file, as a view to broadcast."""
        from pyspark.sql.functions import broadcast

        folder = self._scratch / "sent" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._con.execute(
            f"COPY (SELECT {', '.join(columns)} FROM {name}) TO {quoted(folder / 'rows.parquet')} (FORMAT parquet)"
        ).fetchall()
        frame = self._spark.read.schema(schema_text(columns)).parquet(str(folder))
        broadcast(frame).createOrReplaceTempView(name)

    def adopt(self) -> None:
        """See `Backend`."""
        for table, columns in self._plan.read.items():
            self._send(table, {c: LAYER[table].by_name[c].sql for c in sorted(columns)})

    def load(self, lake: LakeVersion, buckets: list[int] | None, where: str) -> None:
        """See `Backend`."""
        whole = buckets is None
        self._forget()
        if where and not whole:
            self._send("chosen", {"psn_key": "BIGINT"})
        for table, names in COLLECT.items():
            if table != "institution":
                load_table(self._con, lake, table, names, buckets, where if not whole else "", "VIEW")
        if self._plan.columns.get("diagnosis"):
            load_table(self._con, lake, "diagnosis", ("psn_key", "diag_key"), buckets, where if not whole else "", "VIEW")
        read = self._plan.whole if whole else self._plan.columns
        for table, columns in read.items():
            spec = {c: LAYER[table].by_name[c].sql for c in sorted(columns)}
            by_person = LAYER[table].by_person
            frame = self._current(lake, f"rule_{table}", spec, None if whole or not by_person else buckets)
            keep = both(self._keep if table == "fee_line" and not whole else "", where if by_person and not whole else "")
            if keep:
                frame.createOrReplaceTempView("t_source")
                frame = self._spark.sql(
                    compile_sql(f"SELECT {', '.join(f't.{c}' for c in spec)} FROM t_source AS t WHERE {keep}", "spark")
                )
            if by_person and not whole:
                frame = frame.repartition("psn_key").persist()
                self._kept.append(frame)
            frame.createOrReplaceTempView(table)

    def _current(self, lake: LakeVersion, table: str, spec: Mapping[str, str], buckets: list[int] | None) -> Any:
        """The current rows of a rule table: its files, less what later loads masked (see `lake.rows`)."""
        from pyspark.sql.functions import broadcast, col

        paths = sorted({path for b in buckets for path in lake.files(table, b)} if buckets is not None else lake.files(table))
        if not paths:
            return self._spark.createDataFrame([], schema_text(spec))
        masking = mask_of(table)
        stamps = {"bucket": "INTEGER", "load_no": "INTEGER"} if masking else {}
        unit = {masking[1]: "BIGINT"} if masking else {}
        frame = self._spark.read.schema(schema_text({**spec, **unit, **stamps})).parquet(*paths)
        if buckets is not None:
            frame = frame.where(col("bucket").isin(buckets))
        if masking and lake.masks.get(masking[0]):
            mask = self._spark.read.schema(schema_text(MASK)).parquet(*lake.files("mask")).where(col("tab") == masking[0])
            mask = (
                mask.groupBy(col("key").alias("_gone_key")).agg({"load_no": "max"}).withColumnRenamed("max(load_no)", "_gone")
            )
            dead = (col(masking[1]) == col("_gone_key")) & (col("load_no") < col("_gone"))
            frame = frame.join(broadcast(mask), dead, "left_anti")
        return frame.select(*spec)

    def _forget(self) -> None:
        for frame in self._kept:
            frame.unpersist()
        self._kept = []

    def judge(self, texts: Sequence[Text]) -> None:
        """See `Backend`."""
        for text in texts:
            finding = text.output == "finding"
            spec = HIT if finding else INDICATOR
            folder = self._scratch / "hits" / text.name
            casts = ", ".join(f"CAST({c} AS {_SPARK[spec[c]]}) AS {c}" for c in text.returns)
            frame = self._spark.sql(f"SELECT {casts} FROM ({compile_sql(text.sql, 'spark')})")
            frame.write.mode("overwrite").parquet(str(folder))
            paths = sorted(str(p) for p in folder.glob("*.parquet"))
            if paths:
                names = ", ".join(text.returns)
                target = "hit" if finding else "indicator"
                self._con.execute(f"INSERT INTO {target} ({names}) SELECT {names} FROM {parquet_sql(paths)}").fetchall()

    def close(self) -> None:
        """Drop what was kept and written. The session stays: starting one takes seconds."""
        self._forget()
        shutil.rmtree(self._scratch, ignore_errors=True)
