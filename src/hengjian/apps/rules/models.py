from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from hengjian.apps.accounts.models import User
from hengjian.apps.rules.states import APPROVED, PROPOSAL, REFUSED, WAITING, State


class Proposal(models.Model):
    """A change of one knowledge row: its validity ends, or a row like it is added, or both. Written to the site only when another person
    approves it; what was refused or withdrawn stays readable, with the row as it stood."""

    STATES = tuple((code, state.title) for code, state in PROPOSAL.items())
    table = models.CharField("知识表", max_length=60)
    kid = models.CharField("知识点", max_length=60)
    former = models.JSONField("原来的一行")
    ends_on = models.DateField("原来的一行停用日", null=True, blank=True)
    cells = models.JSONField("新的一行", null=True, blank=True)
    valid_from = models.DateField("生效日", null=True, blank=True)
    valid_to = models.DateField("失效日", null=True, blank=True)
    is_official = models.BooleanField("出自官方公告且完整", default=False)
    notice = models.CharField("公告或文件", max_length=200)
    batch = models.CharField("批次", max_length=60, blank=True)
    source_row = models.CharField("所在行", max_length=200)
    reason = models.CharField("理由", max_length=300)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=10, choices=STATES, default=WAITING)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decision = models.CharField("意见", max_length=300, blank=True)
    batch_no = models.IntegerField("写入的批", null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["state", "proposed_at"], name="proposal_state"),)
        constraints = (
            models.UniqueConstraint(fields=["table", "kid"], condition=Q(state=WAITING), name="proposal_one_waiting"),
            models.CheckConstraint(
                condition=Q(state=WAITING, decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state=WAITING) & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="proposal_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(APPROVED, REFUSED)) | ~Q(decided_by=F("proposed_by")), name="proposal_two_hands"
            ),
            models.CheckConstraint(
                condition=Q(state=APPROVED, batch_no__isnull=False) | (~Q(state=APPROVED) & Q(batch_no__isnull=True)),
                name="proposal_written",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=False) | Q(cells__isnull=False, valid_from__isnull=False), name="proposal_says"
            ),
        )

    @property
    def subject(self) -> str:
        """How the journal calls it."""
        return f"knowledge:{self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.state == WAITING

    @property
    def status(self) -> State:
        """Title and tone of its state."""
        return PROPOSAL[self.state]

    @property
    def act(self) -> str:
        """What it would do, in a few words."""
        if self.cells is None:
            return "停用"
        return "换一行" if self.ends_on else "加一行"

    @property
    def name(self) -> str:
        """What the row is about."""
        names = [self.former.get(c, "") for c in ("name", "a_name", "b_name")]
        return " × ".join(filter(None, names)) or self.kid

    def __str__(self) -> str:
        return f"{self.act}：{self.name}"
