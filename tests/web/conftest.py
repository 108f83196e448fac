"""The same people and instants as in the tests of the rooms."""

from ..apps.conftest import cast, now  # noqa: F401
