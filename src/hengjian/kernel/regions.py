"""Codes of administrative regions: six digits, two for each level."""

from __future__ import annotations


def region_prefix(code: str) -> str:
    """The beginning a region's code stands for: 990000 → 99, 990100 → 9901, 990102 stays."""
    while code.endswith("00"):
        code = code[:-2]
    return code
