"""Releases: from which day a site lets a rule open findings or only run in shadow. The stricter of the shipped status and the release
holds: a site can hold a shipped rule back, it can not let loose what is shipped in shadow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import STATUS_LABELS, Rulebook
from hengjian.site.folder import writing
from hengjian.site.ledger import Ledger

RELEASES = Ledger(
    "releases.csv",
    "发布记录",
    {"rule": "规则", "status": "状态", "from": "起始日期", "by": "批准人", "reason": "理由", "recorded_at": "登记时间"},
)
STATUSES = ("shadow", "active")
_STRICTNESS = ("active", "shadow", "draft", "retired")
"""From the freest to the strictest."""


@dataclass(frozen=True)
class Release:
    """One row of `releases.csv`."""

    rule_id: str
    status: str
    day: int
    by: str
    reason: str = ""
    recorded_at: str = ""


def read_releases(site: Path, book: Rulebook) -> list[Release]:
    """All releases, in the order of the file. Raises InputError at the first wrong row."""
    words = {STATUS_LABELS[s]: s for s in STATUSES} | {s: s for s in STATUSES}
    found = []
    for entry in RELEASES.read(site):
        rule_id = entry.need("rule", "写规则编号，见 hengjian rules list")
        if rule_id not in book.rules:
            raise entry.refuse("规则不存在", f"没有规则 {rule_id}", "改成现有的编号（hengjian rules list），或删去这一行")
        status = words.get(entry["status"].lower())
        if status is None:
            raise entry.refuse("状态不对", f"“{entry['status']}”", "写 shadow（影子）或 active（启用）")
        by = entry.need("by", "写批准人姓名")
        found.append(Release(rule_id, status, entry.day("from"), by, entry["reason"], entry["recorded_at"]))
    return found


def standing(releases: Iterable[Release], on: int) -> dict[str, Release]:
    """The release that holds for each rule on a day: of those begun, the one that began last; of one day the one recorded last."""
    held: dict[str, Release] = {}
    for release in releases:
        if release.day <= on and (release.rule_id not in held or held[release.rule_id].day <= release.day):
            held[release.rule_id] = release
    return held


def release_rules(book: Rulebook, releases: Sequence[Release], on: int) -> Rulebook:
    """The rulebook with each rule in the stricter of its own status and the site's release on a day. A rule of the site's own that
    nobody has released runs in shadow."""
    held = standing(releases, on)
    said = {rule_id: release.status for rule_id, release in held.items()}
    said |= {rule_id: "shadow" for rule_id, rule in book.rules.items() if rule.local and rule_id not in held}
    rules = {
        rule_id: replace(rule, status=max(rule.status, said[rule_id], key=_STRICTNESS.index)) if rule_id in said else rule
        for rule_id, rule in book.rules.items()
    }
    return replace(book, rules=rules)


def add_releases(site: Path, book: Rulebook, releases: Sequence[Release], now: datetime) -> None:
    """Record releases. Raises InputError, and then records none."""
    for release in releases:
        if release.rule_id not in book.rules:
            raise InputError(f"没有这条规则：{release.rule_id}", cure="规则编号见 hengjian rules list")
        if not release.by.strip():
            raise InputError("没有写批准人", where="--by", why="发布要有人负责", cure="写批准人姓名")
    at = now.isoformat(sep=" ", timespec="seconds")
    with writing(site):
        read_releases(site, book)
        rows = [[r.rule_id, r.status, day_date(r.day).isoformat(), r.by, r.reason, at] for r in releases]
        RELEASES.add(site, rows)
