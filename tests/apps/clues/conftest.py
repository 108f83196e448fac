"""Made-up results of audits, and an office that takes them in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from bench.made_up import write_results

from hengjian.apps.clues.services import arrive
from hengjian.apps.registry.models import Institution
from hengjian.apps.runs.models import Run

INSTITUTIONS = 6


@dataclass
class Audits:
    """Audits of one lake, one after another, and their arrival."""

    folder: Path
    now: datetime

    def write(self, findings: int, *, version: int = 1, without: str = "false") -> None:
        """What the next audit found."""
        write_results(self.folder, findings, institutions=INSTITUTIONS, version=version, without=without)

    def arrive(self, progress: Callable[[float, str], None] = lambda share, step: None) -> dict[str, int]:
        """Bring it in hand."""
        run = Run.objects.create(kind="arrive", title="疑点入库", queued_at=self.now)
        return arrive(run, self.folder, self.folder / "lake", "疑点入库", self.now, progress)


@pytest.fixture
def institutions(db) -> list[Institution]:
    """The made-up institutions, in two counties."""
    return Institution.objects.bulk_create(
        Institution(
            code=f"H9901{n:07d}", name=f"样例医院 {n}", kind="医院", level="二级", region_code="990102" if n % 2 else "990103"
        )
        for n in range(INSTITUTIONS)
    )


@pytest.fixture
def audits(cast, institutions, tmp_path, now) -> Audits:
    return Audits(tmp_path / "results", now)
