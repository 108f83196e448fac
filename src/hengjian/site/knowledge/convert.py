"""Converters: one row of an official table to drafts of points, or the reason why it makes none.

A draft says what is limited and how; its codes may still be names. `official` only where the words and values are the notice's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hengjian.site.knowledge import words
from hengjian.site.knowledge.shapes import Shape
from hengjian.site.knowledge.tables import DRUG_CODE, OF_RULE

Cells = dict[str, str]


@dataclass(slots=True)
class Draft:
    """`names`: code columns that still have to be found by name. `ours`: what of it rests on us, said in the row's provenance."""

    table: str
    values: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    official: bool = True
    ours: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The reason a row makes no point, and what of the row it is about."""

    code: str
    detail: str = ""


Result = list[Draft] | Why
Converter = Callable[[Cells, str, Shape], Result]


def convert(cells: Cells, shape: Shape, rule: str) -> Result:
    """A row of this shape, of the official rule `rule` unless it says another."""
    if any(words.is_error(c) for c in cells.values()):
        broken = next(n for n, c in cells.items() if words.is_error(c))
        return Why("Z14", f"“{_label(shape, broken)}”一格是 {cells[broken]}")
    if "superseded" in cells.get("status", "") or cells.get("status") in ("已替换", "失效", "停用"):
        return Why("Z02", cells.get("source", "")[:60])
    return CONVERTERS[shape.convert](cells, _rule(cells, rule), shape)


def _label(shape: Shape, name: str) -> str:
    return shape.columns[name].label if name in shape.columns else name


def _rule(cells: Cells, rule: str) -> str:
    return "".join(cells["rule"].split()) if cells.get("rule") else rule


def _missing(what: str) -> Why:
    return Why("Z08", f"没有{what}")


def _unread(what: str, text: str) -> Why:
    return Why("Z09", f"{what}“{text}”")


def _coded(table: str, cells: Cells, thing: str, values: dict[str, str], *, official: bool = True, ours: str = "") -> Result:
    """A draft about the item, drug, … of a row, by its code where it has one, else by its name."""
    name = cells.get(thing) or cells.get("name", "")
    text = cells.get(f"{thing}_code") or cells.get("code", "")
    draft = Draft(table, {"name": name, "match": "exact"} | values, official=official, ours=ours)
    if not text:
        if not name:
            return _missing("名称和编码")
        draft.names["code"] = name
        return [draft]
    if (codes := words.codes_of(text)) is None:
        return Why("Z10", f"“{text}”")
    return [Draft(table, draft.values | {"code": code}, {}, official, ours) for code in codes]


def _drug_codes(cells: Cells, rule: str, shape: Shape) -> Result:
    name, text = cells.get("drug") or cells.get("name", ""), cells.get("drug_code") or cells.get("code", "")
    if not name or not text:
        return _missing("通用名" if not name else "编码")
    code = words.code_of(text)
    if code is None:
        return Why("Z10", f"“{text}”")
    return [Draft(DRUG_CODE, {"name": name, "code": code, "rule": rule, "fold": words.fold(name)})]


def _age(table: str, cells: Cells, thing: str, group: str) -> Result:
    """An age limit by the notice's own numbers, else by those we gave to its words."""
    low, high = cells.get("age_min", ""), cells.get("age_max", "")
    numbers = [words.whole(n) if n else None for n in (low, high)]
    if (low and numbers[0] is None) or (high and numbers[1] is None):
        return _unread("年龄", low or high)
    if numbers[1] is not None:
        values = {"dim": "age_years", "low": str(numbers[0] or ""), "high": str(numbers[1]), "unit": "岁"}
        said = f"限 {numbers[0]}–{numbers[1]} 岁" if numbers[0] else f"限 {numbers[1]} 岁及以下"
        return _coded(table, cells, thing, values | {"note": said})
    known = next((g for g in sorted(words.AGES, key=len, reverse=True) if g in group), "")
    if not known:
        return _unread("人群", group)
    dim, lowest, highest = words.AGES[known]
    unit = "天" if dim == "age_days" else "岁"
    lowest = str(numbers[0]) if numbers[0] is not None and dim == "age_years" else lowest
    ours = f"{known}的年龄界限由恒鉴取定，须当地核准"
    values = {"dim": dim, "low": lowest, "high": highest, "unit": unit, "note": f"限{known}"}
    return _coded(table, cells, thing, values, official=False, ours=ours)


