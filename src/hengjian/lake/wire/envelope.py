"""A line of NDJSON to a `Message` or a `Refusal`, and a stream of lines to both.

A line is `{"request": envelope, "response": envelope}`, one envelope with `input` and `output`, a lone request, or a lone
answer of 1101, 2207 or 2304. A request without an answer is taken as accepted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

from hengjian.lake.wire.message import Message, Refusal
from hengjian.lake.wire.nodes import Node, find, opened, pick
from hengjian.lake.wire.subjects import person_of, subjects_of

MOST_BYTES = 16 * 1024 * 1024
"""The longest line that is read."""

_ANY_TIME = re.compile(
    r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[T ]*(\d{1,2}):?(\d{2})(?::?(\d{2}))?(?:[.:]?\d{1,9})?)?(?:Z|\+08:?00)?"
)
_STAMP_IN_MSGID = re.compile(r"[HP][0-9A-Z]{11}(\d{14})\d*")
_INSTITUTION_IN_MSGID = re.compile(r"([HP][0-9A-Z]{11})(20\d{12})\d*")
_LONE = ("1101", "2207", "2304")


def _number(written: str) -> str:
    """A JSON number as plain decimal text."""
    if "e" in written or "E" in written:
        try:
            value = Decimal(written)
        except InvalidOperation:  # an exponent beyond all bounds: the loader refuses the value
            return written
        return format(value, "f") if abs(value.adjusted()) < 40 else written
    return written


_DECODER = json.JSONDecoder(parse_float=_number, parse_int=str, parse_constant=lambda _: None, strict=False)


def parse(raw: bytes, *, file: str = "", line: int = 0) -> Message | Refusal:
    """One line. Never raises."""
    if len(raw) > MOST_BYTES:
        return Refusal("M03", f"超过 {MOST_BYTES} 字节", file, line)
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Refusal("M02", f"第 {error.start + 1} 个字节起读不出", file, line)
    try:
        body = _DECODER.decode(written)
        if "\\ud" in written or "\\uD" in written:
            body = _without_half_characters(body)
    except RecursionError:
        return Refusal("M01", "嵌套得太深", file, line)
    except json.JSONDecodeError as error:
        return Refusal("M01", f"第 {error.colno} 个字起读不出", file, line)
    except ValueError:
        return Refusal("M01", "内容读不出", file, line)
    if type(body) is not dict:
        return Refusal("M04", "这一行不是 JSON 对象", file, line)
    digest = hashlib.blake2b(raw.strip(), digest_size=16).hexdigest()
    request, response = _halves(body)
    if request is None:
        return _lone_answer(response, digest, file, line) if response is not None else Refusal("M04", _seen(body), file, line)
    infno = (pick(request, "infno") or "").upper()
    if not infno:
        return Refusal("M04", "没有交易编号 infno", file, line)
    return _message(infno, pick(request, "msgid") or "", request, response, digest, file, line)


def _halves(body: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Request and answer of a line; an envelope with only `output` is an answer."""
    request, response = opened(body.get("request")), opened(body.get("response"))
    if type(request) is dict or type(response) is dict:
        return (request if type(request) is dict else None), (response if type(response) is dict and response else None)
    answered = "output" in body or "infcode" in body
    if "input" in body:
        return body, (body if answered else None)
    return None, (body if answered else None)


def _seen(body: Mapping[str, Any]) -> str:
    return f"只看到 {'、'.join(list(body)[:5])}" if body else "是空的"


def _message(
    infno: str,
    msgid: str,
    envelope: Node,
    response: Node | None,
    digest: str,
    file: str,
    line: int,
    *,
    lone: bool = False,
) -> Message | Refusal:
    given = opened(envelope.get("input")) if not lone else None
    output = opened(response.get("output")) if response is not None else None
    if type(output) is list:
        output = {"result": output}
    answered, failure = _outcome(response)
    when = _time(envelope, response, msgid, lone)
    if when is None:
        return Refusal("M05", f"交易 {infno}，inf_time 是“{pick(envelope, 'inf_time') or ''}”", file, line)
    asked: Node | None = given if type(given) is dict else None
    told: Node | None = output if type(output) is dict else None
    at = pick(envelope, "fixmedins_code") or ""
    if not at:
        sheet = find(asked, ("setlinfo", "data"))
        at = (pick(sheet, "fixmedins_code") if type(sheet) is dict else None) or ""
    if not at and (match := _INSTITUTION_IN_MSGID.fullmatch(msgid)):
        at = match[1]
    psn_no = person_of(infno, asked, told)
    return Message(
        infno,
        msgid,
        when,
        digest,
        subjects_of(infno, at, psn_no, asked, told),
        psn_no,
        at,
        pick(envelope, "insuplc_admdvs") or "",
        pick(envelope, "mdtrtarea_admvs") or pick(envelope, "mdtrtarea_admdvs") or "",
        pick(envelope, "dev_no") or "",
        pick(envelope, "opter") or "",
        asked,
        told,
        answered,
        failure,
        file,
        line,
    )


