"""Why a line is no message, why a message is no fact, and what a subject still lacks: one code, one sentence, one cure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WireReason:
    """A code, what went wrong, and what the sender can do."""

    code: str
    title: str
    cure: str


def _table(*rows: tuple[str, str, str]) -> dict[str, WireReason]:
    return {code: WireReason(code, title, cure) for code, title, cure in rows}


REFUSALS = _table(
    ("M01", "这一行不是 JSON", "每行写一个完整的 JSON 对象，中间不换行；最后一行不完整的请重新导出"),
    ("M02", "这一行不是 UTF-8 编码", "用 UTF-8 重新导出"),
    ("M03", "这一行太长", "一行只放一笔交易，不超过 16 MB"),
    ("M04", "这一行不是接口报文", "写成 {“request”: 请求, “response”: 应答}，或带 infno、input、output 的一个报文"),
    ("M05", "报文没有交易时间，不知先后", "补上 inf_time，写成 2026-03-01 08:30:00"),
    ("M06", "只有应答，不知道是哪笔交易", "连同请求一起送"),
)
"""Lines that are no message."""

NOT_FACTS = _table(
    ("trial", "预结算只是试算", "不需要处理"),
    ("failed", "平台应答失败", "不需要处理；重做成功的交易会另有报文"),
    ("unanswered", "没有应答，要紧的内容在应答里", "连同应答一起送"),
    ("undone", "已被后来的撤销或删除取消", "不需要处理"),
    ("replaced", "已被后来的同一内容取代", "不需要处理"),
    ("ineffective", "撤销或删除没有可作用的对象", "核对就诊ID、流水号和结算ID，或补送被撤销的报文"),
    ("settled", "明细已经结算，没有应答的改动不算", "先撤销结算，或连同应答一起送"),
    ("keyless", "报文没有就诊ID或人员编号，接不到任何一次就诊", "连同应答一起送，或补上编号"),
    ("noted", "这种交易不产生数据湖的行", "不需要处理"),
    ("unknown", "不认识的交易编号", "核对 infno；国家接口之外的交易不读"),
)
"""Messages that are kept in the log and leave no row."""

GAPS = _table(
    ("no_visit", "就诊信息还没有到", "补送门诊就诊信息（2203）或入院办理（2401）"),
    ("no_insutype", "险种还不知道", "补送就诊、结算或人员信息（1101）"),
    ("no_insu_admdvs", "参保地还不知道", "报文补上 insuplc_admdvs，或补送人员信息（1101）"),
    ("no_med_type", "医疗类别还不知道", "补送门诊就诊信息（2203）或入院办理（2401）"),
    ("no_answer", "费用还没有应答，缺范围内金额和收费类别", "连同应答一起送"),
    ("no_settlement", "结算没有应答，不知道结算ID和基金支付", "连同应答一起送"),
    ("twice", "一个报文里有两行用了同一个明细流水号，取后一行", "每行费用用自己的流水号，重新上传"),
    ("no_original", "要撤销的结算还没有到", "补送原结算"),
    ("no_original_line", "要冲销的明细还没有到，或已删除", "补送原明细"),
    ("no_traced_line", "追溯码所指的明细还没有到，不知道是什么药", "补送这一行费用"),
    ("no_scan_type", "盘存、损溢带来的追溯码没有对应的扫码环节，未收", "不需要处理"),
    ("no_gend", "性别还不知道", "补送人员信息（1101）"),
)
"""What a subject lacks for now; a later message fills it."""
