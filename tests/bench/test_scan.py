"""The scan an audit is measured against reads what the rules read, and copies of rules do what their models do."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
from bench.once import _digest
from bench.report import BY_HAND, kept
from bench.rules import COPY, doubled, measured
from bench.scan import plan_of, scan_sql

from hengjian.engine.run import run_audit
from hengjian.engine.text import columns_read
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook import load_rulebook


def test_the_scan_reads_every_column_of_every_text(lake: LakeVersion):
    book = load_rulebook()
    plan = plan_of(lake, book, [book.rules[name] for name in measured(book, "national")])
    scans = scan_sql(lake, plan)
    assert "fee_line" in scans and "encounter" in scans
    for table, columns in plan.read.items():
        if table in scans:
            assert all(f"({c})" in scans[table] or f"({c}::HUGEINT)" in scans[table] for c in columns)
    asked: dict[str, set[str]] = {}
    for text in plan.texts:
        for table, columns in columns_read(text.sql, text.name, _knowledge(lake)).items():
            asked.setdefault(table, set()).update(columns)
    assert all(columns <= plan.read[table] for table, columns in asked.items())


def _knowledge(lake: LakeVersion) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    from hengjian.engine.backends.duckdb import attach_small_tables, connect
    from hengjian.engine.bind import bind

    book, con = load_rulebook(), connect()
    attach_small_tables(con, lake)
    tables = bind(con, book, [book.rules[name] for name in measured(book, "national")]).tables
    con.close()
    return tuple((name, tuple(spec.items())) for name, spec in sorted(tables.items()))


def test_a_copied_rule_finds_what_its_model_finds(lake: LakeVersion, tmp_path: Path):
    book = load_rulebook()
    more, copies = doubled(book, measured(book, "active"), tmp_path / "book")
    assert len(copies) >= 8 and all(
        more.rules[c].knowledge == "" or more.rules[c].knowledge not in book.knowledge for c in copies
    )
    run_audit(lake, more, tmp_path / "out", now=datetime(2026, 11, 1), only=[*measured(book, "active"), *copies])
    found = Counter(pq.read_table(tmp_path / "out" / "findings.parquet")["rule_id"].to_pylist())
    for copy in copies:
        assert found[copy] == found[copy.removesuffix(COPY)]
    assert sum(found[copy] > 0 for copy in copies) >= 8  # in so small a city not every rule finds something


def test_a_digest_sees_one_changed_amount():
    one, other = {("r", 1, "", 5)}, {("r", 1, "", 6)}
    assert _digest(one) == _digest({("r", 1, "", 5.0)}) != _digest(other)


def test_what_is_written_by_hand_stays(tmp_path: Path):
    page = tmp_path / "benchmarks.md"
    page.write_text(f"# old\n\n{BY_HAND}\n\nby hand\n", encoding="utf-8")
    assert kept(page) == f"{BY_HAND}\n\nby hand\n"
    assert kept(tmp_path / "none.md") == ""
