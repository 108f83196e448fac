"""An audit of what changed since an earlier one: only persons anything was loaded about are judged again, the rest is carried over.

The result is the full audit's, byte for byte. Whatever makes that doubtful (other rules, another lake, other travelling knowledge,
results that are not whole) makes the audit a full one, and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.engine.backends.duckdb import refused_visits
from hengjian.engine.finding import FINDING_SCHEMA
from hengjian.kernel.errors import HengjianError, InputError
from hengjian.lake.derive import key_sql
from hengjian.lake.place import one_file
from hengjian.lake.rows import RULE, RULE_PERSON, parquet_sql, rows_sql
from hengjian.lake.schema.layer import DICTIONARIES
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers

WITHDRAWN = "withdrawn.parquet"
SHADOW, SPARED = "shadow.parquet", "spared.parquet"
WITHDRAWN_SCHEMA = pa.schema(
    [*FINDING_SCHEMA, ("withdrawn_version", pa.string()), ("withdrawn_at", pa.string()), ("withdrawn_why", pa.string())]
)
"""Findings of earlier audits that hold no more: as they were, the data version in which they vanished, when, and whether the rule
(`rule`) or the data (`data`) changed. A finding that comes back leaves the list."""


@dataclass(frozen=True)
class Earlier:
    """Results that lie in the output folder: what `audit.json` says of them, and their findings."""

    told: dict[str, Any]
    findings: Path

    @property
    def version(self) -> int:
        return int(self.told["data_version"])

    @property
    def shadow(self) -> Path:
        """Where the hits of its shadow rules are."""
        return self.findings.with_name(SHADOW)

    @property
    def spared(self) -> Path:
        """Where what the site's exemptions took out is."""
        return self.findings.with_name(SPARED)

    def spared_is_whole(self) -> bool:
        """Whether it is there."""
        try:
            return bool(pq.read_metadata(self.spared).num_rows == self.told["spared"])
        except (OSError, KeyError, pa.ArrowException):
            return False

    def shadow_is_whole(self, pack: str) -> bool:
        """Whether the same shadow rules ran, and their hits are there."""
        try:
            return bool(self.told["shadow_pack"] == pack and pq.read_metadata(self.shadow).num_rows == self.told["shadow_hits"])
        except (OSError, KeyError, pa.ArrowException):
            return False


def earlier_results(out: Path, lake: LakeVersion) -> Earlier | None:
    """The results of an earlier audit of this lake in `out`; None when there are none that can be read whole."""
    try:
        told = json.loads((out / "audit.json").read_text(encoding="utf-8"))
        found = Earlier(told, out / "findings.parquet")
        same = told["lake"] == str(lake.root) and pq.read_schema(found.findings).names == FINDING_SCHEMA.names
        return found if same and pq.read_metadata(found.findings).num_rows == told["findings"] and found.version else None
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return None


def version_since(lake: LakeVersion, since: str) -> int:
    """The data version that stood before `since`: a version number, a day (YYYY-MM-DD: what was loaded that day counts as new), or
    `last`. Raises InputError."""
    numbers = [n for n in version_numbers(lake.root) if n <= lake.number]
    if since == "last":
        return lake.number
    if re.fullmatch(r"\d{1,6}", since):
        if int(since) > lake.number:
            raise InputError(f"还没有第 {since} 版", where="--since", why=f"要审计的是第 {lake.number} 版", cure="换一个版本号")
        return int(since)
    try:
        day = date.fromisoformat(since)
    except ValueError as error:
        raise InputError(
            "起点读不出", where="--since", why=f"“{since}”", cure="写日期（2026-11-24）、版本号，或 last（上次审计以来）"
        ) from error
    before = [n for n in numbers if datetime.fromisoformat(open_lake(lake.root, n).created_at).date() < day]
    return max(before, default=0)


