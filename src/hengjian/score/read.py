"""Read findings, rules and truth. What cannot be used is refused with file and line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from hengjian.engine.finding import FINDING_SCHEMA
from hengjian.engine.results import settle
from hengjian.kernel.amounts import to_fen
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError

SUBJECT = ("psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code", "atddr_no")
FINDING_COLUMNS = ("rule_id", *SUBJECT, "window_start", "window_end", "amount_total", "evidence")
_NEEDED_TRUTH = ("violation_id", "theme", *SUBJECT, "is_guilty")


@dataclass(frozen=True)
class RuleLine:
    """What the score needs of one row of rules.csv."""

    rule_id: str
    theme: str
    certainty: str
    status: str


@dataclass(frozen=True)
class TruthRow:
    """One planted fact. `keys`: alternatives by subject key, only those filled. Window as half-open second numbers, 0 = none."""

    violation_id: str
    theme: str
    guilty: bool
    keys: dict[str, frozenset[str]]
    start: int | None
    end: int | None
    amount: int | None
    also: frozenset[str]


def find_findings(path: Path) -> Path:
    """The findings file itself, or the one in an audit folder. Raises InputError when there is none."""
    if path.is_dir():
        settle(path)
        for name in ("findings.parquet", "findings.csv"):
            if (path / name).is_file():
                return path / name
    elif path.is_file():
        return path
    why = "文件夹里没有 findings.parquet" if path.is_dir() else "没有这个文件"
    raise InputError("找不到疑点文件", where=str(path), why=why, cure="先运行 hengjian audit，再写 --findings 审计结果文件夹")


def read_findings(path: Path) -> pa.Table:
    """Columns `FINDING_COLUMNS` of a findings file (Parquet or CSV) or audit folder. Raises InputError when it cannot be read."""
    path = find_findings(path)
    try:
        if path.suffix.lower() == ".csv":
            types = {f.name: f.type for f in FINDING_SCHEMA}
            options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True)
            table = pa_csv.read_csv(path, parse_options=pa_csv.ParseOptions(newlines_in_values=True), convert_options=options)
        else:
            table = pq.read_table(path, columns=[c for c in pq.read_schema(path).names if c in FINDING_COLUMNS])
        present = [c for c in FINDING_COLUMNS if c in table.column_names]
        table = table.select(present).cast(pa.schema([FINDING_SCHEMA.field(c) for c in present]))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            "疑点文件读不出来", where=str(path), why=str(error), cure="用 hengjian audit 写出的 findings.parquet"
        ) from error
    if absent := [c for c in FINDING_COLUMNS if c not in present]:
        raise InputError(
            "疑点文件缺列", where=str(path), why="、".join(absent), cure="用 hengjian audit 写出的 findings.parquet"
        )
    return table


def read_rules(path: Path) -> dict[str, RuleLine]:
    """`rules.csv` by rule id. Raises InputError when it is missing or lacks a column."""
    rows = _rows(
        path, "规则清单", ("rule_id", "theme", "certainty"), "rules.csv 由 hengjian audit 写在疑点旁边，也可用 --rules 指定"
    )
    return {
        r["rule_id"]: RuleLine(r["rule_id"], r["theme"] or r["rule_id"], r["certainty"], r.get("status") or "active")
        for _, r in rows
    }


def read_truth(path: Path) -> list[TruthRow]:
    """`truth.csv`. Raises InputError for a missing file or column, a cell that cannot be understood, or a repeated violation."""
    rows = _rows(path, "真值文件", _NEEDED_TRUTH, "真值文件由 hengjian city 写出，名为 truth.csv")
    found: list[TruthRow] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        try:
            found.append(_truth(row))
            if row["violation_id"] in lines:
                raise ValueError(f"violation_id“{row['violation_id']}”在第 {lines[row['violation_id']]} 行已经有了")
            lines[row["violation_id"]] = line
        except (ValueError, ArithmeticError) as error:
            raise InputError(
                "真值文件有一行读不懂", where=f"{path} 第 {line} 行", why=str(error), cure="按 truth.csv 的格式改正这一行"
            ) from error
    return found


def _truth(row: dict[str, str]) -> TruthRow:
    keys = {name: _alternatives(row.get(name)) for name in SUBJECT}
    if loose := [sn for sn in keys["feedetl_sn"] if "/" not in sn]:
        raise ValueError(f"feedetl_sn 是“{loose[0]}”，应写成 就诊ID/明细流水号")
    if row["is_guilty"] not in ("0", "1"):
        raise ValueError(f"is_guilty 是“{row['is_guilty']}”，应为 0 或 1")
    if not row["theme"]:
        raise ValueError("theme 是空的")
    if not any(keys.values()):
        raise ValueError("没有一个主体键")
    start, end = _day(row.get("window_start")), _day(row.get("window_end"))
    amount = row.get("amount")
    return TruthRow(
        row["violation_id"],
        row["theme"],
        row["is_guilty"] == "1",
        {name: values for name, values in keys.items() if values},
        None if start is None else start * 86_400,
        None if end is None else (end + 1) * 86_400,
        to_fen(Decimal(amount)) if amount else None,
        _alternatives(row.get("also")),
    )


def _alternatives(cell: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (cell or "").split(";") if part.strip())


def _day(cell: str | None) -> int | None:
    return day_number(date.fromisoformat(cell.strip()[:10])) if cell and cell.strip() else None


def _rows(path: Path, what: str, needed: tuple[str, ...], cure: str) -> list[tuple[int, dict[str, str]]]:
    if not path.is_file():
        raise InputError(f"找不到{what}", where=str(path), why="没有这个文件", cure=cure)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            if absent := [c for c in needed if c not in (reader.fieldnames or ())]:
                raise InputError(f"{what}缺列", where=str(path), why="、".join(absent), cure=cure)
            return [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{what}读不出来", where=str(path), why=str(error), cure=cure) from error
