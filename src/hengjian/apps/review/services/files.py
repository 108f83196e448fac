"""Files with the institution's answer: added and taken away while it has not answered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hengjian.apps.accounts.models import User
from hengjian.apps.review import policies
from hengjian.apps.review.attachments import MOST_FILES, keep
from hengjian.apps.review.models import Attachment, Review
from hengjian.apps.review.services.turn import Stale, day_of, hold, note
from hengjian.kernel.errors import InputError

_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]")
"""What a file name shown to people must not hold: controls, separators, marks that turn the writing round."""


def attach(*, review: Review, name: str, chunks: Iterable[bytes], by: User, at: datetime) -> Attachment:
    """Keep a file for the answer to this review."""
    policies.check_can("attach", by, review, day_of(at))  # before anything is read
    name = _UNFIT.sub("", name).strip()[-200:]
    if not name:
        raise InputError("文件没有名字", cure="改名后重新选择")
    if _count(review) >= MOST_FILES:
        raise _too_many()
    kept = keep(name, chunks)
    with transaction.atomic():
        row = hold(review, "attach", by=by, at=at, version=None)
        if _count(row) >= MOST_FILES:
            raise _too_many()
        if row.attachments.filter(sm3=kept.sm3, removed_at__isnull=True).exists():
            raise InputError(f"{name} 已经传过", why="内容相同", cure="不用再传")
        file = Attachment.objects.create(review=row, name=name, by=by, at=at, **vars(kept))
        note(row, "attach", f"上传材料 {name}", by=by, at=at, attachment=file.pk, sm3=kept.sm3, size=kept.size)
    return file


def _count(review: Review) -> int:
    return review.attachments.filter(removed_at__isnull=True).count()


def _too_many() -> InputError:
    return InputError(f"一条疑点最多 {MOST_FILES} 份材料", cure="移除不用的，或合成一个文件")


@transaction.atomic
def detach(*, attachment: Attachment, by: User, at: datetime) -> None:
    """Take a file away before the answer is given. The row and the file stay; nobody is shown them."""
    row = hold(attachment.review, "detach", by=by, at=at, version=None)
    file = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if file.removed_at is not None:
        raise Stale("这份材料已经移除", cure="刷新页面")
    file.removed_at = at
    file.save(update_fields=["removed_at"])
    note(row, "detach", f"移除材料 {file.name}", by=by, at=at, attachment=file.pk)
