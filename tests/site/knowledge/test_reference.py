"""The reference tables, all of them: every row makes a point or is explained, and what rests on us is never official."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hengjian.site.knowledge.importing import Prepared, prepare
from hengjian.site.knowledge.origin import Options
from hengjian.site.knowledge.reasons import REASONS

from ...conftest import need_shared
from .tables import SHIPPED


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = need_shared("reference/knowledge")
    site = tmp_path_factory.mktemp("site")
    return prepare([folder], site, SHIPPED.knowledge, Options(), "", lambda what, share: None)


def test_rows_in_are_points_made_and_rows_explained(prepared: Prepared) -> None:
    folder = need_shared("reference/knowledge")
    assert {f["file"] for f in prepared.files} == {p.name for p in folder.glob("*.csv")} and not prepared.batch.refused
    for file in prepared.files:
        lines = _rows(folder / file["file"])
        assert file["rows"] == lines == file["taken"] + sum(file["explained"].values()), file["file"]
    named = [(e.source, e.line) for e in prepared.batch.explained]
    assert not prepared.batch.taken() & set(named) and len(named) == len(set(named))
    assert all(p.rows for p in prepared.batch.points) and set(Counter(e.reason for e in prepared.batch.explained)) <= set(
        REASONS
    )


def test_what_rests_on_us_is_not_official(prepared: Prepared) -> None:
    official = Counter(p.table for p in prepared.batch.points if p.official)
    for table in (
        "drug_child_only",
        "service_child_only",
        "diagnosis_age",
        "operation_sex",
        "field_drug_limit",
        "field_service_limit",
    ):
        assert table not in official, table
    assert official["drug_sex_limit"] > 2000 and official["duplicate_charge_pair"] > 800
    ours = [p for p in prepared.batch.points if p.table == "diagnosis_sex"]
    assert len([p for p in ours if "分组推得" in p.row]) > 2000 and not any(p.official and "推得" in p.row for p in ours)


def test_dictionaries_make_no_points(prepared: Prepared) -> None:
    for file in prepared.files:
        if file["file"].startswith(("dict_", "rule_catalog", "typical_problems")):
            assert file["explained"] == {"Z03": file["rows"]}


def _rows(path: Path) -> int:
    import csv as reader

    with path.open(encoding="utf-8-sig", newline="") as handle:
        return sum(1 for cells in reader.reader(handle) if cells) - 1
