"""Every official table shape, by its own headers, as CSV and as a workbook: the points it makes, and how certain they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hengjian.rulebook.model import KnowledgeRow
from hengjian.site.knowledge import stored
from hengjian.site.knowledge.points import Made

from .tables import A, B, C, csv, look, take, told, xlsx

LIMIT = ("序号", "药品通用名", "检出逻辑", "逻辑依据（目录备注）", "对应药品代码数量")
CODES = [["甲片", A], ["甲片", B], ["乙注射液", C]]

CASES: list[tuple[str, tuple[str, ...], list[Any], str, dict[str, str], bool]] = [
    ("药品限工伤保险", LIMIT, [1, "甲片", "结算险种非工伤", "限工伤保险", 2], "drug_work_injury_only", {"code": A, "value": "工伤保险"}, True),
    ("药品限生育保险", LIMIT, [1, "甲片", "结算险种非生育", "限生育保险", 2], "drug_maternity_only", {"value": "生育保险"}, True),
    ("药品限医疗机构级别", LIMIT, [1, "甲片", "级别低于限定", "限二级及以上医疗机构。", 2], "drug_hosp_level_limit", {"low": "2", "high": "3"}, True),
    ("药品限就医方式", LIMIT, [1, "甲片", "就医方式不符", "限急诊或住院患者。", 2], "drug_visit_type_limit", {"allowed": "急诊或住院", "value": "11|12|14|15|16|19|41|51|81"}, True),
    ("药品限支付疗程", LIMIT, [1, "乙注射液", "超过限制天数", "住院方可支付，单次最多支付14天。", 1], "drug_course_limit", {"code": C, "max_value": "14", "unit": "天"}, True),
    ("药品限儿童使用", LIMIT, [1, "甲片", "超出儿童年龄", "限儿童", 2], "drug_child_limit", {"dim": "age_years", "high": "17"}, False),
    ("药品儿童专用", LIMIT, [1, "甲片", "超出儿童年龄", "用于小儿", 2], "drug_child_only", {"dim": "age_years", "high": "17"}, False),
    ("超互联网医院药品支付范围", LIMIT, [1, "甲片", "互联网诊疗", "不得开具麻醉药品", 2], "internet_excluded_drug", {"code": A}, True),
    ("药品区分性别使用", ("药品通用名", "限定性别", "检出逻辑", "逻辑依据"), ["甲片", "女", "与限定性别不符", "说明书"], "drug_sex_limit", {"code": A, "value": "2"}, True),
    ("医疗服务项目区分性别使用", ("项目编码", "项目名称", "限定性别", "检出逻辑"), ["003311040000001", "甲术", "男", "x"], "service_sex_limit", {"code": "003311040000001", "value": "1"}, True),
    ("医用耗材与性别不符", ("代码", "名称", "限定性别"), ["C0101010010001", "宫内节育器", "女"], "consumable_sex_limit", {"code": "C0101010010001", "value": "2"}, True),
    ("手术操作编码与性别不符", ("代码", "名称", "限定性别", "逻辑依据"), ["60.7900", "精囊手术", "男", "x"], "operation_sex", {"code": "60.7900", "value": "1"}, True),
    ("诊断与患者性别不符", ("ICD-10", "诊断名称", "限定性别"), ["L30.904", "阴囊湿疹", "男"], "diagnosis_sex", {"code": "L30.904", "value": "1"}, True),
    ("药品儿童禁用", ("通用名", "儿童禁用年龄阈值", "检出逻辑"), ["甲片", "6月", "年龄小于阈值"], "drug_child_forbidden", {"dim": "age_months", "low": "6", "high": ""}, True),
    ("诊断与患者年龄不符", ("ICD-10", "名称", "依据"), ["P21.900", "新生儿窒息", "新生儿相关"], "diagnosis_age", {"dim": "age_days", "high": "28"}, False),
    ("医疗服务项目重复收费", ("时间区间", "项目A名称", "项目A编码", "项目B名称", "项目B编码", "检出逻辑", "A的项目内涵"),
     ["6小时", "监护", "001103000010000", "诊查", "001102000030000", "同时收费", "含诊查"], "duplicate_charge_pair",
     {"a_code": "001103000010000", "b_code": "001102000030000", "win": "hours6", "note": "含诊查"}, True),
    ("医疗服务项目限定频次", ("项目编码", "项目名称", "单日上限数量", "计价单位"), ["001102000040000", "诊查费", 24, "小时"], "service_daily_limit", {"max_value": "24", "unit": "小时"}, True),
    ("医疗服务项目周期超频次", ("项目编码", "项目名称", "频次上限", "周期(天)", "依据"), ["002503020030000", "糖化", "1", "15", "规范"], "service_cycle_limit", {"max_value": "1", "cycle_days": "15"}, True),
    ("医疗服务项目限支付疗程", ("项目编码", "项目名称", "依据"), ["003402000050000", "评定", "总时间不超过90天，评定间隔时间不短于14天。"], "service_course_limit", {"max_value": "90"}, True),
    ("手术项目未按规定折价收费", ("项目编码", "项目名称", "同切口组别"), ["003310060020000", "胆囊切除术", "肝胆手术组"], "surgery_same_incision", {"grp": "肝胆手术组"}, True),
    ("诊断编码与手术操作编码不符", ("手术操作编码", "手术操作名称", "组号", "允许的诊断码"), ["49.1100", "切开术", "3", "K60.300、K60.400"], "operation_diagnosis_mismatch", {"code": "49.1100", "diag_prefixes": "K60"}, False),
    ("超说明书用量开药", ("通用名", "最大开药天数", "依据"), ["甲片", 28, "处方管理办法"], "drug_days_limit", {"max_value": "28", "unit": "天"}, True),
    ("中药饮片超大处方", ("饮片名称", "饮片编码", "味数上限"), ["当归", "T000100001", "25味"], "tcm_slice_kinds", {"max_value": "25"}, True),
    ("中药饮片超量上传", ("饮片名称", "饮片编码", "药典每日最大用量(克)"), ["当归", "T000100001", 12], "tcm_slice_daily_max", {"max_value": "12", "multiple": "5"}, True),
    ("中药饮片单复方均不予支付", ("饮片名称", "饮片编码", "检出逻辑"), ["阿胶", "T001700233", "不得纳入"], "tcm_slice_not_paid", {"code": "T001700233", "mode": "单复方均不支付"}, True),
    ("中药饮片单方使用不予支付", ("饮片名称", "饮片编码", "检出逻辑"), ["丁香", "T000700200", "单独使用"], "tcm_slice_alone_not_paid", {"code": "T000700200"}, True),
    ("医疗服务项目儿童专用", ("项目编码", "项目名称", "检出逻辑"), ["003112020010000", "新生儿暖箱", "x"], "service_child_only", {"dim": "age_days", "high": "28"}, False),
    ("医疗服务项目限年龄", ("项目编码", "项目名称", "人群"), ["003402000320000", "职业功能训练", "法定就业年龄段"], "service_age_limit", {"low": "16", "high": "59"}, False),
    ("耗材限新生儿使用", ("耗材编码", "单件产品名", "适用人群"), ["C0101010010002", "护脐带", "新生儿"], "consumable_newborn_limit", {"code": "C0101010010002", "high": "28"}, False),
]  # fmt: skip


def _codes(folder: Path) -> Path:
    return csv(folder / "通用名—代码.csv", ("通用名", "代码"), *CODES)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize(("rule", "head", "row", "table", "values", "official"), CASES, ids=[c[0] for c in CASES])
def test_each_official_shape_makes_its_points(
    tmp_path: Path,
    form: str,
    rule: str,
    head: tuple[str, ...],
    row: list[Any],
    table: str,
    values: dict[str, str],
    official: bool,
) -> None:
    file = (
        csv(tmp_path / f"{rule}.csv", head, row)
        if form == "csv"
        else xlsx(tmp_path / "表.xlsx", head, row, title=f"附件：{rule}明细表")
    )
    site = tmp_path / "site"
    batch = take(site, file, _codes(tmp_path))
    assert batch.reasons == {} and {f["taken"] for f in batch.files if f["rule"]} == {1}
    found = stored(site)[table]
    assert len(found) == {A: 2, C: 1}.get(found[0].values.get("code", ""), 1)
    first = found[0]
    assert {k: first.values.get(k, "") for k in values} == values
    assert first.official is official and first.values["notice"] == "测试公告"
    assert rule in first.values["row"] and "第" in first.values["row"]


def test_the_sheet_may_name_the_rule(tmp_path: Path) -> None:
    file = xlsx(tmp_path / "表.xlsx", LIMIT, [1, "甲片", "x", "限工伤保险", 2], sheet="药品限工伤保险")
    take(tmp_path / "site", file, _codes(tmp_path))
    assert len(stored(tmp_path / "site")["drug_work_injury_only"]) == 2


def test_a_limit_whose_rule_nothing_names_is_told(tmp_path: Path) -> None:
    prepared = look(tmp_path / "site", csv(tmp_path / "表.csv", LIMIT, [1, "甲片", "x", "y", 2]), _codes(tmp_path))
    (reason,) = [(e.reason, e.detail) for e in prepared.batch.explained]
    assert reason[0] == "Z08" and "药品限工伤保险" in reason[1]


@pytest.mark.parametrize(
    ("rule", "head", "row"),
    [
        ("药品限二线使用", LIMIT, [1, "甲片", "无一线药", "限一线治疗无效者", 2]),
        ("药品限适应症", LIMIT, [1, "甲片", "诊断不符", "限EGFR突变阳性患者", 2]),
        ("药品限医疗机构级别", LIMIT, [1, "甲片", "x", "首次处方由二级及以上医疗机构专科医师开具", 2]),
        ("围手术期抗菌药物预防性应用监管", ("切口类别", "手术范围", "允许品种"), ["Ⅰ", "乳腺手术", "头孢唑林"]),
        ("无指征治疗", ("项目编码", "项目名称", "适应症"), ["003110000400000", "碎石", "用于结石"]),
        ("医疗服务项目禁忌症", ("项目编码", "项目名称", "禁忌症"), ["003110000400000", "碎石", "妊娠"]),
        ("医用耗材限疾病使用", ("单件产品名", "适用疾病或人群"), ["接骨板", "肱骨骨折"]),
    ],
)
def test_what_no_machine_can_check_is_kept_for_people(tmp_path: Path, rule: str, head: tuple[str, ...], row: list[Any]) -> None:
    prepared = look(tmp_path / "site", csv(tmp_path / f"{rule}.csv", head, row), _codes(tmp_path))
    ((reason, detail),) = {(e.reason, e.detail) for e in prepared.batch.explained}
    assert reason == "Z04" and detail and all(p.table == "drug_code" for p in prepared.batch.points)


def test_two_of_a_group_make_a_pair_and_one_alone_none(tmp_path: Path) -> None:
    head = ("药品分类", "药品分类组号", "通用名")
    file = csv(
        tmp_path / "重复开药.csv",
        head,
        ["抗酸药", 1, "甲片"],
        ["抗酸药", 1, "乙注射液"],
        ["降糖药", 2, "甲片"],
        ["降糖药", 2, "无编码片"],
    )
    prepared = look(tmp_path / "site", file, _codes(tmp_path))
    (pair,) = [p for p in prepared.batch.points if p.table == "duplicate_drug_group"]
    assert (pair.values["a_code"], pair.values["b_code"]) == (f"{A}|{B}", C) and pair.rows == [(0, 2), (0, 3)]
    assert {line: code for line, (code, _) in told(prepared).items()} == {4: "Z15", 5: "Z01"}


def test_slices_find_their_codes_in_other_tables(tmp_path: Path) -> None:
    pairs = csv(tmp_path / "配伍.csv", ("饮片1", "饮片2"), ["附片", "川贝母"], ["附片", "没有码"])
    grams = csv(
        tmp_path / "超量.csv",
        ("饮片", "饮片编码", "药典每日最大用量（克）"),
        ["附片", "T000700270", 15],
        ["川贝母", "T001300123", 10],
    )
    prepared = look(tmp_path / "site", pairs, grams)
    (pair,) = [p for p in prepared.batch.points if p.table == "tcm_incompatible"]
    assert (pair.values["a_code"], pair.values["b_code"]) == ("T000700270", "T001300123")
    assert told(prepared)[3] == ("Z01", "没有码")


def test_the_codes_of_a_rule_s_own_list_go_before_any_other(tmp_path: Path) -> None:
    codes = csv(
        tmp_path / "码.csv", ("规则名称", "通用名", "药品代码"), ["药品限工伤保险", "甲片", A], ["药品限适应症", "甲片", B]
    )
    limit = csv(tmp_path / "药品限工伤保险.csv", LIMIT, [1, "甲片", "x", "限工伤保险", 1])
    made = [p for p in look(tmp_path / "site", codes, limit).batch.points if p.table == "drug_work_injury_only"]
    assert [p.values["code"] for p in made] == [A]


def test_a_code_table_of_an_earlier_batch_serves_later_ones(tmp_path: Path) -> None:
    site = tmp_path / "site"
    take(site, _codes(tmp_path))
    limit = csv(tmp_path / "药品限工伤保险.csv", LIMIT, [1, "甲 片", "x", "限工伤保险", 1])
    take(site, limit)
    assert [r.values["code"] for r in _rows(site, "drug_work_injury_only")] == [A, B]
    assert "drug_code" not in stored(site)


def test_age_thresholds_end_where_the_words_end(tmp_path: Path) -> None:
    head = ("通用名", "儿童禁用年龄阈值", "检出逻辑")
    codes = csv(tmp_path / "码.csv", ("通用名", "代码"), *((n, f"XA{i}") for i, n in enumerate("甲乙丙丁")))
    file = csv(tmp_path / "禁用.csv", head, ["甲", "2岁", ""], ["乙", "4岁及以下", ""], ["丙", "28天", ""], ["丁", "幼小", ""])
    prepared = look(tmp_path / "site", file, codes)
    ages = {
        p.values["name"]: (p.values["dim"], p.values["low"]) for p in prepared.batch.points if p.table == "drug_child_forbidden"
    }
    assert ages == {"甲": ("age_years", "2"), "乙": ("age_months", "49"), "丙": ("age_days", "28")}
    assert told(prepared)[5][0] == "Z09"


def _rows(site: Path, table: str) -> list[KnowledgeRow]:
    return list(stored(site)[table])


def test_the_allowed_diagnoses_of_one_operation_are_one_list(tmp_path: Path) -> None:
    file = csv(
        tmp_path / "表.csv", ("手术码", "诊断码"), ["49.1100", "K60.300"], ["49.1100", "K61.000"], ["49.1100", "K60.300"]
    )
    prepared = look(tmp_path / "site", file)
    (point,) = prepared.batch.points
    assert isinstance(point, Made) and point.values["diag_prefixes"] == "K60|K61" and len(point.rows) == 2
    assert told(prepared) == {4: ("Z05", "")}
