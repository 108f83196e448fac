"""An audit: plan, run over every person bucket, collect, write."""

from __future__ import annotations

import csv
import json
import resource
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from hengjian.engine import collect
from hengjian.engine.backends import open_backend
from hengjian.engine.backends.duckdb import attach_small_tables, batches, connect
from hengjian.engine.bind import Bound, bind, fill, met_rulebook, rows_in_force
from hengjian.engine.finding import COUNTS_CSV, RULES_CSV
from hengjian.engine.groups import grow_groups
from hengjian.engine.increment import SHADOW, SPARED, WITHDRAWN, carried_sql, choose, earlier_results, withdraw
from hengjian.engine.pack import PACK, write_pack
from hengjian.engine.plan import Plan, make_plan
from hengjian.engine.totals import grand_total, rule_sums
from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError
from hengjian.kernel.keys import BUCKETS
from hengjian.lake.place import one_file
from hengjian.lake.rows import parquet_sql, rows_sql
from hengjian.lake.upkeep.notes import leave_note
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import SCOPES, Rule, Rulebook

Progress = Callable[[int, int], None]

CHOSEN = "t.psn_key IN (SELECT psn_key FROM chosen)"
"""The condition that narrows the tables by person to the persons of the table `chosen`."""


@dataclass(frozen=True)
class AuditResult:
    """What an audit did; written as `audit.json`. Amounts in yuan as text, period half-open.

    `shadow_hits`, `shadow_fund`: what rules in shadow hit, counted once; nothing was opened. `spared`, `spared_fund`: what the site's
    `exemptions` took out of the findings, counted once. `site`: the site folder, if any.
    `rejudged`: persons an incremental audit judged again, None after a full one; `full_because`: why an incremental one was full.
    """

    audit_no: str
    title_place: str
    lake: str
    data_version: int
    data_date: str
    period: tuple[str, str]
    generated_at: str
    engine: str
    rules_active: int
    rules_shadow: int
    waiting: dict[str, str]
    left_out: list[str]
    rule_pack: str
    knowledge_rows: int
    seconds: float
    peak_mb: int
    lines: int
    encounters: int
    persons: int
    institutions: int
    fund_total: str
    findings: int
    withdrawn: int
    rejudged: int | None
    full_because: str
    indicators: int
    amount_total: str
    amount_inscope: str
    amount_fund: str
    demo: bool
    site: str
    approvals: int
    shadow_pack: str
    shadow_hits: int
    shadow_fund: str
    exemptions: int
    spared: int
    spared_fund: str
    incomplete: int


def active_rules(rulebook: Rulebook, only: Sequence[str] | None = None) -> list[Rule]:
    """Active rules, or those named. Raises InputError for an unknown name."""
    if only:
        if unknown := [name for name in only if name not in rulebook.rules]:
            near = [n for name in unknown for n in get_close_matches(name, rulebook.rules, 3)]
            cure = (f"是不是 {'、'.join(near)}？" if near else "") + "全部编号见 hengjian rules list"
            raise InputError("没有这条规则：" + "、".join(unknown), cure=cure)
        return [rulebook.rules[name] for name in only]
    return rulebook.active


def judge_lake(
    con: duckdb.DuckDBPyConnection,
    lake: LakeVersion,
    rulebook: Rulebook,
    rules: Sequence[Rule],
    scratch: Path,
    *,
    engine: str = "duckdb",
    persons: Sequence[int] | None = None,
    knowledge: LakeVersion | None = None,
    shadow: Collection[str] = (),
    progress: Progress | None = None,
) -> tuple[Bound, Plan]:
    """Judge a lake version with `rules`: afterwards `found` and `indicator` of the connection hold what was found.

    `persons` (keys) narrows texts of scope `person` to them; `knowledge` is the version whose travelling knowledge is used, if another;
    `shadow` names the rules that open nothing. Rules whose text does not run on `engine` are left out.
    """
    attach_small_tables(con, lake, knowledge)
    if persons is not None:
        fill(con, "chosen", {"psn_key": "BIGINT"}, [(p,) for p in persons])
    bound = bind(con, rulebook, rules)
    plan = make_plan(rulebook, rules, bound)
    collect.create_tables(con, rulebook, rules, bound, shadow)
    backend = open_backend(engine, con, plan, bound, scratch)
    try:
        texts = {scope: [t for t in plan.of_scope(scope) if engine in t.engines] for scope in SCOPES}
        groups = list(batches(lake)) if persons is None else [sorted({p % BUCKETS for p in persons})]
        where = "" if persons is None else CHOSEN
        steps = len(groups) + bool(texts["whole"])
        for done, buckets in enumerate(groups if texts["person"] else []):
            backend.load(lake, buckets, where)
            backend.judge(texts["person"])
            collect.cite(con)
            if progress:
                progress(done + 1, steps)
        if texts["whole"]:
            backend.load(lake, None, "")
            backend.judge(texts["whole"])
            collect.cite(con)
            grow_groups(con)
        collect.exempt(con)
        collect.leave_incomplete(con)
        collect.place(con)
        if progress:
            progress(steps, steps)
    finally:
        backend.close()
    return bound, plan


