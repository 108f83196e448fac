"""Rules switched on, or back to shadow: dated rows of the site folder, by name and with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import Act, record_many
from hengjian.apps.runs import policies
from hengjian.apps.runs.known import known_rules
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import STATUS_LABELS, Rulebook
from hengjian.site.releases import Release, add_releases, check_places, read_releases

SHADOW, ACTIVE = "shadow", "active"


def hold_unreleased(*, by: User | str, at: datetime) -> int:
    """Every rule of the program that would open findings and of which the site has said nothing yet is held in shadow. How many."""
    book, site = known_rules(), Path(settings.SITE)
    told = {release.rule_id for release in read_releases(site, book)} if site.is_dir() else set()
    fresh = [rule.rule_id for rule in book.active if rule.rule_id not in told]
    if fresh:
        _write(by, at, book, fresh, SHADOW, timezone.localdate(at), "还没有决定启用，先试运行")
    return len(fresh)


def activate(
    *, by: User, at: datetime, rule_ids: Sequence[str], reason: str, valid_from: date | None = None, places: Sequence[str] = ()
) -> None:
    """Let rules open findings from a day on (today); first only at `places`, codes of regions or institutions, where any are named."""
    _release(by, at, rule_ids, ACTIVE, reason, valid_from, tuple(places))


def hold(*, by: User, at: datetime, rule_ids: Sequence[str], reason: str, valid_from: date | None = None) -> None:
    """Put rules back in shadow from a day on (today). Findings in hand stay; no new ones are opened."""
    _release(by, at, rule_ids, SHADOW, reason, valid_from)


def _release(
    by: User,
    at: datetime,
    rule_ids: Sequence[str],
    status: str,
    reason: str,
    valid_from: date | None,
    places: tuple[str, ...] = (),
) -> None:
    today = timezone.localdate(at)
    policies.check_can(by, "rule.release", today)
    book, wanted = known_rules(), list(dict.fromkeys(rule_ids))
    if not wanted:
        raise InputError("还没有勾选规则", cure="勾选要办的规则")
    if len(reason.strip()) < 2:
        raise InputError("没有写理由", why="启用和停用规则要有人负责", cure="写一句理由或文号")
    if unknown := [r for r in wanted if r not in book.rules]:
        raise InputError(f"没有规则 {unknown[0]}", cure="刷新页面重新勾选")
    if status == ACTIVE and (held := [book.rules[r] for r in wanted if book.rules[r].status != ACTIVE]):
        why = f"随程序还是“{STATUS_LABELS[held[0].status]}”，以较严的为准"
        raise InputError(f"“{held[0].title}”还不能启用", why=why, cure="不勾选它，等程序升级后再启用")
    day = valid_from or today
    if day < today:
        raise InputError("起始日期已经过去", why="规则从登记的当天或以后起算", cure="选今天或以后的一天")
    check_places(status, places)
    _write(by, at, book, wanted, status, day, reason.strip(), places)


@transaction.atomic
def _write(
    by: User | str,
    at: datetime,
    book: Rulebook,
    rule_ids: Sequence[str],
    status: str,
    day: date,
    reason: str,
    places: tuple[str, ...] = (),
) -> None:
    """The journal first: were the file written and the transaction lost, a release would stand that nobody answers for."""
    name = by if isinstance(by, str) else f"{by.name}（{by.login}）"
    word, where = STATUS_LABELS[status], f"，先只在 {'、'.join(places)}" if places else ""
    acts = [
        Act(
            "rule.released" if status == ACTIVE else "rule.held",
            f"rule:{rule_id}",
            f"{word}“{book.rules[rule_id].title}”，自 {day} 起{where}：{reason}",
            {"from": f"{day}", "reason": reason, "places": list(places)},
        )
        for rule_id in rule_ids
    ]
    record_many(by=by, at=at, acts=acts)
    now = timezone.localtime(at).replace(tzinfo=None)
    releases = [Release(rule_id, status, day_number(day), name, reason, "", places) for rule_id in rule_ids]
    add_releases(Path(settings.SITE), book, releases, now)
