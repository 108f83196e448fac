"""A check from message to answer: read, resolve the person, take the past, judge, and say it in the national shape."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hengjian.gate.acts import CheckNote, Layout, Person, Reminder, Rows
from hengjian.gate.analysis import INFNOS, text
from hengjian.gate.case import Case, Visit, cases_of
from hengjian.gate.findings import Found, findings_of
from hengjian.gate.judge import Judge
from hengjian.gate.levels import LEVELS, STOPS, Levels
from hengjian.gate.numbers import moment, moment_of
from hengjian.gate.same import part
from hengjian.gate.supply import NAMED, Supply, supplies
from hengjian.kernel.amounts import to_yuan
from hengjian.kernel.dates import second_instant
from hengjian.kernel.keys import key_of
from hengjian.rulebook.model import Rule, Rulebook

MOST_LINES = 1_000
"""A check of more order lines is not judged: it is audited afterwards."""
NOT_CHECKED = "本次未审核，不影响诊疗；之后由事后审计审核。"
UNREGISTERED = "登记里没有机构 {}，与机构等级、所在地有关的规则没有审核。"
SHADOW = "shadow"
"""Level of what is only counted: by a rule in shadow, or not switched on yet at this institution."""
UNRESOLVED = "没有对应到参保人，只按本次就诊审核，没有查既往记录。"
SEVERITY = {True: "1", False: "2"}
"""sev_deg: 1 明确违规, 2 高度可疑 (the official digits are not public; a working assumption)."""
_MOST_TEXT = 500


class History(Protocol):
    """What a check asks of the store."""

    def person(self, psn_key: int) -> tuple[Person, Rows] | None:
        """A person and what is kept of him; None: unknown."""

    def patient(self, org_key: int, patn_key: int) -> int | None:
        """The psn_key of an institution's own patient id, where a relayed 1101 told it."""


@dataclass(frozen=True)
class Checked:
    """The answer of a check: national results, a word for `warn_msg` ("" = none), what is to be noted, and what more `output` tells."""

    result: list[dict[str, Any]]
    warn_msg: str
    note: CheckNote
    more: dict[str, Any] = field(default_factory=dict)