def run_audit(
    lake: LakeVersion,
    rulebook: Rulebook,
    out: Path,
    *,
    former: Path | None = None,
    only: Sequence[str] | None = None,
    engine: str = "duckdb",
    now: datetime,
    since: str | None = None,
    with_shadow: bool = True,
    site: Path | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Audit a lake version with the active rules and write findings.parquet, shadow.parquet (what rules in shadow hit), spared.parquet (what
    the site's exemptions took out), withdrawn.parquet (earlier findings that hold no more),
    indicators.parquet, rules.csv, the rulebook that judged (`rulebook.zip`) and audit.json into `out`: a folder of `results` where
    others may read it.

    `former`: the folder of earlier results; None: `out`. `since` (see `increment.version_since`): judge again only whom something was
    loaded about since then, and carry over the rest of the earlier results; the findings are those of a full audit. Shadow rules run
    beside the active ones unless rules are named in `only`, or not `with_shadow`. `site`: the folder the rulebook was completed from.
    """
    started = time.perf_counter()
    out = _prepare(out)
    former = (former or out).resolve()
    leave_note(lake, former, now)
    scratch = out / ".spill"
    rules = active_rules(rulebook, only)
    shadow = [r for r in rulebook.rules.values() if r.status == "shadow"] if with_shadow and not only else []
    ran = [*rules, *shadow]
    con = connect(scratch)
    try:
        earlier = earlier_results(former, lake)
        pack = rulebook.pack_fingerprint(rules)
        names = {r.rule_id for r in shadow}
        partly = [r for r in ran if r.rule_id in names or r.places]
        shadow_pack = rulebook.pack_fingerprint(partly) if partly else ""
        full_why = choose(con, earlier, lake, since, pack, shadow_pack) if since else ""
        persons = None
        if since and not full_why:
            persons = [key for (key,) in con.execute("SELECT psn_key FROM chosen ORDER BY 1").fetchall()]
        bound, plan = judge_lake(
            con, lake, rulebook, ran, scratch, engine=engine, persons=persons, shadow=names, progress=progress
        )
        carried = shadow_carried = spared_carried = ""
        if persons is not None and earlier is not None:
            alone = {t.name for t in plan.of_scope("person")}
            person_rules = [r.rule_id for r in ran if (r.family or r.rule_id) in alone]
            ours = [n for n in person_rules if n not in names]
            carried = carried_sql(earlier.findings, ours, lake.number)
            spared_carried = carried_sql(earlier.spared, ours, lake.number)
            quiet = {r.rule_id for r in partly}
            shadow_carried = carried_sql(earlier.shadow, [n for n in person_rules if n in quiet], lake.number) if partly else ""
        scratch.mkdir(exist_ok=True)
        fresh = scratch / "findings.parquet"
        count = collect.write_findings(con, fresh, lake.number, carried)
        shadow_hits = collect.write_findings(con, out / SHADOW, lake.number, shadow_carried, collect.SHADOW)
        gone = withdraw(
            con, earlier, former / WITHDRAWN, fresh, out / SHADOW, only, now.isoformat(timespec="seconds"), lake.number
        )
        pq.write_table(gone, out / WITHDRAWN, compression="zstd")
        fresh.replace(out / "findings.parquet")
        shadow_totals = grand_total(con, f"read_parquet({one_file(out / SHADOW)})")
        spared = collect.write_findings(con, out / SPARED, lake.number, spared_carried, collect.SPARED)
        spared_totals = grand_total(con, f"read_parquet({one_file(out / SPARED)})")
        indicators = collect.write_indicators(con, out / "indicators.parquet")
        totals = grand_total(con, f"read_parquet({one_file(out / 'findings.parquet')})")
        _write_rules(out, ran, bound)
        write_pack(out / PACK, met_rulebook(rulebook, bound), ran)
        left_out = {t.name for t in plan.texts if engine not in t.engines}
        result = AuditResult(
            audit_no=f"SJ-{now:%Y%m%d}-{lake.number:04d}",
            title_place=str(lake.load.get("manifest", {}).get("place", "")),
            lake=str(lake.root),
            data_version=lake.number,
            data_date=lake.data_date,
            period=_period(con, lake),
            generated_at=now.isoformat(timespec="seconds"),
            engine=engine_name(engine),
            rules_active=sum(r.rule_id not in bound.waiting for r in rules),
            rules_shadow=sum(r.status == "shadow" for r in rulebook.rules.values()),
            waiting={rule_id: table for rule_id, table in bound.waiting.items() if rule_id not in names},
            left_out=sorted(r.rule_id for r in rules if (r.family or r.rule_id) in left_out),
            rule_pack=pack,
            knowledge_rows=rows_in_force([r for r in rules if r.rule_id not in names], rulebook, bound.points),
            seconds=round(time.perf_counter() - started, 2),
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            lines=lake.rows("fee_line"),
            encounters=lake.rows("encounter"),
            persons=lake.rows("person"),
            institutions=lake.rows("institution"),
            fund_total=_fund_total(con, lake),
            findings=count,
            withdrawn=len(gone),
            rejudged=None if persons is None else len(persons),
            full_because=full_why,
            indicators=indicators,
            amount_total=str(totals["amount_total"]),
            amount_inscope=str(totals["amount_inscope"]),
            amount_fund=str(totals["amount_fund"]),
            demo="synthetic" in str(lake.load.get("manifest", {}).get("sender", "")),
            site=str(site.resolve()) if site else "",
            approvals=len(rulebook.approvals),
            shadow_pack=shadow_pack,
            shadow_hits=shadow_hits,
            shadow_fund=str(shadow_totals["amount_fund"]),
            exemptions=len(rulebook.exemptions),
            spared=spared,
            spared_fund=str(spared_totals["amount_fund"]),
            incomplete=_incomplete(con, out / SPARED),
        )
        (out / "audit.json").write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
        return result
    finally:
        con.close()
        shutil.rmtree(scratch, ignore_errors=True)


def engine_name(engine: str) -> str:
    """Name and version of an engine, for the report."""
    if engine == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    if engine == "spark":
        return f"Apache Spark {version('pyspark')}"
    return f"DuckDB {duckdb.__version__}"


def _prepare(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".probe"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise InputError(
            "结果文件夹写不进去", where=str(out), why=str(error), cure="换一个可写的文件夹，或请管理员开权限"
        ) from error
    return out.resolve()


def _period(con: duckdb.DuckDBPyConnection, lake: LakeVersion) -> tuple[str, str]:
    """From the first to after the last day of a fee line. The files' statistics say them; where rows are masked, a look whether a line
    of those days still stands ends at the first one."""
    lines = rows_sql(lake, "rule_fee_line", ("fee_day",))
    if not lines:
        return (lake.data_date, lake.data_date)
    ((first, last),) = con.execute(
        f"SELECT MIN(fee_day), MAX(fee_day) FROM {parquet_sql(lake.files('rule_fee_line'))}"
    ).fetchall()
    if lake.masks and not all(
        con.execute(f"SELECT 1 FROM {lines} WHERE fee_day = {day} LIMIT 1").fetchall() for day in (first, last)
    ):
        ((first, last),) = con.execute(f"SELECT MIN(fee_day), MAX(fee_day) FROM {lines}").fetchall()
    return (day_date(first).isoformat(), day_date(last + 1).isoformat())


def _incomplete(con: duckdb.DuckDBPyConnection, spared: Path) -> int:
    """How many of the hits taken out are of visits of which the load refused rows."""
    ((count,),) = con.execute(
        f"SELECT COUNT(*) FROM read_parquet({one_file(spared)}) WHERE contains(evidence, '{collect.INCOMPLETE}')"
    ).fetchall()
    return int(count)


def _fund_total(con: duckdb.DuckDBPyConnection, lake: LakeVersion) -> str:
    settled = rows_sql(lake, "settlement", ("fund_pay_sumamt",))
    if not settled:
        return "0.00"
    ((total,),) = con.execute(f"SELECT SUM(fund_pay_sumamt) FROM {settled}").fetchall()
    return str(total)


_NOTHING = (0, Decimal("0.00"), Decimal("0.00"))


def _write_rules(out: Path, rules: Sequence[Rule], bound: Bound) -> None:
    sums: dict[str, tuple[int, Decimal, Decimal]] = {}
    quiet = {r.rule_id for r in rules if r.status == "shadow"}
    counted = [*rule_sums(out / "findings.parquet"), *(s for s in rule_sums(out / SHADOW) if s[0] in quiet)]
    for rule_id, _, count, total, fund in counted:
        before = sums.get(rule_id, _NOTHING)
        sums[rule_id] = (before[0] + count, before[1] + total, before[2] + fund)
    with (out / "rules.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow((*RULES_CSV, *COUNTS_CSV))
        for r in rules:
            status = "waiting" if r.rule_id in bound.waiting and r.status != "shadow" else r.status
            basis = "；".join(b.text for b in r.basis)
            head = (
                r.rule_id,
                r.official_code,
                r.r_code,
                r.family or "sql",
                r.title,
                r.certainty,
                r.theme,
                r.category,
                status,
                basis,
            )
            writer.writerow((*head, *sums.get(r.rule_id, _NOTHING)))
