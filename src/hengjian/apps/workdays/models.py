from __future__ import annotations

from django.db import models
from django.db.models import Q


class Day(models.Model):
    """A day whose kind the office set by hand: it stands before the computed calendar."""

    day = models.DateField("日期", primary_key=True)
    is_workday = models.BooleanField("工作日")
    name = models.CharField("名称", max_length=40)
    source = models.CharField("文件", max_length=120)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class Year(models.Model):
    """A year whose holidays the State Council has announced. Days of other years are provisional (暂定)."""

    year = models.IntegerField("年", primary_key=True)
    notice = models.CharField("文件", max_length=120)


class Clock(models.Model):
    """A period of the law on one subject. Day one is the day after `starts_on`; `due_at` is stored, empty while it stands still."""

    STATES = (("running", "进行"), ("stopped", "中止"), ("ended", "结束"))
    UNITS = (("wd", "工作日"), ("cd", "自然日"))
    subject = models.CharField("对象标识", max_length=120)
    key = models.CharField("时限", max_length=40)
    title = models.CharField("名称", max_length=60)
    region_code = models.CharField("地区", max_length=6)
    starts_on = models.DateField("起算日")
    length = models.PositiveIntegerField("长度")
    unit = models.CharField("单位", max_length=2, choices=UNITS)
    article = models.CharField("依据", max_length=120)
    state = models.CharField("状态", max_length=8, choices=STATES, default="running")
    due_at = models.DateTimeField("截止", null=True, blank=True)
    is_provisional = models.BooleanField("暂定", default=False)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.subject} {self.title}"

    class Meta:
        indexes = (
            models.Index(fields=["subject", "key"], name="clock_subject"),
            models.Index(fields=["state", "due_at"], name="clock_due"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state="running") | Q(state="ended") | Q(due_at__isnull=True), name="clock_stopped_no_due"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at__isnull=True)),
                name="clock_ended_at",
            ),
        )


class Stop(models.Model):
    """Days that do not count: from the first day not counted to the first that counts again."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="stops")
    from_on = models.DateField("中止日")
    to_on = models.DateField("恢复日", null=True, blank=True)
    reason = models.CharField("理由", max_length=200)
    by_name = models.CharField("经办", max_length=60)


class Extension(models.Model):
    """More days, approved by a person."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="extensions")
    days = models.PositiveIntegerField("天数")
    reason = models.CharField("理由", max_length=200)
    requested_by_name = models.CharField("申请人", max_length=60)
    approver_name = models.CharField("批准人", max_length=60)
    approved_at = models.DateTimeField("批准时间")
