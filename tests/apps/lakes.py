"""A small synthetic city, its lake and the office's folders: made once, copied for each test that changes them."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from hengjian.city import Plan, build
from hengjian.lake.ingest.load import load_folder

LOADED_AT = datetime(2026, 11, 20, 9, 0)


@pytest.fixture(scope="session")
def city(tmp_path_factory) -> Path:
    """Files of a city of 2,000 people."""
    folder = tmp_path_factory.mktemp("city") / "city"
    build(Plan(people=2000, seed=11), folder)
    return folder


@pytest.fixture(scope="session")
def whole_lake(city, tmp_path_factory) -> Path:
    """Its lake; not to be changed."""
    lake = tmp_path_factory.mktemp("lake") / "lake"
    load_folder(city, lake, now=LOADED_AT)
    return lake


@pytest.fixture
def home(tmp_path, settings) -> Path:
    """The folders of an office of its own."""
    settings.HOME = tmp_path
    for name in ("LAKE", "SITE", "RESULTS", "UPLOADS", "DROP", "EXPORTS", "ANCHORS", "ATTACHMENTS"):
        setattr(settings, name, tmp_path / name.lower())
    settings.FINDINGS_DESTINATION = "tests.apps.lakes.received"
    ARRIVED.clear()
    return tmp_path


@pytest.fixture
def stocked(home, whole_lake) -> Path:
    """An office whose data are loaded already."""
    shutil.copytree(whole_lake, home / "lake")
    return home


ARRIVED: list[dict] = []


def received(*, run, results, lake, by, at, progress):
    """Stands for the room that takes findings over."""
    progress(0.5, "入库")
    ARRIVED.append({"run": run.pk, "results": results, "lake": lake, "by": by})
    return {"fresh": 3, "withdrawn": 0}
