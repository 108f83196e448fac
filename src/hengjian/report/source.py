"""An audit folder, opened: `audit.json`, `rules.csv`, `findings.parquet` and, where present, `score.json`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hengjian.engine.finding import RULES_CSV
from hengjian.engine.results import settle, stamp
from hengjian.engine.totals import once_sql
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.place import one_file
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion

SETUP = {
    "finding": (
        "影子规则之外的疑点",
        "SELECT * FROM 'findings.parquet' WHERE rule_id NOT IN (SELECT rule_id FROM 'rules.csv' WHERE status = 'shadow')",
    ),
    "once": ("每条疑点可计入合计的金额：同一行、同一次就诊只计一次", once_sql("finding").strip()),
}
"""The two relations every figure of a report is taken from: name, meaning, SQL as a reader may run it in the audit folder."""


@dataclass(frozen=True)
class Rule:
    """One row of rules.csv."""

    rule_id: str
    official_code: str
    r_code: str
    family: str
    title: str
    certainty: str
    theme: str
    category: str
    status: str
    basis: str

    @property
    def is_shadow(self) -> bool:
        return self.status == "shadow"

    @property
    def is_waiting(self) -> bool:
        """Active, but its knowledge table is missing, so it did not run."""
        return self.status == "waiting"


@dataclass(frozen=True)
class Audit:
    """`audit.json`: what was checked, with what, when. The period is half-open. Money in yuan."""

    raw: dict[str, Any]

    @property
    def place(self) -> str:
        return str(self.raw.get("title_place") or "")

    @property
    def title(self) -> str:
        return f"{self.place}医保基金审计报告"

    @property
    def number(self) -> str:
        return str(self.raw.get("audit_no") or "")

    @property
    def start(self) -> date:
        return date.fromisoformat(self.raw["period"][0])

    @property
    def end(self) -> date:
        return date.fromisoformat(self.raw["period"][1])

    @property
    def data_date(self) -> date | None:
        text = self.raw.get("data_date")
        return date.fromisoformat(text[:10]) if text else None

    @property
    def generated_at(self) -> datetime:
        return datetime.fromisoformat(self.raw["generated_at"])

    @property
    def is_demo(self) -> bool:
        return bool(self.raw.get("demo"))

    @property
    def waiting(self) -> dict[str, str]:
        """Rules that did not run, with the knowledge table each misses."""
        return dict(self.raw.get("waiting") or {})

    def count(self, name: str) -> int:
        """A count of the audit (lines, encounters …); 0 when it was not written."""
        return int(self.raw.get(name) or 0)


@dataclass(frozen=True)
class Source:
    """One audit, ready to be asked. `con` knows the relations `finding`, `once` and `all_finding`."""

    out: Path
    audit: Audit
    rules: dict[str, Rule]
    scores: dict[str, dict[str, Any]]
    con: duckdb.DuckDBPyConnection

    @property
    def findings(self) -> Path:
        return self.out / "findings.parquet"


def open_audit(out: Path) -> Source:
    """Open an audit folder. Raises InputError when something is missing or cannot be read."""
    while True:
        settle(out)
        before = stamp(out)
        source = _open(out)
        if stamp(out) == before:
            return source
        source.con.close()  # another audit put its results here meanwhile


def _open(out: Path) -> Source:
    try:
        for name in ("findings.parquet", "rules.csv", "audit.json"):
            if not (out / name).is_file():
                why = f"没有 {name}" if out.is_dir() else "没有这个文件夹"
                cure = "先运行 hengjian audit --lake 数据湖 --out 文件夹"
                raise InputError("找不到审计结果", where=str(out), why=why, cure=cure)
    except OSError as error:
        raise InputError("审计结果读不了", where=str(out), why=cause_of(error), cure="请管理员开读的权限") from error
    with _readable("审计说明", out / "audit.json"):
        audit = Audit(json.loads((out / "audit.json").read_text(encoding="utf-8")))
        _ = (audit.start, audit.end, audit.generated_at, audit.data_date)
    with _readable("规则清单", out / "rules.csv"):
        rules = _read_rules(out / "rules.csv")
    with _readable("评分结果", out / "score.json"):
        scores = _read_scores(out / "score.json")
    with _readable("疑点文件", out / "findings.parquet"):
        con = _connect(out / "findings.parquet", rules)
    return Source(out, audit, rules, scores, con)


@contextmanager
def _readable(what: str, path: Path) -> Iterator[None]:
    """Whatever is wrong with a file of the audit is a sentence."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, csv.Error, duckdb.Error) as error:
        raise InputError(f"{what}读不出来", where=str(path), why=cause_of(error), cure="重新运行 hengjian audit") from error


def _connect(findings: Path, rules: dict[str, Rule]) -> duckdb.DuckDBPyConnection:
    findings.open("rb").close()
    con = duckdb.connect()
    shadows = pa.table({"rule_id": pa.array([r.rule_id for r in rules.values() if r.is_shadow], pa.string())})
    con.execute("CREATE TEMP TABLE shadow_rule AS SELECT * FROM shadows")
    con.execute(f"CREATE TEMP VIEW all_finding AS SELECT * FROM read_parquet({one_file(findings)})")
    con.execute("CREATE TEMP VIEW finding AS SELECT * FROM all_finding WHERE rule_id NOT IN (SELECT rule_id FROM shadow_rule)")
    con.execute(f"CREATE TEMP TABLE once AS {once_sql('finding')}")
    del shadows
    return con


def _read_rules(path: Path) -> dict[str, Rule]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {row["rule_id"]: Rule(*(row.get(column) or "" for column in RULES_CSV)) for row in rows}


def _read_scores(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    themes = json.loads(path.read_text(encoding="utf-8")).get("themes", [])
    return {row["theme"]: row for row in themes}


def lake_view(con: duckdb.DuckDBPyConnection, lake: LakeVersion | None, table: str) -> bool:
    """Make `table` of the lake readable under its own name. False when there is no lake or the table was never loaded."""
    rows = rows_sql(lake, table)
    if rows:
        con.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM {rows}")
    return bool(rows)
