"""The loads of a lake, also those whose version was cleaned away: their reports outlive them in `loads/`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import LakeError
from hengjian.kernel.whole import write_whole
from hengjian.lake.versions import LOAD, LakeVersion, open_lake, version_numbers


@dataclass(frozen=True)
class PastLoad:
    """One load: the number of the version it made, when, and its report (see `ingest.report`)."""

    number: int
    created_at: str
    report: dict[str, Any]


def load_history(lake: LakeVersion) -> list[PastLoad]:
    """Every load up to a version, oldest first. Raises LakeError when a report cannot be read."""
    numbers = [n for n in version_numbers(lake.root) if n < lake.number]
    kept = [*(open_lake(lake.root, n) for n in numbers), lake]
    found = {v.number: PastLoad(v.number, v.created_at, v.load) for v in kept if v.made_by == LOAD}
    for path in sorted((lake.root / "loads").glob("*.json")):
        past = _read(path)
        if past.number <= lake.number:
            found.setdefault(past.number, past)
    return [found[number] for number in sorted(found)]


def remember(version: LakeVersion) -> None:
    """Keep the report of a load whose version is about to go."""
    if version.made_by != LOAD:
        return
    folder = version.root / "loads"
    folder.mkdir(exist_ok=True)
    body = {"version": version.number, "created_at": version.created_at, "data_date": version.data_date, "load": version.load}
    write_whole(folder / f"{version.number:06d}.json", json.dumps(body, ensure_ascii=False, indent=1))


def _read(path: Path) -> PastLoad:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return PastLoad(int(raw["version"]), str(raw["created_at"]), dict(raw["load"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        cure = "用备份恢复这个文件；确实没有备份，就把它移走，履责报告里会少这一次加载"
        raise LakeError("一次加载的记录读不出来", where=str(path), why=cause_of(error), cure=cure) from error
