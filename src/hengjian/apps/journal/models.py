from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One act. `number` runs from 1 without a gap; `digest` covers the act and the digest before it (`chain.digest_of`)."""

    number = models.BigIntegerField("序号", primary_key=True)
    at = models.DateTimeField("时间")
    actor = models.CharField("行为人标识", max_length=60)
    actor_name = models.CharField("行为人", max_length=60)
    event = models.CharField("事件", max_length=60)
    subject = models.CharField("对象标识", max_length=120)
    summary = models.CharField("内容", max_length=300)
    detail = models.TextField("详情")
    previous = models.CharField("前一条摘要", max_length=64)
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        indexes = (
            models.Index(fields=["subject", "number"], name="journal_subject"),
            models.Index(fields=["actor", "number"], name="journal_actor"),
            models.Index(fields=["event", "number"], name="journal_event"),
            models.Index(fields=["at"], name="journal_at"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.summary}"


class Head(models.Model):
    """The one row that writers take turns at: number and digest of the last entry."""

    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
