"""kill -9 at any moment of a load or an audit: nothing published is lost, nothing is doubled, nothing half-done is seen."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from hengjian.engine.run import run_audit
from hengjian.lake.versions import open_lake, version_numbers
from hengjian.rulebook import load_rulebook

from ..conftest import LONG
from ..lake.folder import NOW, load, make_folder, row
from ..lake.test_safety import more
from .processes import Moment, commits, killed, load_moments, start, wait_for
from .town import Town, lake_state, result_bytes, result_state, run, unlisted

ROUNDS = range(50 if LONG else 5)
KILLS = 4
"""In a row, before the command may run to its end."""


@pytest.fixture(scope="module")
def load_seconds(town: Town, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long a load takes from its first trace in the lake."""
    lake = town.lake(tmp_path_factory.mktemp("measured") / "lake")
    process = start("ingest", town.change, "--lake", lake)
    assert wait_for(process, (lake / "staging").is_dir)
    begun = time.monotonic()
    process.communicate()
    return time.monotonic() - begun


@pytest.fixture(scope="module")
def audit_seconds(town: Town, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long an audit takes from its first trace in the results."""
    out = tmp_path_factory.mktemp("measured") / "out"
    process = start("audit", "--lake", town.after, "--out", out)
    assert wait_for(process, (out / ".audit-new").is_dir)
    begun = time.monotonic()
    process.communicate()
    return time.monotonic() - begun


# loads -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", ROUNDS)
def test_a_killed_load_is_never_seen(town: Town, tmp_path: Path, load_seconds: float, seed: int) -> None:
    lake = town.lake(tmp_path / "lake")
    before, after = lake_state(town.before), lake_state(town.after)
    for moment in load_moments(lake, random.Random(seed), load_seconds, KILLS):
        killed(moment, "ingest", town.change, "--lake", lake)
        if version_numbers(lake) == [1]:
            assert lake_state(lake) == before, moment.name
        else:  # the version was out when the load was killed
            assert version_numbers(lake) == [1, 2] and lake_state(lake) == after, moment.name
            assert lake_state(lake, 1) == before, moment.name
    number = open_lake(lake).number
    run_audit(open_lake(lake, 1), load_rulebook(), tmp_path / "out", now=NOW)
    assert (tmp_path / "out" / "findings.parquet").read_bytes() == (town.old / "findings.parquet").read_bytes()
    report = json.loads(run("ingest", town.change, "--lake", lake, "--json").splitlines()[0])
    assert report["new"] == (number == 1)
    assert lake_state(lake) == after and lake_state(lake, 1) == before
    assert not unlisted(lake)


def test_the_kills_hit_every_phase_of_a_load(town: Town, tmp_path: Path, load_seconds: float) -> None:
    """Were a load ever to leave no such traces, the test above would kill nothing in its commit."""
    lake = town.lake(tmp_path / "lake")
    base = len(commits(lake))
    moment = Moment("8 tables", lambda: len(commits(lake)) >= base + 8)
    assert killed(moment, "ingest", town.change, "--lake", lake)
    assert (lake / "tables" / ".unpublished").exists() and (lake / "staging").is_dir() and version_numbers(lake) == [1]
    assert len(commits(lake)) >= base + 8 and unlisted(lake)


def test_the_first_load_of_a_lake_is_killed(town: Town, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for count in (1, 12):
        moment = Moment("commit", lambda least=count: len(commits(lake)) >= least)  # type: ignore[misc]
        assert killed(moment, "ingest", town.root / "city", "--lake", lake)
        assert version_numbers(lake) == []
    run("ingest", town.root / "city", "--lake", lake)
    assert lake_state(lake) == lake_state(town.before) and not unlisted(lake)


def test_after_a_kill_another_folder_may_come_first(town: Town, tmp_path: Path) -> None:
    """A table that only the killed load had is nobody's: it must not stand in the way of later loads."""
    lake = town.lake(tmp_path / "lake")
    moment = Moment("new table", (lake / "tables" / "lab_result" / "_delta_log").is_dir)
    assert killed(moment, "ingest", town.change, "--lake", lake) and version_numbers(lake) == [1]
    own = {"psn_no": "PZ", "mdtrt_id": "MZ"}
    other = more(
        tmp_path / "other",
        person=[row("person", psn_no="PZ", psn_name="乙")],
        encounter=[row("encounter", **own)],
        fee_line=[row("fee_line", **own)],
    )
    load(other, lake)
    assert not (lake / "tables" / "lab_result").exists() and not unlisted(lake)
    load(other, town.lake(tmp_path / "undisturbed"))
    assert lake_state(lake) == lake_state(tmp_path / "undisturbed")
    run("ingest", town.change, "--lake", lake)
    assert open_lake(lake).rows("lab_result") == 1 and open_lake(lake).number == 3


def test_a_killed_commit_does_not_hide_a_version_that_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note that a commit is under way is whole at any moment, also while it is written."""
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "in"), lake)
    real = Path.replace

    def cut(self: Path, target: Path) -> Path:
        if self.name == "..unpublished.part":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        load(more(tmp_path / "b", fee_line=[row("fee_line", rxno="1")]), lake)
    monkeypatch.undo()
    assert load(more(tmp_path / "b", fee_line=[row("fee_line", rxno="1")]), lake).version == 2


# audits ----------------------------------------------------------------------------------------------------------------
def audit_moments(out: Path, luck: random.Random, seconds: float) -> list[Moment]:
    """Moments of an audit: drawn over its time, and at its last steps."""
    new = out / ".audit-new"
    steps = [
        ("judging", new.is_dir),
        *((name, (new / name).exists) for name in ("findings.parquet", "audit.json", "findings.xlsx")),
    ]
    steps += [("ready", (out / ".audit-ready").is_dir), ("listed", (new / ".files").exists)]
    drawn = []
    for n in range(KILLS):
        if n % 2:
            drawn.append(Moment(*luck.choice(steps)))
        else:
            wait = luck.random() * seconds
            drawn.append(Moment(f"after {wait:.3f} s", new.is_dir, wait))
    return drawn


def test_a_compaction_after_a_killed_load_clears_up_too(town: Town, tmp_path: Path) -> None:
    """And one that is killed itself changes nothing that anybody reads."""
    lake = town.lake(tmp_path / "lake")
    moment = Moment("new table", (lake / "tables" / "lab_result" / "_delta_log").is_dir)
    assert killed(moment, "ingest", town.change, "--lake", lake) and version_numbers(lake) == [1]
    load(more(tmp_path / "one", person=[row("person", psn_no="PZ", psn_name="乙")]), lake)
    load(more(tmp_path / "two", person=[row("person", psn_no="PZ", psn_name="丙")]), lake)
    assert killed(moment, "ingest", town.change, "--lake", lake) and version_numbers(lake) == [1, 2, 3]
    before, base = lake_state(lake), len(commits(lake))
    assert killed(Moment("commit", lambda: len(commits(lake)) > base), "lake", "compact", "--lake", lake)
    assert lake_state(lake) == before
    run("lake", "compact", "--lake", lake)
    live = {name: (digests[0], digests[2]) for name, digests in lake_state(lake)["tables"].items() if name != "mask"}
    assert live == {name: (digests[0], digests[2]) for name, digests in before["tables"].items() if name != "mask"}
    assert open_lake(lake).number == 4 and not unlisted(lake)
    run("ingest", town.change, "--lake", lake)
    assert open_lake(lake).rows("lab_result") == 1 and open_lake(lake).number == 5


@pytest.mark.parametrize("seed", ROUNDS)
def test_a_killed_audit_leaves_one_result_whole(town: Town, tmp_path: Path, audit_seconds: float, seed: int) -> None:
    out = tmp_path / "out"
    shutil.copytree(town.old, out)
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    old, old_bytes, new = result_state(town.old), result_bytes(town.old), result_state(town.new)
    assert old["told"]["data_version"] == 1 and new["told"]["data_version"] == 2 and new["told"]["withdrawn"] > 0
    for moment in audit_moments(out, random.Random(seed), audit_seconds):
        killed(moment, "audit", "--lake", town.after, "--out", out)
        found = result_state(out)
        if found["told"]["data_version"] == 1:
            assert result_bytes(out) == old_bytes and found == old, moment.name
        else:
            assert found == new, moment.name
            reports = {"report.html", "findings.xlsx"}
            assert reports <= result_bytes(out).keys() and not (
                {result_bytes(out)[name] for name in reports} & {old_bytes[name] for name in reports}
            )
    run("audit", "--lake", town.after, "--out", out)
    assert result_state(out) == new
    assert {p.name for p in out.iterdir()} == {p.name for p in town.new.iterdir()} | {"mine.txt"}
