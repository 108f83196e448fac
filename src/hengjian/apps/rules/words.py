"""How this room names what rules and knowledge are made of: families in words, settings in words, columns of knowledge tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hengjian.engine.collect import LABELS
from hengjian.engine.shapes import COUNTS, WINDOWS
from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.lake.schema.local import TRAVELLING
from hengjian.rulebook.model import Rule, Rulebook
from hengjian.site.knowledge.tables import KINDS

ABOUT = {
    "limit": "费用、诊断或手术所在的这一次就诊，不具备知识点要求的属性（性别、年龄、险种、医疗类别、机构级别）。属性不知道的，不算。",
    "diagnosis": "做了某个项目、用了某种药，却没有它要求的诊断，或有它禁止的诊断。",
    "cap": "同一机构，一天或一次就诊里，数量或用药天数超过上限。按时间先后算，只有超出的部分在疑。",
    "cap_cycle": "若干天为一个周期，周期里的数量超过上限。周期从上一周期结束后的第一次使用开始。",
    "pair": "同一机构的两个项目不得同时收费、必须相伴，或不得同用。",
    "price": "单价超过当地、当级的上限，或同一切口的第二项手术没有打折。",
    "valid": "一条记录自己对不上：费用在住院日期之外、上传太晚、没有主要诊断。",
    "timeline": "同一人的两次就诊，或就诊与死亡，时间上对不上。",
    "reconcile": "一年里结算的多于进的，或一个追溯码卖了两次。",
    "statistic": "机构一个月里某几类费用的份额，与同级机构相比的位次。只是指标，从不是疑点。",
    "frequency": "只数次数：一张处方里的种数、一天里的医院数、一个月到半年里的就诊次数超过上限，超出的那几次在疑。",
    "graph": "一个季度里总在一起出现的一组人。",
}
OWN_SQL = "这条规则自带一段 SQL，不属于任何一族。"
_SETTINGS = {
    "subject": ("看什么", {"item": "费用明细", "diag": "诊断", "oprn": "手术操作"}),
    "dim": (
        "比哪个属性",
        {"sex": "性别", "insurance": "险种", "visit_type": "医疗类别", "channel": "是否互联网诊疗", "dept": "科室", "age_days": "满多少天", "age_months": "满多少月",
         "age_years": "满多少岁", "hosp_level": "机构等级组（3 三级，2 二级，1 一级及以下）"},
    ),
    "op": (
        "怎样比",
        {"in": "必须在允许的值之内", "not_in": "不得是这些值", "between": "必须在下限与上限之间，含两端", "never": "谁都不能用"},
    ),
    "vals": ("比的值", {}),
    "relation": (
        "什么关系",
        {"requires_any": "必须有其中一个诊断", "forbids": "不得有这些诊断", "excludes": "甲项目已含乙项目，乙在疑",
         "requires": "有甲必须有乙，没有时甲在疑", "forbid_together": "两者不得同用，价低的一行在疑", "alone": "一组饮片不得单独成方"},
    ),
    "occasion": ("什么场合才算", {"any": "任何时候", "clean_operation": "手术当日，且本次就诊的手术都是Ⅰ类切口"}),
    "list_types": ("数哪几类目录的东西", CODE_TABLES["list_type"]),
    "measure": (
        "数什么",
        {"qty": "数量", "days": "不同的使用日", "amount": "范围内金额（元）", "supply": "一行开药的天数", "daily": "一行平均每天的数量"},
    ),
    "per": ("在多大范围内", {"day": "当日", "encounter": "一次就诊", "year": "自然年，不分机构", "line": "一行"}),
    "win": ("在多大范围内", WINDOWS),
    "algo": (
        "哪一种算法",
        {"ceiling": "单价与上限比", "discount": "同切口手术打折", "readmit": "出院后又住院", "after_death": "死亡之后",
         "overlap": "两段住院重叠", "during_stay": "住院期间另有就诊或购药", "stock": "进销存相比", "trace": "追溯码重复", "total": "结算总额与费用明细相比", "operations": "手术费与手术操作相比",
         "fees": "几类费用占全部费用", "items": "某些项目占全部费用", "infection": "院内感染率", "readmission": "非计划再入院率"},
    ),
    "chk": ("查什么", {"fee_outside_stay": "费用在住院日期之外", "late_upload": "上传太晚", "no_main_diagnosis": "没有主要诊断"}),
    "kind": ("住院期间另有的是", {"outp": "门诊", "pharm": "购药"}),
    "num_types": ("分子是哪几类收费", CODE_TABLES["med_chrgitm_type"]),
    "kinds": ("算哪几种就诊", {"outp": "门诊", "pharm": "购药", "inp": "住院"}),
}  # fmt: skip
_COLUMNS = {
    "kid": "编号", "name": "名称", "code": "编码", "match": "编码怎样对", "value": "值", "low": "下限", "high": "上限", "unit": "单位", "note": "说明",
    "a_name": "甲项目", "a_code": "甲编码", "b_name": "乙项目", "b_code": "乙编码", "win": "范围", "grp": "组", "dim": "属性", "mode": "支付方式",
    "kind": "类别", "allowed": "限于", "diag_prefixes": "诊断编码开头", "diag_prefix": "诊断编码开头", "max_value": "上限", "cycle_days": "周期（天）",
    "cells": "原文", "multiple": "倍数", "earlier": "此前应当用过", "rule": "规则", "subject": "看什么", "measure": "数什么", "per": "范围", "official": "官方",
    "valid_from": "生效日", "valid_to": "失效日", "rate": "比例", "low_value": "下限",
}  # fmt: skip
_WORDS = {
    "match": {"exact": "整个编码", "prefix": "编码开头"},
    "win": WINDOWS,
    "dim": {"age_days": "天", "age_months": "月", "age_years": "岁"},
}
_CODED = {"channel": {"1": "是", "0": "否"}, **LABELS}
_PLACE = re.compile(r"\{(\w+)\}")
_RUNTIME = {
    "item_name": "项目名称", "observed": "实际的数", "threshold": "上限", "value_label": "允许的值", "window_label": "范围",
    "observed_label": "实际的值", "diag3": "诊断类目", "other_mdtrt_id": "另一次就诊", "other_item_name": "另一个项目", "a_name": "甲项目", "unit_label": "单位",
    "diag_name": "诊断", "dise_name": "病种", "hilist_name": "项目名称",
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A piece of a rule's sentence: plain words, or the name of what a finding puts there."""

    text: str
    is_blank: bool = False


