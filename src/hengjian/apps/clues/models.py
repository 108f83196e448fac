from __future__ import annotations

from django.db import models
from django.db.models import Q

from hengjian.apps.accounts.models import User
from hengjian.apps.registry.models import Institution
from hengjian.apps.runs.models import Run


class Series(models.Model):
    """The last clue number given in a year: numbers are taken inside the transaction that makes the clues, so none is missing."""

    year = models.IntegerField("年", primary_key=True)
    last = models.PositiveIntegerField("末号", default=0)


class Clue(models.Model):
    """What one person works on: findings of one institution, rule and month (or of one insured person), or what came from outside.

    `amount_*`: the money of its own findings that stand, each line once. `counted_*`: the part of it that totals over clues may count
    (ADR 0003), so that any breakdown adds up to the same grand total. `version` goes up with every act of a person.
    """

    SOURCES = (
        ("audit", "智能审核"),
        ("superior", "上级交办"),
        ("tip", "举报投诉"),
        ("patrol", "巡察移交"),
        ("petition", "信访"),
        ("state_audit", "审计移交"),
        ("department", "部门移送"),
        ("other", "其他"),
    )
    GROUPINGS = (("institution", "按机构、规则、月份"), ("person", "按参保人"), ("outside", "外来"))
    STATES = (("new", "待分派"), ("in_hand", "办理中"), ("closed", "已办结"))
    number = models.CharField("线索编号", max_length=20, unique=True)
    source = models.CharField("来源", max_length=12, choices=SOURCES)
    grouping = models.CharField("归并", max_length=12, choices=GROUPINGS)
    group_key = models.CharField("归并键", max_length=160, unique=True)
    title = models.CharField("标题", max_length=160)
    content = models.TextField("内容", blank=True)
    source_number = models.CharField("来文编号", max_length=80, blank=True)
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, blank=True, related_name="clues")
    psn_no = models.CharField("人员编号", max_length=50, blank=True, db_index=True)
    rule_id = models.CharField("规则", max_length=60, blank=True)
    rule_title = models.CharField("规则名称", max_length=120, blank=True)
    category = models.CharField("规则类别", max_length=12, blank=True)
    certainty = models.CharField("程度", max_length=10, blank=True)
    acts_from = models.DateField("行为起", null=True, blank=True)
    acts_to = models.DateField("行为止", null=True, blank=True)
    month = models.CharField("月份", max_length=7, blank=True)
    region_code = models.CharField("地区", max_length=6)
    found_on = models.DateField("发现日期")
    findings_count = models.PositiveIntegerField("疑点数", default=0)
    amount_total = models.DecimalField("整行金额", max_digits=16, decimal_places=2, default=0)
    amount_inscope = models.DecimalField("范围内金额", max_digits=16, decimal_places=2, default=0)
    amount_fund = models.DecimalField("基金支付", max_digits=16, decimal_places=2, default=0)
    counted_total = models.DecimalField("计入合计的整行金额", max_digits=16, decimal_places=2, default=0)
    counted_inscope = models.DecimalField("计入合计的范围内金额", max_digits=16, decimal_places=2, default=0)
    counted_fund = models.DecimalField("计入合计的基金支付", max_digits=16, decimal_places=2, default=0)
    priority = models.PositiveSmallIntegerField("优先级", default=0)
    priority_why = models.JSONField("优先级依据", default=list)
    state = models.CharField("状态", max_length=8, choices=STATES, default="new")
    assignee = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="clues", verbose_name="承办人")
    assigned_at = models.DateTimeField("分派时间", null=True, blank=True)
    due_at = models.DateTimeField("截止", null=True, blank=True)
    registered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    registered_at = models.DateTimeField("登记时间")
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.CharField("办结人", max_length=60, blank=True)
    closed_reason = models.CharField("办结情况", max_length=200, blank=True)
    version = models.PositiveIntegerField("次", default=0)

    class Meta:
        indexes = (
            models.Index(fields=["state", "-priority", "id"], name="clue_queue"),
            models.Index(fields=["assignee", "state", "region_code"], name="clue_assignee"),
            models.Index(
                fields=[
                    "region_code",
                    "state",
                    "due_at",
                    "source",
                    "found_on",
                    "counted_total",
                    "counted_fund",
                    "findings_count",
                ],
                name="clue_counts",
            ),
            models.Index(fields=["-priority", "id"], name="clue_priority"),
            models.Index(fields=["state", "due_at", "-priority", "id", "region_code"], name="clue_ends"),
            models.Index(fields=["rule_id", "state"], name="clue_rule"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="clue_closed",
            ),
            models.CheckConstraint(
                condition=Q(assignee__isnull=True, assigned_at__isnull=True)
                | Q(assignee__isnull=False, assigned_at__isnull=False),
                name="clue_assigned",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def subject(self) -> str:
        """How the journal and the clocks name it."""
        return f"clue:{self.pk}"

    @property
    def is_certain(self) -> bool:
        """Whether every finding of it that stands is certain."""
        return self.certainty == "certain"


class Finding(models.Model):
    """A finding as the audit that first brought it said it. A later audit adds nothing to one in hand; it may withdraw it.

    `gone_at`: since when no audit finds it; one that was settled by then stays settled and is listed for a person.
    `upheld`: what was decided of one that is settled — some money to be deducted, or a step against the institution (true), or nothing (false).
    """

    STATES = (("in_hand", "在办"), ("settled", "已决定"), ("withdrawn", "已撤下"))
    finding_id = models.CharField("疑点编号", max_length=64, unique=True)
    clue = models.ForeignKey(Clue, models.PROTECT, related_name="findings", db_index=False)  # finding_clue begins with it
    first_run = models.ForeignKey(Run, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField("状态", max_length=10, choices=STATES, default="in_hand")
    state_reason = models.CharField("原因", max_length=200, blank=True)
    upheld = models.BooleanField("成立", null=True, blank=True)
    gone_at = models.DateTimeField("不再成立", null=True, blank=True)
    rule_id = models.CharField("规则", max_length=60)
    rule_title = models.CharField("规则名称", max_length=120)
    official_code = models.CharField("国家编码", max_length=30, blank=True)
    category = models.CharField("类别", max_length=12)
    grain = models.CharField("对象", max_length=12)
    certainty = models.CharField("程度", max_length=10)
    rule_fingerprint = models.CharField("规则指纹", max_length=64)
    data_version = models.IntegerField("数据版本")
    institution_code = models.CharField("机构编号", max_length=50, blank=True)
    region_code = models.CharField("地区", max_length=6)
    psn_no = models.CharField("人员编号", max_length=50, blank=True)
    mdtrt_id = models.CharField("就诊编号", max_length=50, blank=True)
    feedetl_sn = models.CharField("明细编号", max_length=50, blank=True)
    atddr_no = models.CharField("医师编号", max_length=50, blank=True)
    window_start = models.DateTimeField("窗口起", null=True, blank=True)
    window_end = models.DateTimeField("窗口止", null=True, blank=True)
    observed = models.DecimalField("实际", max_digits=18, decimal_places=4, null=True, blank=True)
    threshold = models.DecimalField("界限", max_digits=18, decimal_places=4, null=True, blank=True)
    amount_total = models.DecimalField("整行金额", max_digits=16, decimal_places=2)
    amount_inscope = models.DecimalField("范围内金额", max_digits=16, decimal_places=2)
    amount_fund = models.DecimalField("基金支付", max_digits=16, decimal_places=2)
    message = models.TextField("句子")
    evidence = models.TextField("证据")
    law = models.TextField("依据")
    knowledge_ref = models.TextField("知识点")
    arrived_at = models.DateTimeField("入库时间")

    class Meta:
        indexes = (
            models.Index(fields=["clue", "state"], name="finding_clue"),
            models.Index(fields=["institution_code", "rule_id"], name="finding_inst"),
            models.Index(fields=["psn_no"], name="finding_person"),
            models.Index(fields=["atddr_no"], name="finding_doctor"),
            models.Index(fields=["gone_at"], name="finding_gone"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state="settled") | Q(upheld__isnull=True),
                name="finding_settled",
            ),
        )

    def __str__(self) -> str:
        return self.message

    @property
    def is_certain(self) -> bool:
        """违规 rather than 可疑."""
        return self.certainty == "certain"


class Recusal(models.Model):
    """A person who may not handle an institution's clues (kin, former employee, shareholder …), from the day it was declared."""

    user = models.ForeignKey(User, models.PROTECT, related_name="recusals", verbose_name="回避人")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="recusals", verbose_name="机构")
    reason = models.CharField("理由", max_length=200)
    declared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="登记人")
    declared_at = models.DateTimeField("登记时间")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "institution"], name="recusal_once"),)

    def __str__(self) -> str:
        return f"{self.user} 回避 {self.institution}"