def _drug_limit(cells: Cells, rule: str, shape: Shape) -> Result:
    text = cells.get("basis") or cells.get("logic", "")
    if "insurance" in cells and rule not in ("药品限工伤保险", "药品限生育保险"):
        rule = next((r for r in ("药品限工伤保险", "药品限生育保险") if r[3:5] in cells["insurance"]), rule)
    if rule in ("药品限工伤保险", "药品限生育保险"):
        return _coded(OF_RULE[rule], cells, "drug", {"value": rule[3:], "note": rule[2:]})
    if rule == "药品限医疗机构级别":
        return _level(cells, text)
    if rule == "药品限就医方式":
        visit = words.visits_of(cells.get("visit", "").replace("|", "或") or text)
        if visit is None:
            return Why("Z04", text)
        return _coded(OF_RULE[rule], cells, "drug", {"allowed": visit[0], "value": visit[1], "note": text or f"限{visit[0]}"})
    if rule == "药品限支付疗程":
        return _drug_days(cells, rule, shape)
    if rule == "超互联网医院药品支付范围":
        note = "互联网诊疗不得开具麻醉药品、精神药品处方"
        return _coded(OF_RULE[rule], cells, "drug", {"kind": "麻醉药品或精神药品", "note": note})
    if rule in ("药品儿童专用", "药品限儿童使用", "药品限新生儿使用"):
        return _age(OF_RULE[rule], cells, "drug", "新生儿" if "新生儿" in rule else "儿童")
    if rule == "重复开药":
        return _missing("药品分类组号")
    if rule in OF_RULE:
        return _missing("限定的值（这张表缺少这一类规则要的列）")
    if not rule:
        return Why("Z08", "看不出是哪一类规则；在标题、工作表名、文件名或“规则名称”列写明，例如 药品限工伤保险")
    return Why("Z04", text or cells.get("drug", ""))


def _level(cells: Cells, text: str) -> Result:
    note = cells.get("note", "")
    level = words.level_of(cells.get("level", "")) or words.level_of(text)
    if level is None or "首次处方" in note + text:
        return Why("Z04", note or text)
    ours = ""
    if "专科医院" in note + text and level == 3:
        level, ours = 2, "三级医院，或二级及以上专科医院：机器只判二级以下，其余须人工核对"
    values = {"low": str(level), "high": "3", "note": f"限{'零一二三'[level]}级{'及以上' if level < 3 else ''}医疗机构"}
    return _coded("drug_hosp_level_limit", cells, "drug", values, official=not ours, ours=ours)


def _drug_days(cells: Cells, rule: str, shape: Shape) -> Result:
    rule = rule if rule in ("药品限支付疗程", "超说明书用量开药") else ""
    if not rule:
        return Why("Z08", "看不出是支付疗程还是最大开药天数；在标题、工作表名或文件名写明")
    given = cells.get("days", "")
    days = words.whole(given.removesuffix("天")) if given else words.course_of(cells.get("basis") or cells.get("logic", ""))
    if not days:
        return _unread("天数", given) if given else Why("Z04", cells.get("basis") or cells.get("logic", ""))
    said = f"支付不超过 {days} 天" if rule == "药品限支付疗程" else f"一次开药不超过 {days} 天"
    return _coded(OF_RULE[rule], cells, "drug", {"max_value": str(days), "unit": "天", "note": said})


def _drug_forbidden(cells: Cells, rule: str, shape: Shape) -> Result:
    text = cells.get("threshold", "") + ("及以下" if "及以下" in cells.get("compare", "") + cells.get("logic", "") else "")
    lowest = words.lowest_age(text)
    if lowest is None:
        return _unread("年龄阈值", cells.get("threshold", ""))
    dim, n = lowest
    unit = {"age_years": "岁", "age_months": "个月", "age_days": "天"}[dim]
    values = {
        "dim": dim,
        "unit": unit,
        "low": str(n),
        "high": "",
        "note": f"{words.plain(text)}{'' if '下' in text else '以下'}儿童禁用",
    }
    return _coded("drug_child_forbidden", cells, "drug", values)


