"""Findings of an audit come in hand, once. What is in hand is never overwritten; what no longer holds is closed with its reason.

Each batch is a transaction of its own with its journal entry, so the office stays usable and a process killed in between has lost nothing:
the next arrival goes on with what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import office
from hengjian.apps.bulk import insert_objects, insert_rows, ready
from hengjian.apps.clues.grouping import SEVERAL_RULES, kind_of, title_of
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.services.gather import fresh_rows, gather, scratch
from hengjian.apps.clues.services.insertion import FINDING, civil_instants, update_clues
from hengjian.apps.clues.services.numbers import lock_series, take_numbers
from hengjian.apps.clues.services.recount import recount
from hengjian.apps.clues.services.withdraw import bring_back, reopen_clues, withdraw
from hengjian.apps.clues.states import CLOSED, HELD
from hengjian.apps.journal.chain import sm3
from hengjian.apps.journal.services import record
from hengjian.apps.registry.models import Institution
from hengjian.apps.runs.models import Run
from hengjian.kernel.errors import InputError

BREATH = 0.01
"""Seconds between two batches, so that others who wait for SQLite get their turn."""
_AMOUNTS = ("amount_total", "amount_inscope", "amount_fund")
_TEXT = ("official_code", "psn_no", "mdtrt_id", "feedetl_sn", "atddr_no", "message", "evidence", "law", "knowledge_ref")
_READ = ("group_key", "month", *(c for c in FINDING if c not in {
    "clue_id", "first_run_id", "state", "state_reason", "upheld", "gone_at", "arrived_at", "institution_code"}))  # fmt: skip


def arrive(
    run: Run, results: Path, lake: Path, by: User | str, at: datetime, progress: Callable[[float, str], None]
) -> dict[str, int]:
    """Bring the findings in `results` (of an audit of `lake`) in hand. Returns counts: fresh, clues, withdrawn, returned, settled_gone.

    Raises InputError where the results cannot be read or another arrival is at work.
    """
    counts = {"fresh": 0, "clues": 0, "withdrawn": 0, "returned": 0, "settled_gone": 0}
    progress(0.0, "读审计结果，与在办的疑点对照")
    with scratch() as (con, folder):
        last = _last_finding()
        gather(con, folder, Path(results), office().region_code)
        ((total,),) = con.execute("SELECT count(*) FROM fresh").fetchall()
        institutions = {i.code: i for i in Institution.objects.all()}
        for batch in fresh_rows(con, _COLUMNS):
            with transaction.atomic():
                clues = _take_in(run, batch, institutions, last, by, at)
            last = _last_finding()
            counts["fresh"] += len(batch)
            counts["clues"] += clues
            progress(0.1 + 0.7 * counts["fresh"] / total, f"入库 {counts['fresh']:,} / {total:,} 条")
            time.sleep(BREATH)
        progress(0.8, "撤下不再成立的疑点")
        gone = con.execute("SELECT finding_id, why FROM gone").fetchall()
        back = [finding_id for (finding_id,) in con.execute("SELECT finding_id FROM back").fetchall()]
    counts["withdrawn"], counts["settled_gone"] = withdraw(run=run, gone=gone, by=by, at=at)
    counts["returned"] = bring_back(run=run, finding_ids=back, by=by, at=at)
    progress(0.9, "重算线索的金额和优先级")
    recount()
    progress(1.0, "入库完成")
    return counts


def _last_finding() -> int:
    return Finding.objects.aggregate(last=Max("pk"))["last"] or 0


def _sql(name: str) -> str:
    """A column of `fresh` as the database takes it: amounts and numbers as exact text, no empty texts."""
    if name in _TEXT:
        return f"COALESCE({name}, '') AS {name}"
    if name in _AMOUNTS:
        return f"CAST(COALESCE({name}, 0) AS VARCHAR) AS {name}"
    if name in ("observed", "threshold"):
        return f"CAST({name} AS VARCHAR) AS {name}"
    if name == "data_version":
        return "CAST(data_version AS INTEGER) AS data_version"
    if name == "month":
        return "COALESCE(fixmedins_code, '') AS institution_code, month"
    return name


_COLUMNS = ", ".join(_sql(name) for name in _READ)


def _take_in(
    run: Run, batch: Sequence[dict[str, Any]], institutions: dict[str, Institution], last: int, by: User | str, at: datetime
) -> int:
    """One batch in one transaction: its clues, its findings, its journal entry. Returns the number of new clues."""
    series = lock_series(at)
    if _last_finding() != last:
        raise InputError("另一次入库正在进行", why="刚有别的疑点入库", cure="等它结束，再入库一次")
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in batch:
        groups.setdefault(row["group_key"], []).append(row)
    clues = _existing(list(groups))
    reopen_clues([c for c in clues.values() if c.state == CLOSED], "补到新的疑点", by=by, at=at)
    for key, clue in clues.items():
        _add(clue, groups[key])
    update_clues(_ADDED, [[*(getattr(c, name) for name in _ADDED), c.pk] for c in clues.values()])
    fresh = [_clue(key, rows, institutions, at) for key, rows in groups.items() if key not in clues]
    for clue, number in zip(fresh, take_numbers(series, len(fresh)), strict=True):
        clue.number = number
    newest = Clue.objects.aggregate(last=Max("pk"))["last"] or 0
    insert_objects(fresh)
    keys = {key: clue.pk for key, clue in clues.items()}
    keys |= dict(Clue.objects.filter(pk__gt=newest).values_list("group_key", "pk"))  # all made here: the series is locked
    insert_rows(Finding, _rows(run, batch, keys, at))
    amount = sum((Decimal(r["amount_fund"]) for r in batch), Decimal(0))
    record(
        by=by,
        at=at,
        event="findings.arrived",
        subject=f"run:{run.pk}",
        summary=f"疑点入库 {len(batch)} 条，新线索 {len(fresh)} 条",
        findings=len(batch),
        clues=len(fresh),
        amount_fund=str(amount),
        ids_sm3=sm3("\n".join(r["finding_id"] for r in batch).encode()),
    )
    return len(fresh)


def _existing(keys: list[str]) -> dict[str, Clue]:
    """Clues of these groups that are there, kept from others until the transaction ends."""
    return {
        c.group_key: c
        for n in range(0, len(keys), 500)
        for c in Clue.objects.select_for_update().filter(group_key__in=keys[n : n + 500])
    }


def _clue(key: str, rows: Sequence[dict[str, Any]], institutions: dict[str, Institution], at: datetime) -> Clue:
    one = rows[0]
    institution = institutions.get(one["institution_code"])
    kind = kind_of(key)
    clue = Clue(
        source="audit",
        grouping=kind,
        group_key=key,
        title=title_of(
            key, one["rule_title"], institution.name if institution else one["institution_code"], one["month"] or ""
        ),
        institution=institution,
        psn_no=one["psn_no"] if key.startswith("person|") else "",
        rule_id=one["rule_id"],
        rule_title=one["rule_title"],
        category=one["category"],
        certainty="certain",
        month=(one["month"] or "") if kind == "institution" else "",
        region_code=one["region_code"],
        found_on=timezone.localdate(at),
        registered_at=at,
    )
    _add(clue, rows)
    return clue


_ADDED = ("findings_count", *_AMOUNTS, "acts_from", "acts_to", "certainty", "rule_id", "rule_title", "title")


def _add(clue: Clue, rows: Sequence[dict[str, Any]]) -> None:
    """What new findings add to a clue; `recount` tells its money exactly once all are in."""
    clue.findings_count += len(rows)
    for name in _AMOUNTS:
        setattr(clue, name, getattr(clue, name) + sum(Decimal(r[name]) for r in rows))
    days = [r["window_start"].date() for r in rows if r["window_start"]]
    clue.acts_from = min([*days, *([clue.acts_from] if clue.acts_from else [])], default=None)
    clue.acts_to = max([*days, *([clue.acts_to] if clue.acts_to else [])], default=None)
    if any(r["certainty"] != "certain" for r in rows):
        clue.certainty = "suspected"
    if any(r["rule_id"] != clue.rule_id for r in rows):
        clue.rule_id, clue.rule_title = "", SEVERAL_RULES
        clue.title = title_of(clue.group_key, SEVERAL_RULES, "", "")


def _rows(run: Run, batch: Sequence[dict[str, Any]], clues: dict[str, int], at: datetime) -> Iterator[list[Any]]:
    """Values in the order of `insertion.FINDING`."""
    turned, arrived = civil_instants(), ready(at)
    for row in batch:
        row |= {
            "clue_id": clues[row["group_key"]],
            "first_run_id": run.pk,
            "state": HELD,
            "state_reason": "",
            "upheld": None,
            "gone_at": None,
            "window_start": turned(row["window_start"]),
            "window_end": turned(row["window_end"]),
            "arrived_at": arrived,
        }
        yield [row[name] for name in FINDING]
