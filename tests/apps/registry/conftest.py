"""Cities and lakes for the tests of this room."""

from ..lakes import city, home, stocked, whole_lake  # noqa: F401
