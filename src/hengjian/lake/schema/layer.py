"""The rule layer: the integer tables that rules see, on every engine.

Made once from the lake tables at load (`lake.derive`) and written beside them under the same lake version. A column with a
national name holds the national value; whatever is encoded or scaled has a name of its own: `*_key` (63-bit key of an id or
code), `*_day` (days since 1970-01-01), `*_ymd` (the same day as yyyymmdd), `*_sec` (civil seconds since then), `*_e4` (1/10,000), `*_e6` (1/1,000,000),
`*_amt`, `net_amt`, `net_inscp` (fen). Nothing here is a float, a date or a decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class LayerColumn:
    """One column rules may read: name, SQL type (BIGINT, INTEGER or VARCHAR), Chinese label, unit or note, lake columns it needs."""

    name: str
    sql: str
    label: str
    note: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerTable:
    """One table of the rule layer. `by_person` tables are partitioned by `bucket` and never cross persons."""

    name: str
    label: str
    columns: tuple[LayerColumn, ...]
    by_person: bool

    @cached_property
    def by_name(self) -> dict[str, LayerColumn]:
        return {c.name: c for c in self.columns}


def _c(name: str, sql: str, label: str, needs: str, note: str = "") -> LayerColumn:
    return LayerColumn(name, sql, label, note, tuple(needs.split()))


_PSN = _c("psn_key", "BIGINT", "人员键", "psn_no", "key_of(psn_no)")
_MDTRT = _c("mdtrt_key", "BIGINT", "就诊键", "mdtrt_id", "key_of(mdtrt_id)")
_ORG = _c("org_key", "BIGINT", "机构键", "fixmedins_code", "key_of(fixmedins_code)")
_BUCKET = _c("bucket", "INTEGER", "人员分桶", "psn_no", "psn_key % 64")

LAYER: dict[str, LayerTable] = {
    t.name: t
    for t in (
        LayerTable(
            "person",
            "参保人",
            (
                _BUCKET,
                _PSN,
                _c("psn_no", "VARCHAR", "人员编号", "psn_no"),
                _c("gend", "VARCHAR", "性别", "gend", "1 or 2; unknown is NULL and accuses nobody"),
                _c("brdy_day", "INTEGER", "出生日", "brdy", "unknown is NULL"),
                _c("brdy_ymd", "INTEGER", "出生年月日", "brdy", "yyyymmdd; (ymd − brdy_ymd) // 10000 = completed years"),
                _c("dead_day", "INTEGER", "死亡日", "die_date", "earliest of die_date and external_list death"),
                _c("insutype", "VARCHAR", "险种", "insutype"),
                _c("psn_type", "VARCHAR", "人员类别", "psn_type"),
                _c("fmly_no", "VARCHAR", "家庭共济编号", "fmly_no"),
            ),
            by_person=True,
        ),
        LayerTable(
            "institution",
            "定点医药机构",
            (
                _ORG,
                _c("fixmedins_code", "VARCHAR", "机构编号", "fixmedins_code"),
                _c("fixmedins_type", "VARCHAR", "机构类型", "fixmedins_type"),
                _c("medins_type", "VARCHAR", "医疗机构类别", "medins_type"),
                _c("hosp_lv", "VARCHAR", "医院等级", "hosp_lv"),
                _c("lv_grp", "INTEGER", "等级组", "hosp_lv fixmedins_type", "3 2 1; pharmacy 0; unknown NULL"),
                _c("admdvs", "VARCHAR", "所在区划", "admdvs"),
                _c("onln_hosp_flag", "VARCHAR", "互联网医院标志", "onln_hosp_flag"),
            ),
            by_person=False,
        ),
        LayerTable(
            "practitioner",
            "医护药人员登记",
            (
                _c("prac_psn_code", "VARCHAR", "人员代码", "prac_psn_code"),
                _ORG,
                _c("beg_day", "INTEGER", "登记起日", "begndate", "0 when not told"),
                _c(
                    "end_day",
                    "INTEGER",
                    "登记止日",
                    "enddate stas stas_date",
                    "first day no longer in force; suspended, cancelled and dead ones end on that day, or never began when it is not told",
                ),
                _c("antb_lv", "INTEGER", "抗菌药物处方权", "antb_lv", "0 1 2 3; unknown is NULL and accuses nobody"),
            ),
            by_person=False,
        ),
        LayerTable(
            "encounter",
            "就诊",
            (
                _BUCKET,
                _PSN,
                _MDTRT,
                _ORG,
                _c("mdtrt_id", "VARCHAR", "就诊ID", "mdtrt_id"),
                _c("insutype", "VARCHAR", "险种", "insutype"),
                _c("med_type", "VARCHAR", "医疗类别", "med_type"),
                _c("kind", "VARCHAR", "就诊种类", "med_type fixmedins_code", "outp 门急诊, inp 住院, pharm 购药"),
                _c("in_day", "INTEGER", "入院（就诊）日", "begntime"),
                _c("out_day", "INTEGER", "出院日", "endtime", "NULL while in hospital and for outpatients"),
                _c("beg_sec", "BIGINT", "开始时刻", "begntime"),
                _c("end_sec", "BIGINT", "结束时刻", "endtime"),
                _c("upld_sec", "BIGINT", "上传时刻", "upld_time"),
                _c("los_days", "INTEGER", "住院天数", "begntime endtime", "out − in, at least 1"),
                _c("adm_way", "VARCHAR", "入院途径", "adm_way"),
                _c("dscg_way", "VARCHAR", "离院方式", "dscg_way"),
                _c("adm_dept_codg", "VARCHAR", "入院科室", "adm_dept_codg"),
                _c("dscg_dept_codg", "VARCHAR", "出院科室", "dscg_dept_codg"),
                _c("atddr_no", "VARCHAR", "主治医师代码", "atddr_no"),
                _c("dise_codg", "VARCHAR", "病种编码", "dise_codg"),
                _c("matn_stas", "VARCHAR", "生育状态", "matn_stas"),
                _c("ipt_med_type", "VARCHAR", "住院医疗类型", "ipt_med_type"),
                _c("days_rinp_flag_31", "VARCHAR", "31天内再住院计划", "days_rinp_flag_31"),
                _c("onln_flag", "VARCHAR", "互联网诊疗标志", "onln_flag"),
                _c(
                    "rgn_flag",
                    "VARCHAR",
                    "异地标志",
                    "insu_admdvs mdtrtarea_admvs",
                    "0 local, 1 same province, 2 other province",
                ),
                _c(
                    "main_diag",
                    "VARCHAR",
                    "主诊断",
                    "diagnosis.diag_code",
                    "main discharge diagnosis, else main admission diagnosis",
                ),
                _c("diag3", "VARCHAR", "主诊断类目", "diagnosis.diag_code", "first three characters of main_diag"),
                _c("total_amt", "BIGINT", "总费用（分）", "settlement.medfee_sumamt", "refunds included"),
                _c("inscp_amt", "BIGINT", "范围内金额（分）", "settlement.inscp_scp_amt", "refunds included"),
                _c("fund_amt", "BIGINT", "基金支付（分）", "settlement.fund_pay_sumamt", "refunds included"),
            ),
            by_person=True,
        ),
        LayerTable(
            "diagnosis",
            "诊断",
            (
                _BUCKET,
                _PSN,
                _MDTRT,
                _c("diag_key", "BIGINT", "诊断键", "diag_code", "key_of(diag_code)"),
                _c("diag_code", "VARCHAR", "诊断代码", "diag_code"),
                _c("inout_diag_type", "VARCHAR", "出入诊断类别", "inout_diag_type"),
                _c("diag_type", "VARCHAR", "诊断类别", "diag_type"),
                _c("diag_srt_no", "INTEGER", "排序号", "diag_srt_no"),
                _c("maindiag_flag", "VARCHAR", "主诊断标志", "maindiag_flag"),
                _c("adm_cond_type", "VARCHAR", "入院病情", "adm_cond_type", "1 present at admission … 4 not"),
                _c("diag_day", "INTEGER", "诊断日", "diag_time", "day of diag_time, else first day of the encounter"),
                _c("diag_ymd", "INTEGER", "诊断年月日", "diag_time", "yyyymmdd"),
            ),
            by_person=True,
        ),
        LayerTable(
            "operation",
            "手术操作",
            (
                _BUCKET,
                _PSN,
                _MDTRT,
                _c("oprn_key", "BIGINT", "手术键", "oprn_oprt_code", "key_of(oprn_oprt_code)"),
                _c("oprn_oprt_code", "VARCHAR", "手术操作代码", "oprn_oprt_code"),
                _c("oprn_srt_no", "INTEGER", "排序号", "oprn_srt_no"),
                _c("main_oprn_flag", "VARCHAR", "主手术标志", "main_oprn_flag"),
                _c("oprn_day", "INTEGER", "手术日", "oprn_oprt_date"),
                _c("oprn_ymd", "INTEGER", "手术年月日", "oprn_oprt_date", "yyyymmdd"),
                _c("incs_type", "VARCHAR", "切口类别", "incs_type"),
                _c("oprn_no", "VARCHAR", "同台手术号", "oprn_no"),
            ),
            by_person=True,
        ),
        LayerTable(
            "fee_line",
            "费用明细",
            (
                _BUCKET,
                _PSN,
                _MDTRT,
                _ORG,
                _c("feedetl_sn", "VARCHAR", "明细流水号", "feedetl_sn", "unique within its encounter only"),
                _c("item_key", "BIGINT", "项目键", "med_list_codg", "key_of of the code before `-`"),
                _c("fee_day", "INTEGER", "费用发生日", "fee_ocur_time"),
                _c("fee_sec", "BIGINT", "费用发生时刻", "fee_ocur_time"),
                _c("fee_ymd", "INTEGER", "费用年月日", "fee_ocur_time", "yyyymmdd; // 100 is the month"),
                _c(
                    "off_days",
                    "INTEGER",
                    "距住院天数",
                    "fee_ocur_time begntime endtime",
                    "before (−) or after (+) the stay; 0 inside or no stay",
                ),
                _c("list_type", "VARCHAR", "目录类别", "list_type"),
                _c("med_chrgitm_type", "VARCHAR", "收费项目类别", "med_chrgitm_type"),
                _c("chrgitm_lv", "VARCHAR", "项目等级", "chrgitm_lv"),
                _c("net_cnt_e4", "BIGINT", "净数量", "cnt init_feedetl_sn", "1/10,000 units less refunds; 0 on refund lines"),
                _c("pric_e6", "BIGINT", "单价", "pric", "1/1,000,000 yuan"),
                _c(
                    "net_amt",
                    "BIGINT",
                    "净金额（分）",
                    "det_item_fee_sumamt init_feedetl_sn",
                    "less refunds; 0 on refund lines",
                ),
                _c(
                    "net_inscp",
                    "BIGINT",
                    "净范围内金额（分）",
                    "inscp_scp_amt init_feedetl_sn",
                    "in scope of the fund, less refunds",
                ),
                _c(
                    "fund_amt",
                    "BIGINT",
                    "基金支付份额（分）",
                    "settlement.fund_pay_sumamt setl_id",
                    "share of the settlement, exact to the fen",
                ),
                _c("prd_days_e4", "BIGINT", "周期天数", "prd_days", "1/10,000 days the line is for, as prescribed"),
                _c("bilg_dept_codg", "VARCHAR", "开单科室", "bilg_dept_codg"),
                _c("bilg_dr_codg", "VARCHAR", "开单医师代码", "bilg_dr_codg"),
                _c("rxno", "VARCHAR", "处方号", "rxno"),
                _c("oprn_no", "VARCHAR", "同台手术号", "oprn_no"),
                _c("body_part", "VARCHAR", "部位", "body_part"),
                _c("exe_beg_sec", "BIGINT", "执行开始时刻", "exe_begntime"),
                _c("exe_end_sec", "BIGINT", "执行结束时刻", "exe_endtime"),
            ),
            by_person=True,
        ),
        LayerTable(
            "stock_change",
            "进销存",
            (
                _ORG,
                _c("item_key", "BIGINT", "项目键", "med_list_codg", "key_of of the code before `-`"),
                _c("stk_id", "VARCHAR", "记录号", "stk_id"),
                _c("infno", "VARCHAR", "交易", "infno"),
                _c("stk_day", "INTEGER", "发生日", "stk_time"),
                _c(
                    "dlt_e4",
                    "BIGINT",
                    "数量变化",
                    "cnt infno inv_chg_type undo_stk_id",
                    "1/10,000 units, signed; 0 when undone",
                ),
            ),
            by_person=False,
        ),
        LayerTable(
            "trace_code",
            "追溯码",
            (
                _c("psn_key", "BIGINT", "人员键", "psn_no", "NULL when the scan names nobody"),
                _MDTRT,
                _ORG,
                _c("item_key", "BIGINT", "项目键", "med_list_codg", "key_of of the code before `-`"),
                _c("feedetl_sn", "VARCHAR", "明细流水号", "feedetl_sn"),
                _c("scan_id", "VARCHAR", "扫码记录号", "scan_id"),
                _c("drug_trac_codg", "VARCHAR", "追溯码", "drug_trac_codg"),
                _c("scan_type", "VARCHAR", "扫码环节", "scan_type"),
                _c("scan_day", "INTEGER", "扫码日", "scan_time"),
                _c("scan_sec", "BIGINT", "扫码时刻", "scan_time"),
                _c("trdn_flag", "VARCHAR", "拆零标志", "trdn_flag"),
                _c("mdtrt_setl_type", "VARCHAR", "结算类型", "mdtrt_setl_type"),
            ),
            by_person=False,
        ),
    )
}
"""Rule tables by name."""

DICTIONARIES: dict[str, tuple[str, str]] = {
    "item": ("med_list_codg", "hilist_name"),
    "diag": ("diag_code", "diag_name"),
    "oprn": ("oprn_oprt_code", "oprn_oprt_name"),
}
"""Append-only dictionaries `code_item`, `code_diag`, `code_oprn`: (key BIGINT, code VARCHAR, name VARCHAR). People, encounters and
institutions need none: their rule tables carry id and key side by side."""
