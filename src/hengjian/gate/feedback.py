"""3103 事前事中服务反馈: what the doctor did with each reminder. Fujian gives the number to another service, which is told apart."""

from __future__ import annotations

from collections.abc import Sequence

from hengjian.gate.acts import Feedback
from hengjian.gate.envelope import Reply, Request, entries, refused, word
from hengjian.lake.wire.nodes import Node, opened

GO_ON, GO_BACK = "1", "2"
MOST_WARNS = 1000
_LONGEST_REASON = 500
_LONGEST_ID = 64
_FUJIAN = ("mdtrt_cert_no", "mdtrt_cert_type", "adm_time")
NOT_OURS = Reply(
    {},
    warning="这是福建的 3103（就诊时的提示），本服务的 3103 是提醒的处理反馈（warns）；没有处理，不影响就诊",
    outcome="other_service",
)


def read_feedback(request: Request, at_sec: int) -> list[Feedback] | Reply:
    """The feedback of a request, or why there is none: nothing is taken of a request with one wrong row."""
    inner = opened(request.given.get("data"))
    data: Node = inner if type(inner) is dict else request.given
    warns = entries(data, "warns") or entries(request.given, "warns")
    if not warns:
        if any(name in data for name in _FUJIAN) and "warns" not in data:
            return NOT_OURS
        return refused("没有处理数据：input.data.warns 是空的，每条写 warn_rslt_id、dspo_way、dspo_way_rea")
    if len(warns) > MOST_WARNS:
        return refused(f"一次最多反馈 {MOST_WARNS} 条，这里有 {len(warns)} 条；请分开发送")
    found = []
    for number, warn in enumerate(warns, 1):
        jr_id, way, reason = word(warn, "warn_rslt_id"), word(warn, "dspo_way"), word(warn, "dspo_way_rea")
        if not jr_id:
            return refused(f"第 {number} 条没有写 warn_rslt_id；写提醒里的 jr_id")
        if len(jr_id) > _LONGEST_ID:
            return refused(f"第 {number} 条的 warn_rslt_id 超过 {_LONGEST_ID} 个字；写提醒里的 jr_id")
        if way not in (GO_ON, GO_BACK):
            return refused(f"第 {number} 条的 dspo_way 是“{way[:10]}”；写 1（继续执行医嘱）或 2（返回修改医嘱）")
        if way == GO_ON and not reason:
            return refused(f"第 {number} 条（{jr_id}）继续执行医嘱（dspo_way 为 1），没有写原因；请医师写明 dspo_way_rea")
        found.append(Feedback(jr_id, way, reason[:_LONGEST_REASON], at_sec))
    return found


def unknown_sentence(unknown: Sequence[str], kept: int) -> str:
    """The sentence that names the ids nobody gave."""
    named = "、".join(unknown[:3]) + (f" 等 {len(unknown)} 个" if len(unknown) > 3 else "")
    rest = f"；其余 {kept} 条已收下" if kept else ""
    return f"没有给贵机构发过这些提醒：{named}{rest}。请核对 warn_rslt_id 是否为应答里的 jr_id"
