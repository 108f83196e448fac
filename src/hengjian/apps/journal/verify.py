"""Is the journal whole? Reads every entry in order and says which is changed, missing or out of place; checks the daily anchors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from hengjian.apps.journal.chain import FIELDS, START, digest_of, instant
from hengjian.apps.journal.models import Entry, Head


@dataclass(frozen=True)
class Verdict:
    """How many entries were read, the digest of the last, and a sentence for each fault."""

    entries: int
    digest: str
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.faults


def verify(anchors: Path | None = None) -> Verdict:
    """Check the whole chain and, where a folder of anchor files is given, that each anchored entry still is what it was."""
    kept = dict(_anchors(anchors)) if anchors else {}
    with transaction.atomic():
        faults, before, number, seen = [], START, 0, {}
        for entry in Entry.objects.order_by("number").iterator(chunk_size=5000):
            if entry.number > number + 1:
                missing = f"第 {number + 1}" + (f" 至 {entry.number - 1}" if entry.number > number + 2 else "") + " 条"
                faults.append(f"{missing}缺失")
            elif entry.previous != before:
                faults.append(f"第 {entry.number} 条接不上前一条")
            record = {name: getattr(entry, name) for name in FIELDS} | {"at": instant(entry.at)}
            if digest_of(entry.previous, record) != entry.digest:
                faults.append(f"第 {entry.number} 条被改动（{entry.actor_name}，{entry.summary}）")
            number, before = entry.number, entry.digest
            if number in kept:
                seen[number] = before
        head = Head.objects.get(pk=1)
    if head.number != number:
        faults.append(
            f"第 {number + 1} 至 {head.number} 条缺失（末尾）"
            if head.number > number
            else f"第 {head.number + 1} 条以后不是经正常途径写入"
        )
    elif head.digest != before:
        faults.append("末条摘要与登记的不符")
    for at, (digest, name) in kept.items():
        if at and seen.get(at) != digest:
            faults.append(f"第 {at} 条与锚文件 {name} 不符：此前的记录被整体改写或删去")
    return Verdict(number, before, tuple(faults))


def _anchors(folder: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    for path in sorted(folder.glob("journal-*.json")):
        anchor = json.loads(path.read_text(encoding="utf-8"))
        yield int(anchor["number"]), (anchor["digest"], path.name)


def write_anchor(folder: Path, day: date, now: datetime) -> Path:
    """Write the day's anchor: number and digest of the last entry. Keep copies where the database's keeper can't reach them."""
    folder.mkdir(parents=True, exist_ok=True)
    head = Head.objects.get(pk=1)
    path = folder / f"journal-{day:%Y%m%d}.json"
    draft = path.with_suffix(".part")
    draft.write_text(
        json.dumps({"day": f"{day}", "written_at": instant(now), "number": head.number, "digest": head.digest, "by": "SM3"}),
        encoding="utf-8",
    )
    draft.replace(path)
    return path
