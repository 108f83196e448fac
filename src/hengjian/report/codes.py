"""How far the item codes of a lake are understood: of the national shape, or mapped to a national code at the site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
from xlsxwriter.exceptions import FileCreateError

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.checks import shapeless
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion
from hengjian.report.book import Book, Head
from hengjian.report.duty.sheets import SHEET_ROWS
from hengjian.rulebook.model import CodeMapping

NATIONAL, MAPPED, UNKNOWN = "national", "mapped", "unmapped"
LABELS = {NATIONAL: "国家编码", MAPPED: "已对照", UNKNOWN: "未对照"}
_HEADS = (
    Head("地方编码", 34), Head("国家编码", 34), Head("名称", 40), Head("明细行数", 12, "count"), Head("金额（元）", 17, "money"),
)  # fmt: skip


@dataclass(frozen=True)
class Share:
    """Distinct codes, lines and money of one kind."""

    kind: str
    codes: int
    lines: int
    amount: Decimal


@dataclass(frozen=True)
class Unmapped:
    """A code that is neither."""

    code: str
    name: str
    lines: int
    amount: Decimal


@dataclass(frozen=True)
class CodeCoverage:
    shares: tuple[Share, ...]
    unmapped: tuple[Unmapped, ...]

    @property
    def codes(self) -> int:
        return sum(s.codes for s in self.shares)

    @property
    def amount(self) -> Decimal:
        return sum((s.amount for s in self.shares), Decimal("0.00"))

    def of(self, kind: str) -> Share:
        return next((s for s in self.shares if s.kind == kind), Share(kind, 0, 0, Decimal("0.00")))


def code_coverage(lake: LakeVersion, code_map: Sequence[CodeMapping], on: int) -> CodeCoverage:
    """The coverage of a lake's fee lines by the mappings in force on a day. Whether a code of the national shape really stands in the
    national catalogue is not known here."""
    lines = rows_sql(lake, "fee_line", ("med_list_codg", "hilist_name", "list_type", "det_item_fee_sumamt"))
    if not lines:
        return CodeCoverage((), ())
    local = sorted({m.local.split("-")[0] for m in code_map if on in m.period})
    with duckdb.connect(":memory:") as con:
        mapped = pa.table({"code": pa.array(local, pa.string())})
        con.register("mapped", mapped)
        con.execute(f"""
CREATE TABLE item AS
SELECT split_part(f.med_list_codg, '-', 1) AS code, MIN(f.hilist_name) AS name, COUNT(*) AS lines,
       SUM(f.det_item_fee_sumamt) AS amount, BOOL_OR({shapeless()}) AS odd
FROM {lines} AS f WHERE f.med_list_codg IS NOT NULL GROUP BY 1""").fetchall()
        con.execute(f"""
CREATE TABLE judged AS
SELECT i.*, CASE WHEN m.code IS NOT NULL THEN '{MAPPED}' WHEN i.odd THEN '{UNKNOWN}' ELSE '{NATIONAL}' END AS kind
FROM item AS i LEFT JOIN mapped AS m ON m.code = i.code""").fetchall()
        shares = con.execute("SELECT kind, COUNT(*), CAST(SUM(lines) AS BIGINT), SUM(amount) FROM judged GROUP BY 1").fetchall()
        unknown = con.execute(
            f"SELECT code, COALESCE(name, ''), lines, amount FROM judged WHERE kind = '{UNKNOWN}' ORDER BY amount DESC, code"
        ).fetchall()
    found = {s[0]: Share(*s) for s in shares}
    kinds = (NATIONAL, MAPPED, UNKNOWN)
    return CodeCoverage(tuple(found[k] for k in kinds if k in found), tuple(Unmapped(*u) for u in unknown))


def write_unmapped(path: Path, found: CodeCoverage) -> None:
    """The unmapped codes, most money first: a workbook to fill in and import. Raises InputError."""
    book = Book(path, "未对照的编码")
    sheet = book.sheet("未对照", _HEADS, freeze=2)
    for number, u in enumerate(found.unmapped[:SHEET_ROWS], 1):
        book.row(sheet, number, _HEADS, (u.code, "", u.name, u.lines, u.amount))
    try:
        book.file.close()
    except (OSError, FileCreateError) as error:
        raise InputError(
            "表格写不出来",
            where=str(path),
            why=cause_of(error.args[0] if error.args and isinstance(error.args[0], OSError) else error),
            cure="换一个可写的位置",
        ) from error
