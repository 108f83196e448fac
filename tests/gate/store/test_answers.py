"""What was answered and said, and the numbers made of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hengjian.gate.acts import Feedback
from hengjian.gate.store import UNAUDITED, Audited, Figures, Settled, Sign, Store

from .parts import NOW, ORG, Opener, note, reminder

DAY = NOW // 86_400
OTHER = "H99010000002"


def test_only_reminders_that_were_given_can_be_answered(store: Store) -> None:
    store.note_checks([note(reminders=[reminder("J1"), reminder("J2")])])
    said = [
        Feedback("J1", "1", "病情需要", NOW),
        Feedback("X", "1", "", NOW),
        Feedback("J2", "2", "", NOW),
        Feedback("X", "2", "", NOW),
    ]
    assert store.feedback(said) == ["X"]
    assert store.feedback_of("J1") == said[0] and store.feedback_of("X") is None
    assert store.feedback([]) == []


def test_the_last_word_counts(store: Store) -> None:
    store.note_checks([note(reminders=[reminder("J1")])])
    store.feedback([Feedback("J1", "1", "再想想", NOW + 5), Feedback("J1", "2", "改了", NOW + 9)])
    store.feedback([Feedback("J1", "1", "迟到的旧话", NOW + 1)])
    assert store.feedback_of("J1") == Feedback("J1", "2", "改了", NOW + 9)


def test_a_nonce_is_taken_once(opened: Opener) -> None:
    stores = [opened(), opened()]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: stores[n % 2].nonce("A", "n1", NOW + 300), range(40)))
    assert sum(taken) == 1
    assert stores[0].nonce("B", "n1", NOW) and stores[1].nonce("A", "n2", NOW + 300)
    tomorrow = NOW + 86_400
    for n in range(1000):
        assert stores[0].nonce("C", f"n{n}", tomorrow + 200)
    assert stores[0].db.claim("DELETE FROM nonce WHERE paasid = 'A' AND nonce = 'n1'", ())  # not over for a day yet
    assert not stores[0].db.claim("DELETE FROM nonce WHERE paasid = 'B'", ())  # gone


def test_a_nonce_waits_for_no_commit(store: Store) -> None:
    with store.db.writing(durable=True) as work, ThreadPoolExecutor(1) as pool:
        work.run("INSERT INTO meta (name, value) VALUES ('x', 'y')")
        assert pool.submit(store.nonce, "A", "n1", NOW).result(5)


def test_signing_in_and_out(store: Store) -> None:
    mine = Sign("S1", ORG, "op1", NOW)
    assert store.sign_in(mine) and not store.sign_in(mine._replace(opter_no="op2"))
    assert store.sign("S1") == mine and store.sign("S2") is None
    assert store.sign_out("S1", NOW + 60) and not store.sign_out("S1", NOW + 70) and not store.sign_out("S2", NOW)
    assert store.sign("S1") == mine._replace(out_sec=NOW + 60)


@pytest.fixture
def busy(store: Store) -> Store:
    """A store with two institutions' checks on two days."""
    store.note_checks(
        [
            note(reminders=[reminder("J1"), reminder("J2", rule_id="drug_interval", amount=300)], micros=1000),
            note(reminders=[reminder("J3", dr="D2")], skipped=("drug_interval",), dr_codg="D2", micros=3000),
            note(micros=2000),
            note(NOW + 86_400, fixmedins_code=OTHER, reminders=[reminder("J4")], micros=500),
            note(NOW + 2 * 86_400, reminders=[reminder("J5")]),
        ]
    )
    store.feedback([Feedback("J1", "2", "", NOW), Feedback("J2", "1", "病情需要", NOW)])
    return store


