"""就诊、入院、出院: 2201–2203 outpatient, 2401–2405 inpatient."""

from __future__ import annotations

from hengjian.lake.wire.trades.base import Act, Trade, field, spec

_DISEASES = (
    field("psn_no", "人员编号"),
    field("mdtrt_id", "就诊ID"),
    field("diag_type", "诊断类别", "diagnosis.diag_type"),
    field(
        "maindiag_flag", "主诊断标志", "diagnosis.maindiag_flag", how="没有时，序号最小的西医诊断（没有西医诊断时各类）为主诊断"
    ),
    field("diag_srt_no", "诊断排序号", "diagnosis.diag_srt_no", how="没有或重复时按次序重编"),
    field("diag_code", "诊断代码", "diagnosis.diag_code"),
    field("diag_name", "诊断名称", "diagnosis.diag_name"),
    field("adm_cond_type", "入院病情", "diagnosis.adm_cond_type", also="adm_cond", how="只取 1–4"),
    field("diag_dept", "诊断科室", "diagnosis.diag_dept"),
    field("dise_dor_no", "诊断医生编码", "diagnosis.dise_dor_no"),
    field("dise_dor_name", "诊断医生姓名"),
    field("diag_time", "诊断时间", "diagnosis.diag_time"),
    field("vali_flag", "有效标志", how="0 的诊断不要"),
)
_MATERNITY = (
    field("birctrl_type", "计划生育手术类别"),
    field("birctrl_matn_date", "计划生育手术或生育日期"),
    field("fpsc_no", "计划生育服务证号"),
    field("matn_type", "生育类别"),
    field("latechb_flag", "晚育标志"),
    field("pret_flag", "早产标志"),
    field("geso_val", "孕周数"),
    field("fetts", "胎次"),
    field("fetus_cnt", "胎儿数"),
)

