"""What was asked, answered and said to it; who signed in; which settlements had been audited before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from hengjian.crypto.seal import Sealer
from hengjian.gate.acts import CheckNote, Feedback
from hengjian.gate.store.database import Database, Value, listed, plain, slices
from hengjian.gate.store.keys import check_key, place

UNAUDITED = "*"
"""The one entry of `CheckNote.skipped` of a check that was shed or failed: nothing was looked at, and it audits no settlement."""

_NOTE = """INSERT INTO check_note (msgid, infno, stage, fixmedins_code, dr_codg, at_sec, micros, psn_key, visit_key, insutype, lines, skipped, unaudited,
supplies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_REMINDER = """INSERT INTO reminder (jr_id, rule_id, fingerprint, level, fixmedins_code, dr_codg, sn, amount, finding_id, stage, at_sec)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (jr_id) DO NOTHING"""
_SKIP = "INSERT INTO skip (rule_id, fixmedins_code, dr_codg, at_sec) VALUES (?, ?, ?, ?)"
_FEEDBACK = """INSERT INTO feedback (jr_id, way, reason, at_sec) VALUES (?, ?, ?, ?)
ON CONFLICT (jr_id) DO UPDATE SET way = excluded.way, reason = excluded.reason, at_sec = excluded.at_sec WHERE feedback.at_sec <= excluded.at_sec"""
_SIGN = """INSERT INTO sign (sign_no, fixmedins_code, opter_no, in_sec) VALUES (?, ?, ?, ?) ON CONFLICT (sign_no) DO NOTHING"""
_NONCE = "INSERT INTO nonce (paasid, nonce, until_sec) VALUES (?, ?, ?) ON CONFLICT (paasid, nonce) DO NOTHING"
_AUDITED = """SELECT 1 FROM check_note WHERE stage = 'during' AND unaudited = 0 AND fixmedins_code = ? AND at_sec <= ? AND {} LIMIT 1"""
_BY_VISIT, _BY_PERSON = _AUDITED.format("visit_key = ?"), _AUDITED.format("psn_key = ? AND at_sec >= ?")
_SETTLED = """INSERT INTO settled (digest, fixmedins_code, psn_key, visit_key, insutype, at_sec, audited) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (digest) DO NOTHING"""
_DAY, _SWEEP = 86_400, 1000


class Sign(NamedTuple):
    """A sign-in (9001) under its number; `out_sec` None: not signed out."""

    sign_no: str
    fixmedins_code: str
    opter_no: str
    in_sec: int
    out_sec: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A settlement (2207, 2304) as a message told it; `digest`: of that message. `at_sec`: when it was settled."""

    digest: str
    fixmedins_code: str
    psn_key: int | None
    visit_key: int | None
    insutype: str
    at_sec: int


class Answers:
    """Part of the store; see `Store`."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self.db, self.sealer, self._claims = db, sealer, count()

    def note_checks(self, notes: Sequence[CheckNote]) -> None:
        """Keep how checks went."""
        checks: list[list[Value]] = []
        reminders: list[list[Value]] = []
        skips: list[list[Value]] = []
        for n in notes:
            org, dr = plain(n.fixmedins_code), plain(n.dr_codg)
            asked: list[Value] = [plain(n.msgid), plain(n.infno), n.stage, org, dr, n.at_sec, n.micros]
            whose: list[Value] = [n.psn_key, n.visit_key, plain(n.insutype), n.lines]
            checks.append([*asked, *whose, len(n.skipped), int(UNAUDITED in n.skipped), n.supplies])
            skips += [[rule_id, org, dr, n.at_sec] for rule_id in n.skipped]
            for r in n.reminders:
                named: list[Value] = [r.jr_id, r.rule_id, r.fingerprint, r.level, org, plain(r.dr_codg) or dr, plain(r.sn)]
                reminders.append([*named, r.amount, r.finding_id, n.stage, n.at_sec])
        with self.db.writing(durable=False) as work:
            work.many(_NOTE, checks)
            work.many(_SKIP, skips)
            work.many(_REMINDER, sorted(reminders, key=lambda r: str(r[0])))

    def feedback(self, said: Sequence[Feedback]) -> list[str]:
        """Keep what doctors said to reminders, on the disk when this returns; the jr_ids of reminders that nobody gave. The latest counts."""
        with self.db.writing(durable=True) as work:
            known: set[str] = set()
            for part in slices(sorted({plain(f.jr_id) for f in said})):
                known |= {jr_id for (jr_id,) in work.rows(f"SELECT jr_id FROM reminder WHERE jr_id IN {listed(part)}", part)}
            rows = [
                (jr_id, plain(f.way), self.sealer.seal_text(place("feedback", jr_id), plain(f.reason)), f.at_sec)
                for f in sorted(said, key=lambda f: (f.jr_id, f.at_sec))
                if (jr_id := plain(f.jr_id)) in known
            ]
            work.many(_FEEDBACK, rows)
            check_key(work, self.sealer, self.db.shown)
        return list(dict.fromkeys(f.jr_id for f in said if plain(f.jr_id) not in known))

    def feedback_of(self, jr_id: str) -> Feedback | None:
        """What was said to one reminder."""
        found = self.db.read("SELECT way, reason, at_sec FROM feedback WHERE jr_id = ?", (plain(jr_id),))
        if not found:
            return None
        way, reason, at_sec = found[0]
        return Feedback(plain(jr_id), way, self.sealer.open_text(place("feedback", plain(jr_id)), reason), at_sec)

    def given_to(self, jr_ids: Sequence[str]) -> dict[str, str]:
        """Which institution was given each of these reminders; one that nobody was given is missing."""
        found: dict[str, str] = {}
        for part in slices(sorted({plain(jr_id) for jr_id in jr_ids})):
            found |= dict(self.db.read(f"SELECT jr_id, fixmedins_code FROM reminder WHERE jr_id IN {listed(part)}", part))
        return found

    def sign_in(self, sign: Sign) -> bool:
        """Keep a sign-in, on the disk when this returns; False: its number was taken."""
        with self.db.writing(durable=True) as work:
            return work.run(_SIGN, (plain(sign.sign_no), plain(sign.fixmedins_code), plain(sign.opter_no), sign.in_sec)) == 1

    def sign_out(self, sign_no: str, at_sec: int) -> bool:
        """Sign out; False: nobody is signed in under this number."""
        with self.db.writing(durable=True) as work:
            return work.run("UPDATE sign SET out_sec = ? WHERE sign_no = ? AND out_sec IS NULL", (at_sec, plain(sign_no))) == 1

    def sign(self, sign_no: str) -> Sign | None:
        """The sign-in of a number."""
        found = self.db.read(
            "SELECT sign_no, fixmedins_code, opter_no, in_sec, out_sec FROM sign WHERE sign_no = ?", (plain(sign_no),)
        )
        return Sign(*found[0]) if found else None

    def nonce(self, paasid: str, nonce: str, until_sec: int) -> bool:
        """Take a nonce for use until an instant; False: it was taken before. Those of the day before are dropped now and then."""
        if next(self._claims) % _SWEEP == 0:
            self.db.claim("DELETE FROM nonce WHERE until_sec < ?", (until_sec - _DAY,))
        return self.db.claim(_NONCE, (plain(paasid), plain(nonce), until_sec))

    def note_settled(self, settlements: Iterable[Settled]) -> None:
        """Keep settlements, each message once, and whether a check of the same visit, or of the same person on that day, came before at
        the same institution."""
        with self.db.writing(durable=False) as work:
            for s in sorted(settlements, key=lambda s: s.digest):
                org = plain(s.fixmedins_code)
                audited = bool(
                    (s.visit_key is not None and work.rows(_BY_VISIT, (org, s.at_sec, s.visit_key)))
                    or (s.psn_key is not None and work.rows(_BY_PERSON, (org, s.at_sec, s.psn_key, s.at_sec - s.at_sec % _DAY)))
                )
                told = (bytes.fromhex(s.digest), org, s.psn_key, s.visit_key, plain(s.insutype), s.at_sec, int(audited))
                work.run(_SETTLED, told)
