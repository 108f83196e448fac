"""How clues print their categories and points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from hengjian.apps.clues.forms import CATEGORIES

register = template.Library()


@register.filter
def category(code: str) -> str:
    """A rule's category in words."""
    return dict(CATEGORIES).get(code, code)


@register.filter
def signed(points: int) -> str:
    """Points with their sign, a minus as printed."""
    return f"+{points}" if points >= 0 else f"−{-points}"


@register.filter
def reasons(parts: Iterable[Mapping[str, Any]]) -> str:
    """All reasons of a priority in one line."""
    return "；".join(f"{part['why']} {signed(part['points'])}" for part in parts)
