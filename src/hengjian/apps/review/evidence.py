"""What stands behind a finding, read from the lake at the version it was found on: its bill, its encounters, the fund's part of each line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from hengjian.apps.clues.models import Finding
from hengjian.apps.recovery.lines import FundPart
from hengjian.engine.elsewhere import kind_of_item
from hengjian.kernel.amounts import to_yuan
from hengjian.kernel.errors import LakeError
from hengjian.kernel.keys import bucket_of, key_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.report.lines import ASKED, REFUND, Encounter, Line, evidence_of, rows_of

_CHUNK = 2_000


@dataclass(frozen=True)
class BillLine:
    """A fee line of the bill: the line itself, what the fund paid for it (None: not known), and whose act it was."""

    line: Line
    fund: Decimal | None
    place: str

    @property
    def key(self) -> str:
        """How a form names the line."""
        return f"{self.line.mdtrt_id}/{self.line.feedetl_sn}"

    @property
    def kind(self) -> str:
        """西药, 诊疗项目 …: the kind of item, without its name."""
        return kind_of_item(self.line.code)


@dataclass(frozen=True)
class Evidence:
    """The rows behind a finding. `gone`: the data version is no longer kept, so there are none to show."""

    lines: tuple[BillLine, ...] = ()
    encounters: tuple[Encounter, ...] = ()
    hidden: int = 0
    gone: bool = False


@lru_cache(maxsize=8)
def _opened(root: Path, number: int) -> LakeVersion:
    return open_lake(root, number)


def lake_of(number: int) -> LakeVersion | None:
    """A version of the office's lake; None where it is no longer kept."""
    try:
        return _opened(settings.LAKE, number)
    except LakeError:
        return None


def as_mapping(finding: Finding) -> Mapping[str, Any]:
    """The finding as the engine wrote it, for functions that read such rows."""
    names = ("finding_id", "psn_no", "mdtrt_id", "feedetl_sn", "evidence", "message")
    return {name: getattr(finding, name) or None for name in names}


def evidence_for(finding: Finding) -> Evidence:
    """Everything behind a finding, for `sides` to choose from."""
    lake = lake_of(finding.data_version)
    if lake is None:
        return Evidence(gone=True)
    try:
        rows = rows_of(as_mapping(finding), lake)
        stays = sorted({line.mdtrt_id for line in rows.lines})
        places = _places(lake, finding.psn_no, stays)
        paid = _fund_of(lake, [(finding.psn_no, stay) for stay in stays])
    except (LakeError, duckdb.Error):
        return Evidence(gone=True)
    lines = (
        BillLine(line, paid.get((line.mdtrt_id, line.feedetl_sn)), places.get(line.mdtrt_id, ""))
        for line in rows.lines
        if line.role != REFUND or line.quantity < 0
    )
    return Evidence(tuple(lines), tuple(rows.encounters), rows.hidden)


def _places(lake: LakeVersion, psn_no: str, stays: Sequence[str]) -> dict[str, str]:
    """The institution of each encounter."""
    rows = rows_sql(lake, "encounter", ("mdtrt_id", "fixmedins_code", "psn_no"), [bucket_of(psn_no)]) if stays else ""
    if not rows:
        return {}
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT mdtrt_id, fixmedins_code FROM {rows} WHERE psn_no = ? AND list_contains(?, mdtrt_id)",
            [psn_no, list(stays)],
        ).fetchall()
    return dict(found)


def _fund_of(lake: LakeVersion, visits: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Decimal]:
    """(mdtrt_id, feedetl_sn) → what the fund paid for each line of these encounters, refunds taken off. `visits`: person and encounter."""
    wanted = {key_of(mdtrt_id): mdtrt_id for _, mdtrt_id in visits}
    buckets = {bucket_of(psn_no) for psn_no, _ in visits}
    rows = rows_sql(lake, "rule_fee_line", ("mdtrt_key", "feedetl_sn", "fund_amt"), buckets) if wanted else ""
    if not rows:
        return {}
    with duckdb.connect() as con:
        con.execute("CREATE TEMP TABLE wanted AS SELECT unnest(?::BIGINT[]) AS mdtrt_key", [list(wanted)])
        found = con.execute(
            f"SELECT r.mdtrt_key, r.feedetl_sn, r.fund_amt FROM {rows} AS r JOIN wanted USING (mdtrt_key)"
        ).fetchall()
    return {(wanted[key], sn): to_yuan(fen) for key, sn, fen in found}


def asked_lines(finding: Finding) -> list[tuple[str, str]]:
    """(mdtrt_id, feedetl_sn) of the lines in question."""
    listed = evidence_of(as_mapping(finding)).get("lines") or []
    keys = [(str(r["mdtrt_id"]), str(r["feedetl_sn"])) for r in listed if (r.get("role") or ASKED) == ASKED]
    if not keys and finding.feedetl_sn:
        keys = [(finding.mdtrt_id, finding.feedetl_sn)]
    return keys


def fund_parts(findings: Sequence[Finding]) -> dict[int, list[FundPart]]:
    """For each finding (by primary key) the lines money may be taken from and what the fund paid for each.

    A finding about an encounter rests on all its lines. Where the data version is no longer kept, a finding about one line rests on
    what it says the fund paid for it, and others on nothing.
    """
    answers: dict[int, list[FundPart]] = {f.pk: [] for f in findings}
    for number in sorted({f.data_version for f in findings}):
        rows = [f for f in findings if f.data_version == number]
        for start in range(0, len(rows), _CHUNK):
            _add_parts(answers, rows[start : start + _CHUNK], lake_of(number))
    return answers


def _add_parts(answers: dict[int, list[FundPart]], findings: Sequence[Finding], lake: LakeVersion | None) -> None:
    asked = {f.pk: asked_lines(f) for f in findings}
    visits = {(f.psn_no, stay) for f in findings for stay in _stays(f, asked[f.pk])}
    try:
        paid = _fund_of(lake, sorted(visits)) if lake is not None else {}
    except (LakeError, duckdb.Error):
        paid = {}
    by_stay: dict[str, list[FundPart]] = {}
    for (stay, sn), amount in sorted(paid.items()):
        by_stay.setdefault(stay, []).append(FundPart(stay, sn, amount))
    for finding in findings:
        keys = asked[finding.pk]
        if keys:
            parts = [FundPart(stay, sn, paid[(stay, sn)]) for stay, sn in keys if (stay, sn) in paid]
            if not parts and len(keys) == 1:
                parts = [FundPart(*keys[0], finding.amount_fund)]
        else:
            parts = by_stay.get(finding.mdtrt_id, [])
        answers[finding.pk] = [p for p in parts if p.fund_paid > 0]


def _stays(finding: Finding, keys: Sequence[tuple[str, str]]) -> set[str]:
    if not finding.psn_no:
        return set()
    return {stay for stay, _ in keys} or ({finding.mdtrt_id} if finding.mdtrt_id else set())
