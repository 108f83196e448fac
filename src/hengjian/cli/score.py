"""`hengjian score`: compare findings with the truth."""

from __future__ import annotations


def score() -> None:
    """比较疑点与真值。"""
