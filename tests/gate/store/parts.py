"""Messages, persons and a fold for the tests of the store. Everything is invented."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hengjian.crypto.seal import Sealer
from hengjian.gate.acts import CheckNote, Layout, Person, Reminder, Rows
from hengjian.gate.store import Incoming, Store
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import ENCOUNTER, Message, Subject, parse, written

SEALER = Sealer("ktest", bytes(range(32)))
ORG = "H99010000001"
NOW = 1_790_000_000

LAYOUT = Layout(
    {
        "encounter": ("mdtrt_key", "org_key", "in_day"),
        "diagnosis": ("mdtrt_key", "diag_key"),
        "operation": ("mdtrt_key", "oprn_key"),
        "fee_line": ("mdtrt_key", "org_key", "feedetl_sn", "fee_day", "net_amt"),
    }
)

Opener = Callable[[], Store]


def line(mdtrt_id: str, sn: int, *, psn_no: str = "P1", amount: str = "10.00", name: str = "") -> bytes:
    """A 2204 with one fee line, as one line."""
    fee = {"feedetl_sn": str(sn), "mdtrt_id": mdtrt_id, "psn_no": psn_no, "det_item_fee_sumamt": amount, "dr_name": name}
    request = {
        "infno": "2204",
        "msgid": f"{ORG}20260901080000{sn:04d}",
        "inf_time": "2026-09-01 08:00:00",
        "fixmedins_code": ORG,
        "input": {"feedetail": [fee]},
    }
    return written(request, {"infcode": "0", "output": {"result": [fee]}})


def incoming(raw: bytes, at: int = NOW) -> Incoming:
    """A line as it comes in."""
    said = parse(raw)
    assert isinstance(said, Message), said
    return Incoming.of(said, raw, at)


def messages(visits: int, lines: int) -> list[Incoming]:
    """Messages of several visits, one person each."""
    return [incoming(line(f"M{v}", v * 100 + n, psn_no=f"P{v}")) for v in range(visits) for n in range(lines)]


def visit(mdtrt_id: str, lines: int = 1, day: int = 20_500) -> Rows:
    """Rows of one encounter in `LAYOUT`."""
    key = key_of(mdtrt_id)
    return {
        "encounter": [(key, key_of(ORG), day)],
        "fee_line": [(key, key_of(ORG), str(n), day, 1000) for n in range(lines)],
    }


def reminder(
    jr_id: str, *, rule_id: str = "drug_sex_limit", dr: str = "D1", amount: int = 500, level: str = "warn"
) -> Reminder:
    """A reminder."""
    return Reminder(jr_id, rule_id, "f1", level, dr, "1", amount, f"finding-{jr_id}")


def note(at: int = NOW, *, reminders: Sequence[Reminder] = (), **other: Any) -> CheckNote:
    """How a check went."""
    asked: dict[str, Any] = {
        "msgid": "m",
        "infno": "3101",
        "stage": "before",
        "fixmedins_code": ORG,
        "dr_codg": "D1",
        "at_sec": at,
        "micros": 700,
        "psn_key": 5,
        "visit_key": 50,
        "insutype": "310",
        "lines": 3,
    }
    return CheckNote(**(asked | other), reminders=tuple(reminders))


def fold_lines(subjects: Sequence[Subject], store: Store) -> None:
    """A small fold: an encounter's rows are its 2204 lines by number, each once."""
    changed = {}
    for subject in subjects:
        if subject.kind != ENCOUNTER:
            continue
        fees = {}
        for raw in store.messages_of(subject):
            for fee in json.loads(raw)["request"]["input"]["feedetail"]:
                fees[fee["feedetl_sn"]] = fee
        key, psn_key = key_of(subject.key), key_of(next(iter(fees.values()))["psn_no"])
        person, rows = changed.get(psn_key) or store.person(psn_key) or (Person(psn_key), {})
        rest = {table: [row for row in found if row[0] != key] for table, found in rows.items()}
        mine = [(key, key_of(ORG), sn, 20_500, round(float(f["det_item_fee_sumamt"]) * 100)) for sn, f in sorted(fees.items())]
        rest["fee_line"] = rest.get("fee_line", []) + mine
        changed[psn_key] = person, rest
    store.put_persons(changed.values())
