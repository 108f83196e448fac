"""The rules an office knows: those of the program, and its own."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from hengjian.rulebook import load_rulebook
from hengjian.rulebook.loader import add_local
from hengjian.rulebook.model import Rulebook
from hengjian.site.apply import LOCAL_RULES


def known_rules() -> Rulebook:
    """As shipped, with the office's own rules, before knowledge, approvals and releases of its site."""
    return add_local(load_rulebook(), Path(settings.SITE) / LOCAL_RULES)
