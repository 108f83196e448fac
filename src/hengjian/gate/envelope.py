"""The national envelope: what is read of a request, and how every answer is written (wire standard 1.1, 1.2)."""

from __future__ import annotations

import itertools
import random
import re
import time
from typing import Any, NamedTuple

import msgspec

from hengjian.lake.wire.nodes import MISSING, Node, camel, opened

SUCCESS, FAILURE = 0, -1
NOT_AUDITED = "本次未审核"
"""What a check says that did not run: the order goes on, and is audited afterwards."""
_LONGEST = 200
"""Characters of err_msg, as the standard has it."""
_CIVIL = 8 * 3600
_ENCODER = msgspec.json.Encoder()
_NUMBER = re.compile(r"\d{4}[A-Z]{0,2}")
_INSTITUTION = re.compile(r"[A-Z][0-9A-Z]{11}")


class Request(NamedTuple):
    """What the gate reads of an envelope. `infno` and `fixmedins_code` in upper case; `given`: its `input`; `told`: `output` of a
    relayed answer. `region`: mdtrtarea_admvs. A field that is missing is "".
    """

    infno: str
    msgid: str
    fixmedins_code: str
    region: str
    opter: str
    sign_no: str
    given: Node
    told: Node
    relayed: bool
    envelope: dict[str, Any]


def word(node: Node, name: str) -> str:
    """One field of an envelope as text, under its name or its camelCase twin: a number is written out, anything else is missing."""
    value = node.get(name)
    if value is None:
        value = node.get(camel(name))
    if type(value) is str:
        value = value.strip()
        return "" if value in MISSING else value
    return str(value) if type(value) is int else ""


def read_envelope(body: dict[str, Any]) -> Request:
    """The envelope of a request, bare or in an exchange `{"request": …, "response": …}`."""
    request, response = opened(body.get("request")), opened(body.get("response"))
    envelope = request if type(request) is dict else body
    answer = response if type(response) is dict else envelope
    given, told = opened(envelope.get("input")), opened(answer.get("output"))
    if type(given) is dict and type(envelope["input"]) is str:  # some clients write nodes as text
        envelope = envelope | {"input": given}
    return Request(
        word(envelope, "infno").upper(),
        word(envelope, "msgid"),
        word(envelope, "fixmedins_code").upper(),
        word(envelope, "mdtrtarea_admvs") or word(envelope, "mdtrtarea_admdvs"),
        word(envelope, "opter"),
        word(envelope, "sign_no"),
        given if type(given) is dict else {},
        told if type(told) is dict else {},
        type(response) is dict or "infcode" in envelope or "output" in envelope,
        envelope,
    )


def is_number(infno: str) -> bool:
    """Whether a text is a trade number: four digits, perhaps a letter or two."""
    return _NUMBER.fullmatch(infno) is not None


def is_institution(code: str) -> bool:
    """Whether a text is the code of an institution: a letter, the region, the serial number; twelve in all."""
    return _INSTITUTION.fullmatch(code) is not None


def civil_seconds(now: float) -> int:
    """The second number of civil time (China) of a moment of `time.time()`."""
    return int(now) + _CIVIL


def stamp(now: float) -> str:
    """A moment of `time.time()` as yyyyMMddHHmmssSSS in China time."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(now + _CIVIL)) + f"{int(now * 1000) % 1000:03d}"


class Reply(NamedTuple):
    """What is answered. With a `failure` (a sentence) infcode is -1 and there is no output; `warning` goes into warn_msg.

    `outcome`: the word of the counters and the access record.
    """

    output: object = None
    failure: str = ""
    warning: str = ""
    outcome: str = "ok"


def refused(sentence: str, outcome: str = "refused") -> Reply:
    """A failure of the sender's making."""
    return Reply(None, sentence, "", outcome)


class Answers:
    """Writes answers in the name of one receiver; `region`: its 医保区划, six digits, or "" = that of each request."""

    def __init__(self, region: str = "") -> None:
        self._region = region
        self._serial = itertools.count(random.SystemRandom().randrange(10**10))

    def write(self, came: float, now: float, reply: Reply, region: str = "") -> bytes:
        """A reply as JSON. `came`, `now`: moments of `time.time()`; `region`: where the request says it was treated."""
        answered_at = stamp(now)
        where = self._region or (region if len(region) == 6 and region.isascii() and region.isdigit() else "000000")
        return _ENCODER.encode(
            {
                "infcode": FAILURE if reply.failure else SUCCESS,
                "inf_refmsgid": f"{where}{answered_at[:14]}{next(self._serial) % 10**10:010d}",
                "refmsg_time": stamp(came),
                "respond_time": answered_at,
                "enctype": "",
                "signtype": "",
                "warn_msg": reply.warning or None,
                "cainfo": "",
                "err_msg": reply.failure[:_LONGEST],
                "output": None if reply.failure else reply.output,
            }
        )


def entries(node: Node, *names: str) -> list[Node]:
    """The nodes of a collection under one of these names: array, single object or nothing."""
    for name in names:
        found = opened(node.get(name))
        if type(found) is list:
            return [entry for entry in found if type(entry) is dict]
        if type(found) is dict and found:
            return [found]
    return []


def told_sign_no(request: Request) -> str:
    """The sign-in number a sign-out speaks of: in its node, under `input`, or in the envelope."""
    for node in (*entries(request.given, "signOut", "signout", "data"), request.given):
        if sign_no := word(node, "sign_no"):
            return sign_no
    return request.sign_no