_SEX_OF = (("drug", "drug_sex_limit"), ("item", "service_sex_limit"), ("supply", "consumable_sex_limit"), ("oprn", "operation_sex"), ("diag", "diagnosis_sex"))  # fmt: skip
_SEX_BY_RULE = {table: thing for thing, table in _SEX_OF}


def _sex(cells: Cells, rule: str, shape: Shape) -> Result:
    value = words.SEXES.get(words.plain(cells.get("sex", "")))
    if value is None:
        return _unread("限定性别", cells["sex"]) if cells.get("sex") else _missing("限定性别")
    if cells.get("confidence") == "低":
        return Why("Z12", cells.get("diag", ""))
    table = OF_RULE.get(rule, "")
    if table not in _SEX_BY_RULE:
        table = next((t for thing, t in _SEX_OF if cells.get(thing) or cells.get(f"{thing}_code")), "")
    if not table:
        return Why("Z08", "看不出是药品、项目、耗材、手术还是诊断；在标题、工作表名或文件名写明规则名称")
    thing = _SEX_BY_RULE[table]
    ours = "由性别以外的文字推得" if cells.get("evidence") == "inferred" else ""
    ours = ours or ("由疾病诊断分组推得，不是官方明细" if "mdc" in cells else "")
    values = {"value": value, "note": f"限{'男' if value == '1' else '女'}性"}
    match = cells.get("match", "exact")
    if match not in ("exact", "prefix", "range"):
        return _unread("匹配方式", match)
    if match != "exact":
        code = cells.get(f"{thing}_code", "")
        prefixes = words.range_prefixes(code) if match == "range" else words.codes_of(code)
        if not prefixes:
            return Why("Z10", f"“{code}”")
        values |= {"match": "prefix", "name": cells.get(thing, "")}
        ours = "按编码类目取定，须用当地全表核对"
        return [Draft(table, values | {"code": code}, {}, False, ours) for code in prefixes]
    return _coded(table, cells, thing, values, official=not ours, ours=ours)


def _diagnosis_age(cells: Cells, rule: str, shape: Shape) -> Result:
    if cells.get("confidence") == "低":
        return Why("Z12", cells.get("diag", ""))
    low, high = cells.get("min_days", ""), cells.get("max_days_age", "")
    if low or high:
        if (low and words.whole(low) is None) or (high and words.whole(high) is None):
            return _unread("日龄", low or high)
        low = "" if words.whole(low) == 0 else low
        said = cells.get("age_group") or ("新生儿" if high == "28" else "")
        values = {
            "dim": "age_days",
            "low": low,
            "high": high,
            "unit": "天",
            "note": f"见于{said}" if said else f"{high} 天以内",
        }
        ours = "由疾病诊断分组推得，不是官方明细" if "confidence" in cells else "年龄界限由恒鉴取定，须当地核准"
        return _coded("diagnosis_age", cells, "diag", values, official=False, ours=ours)
    return _age("diagnosis_age", cells, "diag", cells.get("age_group") or cells.get("basis", ""))


def _coded_name(cells: Cells, rule: str, shape: Shape) -> Result:
    return _missing("限定性别" if "性别" in rule else "年龄界限")


def _service_age(cells: Cells, rule: str, shape: Shape) -> Result:
    table = OF_RULE.get(rule, "service_child_only")
    if table not in ("service_child_only", "service_age_limit"):
        return Why("Z08", f"{rule}还缺少限定的值")
    name = cells.get("item", "")
    group = cells.get("age_group") or ("新生儿" if "新生儿" in name else "婴幼儿" if "婴" in name else "儿童")
    return _age(table, cells, "item", group)


def _supply_age(cells: Cells, rule: str, shape: Shape) -> Result:
    group = cells.get("age_group", "")
    return _age("consumable_newborn_limit" if "新生儿" in rule + group else "consumable_child_limit", cells, "supply", group)


