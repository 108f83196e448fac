"""Uploads: a relayed message or exchange, read as the lake reads it, and what is answered once it is durable."""

from __future__ import annotations

import hashlib
from datetime import datetime

from hengjian.gate.body import Body
from hengjian.gate.envelope import Reply, Request, refused
from hengjian.gate.store import Settled
from hengjian.kernel.dates import second_number
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import ENCOUNTER, GAPS, NOT_FACTS, REFUSALS, Message, Refusal, parse
from hengjian.lake.wire.nodes import find, pick
from hengjian.lake.wire.trades import trade_of
from hengjian.lake.wire.trades.base import Act

_WITHOUT_ROWS_YET = {Act.SETTLE: GAPS["no_settlement"], Act.FEES: GAPS["no_answer"]}


def read_upload(body: Body, request: Request) -> Message | Reply:
    """The message of an upload, or why it is none."""
    if request.infno.startswith("1101") and not request.told:
        return refused("本服务不查询人员信息；请把平台对 1101 的应答一起转来：{“request”: 请求, “response”: 应答}")
    try:
        found = parse(body.raw)
    except ArithmeticError:
        return refused("报文里有读不出的数字；数字写成 12.50 这样", "unreadable")
    if isinstance(found, Refusal):
        reason = REFUSALS[found.code]
        why = f"（{found.why}）" if found.why else ""
        return refused(f"{reason.title.replace('这一行', '报文')}{why}；{reason.cure.replace('每行', '每次')}", "unreadable")
    if not found.fixmedins_code:
        return refused("报文没有定点医药机构编号 fixmedins_code，不知道是谁的；请补上")
    return found


def settlement(message: Message, came_sec: int) -> Settled | None:
    """The settlement a message tells of, to be counted once: the same one with and without its answer counts as one.

    `came_sec`: civil seconds, for a time that cannot be read. None when the message is of no settlement, or of one that failed.
    """
    trade = trade_of(message.infno)
    if trade is None or trade.act is not Act.SETTLE or message.failure is not None:
        return None
    told = find(message.output, ("setlinfo",), "setl_id")
    given = find(message.input, ("data", "mdtrtinfo"), "mdtrt_id")
    nodes = [node for node in (told, given) if type(node) is dict]
    said = {name: next((v for node in nodes if (v := pick(node, name))), "") for name in ("insutype", "setl_time", "mdtrt_id")}
    try:
        at_sec = second_number(datetime.fromisoformat(said["setl_time"] or message.inf_time))
    except (ValueError, TypeError):
        at_sec = came_sec
    named = f"{message.fixmedins_code}/{message.infno[:4]}/{message.msgid or message.digest}"
    return Settled(
        hashlib.blake2b(named.encode("utf-8", "replace"), digest_size=16).hexdigest(),
        message.fixmedins_code,
        key_of(message.psn_no) if message.psn_no else None,
        key_of(said["mdtrt_id"]) if said["mdtrt_id"] else None,
        said["insutype"],
        at_sec,
    )


def acknowledge(message: Message, other_content: bool) -> Reply:
    """The answer to a durable upload. `other_content`: its msgid came before with other content; both are kept."""
    said = []
    if other_content:
        said.append(f"报文ID {message.msgid[:40]} 曾用于另一内容，两份都已保存；每次交易请用新的 msgid")
    trade = trade_of(message.infno)
    if trade is None:
        said.append("已保存；数据不会因它自动撤下，请另送原交易的撤销（2205、2208、2302、2305、2404、2405、3507）")
    elif message.failure is not None:
        said.append("转来的应答是失败的，只保存，不算数")
    elif not message.subjects:
        said.append(f"已保存，但{NOT_FACTS['keyless'].title}；{NOT_FACTS['keyless'].cure}")
    elif not message.answered and trade.act in _WITHOUT_ROWS_YET:
        gap = _WITHOUT_ROWS_YET[trade.act]
        said.append(f"已保存；{gap.title}，请{gap.cure}")
    warning = "。".join(said)
    return Reply(_output(message), warning=warning, outcome="warned" if other_content else "ok")


def _output(message: Message) -> dict[str, object]:
    """Nodes that clients look for, with the ids they sent and nothing that only the platform can know."""
    kind = message.infno[:4]
    visit = next((subject.key for subject in message.subjects if subject.kind == ENCOUNTER), "")
    ids = {name: value for name, value in (("mdtrt_id", visit), ("psn_no", message.psn_no)) if value}
    if kind in ("2204", "2301"):
        trade = trade_of(kind)
        lines = trade.nodes[0].entries(message.input) if trade is not None else []
        return {"result": [{"feedetl_sn": pick(line, "feedetl_sn") or "", **ids} for line in lines]}
    if kind in ("2207", "2208", "2304", "2305"):
        return {"setlinfo": ids | {"medins_setl_id": message.msgid}}
    if kind.startswith("35"):
        return {"result": {"retRslt": "1", "msgRslt": ""}}
    return {"result": ids} if ids else {}