def sentence(message: str) -> list[Piece]:
    """A rule's sentence in pieces."""
    found, at = [], 0
    for match in _PLACE.finditer(message):
        found += [Piece(message[at : match.start()]), Piece(blank(match[1]), True)]
        at = match.end()
    return [p for p in (*found, Piece(message[at:])) if p.text]


def blank(name: str) -> str:
    """What stands in a sentence's blank."""
    return _RUNTIME.get(name) or _COLUMNS.get(name) or name


def settings_in_words(rule: Rule) -> list[tuple[str, str]]:
    """What the rule's settings say, as (question, answer)."""
    found = []
    for name, value in rule.settings.items():
        question, answers = _SETTINGS.get(name, (name, {}))
        if name == "vals":
            answers = _CODED.get(rule.settings.get("dim", ""), {})
        parts = [p for p in value.split("|") if p]
        said = "、".join("知识点里的值" if p == "{value}" else answers.get(p, p) for p in parts)
        found.append((question, said or value))
    return found


def family_title(book: Rulebook, rule: Rule) -> str:
    """`数量上限`, or that it has SQL of its own."""
    return book.families[rule.family].title if rule.family else "自带 SQL"


def table_title(book: Rulebook, table: str) -> str:
    """What people call a knowledge table: the official rule it belongs to, what the lake calls it, or a rule that reads it."""
    if table in KINDS:
        return KINDS[table].title
    if table in TRAVELLING:
        return TRAVELLING[table].label
    return next((r.title for r in book.rules.values() if r.knowledge == table), table)


def lake_table_label(name: str) -> str:
    """A table of the lake, or of an example, in Chinese."""
    own = {"knowledge": "知识", "params": "参数"}
    return own.get(name) or (TABLES[name].label if name in TABLES else name)


def column_label(name: str, table: str = "") -> str:
    """A column's name in Chinese: of a knowledge table, or of a table of the lake."""
    if table in TABLES and name in TABLES[table]:
        return TABLES[table][name].label
    if table in TRAVELLING:
        return next((c.label for c in TRAVELLING[table].columns if c.name == name), _COLUMNS.get(name, name))
    return _COLUMNS.get(name, name)


def cell_in_words(name: str, value: str, row: Mapping[str, str] | None = None) -> str:
    """A cell as people read it: 编码开头 for prefix."""
    return _WORDS.get(name, {}).get(value, value)


def period_in_words(period: Period) -> str:
    """`2026-01-01 起`, or with its last day of force not counted."""
    start = day_date(period.start).isoformat()
    return f"{start} 起" if period.end == OPEN_DAY else f"{start} 至 {day_date(period.end).isoformat()}"


def param_label(name: str) -> str:
    """A parameter in Chinese."""
    base, _, kind = name.partition("_") if name.startswith("tolerance_") else (name, "", "")
    label = COUNTS[name][2] if name in COUNTS else _PARAMS.get(base, base)
    return f"{label}（{_KINDS_OF_CARE.get(kind, kind)}）" if kind else label


_KINDS_OF_CARE = {"outp": "门诊", "inp": "住院", "pharm": "购药"}
_PARAMS = {
    "max_gap_days": "间隔天数上限", "tolerance": "容差", "lookback": "往前看几天的诊断", "min_lines": "一个月最少行数", "rate_pct": "折价比例",
    "seconds": "前后相差", "min_days": "一季度里同到天数", "lift": "超出偶然的倍数", "grace_days": "宽限天数", "days": "相隔天数",
    "least": "至少要有", "mild": "主要诊断可在门诊治疗", "no_operation": "没有手术", "short": "住院日短", "examined": "检查化验占比高",
    "untreated": "没有治疗和手术费", "short_days": "算住院日短的天数", "examined_pct": "算占比高的界线", "adult_days": "成年人的日龄",
    "old_days": "老年人的日龄", "illnesses": "算多病的病种数", "within": "再入院的天数", "multiple": "上限的倍数",
}  # fmt: skip
