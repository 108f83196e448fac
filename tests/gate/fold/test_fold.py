"""Any order, repeats and batches of messages end in one history, and it is the lake's."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.gate.acts import ACT_TABLES, Person, Rows
from hengjian.gate.fold import recent, twelve_months_before
from hengjian.kernel.dates import day_number
from hengjian.kernel.keys import key_of
from hengjian.lake.ingest import load_folder
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import open_lake
from hengjian.lake.wire import ENCOUNTER, Subject, written
from tests.gate.fold.lives import OTHER, lives
from tests.gate.fold.memory import LAYOUT, TODAY, MemoryStore
from tests.lake.folder import NOW, write_csv
from tests.lake.wire.messages import (
    HOSPITAL,
    PERSON,
    STAY,
    VISIT,
    admission,
    cancel,
    detail,
    fees,
    insurance,
    person,
    settlement,
    visit,
    which,
)

P1, P2 = key_of(PERSON), key_of(OTHER)


def history(*batches: list[bytes]) -> dict[int, tuple[Person, Rows]]:
    store = MemoryStore()
    for batch in batches:
        store.receive(*batch)
    return store.history()


def sent(*messages: tuple[Any, ...]) -> list[bytes]:
    return [written(*message) for message in messages]


def acts(found: dict[int, tuple[Person, Rows]], table: str, *columns: str, of: int = P1) -> list[tuple[Any, ...]]:
    places = [LAYOUT.place(table, column) for column in columns]
    return [tuple(row[place] for place in places) for row in found[of][1][table]] if of in found else []


def cut(lines: list[bytes], chance: random.Random) -> list[list[bytes]]:
    """Lines in any order, some twice, in batches."""
    shuffled = lines + chance.choices(lines, k=len(lines) // 3)
    chance.shuffle(shuffled)
    edges = sorted(chance.choices(range(len(shuffled) + 1), k=chance.randrange(6)))
    return [shuffled[a:b] for a, b in zip([0, *edges], [*edges, len(shuffled)], strict=True)]


@settings(max_examples=60)
@given(st.data(), st.randoms(use_true_random=False))
def test_any_order_in_any_batches_ends_in_the_same_history(data: st.DataObject, chance: random.Random) -> None:
    lines = lives(lambda among: data.draw(st.sampled_from(among)), 2)
    assert history(*cut(lines, chance)) == history(lines)


def lake_history(lake: Path) -> dict[int, Rows]:
    """The rule rows of the lake by person, in the order of the gate."""
    version, found = open_lake(lake), dict[int, Rows]()
    with duckdb.connect() as con:
        for table in ACT_TABLES:
            if rows := rows_sql(version, f"rule_{table}"):
                columns = ", ".join(LAYOUT.columns[table])
                for psn_key, *row in con.execute(f"SELECT psn_key, {columns} FROM {rows}").fetchall():
                    found.setdefault(psn_key, {t: [] for t in ACT_TABLES})[table].append(tuple(row))
    return {key: in_order(rows) for key, rows in found.items()}


def in_order(rows: Rows) -> Rows:
    return {table: sorted(rows.get(table, ()), key=str) for table in ACT_TABLES}


def lake_persons(lake: Path) -> dict[int, Person]:
    columns = ", ".join(Person._fields)
    with duckdb.connect() as con:
        rows = con.execute(f"SELECT {columns} FROM {rows_sql(open_lake(lake), 'rule_person')}").fetchall()
    return {row[0]: Person(*row) for row in rows}


def load_lines(folder: Path, lake: Path, lines: list[bytes]) -> None:
    folder.mkdir()
    (folder / "报文.ndjson").write_bytes(b"".join(lines))
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": str(TODAY)}])
    load_folder(folder, lake, now=NOW)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_history_is_that_of_the_lake(tmp_path: Path, seed: int) -> None:
    """Sixty visits of two persons, in one load or in three, in any order."""
    chance = random.Random(seed)
    lines = lives(chance.choice, 60)
    batches = cut(lines, chance)
    found = history(*batches)
    third = len(lines) // 3 if seed > 1 else len(lines)
    shuffled = chance.sample(lines, len(lines))
    for number, start in enumerate(range(0, len(lines), third)):
        load_lines(tmp_path / str(number), tmp_path / "lake", shuffled[start : start + third])
    wanted = lake_history(tmp_path / "lake")
    assert {key: in_order(rows) for key, (_, rows) in found.items() if any(rows.values())} == wanted
    assert sum(len(rows["fee_line"]) for rows in wanted.values()) > 60
    told = lake_persons(tmp_path / "lake")
    assert {key: who for key, (who, _) in found.items() if who != Person(key)} == {
        key: who for key, who in told.items() if who.gend or who.brdy_day
    }


def test_what_is_drawn_reaches_what_matters() -> None:
    chance, seen = random.Random(5), Counter[str]()
    for number in range(60):
        for _, rows in history(lives(chance.choice, 4, f"N{number}")).values():
            for inscp, fund, net in acts({P1: (Person(P1), rows)}, "fee_line", "net_inscp", "fund_amt", "net_cnt_e4"):
                seen["shared"] += fund > 0
                seen["given back"] += net == 0 and inscp == 0
        seen["two persons"] += 1
    assert min(seen.values()) > 10, seen


# one visit ------------------------------------------------------------------------------------------------------------------
def test_a_cancelled_visit_leaves_nothing() -> None:
    day = sent(person(), visit(), fees(detail("1")))
    gone = sent(which("2202", at="2026-03-01 09:30:00"))
    assert acts(history(day), "fee_line", "net_amt") == [(1050,)]
    for batches in ([day, gone], [gone, day], [day + gone]):
        found = history(*batches)
        assert not any(found[P1][1].values()) and found[P1][0].gend == "1"


def test_a_visit_that_moves_to_another_person_leaves_the_former() -> None:
    first = sent(person(), person(psn_no=OTHER), visit())
    moved = sent(visit(at="2026-03-01 09:05:00", psn_no=OTHER))
    for batches in ([first, moved], [moved, first], [first + moved]):
        found = history(*batches)
        assert acts(found, "encounter", "mdtrt_key") == [] and acts(found, "encounter", "mdtrt_key", of=P2) == [
            (key_of(VISIT),)
        ]


def test_a_settled_line_that_was_there_is_the_same_line() -> None:
    day = sent(person(), visit(), fees(detail("1")))
    unsettled, settled = history(day), history(day, sent(settlement()))
    assert acts(unsettled, "fee_line", "feedetl_sn", "fund_amt") == [("1", 0)]
    assert acts(settled, "fee_line", "feedetl_sn", "fund_amt") == [("1", 750)]


def test_a_visit_that_came_by_file_keeps_its_history() -> None:
    """Fees, a cancellation or a settlement without the visit's beginning say nothing of what was loaded before."""
    warm = MemoryStore()
    warm.receive(*sent(person(), visit(), fees(detail("1"))))
    store = MemoryStore()
    store.kept = dict(warm.kept)
    store.receive(
        *sent(fees(detail("2"), at="2026-03-01 09:40:00"), settlement()), *sent(which("2202", at="2026-03-01 11:00:00"))
    )
    assert store.history() == warm.history()


