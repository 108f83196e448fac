"""What an author of a rule gets wrong, and what `hengjian rules test` says of it: a place, a cause, a cure; never that the program broke."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..books import change, copy_rulebook
from ..story.conftest import hengjian

YAML, SQL = "rules/policy/service_daily_limit.yml", "rules/policy/chronic_drug_outside_list.sql"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_rulebook(tmp_path_factory.mktemp("book"))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (YAML, "fee_ocur_time", "fee_time     ", ("没有列 fee_time", "fee_ocur_time")),
        (YAML, "med_list_codg  ", "hilist_name    ", ("没有写 med_list_codg",)),
        ("rules/medical/too_many_drugs.yml", "values: {2021-05-01: 5}", "value: {2021-05-01: 5}", ("没有值", "values: {")),
        (SQL, "FROM kn_chronic_drug AS k", "FROM kn_chronic AS k", ("语句运行不了", "kn_chronic", "rules lint")),
    ],
    ids=["misspelt_column", "missing_cell", "values", "table"],
)
def test_a_mistake_is_told_with_its_place(
    book: Path, tmp_path: Path, file: str, old: str, new: str, said: tuple[str, ...]
) -> None:
    path = next(book.glob(f"rules/*/{Path(file).name}"))
    before = path.read_text(encoding="utf-8")
    change(path, old, new)
    try:
        done = hengjian("rules", "test", path.stem, "--rulebook", book, "--engine", "duckdb")
    finally:
        path.write_text(before, encoding="utf-8")
    told = done.stdout + done.stderr
    assert done.returncode == 2 and path.name in told and "办法" in told and "报给开发者" not in told, told
    assert all(word in told for word in said), told


def test_python_dash_m_is_the_command() -> None:
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "hengjian", "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.strip()
