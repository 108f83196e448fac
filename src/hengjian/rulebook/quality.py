"""What `make quality` measured of each rule: precision and recall on cities that nobody looked at while the rules were written."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FILE = Path(__file__).with_name("quality.csv")
COLUMNS = ("rule_id", "certainty", "seeds", "precision", "recall", "guilty", "innocent", "false_alarms", "measured_on")


@dataclass(frozen=True)
class Quality:
    """One rule. `precision` and `recall`: of the worst city; None where there was nothing to measure. The counts are of all cities."""

    rule_id: str
    certainty: str
    seeds: tuple[int, ...]
    precision: float | None
    recall: float | None
    guilty: int
    innocent: int
    false_alarms: int
    measured_on: date


def read_quality(path: Path = FILE) -> dict[str, Quality]:
    """The figures by rule; none where nothing was measured yet."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["rule_id"]: _quality(row) for row in csv.DictReader(file)}


def write_quality(rows: list[Quality], path: Path = FILE) -> None:
    """Write the figures, in the order of the rules' names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for q in sorted(rows, key=lambda q: q.rule_id):
            seeds = " ".join(map(str, q.seeds))
            shares = ("" if s is None else f"{s:.4f}" for s in (q.precision, q.recall))
            writer.writerow([q.rule_id, q.certainty, seeds, *shares, q.guilty, q.innocent, q.false_alarms, q.measured_on])


def _quality(row: dict[str, str]) -> Quality:
    precision, recall = (float(row[c]) if row[c] else None for c in ("precision", "recall"))
    guilty, innocent, false_alarms = (int(row[c]) for c in ("guilty", "innocent", "false_alarms"))
    seeds = tuple(map(int, row["seeds"].split()))
    day = date.fromisoformat(row["measured_on"])
    return Quality(row["rule_id"], row["certainty"], seeds, precision, recall, guilty, innocent, false_alarms, day)
