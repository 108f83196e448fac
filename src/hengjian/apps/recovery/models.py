from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hengjian.apps.accounts.models import User


class Posting(models.Model):
    """An amount that a decision moves: of which kind, to which ledger. Never changed: a wrong one is undone by its counter-posting."""

    KINDS = (("deduct", "扣减"), ("recover", "追回"), ("refund", "退回"), ("fine", "罚款"))
    DESTINATIONS = (("settlement", "下期结算扣减"), ("fund", "原基金财政专户"), ("treasury", "国库"))
    kind = models.CharField("种类", max_length=8, choices=KINDS)
    destination = models.CharField("去处", max_length=12, choices=DESTINATIONS)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    institution_code = models.CharField("机构", max_length=50, blank=True, db_index=True)
    region_code = models.CharField("地区", max_length=6)
    insurance = models.CharField("险种", max_length=20, blank=True)
    subject = models.CharField("决定标识", max_length=120, unique=True)
    finding_id = models.CharField("疑点编号", max_length=64, db_index=True)
    law = models.CharField("依据", max_length=200)
    counters = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="countered_by")
    posted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    posted_at = models.DateTimeField("登记时间")
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField("到账时间", null=True, blank=True)
    settled_note = models.CharField("凭证", max_length=120, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="posting_settled",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, counters__isnull=True) | Q(amount__lt=0, counters__isnull=False), name="posting_sign"
            ),
        )
        indexes = (
            models.Index(fields=["kind", "posted_at"], name="posting_kind"),
            models.Index(fields=["region_code", "kind"], name="posting_region"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} 元"


class FundLine(models.Model):
    """What the fund paid for one fee line and how much of it decisions have taken back. The database itself refuses to take more."""

    mdtrt_id = models.CharField("就诊编号", max_length=50)
    feedetl_sn = models.CharField("明细编号", max_length=50)
    fund_paid = models.DecimalField("基金支付", max_digits=16, decimal_places=2)
    taken = models.DecimalField("已扣回", max_digits=16, decimal_places=2, default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["mdtrt_id", "feedetl_sn"], name="fund_line_once"),
            models.CheckConstraint(condition=Q(taken__gte=0) & Q(taken__lte=F("fund_paid")), name="fund_line_limit"),
        )

    def __str__(self) -> str:
        return f"{self.mdtrt_id}/{self.feedetl_sn}"


class PostedLine(models.Model):
    """What a posting takes from one fee line; a counter-posting gives it back."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="lines")
    line = models.ForeignKey(FundLine, models.PROTECT, related_name="posted")
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["posting", "line"], name="posted_once"),)
