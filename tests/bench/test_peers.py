"""A peer that finds something else measures something else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bench.peers import ours, per_rule
from bench.peers.given import COLUMNS, RULES, chosen, give
from bench.rules import measured
from bench.scan import plan_of

from hengjian.lake.versions import LakeVersion
from hengjian.rulebook import load_rulebook

from .conftest import need

SILENT = {"tcm_slice_not_paid", "fee_outside_stay", "no_main_diagnosis", "treatment_without_indication"}
"""Rules the small city may have no hit of."""


@pytest.fixture(scope="module")
def hits(lake: LakeVersion, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[object, ...]]:
    """What we find by the rules the peers know too."""
    return ours.find(lake, load_rulebook(), tmp_path_factory.mktemp("scratch"))


def test_the_rules_peers_implement_hit(hits: set[tuple[object, ...]]):
    counts = Counter(rule for rule, *_ in hits)
    assert set(RULES) - SILENT <= set(counts)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_peer_finds_the_same(library: str, lake: LakeVersion, hits: set[tuple[object, ...]]):
    need(library)
    from importlib import import_module

    assert import_module(f"bench.peers.with_{library}").find(give(lake, load_rulebook())) == hits


def test_zen_engine_finds_the_same(lake: LakeVersion):
    need("zen")
    from bench.peers import with_zen

    found = with_zen.run(lake, load_rulebook(), lines=100_000)  # raises when they differ
    assert found["findings"] > 0 and found["lines"] > 10_000


def test_one_query_a_rule_finds_the_same(lake: LakeVersion, tmp_path: Path):
    book = load_rulebook()
    rules = [book.rules[name] for name in measured(book, "national")]
    mine = {(rule, visit, sn, w0, total) for rule, _, visit, sn, w0, _, total, *_ in ours.find(lake, book, tmp_path, rules)}
    found, spent = per_rule.find(lake, book, rules)
    assert found == mine and spent > 0


def test_peers_read_what_the_rules_read(lake: LakeVersion):
    book = load_rulebook()
    read = plan_of(lake, book, chosen(book)).read
    for table, columns in COLUMNS.items():
        assert set(columns) <= read[table], table  # a peer that reads more is slowed for nothing