def _outcome(response: Node | None) -> tuple[bool, str | None]:
    """Whether an answer came, and why it failed if it did."""
    if response is None:
        return False, None
    code = pick(response, "infcode")
    if code is None:
        return response.get("output") is not None, None
    try:
        if Decimal(code) == 0:
            return True, None
    except InvalidOperation:
        pass
    return True, pick(response, "err_msg") or pick(response, "warn_msg") or f"infcode {code}"


def _time(envelope: Node, response: Node | None, msgid: str, lone: bool) -> str | None:
    written = pick(envelope, "inf_time")
    if written is not None and (found := _spelled(written)) is not None:
        return found
    if match := _STAMP_IN_MSGID.fullmatch(msgid):
        return _spelled(match[1])
    if lone and response is not None:
        for key in ("refmsg_time", "respond_time"):
            if (stamp := pick(response, key)) and (found := _spelled(stamp)):
                return found
        sheet = find(opened(response.get("output")), ("setlinfo",))
        if type(sheet) is dict and (stamp := pick(sheet, "setl_time")):
            return _spelled(stamp)
    return None


def _spelled(written: str) -> str | None:
    """A time in the one spelling by which messages are ordered; None when it cannot be read."""
    if len(written) == 19 and written[4] == written[7] == "-" and written[10] == " " and written.isascii():
        try:
            datetime.fromisoformat(written)
            return written
        except ValueError:
            return None
    match = _ANY_TIME.fullmatch(written)
    if match is None or written.startswith(("1900", "0001")):
        return None
    year, _, month, day, *clock = match.groups()
    hour, minute, second = (part or "0" for part in clock)
    try:
        instant = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 - civil time
    except ValueError:
        return None
    return instant.isoformat(" ")


def _lone_answer(response: dict[str, Any], digest: str, file: str, line: int) -> Message | Refusal:
    """An answer without its request, where it says whose it is."""
    _, failure = _outcome(response)
    if failure is not None:
        return Refusal("M06", f"应答失败：{failure}", file, line)
    output = opened(response.get("output"))
    infno = (pick(response, "infno") or "").upper()
    sheet = find(output, ("setlinfo",)) if type(output) is dict else None
    if not infno and find(output, ("baseinfo",)):
        infno = "1101"
    if type(sheet) is dict and pick(sheet, "setl_id") and pick(sheet, "mdtrt_id"):
        if (pick(sheet, "medfee_sumamt") or "").startswith("-") or pick(sheet, "refd_setl_flag") == "1":
            return Refusal("M06", "是撤销结算的应答，没有说撤销的是哪一笔", file, line)
        if not infno:
            infno = "2304" if (pick(sheet, "med_type") or "").startswith(("2", "52")) else "2207"
    elif infno in ("2207", "2304") or (not infno and sheet is not None):
        return Refusal("M06", "结算信息没有结算ID或就诊ID，可能是预结算", file, line)
    if infno not in _LONE:
        return Refusal("M06", f"交易 {infno} 的应答没有说是哪次就诊" if infno else "应答里没有人员信息或结算信息", file, line)
    msgid = pick(response, "msgid") or ""
    if not msgid and type(sheet) is dict:
        msgid = pick(sheet, "medins_setl_id") or ""
    return _message(infno, msgid or pick(response, "inf_refmsgid") or "", response, response, digest, file, line, lone=True)


def _without_half_characters(body: Any) -> Any:
    """Half a surrogate pair is no character: it becomes the mark of unreadable text, which the loader names."""
    written = json.dumps(body, ensure_ascii=False)
    return json.loads(written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"), strict=False)


def lines_of(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank with its number; of a giant line only the beginning, one byte more than `parse` takes."""
    number = 0
    while raw := stream.readline(MOST_BYTES + 2):
        number += 1
        if len(raw) > MOST_BYTES and not raw.endswith(b"\n"):
            while (rest := stream.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass
            yield number, raw[: MOST_BYTES + 1]
        elif raw.strip():
            yield number, raw


def read_messages(stream: BinaryIO, *, file: str = "") -> Iterator[tuple[int, Message | Refusal]]:
    """Every line of an NDJSON stream with its number; blank lines are skipped, a giant line is skipped without being held."""
    for number, raw in lines_of(stream):
        yield number, parse(raw, file=file, line=number)


def written(request: Mapping[str, Any] | None, response: Mapping[str, Any] | None = None) -> bytes:
    """One line of NDJSON for an exchange, a lone request, or a lone answer."""
    body: Mapping[str, Any]
    if request is not None and response is not None:
        body = {"request": request, "response": response}
    else:
        body = request if request is not None else (response or {})
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


__all__ = ["MOST_BYTES", "lines_of", "parse", "read_messages", "written"]