def _service_days(cells: Cells, rule: str, shape: Shape) -> Result:
    if rule != "医疗服务项目限支付疗程":
        return Why("Z04", cells.get("basis", ""))
    given = cells.get("days", "")
    days = words.whole(given.removesuffix("天")) if given else words.course_of(cells.get("basis", ""))
    if not days:
        return _unread("天数", given) if given else Why("Z04", cells.get("basis", ""))
    return _coded(
        "service_course_limit", cells, "item", {"max_value": str(days), "unit": "天", "note": f"支付不超过 {days} 天"}
    )


def _service_daily(cells: Cells, rule: str, shape: Shape) -> Result:
    n, unit = words.whole(cells.get("per_day", "")), words.plain(cells.get("unit", ""))
    if n is None:
        return _unread("单日上限数量", cells["per_day"]) if cells.get("per_day") else _missing("单日上限数量")
    if not unit:
        return _missing("计价单位")
    return _coded("service_daily_limit", cells, "item", {"max_value": str(n), "unit": unit, "note": f"每日不超过 {n} {unit}"})


def _service_cycle(cells: Cells, rule: str, shape: Shape) -> Result:
    n, days = words.whole(cells.get("times", "").removesuffix("次")), words.whole(cells.get("cycle", "").removesuffix("天"))
    if n is None or not days:
        return _unread("频次或周期", f"{cells.get('times', '')}、{cells.get('cycle', '')}")
    return _coded(
        "service_cycle_limit",
        cells,
        "item",
        {"max_value": str(n), "cycle_days": str(days), "note": f"{days} 天内不超过 {n} 次"},
    )


def _pair(table: str, cells: Cells, a: tuple[str, str], b: tuple[str, str], values: dict[str, str]) -> Result:
    draft = Draft(table, {"match": "exact"} | values)
    for side, (name, code) in (("a", a), ("b", b)):
        draft.values[f"{side}_name"] = cells.get(name, "")
        if text := cells.get(code, ""):
            if (found := words.codes_of(text)) is None:
                return Why("Z10", f"“{text}”")
            draft.values[f"{side}_code"] = "|".join(found)
        elif cells.get(name):
            draft.names[f"{side}_code"] = cells[name]
        else:
            return _missing("名称和编码")
    if draft.values.get("a_code") and draft.values.get("a_code") == draft.values.get("b_code"):
        return Why("Z09", "两边是同一个编码")
    return [draft]


def _charge_pair(cells: Cells, rule: str, shape: Shape) -> Result:
    window = words.WINDOWS.get("".join(words.plain(cells.get("window", "")).split()))
    if window is None:
        return _unread("时间区间", cells["window"]) if cells.get("window") else _missing("时间区间")
    note = cells.get("connotation") or cells.get("basis") or "内涵已含后者"
    return _pair("duplicate_charge_pair", cells, ("a_name", "a_code"), ("b_name", "b_code"), {"win": window, "note": note})


def _slice_pair(cells: Cells, rule: str, shape: Shape) -> Result:
    return _pair("tcm_incompatible", cells, ("slice_a", "slice_a_code"), ("slice_b", "slice_b_code"), {"note": "属配伍禁忌"})


def _incision(cells: Cells, rule: str, shape: Shape) -> Result:
    if not cells.get("incision"):
        return _missing("同切口组别")
    return _coded("surgery_same_incision", cells, "item", {"grp": cells["incision"], "note": "同一切口的手术，第二项起折价"})


def _surgery_diagnosis(cells: Cells, rule: str, shape: Shape) -> Result:
    text = cells.get("allowed") or cells.get("diag_code", "")
    if not text:
        return _missing("允许的诊断编码")
    codes = words.codes_of(text)
    if codes is None:
        return Why("Z10", f"“{text}”")
    categories = "|".join(dict.fromkeys(code[:3] for code in codes))  # a hospital that codes one digit coarser is no liar
    ours = "允许的诊断按类目归并，须当地专家确认"
    values = {"diag_prefixes": categories, "note": "另有允许的诊断清单"}
    return _coded("operation_diagnosis_mismatch", cells, "oprn", values, official=False, ours=ours)


def _drug_group(cells: Cells, rule: str, shape: Shape) -> Result:
    if not cells.get("group_no"):
        return _missing("药品分类组号")
    label = f"{cells.get('group', '')}（{words.plain(cells['group_no'])} 组）"
    return _coded("duplicate_drug_group", cells, "drug", {"grp": label, "note": "同一药品分类组"})


