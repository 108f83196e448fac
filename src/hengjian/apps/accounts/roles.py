"""Roles, the acts each may do, and which posts one person may not hold together. The matrix page and its test are printed from here.

三员分立: the system administrator keeps accounts, the security administrator grants posts, the log auditor reads the journal; none of them
handles findings or money, and no one holds two of the three. 不相容岗位: first review, second review, payment and admission are four hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

BUREAU, INSTITUTION = "bureau", "institution"
"""The two doors a person comes in by."""


@dataclass(frozen=True)
class Role:
    """A post's kind: its Chinese name, the door it uses, the acts it may do."""

    code: str
    title: str
    door: str
    acts: frozenset[str]


ACTS = {
    "account.manage": "建立和停用账号，重设密码",
    "unit.manage": "维护单位",
    "post.grant": "授予和收回岗位",
    "certificate.manage": "登记执法证件",
    "holiday.manage": "维护节假日表",
    "journal.read": "查看操作日志",
    "run.upload": "上传数据，对照表头和代码",
    "run.audit": "加载和审计",
    "run.read": "查看数据与审计记录",
    "rule.release": "启用规则或改回影子",
    "rule.read": "查看规则与知识",
    "rule.fraud": "查看反欺诈规则",
    "knowledge.propose": "提出修改知识",
    "knowledge.approve": "批准别人提出的知识修改",
    "step.configure": "设定各环节的重点、时限和权限",
    "registry.read": "查看机构、医师和脱敏的参保人",
    "person.reveal": "写明理由，查看参保人的完整信息",
    "reveal.read": "查看谁看过参保人的完整信息",
    "clue.read": "查看线索和疑点",
    "clue.register": "登记外来线索",
    "clue.assign": "分派和改派",
    "clue.close": "办结线索",
    "review.first": "初审",
    "review.second": "复核和决定",
    "review.approve": "决定超过复核单笔权限的金额",
    "review.feedback": "发送反馈",
    "clock.extend": "批准延期",
    "recovery.read": "查看扣减和追回台账",
    "recovery.settle": "登记到账",
    "board.read": "查看调度台",
    "desk.read": "查看本机构的疑点",
    "desk.answer": "认可或申诉",
    "desk.advise": "就本人经治的病例写说明",
}
"""Every act that is checked, in words."""


def _role(code: str, title: str, acts: str, door: str = BUREAU) -> Role:
    chosen = frozenset(acts.split())
    assert chosen <= ACTS.keys(), chosen - ACTS.keys()
    return Role(code, title, door, chosen)


ROLES = {
    r.code: r
    for r in (
        _role("sysadmin", "系统管理员", "account.manage unit.manage certificate.manage holiday.manage"),
        _role("security", "安全管理员", "post.grant"),
        _role("logauditor", "审计管理员", "journal.read reveal.read"),
        _role(
            "head",
            "局领导",
            "clue.read registry.read run.read recovery.read board.read clock.extend rule.release rule.read rule.fraud knowledge.approve review.approve",
        ),
        _role(
            "supervisor",
            "监管科长",
            "clue.read clue.register clue.assign clue.close registry.read person.reveal reveal.read run.read rule.release rule.read rule.fraud knowledge.propose "
            "knowledge.approve step.configure recovery.read board.read review.approve review.feedback clock.extend",
        ),
        _role("operator", "数据管理员", "run.upload run.audit run.read registry.read rule.read knowledge.propose"),
        _role(
            "first",
            "初审员",
            "clue.read clue.register registry.read person.reveal run.read rule.read rule.fraud knowledge.propose review.first",
        ),
        _role(
            "second",
            "复核员",
            "clue.read registry.read person.reveal run.read rule.read rule.fraud knowledge.propose review.second review.feedback",
        ),
        _role("cashier", "财务", "recovery.read recovery.settle"),
        _role("clerk", "机构经办人", "desk.read desk.answer", INSTITUTION),
        _role("doctor", "机构医师", "desk.advise", INSTITUTION),
    )
}
"""All roles, by code."""

_THREE = ("sysadmin", "security", "logauditor")
_HANDLING = ("head", "supervisor", "operator", "first", "second", "cashier")

INCOMPATIBLE: dict[frozenset[str], str] = {
    **{frozenset(p): "系统、安全、审计三员由三个人担任" for p in combinations(_THREE, 2)},
    **{frozenset((a, b)): "管理系统的人不办理疑点和资金" for a in _THREE for b in _HANDLING},
    frozenset(("first", "second")): "初审与复核由两个人担任",
    frozenset(("first", "cashier")): "审核与拨付由两个人担任",
    frozenset(("second", "cashier")): "审核与拨付由两个人担任",
    frozenset(("supervisor", "cashier")): "审核与拨付由两个人担任",
}
"""Pairs of roles one person may not hold on the same day, with the reason."""


def conflict(one: str, other: str) -> str:
    """Why a person may not hold both roles; empty where they may."""
    first, second = ROLES[one], ROLES[other]
    if first.door != second.door:
        return "医保部门的岗位与机构的岗位不能由同一个人担任"
    return INCOMPATIBLE.get(frozenset((one, other)), "")
