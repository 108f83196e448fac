"""Notes an audit leaves in the lake: where its result lies. While the result is there, the version it judged is kept."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from hengjian.kernel.whole import write_whole
from hengjian.lake.versions import LakeVersion

_UNDER_WAY = timedelta(days=2)
"""An audit that left its note no longer ago may still be writing its result."""


def leave_note(lake: LakeVersion, out: Path, at: datetime) -> None:
    """Note that an audit of this version writes into `out`. A lake that cannot be written is audited all the same."""
    folder = lake.root / "audits"
    body = {"version": lake.number, "out": str(out), "generated_at": at.isoformat(timespec="seconds")}
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        write_whole(
            folder / f"{sha256(str(out).encode()).hexdigest()[:16]}.json", json.dumps(body, ensure_ascii=False, indent=1)
        )


def audits_in_use(root: Path, now: datetime) -> dict[int, list[str]]:
    """Versions that results of audits name, with the folders of those results. Whatever cannot be seen counts as in use."""
    found: dict[int, list[str]] = {}
    for path in sorted((root / "audits").glob("*.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            version, out, at = int(note["version"]), str(note["out"]), datetime.fromisoformat(str(note["generated_at"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        named = {_named(Path(out), version)}
        if now - at < _UNDER_WAY:
            named.add(version)
        for number in named - {None}:
            found.setdefault(int(number or 0), []).append(out)
    return found


def _named(out: Path, version: int) -> int | None:
    """The version the result in `out` names; the one noted where it cannot be read; None where there is no result any more."""
    try:
        return int(json.loads((out / "audit.json").read_text(encoding="utf-8"))["data_version"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return version
