"""What a check (3101, 3102) says, field by field: the declaration that reads messages, prints the stage page and decides which rules can run.

Written like the trades of `lake.wire`: every field with its Chinese name, the lake columns it fills, other spellings of later and
provincial variants. Facts from wire-standard §3.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hengjian.lake.wire.nodes import MISSING, camel
from hengjian.lake.wire.trades.base import Field, NodeSpec, field, spec

DATA = spec(
    "data trigScen",
    "规则分析信息",
    (
        field("syscode", "系统编码"),
        field("task_id", "任务ID"),
        field("trig_scen", "触发场景", how="1–5 事前，6–10 事中"),
        field("rule_ids", "规则标识集合", how="不按它挑规则：该审的都审"),
    ),
)
PATIENT = spec(
    "patient_dtos patientDtos",
    "参保人信息",
    (
        field("patn_id", "参保人标识", "person.psn_no", also="psn_no", how="医院自己的编号先按 1101 转来的对照换成人员编号"),
        field("patn_name", "姓名", also="psn_name"),
        field("gend", "性别", "person.gend"),
        field("brdy", "出生日期", "person.brdy"),
        field("poolarea", "统筹区编码", "encounter.insu_admdvs", also="insuplc_admdvs"),
        field("curr_mdtrt_id", "当前就诊标识", also="curr_jzid", how="从就诊信息里挑出被审的这一次"),
    ),
)
ENCOUNTER = spec(
    "fsi_encounter_dtos encounterDtos encounter_dtos",
    "就诊信息",
    (
        field("mdtrt_id", "就诊标识", "encounter.mdtrt_id"),
        field("medins_id", "医疗服务机构标识", "encounter.fixmedins_code", also="medins_code fixmedins_code"),
        field("medins_name", "医疗机构名称"),
        field("medins_admdvs", "医疗机构行政区划编码", "encounter.mdtrtarea_admvs"),
        field("medins_type", "医疗服务机构类型"),
        field("medins_lv", "医疗机构等级", how="等级以机构登记为准"),
        field("wardarea_codg", "病区标识"),
        field("wardno", "病房号"),
        field("bedno", "病床号", also="adm_bed dscg_bed"),
        field("adm_date", "入院日期", "encounter.begntime", also="begntime"),
        field("dscg_date", "出院日期", "encounter.endtime", also="endtime", how="与入院时间相同的是还没有出院；事前不用"),
        field("dscg_main_dise_codg", "主诊断编码", "diagnosis.diag_code", also="dscg_maindiag_code", how="没有诊断信息时用它"),
        field("dscg_main_dise_name", "主诊断名称", also="dscg_maindiag_name"),
        field("dr_codg", "医师标识", "encounter.atddr_no", also="atddr_no"),
        field("adm_dept_codg", "入院科室标识", "encounter.adm_dept_codg"),
        field("adm_dept_name", "入院科室名称"),
        field("dscg_dept_codg", "出院科室标识", "encounter.dscg_dept_codg"),
        field("dscg_dept_name", "出院科室名称"),
        field("med_mdtrt_type", "就诊类型"),
        field("med_type", "医疗类别", "encounter.med_type"),
        field("matn_stas", "生育状态", "encounter.matn_stas"),
        field("medfee_sumamt", "总费用", how="合计按明细算"),
        field("ownpay_amt", "自费金额", also="fulamt_ownpay_amt"),
        field("selfpay_amt", "自付金额", also="preselfpay_amt"),
        field("acct_payamt", "个人账户支付金额", also="acct_pay"),
        field("ma_amt", "救助金支付金额", also="maf_pay"),
        field("hifp_payamt", "统筹金支付金额", also="fund_pay_sumamt"),
        field("setl_totlnum", "结算总次数"),
        field("insutype", "险种", "encounter.insutype"),
        field("reim_flag", "报销标志"),
        field("out_setl_flag", "异地结算标志"),
        field("cvlserv_flag", "公务员标志"),
    ),
)
DIAGNOSES = spec(
    "fsi_diagnose_dtos diagnoseDtos diagnose_dtos",
    "诊断信息",
    (
        field("dise_id", "诊断标识", also="diag_info_id"),
        field("inout_dise_type", "出入诊断类别", "diagnosis.inout_diag_type", also="inout_diag_type"),
        field("maindise_flag", "主诊断标志", "diagnosis.maindiag_flag", also="maindiag_flag"),
        field("dias_srt_no", "诊断排序号", "diagnosis.diag_srt_no", also="diag_srt_no"),
        field("dise_codg", "诊断编码", "diagnosis.diag_code", also="diag_code"),
        field("dise_name", "诊断名称", also="diag_name"),
        field("dise_date", "诊断日期", "diagnosis.diag_time", also="diag_time"),
        field("dise_cgy", "诊断类目"),
    ),
)
ORDERS = spec(
    "fsi_order_dtos orderDtos order_dtos",
    "处方（医嘱）信息",
    (
        field("rx_id", "处方（医嘱）标识", "fee_line.feedetl_sn", also="feedetl_sn"),
        field("rxno", "处方号", "fee_line.rxno", also="rx_drord_no"),
        field("grpno", "组编号"),
        field("long_drord_flag", "是否为长期医嘱"),
        field("hilist_type", "目录类别", "fee_line.list_type", also="list_type"),
        field("chrg_type", "收费类别", "fee_line.med_chrgitm_type", also="med_chrgitm_type"),
        field("drord_bhvr", "医嘱行为", also="drord_type"),
        field("hilist_code", "医保目录代码", "fee_line.med_list_codg", also="med_list_codg"),
        field("hilist_name", "医保目录名称"),
        field("hilist_dosform", "医保目录剂型"),
        field("hilist_lv", "医保目录等级", "fee_line.chrgitm_lv", also="chrgitm_lv"),
        field("hilist_pric", "医保目录价格"),
        field("lv1_hosp_item_pric", "一级医院目录价格"),
        field("lv2_hosp_item_pric", "二级医院目录价格"),
        field("lv3_hosp_item_pric", "三级医院目录价格"),
        field("hilist_memo", "医保目录备注"),
        field("hosplist_code", "医院目录代码"),
        field("hosplist_name", "医院目录名称"),
        field("hosplist_dosform", "医院目录剂型"),
        field("cnt", "数量", "fee_line.cnt"),
        field("pric", "单价", "fee_line.pric"),
        field("sumamt", "总费用", "fee_line.det_item_fee_sumamt", also="det_item_fee_sumamt"),
        field(
            "ownpay_amt",
            "自费金额",
            "fee_line.inscp_scp_amt",
            also="fulamt_ownpay_amt",
            how="范围内金额＝总费用－自费；丙类和全自费为 0",
        ),
        field("selfpay_amt", "自付金额", also="preselfpay_amt"),
        field("spec", "规格"),
        field("spec_unt", "数量单位"),
        field("drord_begn_date", "医嘱开始日期", "fee_line.fee_ocur_time", how="没有时用报文时间"),
        field("drord_stop_date", "医嘱停止日期"),
        field("drord_dept_codg", "下达科室标识", "fee_line.bilg_dept_codg"),
        field("drord_dept_name", "下达科室名称"),
        field("drord_dr_codg", "医生标识", "fee_line.bilg_dr_codg"),
        field("drord_dr_name", "医生姓名"),
        field("drord_dr_profttl", "医生职称"),
        field("curr_drord_flag", "是否当前处方（医嘱）", how="1 才审；其余的只作对照"),
    ),
)
OPERATIONS = spec(
    "fsi_operation_dtos operationDtos operation_dtos",
    "手术操作",
    (
        field("setl_list_oprn_id", "手术操作ID"),
        field("oprn_code", "手术操作代码", "operation.oprn_oprt_code"),
        field("oprn_name", "手术操作名称"),
        field("main_oprn_flag", "主手术操作标志", "operation.main_oprn_flag"),
        field("oprn_date", "手术操作日期", "operation.oprn_oprt_date"),
        field("anst_way", "麻醉方式"),
        field("oper_dr_name", "术者姓名"),
        field("oper_dr_code", "术者代码"),
        field("anst_dr_name", "麻醉医师姓名"),
        field("anst_dr_code", "麻醉医师代码"),
    ),
)
NODES: tuple[NodeSpec, ...] = (DATA, PATIENT, ENCOUNTER, DIAGNOSES, ORDERS, OPERATIONS)

INFNOS = {"3101": "before", "3102": "during", "3660": "before", "3661": "during"}
"""Trades that ask for a check, with their stage."""


@cache
def _spellings(node: NodeSpec) -> tuple[frozenset[str], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The official names, and for each field its other spellings, best first."""
    others = tuple((f.name, _others(f)) for f in node.fields)
    return frozenset(f.name for f in node.fields), others


def _others(f: Field) -> tuple[str, ...]:
    names = (camel(f.name), *f.also, *(camel(name) for name in f.also))
    return tuple(dict.fromkeys(name for name in names if name != f.name))


def spelled(node: NodeSpec, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry under its official names, whatever variant it came in."""
    official, others = _spellings(node)
    if official.issuperset(entry):
        return entry
    found = dict(entry)
    for name, spellings in others:
        if blank(found.get(name)):
            for spelling in spellings:
                if not blank(found.get(spelling)):
                    found[name] = found[spelling]
                    break
    return found


def blank(value: Any) -> bool:
    """Whether a value is one of the ways in which clients say nothing."""
    return value is None or (type(value) is str and value.strip() in MISSING)


def text(value: Any) -> str:
    """A single value as text, trimmed; "" when missing or no single value."""
    if type(value) is str:
        value = value.strip()
        return "" if value in MISSING else value
    if value is True or value is False:
        return "1" if value else "0"
    return str(value) if type(value) in (int, float) else ""
