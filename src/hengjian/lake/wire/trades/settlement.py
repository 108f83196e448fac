"""结算: 2207 / 2304 settle, 2208 / 2305 cancel, 2206 / 2303 trials. Ids and money come from the answer."""

from __future__ import annotations

from hengjian.lake.wire.trades.base import Act, Trade, field, spec

REQUEST = spec(
    "data mdtrtinfo",
    "结算请求",
    (
        field("psn_no", "人员编号", "settlement.psn_no"),
        field("mdtrt_id", "就诊ID", "settlement.mdtrt_id"),
        field("mdtrt_cert_type", "就诊凭证类型", "encounter.mdtrt_cert_type", how="就诊里没有时用"),
        field("mdtrt_cert_no", "就诊凭证编号", "encounter.mdtrt_cert_no", how="就诊里没有时用"),
        field("med_type", "医疗类别", "settlement.med_type encounter.med_type", how="就诊里没有时也用于就诊"),
        field("insutype", "险种类型", "settlement.insutype encounter.insutype", how="就诊里没有时也用于就诊"),
        field("medfee_sumamt", "医疗费总额", "settlement.medfee_sumamt", how="应答没有时用"),
        field("psn_setlway", "个人结算方式"),
        field("chrg_bchno", "收费批次号", how="结算哪一批明细；没有则为当时全部未结算的"),
        field("acct_used_flag", "个人账户使用标志"),
        field("mid_setl_flag", "中途结算标志"),
        field("invono", "发票号", "settlement.invono"),
        field("fulamt_ownpay_amt", "全自费金额", "settlement.fulamt_ownpay_amt", how="应答没有时用"),
        field("overlmt_selfpay", "超限价金额", "settlement.overlmt_selfpay", how="应答没有时用"),
        field("preselfpay_amt", "先行自付金额", "settlement.preselfpay_amt", how="应答没有时用"),
        field("inscp_scp_amt", "符合政策范围金额", "settlement.inscp_scp_amt", also="inscp_amt", how="应答没有时用"),
        field("begndate", "开始日期", "settlement.begndate"),
        field("enddate", "结束日期", "settlement.enddate"),
        field("order_no", "订单号"),
        field("mdtrt_mode", "就诊方式"),
    ),
    flat="mdtrt_id",
)
TRACES = spec(
    "drug_trac_info drugtracinfo",
    "药品追溯码",
    (
        field("feedetl_sn", "费用明细流水号", "trace_code.feedetl_sn", how="目录编码取自这一行"),
        field("drug_trac_codg", "药品追溯码", "trace_code.drug_trac_codg"),
        field("trdn_flag", "拆零标志", "trace_code.trdn_flag"),
        field("min_prcunt_type", "最小计价单位类型"),
    ),
)
_MONEY = (
    ("medfee_sumamt", "医疗费总额"),
    ("fulamt_ownpay_amt", "全自费金额"),
    ("overlmt_selfpay", "超限价自费费用"),
    ("preselfpay_amt", "先行自付金额"),
    ("act_pay_dedc", "实际支付起付线"),
    ("hifp_pay", "基本医疗保险统筹基金支出"),
    ("pool_prop_selfpay", "统筹基金支付比例"),
    ("cvlserv_pay", "公务员医疗补助资金支出"),
    ("hifes_pay", "企业补充医疗保险基金支出"),
    ("hifmi_pay", "居民大病保险资金支出"),
    ("hifob_pay", "职工大额医疗费用补助基金支出"),
    ("maf_pay", "医疗救助基金支出"),
    ("oth_pay", "其他支出"),
    ("fund_pay_sumamt", "基金支付总额"),
    ("psn_part_amt", "个人负担总金额"),
    ("acct_pay", "个人账户支出"),
    ("psn_cash_pay", "个人现金支出"),
    ("hosp_part_amt", "医院负担金额"),
    ("acct_mulaid_pay", "个人账户共济支付金额"),
)
RESULT = spec(
    "setlinfo",
    "结算信息",
    (
        field("mdtrt_id", "就诊ID", "settlement.mdtrt_id"),
        field("setl_id", "结算ID", "settlement.setl_id"),
        field("psn_no", "人员编号", "settlement.psn_no person.psn_no"),
        field("psn_name", "人员姓名", "person.psn_name", how="人员列只在 1101 没有时用"),
        field("psn_cert_type", "人员证件类型", "person.psn_cert_type"),
        field("certno", "证件号码", "person.certno"),
        field("gend", "性别", "person.gend"),
        field("naty", "民族"),
        field("brdy", "出生日期", "person.brdy"),
        field("age", "年龄"),
        field("insutype", "险种类型", "settlement.insutype encounter.insutype person.insutype"),
        field("psn_type", "人员类别", "settlement.psn_type person.psn_type"),
        field("cvlserv_flag", "公务员标志"),
        field("setl_time", "结算时间", "settlement.setl_time"),
        field("mdtrt_cert_type", "就诊凭证类型", "encounter.mdtrt_cert_type"),
        field("med_type", "医疗类别", "settlement.med_type encounter.med_type"),
        field("inscp_scp_amt", "符合政策范围金额", "settlement.inscp_scp_amt", also="inscp_amt"),
        *(field(name, label, f"settlement.{name}") for name, label in _MONEY),
        field("hifdm_pay", "伤残人员医疗保障基金支出"),
        field("balc", "余额"),
        field("medins_setl_id", "医药机构结算ID", how="即结算请求的报文ID，用来与请求配对"),
        field("clr_optins", "清算经办机构", "settlement.clr_optins"),
        field("clr_way", "清算方式"),
        field("clr_type", "清算类别"),
        field("setl_type", "结算类别", "settlement.setl_type"),
        field("begndate", "开始日期", "settlement.begndate"),
        field("enddate", "结束日期", "settlement.enddate"),
        field("invono", "发票号", "settlement.invono"),
    ),
    answer=True,
)
CANCEL = spec(
    "data mdtrtinfo",
    "撤销哪笔结算",
    (
        field("mdtrt_id", "就诊ID"),
        field("psn_no", "人员编号"),
        field("setl_id", "结算ID", "settlement.init_setl_id", how="退费行的金额是原结算取负"),
    ),
    flat="setl_id",
)
CANCELLED = spec(
    "setlinfo",
    "撤销结果",
    (
        field("mdtrt_id", "就诊ID"),
        field("setl_id", "结算ID", "settlement.setl_id", how="没有或与原结算相同时，为原结算ID加 -R"),
        field("setl_time", "结算时间", "settlement.setl_time", how="没有时取交易时间"),
        field("clr_optins", "清算经办机构", "settlement.clr_optins"),
        field("medfee_sumamt", "医疗费总额"),
    ),
    answer=True,
)
_ENVELOPE = (
    ("settlement.fixmedins_code", "fixmedins_code"),
    ("settlement.insu_admdvs", "insuplc_admdvs"),
    ("settlement.mdtrtarea_admvs", "mdtrtarea_admvs"),
    ("settlement.dev_no", "dev_no"),
    ("settlement.opter", "opter"),
)

TRADES = (
    Trade("2206", "门诊预结算", Act.TRIAL, note="试算，不是事实"),
    Trade("2207", "门诊结算", Act.SETTLE, (REQUEST, TRACES, RESULT), _ENVELOPE),
    Trade("2208", "门诊结算撤销", Act.CANCEL_SETTLEMENT, (CANCEL, CANCELLED), _ENVELOPE),
    Trade("2303", "住院预结算", Act.TRIAL, note="试算，不是事实"),
    Trade("2304", "住院结算", Act.SETTLE, (REQUEST, TRACES, RESULT), _ENVELOPE),
    Trade("2305", "住院结算撤销", Act.CANCEL_SETTLEMENT, (CANCEL, CANCELLED), _ENVELOPE),
)
