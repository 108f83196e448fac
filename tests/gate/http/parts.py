"""A small judge and a folding that leaves everything alone, for tests of the HTTP side. The judge is strict: odd requests break it."""

from collections import Counter
from dataclasses import dataclass, field

from hengjian.gate.acts import CheckNote, Reminder

BREAKS = "打断审核"
"""A patient of this name breaks the judge."""


@dataclass
class Said:
    result: list
    note: CheckNote
    warn_msg: str = ""
    more: dict = field(default_factory=dict)


class TwiceInOneOrder:
    """Reminds of a code that stands twice in one request."""

    def check(self, infno, request, now_sec):
        (patient,) = request["input"]["data"]["patient_dtos"]
        if patient["patn_name"] == BREAKS:
            raise RuntimeError(BREAKS)
        lines = [line for visit in patient["fsi_encounter_dtos"] for line in visit["fsi_order_dtos"]]
        twice = [code for code, count in Counter(line["hilist_code"] for line in lines).items() if count > 1]
        jr_ids = [f"JR{request['msgid']}{number:03d}" for number, _ in enumerate(twice)]
        result = [
            {"jr_id": jr_id, "rule_id": "twice", "vola_cont": f"{code} 重复"} for jr_id, code in zip(jr_ids, twice, strict=True)
        ]
        reminders = tuple(Reminder(jr_id, "twice", "f1", "warn", "D1", "", 100, jr_id) for jr_id in jr_ids)
        stage = "before" if infno == "3101" else "during"
        note = CheckNote(
            str(request["msgid"]),
            infno,
            stage,
            str(request["fixmedins_code"]),
            "D1",
            now_sec,
            500,
            1,
            2,
            "310",
            len(lines),
            reminders,
        )
        return Said(result, note)


def build_checker(settings, store):
    return TwiceInOneOrder()


def build_fold(settings):
    return lambda subjects, store: None
