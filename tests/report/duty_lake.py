"""A lake with registers of refused and flagged rows, and the duty report counted a second way, row by row in plain Python."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from hengjian.lake.ingest.reasons import FILE, REASONS, REFUSED
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import LakeVersion, TableState, open_lake, publish

ROW = pa.schema([
    ("load_no", pa.int32()), ("tab", pa.string()), ("file", pa.string()), ("line", pa.int64()), ("code", pa.string()), ("col", pa.string()),
    ("val", pa.string()), ("reason", pa.string()), ("advice", pa.string()), ("others", pa.string()), ("raw", pa.string()),
    ("fixmedins_code", pa.string()), ("amount", pa.decimal128(16, 2)), ("row_key", pa.string()), ("waits", pa.int32()),
])  # fmt: skip
END = pa.schema([
    ("load_no", pa.int32()), ("tab", pa.string()), ("file", pa.string()), ("line", pa.int64()), ("how", pa.string()), ("end_load", pa.int32()),
])  # fmt: skip
UNMAPPED = "机构不明"
Row = dict[str, Any]


def org_code(number: int) -> str:
    """An invented institution."""
    return f"{'P' if number % 5 == 0 else 'H'}9901{number:07d}"


def register_row(number: int, **cells: Any) -> Row:
    """A row of a register: a refused fee line with a bad quantity."""
    row: Row = {
        "load_no": 1, "tab": "fee_line", "file": "fee_line.csv", "line": number + 2, "code": "T02", "col": "cnt", "val": "两盒", "others": "",
        "raw": '{"psn_name":"绝密"}', "fixmedins_code": org_code(1), "amount": Decimal("10.00"), "row_key": f"M{number}/1", "waits": 0,
    }  # fmt: skip
    row |= cells
    key = row["code"] + ("W" if cells.get("flag") and row["code"] + "W" in REASONS else "")
    row.pop("flag", None)
    why = REASONS[key]
    return row | {"reason": cells.get("reason", why.title), "advice": cells.get("advice", why.advice)}


@dataclass
class Registers:
    """Rows of the three registers, and the tables rows without an institution are placed by."""

    rejects: list[Row] = field(default_factory=list)
    warnings: list[Row] = field(default_factory=list)
    ends: list[Row] = field(default_factory=list)
    encounters: dict[str, str] = field(default_factory=dict)
    settlements: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    loads: list[dict[str, int]] = field(default_factory=lambda: [{"read": 1000, "taken": 900, "replaced": 20}])

    def end(self, row: Row, how: str, load: int = 2) -> None:
        """Say what became of a refused row."""
        self.ends.append({k: row[k] for k in ("load_no", "tab", "file", "line")} | {"how": how, "end_load": load})

    def write(self, root: Path) -> LakeVersion:
        """A lake that holds all this; its last version is opened."""
        tables = {
            "rejects": (self.rejects, ROW), "load_warnings": (self.warnings, ROW), "reject_ends": (self.ends, END),
            "encounter": ([{"mdtrt_id": m, "fixmedins_code": c, "psn_no": "P1", "bucket": 0} for m, c in self.encounters.items()], _schema("encounter")),
            "settlement": ([{"setl_id": s, "fixmedins_code": c, "psn_no": "P1", "bucket": 0} for s, c in self.settlements.items()], _schema("settlement")),
            "institution": ([{"fixmedins_code": c, "fixmedins_name": n} for c, n in self.names.items()], _schema("institution")),
        }  # fmt: skip
        states = {}
        for name, (rows, schema) in tables.items():
            if rows:
                parted = ["bucket"] if "bucket" in schema.names else None
                write_deltalake(str(root / "tables" / name), pa.Table.from_pylist(rows, schema), partition_by=parted)
                states[name] = TableState(0, len(rows))
        for number, counts in enumerate(self.loads, start=1):
            load = {"tables": {"fee_line": counts | {"rejected": 0, "duplicate": 0}}}
            publish(LakeVersion(root, number, f"2026-11-{number:02d}T02:10:00", "2026-10-31", states, load))
        return open_lake(root)


def _schema(table: str) -> pa.Schema:
    types = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
    }
    fields = [(c.name, types.get(c.kind.sql, pa.decimal128(18, 4))) for c in TABLES[table].columns]
    return pa.schema([*fields, *([("bucket", pa.int32())] if TABLES[table].by_person else [])])


def many(rows: int, orgs: int, seed: int) -> Registers:
    """Registers of a bad year: all tables, all reasons, rows with and without institution, some put right."""
    draw, made = random.Random(seed), Registers()
    made.loads = [
        {"read": rows * 40, "taken": rows * 35, "replaced": rows},
        {"read": rows * 20, "taken": rows * 19, "replaced": 0},
    ]
    made.names = {org_code(n): f"镜川市第{n}医院" for n in range(1, orgs + 1)}
    made.encounters = {f"M{n}": org_code(1 + n % orgs) for n in range(0, rows, 2)}
    made.settlements = {f"S{n}": org_code(1 + n % orgs) for n in range(0, rows, 2)}
    refusing = [r.code for r in REASONS.values() if r.level == REFUSED]
    flags = [key.removesuffix("W") for key, r in REASONS.items() if r.level not in (REFUSED, FILE)]
    for n in range(rows):
        tab = draw.choice(("fee_line", "fee_line", "fee_line", "settlement", "diagnosis", "encounter", "person"))
        key = {
            "fee_line": f"M{n}/{n}",
            "settlement": f"S{n}",
            "diagnosis": f"M{n}/1/1/{n}",
            "encounter": f"M{n}",
            "person": f"P{n}",
        }[tab]
        money = Decimal(draw.randint(-20_000, 900_000)) / 100 if tab in ("fee_line", "settlement") else None
        org = (
            org_code(1 + int(orgs * draw.random() ** 2))
            if tab in ("fee_line", "settlement", "encounter") and draw.random() < 0.9
            else None
        )
        cells = {
            "load_no": draw.choice((1, 2)), "tab": tab, "file": f"{tab}_{n % 3}.csv", "col": TABLES[tab].columns[-1].name, "row_key": draw.choice((key, key, key, None)),
            "fixmedins_code": org, "amount": money, "waits": draw.choice((0, 0, 1)),
        }  # fmt: skip
        if draw.random() < 0.6:
            row = register_row(n, code=draw.choice(refusing), **cells)
            made.rejects.append(row)
            if draw.random() < 0.3:
                made.end(row, draw.choice(("taken", "corrected", "superseded")), row["load_no"] + 1)
        else:
            for code in draw.sample(flags, draw.choice((1, 1, 2))):
                made.warnings.append(register_row(n, code=code, flag=True, **cells) | {"raw": None})
    return made


def org_of(made: Registers, row: Row) -> str:
    """The institution a row belongs to, the long way."""
    code = row["fixmedins_code"]
    if code and len(code) == 12 and code[0] in "HP":
        return str(code)
    key = row["row_key"]
    if key is None:
        return ""
    if row["tab"] == "settlement":
        return made.settlements.get(key, "")
    width = len(TABLES[row["tab"]].key)
    if TABLES[row["tab"]].key[0] != "mdtrt_id":
        return ""
    parts = key.split("/")
    refused = defaultdict(set)
    for r in made.rejects:
        if (
            r["tab"] == "encounter"
            and r["row_key"]
            and (r["fixmedins_code"] or "")[:1] in ("H", "P")
            and len(r["fixmedins_code"]) == 12
        ):
            refused[r["row_key"]].add(r["fixmedins_code"])
    found = []
    for n in range(1, len(parts) - width + 2):
        visit = "/".join(parts[:n])
        if visit in made.encounters:
            found.append(made.encounters[visit])
        elif len(refused[visit]) == 1:
            found.append(*refused[visit])
    return found[0] if len(found) == 1 else ""


@dataclass
class Count:
    """Rows and yuan."""

    rows: int = 0
    yuan: Decimal = Decimal(0)

    def add(self, row: Row) -> None:
        self.rows += 1
        self.yuan += row["amount"] or 0


def counted(made: Registers) -> dict[str, dict[Any, Count]]:
    """`refused`, `settled`, `flagged` by institution; `reasons` by (institution, level, code); `ended` by how."""
    ended = {(e["load_no"], e["tab"], e["file"], e["line"]): e["how"] for e in made.ends}
    told: dict[str, dict[Any, Count]] = {
        name: defaultdict(Count) for name in ("refused", "settled", "flagged", "reasons", "ended")
    }
    for row in made.rejects:
        how, org = ended.get((row["load_no"], row["tab"], row["file"], row["line"])), org_of(made, row)
        told["settled" if how else "refused"][org].add(row)
        if how:
            told["ended"][how].add(row)
        else:
            told["reasons"][(org, "退回", row["code"])].add(row)
    seen = set()
    for row in made.warnings:
        place = (row["tab"], row["file"], row["line"])
        if place not in seen:
            told["flagged"][org_of(made, row)].add(row)
        if (*place, row["code"]) not in seen:
            told["reasons"][(org_of(made, row), "提示", row["code"])].add(row)
        seen |= {place, (*place, row["code"])}
    return told
