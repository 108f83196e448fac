"""Forms of the clue pages. They check shape; what is allowed is decided by the services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.queries import named, state_filter
from hengjian.apps.clues.services.register import OUTSIDE, Report
from hengjian.apps.listing import day_field
from hengjian.apps.registry.models import Institution

ALL = ("", "全部")
CATEGORIES = (("policy", "政策类"), ("management", "管理类"), ("medical", "医疗类"), ("fraud", "反欺诈"))
CERTAINTY = (("certain", "违规"), ("suspected", "可疑"))
TIMES = (("overdue", "已超期"), ("running", "在计时"), ("none", "没有时限"))


class ClueFilter(forms.Form):
    """What the lists of clues may be narrowed to; all of it stands in the address."""

    q = forms.CharField(label="关键词", required=False, widget=forms.TextInput(attrs={"placeholder": "编号 / 机构 / 规则名称"}))
    kind = forms.ChoiceField(label="机构类型", required=False)
    region = forms.ChoiceField(label="所属区县", required=False)
    category = forms.ChoiceField(label="规则类别", required=False, choices=(ALL, *CATEGORIES))
    amount = forms.DecimalField(
        label="金额下限",
        required=False,
        min_value=0,
        widget=forms.TextInput(attrs={"placeholder": "元，不低于", "inputmode": "decimal"}),
    )
    found_from = day_field("发现自", required=False)
    found_to = day_field("发现至", required=False)
    source = forms.ChoiceField(label="来源", required=False, choices=(ALL, *Clue.SOURCES))
    certainty = forms.ChoiceField(label="程度", required=False, choices=(ALL, *CERTAINTY))
    person = forms.ChoiceField(label="承办人", required=False)
    due = forms.ChoiceField(label="办理时限", required=False, choices=(ALL, *TIMES))
    rule = forms.CharField(label="规则编号", required=False)
    institution = forms.CharField(label="机构编号", required=False)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = list(Institution.objects.order_by().values_list("kind", "region_code").distinct())
        self.fields["kind"].choices = [ALL, *((k, k) for k in sorted({k for k, _ in places if k}))]
        self.fields["region"].choices = [ALL, *((r, r) for r in sorted({r for _, r in places}))]
        self.fields["person"].choices = [ALL, *((str(p.pk), p.name) for p in people)]

    def narrow(self, rows: QuerySet[Clue], at: datetime) -> QuerySet[Clue]:
        """The clues the filter leaves; a field that makes no sense leaves all."""
        self.is_valid()
        asked = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        if "q" in asked:
            rows = named(rows, asked["q"].strip())
        plain = {
            "kind": "institution__kind", "region": "region_code", "category": "category", "amount": "amount_total__gte",
            "found_from": "found_on__gte", "found_to": "found_on__lte", "source": "source", "certainty": "certainty",
            "person": "assignee", "rule": "rule_id", "institution": "institution__code",
        }  # fmt: skip
        rows = rows.filter(**{plain[name]: value for name, value in asked.items() if name in plain})
        times = {"overdue": state_filter("overdue", at), "running": Q(due_at__isnull=False), "none": Q(due_at__isnull=True)}
        return rows.filter(times[asked["due"]]) if "due" in asked else rows

    @property
    def is_unfolded(self) -> bool:
        """Whether a field that folds away is in use."""
        return any(self.data.get(name) for name in list(self.fields)[7:])


class AssignForm(forms.Form):
    """Who gets the chosen clues."""

    to = forms.ChoiceField(label="承办人")

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(p.pk): p for p in people}
        self.fields["to"].choices = [("", "选承办人"), *((key, f"{p.name}（{p.unit.name}）") for key, p in self.people.items())]

    def clean_to(self) -> User:
        return self.people[self.cleaned_data["to"]]


class ReasonForm(forms.Form):
    """Why, with the version of the clue the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="说明", max_length=200, widget=forms.TextInput(attrs={"class": "in"}))


class RegisterForm(forms.Form):
    """A clue that came from outside."""

    source = forms.ChoiceField(label="来源", choices=OUTSIDE)
    source_number = forms.CharField(label="来文编号", max_length=80, required=False, help_text="同一来源、同一编号只登记一次")
    received_on = day_field("收到日期", help_text="核查时限从这一天起算")
    institution = forms.CharField(
        label="涉及机构", max_length=200, required=False, help_text="写机构编号或全称；没有说到机构的留空",
        widget=forms.TextInput(attrs={"list": "institutions", "autocomplete": "off"}),
    )  # fmt: skip
    psn_no = forms.CharField(
        label="涉及人员编号", max_length=50, required=False, help_text="医保系统里的人员编号，不写姓名和证件号"
    )
    acts_from = day_field("行为起", required=False)
    acts_to = day_field("行为止", required=False)
    amount = forms.DecimalField(
        label="涉及金额（元）", required=False, min_value=0, max_digits=16, decimal_places=2, help_text="来文所说，不计入合计"
    )
    title = forms.CharField(label="标题", max_length=160, help_text="一句话：谁、什么事")
    content = forms.CharField(label="内容", required=False, widget=forms.Textarea(attrs={"rows": 5}))
    not_alike = forms.BooleanField(label="已看过相似的线索，这是另一件事", required=False)

    def clean_institution(self) -> Institution | None:
        words = self.cleaned_data["institution"].strip()
        if not words:
            return None
        found = list(Institution.objects.filter(Q(code=words) | Q(name=words))[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "有几家机构叫这个名字，请写机构编号" if found else "没有这家机构，请核对编号或全称", code="institution"
            )
        return found[0]

    def report(self) -> Report:
        """What the service registers."""
        told = {name: self.cleaned_data[name] for name in self.fields if name != "not_alike"}
        return Report(**told)