def test_the_numbers_by_institution_doctor_rule_and_day(busy: Store) -> None:
    period = (NOW - 10, NOW + 2 * 86_400)  # the last check is outside
    mine = Figures(ORG, 3, 1, 3, 1, 1, 1, 1300, 500, 2000, 3000)
    assert busy.figures("institution", *period) == [mine, Figures(OTHER, 1, 0, 1, 0, 0, 1, 500, 0, 500, 500)]
    assert busy.figures("doctor", *period) == [
        Figures("D1", 3, 0, 3, 1, 1, 1, 1300, 500, 1000, 2000),
        Figures("D2", 1, 1, 1, 0, 0, 1, 500, 0, 3000, 3000),
    ]
    assert busy.figures("rule", *period) == [
        Figures("drug_interval", 0, 1, 1, 0, 1, 0, 300),
        Figures("drug_sex_limit", 0, 0, 3, 1, 0, 2, 1500, 500),
    ]
    days = busy.figures("day", *period)
    assert [(f.key, f.checks, f.reminders) for f in days] == [(DAY, 3, 3), (DAY + 1, 1, 1)]
    assert busy.figures("all", *period) == [Figures("", 4, 1, 4, 1, 1, 2, 1800, 500, 1000, 3000)]
    assert busy.figures("all", NOW + 9 * 86_400, NOW + 10 * 86_400) == []


def test_percentiles_are_values_that_were_measured(store: Store) -> None:
    store.note_checks([note(micros=m) for m in range(1, 1001)])
    (all_,) = store.figures("all", NOW, NOW + 1)
    assert (all_.p50, all_.p99) == (500, 990)


def settled(n: int, **other: object) -> Settled:
    told = {"fixmedins_code": ORG, "psn_key": 5, "visit_key": 50, "insutype": "310", "at_sec": NOW}
    return Settled(f"{n:032x}", **(told | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("check", "settlement", "audited"),
    [
        (note(stage="during"), settled(1), True),
        (note(NOW - 5 * 86_400, stage="during", psn_key=None), settled(1), True),  # the same visit, whenever
        (note(NOW, stage="during", visit_key=99), settled(1), True),  # the same person that day
        (note(NOW - 86_400, stage="during", visit_key=99), settled(1), False),  # the day before
        (note(NOW + 1, stage="during"), settled(1), False),  # after it was paid
        (note(stage="before"), settled(1), False),
        (note(stage="during", fixmedins_code=OTHER), settled(1), False),
        (note(stage="during", skipped=(UNAUDITED,)), settled(1), False),  # nothing was looked at
        (note(stage="during", skipped=("drug_interval",)), settled(1), True),
        (note(stage="during", psn_key=None, visit_key=None), settled(1, psn_key=None, visit_key=None), False),
    ],
)
def test_a_settlement_was_audited_before_or_not(store: Store, check, settlement: Settled, audited: bool) -> None:
    store.note_checks([check])
    store.note_settled([settlement])
    store.note_settled([settlement])  # told twice, counted once
    assert store.audited(NOW, NOW + 1)["employee"] == Audited(1, int(audited))


def test_the_share_by_fund(store: Store) -> None:
    store.note_checks([note(stage="during")])
    kinds = ("310", "340", "390", "392", "390", "", "410")
    store.note_settled([settled(n, insutype=kind, psn_key=5 + n, visit_key=50 + n) for n, kind in enumerate(kinds)])
    found = store.audited(NOW, NOW + 1)
    assert found == {"employee": Audited(2, 1), "resident": Audited(3, 0), "other": Audited(2, 0)}
    assert [a.share_e4 for a in found.values()] == [5000, 0, 0] and Audited().share_e4 is None


def test_rules_in_shadow_count_no_reminder(store: Store) -> None:
    store.note_checks([note(reminders=[reminder("J1"), reminder("J2", level="shadow")])])
    (all_of_it,) = store.figures("all", NOW - 10, NOW + 10)
    assert all_of_it.reminders == 1


def test_stops_are_counted_by_rule_version_and_day(store: Store) -> None:
    levels = {"J1": "reason", "J2": "no_pay", "J3": "warn", "J4": "inform"}
    store.note_checks([note(reminders=[reminder(jr_id, level=level) for jr_id, level in levels.items()])])
    fingerprint = reminder("J1").fingerprint
    assert store.stops(NOW - 10) == [(fingerprint, DAY, 2)] and store.stops(NOW + 10) == []
    assert store.first_used() == {fingerprint: DAY}


def test_lines_of_drugs_still_at_home_are_counted(store: Store) -> None:
    store.note_checks([note(supplies=2), note(supplies=1), note()])
    (all_of_it,) = store.figures("institution", NOW - 10, NOW + 10)
    assert (all_of_it.checks, all_of_it.supplies) == (3, 3)
