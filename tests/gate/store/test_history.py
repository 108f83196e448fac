"""Persons, patients and institutions come back as they were put."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengjian.gate.acts import Person
from hengjian.gate.store import Store
from hengjian.gate.store.history import key_at, last_place, place_of
from hengjian.kernel.keys import BUCKETS

from .parts import LAYOUT, Opener, visit


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_places_are_the_keys_bucket_by_bucket(one: int, two: int) -> None:
    assert key_at(place_of(one)) == one and 0 <= place_of(one) < 2**63
    assert (place_of(one) < place_of(two)) == ((one % BUCKETS, one) < (two % BUCKETS, two))
    assert place_of(one % BUCKETS) <= place_of(one) <= last_place(place_of(one))


def test_a_person_comes_back(store: Store) -> None:
    store.use_layout(LAYOUT)
    first, second = Person(2**63 - 1, "1", -3000, 19611014, None, "310", "11"), Person(0)
    store.put_persons([(first, visit("M1", 3)), (second, {})])
    assert store.person(first.psn_key) == (first, visit("M1", 3))
    assert store.person(0) == (second, {})
    assert store.person(7) is None
    later = first._replace(dead_day=20_000)
    store.put_persons([(first, {}), (later, visit("M2"))])  # of one person the last counts
    assert store.persons([first.psn_key, 7]) == {first.psn_key: (later, visit("M2"))} and store.persons([]) == {}


def test_nothing_is_put_before_the_columns_are_known(store: Store) -> None:
    with pytest.raises(ValueError):
        store.put_persons([(Person(1), {})])
    assert store.person(1) is None


def test_readers_do_not_wait_for_a_writer(opened: Opener) -> None:
    gate, other = opened(), opened()
    gate.use_layout(LAYOUT)
    gate.put_persons([(Person(1, "1"), {})])
    seen: list[object] = []
    with gate.db.writing(durable=True) as work:
        work.run("UPDATE person SET gend = '2'")
        for reader in (gate, other):
            thread = threading.Thread(target=lambda r=reader: seen.append(r.person(1)))  # type: ignore[misc]
            thread.start()
            thread.join(5)
    assert seen == [(Person(1, "1"), {})] * 2
    assert gate.person(1) == (Person(1, "2"), {})


def test_a_patient_is_who_was_told_last(store: Store) -> None:
    store.link_patient(1, 10, 100)
    store.link_patients([(1, 11, 101), (2, 10, 102)])
    store.link_patient(1, 10, 103)
    assert [store.patient(*whom) for whom in ((1, 10), (1, 11), (2, 10), (2, 11))] == [103, 101, 102, None]
    assert store.institutions() == []
