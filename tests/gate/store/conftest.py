"""Stores of both kinds, real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from hengjian.gate.store import Store, open_store

from .parts import SEALER, Opener


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def address(kind: str, tmp_path, request: pytest.FixtureRequest) -> str:
    """An address where there is no store yet."""
    if kind == "sqlite":
        return str(tmp_path / "gate.db")
    cluster = request.getfixturevalue("postgres")
    with psycopg.connect(cluster.address(), autocommit=True) as con:
        if not con.execute("SELECT 1 FROM pg_database WHERE datname = 'gate'").fetchall():
            con.execute("CREATE DATABASE gate")
    where = str(cluster.address(database="gate"))
    with psycopg.connect(where, autocommit=True) as con:
        con.execute("SET client_min_messages = error")
        con.execute("DROP SCHEMA IF EXISTS hengjian_gate CASCADE")
    return where


@pytest.fixture
def opened(address: str) -> Iterator[Opener]:
    """Opens the store at `address`, as often as wanted; all are closed at the end."""
    stores: list[Store] = []

    def again() -> Store:
        stores.append(open_store(address, sealer=SEALER))
        return stores[-1]

    yield again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()