def choose(
    con: duckdb.DuckDBPyConnection, earlier: Earlier | None, lake: LakeVersion, since: str, pack: str, shadow_pack: str = ""
) -> str:
    """Fill the table `chosen` (psn_key) with everybody to judge again, and return why that cannot be said (empty: it can).

    `pack`: fingerprint of the rules and knowledge of this audit, `shadow_pack` that of its shadow rules (empty: none run).
    """
    start = version_since(lake, since)
    if earlier is None:
        return "结果文件夹里没有这个数据湖以前的完整结果"
    if earlier.told.get("rule_pack") != pack or earlier.told.get("left_out"):
        return "规则或知识与上次不同"
    if shadow_pack and not earlier.shadow_is_whole(shadow_pack):
        return "影子规则与上次不同"
    if not earlier.spared_is_whole():
        return "上次免除了什么，没有留下"
    start = min(start, earlier.version)
    if earlier.version > lake.number:
        return "结果文件夹里的结果比要审计的版本新"
    try:
        then = open_lake(lake.root, start)
        if changed := [t.label for t in LOCAL.values() if lake.files(t.name) != then.files(t.name)]:
            return f"随数据来的知识变了（{'、'.join(changed)}）"
        if lake.files("price") != then.files("price"):
            return "价格表变了"
        _choose(con, earlier, then, lake)
    except HengjianError as error:
        return f"第 {start} 版读不出（{error.what}）"
    return ""


def _choose(con: duckdb.DuckDBPyConnection, earlier: Earlier, then: LakeVersion, now: LakeVersion) -> None:
    con.execute("CREATE OR REPLACE TABLE chosen (psn_key BIGINT)").fetchall()
    parts = []
    for table in ("rule_encounter", "rule_person"):
        if fresh := sorted(set(now.files(table)) - set(then.files(table))):
            parts.append(f"SELECT psn_key FROM {parquet_sql(fresh)} WHERE load_no > {then.number}")
    if masks := now.files("mask"):
        parts.append(
            f"SELECT psn_key FROM {parquet_sql(masks)} WHERE load_no > {then.number} AND tab IN ('{RULE}', '{RULE_PERSON}')"
        )
    if orgs := _changed_institutions(con, then, now):
        listed = ", ".join(map(str, orgs))
        parts.append(
            f"SELECT psn_key FROM {rows_sql(now, 'rule_encounter', ('psn_key', 'org_key'))} WHERE org_key IN ({listed})"
        )
    if doctors := _changed_practitioners(con, then, now):
        con.execute("CREATE OR REPLACE TEMP TABLE reregistered (code VARCHAR)").fetchall()
        con.executemany("INSERT INTO reregistered VALUES (?)", [[code] for code in doctors])
        parts.append(
            f"""SELECT psn_key FROM {rows_sql(now, "rule_fee_line", ("psn_key", "bilg_dr_codg"))}
                WHERE bilg_dr_codg IN (SELECT code FROM reregistered)"""
        )
    if now.files("rejects") != then.files("rejects") or now.files("reject_ends") != then.files("reject_ends"):
        old, new = refused_visits(then), refused_visits(now)
        parts.append(
            f"""SELECT psn_key FROM {rows_sql(now, "rule_encounter", ("psn_key", "mdtrt_id"))}
                WHERE mdtrt_id IN (({old} EXCEPT {new}) UNION ALL ({new} EXCEPT {old}))"""
        )
    if named := _renamed(con, then, now):
        con.execute("CREATE OR REPLACE TEMP TABLE renamed (name VARCHAR)").fetchall()
        con.executemany("INSERT INTO renamed VALUES (?)", [[name] for name in named])
        parts.append(
            f"""SELECT {key_sql("psn_no")} AS psn_key FROM read_parquet({one_file(earlier.findings)}) AS f
                WHERE psn_no IS NOT NULL AND EXISTS (SELECT 1 FROM renamed AS r WHERE contains(f.message || f.evidence, r.name))"""
        )
    if parts:
        con.execute(f"INSERT INTO chosen SELECT DISTINCT psn_key FROM ({' UNION ALL '.join(parts)})").fetchall()


def _changed_institutions(con: duckdb.DuckDBPyConnection, then: LakeVersion, now: LakeVersion) -> list[int]:
    """Keys of institutions of which something changed that rules may read."""
    old, new = (rows_sql(version, "rule_institution") for version in (then, now))
    if not old or now.files("rule_institution") == then.files("rule_institution"):
        return []
    one, other = (f"SELECT * FROM {a} EXCEPT SELECT * FROM {b}" for a, b in ((old, new), (new, old)))
    return [key for (key,) in con.execute(f"SELECT DISTINCT org_key FROM ({one} UNION ALL {other})").fetchall()]


