"""What the lists of this room are filtered by, all of it in the address; and the form of a proposed change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms

from hengjian.apps.listing import day_field
from hengjian.apps.rules.indicator import KINDS, LEVELS, Indicator
from hengjian.apps.rules.queries import RuleRow
from hengjian.apps.rules.words import cell_in_words, column_label
from hengjian.rulebook.model import CATEGORIES, CERTAINTIES, KnowledgeRow
from hengjian.site.knowledge.editing import cells_of

ALL = ("", "全部")


class RuleFilter(forms.Form):
    """Words of the title, number, code or sentence; category, family, certainty. A wrong value filters nothing."""

    q = forms.CharField(
        label="规则", required=False, max_length=60, widget=forms.TextInput({"placeholder": "名称、编号、编码"})
    )
    category = forms.ChoiceField(label="类别", required=False, choices=(ALL, *CATEGORIES.items()))
    family = forms.ChoiceField(label="族", required=False)
    certainty = forms.ChoiceField(label="程度", required=False, choices=(ALL, *CERTAINTIES.items()))

    def __init__(self, data: object, rows: Sequence[RuleRow]) -> None:
        super().__init__(data)
        field = self.fields["family"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ALL, *((f, f) for f in sorted({r.family for r in rows}))]

    def narrow(self, rows: Sequence[RuleRow]) -> list[RuleRow]:
        """The rows that fit."""
        self.is_valid()
        asked: dict[str, Any] = self.cleaned_data
        kept = list(rows)
        if words := (asked.get("q") or "").strip().lower():
            kept = [r for r in kept if words in _text(r)]
        if category := asked.get("category"):
            kept = [r for r in kept if r.rule.category == category]
        if family := asked.get("family"):
            kept = [r for r in kept if r.family == family]
        if certainty := asked.get("certainty"):
            kept = [r for r in kept if r.rule.certainty == certainty]
        return kept


def _text(row: RuleRow) -> str:
    rule = row.rule
    number = f"{rule.national}" if rule.national else ""
    return f"{rule.title} {rule.rule_id} {rule.official_code} {number} {rule.r_code} {rule.message}".lower()


class IndicatorFilter(forms.Form):
    """Name or code, month (the newest unless told), level and kind of the institution. A wrong value filters nothing."""

    q = forms.CharField(label="机构", required=False, max_length=60, widget=forms.TextInput({"placeholder": "名称或编号"}))
    month = forms.ChoiceField(label="月份", required=False)
    level = forms.ChoiceField(label="等级", required=False, choices=(ALL, *((f"{n}", title) for n, title in LEVELS.items())))
    kind = forms.ChoiceField(label="类别", required=False, choices=(ALL, *KINDS.items()))

    def __init__(self, data: Mapping[str, str], figures: Sequence[Indicator]) -> None:
        super().__init__(data)
        self._months = {f"{m:%Y-%m}": m for m in sorted({f.month for f in figures}, reverse=True)}
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)
        newest = next(iter(self._months), "")
        field.choices = [("", f"最近（{newest}）" if newest else "最近"), *((m, m) for m in self._months)]
        self.is_valid()

    @property
    def month_asked(self) -> date | None:
        """The month asked for, else the newest; None when there is none."""
        return self._months.get(self.cleaned_data.get("month") or "", next(iter(self._months.values()), None))

    def fits(self, figure: Indicator, name: str) -> bool:
        """Whether an institution's figure is of the name, level and kind asked for."""
        asked = self.cleaned_data
        words = (asked.get("q") or "").strip().lower()
        return (
            (not words or words in name.lower() or words in figure.code.lower())
            and asked.get("level") in ("", None, f"{figure.level}")
            and asked.get("kind") in ("", None, figure.kind)
        )


class KnowledgeFilter(forms.Form):
    """Code or name, table, when it is in force, whether it is official."""

    WHEN = (ALL, ("now", "今天有效"), ("future", "将来生效"), ("past", "已停用"))
    q = forms.CharField(
        label="关键词", required=False, max_length=60, widget=forms.TextInput({"placeholder": "编码开头，或名称"})
    )
    table = forms.ChoiceField(label="知识表", required=False)
    when = forms.ChoiceField(label="有效期", required=False, choices=WHEN)
    official = forms.ChoiceField(label="出处", required=False, choices=(ALL, ("1", "官方"), ("0", "非官方")))

    def __init__(self, data: object, tables: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        field = self.fields["table"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ALL, *tables]


class ProposalForm(forms.Form):
    """A change of one row: end it, add one like it, or both. The cells are those of the row's own table."""

    WHAT = (("end", "停用这一行"), ("replace", "换一行"), ("add", "加一行"))
    HINTS: ClassVar = {
        "end": "从某天起不再用于判断",
        "replace": "这一行停用，改过的一行同日生效",
        "add": "这一行不动，另加一行",
    }
    what = forms.ChoiceField(label="怎样改", choices=WHAT, initial="end")
    day = day_field("从哪天起", help_text="停用的，当天起不算；新的一行，当天起算。")
    until = day_field("新一行的失效日", required=False, help_text="留空是一直有效。")
    notice = forms.CharField(label="公告或文件", max_length=200, help_text="全名，例如：国家医保局公告（第十八批）")
    batch = forms.CharField(label="批次", max_length=60, required=False)
    source_row = forms.CharField(label="所在行", max_length=200, help_text="附件名和第几行，别人照着能找到。")
    is_official = forms.BooleanField(label="新的一行出自官方公告，内容完整", required=False)
    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea({"rows": 3}))

    def __init__(self, data: Any, row: KnowledgeRow, today: date) -> None:
        super().__init__(
            data, initial={"day": today, "notice": row.values.get("notice", ""), "batch": row.values.get("batch", "")}
        )
        self.row = row
        for name, value in cells_of(row).items():
            words = cell_in_words(name, value)
            self.fields[f"cell_{name}"] = forms.CharField(
                label=column_label(name, row.table),
                max_length=500,
                required=False,
                initial=value,
                help_text=f"现在：{words}" if words != value else "",
            )

    @property
    def ways(self) -> list[tuple[str, str, str, bool]]:
        """The ways to change a row: code, title, what it means, whether it is chosen."""
        chosen = self["what"].value()
        return [(code, title, self.HINTS[code], code == chosen) for code, title in self.WHAT]

    @property
    def cell_fields(self) -> list[forms.BoundField]:
        """The cells of the row, in the order of its table."""
        return [self[name] for name in self.fields if name.startswith("cell_")]

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """Where it is written and why."""
        return [self[name] for name in ("notice", "batch", "source_row", "reason")]

    @property
    def cells(self) -> dict[str, str] | None:
        """The cells of the row to add; None where none is."""
        if self.cleaned_data["what"] == "end":
            return None
        return {name.removeprefix("cell_"): self.cleaned_data[name] for name in self.fields if name.startswith("cell_")}
