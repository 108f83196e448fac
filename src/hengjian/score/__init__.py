"""Compare findings with the truth of a synthetic city: precision, recall and error of amounts, theme by theme.

For measuring rules on planted facts. It says nothing about how often real findings hold in the field.
"""

from hengjian.score.match import score
from hengjian.score.read import read_findings, read_rules, read_truth
from hengjian.score.require import Requirement, missed, read_requirement
from hengjian.score.result import ScoreResult, ThemeScore

__all__ = [
    "Requirement",
    "ScoreResult",
    "ThemeScore",
    "missed",
    "read_findings",
    "read_requirement",
    "read_rules",
    "read_truth",
    "score",
]
