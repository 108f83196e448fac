"""The history from a lake: what counts of twelve months, the same however often, and nothing lost that came through the gate."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from hengjian.city.builder import build
from hengjian.city.plan import Plan
from hengjian.gate.acts import ACT_TABLES, Layout, Person, Rows
from hengjian.gate.layout import layout_of
from hengjian.gate.store import Institution, Store
from hengjian.gate.warm import since, warm
from hengjian.gate.writer import Writer
from hengjian.kernel.dates import day_number
from hengjian.kernel.keys import key_of
from hengjian.lake.ingest import load_folder
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.rulebook import load_rulebook

from ...lake.folder import NOW, load, make_folder, query, row
from .parts import LAYOUT, ORG, Opener, fold_lines, incoming, line

SINCE = since("2026-10-31", 12)


def test_twelve_months_before_the_day_of_the_data() -> None:
    assert day_number(date(2025, 10, 31)) == SINCE
    assert since("2026-02-28", 12) == day_number(date(2025, 2, 28)) and since("2024-02-29", 12) == day_number(date(2023, 2, 28))
    assert since("2026-01-31", 3) == day_number(date(2025, 10, 31)) and since("2026-03-31", 1) == day_number(date(2026, 2, 28))


@pytest.fixture(scope="module")
def layout() -> Layout:
    return layout_of(load_rulebook())


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> LakeVersion:
    """A lake with visits on both sides of the first day."""
    lake = tmp_path_factory.mktemp("village") / "lake"

    def visit(mdtrt_id: str, begun: str, ended: str, *fees: str, psn_no: str = "P1", kind: str = "21"):
        own = {"mdtrt_id": mdtrt_id, "psn_no": psn_no}
        return (
            row("encounter", **own, med_type=kind, begntime=f"{begun} 09:00:00", endtime=f"{ended} 09:00:00" if ended else ""),
            row("diagnosis", **own),
            [
                row("fee_line", **own, setl_id="", feedetl_sn=str(n), fee_ocur_time=f"{day} 10:00:00")
                for n, day in enumerate(fees)
            ],
        )

    visits = [
        visit("OLD", "2025-09-01", "2025-10-30", "2025-09-05", "2025-10-30"),
        visit("ENDS", "2025-09-01", "2025-10-31", "2025-10-30"),  # ended on the first day, no line of it counts
        visit("LONG", "2025-06-01", "2026-02-01", "2025-06-02", "2025-10-30", "2025-10-31", "2026-01-05"),
        visit("LATE", "2025-06-01", "2025-10-01", "2025-06-02", "2025-12-01"),  # a line long after the end
        visit("NEW", "2026-05-01", "", "2026-05-01", psn_no="P2", kind="11"),
    ]
    folder = make_folder(
        tmp_path_factory.mktemp("village") / "in",
        person=[row("person"), row("person", psn_no="P2", gend="2"), row("person", psn_no="P3", gend="9")],
        encounter=[v[0] for v in visits],
        diagnosis=[v[1] for v in visits],
        fee_line=[fee for v in visits for fee in v[2]],
        settlement=[],
    )
    load(folder, lake)
    return open_lake(lake)


def test_what_counts(village: LakeVersion, store: Store, layout: Layout) -> None:
    report = warm(village, store, layout, now=NOW)
    person, rows = store.person(key_of("P1")) or (None, {})
    assert person == Person(
        key_of("P1"),
        "1",
        *query(village, "SELECT brdy_day, brdy_ymd FROM {rule_person} WHERE psn_no = 'P1'")[0],
        None,
        "310",
        None,
    )
    visits = {row[0] for row in rows["encounter"]}
    assert visits == {key_of(m) for m in ("ENDS", "LONG", "LATE")} == {row[0] for row in rows["diagnosis"]}
    sn, day = layout.place("fee_line", "feedetl_sn"), layout.place("fee_line", "fee_day")
    assert {(row[0], row[sn]) for row in rows["fee_line"]} == {
        (key_of("LONG"), "2"),
        (key_of("LONG"), "3"),
        (key_of("LATE"), "1"),
    }
    assert min(row[day] for row in rows["fee_line"]) == SINCE
    assert store.person(key_of("P3")) == (Person(key_of("P3"), None, *person[2:]), {})
    (institution,) = store.institutions()
    assert institution == Institution(key_of(ORG), ORG, "1", None, "02", 3, "990100", None)
    assert (report.persons, report.institutions, report.since_day, report.kept, report.gone) == (3, 1, SINCE, 0, 0)
    assert report.rows == {"encounter": 4, "diagnosis": 4, "operation": 0, "fee_line": 4} and report.bytes > 0
    assert store.warmed == {
        "lake_version": "1",
        "data_date": "2026-10-31",
        "since_day": str(SINCE),
        "made_at": "2026-11-01 09:00:00",
    }


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> LakeVersion:
    """A lake of a small city."""
    root = tmp_path_factory.mktemp("city")
    build(Plan(people=500, seed=11), root / "in")
    load_folder(root / "in", root / "lake", now=NOW)
    return open_lake(root / "lake")


def expected(lake: LakeVersion, layout: Layout, first: int) -> dict[int, tuple[Person, Rows]]:
    """The same, worked out row by row."""
    people = {row[0]: Person(*row) for row in query(lake, f"SELECT {', '.join(Person._fields)} FROM {{rule_person}}")}
    lines = query(lake, f"SELECT psn_key, fee_day, {', '.join(layout.columns['fee_line'])} FROM {{rule_fee_line}}")
    ended = query(lake, "SELECT mdtrt_key, in_day, end_sec FROM {rule_encounter}")
    seen = {key for key, day, end in ended if max(day, (end or 0) // 86_400) >= first} | {
        row[2] for row in lines if row[1] >= first
    }
    found: dict[int, dict[str, list]] = defaultdict(dict)
    for table in ACT_TABLES[:3]:
        if table in {name.removeprefix("rule_") for name in lake.tables}:
            for key, *cells in query(lake, f"SELECT psn_key, {', '.join(layout.columns[table])} FROM {{rule_{table}}}"):
                if cells[0] in seen:
                    found[key].setdefault(table, []).append(tuple(cells))
    for key, day, *cells in lines:
        if day >= first:
            found[key].setdefault("fee_line", []).append(tuple(cells))
    return {key: (person, ordered(found[key])) for key, person in people.items()}


def ordered(rows: Rows) -> Rows:
    return {table: sorted(found, key=repr) for table, found in sorted(rows.items())}


def history(store: Store) -> list[tuple[object, ...]]:
    """All that is kept of persons, to the byte."""
    return [
        (p, bytes(acts), *rest)
        for p, acts, *rest in store.db.read("SELECT place, acts, gend, brdy_day FROM person ORDER BY place")
    ]


def test_a_city_comes_as_it_is(city: LakeVersion, store: Store, layout: Layout) -> None:
    done: list[tuple[int, int]] = []
    report = warm(city, store, layout, months=6, progress=lambda *n: done.append(n))
    want = expected(city, layout, since(city.data_date, 6))
    assert len(want) == report.persons >= 500 and sum(report.rows.values()) > 1000
    assert all(report.rows[table] for table in ("encounter", "diagnosis", "fee_line"))
    found = {key: store.person(key) for key in want}
    assert {key: (who[0], ordered(who[1])) for key, who in found.items() if who} == want
    assert done == [(n, 64) for n in range(1, 65)]
    assert report.bytes == sum(len(r[1]) for r in history(store))  # type: ignore[arg-type]


def test_again_it_writes_the_same(city: LakeVersion, store: Store, layout: Layout) -> None:
    first = warm(city, store, layout)
    before = history(store)
    again = warm(city, store, layout)
    assert history(store) == before and again.bytes == first.bytes and (again.gone, again.kept) == (0, 0)


def test_cut_short_it_is_done_again(city: LakeVersion, opened: Opener, layout: Layout) -> None:
    store = opened()
    warm(city, store, layout)
    whole = history(store)

    def cut(done: int, _: int) -> None:
        if done == 30:
            raise KeyboardInterrupt

    store.renew_layout(LAYOUT)
    with pytest.raises(KeyboardInterrupt):
        warm(city, store, layout, progress=cut)
    assert store.warmed == {} and 0 < len(history(store)) < len(whole)
    fresh = opened()
    warm(city, fresh, layout)
    assert history(fresh) == whole and fresh.warmed["lake_version"] == "1"


def fees(store: Store) -> dict[str, list]:
    """The fee lines of two persons."""
    found = {psn: store.person(key_of(psn)) for psn in ("P2", "PX")}
    return {psn: sorted(known[1]["fee_line"], key=repr) for psn, known in found.items() if known}


def test_what_no_lake_holds_yet_is_kept(village: LakeVersion, store: Store) -> None:
    warm(village, store, LAYOUT)
    lake_rows = store.person(key_of("P2"))
    with Writer(store, fold_lines) as writer:
        for sent in (
            line("NEW", 0, psn_no="P2"),
            line("NEW", 9, psn_no="P2"),
            line("GATE", 1, psn_no="P2"),
            line("X", 1, psn_no="PX"),
        ):
            assert writer.put(incoming(sent)).result(5)
    gate_rows = {psn: ordered(found[1]) for psn in ("P2", "PX") if (found := store.person(key_of(psn)))}
    assert len(gate_rows["P2"]["fee_line"]) == 3 and store.waiting() == (4, 0)
    report = warm(village, store, LAYOUT)
    assert report.kept == 2 and report.gone == 0
    assert fees(store) == {psn: rows["fee_line"] for psn, rows in gate_rows.items()}
    store.note_loaded([d for d, _ in store.unloaded()], 2)  # in a later version, not in this one
    assert warm(village, store, LAYOUT).kept == 2
    with store.db.writing(durable=True) as work:
        work.run("UPDATE message SET loaded = 1")
    report = warm(village, store, LAYOUT)  # now the lake has the last word
    assert (report.kept, report.gone) == (0, 1) and store.person(key_of("PX")) is None
    assert store.person(key_of("P2")) == lake_rows


def test_a_gate_at_work_loses_nothing_to_a_warm_up(village: LakeVersion, opened: Opener) -> None:
    gate, other = opened(), opened()
    gate.use_layout(LAYOUT)
    warm(village, other, LAYOUT)
    ended = threading.Event()

    def take(writer: Writer) -> int:
        number = 0
        while not ended.is_set() or number < 200:
            number += 1
            assert writer.put(incoming(line(f"G{number % 20}", number, psn_no=f"P{number % 4}"))).result(30)
        return number

    with Writer(gate, fold_lines) as writer, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(take, writer)
        for _ in range(2):
            warm(village, other, LAYOUT)
        ended.set()
        count = sent.result(30)
    while other.waiting()[1]:
        with Writer(other, fold_lines):
            pass
    mine = {key_of(f"G{n}") for n in range(20)}
    found = [
        row[2] for n in range(4) if (known := other.person(key_of(f"P{n}"))) for row in known[1]["fee_line"] if row[0] in mine
    ]
    assert sorted(map(str, found)) == sorted(map(str, range(1, count + 1)))


def test_pending_visits_of_the_lake_are_folded_again(village: LakeVersion, store: Store) -> None:
    store.use_layout(LAYOUT)
    with Writer(store, fold_lines) as writer:
        writer.put(incoming(line("NEW", 0, psn_no="P2"))).result(5)
        writer.put(incoming(line("LATE", 7, psn_no="P1"))).result(5)
    warm(village, store, LAYOUT)
    assert sorted(s.key for s in store.unfolded()) == ["LATE", "NEW"]
    with Writer(store, fold_lines):
        pass
    _, rows = store.person(key_of("P1")) or (None, {})
    assert [row[2] for row in rows["fee_line"] if row[0] == key_of("LATE")] == ["7"]
    assert {row[0] for row in rows["fee_line"]} == {key_of("LATE"), key_of("LONG")} and store.waiting() == (2, 0)


def test_other_columns_fold_everything_again(village: LakeVersion, store: Store) -> None:
    warm(village, store, LAYOUT)
    with Writer(store, fold_lines) as writer:
        writer.put(incoming(line("X", 1, psn_no="PX"))).result(5)
    wider = Layout(LAYOUT.columns | {"encounter": ("mdtrt_key", "org_key", "in_day", "kind")})
    warm(village, store, wider)
    assert [s.key for s in store.unfolded()] == ["X"] and store.person(key_of("PX")) is None
    with Writer(store, fold_lines):
        pass
    found = store.person(key_of("PX"))
    assert found and len(found[1]["fee_line"]) == 1 and store.layout == wider


def test_an_empty_lake(tmp_path: Path, store: Store) -> None:
    load(make_folder(tmp_path / "in", encounter=[], diagnosis=[], fee_line=[], settlement=[], person=[]), tmp_path / "lake")
    report = warm(open_lake(tmp_path / "lake"), store, LAYOUT)
    assert (report.persons, report.institutions, report.persons_per_second, report.bytes_per_person) == (0, 1, 0, 0)
