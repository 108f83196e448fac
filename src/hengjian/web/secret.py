"""The secret key of an office: made once, kept in its folder, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_key(home: Path) -> str:
    """The key kept in `home`; the first call makes it. Two processes that start together agree on one."""
    place = home / "secret.key"
    if not place.exists():
        draft = home / f".secret.{os.getpid()}"
        draft.touch(0o600)
        draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
        try:
            os.link(draft, place)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return place.read_text(encoding="ascii")
