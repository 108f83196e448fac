"""A server that goes away and comes back: what can be done again is, what cannot be known is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from hengjian.gate.acts import Person
from hengjian.gate.store import Store, StoreError, open_store
from hengjian.gate.store.postgres import shown
from hengjian.kernel.errors import InputError
from hengjian.lake.wire import Subject

from .parts import LAYOUT, NOW, SEALER, incoming, line

M1 = Subject("encounter", "M1")


@pytest.fixture
def kind() -> str:
    return "postgres"


class Server:
    """Cuts connections to the store, and lets none in."""

    def __init__(self, address: str) -> None:
        self.address = address

    def run(self, sql: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as con:
            con.execute(sql)

    def cut(self) -> None:
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'gate'")

    def shut(self, shut: bool) -> None:
        self.run(f"ALTER DATABASE gate ALLOW_CONNECTIONS {not shut}")
        self.cut()


@pytest.fixture
def server(store: Store, postgres) -> Iterator[Server]:
    store.use_layout(LAYOUT)
    server = Server(postgres.address())
    yield server
    server.shut(False)


def fold(store: Store) -> None:
    with store.folding([M1]):
        pass


DEEDS: list[Callable[[Store], object]] = [
    lambda s: s.person(1),
    lambda s: s.accept([incoming(line("M1", 1))]),
    lambda s: s.put_persons([(Person(1), {})]),
    lambda s: s.nonce("A", "n", NOW),
    fold,
]


@pytest.mark.parametrize("deed", range(len(DEEDS)))
def test_a_cut_connection_is_made_anew(store: Store, server: Server, deed: int) -> None:
    fold(store)
    store.nonce("A", "first", NOW)
    server.cut()
    DEEDS[deed](store)


@pytest.mark.parametrize("deed", range(len(DEEDS)))
def test_a_server_that_is_away_is_told(store: Store, server: Server, deed: int) -> None:
    server.shut(True)
    with pytest.raises(StoreError, match="读写失败") as told:
        DEEDS[deed](store)
    assert "PostgreSQL" in str(told.value)
    server.shut(False)
    DEEDS[deed](store)


def test_a_cut_in_a_transaction_leaves_nothing(store: Store, server: Server) -> None:
    with pytest.raises(StoreError), store.db.writing(durable=True) as work:
        work.run("INSERT INTO meta (name, value) VALUES ('x', 'y')")
        server.cut()
    assert store.db.read("SELECT 1 FROM meta WHERE name = 'x'") == []
    with pytest.raises(psycopg.IntegrityError), store.db.writing(durable=True) as work:
        work.run("INSERT INTO meta (name, value) VALUES ('x', 'y')")
        work.run("INSERT INTO meta (name, value) VALUES ('x', 'y')")
    assert store.db.read("SELECT 1 FROM meta WHERE name = 'x'") == []


def test_a_cut_while_folding_is_done_again(store: Store, server: Server) -> None:
    store.accept([incoming(line("M1", 1))])
    with store.folding([M1]):
        server.cut()
    fold(store)
    assert store.unfolded() == []


def test_other_schemas_of_the_database_are_left_alone(store: Store, server: Server, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as con:
        con.execute("DROP TABLE IF EXISTS public.person")
        con.execute("CREATE TABLE public.person (x INT)")
        con.execute("INSERT INTO public.person VALUES (1)")
    store.renew_layout(LAYOUT)
    store.put_persons([(Person(1), {})])
    with psycopg.connect(address) as con:
        assert con.execute("SELECT x FROM public.person").fetchall() == [(1,)]


def test_addresses_are_shown_without_the_password() -> None:
    assert shown("postgresql://u:secret@h:5432/d?sslmode=off") == "postgresql://u@h:5432/d"
    assert shown("postgresql:///d") == "postgresql:///d" and "secret" not in shown("postgresql://u:secret@h:x/d")


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hengjian.gate.store.postgres.psycopg", None)
    with pytest.raises(InputError, match="打不开") as told:
        open_store("postgresql://u@h/d", sealer=SEALER)
    assert "hengjian[gate]" in str(told.value)
