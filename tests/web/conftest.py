"""The same people and instants as in the tests of the rooms, and one demonstration for all tests that need a running office."""

import pytest

from ..apps.conftest import cast, now  # noqa: F401
from ..offices import running_office


@pytest.fixture(scope="package")
def demo_office(tmp_path_factory):
    """`hengjian serve --demo`, built once; what one test did in it the next may find."""
    with running_office(tmp_path_factory.mktemp("demo") / "office", "--demo", "--people", 2000) as office:
        yield office
