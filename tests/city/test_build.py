"""A city as files: the same plan gives the same bytes, another seed another city, and nobody's folder is overwritten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hengjian.city import Plan, build
from hengjian.kernel.errors import InputError

from ..story.conftest import hengjian
from .conftest import LARGE, PLAN, City, digests

SMALL_CITY = Plan(people=1_000, seed=3)


@pytest.mark.parametrize("plan", [SMALL_CITY, Plan(people=4_000, seed=3)], ids=["one block", "two blocks"])
def test_the_same_plan_in_another_process_gives_the_same_bytes(tmp_path: Path, plan: Plan) -> None:
    build(plan, tmp_path / "a")
    done = hengjian("city", "--people", plan.people, "--seed", plan.seed, "--out", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    first = digests(tmp_path / "a")
    assert first == digests(tmp_path / "b")
    assert len([name for name in first if name.startswith("fee_line-0")]) == plan.blocks


def test_another_seed_gives_another_city(tmp_path: Path) -> None:
    build(SMALL_CITY, tmp_path / "a")
    build(replace(SMALL_CITY, seed=4), tmp_path / "b")
    one, other = digests(tmp_path / "a"), digests(tmp_path / "b")
    for name in (*(f"{table}-001.parquet" for table in LARGE), "truth.csv", "device.csv", "external_list.csv"):
        assert one[name] != other[name], name


def test_both_formats_hold_the_same_rows(tmp_path: Path) -> None:
    build(SMALL_CITY, tmp_path / "parquet")
    build(replace(SMALL_CITY, form="csv"), tmp_path / "csv")
    with duckdb.connect() as con:
        for name in LARGE:
            rows = [
                con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {source} ORDER BY ALL").fetchall()
                for source in (
                    f"read_parquet('{tmp_path}/parquet/{name}-001.parquet')",
                    f"read_csv('{tmp_path}/csv/{name}-001.csv', all_varchar = true)",
                )
            ]
            assert rows[0] and rows[0] == rows[1], name


def test_bad_rows_are_added_and_spoil_no_good_one(tmp_path: Path) -> None:
    clean = build(replace(SMALL_CITY, dirt=0.0), tmp_path / "clean")
    dirty = build(replace(SMALL_CITY, dirt=0.01), tmp_path / "dirty")
    added = {name for name in digests(tmp_path / "dirty") if "补传" in name}
    assert clean.dirty == 0 and len(added) == 5
    assert {k: v for k, v in digests(tmp_path / "dirty").items() if k not in added} == digests(tmp_path / "clean")
    lines = dirty.rows["fee_line"]
    assert sum(dirty.dirt["fee_line"].values()) == round(lines * 0.01) and len(dirty.dirt["fee_line"]) == 16


def test_the_summary_counts_what_stands_in_the_files(city: City) -> None:
    for name in LARGE:
        assert city.summary.rows[name] == city.one(f"SELECT COUNT(*) FROM {name}"), name
    for name in ("institution", "practitioner", "device", "external_list", "stock_change", "price"):
        assert city.summary.rows[name] == len(city.rows(name))
    told = {(theme, flag): n for theme, pair in city.summary.facts.items() for flag, n in zip("10", pair, strict=True)}
    assert told == {(t, g): n for t, g, n in city.ask("SELECT theme, is_guilty, COUNT(*) FROM truth GROUP BY ALL")}
    files = [p for p in city.out.rglob("*") if p.is_file()]
    assert (city.summary.files, city.summary.bytes) == (len(files), sum(p.stat().st_size for p in files))


def test_nothing_happens_outside_the_year(city: City) -> None:
    for table, column in (
        ("encounter", "begntime"),
        ("encounter", "endtime"),
        ("fee_line", "fee_ocur_time"),
        ("settlement", "setl_time"),
    ):
        first, last = city.ask(f"SELECT MIN({column})::DATE::VARCHAR, MAX({column})::DATE::VARCHAR FROM {table}")[0]
        assert first >= "2025-11-01" and last <= "2026-10-31", (table, column)
    assert city.one("SELECT MAX(upld_time)::DATE::VARCHAR FROM encounter") <= "2026-11-10"
    assert "data_date,2026-11-10\n" in (city.out / "manifest.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "cells",
    [{"people": 499}, {"people": 5_000_001}, {"dirt": -0.1}, {"dirt": 0.06}, {"seed": -1}, {"seed": 1 << 32}, {"form": "xlsx"}],
)
def test_a_plan_that_cannot_be_built_is_refused(cells: dict[str, Any]) -> None:
    with pytest.raises(InputError) as told:
        replace(PLAN, **cells)
    assert told.value.where.startswith("--") and told.value.cure


def test_the_smallest_city_is_whole(tmp_path: Path) -> None:
    summary = build(Plan(people=500, seed=1), tmp_path)
    assert summary.rows["person"] == 500 and summary.rows["fee_line"] > 1_000
    assert all(min(pair) >= 3 for pair in summary.facts.values())


def test_a_folder_in_use_is_not_overwritten(tmp_path: Path) -> None:
    plan = Plan(people=500, seed=1)
    build(plan, tmp_path / "city")
    before = digests(tmp_path / "city")
    with pytest.raises(InputError, match="不是空的"):
        build(plan, tmp_path / "city")
    (tmp_path / "city" / "thesis.docx").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="有别的文件") as told:
        build(plan, tmp_path / "city", force=True)
    assert "thesis.docx" in str(told.value)
    (tmp_path / "city" / "thesis.docx").unlink()
    assert digests(tmp_path / "city") == before
    build(replace(plan, people=510, form="csv"), tmp_path / "city", force=True)
    assert not list((tmp_path / "city").glob("*.parquet"))
