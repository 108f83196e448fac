"""The knowledge tables an import can fill: which official rule each belongs to, what tells two points apart, what they say.

Where a shipped rule reads a table of this name, its points are judged by; the others are kept until a rule comes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`key`: columns that name what is limited; `content`: columns that say how. One key has one content at a time.

    `counts`: whether its rows are knowledge points; a code table is not.
    """

    table: str
    title: str
    key: tuple[str, ...] = ("code",)
    content: tuple[str, ...] = ()
    counts: bool = True


_AGE = ("dim", "low", "high")
_LIMIT = ("max_value", "unit")
_PAIR = ("a_code", "b_code")
DRUG_CODE = "drug_code"

KINDS = {
    k.table: k
    for k in (
        Kind("drug_work_injury_only", "药品限工伤保险", content=("value",)),
        Kind("drug_maternity_only", "药品限生育保险", content=("value",)),
        Kind("drug_hosp_level_limit", "药品限医疗机构级别", content=("low", "high")),
        Kind("drug_visit_type_limit", "药品限就医方式", content=("value",)),
        Kind("drug_course_limit", "药品限支付疗程", content=_LIMIT),
        Kind("drug_child_limit", "药品限儿童使用", content=_AGE),
        Kind("drug_newborn_limit", "药品限新生儿使用", content=_AGE),
        Kind("drug_child_only", "药品儿童专用", content=_AGE),
        Kind("drug_child_forbidden", "药品儿童禁用", content=_AGE),
        Kind("drug_sex_limit", "药品区分性别使用", content=("value",)),
        Kind("drug_days_limit", "超说明书用量开药", content=_LIMIT),
        Kind("duplicate_drug_group", "重复开药", _PAIR),
        Kind("internet_excluded_drug", "超互联网医院药品支付范围"),
        Kind("service_sex_limit", "医疗服务项目区分性别使用", content=("value",)),
        Kind("service_child_only", "医疗服务项目儿童专用", content=_AGE),
        Kind("service_age_limit", "医疗服务项目限年龄", content=_AGE),
        Kind("service_course_limit", "医疗服务项目限支付疗程", content=_LIMIT),
        Kind("service_daily_limit", "医疗服务项目限定频次", content=_LIMIT),
        Kind("service_cycle_limit", "医疗服务项目周期超频次", content=("max_value", "cycle_days")),
        Kind("duplicate_charge_pair", "医疗服务项目重复收费", _PAIR, ("win",)),
        Kind("surgery_same_incision", "手术项目未按规定折价收费", ("code", "grp")),
        Kind("consumable_sex_limit", "医用耗材与性别不符", content=("value",)),
        Kind("consumable_child_limit", "耗材限儿童使用", content=_AGE),
        Kind("consumable_newborn_limit", "耗材限新生儿使用", content=_AGE),
        Kind("operation_sex", "手术操作编码与性别不符", content=("value",)),
        Kind("operation_diagnosis_mismatch", "诊断编码与手术操作编码不符", content=("diag_prefixes",)),
        Kind("diagnosis_sex", "诊断与患者性别不符", content=("value",)),
        Kind("diagnosis_age", "诊断与患者年龄不符", content=_AGE),
        Kind("tcm_slice_not_paid", "中药饮片单复方均不予支付", content=("mode",)),
        Kind("tcm_slice_alone_not_paid", "中药饮片单方使用不予支付", content=("mode",)),
        Kind("tcm_slice_kinds", "中药饮片超大处方", content=_LIMIT),
        Kind("tcm_slice_daily_max", "中药饮片超量上传", content=("max_value", "unit", "multiple")),
        Kind("tcm_incompatible", "中药饮片配伍禁忌", _PAIR),
        Kind("field_addon_item", "实务：加收项目", ("cells",), counts=False),
        Kind("field_drug_limit", "实务：药品限制", ("cells",), counts=False),
        Kind("field_service_limit", "实务：诊疗项目限制", ("cells",), counts=False),
        Kind("field_dup_pair", "实务：重复收费", ("cells",), counts=False),
        Kind("field_lab_panel", "实务：检验组合", ("cells",), counts=False),
        Kind("field_phantom_watch", "实务：虚记重点项目", ("cells",), counts=False),
        Kind("field_required_link", "实务：应当伴有的项目", ("cells",), counts=False),
        Kind("field_split_group", "实务：分解收费", ("cells",), counts=False),
        Kind("field_swap_pair", "实务：串换", ("cells",), counts=False),
        Kind(DRUG_CODE, "药品通用名编码表", ("rule", "fold", "code"), counts=False),
    )
}
"""Tables by name."""

OF_RULE = {k.title: k.table for k in KINDS.values()}
"""Official rule name → table."""
