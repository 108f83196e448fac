"""The rows of a lake version: files less what later loads masked. Every reader of a table goes through here."""

from __future__ import annotations

from collections.abc import Iterable

from hengjian.lake.place import quoted_list
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion

MASK = {"tab": "VARCHAR", "id": "VARCHAR", "key": "BIGINT", "psn_key": "BIGINT", "load_no": "INTEGER"}
"""Columns of the table `mask`: rows of `tab` whose unit is `id` (rule tables: `key`) count no more when they were written before
load `load_no`. `tab` is a lake table, `rule` (the rule tables of encounters) or `rule_person`."""

RULE = "rule"
RULE_PERSON = "rule_person"


def mask_of(table: str) -> tuple[str, str, str] | None:
    """What masks a table: `tab`, the table's own column, and the mask's column it equals. None: a table that is never masked."""
    if table.startswith("rule_"):
        spec = LAYER[table.removeprefix("rule_")]
        if not spec.by_person:
            return None
        return (RULE_PERSON, "psn_key", "key") if table == RULE_PERSON else (RULE, "mdtrt_key", "key")
    if table in TABLES and TABLES[table].by_person:
        return (table, TABLES[table].unit, "id")
    return None


def rows_sql(
    version: LakeVersion | None,
    table: str,
    columns: Iterable[str] | None = None,
    buckets: Iterable[int] | None = None,
    among: Iterable[str] | None = None,
) -> str:
    """A parenthesised SELECT of the current rows of a table (`columns`; None: as stored), of some person buckets or all.

    `among`: of these files of the table only. Empty text where no file can hold any. Raises LakeError for a file that is missing.
    """
    if version is None:
        return ""
    masking = mask_of(table)
    chosen = sorted(set(buckets)) if buckets is not None and masking else None
    if chosen is None:
        paths = version.files(table)
    else:
        paths = sorted({path for bucket in chosen for path in version.files(table, bucket)})
    if among is not None:
        paths = sorted(set(paths) & set(among))
    if not paths:
        return ""
    names = ", ".join(f"t.{c}" for c in columns) if columns is not None else "t.*"
    where = [f"t.bucket IN ({', '.join(map(str, chosen))})"] if chosen is not None else []
    join = ""
    if masking and version.masks.get(masking[0]):
        tab, own, other = masking
        gone = f"SELECT {other}, MAX(load_no) AS gone FROM {parquet_sql(version.files('mask'))} WHERE tab = '{tab}' GROUP BY {other}"
        join = f" LEFT JOIN ({gone}) AS m ON m.{other} = t.{own}"
        where.append("COALESCE(m.gone, 0) <= t.load_no")
    return f"(SELECT {names} FROM {parquet_sql(paths)} AS t{join}{' WHERE ' + ' AND '.join(where) if where else ''})"


def parquet_sql(paths: Iterable[str]) -> str:
    """`read_parquet([...])` over an explicit list of files, as they are."""
    return f"read_parquet({quoted_list(paths)}, hive_partitioning = false)"
