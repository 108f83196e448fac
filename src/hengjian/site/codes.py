"""The map of local catalogue codes to national ones: imported from what a province or a hospital publishes, kept in `code_map.csv`.

At binding a knowledge code also stands for the local codes mapped to it while the mapping is in force. One local code stands for one
national code at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers import Batch, Content, FileRefused, read_csv
from hengjian.lake.ingest.readers.sheet import list_sheets, read_sheet
from hengjian.lake.schema.base import Table, col
from hengjian.rulebook.model import CodeMapping
from hengjian.site.folder import writing
from hengjian.site.ledger import Ledger, day_of

CODES = Ledger(
    "code_map.csv",
    "编码对照",
    {
        "national": "国家编码",
        "local": "地方编码",
        "name": "名称",
        "from": "起始日期",
        "to": "终止日期",
        "source": "来源",
        "recorded_at": "登记时间",
    },
)
_SENT = Table(
    "code_map",
    "编码对照",
    ("local",),
    (
        col("national", "国家编码", "code", required=True, src="o",
            aliases=("国家医保编码", "国家代码", "国家医保代码", "国家项目编码", "国家项目代码", "国家药品代码", "医保编码", "med_list_codg")),
        col("local", "地方编码", "code", required=True, src="o",
            aliases=("省编码", "省医保编码", "省代码", "地方代码", "市编码", "本地编码", "院内编码", "院内项目编码", "医院编码", "medins_list_codg")),
        col("name", "名称", "name", src="o",
            aliases=("项目名称", "药品名称", "目录名称", "医保目录名称", "地方名称", "院内名称", "hilist_name")),
        col("from", "起始日期", "date", src="o", aliases=("生效日期", "开始日期", "启用日期", "valid_from")),
        col("to", "终止日期", "date", src="o", aliases=("失效日期", "结束日期", "停用日期", "valid_to")),
    ),
)  # fmt: skip
_SHEETS = (b"PK", b"\xd0\xcf\x11\xe0")
_ROWS = 12


@dataclass(frozen=True)
class Mapped:
    """One row of a map, and where it stands."""

    national: str
    local: str
    name: str
    period: Period
    where: str

    @property
    def base(self) -> str:
        """What of the local code the lake matches by."""
        return self.local.split("-")[0]


@dataclass(frozen=True)
class Imported:
    """What an import did with the rows of a file: their sum is `read`."""

    read: int
    added: int
    known: int  # there already, or twice in the file
    blank: int  # without a national code: not mapped yet
    total: int


def read_codes(site: Path) -> list[CodeMapping]:
    """The site's code map. Raises InputError at the first wrong row."""
    rows = list(_kept(site))
    _refuse_overlaps(rows)
    return [CodeMapping(m.national, m.local, m.period) for m in rows]


def import_codes(site: Path, file: Path, default_from: int, now: datetime) -> Imported:
    """Add the rows of a file to the map; those it has already are counted and left. Rows without a first day begin on `default_from`.

    Raises InputError: then nothing was added.
    """
    sent = list(_sent(file, default_from))
    rows = [m for m in sent if m.national]
    if not rows:
        why = "国家编码一列是空的" if sent else "表头下面没有行"
        raise InputError("这个文件里没有对照", where=str(file), why=why, cure="填上国家编码，或换一个文件")
    with writing(site):
        kept = list(_kept(site))
        have: dict[tuple[str, str], list[Period]] = {}
        for m in kept:
            have.setdefault((m.national, m.local), []).append(m.period)
        fresh: dict[tuple[str, str, Period], Mapped] = {}
        for m in rows:
            if not any(p.meet(m.period) == m.period for p in have.get((m.national, m.local), ())):
                fresh.setdefault((m.national, m.local, m.period), m)
        _refuse_overlaps([*kept, *fresh.values()])
        at = now.isoformat(sep=" ", timespec="seconds")
        CODES.add(site, [[m.national, m.local, m.name, *_days(m.period), file.name, at] for m in fresh.values()])
    return Imported(len(sent), len(fresh), len(rows) - len(fresh), len(sent) - len(rows), len(kept) + len(fresh))


