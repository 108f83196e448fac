"""Clean-up: what a rule, a person or a result of an audit still needs stays; all else goes, and no file of what stays is touched."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hengjian.engine.run import run_audit
from hengjian.kernel.errors import InputError, LakeError
from hengjian.lake.history import load_history
from hengjian.lake.ingest import load as load_module
from hengjian.lake.upkeep.compact import compact
from hengjian.lake.upkeep.gc import clean
from hengjian.lake.upkeep.notes import audits_in_use
from hengjian.lake.upkeep.retention import DEFAULTS, Pin, Retention, read_retention
from hengjian.lake.versions import open_lake, version_numbers
from hengjian.rulebook import load_rulebook

from ..folder import NOW, load, make_folder, row
from ..test_safety import more, ordinary_user
from .lakes import everything, files_of, kill_at, lived_in

LATER = NOW + timedelta(days=1000)


def keep(lake: Path, text: str) -> None:
    (lake / "retention.yml").write_text(text, encoding="utf-8")


def named(lake: Path) -> set[str]:
    """Every data file that a version names."""
    found: set[str] = set()
    for number in version_numbers(lake):
        version = open_lake(lake, number)
        found |= {str(Path(p).relative_to(lake)) for table in version.tables for p in version.files(table)}
    return found


def test_the_first_clean_up_makes_the_rules_and_keeps_what_is_young(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    before = files_of(lake)
    done = clean(lake, now=NOW)
    assert done.made and done.removed == [] and (done.files, done.bytes) == (0, 0) and files_of(lake) == before
    assert (lake / "retention.yml").read_text(encoding="utf-8") == DEFAULTS and read_retention(lake) == Retention()
    assert done.kept[4] == ["最新一版", "最近 10 版", "不到 180 天"]
    assert not clean(lake, now=NOW).made


def test_old_versions_go_and_what_they_alone_named(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    compact(lake, now=LATER)
    whole = everything(open_lake(lake))
    sent = [(past.number, past.report["tables"]) for past in load_history(open_lake(lake))]
    keep(lake, "keep_days: 30\nkeep_last: 1\n")
    tried = clean(lake, now=LATER, dry_run=True)
    assert version_numbers(lake) == [1, 2, 3, 4, 5]
    before = sum((lake / name).stat().st_size for name in files_of(lake))
    done = clean(lake, now=LATER)
    assert done.removed == tried.removed == [1, 2, 3, 4] and (done.files, done.bytes) == (tried.files, tried.bytes)
    assert version_numbers(lake) == [5] and files_of(lake) == named(lake)
    assert done.bytes == before - sum((lake / name).stat().st_size for name in files_of(lake)) > 0
    assert everything(open_lake(lake)) == whole
    assert [(p.number, p.report["tables"]) for p in load_history(open_lake(lake))] == sent, "loads are remembered"
    assert load(more(tmp_path / "e", fee_line=[row("fee_line", feedetl_sn="7")]), lake).version == 6
    assert clean(lake, now=LATER, dry_run=True).removed == []


def test_the_newest_version_stays_whatever_the_rules_say(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    keep(lake, "keep_days: 0\nkeep_last: 1\n")
    assert list(clean(lake, now=LATER).kept) == [4] and everything(open_lake(lake))


def test_a_pinned_version_stays_until_its_day(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    keep(
        lake,
        "keep_days: 0\nkeep_last: 1\npinned:\n- {version: 2, reason: 某医院复议, until: 2027-06-30}\n- {version: 90, reason: 笔误}\n",
    )
    whole = everything(open_lake(lake, 2))
    last = datetime(2027, 6, 30, 23, 0)
    done = clean(lake, now=last)
    assert (
        done.removed == [1, 3]
        and done.kept[2] == ["固定：某医院复议"]
        and done.notes == ["retention.yml 里固定的第 90 版已经没有了"]
    )
    assert everything(open_lake(lake, 2)) == whole
    assert clean(lake, now=last + timedelta(days=1)).removed == [2]


def test_the_version_of_an_audit_stays_while_its_result_is_there(tmp_path: Path) -> None:
    lake, out = lived_in(tmp_path), tmp_path / "out"
    keep(lake, "keep_days: 0\nkeep_last: 1\n")
    run_audit(open_lake(lake, 2), load_rulebook(), out, now=NOW)
    run_audit(open_lake(lake, 3), load_rulebook(), tmp_path / "other", now=NOW)
    (note,) = [n for n in (lake / "audits").iterdir() if json.loads(n.read_text(encoding="utf-8"))["version"] == 2]
    assert json.loads(note.read_text(encoding="utf-8")) == {
        "version": 2,
        "out": str(out),
        "generated_at": "2026-11-01T09:00:00",
    }
    shutil.rmtree(tmp_path / "other")
    done = clean(lake, now=LATER)
    assert done.removed == [1, 3] and done.kept[2] == [f"审计结果 {out}"]
    (out / "audit.json").write_text("{", encoding="utf-8")
    assert audits_in_use(lake, LATER) == {2: [str(out)]}, "what cannot be read is in use"
    (out / "audit.json").write_text(json.dumps({"data_version": 4}), encoding="utf-8")
    assert clean(lake, now=LATER).removed == [2], "the folder was used again for another version"


def test_an_audit_under_way_keeps_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lived_in(tmp_path)
    keep(lake, "keep_days: 0\nkeep_last: 1\n")
    seen = {}

    def looking(*_: object, **__: object) -> None:
        seen.update(clean(lake, now=LATER, dry_run=True).kept)
        raise KeyboardInterrupt

    monkeypatch.setattr("hengjian.engine.run.judge_lake", looking)
    with pytest.raises(KeyboardInterrupt):
        run_audit(open_lake(lake, 1), load_rulebook(), tmp_path / "out", now=LATER)
    assert seen[1] == [f"审计结果 {tmp_path / 'out'}"]
    assert 1 in clean(lake, now=LATER + timedelta(days=3)).removed, "it never came to a result"


def test_a_lake_that_cannot_be_written_is_audited_all_the_same() -> None:
    with ordinary_user() as home:
        lake = home / "lake"
        load(make_folder(home / "in"), lake)
        lake.chmod(0o555)
        run_audit(open_lake(lake), load_rulebook(), home / "out", now=NOW)
        assert (home / "out" / "audit.json").is_file() and not (lake / "audits").exists()
        lake.chmod(0o755)


def test_what_killed_loads_left_goes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lived_in(tmp_path)
    before = files_of(lake)
    device = {"dev_no": "D1", "fixmedins_code": "H99010000001", "dev_name": "CT", "dev_type": "1"}
    folder = more(tmp_path / "e", fee_line=[row("fee_line", cnt="5", det_item_fee_sumamt="500")], device=[device])
    with monkeypatch.context() as patch:
        patch.setattr(load_module, "publish", lambda version: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            load(folder, lake)
    (lake / "staging").mkdir()
    (lake / "staging" / "left").write_bytes(b"x")
    assert files_of(lake) >= before  # a load that can still act takes its own leavings away
    assert clean(lake, now=NOW).files > 0
    assert files_of(lake) == before == named(lake) and not (lake / "staging").exists()
    assert not (lake / "tables" / "device").exists() and not (lake / "tables" / ".unpublished").exists()
    assert load(folder, lake).version == 5 and open_lake(lake).rows("fee_line") == 4


ACT = """
from hengjian.lake.upkeep.gc import clean
clean(Path(sys.argv[1]), now=datetime(2030, 1, 1))
"""


@pytest.mark.parametrize(("name", "at"), [("remember", 1), ("remember", 3), ("_nobodys", 1), ("_tidy", 1)])
def test_killed_anywhere_the_next_clean_up_ends_it(tmp_path: Path, name: str, at: int) -> None:
    lake = lived_in(tmp_path)
    keep(lake, "keep_days: 0\nkeep_last: 1\n")
    whole = everything(open_lake(lake))
    assert kill_at("hengjian.lake.upkeep.gc", name, at, ACT, lake)
    assert everything(open_lake(lake)) == whole
    clean(lake, now=LATER)
    assert version_numbers(lake) == [4] and files_of(lake) == named(lake) and everything(open_lake(lake)) == whole
    assert [past.number for past in load_history(open_lake(lake))] == [1, 2, 3, 4]


def test_beside_a_version_that_is_not_whole_nothing_goes(tmp_path: Path) -> None:
    lake = lived_in(tmp_path)
    keep(lake, "keep_days: 0\nkeep_last: 1\n")
    os.remove(open_lake(lake).files("encounter")[0])
    before = files_of(lake)
    with pytest.raises(LakeError, match="没有清理"):
        clean(lake, now=LATER)
    (lake / "versions" / "000002.json").write_text("{", encoding="utf-8")
    with pytest.raises(LakeError, match="版本文件读不出来"):
        clean(lake, now=LATER)
    assert files_of(lake) == before and len(version_numbers(lake)) == 4


WRONG = [
    ("keep_days: x\nkeep_last: 1\n", 1, "keep_days"), ("keep_days: 1\nkeep_last: 0\n", 2, "不小于 1"), ("keep_days: 1\n", 1, "缺少“keep_last”"),
    ("keep_days: 1\nkeep_last: 1\nkept: 3\n", 3, "不认识的条目“kept”"), ("- a\n", 1, "条目: 值"), ("", 1, "条目: 值"), ("keep_days: 1\nkeep_days: 2\n", 2, "写了两次"),
    ("keep_days: 1\nkeep_last: 1\npinned: 3\n", 3, "清单"), ("keep_days: 1\nkeep_last: 1\npinned:\n- reason: x\n", 4, "version"),
    ("keep_days: 1\nkeep_last: 1\npinned:\n- version: 1\n  reason: x\n  until: 明年\n", 6, "until"), ("keep_days: [\n", 2, "写法有误"),
    ("keep_days: 1\nkeep_last: 1\npinned:\n- version: 1\n  reason:\n", 4, "reason"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_a_rule_that_is_not_understood_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    keep(tmp_path, text)
    with pytest.raises(InputError) as told:
        read_retention(tmp_path)
    assert words in str(told.value) and f"retention.yml:{line}" in str(told.value) and "办法" in str(told.value)


def test_rules_as_people_write_them(tmp_path: Path) -> None:
    keep(tmp_path, "keep_days: 7\nkeep_last: 3\npinned:\n  - version: 12\n    reason: 诉讼\n    until:\n")
    assert read_retention(tmp_path) == Retention(7, 3, (Pin(12, "诉讼"),))
    keep(tmp_path, DEFAULTS.replace("#  - version", "  - version").replace("#    ", "    "))
    (pin,) = read_retention(tmp_path).pinned
    assert pin.version == 12 and pin.until and pin.until.year == 2027
