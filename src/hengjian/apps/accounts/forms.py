"""Forms of the account pages. They check shape; what is allowed is decided by the services."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from hengjian.apps.accounts.models import Unit, User
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.listing import day_field


class PeopleFilter(forms.Form):
    """What the list of people may be narrowed to."""

    q = forms.CharField(label="关键词", required=False, widget=forms.TextInput(attrs={"placeholder": "姓名 / 登录名"}))
    unit = forms.ChoiceField(label="单位", required=False)
    role = forms.ChoiceField(label="岗位", required=False)

    def __init__(self, *args: Any, tree: Iterable[tuple[int, Unit]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = [("", "全部"), *((u.pk, "　" * depth + u.name) for depth, u in tree)]
        self.fields["role"].choices = [("", "全部"), *((r.code, r.title) for r in ROLES.values()), ("none", "没有岗位")]


class UnitChoice(forms.ModelChoiceField):
    """An open unit out of a scope, indented as in the tree."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Unit.objects.none(), empty_label="请选择", **kwargs)

    def offer(self, tree: Iterable[tuple[int, Unit]]) -> None:
        listed = [(depth, unit) for depth, unit in tree if unit.is_open]
        self.queryset = Unit.objects.filter(pk__in=[unit.pk for _, unit in listed])
        self.choices = [("", "请选择"), *((unit.pk, "　" * depth + unit.name) for depth, unit in listed)]


class _WithUnits(forms.Form):
    units_in = ("unit",)

    def __init__(self, *args: Any, tree: Callable[[], Iterable[tuple[int, Unit]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.units_in:
            field = self.fields[name]
            assert isinstance(field, UnitChoice)
            field.offer(tree())


class OpenForm(_WithUnits):
    """A new account."""

    login = forms.CharField(label="登录名", max_length=60, help_text="三个以上的字母、数字、点或横线")
    name = forms.CharField(label="姓名", max_length=40)
    unit = UnitChoice(label="单位")
    practitioner_code = forms.CharField(label="医师编号", max_length=30, required=False, help_text="机构医师才填")
    password = forms.CharField(
        label="初始密码",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少十位，字母和数字混用；本人第一次登录时须改",
    )


class MoveForm(_WithUnits):
    """Another unit for a person."""

    unit = UnitChoice(label="调到")


class ResetForm(forms.Form):
    """A new password set for somebody."""

    password = forms.CharField(
        label="新密码",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少十位，字母和数字混用；本人下次登录时须改",
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label="理由", max_length=200, widget=forms.TextInput())


class UnitForm(_WithUnits):
    """A new unit."""

    units_in = ("parent",)
    name = forms.CharField(label="名称", max_length=100)
    kind = forms.ChoiceField(label="类别", choices=Unit.KINDS)
    parent = UnitChoice(label="上级", required=False)
    region_code = forms.CharField(label="地区代码", max_length=6, help_text="六位数字，例如 330100")
    institution_code = forms.CharField(label="机构编号", max_length=30, required=False, help_text="定点机构才填")


class RenameForm(forms.Form):
    """Another name."""

    name = forms.CharField(label="新名称", max_length=100)


class GrantForm(forms.Form):
    """A post for a person."""

    role = forms.ChoiceField(label="岗位", choices=[(r.code, r.title) for r in ROLES.values()])
    region_code = forms.CharField(label="地区代码", max_length=6, help_text="六位数字；末尾成对的 0 表示全部下级")
    valid_from = day_field("起")
    valid_to = day_field("止", required=False, help_text="这一天不再任职；留空表示长期")
    reason = forms.CharField(label="理由", max_length=200)


class CertificateFilter(forms.Form):
    """What the register may be narrowed to."""

    q = forms.CharField(label="关键词", required=False, widget=forms.TextInput(attrs={"placeholder": "姓名 / 证号"}))


class CertificateForm(forms.Form):
    """A certificate to register."""

    user = forms.ModelChoiceField(label="人员", queryset=User.objects.none(), empty_label="请选择")
    number = forms.CharField(label="证号", max_length=40)
    issuer = forms.CharField(label="发证机关", max_length=100)
    valid_from = day_field("起")
    valid_to = day_field("止", help_text="到这一天失效")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people
        field.label_from_instance = lambda user: f"{user.name}（{user.unit.name}）"
