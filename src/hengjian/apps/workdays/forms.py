"""Forms of the workday pages."""

from __future__ import annotations

from typing import Any

from django import forms

from hengjian.apps.accounts.models import User
from hengjian.apps.listing import day_field
from hengjian.apps.workdays.notice import Told, read_text, read_xlsx

_MOST = 1024 * 1024


class DayForm(forms.Form):
    """A day set by hand."""

    day = day_field("日期", widget=forms.HiddenInput())
    is_workday = forms.TypedChoiceField(
        label="这一天", choices=(("0", "放假"), ("1", "上班")), coerce=lambda v: v == "1", widget=forms.RadioSelect()
    )
    name = forms.CharField(label="名称", max_length=40, help_text="例如国庆节、台风停工、调休上班")
    source = forms.CharField(label="文件", max_length=120, help_text="通知或通告的名称和文号")


class AnnounceForm(forms.Form):
    """A year announced."""

    year = forms.IntegerField(min_value=2000, max_value=2099, widget=forms.HiddenInput())
    notice = forms.CharField(label="文件", max_length=120, help_text="例如 国办发明电〔2025〕7 号")


class ImportForm(forms.Form):
    """A notice, pasted or as a file."""

    year = forms.IntegerField(label="年份", min_value=2000, max_value=2099)
    source = forms.CharField(label="文件", max_length=120, help_text="通知的名称和文号")
    text = forms.CharField(
        label="通知正文",
        required=False,
        strip=False,
        max_length=20_000,
        widget=forms.Textarea(
            attrs={"rows": 10, "placeholder": "一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。"}
        ),
        help_text="整段粘贴国务院办公厅的通知，或每行一天：2027-01-01 放假 元旦",
    )
    file = forms.FileField(label="或者 Excel 文件", required=False, help_text="三列：日期、放假或上班、名称。不超过 1 MB")
    whole = forms.BooleanField(
        label="这是全年的安排：通知没有提到的推算假日改为上班，这一年不再标暂定", required=False, initial=True
    )

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        if not (asked.get("text") or "").strip() and not asked.get("file") and not self.errors:
            raise forms.ValidationError("粘贴通知正文，或选一个 Excel 文件")
        if asked.get("file") and asked["file"].size > _MOST:
            self.add_error("file", "文件超过 1 MB")
        return asked

    def read(self) -> list[Told]:
        """The days it holds. Raises InputError for what is not understood."""
        asked = self.cleaned_data
        if asked.get("file"):
            return read_xlsx(asked["file"].read())
        return read_text(asked["text"], asked["year"])


class ClockFilter(forms.Form):
    """What the list of clocks may be narrowed to."""

    q = forms.CharField(label="关键词", required=False, widget=forms.TextInput(attrs={"placeholder": "名称 / 对象 / 依据"}))
    region = forms.CharField(
        label="地区", required=False, max_length=6, widget=forms.TextInput(attrs={"placeholder": "代码开头几位"})
    )


class ExtendForm(forms.Form):
    """An extension to approve."""

    days = forms.IntegerField(label="延长几天", min_value=1, max_value=365)
    requested_by = forms.ModelChoiceField(label="申请人", queryset=User.objects.none(), empty_label="请选择")
    reason = forms.CharField(label="理由", max_length=200)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["requested_by"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people
        field.label_from_instance = lambda user: f"{user.name}（{user.unit.name}）"
