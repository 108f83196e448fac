"""Knowledge a site has imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hengjian.rulebook.model import KnowledgeRow


def stored(root: Path) -> Mapping[str, Sequence[KnowledgeRow]]:
    """The site's rows by table."""
    return {}