class Checker:
    """Answers checks. One thread uses one checker."""

    def __init__(self, book: Rulebook, judge: Judge, history: History, levels: Levels, *, budget_seconds: float = 0.05) -> None:
        """`budget_seconds`: what a check may take before rules are left for the audit."""
        self._judge, self._history, self.levels, self._budget = judge, history, levels, budget_seconds
        rules = {r.rule_id: r for stage in judge.rules.values() for r in stage}
        self._exemptions = book.exemptions
        self._fingerprints = {rule_id: book.fingerprint(rule)[:16] for rule_id, rule in rules.items()}

    @property
    def layout(self) -> Layout:
        """What is kept of the past."""
        return self._judge.layout

    def rules(self, stage: str) -> tuple[Rule, ...]:
        """The rules that are asked at a stage."""
        return self._judge.rules[stage]

    def check(self, infno: str, request: Mapping[str, Any], now_sec: int) -> Checked:
        """Answer one 3101, 3102 or a provincial twin. Never raises for what a message says."""
        begun, deadline = time.thread_time_ns(), time.perf_counter() + self._budget
        stage = INFNOS[infno]
        now = moment(text(request.get("inf_time"))) or moment_of(second_instant(now_sec))
        cases = cases_of(infno, request, now)
        note = CheckNote(
            text(request.get("msgid"))[:40],
            infno,
            stage,
            text(request.get("fixmedins_code")),
            "",
            now_sec,
            0,
            None,
            None,
            "",
            0,
        )
        if not cases or sum(len(c.visit.lines) for c in cases) > MOST_LINES:
            skipped = ("*",) if cases else ()
            return Checked([], NOT_CHECKED if cases else "没有读到要审核的就诊。", replace(note, skipped=skipped))
        results: list[dict[str, Any]] = []
        words: list[str] = []
        left: list[Supply] = []
        for case in cases:
            answered, note, supply = self._case(case, note, deadline)
            results += answered
            left += supply
            if case.unread:
                words.append(f"{len(case.unread)} 行医嘱的数量或金额读不出，没有审核：{'、'.join(case.unread[:3])}。")
            if case.visit.org_key not in self._judge.institutions:
                words.append(UNREGISTERED.format(case.fixmedins_code[:20] or "（没有写编号）"))
            if note.psn_key is None:
                words.append(UNRESOLVED)
            if note.skipped:
                words.append(f"有 {len(note.skipped)} 条规则这次没有来得及审核，之后由事后审计审核。")
        note = replace(note, micros=(time.thread_time_ns() - begun) // 1000)
        words += [one.sentence for one in left if one.days >= NAMED]
        return Checked(results, "".join(dict.fromkeys(words)), note, {"drug_days": [s.as_dict() for s in left]} if left else {})

    def _case(self, case: Case, note: CheckNote, deadline: float) -> tuple[list[dict[str, Any]], CheckNote, list[Supply]]:
        person, past = self._resolve(case)
        alone = past is None
        own, rest = part(case.visit, past or {}, self.layout)
        if past is not None:
            rest = _with_others(rest, case, self.layout)
        found, skipped = self.judge(case, person, own, rest, alone=alone, deadline=deadline)
        reminders, results = [], []
        for finding in found:
            reminder = self._reminder(finding, case, note)
            reminders.append(reminder)
            if reminder.level != SHADOW:
                results.append(national(finding, reminder, case))
        cells = case.visit.cells
        supply = [] if alone else supplies(case, rest, self.layout, self._judge.knowledge)
        noted = replace(
            note,
            fixmedins_code=note.fixmedins_code or case.fixmedins_code,
            dr_codg=next((line.dr_codg for line in case.visit.lines if line.dr_codg), str(cells.get("atddr_no") or "")),
            psn_key=None if alone else person.psn_key,
            visit_key=case.visit.mdtrt_key,
            insutype=str(cells.get("insutype") or ""),
            lines=note.lines + sum(line.current for line in case.visit.lines),
            reminders=(*note.reminders, *reminders),
            skipped=(*note.skipped, *skipped),
            supplies=note.supplies + sum(one.days >= NAMED for one in supply),
        )
        return results, noted, supply

    def judge(
        self, case: Case, person: Person, own: Rows, rest: Rows, *, alone: bool = False, deadline: float = 0.0
    ) -> tuple[list[Found], dict[str, str]]:
        """Findings about one case, and the rules that were not asked. `own`: rows of the visit beside the message's, `rest`: the past."""
        if case.visit.cells["insutype"] is None:
            case.visit.cells["insutype"] = person.insutype
        visit = case.visit.rows(self.layout)
        for table, rows in own.items():
            visit[table] = [*visit[table], *rows]
        keys = self._meet(case)
        verdict = self._judge.judge(case.stage, person, visit, rest, keys, alone=alone, deadline=deadline)
        known = self._diagnoses(visit, rest)
        may = [e for e in self._exemptions if not e.person or key_of(e.person) == person.psn_key]
        return findings_of(verdict.hits, case, rest, self.layout, self._judge.knowledge, known, may), verdict.skipped

    def _resolve(self, case: Case) -> tuple[Person, Rows | None]:
        """Who it is and what is kept of him; None instead of a past when that is not sure."""
        told = Person(key_of(case.patn_id), case.gend, case.born[0] if case.born else None, case.born[2] if case.born else None)
        found = self._history.person(told.psn_key) if case.patn_id else None
        if found is None and case.patn_id:
            linked = self._history.patient(case.visit.org_key, told.psn_key)
            found = self._history.person(linked) if linked is not None else None
        if found is None:
            return told, None
        known, past = found
        if _differ(known.gend, told.gend) or _differ(known.brdy_day, told.brdy_day):
            return told, None
        filled = known._replace(
            gend=known.gend or told.gend,
            brdy_day=known.brdy_day if known.brdy_day is not None else told.brdy_day,
            brdy_ymd=known.brdy_ymd if known.brdy_ymd is not None else told.brdy_ymd,
        )
        return filled, past

    def _meet(self, case: Case) -> set[int]:
        """The keys of the visit's codes; codes met for the first time are learnt."""
        knowledge = self._judge.knowledge
        keys = set()
        for line in case.visit.lines:
            knowledge.meet("item", line.item_key, line.code)
            keys.add(line.item_key)
        for of, rows, code in (("diag", case.visit.diagnoses, "diag_code"), ("oprn", case.visit.operations, "oprn_oprt_code")):
            for row in rows:
                key = key_of(str(row[code]))
                knowledge.meet(of, key, str(row[code]))
                keys.add(key)
        return keys

    def _diagnoses(self, visit: Rows, rest: Rows) -> set[str]:
        """Every diagnosis code the person is known with."""
        place = self.layout.place("diagnosis", "diag_key")
        keys = {row[place] for rows in (visit, rest) for row in rows.get("diagnosis", ())}
        return {code for key in keys if (code := self._judge.knowledge.code(int(key or 0)))}

    def _reminder(self, finding: Found, case: Case, note: CheckNote) -> Reminder:
        rule = finding.rule
        jr_id = hashlib.sha256(f"{note.fixmedins_code}\0{note.msgid}\0{finding.finding_id}".encode()).hexdigest()[:32]
        print_ = self._fingerprints[rule.rule_id]
        level = SHADOW
        region = self._judge.institutions.get(case.visit.org_key, "")
        if rule.status == "active" and rule.opens_at(case.visit.fixmedins_code, region):
            day = case.visit.lines[0].day if case.visit.lines else case.visit.in_day
            level = self.levels.level(
                rule.rule_id, print_, case.fixmedins_code, finding.certain, day, only_informs=case.only_informs
            )
        dr = next((line.dr_codg for line in case.visit.lines if line.sn == finding.sn), "") or str(
            case.visit.cells.get("atddr_no") or ""
        )
        return Reminder(jr_id, rule.rule_id, print_, level, dr, finding.sn, finding.amount_inscope, finding.finding_id)


def _differ(known: object, told: object) -> bool:
    return known is not None and told is not None and known != told


def _with_others(rest: Rows, case: Case, layout: Layout) -> Rows:
    """The past with the message's other visits that the gate does not know of."""
    org, day = layout.place("encounter", "org_key"), layout.place("encounter", "in_day")
    known = {(row[org], row[day]) for row in rest.get("encounter", ())} | {(case.visit.org_key, case.visit.in_day)}
    more: list[Visit] = [v for v in case.others if v.mdtrt_id and (v.org_key, v.in_day) not in known]
    if not more:
        return rest
    merged = {table: list(rows) for table, rows in rest.items()}
    for visit in more:
        for table, rows in visit.rows(layout).items():
            merged.setdefault(table, []).extend(rows)
    return merged


def national(finding: Found, reminder: Reminder, case: Case) -> dict[str, Any]:
    """One finding as `output.result` has it (wire-standard §3.2)."""
    label = LEVELS[reminder.level]
    amount = float(to_yuan(finding.amount_inscope))
    details = [_detail(reminder.jr_id, case, finding.sn, "1", amount)]
    if finding.other_sn:
        details.append(_detail(reminder.jr_id, case, finding.other_sn, "2", 0.0))
    ends = {"reason": "如需继续，请填写理由。", "no_pay": "继续使用的，基金不予支付；请填写理由。"}.get(reminder.level, "")
    return {
        "jr_id": reminder.jr_id,
        "rule_id": finding.rule.rule_id,
        "rule_name": finding.rule.title,
        "vola_cont": f"【{label}】{finding.sentence}{ends}"[:_MOST_TEXT],
        "patn_id": case.patn_id,
        "mdtrt_id": case.visit.mdtrt_id,
        "judge_result_detail_dtos": details,
        "vola_amt": amount,
        "vola_amt_stas": "1",
        "sev_deg": SEVERITY[finding.certain],
        "vola_evid": f"{finding.law}。知识：{finding.knowledge_ref}"[:_MOST_TEXT],
        "vola_bhvr_type": "2" if finding.sn else "1",
        "task_id": case.task_id,
        "exp_content": {"level": reminder.level, "reason_needed": reminder.level in STOPS},
    }


def _detail(jr_id: str, case: Case, sn: str, kind: str, amount: float) -> dict[str, Any]:
    place = hashlib.sha256(f"{jr_id}\0{sn}\0{kind}".encode()).hexdigest()[:32]
    return {
        "jrd_id": place,
        "patn_id": case.patn_id,
        "mdtrt_id": case.visit.mdtrt_id,
        "rx_id": sn,
        "vola_item_type": kind,
        "vola_amt": amount,
    }
