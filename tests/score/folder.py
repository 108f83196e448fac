"""Findings, truth and rules as files, written row by row, so that a test shows only what matters."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.engine.finding import FINDING_SCHEMA, RULES_CSV
from hengjian.score import ScoreResult, ThemeScore, read_findings, read_rules, read_truth, score

Row = Mapping[str, Any]
TRUTH_CSV = (
    "violation_id", "theme", "rule_id", "official_code", "grain", "psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code", "atddr_no",
    "window_start", "window_end", "amount", "is_guilty", "variant", "also", "note",
)  # fmt: skip
RULES = (
    {"rule_id": "sex", "theme": "sex", "certainty": "certain", "status": "active"},
    {"rule_id": "split", "theme": "split", "certainty": "suspected", "status": "active"},
)


def finding(**cells: Any) -> dict[str, Any]:
    """A finding of the rule `sex` on one line of one person."""
    usual = {
        "finding_id": "f", "rule_id": "sex", "psn_no": "P1", "mdtrt_id": "M1", "feedetl_sn": "1", "fixmedins_code": "H1", "atddr_no": "D1",
        "window_start": datetime(2026, 3, 1), "window_end": datetime(2026, 3, 2), "amount_total": Decimal("10.00"), "evidence": "{}",
    }  # fmt: skip
    return usual | cells


def fact(**cells: Any) -> dict[str, Any]:
    """A guilty row of the theme `sex` on that line."""
    usual = {
        "violation_id": "V1", "theme": "sex", "psn_no": "P1", "mdtrt_id": "M1", "feedetl_sn": "M1/1", "fixmedins_code": "H1",
        "window_start": "2026-03-01", "window_end": "2026-03-01", "amount": "10.00", "is_guilty": "1",
    }  # fmt: skip
    return usual | cells


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> Path:
    """Rows under these columns."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_folder(folder: Path, findings: Iterable[Row], truth: Iterable[Row], rules: Iterable[Row] = RULES) -> Path:
    """An audit folder with its truth beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(findings), FINDING_SCHEMA), folder / "findings.parquet")
    write_csv(folder / "truth.csv", TRUTH_CSV, truth)
    write_csv(folder / "rules.csv", RULES_CSV, rules)
    return folder


def compare(folder: Path) -> ScoreResult:
    """Score a folder."""
    return score(read_findings(folder), read_truth(folder / "truth.csv"), read_rules(folder / "rules.csv"))


def scored(folder: Path, findings: Iterable[Row], truth: Iterable[Row], theme: str = "sex") -> ThemeScore:
    """The score of one theme."""
    result = compare(write_folder(folder, findings, truth))
    return next(t for t in result.themes if t.theme == theme)
