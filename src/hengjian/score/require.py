"""What a score must reach: `certain=1.0/1.0,suspected=0.80/0.95` means precision / recall by certainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hengjian.kernel.errors import InputError
from hengjian.score.result import ScoreResult, ThemeScore

CERTAINTIES = {"certain": "违规", "suspected": "可疑"}


@dataclass(frozen=True)
class Requirement:
    """Least precision and least recall."""

    precision: float
    recall: float


def read_requirement(text: str) -> dict[str, Requirement]:
    """Parse the option. Raises InputError for an unknown certainty or a share outside 0 to 1."""
    found = {}
    for part in text.split(","):
        name, _, shares = part.strip().partition("=")
        try:
            precision, recall = (float(x) for x in shares.split("/"))
        except ValueError as error:
            raise _unreadable(text, f"“{part.strip()}”不是 名称=精确率/召回率") from error
        if name not in CERTAINTIES:
            raise _unreadable(text, f"没有“{name}”这种明确程度，只有 certain 和 suspected")
        if not (0 <= precision <= 1 and 0 <= recall <= 1):
            raise _unreadable(text, "精确率和召回率须在 0 与 1 之间")
        found[name] = Requirement(precision, recall)
    return found


def _unreadable(text: str, why: str) -> InputError:
    return InputError(
        "看不懂要求", where=f"--require {text}", why=why, cure="例如 --require certain=1.0/1.0,suspected=0.80/0.95"
    )


def missed(result: ScoreResult, requirements: Mapping[str, Requirement]) -> list[str]:
    """One sentence for each theme that misses its requirement. A theme without guilty truth, or without a rule, misses it."""
    sentences = [s for theme in result.themes if (s := _missed(theme, requirements))]
    return sentences if result.themes else ["没有一个主题可以评分"]


def _missed(theme: ThemeScore, requirements: Mapping[str, Requirement]) -> str:
    if not theme.certainty:
        return f"{theme.theme}：没有规则查这个主题"
    wanted = requirements.get(theme.certainty)
    if wanted is None:
        return ""
    if not theme.guilty:
        return f"{theme.theme}：真值里没有这个主题的违规"
    precision, recall = theme.precision or 0.0, theme.recall or 0.0
    faults = [f"精确率 {precision:.4f} 低于 {wanted.precision}"] if precision < wanted.precision else []
    faults += [f"召回率 {recall:.4f} 低于 {wanted.recall}"] if recall < wanted.recall else []
    return f"{theme.theme}：{'，'.join(faults)}" if faults else ""