def test_a_visit_of_which_messages_were_dropped_keeps_its_history() -> None:
    store = MemoryStore()
    store.receive(*sent(person(), visit(), fees(detail("1"))))
    before, subject = store.history(), Subject(ENCOUNTER, VISIT)
    store.gone[subject] = len(store.under.pop(subject))
    store.receive(*sent(visit(at="2026-03-02 09:05:00", med_type="14")))
    assert store.history() == before


def test_a_visit_keeps_its_history_when_who_said_the_insurance_was_dropped() -> None:
    store, subject = MemoryStore(), Subject("person", PERSON)
    first, answered = visit()
    store.receive(*sent(person(), (first | {"insuplc_admdvs": ""}, answered)))
    store.gone[subject] = len(store.under.pop(subject))
    before = store.history()
    asked, told = visit(at="2026-03-01 09:05:00")
    store.receive(written(asked | {"insuplc_admdvs": ""}, told))
    assert before[P1][1]["encounter"] and store.history() == before


def test_a_visit_that_does_not_say_its_insurance_waits_for_the_person() -> None:
    silent = sent(visit(), fees(detail("1")))
    found = history(silent)
    assert acts(found, "encounter", "insutype") == []
    assert acts(history(silent, sent(person())), "encounter", "insutype") == [("310",)]
    changed = sent(person(insurance("390"), at="2026-05-01 08:00:00"))
    for batches in ([silent, sent(person()), changed], [changed, sent(person()), silent], [changed, silent, sent(person())]):
        assert acts(history(*batches), "encounter", "insutype") == [("390",)]