def _slice_kinds(cells: Cells, rule: str, shape: Shape) -> Result:
    found = "".join(c for c in words.plain(cells.get("kinds", "")) if c.isdigit())
    if not found:
        return _unread("味数上限", cells.get("kinds", ""))
    return _coded("tcm_slice_kinds", cells, "slice", {"max_value": found, "unit": "味", "note": f"一张处方超过 {found} 味"})


def _slice_grams(cells: Cells, rule: str, shape: Shape) -> Result:
    grams = words.plain(cells.get("grams", "")).removesuffix("克").removesuffix("g")
    multiple = words.whole(cells.get("multiple", "5").removesuffix("倍"))
    if not grams.replace(".", "", 1).isdigit() or multiple is None:
        return _unread("药典每日最大用量", cells.get("grams", ""))
    values = {"max_value": grams, "unit": "克", "multiple": str(multiple), "note": f"药典每日最大用量 {grams} 克"}
    return _coded("tcm_slice_daily_max", cells, "slice", values)


def _slice_not_paid(cells: Cells, rule: str, shape: Shape) -> Result:
    text = cells.get("mode", "") + rule
    if "单复方" in text:
        values = {"mode": "单复方均不支付", "note": "不得纳入基金支付范围的中药饮片"}
        return _coded("tcm_slice_not_paid", cells, "slice", values)
    if "单方" in text:
        return _coded(
            "tcm_slice_alone_not_paid",
            cells,
            "slice",
            {"mode": "单方不支付", "note": "单独使用或全部由此类饮片组成的处方不支付"},
        )
    return _unread("不支付方式", cells["mode"]) if cells.get("mode") else _missing("不支付方式（单方，还是单复方均不支付）")


def _review(cells: Cells, rule: str, shape: Shape) -> Result:
    return Why("Z04", cells.get("disease") or cells.get("fragment") or cells.get("allowed_drugs") or cells.get("basis", ""))


def _problem_pair(cells: Cells, rule: str, shape: Shape) -> Result:
    return Why("Z04", cells.get("text", ""))


def _dictionary(cells: Cells, rule: str, shape: Shape) -> Result:
    return Why("Z03", shape.title)


def _practice(cells: Cells, rule: str, shape: Shape) -> Result:
    said = {h: cells[h] for h in shape.raw if cells.get(h)}
    code = next((v for h, v in said.items() if "code" in h), "")
    name = next((v for h, v in said.items() if "name" in h), "")
    values = {"code": code, "name": name, "cells": "；".join(f"{h}={v}" for h, v in said.items()), "note": shape.title}
    return [Draft(shape.table, values, {}, False, "飞检实务做法，不是官方知识")]


CONVERTERS: dict[str, Converter] = {
    "drug_codes": _drug_codes,
    "drug_limit": _drug_limit,
    "drug_days": _drug_days,
    "drug_forbidden": _drug_forbidden,
    "sex": _sex,
    "diagnosis_age": _diagnosis_age,
    "coded_name": _coded_name,
    "service_age": _service_age,
    "supply_age": _supply_age,
    "service_days": _service_days,
    "service_daily": _service_daily,
    "service_cycle": _service_cycle,
    "charge_pair": _charge_pair,
    "incision": _incision,
    "surgery_diagnosis": _surgery_diagnosis,
    "drug_group": _drug_group,
    "slice_kinds": _slice_kinds,
    "slice_grams": _slice_grams,
    "slice_pair": _slice_pair,
    "slice_not_paid": _slice_not_paid,
    "review": _review,
    "problem_pair": _problem_pair,
    "dictionary": _dictionary,
    "practice": _practice,
}
"""Converters by the name shapes use."""


def names_and_codes(drafts: list[Draft]) -> Iterator[tuple[str, str, str]]:
    """Names, codes and the rule under which drafts tell them: what other tables may look names up in."""
    for draft in drafts:
        values = draft.values
        if draft.table == DRUG_CODE:
            yield values["fold"], values["code"], values["rule"]
        elif draft.table.startswith(("tcm_slice", "service_", "surgery_")) and values.get("code") and values.get("name"):
            yield words.fold(values["name"]), values["code"], ""
