"""医疗保障基金结算清单: 4101 / 4101A. Fills what visit and discharge do not say: weights, ventilator, operations, coded diagnoses."""

from __future__ import annotations

from hengjian.lake.wire.trades.base import Act, Trade, field, spec

SHEET = spec(
    "setlinfo data",
    "清单主体",
    (
        field("mdtrt_id", "就诊ID", "encounter.mdtrt_id"),
        field("setl_id", "结算ID", "settlement.setl_id", how="据此补这笔结算的费用起止"),
        field("psn_no", "人员编号", "encounter.psn_no person.psn_no"),
        field("fixmedins_name", "机构名称"),
        field("fixmedins_code", "机构编号", "encounter.fixmedins_code"),
        field("hi_setl_lv", "医保结算等级"),
        field("hi_no", "医保编号"),
        field("medcasno", "病案号", "encounter.medrcdno"),
        field("dcla_time", "申报时间"),
        field("psn_name", "姓名", "person.psn_name"),
        field("gend", "性别", "person.gend"),
        field("brdy", "出生日期", "person.brdy"),
        field("age", "年龄"),
        field("nwb_age", "不足1周岁年龄"),
        field("patn_cert_type", "证件类别", "person.psn_cert_type"),
        field("certno", "证件号码", "person.certno"),
        field("prfs", "职业"),
        field("curr_addr", "现住址", "person.curr_addr"),
        field("emp_name", "单位名称", "person.emp_name"),
        field("emp_addr", "单位地址"),
        field("emp_tel", "单位电话"),
        field("coner_name", "联系人姓名"),
        field("coner_tel", "联系人电话"),
        field("hi_type", "医保类型", "person.insutype", how="只取国家险种代码"),
        field("insuplc", "参保地", "person.insu_admdvs encounter.insu_admdvs", how="就诊的信封没有时用"),
        field("nwb_adm_type", "新生儿入院类型"),
        field("nwb_bir_wt", "新生儿出生体重", "encounter.nwb_bir_wt", how="多胎取第一个"),
        field("nwb_adm_wt", "新生儿入院体重", "encounter.nwb_adm_wt", how="多胎取第一个"),
        field("ipt_med_type", "住院医疗类型", "encounter.ipt_med_type"),
        field("adm_way", "入院途径", "encounter.adm_way"),
        field("trt_type", "治疗类别"),
        field("adm_time", "入院时间", how="以入院办理为准"),
        field("dscg_time", "出院时间", "encounter.endtime", how="没有出院办理时用"),
        field("adm_caty", "入院科别"),
        field("refldept_dept", "转科科别"),
        field("dscg_caty", "出院科别"),
        field("act_ipt_days", "实际住院天数"),
        field("vent_used_dura", "呼吸机使用时长", "encounter.vent_used_dura"),
        field("dscg_way", "离院方式", "encounter.dscg_way", how="出院办理没有时用"),
        field("acp_optins_code", "拟接收机构代码", "encounter.acp_optins_code"),
        field("days_rinp_flag_31", "31天内再住院计划标志", "encounter.days_rinp_flag_31", also="days_rinp_flag31"),
        field("chfpdr_name", "主诊医师姓名", "encounter.atddr_name"),
        field("chfpdr_code", "主诊医师代码", "encounter.atddr_no"),
        field("setl_begn_date", "结算开始日期", "settlement.begndate"),
        field("setl_end_date", "结算结束日期", "settlement.enddate"),
        field("hi_paymtd", "医保支付方式"),
    ),
    flat="mdtrt_id",
)
DISEASES = spec(
    "diseinfo",
    "出院诊断",
    (
        field("diag_type", "诊断类别", "diagnosis.diag_type"),
        field("diag_code", "诊断代码", "diagnosis.diag_code"),
        field("diag_name", "诊断名称", "diagnosis.diag_name"),
        field("adm_cond_type", "入院病情", "diagnosis.adm_cond_type", how="只取 1–4"),
        field("maindiag_flag", "主诊断标志", "diagnosis.maindiag_flag"),
        field("diag_srt_no", "诊断排序号", "diagnosis.diag_srt_no", how="清单没有序号，按次序编"),
    ),
)
OPERATIONS = spec(
    "oprninfo",
    "手术操作",
    (
        field("oprn_oprt_type", "手术操作类别", how="没有主手术标志时，1 为主手术"),
        field("main_oprn_flag", "主手术操作标志", "operation.main_oprn_flag", how="都没有时第一条为主手术"),
        field("oprn_oprt_name", "手术操作名称", "operation.oprn_oprt_name"),
        field("oprn_oprt_code", "手术操作代码", "operation.oprn_oprt_code"),
        field("oprn_oprt_date", "手术操作日期", "operation.oprn_oprt_date", how="没有时取手术开始日"),
        field("oprn_oprt_begntime", "手术开始时间", "operation.oprn_oprt_begntime"),
        field("oprn_oprt_endtime", "手术结束时间", "operation.oprn_oprt_endtime"),
        field("anst_way", "麻醉方式", "operation.anst_way"),
        field("anst_begntime", "麻醉开始时间", "operation.anst_begntime"),
        field("anst_endtime", "麻醉结束时间", "operation.anst_endtime"),
        field("oper_dr_name", "术者姓名", "operation.oper_dr_name"),
        field("oper_dr_code", "术者代码", "operation.oper_dr_code"),
        field("anst_dr_name", "麻醉医师姓名", "operation.anst_dr_name"),
        field("anst_dr_code", "麻醉医师代码", "operation.anst_dr_code"),
    ),
)
_OUTPATIENT = spec(
    "opspdiseinfo",
    "门诊慢特病诊断",
    (
        field("diag_name", "诊断名称"),
        field("diag_code", "诊断代码"),
        field("oprn_oprt_name", "手术操作名称"),
        field("oprn_oprt_code", "手术操作代码"),
    ),
)

TRADES = (
    Trade("4101", "结算清单上传", Act.LIST, (SHEET, DISEASES, OPERATIONS, _OUTPATIENT), note="重传以最后一次为准"),
    Trade("4101A", "结算清单上传（第二版）", Act.LIST, (SHEET, DISEASES, OPERATIONS, _OUTPATIENT), note="重传以最后一次为准"),
)
