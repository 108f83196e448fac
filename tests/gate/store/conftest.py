"""Stores of both kinds, real ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest

from hengjian.gate.store import Store, open_store

from .parts import SEALER, Opener

_NUMBERS = itertools.count()


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
    name = f"gate{next(_NUMBERS)}"
    with psycopg.connect(cluster.address(), autocommit=True) as con:
        con.execute(f"CREATE DATABASE {name}")
    return str(cluster.address(database=name))


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
