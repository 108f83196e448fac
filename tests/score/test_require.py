"""What a score must reach, how it is written, and what is said when it is missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hengjian.kernel.errors import InputError
from hengjian.score import Requirement, ScoreResult, ThemeScore, missed, read_requirement

from ..story.conftest import hengjian
from .folder import fact, finding, write_folder

BOTH = "certain=1.0/1.0,suspected=0.80/0.95"


def theme(certainty: str, hits: int, found: int, guilty: int, false: int = 0) -> ThemeScore:
    """A theme with these counts."""
    return ThemeScore(
        "sex", "sex", certainty, guilty=guilty, findings=hits + false, found=found, hits=hits, false_unplanted=false
    )


def test_a_requirement_is_read() -> None:
    assert read_requirement(BOTH) == {"certain": Requirement(1.0, 1.0), "suspected": Requirement(0.8, 0.95)}
    assert read_requirement(" suspected=0/1 ") == {"suspected": Requirement(0.0, 1.0)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "不是 名称=精确率/召回率"), ("certain", "不是 名称=精确率/召回率"), ("certain=1.0", "不是 名称=精确率/召回率"),
        ("certain=1/1/1", "不是 名称=精确率/召回率"), ("certain=a/b", "“certain=a/b”"), ("certain=1/1,", "“”"), ("sure=1/1", "没有“sure”"),
        ("certain=1.1/1", "0 与 1 之间"), ("certain=1/-0.1", "0 与 1 之间"), ("certain=nan/1", "0 与 1 之间"),
    ],
)  # fmt: skip
def test_a_requirement_that_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match="看不懂要求") as told:
        read_requirement(text)
    assert why in str(told.value) and f"--require {text}" in str(told.value) and "例如" in str(told.value)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (theme("certain", 10, 10, 10), ""),
        (theme("certain", 10, 10, 10, false=1), "精确率 0.9091 低于 1.0"),
        (theme("certain", 9, 9, 10), "召回率 0.9000 低于 1.0"),
        (theme("suspected", 80, 95, 100, false=20), ""),  # exactly as required
        (theme("suspected", 79, 95, 100, false=21), "精确率 0.7900 低于 0.8"),
        (theme("suspected", 80, 94, 100, false=20), "召回率 0.9400 低于 0.95"),
        (theme("suspected", 1, 1, 10, false=9), "精确率 0.1000 低于 0.8，召回率 0.1000 低于 0.95"),
        (theme("certain", 0, 0, 5), "精确率 0.0000 低于 1.0，召回率 0.0000 低于 1.0"),
        (theme("certain", 0, 0, 0), "真值里没有这个主题的违规"),
        (theme("", 0, 0, 5), "没有规则查这个主题"),
    ],
)
def test_a_theme_that_misses_is_told_by_how_much(score: ThemeScore, said: str) -> None:
    assert missed(ScoreResult([score]), read_requirement(BOTH)) == ([f"sex：{said}"] if said else [])


def test_what_is_not_required_is_not_missed() -> None:
    assert missed(ScoreResult([theme("suspected", 0, 0, 5)]), read_requirement("certain=1/1")) == []


def test_a_score_of_nothing_misses() -> None:
    assert missed(ScoreResult([]), read_requirement(BOTH)) == ["没有一个主题可以评分"]


# the command ------------------------------------------------------------------------------------------------------------
def run(folder: Path, *more: object) -> Any:
    """`hengjian score` on a folder."""
    return hengjian("score", "--findings", folder, "--truth", folder / "truth.csv", *more)


def test_the_command_ends_well_only_when_the_requirement_is_reached(tmp_path: Path) -> None:
    split = {"rule_id": "split", "theme": "split", "psn_no": "P2"}
    good = [finding(), finding(**{k: v for k, v in split.items() if k != "theme"})]
    truth = [fact(), fact(violation_id="V2", **{k: v for k, v in split.items() if k != "rule_id"})]
    folder = write_folder(tmp_path, good, truth)
    done = run(folder, "--require", BOTH, "--out", folder / "score.json")
    assert done.returncode == 0 and done.stderr == "" and "1.00" in done.stdout
    written = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    assert [(t["theme"], t["precision"], t["recall"]) for t in written["themes"]] == [("sex", 1.0, 1.0), ("split", 1.0, 1.0)]
    folder = write_folder(tmp_path, good[1:], truth)
    done = run(folder, "--require", BOTH, "--json")
    assert done.returncode == 1 and "没有达到要求：sex：" in done.stderr
    assert json.loads(done.stdout)["missed_requirements"] == ["sex：精确率 0.0000 低于 1.0，召回率 0.0000 低于 1.0"]
    done = run(folder, "--require", "certain=2/1")
    assert done.returncode == 2 and "0 与 1 之间" in done.stderr and "Traceback" not in done.stderr