def _changed_practitioners(con: duckdb.DuckDBPyConnection, then: LakeVersion, now: LakeVersion) -> list[str]:
    """Codes of practitioners whose registrations changed in what rules may read."""
    old, new = (rows_sql(version, "rule_practitioner") for version in (then, now))
    if not new or now.files("rule_practitioner") == then.files("rule_practitioner"):
        return []
    changed = f"SELECT * FROM {new}"
    if old:
        changed = f"(SELECT * FROM {old} EXCEPT SELECT * FROM {new}) UNION ALL (SELECT * FROM {new} EXCEPT SELECT * FROM {old})"
    return [code for (code,) in con.execute(f"SELECT DISTINCT prac_psn_code FROM ({changed})").fetchall()]


def _renamed(con: duckdb.DuckDBPyConnection, then: LakeVersion, now: LakeVersion) -> list[str]:
    """Names that codes bore then and bear no more: a sentence that says one is said anew."""
    found: list[str] = []
    for name in DICTIONARIES:
        table = f"code_{name}"
        old, new = (rows_sql(version, table) for version in (then, now))
        if old and now.files(table) != then.files(table):
            sql = f"SELECT o.name FROM {old} AS o JOIN {new} AS n ON n.key = o.key WHERE n.name IS DISTINCT FROM o.name AND o.name <> ''"
            found += [text for (text,) in con.execute(sql).fetchall()]
    return found


def carried_sql(findings: Path, person_rules: Sequence[str], data_version: int) -> str:
    """SELECT of earlier findings (or shadow hits) that stand: of rules that judge one person at a time, about persons not judged again."""
    listed = ", ".join(f"'{rule_id}'" for rule_id in person_rules) or "''"
    names = ", ".join(n for n in FINDING_SCHEMA.names if n != "data_version")
    return f"""SELECT {names}, '{data_version}' AS data_version FROM read_parquet({one_file(findings)})
               WHERE rule_id IN ({listed}) AND {key_sql("psn_no")} NOT IN (SELECT psn_key FROM chosen)"""


def withdraw(
    con: duckdb.DuckDBPyConnection,
    earlier: Earlier | None,
    kept: Path,
    found: Path,
    shadow: Path,
    rules: Sequence[str] | None,
    now: str,
    version: int,
) -> pa.Table:
    """Findings that hold no more, those of earlier audits (`kept`, the list so far) among them, less those found again.

    `found`: the findings of this audit; `shadow`: its hits that open nothing; `rules`: what it ran, None for all. Columns of WITHDRAWN_SCHEMA, sorted by id.
    """
    names = ", ".join(FINDING_SCHEMA.names)
    parts = []
    if kept.is_file() and earlier is not None:
        parts.append(f"SELECT * FROM read_parquet({one_file(kept)})")
    if earlier is not None:
        ran = f"rule_id IN ({', '.join(repr(r) for r in rules)})" if rules is not None else "true"
        parts.append(
            f"""SELECT {names}, '{version}' AS withdrawn_version, '{now}' AS withdrawn_at,
                       CASE WHEN h.fingerprint = f.rule_fingerprint AND f.finding_id NOT IN (SELECT finding_id FROM read_parquet({one_file(shadow)}))
                            THEN 'data' ELSE 'rule' END AS withdrawn_why
                FROM read_parquet({one_file(earlier.findings)}) AS f LEFT JOIN (SELECT rule_id AS id, fingerprint FROM rule_head WHERE shadow = 0) AS h ON h.id = f.rule_id
                WHERE {ran}"""
        )
    if not parts:
        return WITHDRAWN_SCHEMA.empty_table()
    return con.sql(
        f"""SELECT DISTINCT ON (finding_id) * FROM ({" UNION ALL ".join(parts)}) AS w
            WHERE finding_id NOT IN (SELECT finding_id FROM read_parquet({one_file(found)})) ORDER BY finding_id, withdrawn_version"""
    ).to_arrow_table()