def _kept(site: Path) -> Iterator[Mapped]:
    for entry in CODES.read(site):
        national, local = (entry.need(c, "写编码，或删去这一行") for c in ("national", "local"))
        end = entry.day("to") if entry["to"] else OPEN_DAY
        start = entry.day("from")
        if end <= start:
            raise entry.refuse("有效期是空的", "终止日期不晚于起始日期", "终止日期是不再有效的第一天")
        yield Mapped(national, local, entry["name"], Period(start, end), entry.where)


def _sent(file: Path, default_from: int) -> Iterator[Mapped]:
    if not file.is_file():
        raise InputError(
            "文件打不开", where=str(file), why="没有这个文件" if not file.exists() else "这里不是文件", cure="检查路径"
        )
    try:
        for place, batch in _batches(file):
            if batch.bad:
                line = batch.bad[0]
                raise InputError(
                    "这一行读不出", where=f"{place}:{line.line}", why=line.detail or line.text, cure="改好这一行再导入"
                )
            columns = {n: batch.data[n].to_pylist() for n in batch.data.column_names}
            for n, number in enumerate(batch.lines.to_pylist()):
                cells = {c: str(values[n] or "").strip() for c, values in columns.items()}
                if any(cells.values()):
                    yield _mapped(cells, f"{place}:{number}", default_from)
    except FileRefused as error:
        raise InputError(
            "这个文件不能作编码对照", where=str(file), why=error.detail, cure="要有“国家编码”和“地方编码”两列"
        ) from error


def _batches(file: Path) -> Iterator[tuple[str, Batch]]:
    content = Content.of(file)
    with content.open() as stream:
        start = stream.read(4)
    if not start.startswith(_SHEETS):
        _, batches = read_csv(content, _SENT)
        yield from ((str(file), batch) for batch in batches)
        return
    refused: FileRefused | None = None
    read = False
    for sheet, _ in list_sheets(content, _ROWS):
        try:
            _, batches = read_sheet(content, sheet.name, _SENT)
        except FileRefused as error:
            refused = error
            continue
        read = True
        yield from ((f"{file} 工作表“{sheet.name}”", batch) for batch in batches)
    if not read and refused is not None:
        raise refused


def _mapped(cells: dict[str, str], where: str, default_from: int) -> Mapped:
    if not cells["local"]:
        raise InputError("这一行没有地方编码", where=where, why="这一格是空的", cure="补上，或删去这一行")
    try:
        start = day_of(cells["from"]) if cells.get("from") else default_from
        end = day_of(cells["to"]) if cells.get("to") else OPEN_DAY
    except ValueError as error:
        raise InputError("这一行日期不对", where=where, why=f"“{error}”不是日期", cure="写成 2026-03-01 这样的日期") from error
    if end <= start:
        raise InputError("这一行有效期是空的", where=where, why="终止日期不晚于起始日期", cure="终止日期是不再有效的第一天")
    return Mapped(cells["national"], cells["local"], cells.get("name", ""), Period(start, end), where)


def _refuse_overlaps(rows: Sequence[Mapped]) -> None:
    """Raises InputError when one local code stands for two national codes at once."""
    seen: dict[str, list[Mapped]] = {}
    for m in rows:
        for other in seen.setdefault(m.base, []):
            if other.national != m.national and other.period.meet(m.period):
                raise InputError(
                    f"地方编码 {m.local} 同时对照两个国家编码",
                    where=m.where,
                    why=f"{other.where} 已对照 {other.national}，这里是 {m.national}，有效期重叠",
                    cure="给旧的一行写上终止日期，或删去错的一行",
                )
        seen[m.base].append(m)


def _days(period: Period) -> tuple[str, str]:
    return day_date(period.start).isoformat(), "" if period.end == OPEN_DAY else day_date(period.end).isoformat()
