"""One audit folder with its lake, made once for all tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from .folder import Folder, make_findings, write_audit, write_lake


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """About 300 findings of nine rules in twelve institutions."""
    root = tmp_path_factory.mktemp("report")
    findings = make_findings(300, seed=7)
    lake = write_lake(root / "lake", findings)
    write_audit(root / "out", findings, lake=str(root / "lake"))
    return Folder(root / "out", findings, lake)


@pytest.fixture()
def empty(tmp_path: Path, folder: Folder) -> Folder:
    """An audit that found nothing."""
    write_audit(tmp_path, [], score=False)
    return Folder(tmp_path, [], folder.lake)
