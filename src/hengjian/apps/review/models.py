from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.models import Finding
from hengjian.apps.runs.models import Run

OUTCOMES = (("deduct", "扣减"), ("part", "部分扣减"), ("none", "不扣"), ("inspect", "转检查"), ("case", "转立案"))
BASES = (("total", "整行"), ("inscope", "范围内"), ("fund", "基金支付"))
MONEY = (("deduct", "从下期结算款中扣减"), ("recover", "追回到原基金财政专户"))
GIVES_MONEY = ("deduct", "part")
"""Outcomes that move money: the institution is heard before they are decided."""


class Step(models.Model):
    """How a step is done from a day on: owner, focus, limit, authority. The row that began last holds."""

    CODES = (("first", "初审"), ("answer", "机构答复"), ("second", "复核"), ("feedback", "反馈"))
    code = models.CharField("环节", max_length=10, choices=CODES)
    owner_role = models.CharField("承办岗位", max_length=20)
    focus = models.CharField("重点", max_length=200)
    days = models.PositiveIntegerField("时限")
    unit = models.CharField("单位", max_length=2, choices=(("wd", "工作日"), ("cd", "自然日")))
    max_amount = models.DecimalField("单笔权限（元）", max_digits=16, decimal_places=2, null=True, blank=True)
    article = models.CharField("依据", max_length=120)
    silence_is_consent = models.BooleanField("逾期视为认可", default=False)
    money = models.CharField("扣款方式", max_length=8, choices=MONEY, default="deduct")
    valid_from = models.DateField("自")
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField("设定时间", null=True)

    class Meta:
        indexes = (models.Index(fields=["code", "valid_from"], name="step_code"),)

    def __str__(self) -> str:
        return f"{self.get_code_display()}（自 {self.valid_from}）"


class Review(models.Model):
    """One finding's way through the audit by people. One row a finding, made when the clue is taken in hand."""

    STATES = (
        ("first", "待初审"),
        ("answer", "待机构答复"),
        ("second", "待复核"),
        ("decided", "待反馈"),
        ("closed", "已反馈"),
        ("withdrawn", "已撤下"),
    )
    finding = models.OneToOneField(Finding, models.PROTECT, related_name="review")
    state = models.CharField("环节", max_length=10, choices=STATES, default="first")
    version = models.PositiveIntegerField("次", default=0)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    outcome = models.CharField("拟定或决定", max_length=8, choices=OUTCOMES, blank=True)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2, default=0)
    region_code = models.CharField("地区", max_length=6)
    institution_code = models.CharField("机构", max_length=50, blank=True)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="reviews", verbose_name="承办人")
    due_at = models.DateTimeField("截止", null=True, blank=True)
    first_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    second_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField("送达时间", null=True, blank=True)
    seen_at = models.DateTimeField("机构查看时间", null=True, blank=True)
    changed_at = models.DateTimeField("最近变动")

    class Meta:
        indexes = (
            models.Index(fields=["state", "due_at"], name="review_due"),
            models.Index(fields=["owner", "state"], name="review_owner"),
            models.Index(fields=["institution_code", "state"], name="review_inst"),
            models.Index(fields=["region_code", "state"], name="review_region"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(first_by__isnull=True) | Q(second_by__isnull=True) | ~Q(first_by=F("second_by")),
                name="review_two_hands",
            ),
        )

    def __str__(self) -> str:
        return f"{self.finding.rule_title} {self.finding.finding_id[:12]}"

    @property
    def subject(self) -> str:
        """How the journal, the clocks and the postings name it."""
        return f"review:{self.pk}"

    @property
    def is_certain(self) -> bool:
        """Whether the finding is 违规 and not only 可疑."""
        return bool(self.finding.certainty == "certain")

    @property
    def gives_money(self) -> bool:
        """Whether what is proposed or decided takes money."""
        return self.outcome in GIVES_MONEY


class Batch(models.Model):
    """Many certain findings of one rule version at once: lines and money stated, a drawn sample that must be opened."""

    STATES = (("drawn", "待看样本"), ("queued", "排队"), ("running", "进行中"), ("done", "已决定"), ("undone", "已收回"))
    step = models.CharField("环节", max_length=10)
    rule_id = models.CharField("规则", max_length=60)
    rule_fingerprint = models.CharField("规则指纹", max_length=64)
    institution_code = models.CharField("机构", max_length=50, blank=True)
    outcome = models.CharField("结果", max_length=8, choices=OUTCOMES)
    basis = models.CharField("金额口径", max_length=8, choices=BASES)
    reason = models.TextField("理由")
    count = models.PositiveIntegerField("条数")
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    review_ids = models.JSONField("范围")
    left_out = models.JSONField("移出", default=list)
    sample = models.JSONField("样本")
    opened = models.JSONField("已看", default=list)
    state = models.CharField("状态", max_length=8, choices=STATES, default="drawn")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("发起时间")
    run = models.ForeignKey(Run, models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"第 {self.pk} 批"

    @property
    def subject(self) -> str:
        """How the journal names it."""
        return f"batch:{self.pk}"


class Verdict(models.Model):
    """What one person concluded at one step. Never changed; `undone_at` voids it."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="verdicts")
    step = models.CharField("环节", max_length=10)
    outcome = models.CharField("结果", max_length=8, choices=OUTCOMES)
    basis = models.CharField("金额口径", max_length=8, choices=BASES)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    reason = models.TextField("理由")
    law = models.TextField("依据")
    worth = models.CharField("值得人工看吗", max_length=8, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="verdicts")
    undone_at = models.DateTimeField("收回时间", null=True, blank=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=["review", "step"], name="verdict_step"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="verdict_undone",
            ),
        )


class Answer(models.Model):
    """The institution's word on a finding: accepts, appeals with reasons, or let the limit pass (by nobody)."""

    KINDS = (("accept", "认可"), ("appeal", "申诉"), ("silent", "逾期未答复"))
    GROUNDS = (("data", "数据有误"), ("clinical", "病情需要"), ("rule", "规则不适用"), ("other", "其他"))
    review = models.ForeignKey(Review, models.PROTECT, related_name="answers")
    round = models.PositiveSmallIntegerField("轮次", default=1)
    kind = models.CharField("答复", max_length=8, choices=KINDS)
    ground = models.CharField("理由类别", max_length=10, choices=GROUNDS, blank=True)
    text = models.TextField("说明", blank=True)
    lines = models.JSONField("异议明细", default=list)
    is_consent = models.BooleanField("视为认可", default=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField("时间")
    undone_at = models.DateTimeField("撤回时间", null=True, blank=True)


class Advice(models.Model):
    """The institution asked the doctor who treated; the doctor's words go to the institution, which may use them in its appeal."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="advice")
    doctor = models.ForeignKey(User, models.PROTECT, related_name="+")
    question = models.TextField("想请医师确认")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("时间")
    text = models.TextField("说明", blank=True)
    answered_at = models.DateTimeField("回复时间", null=True, blank=True)


class Attachment(models.Model):
    """A file of the institution: kept under its SM3, with the type its content shows."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="attachments")
    answer = models.ForeignKey(Answer, models.PROTECT, null=True, blank=True, related_name="attachments")
    name = models.CharField("文件名", max_length=200)
    path = models.CharField("存放", max_length=200)
    media_type = models.CharField("类型", max_length=80)
    size = models.BigIntegerField("字节")
    sm3 = models.CharField("SM3", max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间")
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)