def test_what_is_refused_by_the_loader_is_no_history() -> None:
    found = history(
        sent(person(), visit(), fees(detail("1"), detail("2", cnt="一"), detail("3", fee_ocur_time="2027-01-01 00:00:00")))
    )
    assert acts(found, "fee_line", "feedetl_sn") == [("1",)]


def test_a_change_of_a_stay_that_began_elsewhere_is_left_to_the_lake() -> None:
    asked, told = admission()
    change = asked | {"infno": "2403", "inf_time": "2026-03-02 09:00:00"}
    change["input"]["mdtrtinfo"]["mdtrt_id"] = STAY
    assert acts(history(sent(person(), (change, told))), "encounter", "mdtrt_key") == []
    assert acts(history(sent(person(), (change, told)), sent(admission())), "encounter", "mdtrt_key") == [(key_of(STAY),)]


@settings(max_examples=100)
@given(st.data())
def test_nothing_that_is_a_message_stops_folding(data: st.DataObject) -> None:
    """Any value in any place of any message: what cannot be understood is no history, and nothing fails."""
    lines = lives(lambda among: data.draw(st.sampled_from(among)), 1)
    store = MemoryStore()
    for raw in lines:
        body = json.loads(raw)
        places = list(_places(body["request"]["input"])) + list(_places((body["response"] or {}).get("output")))
        for _ in range(data.draw(st.integers(0, 2))):
            node, name = data.draw(st.sampled_from(places or [({}, "x")]))
            node[name] = data.draw(st.sampled_from(ODD_VALUES))
        store.receive(json.dumps(body, ensure_ascii=False).encode())
    store.history()


ODD_VALUES: list[Any] = [
    None, "", "-", True, [], {}, [[]], 0, -1, 10**30, 1e300, "1e400", "x" * 5000, "９９", "\ud800"[:0], "a\u0000b", "0001-01-01", "99991231235959",
    "2026-02-30", {"psn_no": {"psn_no": 1}}, '{"psn_no": "P9"}', "[" * 200, "１９６０年", "٣", "2026-03-01 24:00:00", "9" * 5000,
]  # fmt: skip


def _places(node: Any) -> Any:
    """Every place of a value below a node."""
    for name in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, name
        yield from _places(node[name])


# persons --------------------------------------------------------------------------------------------------------------------
def test_a_person_is_known_from_the_answer() -> None:
    ((who, rows),) = history(sent(person())).values()
    assert who == Person(P1, "1", -3532, 19600501, None, "310", "11") and not any(rows.values())


def test_a_person_known_from_files_stays_until_a_message_is_understood() -> None:
    """As in the lake: what cannot be understood replaces nothing, and takes back what messages said before."""
    by_file, store = Person(P1, "1", -3532, 19600501, 20_000, "310", "11"), MemoryStore()
    store.put_persons([(by_file, {})])
    store.receive(*sent(person(brdy="2026-02-30")))
    assert store.history()[P1][0] == by_file
    store.receive(*sent(person(at="2026-03-02 08:00:00", gend="2")))
    assert store.history()[P1][0] == by_file._replace(gend="2")
    store.receive(*sent(person(at="2026-03-03 08:00:00", brdy="2026-02-30")))
    assert store.history()[P1][0] == Person(P1, dead_day=20_000)


def test_of_a_person_whose_messages_were_dropped_what_is_new_is_added() -> None:
    store, subject = MemoryStore(), Subject("person", PERSON)
    store.receive(*sent(person()))
    store.gone[subject] = len(store.under.pop(subject))
    store.receive(*sent(settlement(psn_type="12", brdy="")))
    assert store.history()[P1][0] == Person(P1, "1", -3532, 19600501, None, "310", "12")


