"""1101 人员信息: who a person is and how insured. Only the answer says anything."""

from __future__ import annotations

from hengjian.lake.wire.trades.base import Act, Trade, field, spec

BASE = spec(
    "baseinfo",
    "人员基本信息",
    (
        field("psn_no", "人员编号", "person.psn_no"),
        field("psn_cert_type", "人员证件类型", "person.psn_cert_type"),
        field("certno", "证件号码", "person.certno"),
        field("psn_name", "人员姓名", "person.psn_name"),
        field("gend", "性别", "person.gend"),
        field("naty", "民族"),
        field("brdy", "出生日期", "person.brdy", how="1900-01-01 为未知"),
        field("age", "年龄"),
        field("tel", "联系电话", "person.tel"),
    ),
    answer=True,
)
INSURANCES = spec(
    "insuinfo",
    "参保信息",
    (
        field("balc", "余额", "person.balc"),
        field("insutype", "险种类型", "person.insutype", how="多行时取主险种：参保正常的在先，再按 310、390、391 …"),
        field("psn_type", "人员类别", "person.psn_type"),
        field("psn_insu_stas", "人员参保状态", "person.psn_insu_stas"),
        field("psn_insu_date", "个人参保日期", "person.psn_insu_date"),
        field("paus_insu_date", "暂停参保日期", "person.paus_insu_date"),
        field("cvlserv_flag", "公务员标志"),
        field("insuplc_admdvs", "参保地医保区划", "person.insu_admdvs", also="insu_admdvs"),
        field("emp_name", "单位名称", "person.emp_name"),
    ),
    answer=True,
)
IDENTITIES = spec(
    "idetinfo",
    "人员身份信息",
    (
        field("psn_idet_type", "人员身份类别"),
        field("psn_type_lv", "人员类别等级"),
        field("begntime", "开始时间"),
        field("endtime", "结束时间"),
    ),
    answer=True,
)

TRADES = (
    Trade("1101", "人员信息获取", Act.PERSON, (BASE, INSURANCES, IDENTITIES), (("person.insu_admdvs", "insuplc_admdvs"),)),
)
