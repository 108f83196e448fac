"""The shapes of official knowledge tables, as data: by which columns each is known, which rule it serves, what turns its rows into points.

`needs`: columns a header must have, `|` between those of which one is enough. The shape that knows most columns of a header wins, the
earlier one of two that know as many.
`rule`: the official rule its rows belong to where the table does not say; empty: title, sheet, file name or a column must tell.
`raw`: headers kept word for word in one cell, for tables of field practice that no rule reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hengjian.lake.schema.base import Table, col
from hengjian.site.knowledge.columns import COLUMNS

_ALWAYS = (
    "rule",
    "logic",
    "basis",
    "codes_count",
    "status",
    "from_day",
    "to_day",
    "batch",
    "source",
    "seq",
    "note",
    "code",
    "name",
)


@dataclass(frozen=True)
class Shape:
    name: str
    title: str
    convert: str  # name of its converter in `convert`
    needs: tuple[str, ...]
    also: tuple[str, ...] = ()
    rule: str = ""
    raw: tuple[str, ...] = ()
    table: str = ""  # the knowledge table, where the converter does not choose it

    @cached_property
    def columns(self) -> Table:
        """What the readers look for."""
        if self.raw:
            return Table(self.name, self.title, (), (*(col(h, h, "text") for h in self.raw), COLUMNS["source"]))
        names = dict.fromkeys([n for need in self.needs for n in need.split("|")] + [*self.also, *_ALWAYS])
        taken: set[str] = set()
        kept = []
        for name in names:  # a header of two columns goes to the one the shape names first
            column = COLUMNS[name]
            spellings = tuple(a for a in column.aliases if a.lower() not in taken)
            taken |= {column.label.lower(), name, *(a.lower() for a in spellings)}
            kept.append(col(name, column.label, column.kind.word, aliases=spellings))
        return Table(self.name, self.title, (), tuple(kept))

    def fits(self, found: set[str]) -> bool:
        """Whether a header with these columns is of this shape."""
        if self.raw:
            return set(self.raw) <= found
        return all(any(n in found for n in need.split("|")) for need in self.needs)


def _field(name: str, title: str, *headers: str) -> Shape:
    return Shape(name, f"实务：{title}", "practice", (), raw=headers, table=name)


def _dictionary(name: str, title: str, *headers: str) -> Shape:
    return Shape(name, title, "dictionary", (), raw=headers)


_SUBJECT = "drug|item|item_code|diag_code|oprn_code|supply|code|name"
_THINGS = ("drug_code", "item", "item_code", "diag", "diag_code", "oprn", "oprn_code", "supply", "supply_code")

SHAPES = (
    Shape("drug_limit", "药品限定", "drug_limit", ("drug", "logic|basis|codes_count"), ("drug_code", "first_code")),
    Shape("drug_insurance", "药品限险种", "drug_limit", ("drug", "insurance"), ("drug_code",)),
    Shape("drug_level", "药品限医疗机构级别", "drug_limit", ("drug", "level"), ("drug_code",), "药品限医疗机构级别"),
    Shape("drug_visit", "药品限就医方式", "drug_limit", ("drug", "visit"), ("drug_code",), "药品限就医方式"),
    Shape("drug_days", "药品天数上限", "drug_days", ("drug", "days"), ("drug_code",)),
    Shape("drug_child", "药品限儿童", "drug_limit", ("drug", "age_min|age_max"), ("drug_code", "age_min", "age_max")),
    Shape("drug_forbidden", "药品儿童禁用", "drug_forbidden", ("drug", "threshold"), ("drug_code", "months", "compare"), "药品儿童禁用"),
    Shape("sex", "区分性别", "sex", ("sex", _SUBJECT), (*_THINGS, "match", "evidence", "confidence", "mdc")),
    Shape("diagnosis_age", "诊断与患者年龄不符", "diagnosis_age", ("diag_code", "basis|age_group|min_days"),
          ("diag", "age_group", "min_days", "max_days_age", "confidence"), "诊断与患者年龄不符"),
    Shape("coded_name", "诊断样例", "coded_name", ("coded_name", "rule")),
    Shape("service_age", "项目限年龄", "service_age", ("item|item_code", "age_group"), ("item", "item_code", "age_min", "age_max")),
    Shape("supply_age", "耗材限人群", "supply_age", ("supply|supply_code", "age_group"), ("supply_code",)),
    Shape("supply_disease", "耗材限疾病", "review", ("supply", "disease"), ("supply_code",), "医用耗材限疾病使用"),
    Shape("service_days", "医疗服务项目限支付疗程", "service_days", ("item", "basis|days"), ("item_code", "days", "interval"), "医疗服务项目限支付疗程"),
    Shape("service_daily", "医疗服务项目限定频次", "service_daily", ("item|item_code", "per_day"), ("item", "item_code", "unit"), "医疗服务项目限定频次"),
    Shape("service_cycle", "医疗服务项目周期超频次", "service_cycle", ("item|item_code", "times", "cycle"), ("item", "item_code"), "医疗服务项目周期超频次"),
    Shape("charge_pair", "医疗服务项目重复收费", "charge_pair", ("window", "a_code|a_name", "b_code|b_name"),
          ("a_code", "a_name", "b_code", "b_name", "connotation"), "医疗服务项目重复收费"),
    Shape("incision", "手术同切口组", "incision", ("item|item_code", "incision"), ("item", "item_code", "rate"), "手术项目未按规定折价收费"),
    Shape("surgery_diagnosis", "诊断编码与手术操作编码不符", "surgery_diagnosis", ("oprn_code", "diag_code|allowed"),
          ("oprn", "diag", "allowed", "group_no"), "诊断编码与手术操作编码不符"),
    Shape("perioperative", "围手术期抗菌药物", "review", ("incision_class", "allowed_drugs"), ("surgery_group",), "围手术期抗菌药物预防性应用监管"),
    Shape("drug_group", "重复开药", "drug_group", ("drug", "group_no"), ("drug_code", "group"), "重复开药"),
    Shape("slice_kinds", "中药饮片超大处方", "slice_kinds", ("slice|slice_code", "kinds"), ("slice_code",), "中药饮片超大处方"),
    Shape("slice_grams", "中药饮片超量上传", "slice_grams", ("slice|slice_code", "grams"), ("slice", "slice_code", "multiple"), "中药饮片超量上传"),
    Shape("slice_pair", "中药饮片配伍禁忌", "slice_pair", ("slice_a", "slice_b"), ("slice_a_code", "slice_b_code"), "中药饮片配伍禁忌"),
    Shape("slice_not_paid", "中药饮片不支付", "slice_not_paid", ("slice", "mode|logic|basis"), ("slice_code", "mode")),
    Shape("indication", "项目的适应症或禁忌症", "review", ("item|item_code", "disease"), ("item", "item_code", "relation")),
    Shape("drug_safety", "用药安全文字", "review", ("drug", "fragment|disease"), ()),
    Shape("drug_codes", "通用名编码表", "drug_codes", ("drug|name", "drug_code|code")),
    Shape("service_list", "项目清单", "service_age", ("item_code", "item"), ()),
    _field("field_addon_item", "加收项目", "main_code", "main_name", "addon_code", "addon_name", "max_addon_times", "kind", "domain"),
    _field("field_drug_limit", "药品限制", "drug_code_prefix", "drug_name", "insurance", "hosp_level", "visit", "specialty", "sex", "age_group",
           "disease_regex", "line", "dose_max", "course", "amount_cap", "domain"),
    _field("field_service_limit", "诊疗项目限制", "item_code", "item_name", "insurance", "hosp_level", "visit", "specialty", "sex", "age_group",
           "disease_regex", "qty_limit", "freq_limit", "course_limit", "amount_cap", "domain"),
    _field("field_dup_pair", "重复收费", "main_code", "main_name", "sub_code_regex", "sub_name_regex", "kind", "domain"),
    _field("field_lab_panel", "检验组合", "panel_code", "panel_name", "member_code_regex", "member_name_regex", "kind", "domain"),
    _field("field_phantom_watch", "虚记重点项目", "item_code_prefix", "item_name", "org", "dept", "qty", "kind", "domain"),
    _field("field_required_link", "应当伴有的项目", "item_code_prefix", "item_name", "required_code_regex", "required_name_regex", "kind", "domain"),
    _field("field_split_group", "分解收费", "package_code_prefix", "package_name", "part_code_regex", "part_name_regex", "kind", "domain"),
    _field("field_swap_pair", "串换", "claimed_code_prefix", "claimed_name", "real_code_regex", "real_name_regex", "kind", "domain"),
    _dictionary("code_values", "字典：代码值", "字段名", "字段值"),
    _dictionary("class_of_goods", "字典：类目", "类目编码", "类目名称", "费用项目", "目录级别"),
    _dictionary("class_of_diseases", "字典：疾病分类", "类目类型", "类目编码", "类目名称", "归并名称"),
    _dictionary("order_frequency", "字典：医嘱频次", "英文名称", "中文名称", "中文别名", "执行周期", "执行频次"),
    _dictionary("rules_of_2023", "规则目录", "rule_code", "tier1", "tier2", "rule_name", "official_definition", "seq_2025", "family"),
    _dictionary("rules_of_2025", "规则目录", "seq", "tier1", "tier2", "rule_name", "rule_code_1_0", "has_official_knowledge", "family"),
    _dictionary("problems", "典型问题清单", "attachment", "no", "domain", "violation_type", "text"),
    Shape("problem_pairs", "典型问题清单中的收费对", "problem_pair", (), raw=(
        "problem_no", "domain", "item_a_name", "item_b_not_chargeable", "window_default", "auto_level", "text")),
)  # fmt: skip
"""All shapes."""