@pytest.mark.parametrize(
    "more", [{"patn_id": "H-7"}, {"exp_content": {"patn_id": "H-7"}}, {"expContent": '{"patnId": "H-7"}'}, {"patnId": " H-7 "}]
)
def test_the_hospitals_own_patient_id_is_linked(more: dict[str, Any]) -> None:
    asked, told = person()
    asked["input"]["data"] |= more
    store = MemoryStore()
    store.receive(written(asked, told))
    assert store.patients == {(key_of(HOSPITAL), key_of("H-7")): P1}


def test_the_last_answer_says_whom_a_patient_id_means() -> None:
    lines = []
    for psn_no, at in ((OTHER, "2026-02-01 08:00:00"), (PERSON, "2026-02-02 08:00:00")):
        asked, told = person(psn_no=psn_no, at=at)
        asked["input"]["data"]["patn_id"] = "H-7"
        lines.append(written(asked, told))
    failed = written(asked | {"inf_time": "2026-02-03 08:00:00"}, told | {"infcode": -1, "err_msg": "没有这个人"})
    for batches in ([lines], [lines[:1], lines[1:]], [lines[1:], lines[:1], [failed]]):
        store = MemoryStore()
        for batch in batches:
            store.receive(*batch)
        assert set(store.patients.values()) == {P1}


# twelve months --------------------------------------------------------------------------------------------------------------
def test_a_visit_is_dropped_a_year_after_its_last_act() -> None:
    found = history(sent(person(), visit(), fees(detail("1"), detail("2", fee_ocur_time="2026-03-03 09:00:00"))))
    first, last = day_number(date(2026, 3, 1)), day_number(date(2026, 3, 3))
    assert recent(found[P1][1], LAYOUT, first) == found[P1][1]
    later = {P1: (Person(P1), recent(found[P1][1], LAYOUT, last))}
    assert acts(later, "fee_line", "feedetl_sn") == [("2",)]
    assert [len(rows) for rows in later[P1][1].values()] == [1, 1, 0, 1]
    assert not any(recent(found[P1][1], LAYOUT, last + 1).values())
    assert twelve_months_before(date(2028, 2, 29)) == date(2027, 2, 28)
    old = []
    for name, begun in (("OLD", "2025-10-30 08:00:00"), ("NEW", "2025-10-31 08:00:00")):
        asked, told = visit(name, begntime=begun, insutype="310")
        asked["input"]["diseinfo"] = []
        old.append((asked, told))
    assert acts(history(sent(*old)), "encounter", "mdtrt_key") == [(key_of("NEW"),)]


# the whole life of one visit ------------------------------------------------------------------------------------------------
def test_the_whole_life_of_one_honest_visit(tmp_path: Path) -> None:
    """Upload, pre-settlement, settlement, refund, settled again, everything sent twice: at each step the history is the lake's."""
    trial, told = settlement("T1", at="2026-03-01 09:15:00", serial=9)
    steps = {
        "who": sent(person()),
        "upload": sent(visit(), fees(detail("1"), detail("2", med_list_codg="XJ01FAA051A001010201187"))),
        "trial": sent((trial | {"infno": "2206"}, told)),
        "settled": sent(settlement("S1", medfee_sumamt=21, inscp_scp_amt=21, fund_pay_sumamt=15.01)),
        "again": sent(visit(), settlement("S1", medfee_sumamt=21, inscp_scp_amt=21, fund_pay_sumamt=15.01)),
        "refund": sent(cancel()),
        "later": sent(
            settlement("S2", at="2026-03-01 10:30:00", serial=2, medfee_sumamt=21, inscp_scp_amt=21, fund_pay_sumamt=14.99)
        ),
    }
    shares = {"settled": [750, 751], "again": [750, 751], "later": [749, 750]}
    store = MemoryStore()
    for name, lines in steps.items():
        store.receive(*lines)
        load_lines(tmp_path / name, tmp_path / "lake", lines)
        found = store.history()
        assert {key: in_order(rows) for key, (_, rows) in found.items() if any(rows.values())} == lake_history(
            tmp_path / "lake"
        ), name
        assert sorted(fund for (fund,) in acts(found, "fee_line", "fund_amt")) == shares.get(
            name, [0, 0] if name != "who" else []
        ), name
    assert acts(found, "encounter", "fund_amt") == [(1499,)]
