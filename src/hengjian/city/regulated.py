"""Items of the knowledge tables that only planted hosts use: drugs, slices, services and materials under their real codes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hengjian.city import knowledge

DRUG_TABLES = (
    "drug_course_limit",
    "drug_forbidden_in_pregnancy",
    "duplicate_drug_group",
    "drug_child_limit",
    "second_line_drug",
    "perioperative_antibiotic",
    "drug_days_limit",
)
SERVICE_TABLES = (
    "treatment_without_indication",
    "service_course_limit",
    "service_cycle_limit",
    "surgery_same_incision",
    "service_sex_limit",
    "service_age_limit",
    "test_without_indication",
    "service_beyond_indication",
    "service_contraindicated",
)
_LENGTHS = {"X": 23, "Z": 20, "C": 20, "0": 15, "T": 10}
_OPERATIONS = "0033"


def local_items(kinds: str) -> Iterator[tuple[str, str, int]]:
    """(whole code, name, price in fen) of each item that the city's local knowledge names, of codes that begin with one of `kinds`."""
    for serial, (prefix, name) in enumerate(sorted(_local_names().items())):
        if prefix[0] in kinds:
            yield full_code(prefix), name, 2_400 + 700 * (serial % 19)


@cache
def _local_names() -> dict[str, str]:
    """Codes or prefixes of local knowledge with their names; those that another of them begins are left out."""
    found: dict[str, str] = {}
    columns = (("med_list_codg", "hilist_name"), ("a_code", "a_name"), ("b_code", "b_name"), ("part_codg", "part_name"))
    for row in (row for made in knowledge.local_files().values() for row in made):
        for column, name in columns:
            for part in filter(None, (row.get(column) or "").split("|")):
                found.setdefault(part, row.get(name) or "地方项目")
    return {p: n for p, n in found.items() if not any(other != p and other.startswith(p) for other in found)}


def full_code(prefix: str, serial: int = 0) -> str:
    """A whole code that begins with this prefix; another `serial`, another code."""
    width = _LENGTHS.get(prefix[0], 0)
    body = prefix + "A001" if prefix[0] == "X" and len(prefix) < 14 else prefix
    return body + (f"{serial + 1:0{width - len(body)}d}" if len(body) < width else "")


def drugs() -> Iterator[tuple[str, str, int]]:
    """(whole code, name, price in fen) of each drug, by two makers; the first is dearer."""
    for serial, (prefix, name) in enumerate(sorted(_named(DRUG_TABLES).items())):
        for maker in range(2):
            yield full_code(prefix, 90_000 + maker), name, (3_200 + 410 * (serial % 13)) * (10 - maker) // 10


def slices() -> Iterator[tuple[str, str, int]]:
    """(code, name, price in fen a gram) of each slice that must not be given with another, or alone, or of which only so much may be."""
    for serial, (code, name) in enumerate(
        sorted(_named(("tcm_incompatible", "tcm_slice_alone_not_paid", "tcm_slice_daily_max")).items())
    ):
        yield code, name, 24 + 3 * (serial % 9)


def services() -> Iterator[tuple[str, str, str, int, str]]:
    """(code, name, fee category, price in fen, unit) of each service."""
    names = {full_code(code): name for code, name in _named(SERVICE_TABLES).items()}
    for row in knowledge.rows("consumable_without_service"):
        for prefix in row["b_code"].split("|"):
            names.setdefault(full_code(prefix), row["b_name"])
    for serial, (code, name) in enumerate(sorted(names.items())):
        operation = code.startswith(_OPERATIONS)
        fen = 90_000 + 7_300 * (serial % 23) if operation else 2_400 + 650 * (serial % 17)
        yield code, name, "06" if operation else "05", fen // 100 * 100, "次"


def materials() -> Iterator[tuple[str, str, int]]:
    """(code, name, price in fen) of each material that needs its service."""
    for serial, row in enumerate(knowledge.rows("consumable_without_service")):
        for prefix in row["a_code"].split("|"):
            yield full_code(prefix, 40 + serial), row["a_name"], 186_000 + 31_000 * (serial % 7)


def _named(tables: tuple[str, ...]) -> dict[str, str]:
    """Codes or prefixes of tables with their names."""
    found: dict[str, str] = {}
    for table in tables:
        for row in knowledge.rows(table):
            for column, name in (("code", "name"), ("a_code", "a_name"), ("b_code", "b_name")):
                for part in filter(None, (row.get(column) or "").split("|")):
                    found.setdefault(part, row[name])
    return found
