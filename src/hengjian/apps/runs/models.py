from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from hengjian.apps.accounts.models import User
from hengjian.apps.runs.states import TONES


class Run(models.Model):
    """One piece of work in the background: a load, an audit, an import of findings, an export. Dated, with what came of it."""

    KINDS = (
        ("load", "加载"),
        ("audit", "审计"),
        ("arrive", "疑点入库"),
        ("export", "导出"),
        ("batch", "批量决定"),
        ("nightly", "夜间"),
    )
    STATES = (("draft", "待对照"), ("queued", "排队"), ("running", "进行中"), ("done", "完成"), ("failed", "没有做成"))
    kind = models.CharField("类别", max_length=10, choices=KINDS)
    title = models.CharField("名称", max_length=120)
    state = models.CharField("状态", max_length=8, choices=STATES, default="queued")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="发起人")
    queued_at = models.DateTimeField("发起时间")
    started_at = models.DateTimeField("开始", null=True, blank=True)
    ended_at = models.DateTimeField("结束", null=True, blank=True)
    beat_at = models.DateTimeField("最近进展", null=True, blank=True)
    step = models.CharField("步骤", max_length=120, blank=True)
    done_share = models.PositiveSmallIntegerField("进度（千分之）", default=0)
    data_version = models.IntegerField("数据版本", null=True, blank=True)
    settings = models.JSONField("参数", default=dict)
    counts = models.JSONField("结果", default=dict)
    failure = models.TextField("原因和办法", blank=True)
    folder = models.CharField("文件夹", max_length=200, blank=True)
    attempt = models.PositiveSmallIntegerField("第几次", default=0)
    follows = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="followers", verbose_name="承接")

    class Meta:
        indexes = (
            models.Index(fields=["kind", "queued_at"], name="run_kind"),
            models.Index(fields=["state"], name="run_state"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("done", "failed"), ended_at__isnull=False)
                | (~Q(state__in=("done", "failed")) & Q(ended_at__isnull=True)),
                name="run_ended",
            ),
        )

    @property
    def actor(self) -> User | str:
        """Who acts when the work is done in the background: the person who began it, or the job's name."""
        return self.by if self.by is not None else str(self.settings.get("job", "后台任务"))

    @property
    def place(self) -> Path:
        """Its folder on disk."""
        return Path(settings.HOME) / self.folder

    @property
    def percent(self) -> int:
        return self.done_share // 10

    @property
    def sums(self) -> dict[str, int]:
        """What a load did with all its rows."""
        tables = (self.counts.get("tables") or {}).values()
        return {name: sum(t.get(name, 0) for t in tables) for name in ("read", "taken", "replaced", "rejected", "duplicate")}

    @property
    def tone(self) -> str:
        """The colour of its chip."""
        return TONES[self.state]

    def __str__(self) -> str:
        return self.title


class Upload(models.Model):
    """A file somebody sent, kept as it came: its name, size and SM3."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="uploads")
    name = models.CharField("文件名", max_length=200)
    path = models.CharField("存放", max_length=300)
    size = models.BigIntegerField("字节")
    sm3 = models.CharField("SM3", max_length=64)
    at = models.DateTimeField("时间")
