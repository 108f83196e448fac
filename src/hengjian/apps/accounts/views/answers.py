"""What a form's page answers when a service refuses: the sentence on the form, and a status that says it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.forms import Form

from hengjian.kernel.errors import HengjianError


@contextmanager
def refused_at(form: Form) -> Iterator[None]:
    """Puts a refusal on the form instead of a page of its own, so that what was filled in stays."""
    try:
        yield
    except HengjianError as error:
        form.add_error(None, "。".join(p.rstrip("。") for p in (error.what, error.why, error.cure) if p) + "。")


def failed(form: Form) -> int:
    """Status of the form's page: 400 once something on it was refused."""
    return 400 if form.errors else 200
