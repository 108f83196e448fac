"""How each file of the export is written: its name, encoding, headers, dates, money, words for codes, titles and sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hengjian.lake.schema import TABLES

WORDS: dict[str, dict[str, str]] = {
    "gend": {"1": "男", "2": "女", "9": "未说明"},
    "psn_cert_type": {"01": "身份证"},
    "insutype": {"310": "职工", "390": "居民"},
    "psn_type": {"11": "在职", "12": "退休", "14": "居民未成年", "15": "居民成年"},
    "psn_insu_stas": {"1": "正常", "2": "暂停", "4": "终止"},
    "fixmedins_type": {"1": "医院", "2": "药店"},
    "hosp_lv": {"05": "二甲", "06": "二乙", "08": "一甲"},
    "prac_psn_type": {"1": "医师", "3": "药师"},
    "profttl": {"2": "住院医师", "3": "主治医师", "4": "副主任医师", "5": "主任医师"},
    "stas": {"1": "在岗"},
    "med_type": {"11": "普通门诊", "41": "药店购药"},
    "dscg_way": {"1": "治愈出院"},
    "inout_diag_type": {"1": "门诊/入院诊断", "2": "出院诊断"},
    "diag_type": {"1": "西医"},
    "list_type": {"101": "西药", "201": "诊疗", "301": "材料"},
    "med_chrgitm_type": {"02": "诊察费", "04": "化验费", "05": "治疗费", "08": "材料费", "09": "西药费", "11": "中成药费"},
    "chrgitm_lv": {"01": "甲", "02": "乙", "03": "丙"},
    "entl_type": {"1": "门诊慢病"},
    "hosp_lv_grp": {"3": "三级", "2": "二级", "1": "一级"},
}
"""What the old system writes for a national code; what is not here it writes as the code (the province's 2101)."""
FLAGS = {"1": "是", "0": "否"}


@dataclass(frozen=True)
class Habit:
    """One file, archive member (`archive!member`) or sheet (`book!sheet`)."""

    place: str
    table: str
    columns: str  # header=column, blank separated; an empty column is one nobody needs
    title: tuple[str, ...] = ()  # lines above the header, "" is a blank one
    footer: str = ""  # first cell of a sum line; "short" lines have two cells
    encoding: str = "gb18030"
    newline: str = "\r\n"
    dates: str = "slash"
    money: str = "plain"
    coded: bool = False  # national codes already

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [tuple(item.rsplit("=", 1)) for item in self.columns.split()]  # type: ignore[misc]

    def cell(self, table: str, column: str, value: Any) -> Any:
        """A clean value as this file writes it."""
        if value is None or not column:
            return ""
        kind = TABLES[table][column].kind.word
        if isinstance(value, (date, datetime)):
            return self._date(value)
        if isinstance(value, Decimal):
            if kind == "money" and self.money == "comma":
                return f"{value:,.2f}"
            text = f"{value:.2f}" if kind == "money" else f"{value.normalize():f}"
            return text.translate(str.maketrans("0123456789", "０１２３４５６７８９")) if self.money == "wide" else text
        if kind == "flag" and not self.coded:
            return FLAGS[value]
        return value if self.coded else WORDS.get(column, {}).get(value, value)

    def _date(self, value: date) -> Any:
        with_time = isinstance(value, datetime)
        if self.dates == "serial":
            return value
        if self.dates == "compact":
            return f"{value:%Y%m%d%H%M%S}" if with_time else f"{value:%Y%m%d}"
        if self.dates == "iso":
            return value.isoformat()
        day = f"{value.year}/{value.month}/{value.day}"
        return f"{day} {value.hour}:{value:%M}" if with_time else day


_BILL = "就诊流水号=mdtrt_id 个人编号=psn_no 医院编码=fixmedins_code"
_LINE = "开单科室=bilg_dept_name 医生编码=bilg_dr_codg 原单据号=init_feedetl_sn"
HABITS: tuple[Habit, ...] = (
    Habit("参保人员信息.csv", "person",
          "序号= 患者姓名=psn_name 个人编号=psn_no 性别=gend 民族= 出生年月=brdy 证件类型=psn_cert_type 身份证号=certno 险种=insutype 人员类别=psn_type"
          " 统筹区=insu_admdvs 参保状态=psn_insu_stas 单位=emp_name 家庭住址=curr_addr 手机=tel 账户余额=balc 备注=",
          title=("云岭县医疗保障局 参保人员信息导出", "")),
    Habit("基础资料.xlsx!机构目录", "institution",
          "医院名称=fixmedins_name 医院编码=fixmedins_code 类型=fixmedins_type 等级=hosp_lv 行政区划=admdvs 地址=addr 核定床位=aprv_bed_cnt 协议起=agre_begndate 协议止=agre_enddate 联系人=",
          title=("云岭县定点医药机构一览表", ""), dates="serial"),
    Habit("基础资料.xlsx!医师信息", "practitioner",
          "姓名=prac_psn_name 医生编码=prac_psn_code 岗位=prac_psn_type 所在单位编码=fixmedins_code 执业起=begndate 执业止=enddate 科室编号=dept_codg 科室=dept_name 职称=profttl 在岗情况=stas",
          dates="serial"),
    Habit("就诊登记_门诊.csv", "encounter",
          "就诊日期=begntime 就诊流水号=mdtrt_id 患者姓名= 个人编号=psn_no 医院编码=fixmedins_code 险种=insutype 就诊类别=med_type 门诊号=ipt_otp_no 科室编号=adm_dept_codg"
          " 科室=adm_dept_name 医生编码=atddr_no 医生姓名=atddr_name 参保地=insu_admdvs 就医地=mdtrtarea_admvs 上传时间=upld_time 备注=",
          title=("云岭县医疗保障局 门诊登记导出 2026年3月", "")),
    Habit("就诊登记_住院.xlsx!住院登记", "encounter",
          "就诊流水号=mdtrt_id 住院号=ipt_otp_no 个人编号=psn_no 医院编码=fixmedins_code 险种=insutype 就诊类别=med_type 入院日期=begntime 出院日期=endtime 科室编号=adm_dept_codg"
          " 科室=adm_dept_name 床号=adm_bed 医生编码=atddr_no 离院方式=dscg_way 参保地=insu_admdvs 就医地=mdtrtarea_admvs 上传时间=upld_time 护士长=",
          title=("云岭县 住院登记", "", "打印人：王　打印日期：2026-04-01"), dates="serial"),
    Habit("就诊登记_住院.xlsx!手术登记", "operation",
          "就诊流水号=mdtrt_id 个人编号=psn_no 序号=oprn_srt_no 是否主手术=main_oprn_flag 手术编码=oprn_oprt_code 手术名称=oprn_oprt_name 手术日期=oprn_oprt_date 主刀编码=oper_dr_code 主刀=oper_dr_name",
          dates="serial"),
    Habit("药店数据.zip!药店数据/购药登记.csv", "encounter",
          _BILL + " 险种=insutype 就诊类别=med_type 购药时间=begntime 科室编号=adm_dept_codg 药师编码=atddr_no 参保地=insu_admdvs 就医地=mdtrtarea_admvs 收银台=",
          encoding="utf-8", newline="\n", dates="iso"),
    Habit("药店数据.zip!药店数据/购药明细.csv", "fee_line",
          "单据号=feedetl_sn " + _BILL + " 结算单号=setl_id 处方号=rxno 收费日期=fee_ocur_time 项目代码=med_list_codg 项目名称=hilist_name 目录类别=list_type 收费类别=med_chrgitm_type"
          " 项目等级=chrgitm_lv 数量=cnt 单位=cnt_unt 单价=pric 金额（元）=det_item_fee_sumamt 范围内金额=inscp_scp_amt 是否带药=dscg_tkdrug_flag " + _LINE + " 收银员=",
          encoding="utf-8-sig", newline="\n", dates="compact"),
    Habit("结算单_2026年02月.csv", "settlement",
          "结算单号=setl_id " + _BILL + " 险种=insutype 就诊类别=med_type 人员类别=psn_type 结算日期=setl_time 总费用=medfee_sumamt 自费=fulamt_ownpay_amt 超限价=overlmt_selfpay"
          " 先自付=preselfpay_amt 范围内金额=inscp_scp_amt 统筹支付=hifp_pay 基金合计=fund_pay_sumamt 账户支付=acct_pay 现金支付=psn_cash_pay 是否退费=refd_setl_flag"
          " 原结算单号=init_setl_id 参保地=insu_admdvs 就医地=mdtrtarea_admvs",
          encoding="utf-8-sig", dates="compact", money="comma", footer="合计"),
    Habit("结算单_2026年03月.csv", "settlement",
          "打印次数= setl_id=setl_id mdtrt_id=mdtrt_id 个人编号=psn_no 机构编号=fixmedins_code 险种=insutype 医疗类别=med_type 结算时间=setl_time 医疗费总额=medfee_sumamt"
          " 全自费金额=fulamt_ownpay_amt 超限价自费=overlmt_selfpay 先行自付=preselfpay_amt 符合政策范围金额=inscp_scp_amt 统筹基金支出=hifp_pay 基金支付总额=fund_pay_sumamt"
          " 个人账户支出=acct_pay 个人现金支出=psn_cash_pay 退费结算标志=refd_setl_flag 原结算ID=init_setl_id 参保地=insu_admdvs 就医地=mdtrtarea_admvs",
          encoding="gb18030", newline="\n", dates="iso", money="comma", coded=True),
    Habit("诊断信息.csv", "diagnosis",
          "个人编号=psn_no 就诊流水号=mdtrt_id 诊断时点=inout_diag_type 中西医=diag_type 序号=diag_srt_no 是否主诊断=maindiag_flag ICD编码=diag_code 疾病名称=diag_name 科室编号=diag_dept 医生编码=dise_dor_no 录入人=",
          encoding="utf-8", newline="\n"),
    Habit("费用明细_2026年02月.csv.gz", "fee_line",
          "收费日期=fee_ocur_time " + _BILL + " 单据号=feedetl_sn 结算单号=setl_id 处方号=rxno 项目代码=med_list_codg 项目名称=hilist_name 目录类别=list_type 收费类别=med_chrgitm_type"
          " 项目等级=chrgitm_lv 数量=cnt 单位=cnt_unt 单价=pric 范围内金额=inscp_scp_amt 是否带药=dscg_tkdrug_flag " + _LINE + " 金额(元)=det_item_fee_sumamt",
          encoding="utf-8", newline="\n", dates="iso", money="wide", footer="short"),
    Habit("费用明细_2026年03月.csv", "fee_line",
          "序号= 患者姓名= " + _BILL + " 单据号=feedetl_sn 收费日期=fee_ocur_time 项目代码=med_list_codg 项目名称=hilist_name 目录类别=list_type 收费类别=med_chrgitm_type 项目等级=chrgitm_lv"
          " 单价=pric 数量=cnt 单位=cnt_unt 金额(元)=det_item_fee_sumamt 范围内金额=inscp_scp_amt 结算单号=setl_id 处方号=rxno 是否带药=dscg_tkdrug_flag " + _LINE + " 备注=",
          title=("云岭县医疗保障局 费用明细导出 2026年3月", ""), money="comma", footer="合计"),
    Habit("慢病备案.zip!慢病备案/备案表.csv", "entitlement",
          "个人编号=psn_no 备案类型=entl_type 病种编码=dise_codg 病种名称=dise_name 生效=begndate 到期=enddate 审批人=", dates="compact"),
    Habit("限价目录_2026.csv", "price",
          "项目代码=med_list_codg 项目名称=hilist_name 等级=hosp_lv_grp 限价=pric_uplmt_amt 单位=cnt_unt 执行地区=admdvs 执行日期=valid_from 停用日期=valid_to 文号=src 说明=",
          title=("云岭县医疗服务价格和药品限价目录",), money="comma"),
)  # fmt: skip
BY_PLACE = {h.place: h for h in HABITS}


def place_of(table: str, cells: dict[str, Any]) -> str:
    """The file a row belongs in, as the old system sorts them."""
    if table in ("encounter", "fee_line") and str(cells["mdtrt_id"]).startswith("GY"):
        return "药店数据.zip!药店数据/" + ("购药登记.csv" if table == "encounter" else "购药明细.csv")
    if table == "encounter":
        return "就诊登记_门诊.csv" if str(cells["mdtrt_id"]).startswith("MZ") else "就诊登记_住院.xlsx!住院登记"
    if table == "fee_line":
        return "费用明细_2026年02月.csv.gz" if cells["fee_ocur_time"].month == 2 else "费用明细_2026年03月.csv"
    if table == "settlement":
        return f"结算单_2026年{'02' if cells['setl_time'].month == 2 else '03'}月.csv"
    return next(h.place for h in HABITS if h.table == table)
