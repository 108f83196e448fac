"""Releases: from which day a site lets a rule open findings or only run in shadow. The stricter of the shipped status and the release
holds: a site can hold a shipped rule back, it can not let loose what is shipped in shadow."""

from __future__ import annotations

import re
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
    {
        "rule": "规则", "status": "状态", "from": "起始日期", "by": "批准人", "reason": "理由", "recorded_at": "登记时间", "places": "先在这些地方",
    },
    later=frozenset({"places"}),
)  # fmt: skip
"""`places`: codes of regions or institutions, a space between; there the rule opens findings, elsewhere it runs in shadow. Empty: everywhere."""
STATUSES = ("shadow", "active")
_PLACE = re.compile(r"\d{6}|[A-Za-z][0-9A-Za-z]{5,29}")
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
    places: tuple[str, ...] = ()


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
        places = places_of(entry["places"])
        try:
            check_places(status, places)
        except InputError as error:
            raise entry.refuse(error.what, error.why, error.cure) from error
        found.append(Release(rule_id, status, entry.day("from"), by, entry["reason"], entry["recorded_at"], places))
    return found


def places_of(text: str) -> tuple[str, ...]:
    """The codes of a cell, blanks or Chinese commas between them."""
    return tuple(dict.fromkeys(re.sub("[、，,;；|]", " ", text).split()))


def check_places(status: str, places: Sequence[str]) -> None:
    """Raises InputError for what is no code of a region or institution, or says nothing."""
    if places and status != "active":
        raise InputError("影子不分地方", why="影子到处都只计数", cure="删去地方，或改为启用")
    if wrong := [p for p in places if not _PLACE.fullmatch(p)]:
        raise InputError(
            "地方写得不对",
            why=f"“{wrong[0]}”不是行政区划代码或机构编号",
            cure="写六位行政区划代码，如 990102，或机构编号，如 H99010100001",
        )


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
        rule_id: replace(
            rule,
            status=max(rule.status, said[rule_id], key=_STRICTNESS.index),
            places=held[rule_id].places if rule_id in held else (),
        )
        if rule_id in said
        else rule
        for rule_id, rule in book.rules.items()
    }
    return replace(book, rules=rules)


def add_releases(site: Path, book: Rulebook, releases: Sequence[Release], now: datetime) -> None:
    """Record releases. Raises InputError, and then records none."""
    for release in releases:
        if release.rule_id not in book.rules:
            raise InputError(f"没有这条规则：{release.rule_id}", cure="规则编号见 hengjian rules list")
        check_places(release.status, release.places)
        if not release.by.strip():
            raise InputError("没有写批准人", where="--by", why="发布要有人负责", cure="写批准人姓名")
    at = now.isoformat(sep=" ", timespec="seconds")
    with writing(site):
        read_releases(site, book)
        rows = [[r.rule_id, r.status, day_date(r.day).isoformat(), r.by, r.reason, at, " ".join(r.places)] for r in releases]
        RELEASES.add(site, rows)
