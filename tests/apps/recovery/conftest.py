"""A posting needs nothing but lines and people."""

from ..review.conftest import later, world  # noqa: F401
