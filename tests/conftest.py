"""What every test shares: programs that may be missing, and what a skip means."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

REQUIRE_ALL = os.environ.get("HENGJIAN_REQUIRE_ALL") == "1"
"""In CI nothing may skip: a missing program is a failure there."""

LONG = os.environ.get("HENGJIAN_LONG") == "1"
"""`make test-long`: fresh seeds, many draws. Otherwise draws are the same on every run."""

settings.register_profile("usual", derandomize=True, deadline=None)
settings.register_profile("long", deadline=None, max_examples=500)
settings.load_profile("long" if LONG else "usual")

SHARED = Path(__file__).parent.parent.parent / "shared"
"""Reference material beside the checkout; a user's machine has none of it."""

os.environ["HENGJIAN_KEYS"] = str(Path(tempfile.mkdtemp(prefix="hengjian-keys-")) / "keys.json")
"""Every lake of the tests is sealed under a key file of this run, never the user's."""

_APT = {"chromium": "chromium", "java": "openjdk-17-jre-headless", "soffice": "libreoffice-calc-nogui"}


def need_program(name: str) -> str:
    """Path of a system program; without it the test skips and names the apt package."""
    if found := shutil.which(name):
        return found
    pytest.skip(f"缺少程序 {name}，安装：apt-get install {_APT.get(name, name)}")


def need_shared(relative: str) -> Path:
    """A file of the reference material; without it the test skips."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"缺少参考资料 {relative}（只有开发者有）")
    return path


@pytest.fixture(scope="session")
def spark():
    """One small Spark session for all tests, set as the product sets it; without Java or pyspark the test skips."""
    need_program("java")
    pytest.importorskip("pyspark", reason="缺少 pyspark，安装：pip install 'hengjian[spark]'")
    from pyspark.sql import SparkSession

    from hengjian.engine.backends.spark import SETTINGS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pyspark leaves its launcher's pipe open
        builder = SparkSession.builder.appName("hengjian-tests").master("local[2]")
        for name, value in (SETTINGS | {"spark.sql.shuffle.partitions": "2", "spark.driver.memory": "2g"}).items():
            builder = builder.config(name, value)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def postgres():
    """One small PostgreSQL for all tests; without its programs or drivers the test skips."""
    from .postgres import running_postgres

    for module in ("sqlalchemy", "psycopg"):
        pytest.importorskip(module, reason=f"缺少 {module}，安装：pip install 'hengjian[db]'")
    with running_postgres() as cluster:
        yield cluster


_LONGEST = ("tests/web/test_on_postgres.py", "tests/web/test_every_page.py")
"""Files that take minutes: begun first, so that no process waits for them alone at the end."""


def pytest_collection_modifyitems(config, items):
    """Tests marked `long` run only with HENGJIAN_LONG=1. The longest files come first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))
    if not LONG:
        kept = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = kept


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With HENGJIAN_REQUIRE_ALL=1 a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may skip: {report.longrepr}"
