"""What is done with each kind of trade once its envelope is open: judge, keep, answer."""

from __future__ import annotations

import asyncio
import logging
import secrets
from concurrent.futures import Future
from typing import TypeVar

from hengjian.gate.acts import CheckNote
from hengjian.gate.body import Body
from hengjian.gate.envelope import NOT_AUDITED, Reply, Request, civil_seconds, refused, stamp, told_sign_no
from hengjian.gate.feedback import read_feedback, unknown_sentence
from hengjian.gate.lines import too_many_lines
from hengjian.gate.protocols import Checks, GateStore, Writes
from hengjian.gate.settings import GateSettings
from hengjian.gate.store import UNAUDITED, Incoming, Sign, Store
from hengjian.gate.trades import Kind
from hengjian.gate.trouble import tell
from hengjian.gate.uploads import acknowledge, read_upload, settlement

logger = logging.getLogger(__name__)
_T = TypeVar("_T")
NOTHING_JUDGED = Reply({"result": []}, warning=NOT_AUDITED, outcome="skipped")
"""A check that did not run: the order goes on, and is audited afterwards."""
_LATER = "闸口没有存下来，请稍后原样重发（重复发送不会重复计）"


class Desk:
    """Joins judge, disk and writer for one worker. `checks` may be replaced at any time."""

    def __init__(self, checks: Checks, store: GateStore, writer: Writes, settings: GateSettings) -> None:
        self.checks = checks
        self._store, self._writer, self._settings = store, writer, settings

    def check(self, infno: str, body: Body, request: Request, came: float, *, late: bool = False) -> Reply:
        """3101, 3102: judge. Whatever goes wrong, or when the worker is `late`, the order passes unjudged, which is noted for the audit."""
        now_sec = civil_seconds(came)
        try:
            if late or too_many_lines(body.node, len(body.raw), self._settings.most_lines):
                note: CheckNote | None = _unjudged(infno, request, now_sec)
                reply = NOTHING_JUDGED
            else:
                checked = self.checks.check(infno, request.envelope, now_sec)
                found, note = checked.result, checked.note
                reply = Reply({"result": found, **checked.more}, warning=checked.warn_msg, outcome="found" if found else "ok")
        except Exception as error:
            tell(logger, "a check failed", error)
            reply, note = NOTHING_JUDGED, _unjudged(infno, request, now_sec)
        if note is not None:
            self._note(note)
        return reply

    async def upload(self, body: Body, request: Request, speaker: str, came: float) -> Reply:
        """An upload: acknowledged when it is durable, and only then."""
        message = read_upload(body, request)
        if isinstance(message, Reply):
            return message
        if speaker and message.fixmedins_code.upper() != speaker:
            return refused(f"这个账号属于 {speaker}，不能替 {message.fixmedins_code[:20]} 上传", "not_theirs")
        try:
            await self._durable(self._writer.put(Incoming.of(message, body.raw, civil_seconds(came))))
            if settled := settlement(message, civil_seconds(came)):
                self._writer.run(lambda store: store.note_settled([settled]))  # nobody waits for what is only counted
            others = set(self._store.digests_of_msgid(message.msgid)) - {message.digest} if message.msgid else set()
        except Exception as error:
            tell(logger, "an upload was not kept", error)
            return refused(_LATER, "not_kept_error")
        return acknowledge(message, bool(others))

    async def feedback(self, request: Request, speaker: str, came: float) -> Reply:
        """3103: what the doctor did, kept before it is acknowledged. A reminder given to another institution is as unknown as none."""
        said = read_feedback(request, civil_seconds(came))
        if isinstance(said, Reply):
            return said
        try:
            theirs = said
            if speaker:
                given = await self._durable(self._writer.run(lambda store: store.given_to([each.jr_id for each in said])))
                theirs = [each for each in said if given.get(each.jr_id) == speaker]
            kept = [await self._durable(future) for future in [self._writer.feedback(each) for each in theirs]]
        except Exception as error:
            tell(logger, "a feedback was not kept", error)
            return refused(_LATER, "not_kept_error")
        known = {each.jr_id for each, found in zip(theirs, kept, strict=True) if found}
        unknown = list(dict.fromkeys(each.jr_id for each in said if each.jr_id not in known))
        return refused(unknown_sentence(unknown, sum(kept)), "unknown_reminder") if unknown else Reply({})

    async def sign(self, kind: Kind, request: Request, came: float) -> Reply:
        """9001, 9002: a sign-in number and its end."""
        now_sec, at = civil_seconds(came), stamp(came)
        written = f"{at[:4]}-{at[4:6]}-{at[6:8]} {at[8:10]}:{at[10:12]}:{at[12:14]}"
        institution = request.fixmedins_code
        if not institution:
            return refused("报文没有定点医药机构编号 fixmedins_code；请补上")
        try:
            if kind is Kind.SIGN_IN:
                sign = Sign(f"{at[:14]}{secrets.randbelow(10**10):010d}", institution[:20], request.opter[:30], now_sec)
                await self._durable(self._writer.run(lambda store: store.sign_in(sign)))
                return Reply({"signinoutb": {"sign_time": written, "sign_no": sign.sign_no}})
            sign_no = told_sign_no(request)
            if not sign_no:
                return refused("签退没有写签到流水号 sign_no；写签到时得到的那个")
            if not await self._durable(self._writer.run(lambda store: _signed_out(store, sign_no, institution, now_sec))):
                return refused(f"没有签到流水号 {sign_no[:40]}，或不是贵机构签到的；请核对 sign_no", "unknown_sign_no")
        except Exception as error:
            tell(logger, "a sign-in or sign-out was not kept", error)
            return refused(_LATER, "not_kept_error")
        return Reply({"signinoutb": {"sign_time": written, "sign_no": sign_no}})

    def _note(self, note: CheckNote) -> None:
        try:
            self._writer.note(note)
        except Exception as error:
            tell(logger, "the note of a check was not kept", error)

    async def _durable(self, future: Future[_T]) -> _T:
        """What the writer says, within the time a client waits. The future itself is never cancelled: the writer holds it."""
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait((waiting,), timeout=self._settings.commit_seconds)
        if not done:
            waiting.add_done_callback(_heard)
            raise TimeoutError
        return waiting.result()


def _heard(waiting: asyncio.Future[_T]) -> None:
    """What comes too late is looked at all the same, so that no failure goes unheard."""
    if not waiting.cancelled() and (error := waiting.exception()) is not None:
        tell(logger, "a late write failed", error)


def _signed_out(store: Store, sign_no: str, institution: str, now_sec: int) -> bool:
    """Whether somebody of this institution is signed out now; signing out twice does no harm."""
    sign = store.sign(sign_no)
    if sign is None or sign.fixmedins_code != institution:
        return False
    return sign.out_sec is not None or store.sign_out(sign_no, now_sec)


def _unjudged(infno: str, request: Request, now_sec: int) -> CheckNote:
    """The note of a check that did not run."""
    stage = "before" if infno == "3101" else "during"
    return CheckNote(
        request.msgid[:40], infno, stage, request.fixmedins_code[:20], "", now_sec, 0, None, None, "", 0, (), (UNAUDITED,)
    )
