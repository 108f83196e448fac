"""What the tests of the rooms share: an instant, the cast, one small city and its lake for all of them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from hengjian.web.cast import Cast, make_cast

from ..flushing import install
from .lakes import city, home, stocked, whole_lake  # noqa: F401

install()

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Tuesday morning: the instant of tests that name none."""


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def cast(db) -> Cast:
    """A bureau with a person in every role and one hospital's desk (H99010200001)."""
    return make_cast(
        at=NOW,
        since=date(2026, 1, 1),
        name="镜川市医疗保障局",
        institution_code="H99010200001",
        institution_name="镜川市中心医院",
        doctor_code="D990102000001",
    )
