"""Build a city: every block, in one or two processes, and the files around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from hengjian.city import chronic, knowledge, stock, tables
from hengjian.city.block import make_block
from hengjian.city.catalogue import catalogue
from hengjian.city.dirt import Row, dirty_rows
from hengjian.city.people import death_list, person_table
from hengjian.city.places import Places, make_places
from hengjian.city.plan import CITY_CODE, PLACE, SENDER, Plan
from hengjian.city.plant import THEMES
from hengjian.city.plant.ceiling import PRICE_COLUMNS, price_list
from hengjian.city.plant.film import PER_PART
from hengjian.city.truth import COLUMNS, TruthRow, numbered_rows, truth_rows
from hengjian.city.write import LateFiles, prepare, text_of, write_csv, write_large, write_rows
from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError

Progress = Callable[[int, int], None]
_PROCESSES = 2


@dataclass
class Summary:
    """What was built. `rows` by table without bad rows, `dirt` bad rows by table and kind, `facts` (guilty, innocent) by theme."""

    people: int
    seed: int
    out: str
    rows: dict[str, int] = field(default_factory=dict)
    dirt: dict[str, dict[str, int]] = field(default_factory=dict)
    facts: dict[str, tuple[int, int]] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @property
    def lines_per_second(self) -> int:
        """Fee lines made and written a second."""
        return int(self.rows.get("fee_line", 0) / max(self.seconds, 0.001))

    @property
    def dirty(self) -> int:
        """Bad rows in all."""
        return sum(sum(kinds.values()) for kinds in self.dirt.values())

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self) | {"lines_per_second": self.lines_per_second}


@dataclass(frozen=True)
class _Part:
    """What a block hands back when its large tables are written."""

    rows: dict[str, int]
    truth: list[TruthRow]
    dirt: dict[str, list[Row]]
    external: list[list[str]]
    sold: stock.Sums


def build(plan: Plan, out: Path, progress: Progress | None = None, *, force: bool = False) -> Summary:
    """Write the city into `out`, a new or empty folder; the same plan gives the same bytes.

    `progress` is told blocks done and blocks in all. With `force` an earlier city in `out` is replaced. Raises InputError when
    the folder cannot be used or the disk is full.
    """
    started = time.perf_counter()
    prepare(out, force)
    summary = Summary(plan.people, plan.seed, str(out))
    try:
        _build(plan, out, progress, summary)
    except OSError as error:
        raise InputError(
            "合成城市没有写完",
            where=str(out),
            why=error.strerror or str(error),
            cure="检查磁盘空间和权限，清空这个文件夹后重做",
        ) from error
    written = [path for path in out.rglob("*") if path.is_file()]
    summary.files, summary.bytes = len(written), sum(path.stat().st_size for path in written)
    summary.seconds = round(time.perf_counter() - started, 2)
    return summary


def _build(plan: Plan, out: Path, progress: Progress | None, summary: Summary) -> None:
    if progress:
        progress(0, plan.blocks)
    _write_places(plan, out, summary)
    late = LateFiles(out)
    truth: list[TruthRow] = []
    external: list[list[str]] = []
    sold: stock.Sums = {}
    for done, part in enumerate(_parts(plan, out), 1):
        late.add(part.dirt)
        truth += part.truth
        external += part.external
        stock.add(sold, part.sold)
        for name, count in part.rows.items():
            summary.rows[name] = summary.rows.get(name, 0) + count
        if progress:
            progress(done, plan.blocks)
    summary.dirt = late.counts
    write_rows(
        out / "external_list.csv", ("list_kind", "psn_no", "begndate", "enddate", "src_dept", "info"), external, "utf-8-sig"
    )
    summary.rows["external_list"] = len(external)
    moves, shortages = stock.books(plan, _places(plan), catalogue(), sold)
    write_rows(out / "stock_change.csv", stock.COLUMNS, moves)
    summary.rows["stock_change"] = len(moves)
    truth += shortages
    for theme in (*THEMES, *stock.THEMES.values()):
        flags = [row["is_guilty"] for row in truth if row["theme"] == theme.name]
        summary.facts[theme.name] = (flags.count("1"), flags.count("0"))
    write_rows(out / "truth.csv", COLUMNS, numbered_rows(truth))
    _write_knowledge(out)
    prices = price_list(catalogue())
    write_rows(out / "price.csv", PRICE_COLUMNS, prices)
    summary.rows["price"] = len(prices)
    write_rows(out / "manifest.csv", ("key", "value"), _manifest(plan))


def _parts(plan: Plan, out: Path) -> Iterator[_Part]:
    """The blocks in order."""
    work = partial(_work, plan, out)
    if plan.blocks == 1:
        yield work(0)
        return
    with ProcessPoolExecutor(min(_PROCESSES, plan.blocks), mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, range(plan.blocks))


@cache
def _places(plan: Plan) -> Places:
    return make_places(plan)


def _work(plan: Plan, out: Path, number: int) -> _Part:
    """Make and write one block."""
    block = make_block(plan, _places(plan), catalogue(), number)
    made = {
        "person": person_table(plan, block.people, plan.rng(7, number)),
        "encounter": tables.encounter_table(block),
        "settlement": tables.settlement_table(block),
        "diagnosis": tables.diagnosis_table(block),
        "operation": tables.operation_table(block),
        "entitlement": tables.entitlement_table(block),
        "fee_line": tables.fee_line_table(block),
    }
    dirt = dirty_rows(block, made)
    for name, table in made.items():
        write_large(out, name, number, table, plan.form)
    rows = {name: table.num_rows for name, table in made.items()}
    return _Part(rows, truth_rows(block), dirt, text_of(death_list(block.people)), stock.sold(block))


def _write_places(plan: Plan, out: Path, summary: Summary) -> None:
    """Institutions as CSV with a byte-order mark, practitioners in GB18030, devices in plain UTF-8."""
    made = _places(plan).tables
    for name, encoding in (("institution", "utf-8-sig"), ("practitioner", "gb18030"), ("device", "utf-8")):
        write_csv(out / f"{name}.csv", made[name], encoding)
        summary.rows[name] = made[name].num_rows


def _write_knowledge(out: Path) -> None:
    """Knowledge that travels with the data: films payable for each examined part, drugs of chronic diseases, and what `city/local` holds."""
    cat = catalogue()
    rows = [
        (cat.items[film].code, cat.items[exam].code, str(most), "2024-01-01", "")
        for role, most in PER_PART.items()
        for film in cat.groups[f"film_{role}"]
        for exam in cat.groups[role]
    ]
    (out / "knowledge").mkdir()
    write_rows(
        out / "knowledge" / "film_limit.csv", ("med_list_codg", "exam_codg", "max_per_part", "valid_from", "valid_to"), rows
    )
    write_rows(
        out / "knowledge" / "chronic_drug.csv",
        ("dise_codg", "dise_name", "med_list_codg", "hilist_name", "valid_from", "valid_to"),
        chronic.rows(cat),
    )
    for name, made in knowledge.local_files().items():
        write_rows(out / "knowledge" / f"{name}.csv", tuple(made[0]), (tuple(row.values()) for row in made))


def _manifest(plan: Plan) -> list[tuple[str, str]]:
    return [
        ("data_date", day_date(plan.data_day).isoformat()),
        ("period_begin", day_date(plan.first).isoformat()),
        ("period_end", day_date(plan.last - 1).isoformat()),
        ("admdvs", CITY_CODE),
        ("place", PLACE),
        ("sender", SENDER),
        ("synthetic", "1"),
        ("people", str(plan.people)),
        ("seed", str(plan.seed)),
    ]
