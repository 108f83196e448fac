"""The tables of the store.

Nothing here holds a name, an identity number, an address, a telephone or what anybody wrote: messages and reasons are sealed. A subject
(encounter, person) is kept by its key only; its id stands in the sealed message.
"""

from __future__ import annotations

from hengjian.lake.schema.layer import LAYER

FORMAT = "2"
"""How the tables lie; a store of another format is made anew by `gate warm`."""

INSTITUTION = tuple(c.name for c in LAYER["institution"].columns)
"""Columns of `institution`: those of the rule layer."""

_KINDS = {"BIGINT": "{big}", "INTEGER": "{big}", "VARCHAR": "TEXT"}
_INSTITUTION = ", ".join(f"{c.name} {_KINDS[c.sql]}" for c in LAYER["institution"].columns)

TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # the inbox: `loaded` is the lake version that first held the message, 0 = none yet; `body` '' = dropped after it was loaded
    """CREATE TABLE IF NOT EXISTS message (digest {blob} PRIMARY KEY, infno TEXT NOT NULL, msgid TEXT NOT NULL, fixmedins_code TEXT NOT NULL,
       inf_time TEXT NOT NULL, received_sec {big} NOT NULL, loaded {big} NOT NULL, body TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS message_msgid ON message (msgid)",
    "CREATE INDEX IF NOT EXISTS message_loaded ON message (loaded, received_sec)",
    """CREATE TABLE IF NOT EXISTS message_subject (kind TEXT NOT NULL, subject_key {big} NOT NULL, digest {blob} NOT NULL, folded {big} NOT NULL,
       PRIMARY KEY (kind, subject_key, digest)) {clustered}""",
    "CREATE INDEX IF NOT EXISTS message_subject_digest ON message_subject (digest)",
    "CREATE INDEX IF NOT EXISTS message_subject_unfolded ON message_subject (kind, subject_key) WHERE folded = 0",
    # a person's history; `place` is the person key turned so that a person bucket lies together (`history.place_of`)
    """CREATE TABLE IF NOT EXISTS person (place {key} PRIMARY KEY, gend TEXT, brdy_day {big}, brdy_ymd {big}, dead_day {big}, insutype TEXT,
       psn_type TEXT, acts {blob} NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS patient (org_key {big} NOT NULL, patn_key {big} NOT NULL, psn_key {big} NOT NULL,
       PRIMARY KEY (org_key, patn_key)) {clustered}""",
    f"CREATE TABLE IF NOT EXISTS institution ({_INSTITUTION}, PRIMARY KEY (org_key))",
    # what was asked and answered; times in civil seconds
    """CREATE TABLE IF NOT EXISTS check_note (n {serial}, msgid TEXT NOT NULL, infno TEXT NOT NULL, stage TEXT NOT NULL, fixmedins_code TEXT NOT NULL,
       dr_codg TEXT NOT NULL, at_sec {big} NOT NULL, micros {big} NOT NULL, psn_key {big}, visit_key {big}, insutype TEXT NOT NULL,
       lines {big} NOT NULL, skipped {big} NOT NULL, unaudited {big} NOT NULL, supplies {big} NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS check_note_at ON check_note (at_sec)",
    "CREATE INDEX IF NOT EXISTS check_note_visit ON check_note (visit_key) WHERE stage = 'during'",
    "CREATE INDEX IF NOT EXISTS check_note_person ON check_note (psn_key, at_sec) WHERE stage = 'during'",
    """CREATE TABLE IF NOT EXISTS skip (rule_id TEXT NOT NULL, fixmedins_code TEXT NOT NULL, dr_codg TEXT NOT NULL, at_sec {big} NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS skip_at ON skip (at_sec)",
    """CREATE TABLE IF NOT EXISTS reminder (jr_id TEXT PRIMARY KEY, rule_id TEXT NOT NULL, fingerprint TEXT NOT NULL, level TEXT NOT NULL,
       fixmedins_code TEXT NOT NULL, dr_codg TEXT NOT NULL, sn TEXT NOT NULL, amount {big} NOT NULL, finding_id TEXT NOT NULL,
       stage TEXT NOT NULL, at_sec {big} NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS reminder_at ON reminder (at_sec)",
    "CREATE TABLE IF NOT EXISTS feedback (jr_id TEXT PRIMARY KEY, way TEXT NOT NULL, reason TEXT NOT NULL, at_sec {big} NOT NULL)",
    """CREATE TABLE IF NOT EXISTS sign (sign_no TEXT PRIMARY KEY, fixmedins_code TEXT NOT NULL, opter_no TEXT NOT NULL, in_sec {big} NOT NULL,
       out_sec {big})""",
    """CREATE TABLE IF NOT EXISTS settled (digest {blob} PRIMARY KEY, fixmedins_code TEXT NOT NULL, psn_key {big}, visit_key {big},
       insutype TEXT NOT NULL, at_sec {big} NOT NULL, audited {big} NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS settled_at ON settled (at_sec)",
)
"""Statements that make the tables; {big}, {key}, {serial}, {blob}, {clustered} are words of the dialect."""

NONCE = (
    "CREATE TABLE IF NOT EXISTS nonce (paasid TEXT NOT NULL, nonce TEXT NOT NULL, until_sec {big} NOT NULL, PRIMARY KEY (paasid, nonce)) {clustered}",
    "CREATE INDEX IF NOT EXISTS nonce_until ON nonce (until_sec)",
)
"""The table of nonces: short-lived, written in the middle of a check."""


def spelled(statements: tuple[str, ...], words: dict[str, str]) -> list[str]:
    """The statements in one dialect."""
    return [statement.format(**words) for statement in statements]