REGISTRATION = spec(
    "data",
    "挂号",
    (
        field("mdtrt_id", "就诊ID", "encounter.mdtrt_id", how="平台在应答里给出"),
        field("psn_no", "人员编号", "encounter.psn_no"),
        field("insutype", "险种类型", "encounter.insutype"),
        field("med_type", "医疗类别", "encounter.med_type"),
        field("begntime", "开始时间", "encounter.begntime"),
        field("mdtrt_cert_type", "就诊凭证类型", "encounter.mdtrt_cert_type"),
        field("mdtrt_cert_no", "就诊凭证编号", "encounter.mdtrt_cert_no"),
        field("ipt_otp_no", "住院/门诊号", "encounter.ipt_otp_no"),
        field("atddr_no", "医师编码", "encounter.atddr_no"),
        field("dr_name", "医师姓名", "encounter.atddr_name"),
        field("dept_code", "科室编码", "encounter.adm_dept_codg"),
        field("dept_name", "科室名称", "encounter.adm_dept_name"),
        field("caty", "科别"),
    ),
    flat="psn_no",
)
OUTPATIENT = spec(
    "mdtrtinfo data",
    "门诊就诊信息",
    (
        field("mdtrt_id", "就诊ID", "encounter.mdtrt_id"),
        field("psn_no", "人员编号", "encounter.psn_no"),
        field("insutype", "险种类型", "encounter.insutype"),
        field("med_type", "医疗类别", "encounter.med_type"),
        field("begntime", "开始时间", "encounter.begntime"),
        field("main_cond_dscr", "主要病情描述", "encounter.main_cond_dscr"),
        field("dise_codg", "病种编码", "encounter.dise_codg"),
        field("dise_name", "病种名称", "encounter.dise_name"),
        field("matn_stas", "生育状态", "encounter.matn_stas"),
        field("ipt_otp_no", "门诊号", "encounter.ipt_otp_no"),
        field("atddr_no", "接诊医师编码", "encounter.atddr_no"),
        *_MATERNITY,
    ),
    flat="mdtrt_id",
)
DISEASES = spec("diseinfo", "诊断", _DISEASES, flat="diag_code")
_STAY = (
    field("mdtrt_id", "就诊ID", "encounter.mdtrt_id", how="入院办理由平台在应答里给出"),
    field("psn_no", "人员编号", "encounter.psn_no"),
    field("insutype", "险种类型", "encounter.insutype"),
    field("coner_name", "联系人姓名"),
    field("tel", "联系电话"),
    field("begntime", "开始时间", "encounter.begntime"),
    field("mdtrt_cert_type", "就诊凭证类型", "encounter.mdtrt_cert_type"),
    field("mdtrt_cert_no", "就诊凭证编号", "encounter.mdtrt_cert_no", how="超过 50 字的（卡号加令牌）只取前 50 字"),
    field("med_type", "医疗类别", "encounter.med_type"),
    field("ipt_no", "住院号", "encounter.ipt_otp_no", also="ipt_otp_no"),
    field("medrcdno", "病历号", "encounter.medrcdno"),
    field("atddr_no", "主治医生编码", "encounter.atddr_no"),
    field("chfpdr_name", "主诊医师姓名", "encounter.atddr_name"),
    field("adm_diag_dscr", "入院诊断描述"),
    field("adm_dept_codg", "入院科室编码", "encounter.adm_dept_codg", also="adm_dept_code"),
    field("adm_dept_name", "入院科室名称", "encounter.adm_dept_name"),
    field("adm_bed", "入院床位", "encounter.adm_bed"),
    field("dscg_maindiag_code", "住院主诊断代码", "diagnosis.diag_code", how="没有诊断节点时作入院主诊断（西医、序号 1）"),
    field("dscg_maindiag_name", "住院主诊断名称", "diagnosis.diag_name", how="同上"),
    field("main_cond_dscr", "主要病情描述", "encounter.main_cond_dscr"),
    field("dise_codg", "病种编码", "encounter.dise_codg"),
    field("dise_name", "病种名称", "encounter.dise_name"),
    field("oprn_oprt_code", "手术操作代码", how="没有日期，手术以结算清单为准"),
    field("oprn_oprt_name", "手术操作名称"),
    *_MATERNITY,
    field("dise_type_code", "病种类型"),
)
ADMISSION = spec("mdtrtinfo adminfo data", "入院登记", _STAY, flat="psn_no")
CHANGE = spec("adminfo mdtrtinfo data", "入院信息变更", _STAY, flat="mdtrt_id")
DISCHARGE = spec(
    "dscginfo mdtrtinfo data",
    "出院登记",
    (
        field("mdtrt_id", "就诊ID", "encounter.mdtrt_id"),
        field("psn_no", "人员编号", "encounter.psn_no"),
        field("insutype", "险种类型", "encounter.insutype"),
        field("endtime", "出院时间", "encounter.endtime"),
        field("dise_codg", "病种编码", "encounter.dise_codg"),
        field("dise_name", "病种名称", "encounter.dise_name"),
        field("oprn_oprt_code", "手术操作代码", how="没有日期，手术以结算清单为准"),
        field("oprn_oprt_name", "手术操作名称"),
        *_MATERNITY,
        field("cop_flag", "伴有并发症标志", also="cmplct_flag"),
        field("dscg_dept_codg", "出院科室编码", "encounter.dscg_dept_codg", also="dscg_dept_code"),
        field("dscg_dept_name", "出院科室名称", "encounter.dscg_dept_name"),
        field("dscg_bed", "出院床位"),
        field("dscg_way", "离院方式", "encounter.dscg_way"),
        field("die_date", "死亡日期", how="死亡日期以参保登记和部门名单为准"),
    ),
    flat="mdtrt_id",
)
_ANSWER = spec(
    "result data", "平台给出的就诊ID", (field("mdtrt_id", "就诊ID", "encounter.mdtrt_id"),), answer=True, flat="mdtrt_id"
)
_WHICH = spec("data mdtrtinfo", "哪次就诊", (field("mdtrt_id", "就诊ID"), field("psn_no", "人员编号")), flat="mdtrt_id")
_ENVELOPE = (
    ("encounter.fixmedins_code", "fixmedins_code"),
    ("encounter.insu_admdvs", "insuplc_admdvs"),
    ("encounter.mdtrtarea_admvs", "mdtrtarea_admvs"),
    ("encounter.dev_no", "dev_no"),
    ("encounter.opter", "opter"),
    ("encounter.upld_time", "inf_time"),
)

TRADES = (
    Trade("2201", "门诊挂号", Act.VISIT, (REGISTRATION, _ANSWER), _ENVELOPE, "字段按通行做法，未见原文"),
    Trade("2202", "门诊挂号撤销", Act.CANCEL_VISIT, (_WHICH,), note="字段按通行做法，未见原文"),
    Trade("2203", "门诊就诊信息上传", Act.VISIT, (OUTPATIENT, DISEASES), _ENVELOPE),
    Trade("2401", "入院办理", Act.VISIT, (ADMISSION, DISEASES, _ANSWER), _ENVELOPE),
    Trade("2402", "出院办理", Act.DISCHARGE, (DISCHARGE, DISEASES)),
    Trade("2403", "住院信息变更", Act.VISIT, (CHANGE, DISEASES), _ENVELOPE),
    Trade("2404", "入院撤销", Act.CANCEL_VISIT, (_WHICH,)),
    Trade("2405", "出院撤销", Act.UNDO_DISCHARGE, (_WHICH,)),
)
