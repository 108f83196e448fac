"""Why a file or row is refused or flagged: one code, one level, one sentence, one piece of advice.

The order of this table is the order in which the first reason of a row is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from hengjian.lake.wire import REFUSALS

REFUSED, FLAGGED, FILE = "R", "W", "F"


@dataclass(frozen=True)
class Reason:
    """Level R: the row is refused. W: the row is taken and flagged. F: the file is refused."""

    code: str
    level: str
    title: str
    advice: str


REASONS: dict[str, Reason] = {
    r.code: r
    for r in (
        *(Reason(r.code, REFUSED, r.title, r.cure) for r in REFUSALS.values()),
        Reason("F01", FILE, "文件编码认不出", "用 UTF-8 或 GB18030（GBK）重新导出这个文件"),
        Reason("F02", FILE, "表头缺少必填列", "补上缺的列后重新送这个文件；列名可用国家标准名或中文名"),
        Reason("F03", FILE, "表头重复或文件为空", "删去重复的列；空文件请重新导出"),
        Reason("F05", FILE, "文件损坏或不完整", "重新导出或重新传输这个文件"),
        Reason("F04", REFUSED, "字段个数与表头不符，或引号没有闭合", "检查这一行的逗号和引号，含逗号的内容要放在双引号里"),
        Reason("T01", REFUSED, "必填项为空", "补上这一项"),
        Reason("T02", REFUSED, "应为数字", "改成普通数字，不带单位和汉字"),
        Reason("T03", REFUSED, "日期或时间读不出，或没有这一天", "写成 2026-03-01 或 2026-03-01 08:30:00"),
        Reason("T04", REFUSED, "内容超过该列长度", "检查是否串列"),
        Reason("T05", REFUSED, "含控制字符、乱码或 Excel 错误值", "检查导出时的字符编码；#N/A、#REF! 之类要先在 Excel 里改正"),
        Reason("T06", REFUSED, "小数位数超过规定", "金额保留两位小数"),
        Reason(
            "T07",
            REFUSED,
            "长编号被 Excel 截成 15 位",
            "从原系统重新导出，把这一列的单元格格式先设成“文本”，或导出为 CSV 后不经 Excel 直接送来",
        ),
        Reason("C01", REFUSED, "代码不在代码表中", "改成国家标准代码"),
        Reason("C02", REFUSED, "机构编号不合规范", "机构编号为 12 位，医疗机构以 H 开头，药店以 P 开头"),
        Reason("C06", REFUSED, "医保区划不是 6 位数字", "改成 6 位医保区划代码"),
        Reason("D02", REFUSED, "主键相同，内容不同", "同一批数据里一个主键只能有一行；更正请放在下一批"),
        Reason("K03", REFUSED, "就诊ID在就诊表中不存在", "补送这次就诊；这一行会自动收下，不必重送"),
        Reason(
            "K04", REFUSED, "人员或机构与就诊不一致", "核对就诊ID、人员编号和机构编号；就诊改机构，要连同它的结算和费用一起重送"
        ),
        Reason("K06", REFUSED, "要冲销的明细在这次就诊中不存在", "核对原费用流水号"),
        Reason("K07", REFUSED, "退费超过原明细余量", "核对退费数量和原费用流水号；改小已退过费的明细，要连同它的退费一起重送"),
        Reason("K08", REFUSED, "要冲销的结算不存在", "核对原结算ID"),
        Reason("L01", REFUSED, "结束早于开始", "核对起止时间"),
        Reason("L02", REFUSED, "时间晚于数据日期", "核对时间；数据日期见 manifest.csv"),
        Reason("L03", REFUSED, "时间早于 2000 年", "核对时间"),
        Reason("L04", REFUSED, "出生日期不可能", "核对出生日期：不能晚于就诊，年龄不能超过 130 岁"),
        Reason("L06", REFUSED, "金额与数量乘单价不符", "核对数量、单价和金额"),
        Reason("L07", REFUSED, "正负号不合理，或负数明细不是退费", "退费请填原费用流水号；单价不能为负"),
        Reason("L08", REFUSED, "范围内金额大于明细金额或符号相反", "核对符合政策范围金额"),
        Reason("L13", REFUSED, "同类诊断有两个主诊断", "每次就诊同类诊断只留一个主诊断"),
        Reason("L14", REFUSED, "进销存数量为负，或删除记录没有指明原记录", "核对数量和原记录号"),
        Reason("L17", REFUSED, "在场记录须且只须有一个人", "参保人编号与医护人员代码只填一个"),
        Reason("L18", REFUSED, "数量或单价大得不合理", "数量不超过 100000，单价不超过 2000000 元"),
        Reason("L19", REFUSED, "一行金额超过一千万元", "核对金额"),
        Reason("C03", FLAGGED, "医疗目录编码不合国家编码规则，照收", "核对目录编码与国家编码的对照"),
        Reason("C04", FLAGGED, "诊断或手术编码不合国家编码规则，照收", "核对诊断、手术编码版本"),
        Reason("C05", FLAGGED, "身份证号校验位不对，照收", "核对证件号码和证件类型"),
        Reason(
            "K01", FLAGGED, "人员不在参保人表中，先建空白人员", "补送参保人信息；补送之前与该人性别、年龄有关的规则不会报疑点"
        ),
        Reason("K02", FLAGGED, "机构不在机构表中，先建空白机构", "补送机构信息"),
        Reason("K05", FLAGGED, "医护药人员代码不在人员表中，照收", "核对代码，或补送医护药人员信息"),
        Reason("K09", FLAGGED, "结算ID不存在或属于另一次就诊，照收", "核对结算ID；在此之前这一行的基金支付按 0 计"),
        Reason("L05", FLAGGED, "费用在住院期间之外一天以上，照收", "核对费用发生时间"),
        Reason("L09", FLAGGED, "结算各项支付之和不等于总额，照收", "核对结算各项金额"),
        Reason("L10", FLAGGED, "基金支付总额不等于各项基金之和，照收", "核对各项基金支出"),
        Reason("L11", FLAGGED, "结算总额与它的费用明细之和相差一元以上，照收", "核对结算总额和费用明细，漏送的明细请补送"),
        Reason("L12", FLAGGED, "住院已结算而没有出院时间，照收", "已经出院的补上出院时间；中途结算的不必改"),
        Reason("L15", FLAGGED, "追溯码不是 20 位数字，照收", "核对扫码设备，按包装上的 20 位追溯码重送"),
        Reason("L16", FLAGGED, "上传晚于时限，照收", "门诊、购药在 24 小时内上传，住院在出院后 72 小时内上传"),
    )
}
"""Every reason by code, in the order in which a row's first reason is chosen."""

REASONS["C01W"] = Reason("C01", FLAGGED, "代码不在代码表中，照收", "在值对照里说明这个值等于哪个国家标准代码")
REASONS["L06W"] = Reason("L06", FLAGGED, "金额与数量乘单价相差两分以上，照收", "核对数量、单价和金额")

ORDER = {code: place for place, code in enumerate(REASONS)}
"""Place of a code in the table."""
