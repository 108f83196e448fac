"""The history: one row a person, the hospital's patient ids, the institutions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from hengjian.gate.acts import ACT_TABLES, Layout, Person, Rows, pack, unpack
from hengjian.gate.store.database import Database, StoreError, Transaction, Value, listed
from hengjian.gate.store.tables import INSTITUTION
from hengjian.gate.subjects import VISITS_OF
from hengjian.kernel.errors import InputError
from hengjian.kernel.keys import BUCKETS

COLUMNS = "gend, brdy_day, brdy_ymd, dead_day, insutype, psn_type, acts"
_PERSON = f"SELECT {COLUMNS} FROM person WHERE place = ?"
PUT_PERSON = f"""INSERT INTO person (place, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (place) DO UPDATE SET {", ".join(f"{c} = excluded.{c}" for c in COLUMNS.split(", "))}"""
_LINK = """INSERT INTO patient (org_key, patn_key, psn_key) VALUES (?, ?, ?)
ON CONFLICT (org_key, patn_key) DO UPDATE SET psn_key = excluded.psn_key"""
PUT_META = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_WARM = "先运行 hengjian gate warm，按现在的规则重新预热"
_BITS = 63 - BUCKETS.bit_length() + 1


class Institution(NamedTuple):
    """A row of the rule table `institution`."""

    org_key: int
    fixmedins_code: str
    fixmedins_type: str | None
    medins_type: str | None
    hosp_lv: str | None
    lv_grp: int | None
    admdvs: str | None
    onln_hosp_flag: str | None


def place_of(psn_key: int) -> int:
    """Where a person lies: the bucket first, so that a warm-up, which goes bucket by bucket, writes one page after the other."""
    return psn_key % BUCKETS << _BITS | psn_key // BUCKETS


def key_at(place: int) -> int:
    """The person key of a place."""
    return (place & (1 << _BITS) - 1) * BUCKETS + (place >> _BITS)


def last_place(place: int) -> int:
    """The last place of the bucket of a place."""
    return place | (1 << _BITS) - 1


class History:
    """Part of the store; see `Store`."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._layout, self._written = self._read_layout()

    @property
    def layout(self) -> Layout | None:
        """The columns that are kept; None before the first `use_layout` or warm-up."""
        return self._layout

    @property
    def warmed(self) -> dict[str, str]:
        """What the last complete warm-up wrote: `lake_version`, `data_date`, `since_day`, `made_at`; empty before it."""
        return {
            name.removeprefix("warm."): value
            for name, value in self.db.read("SELECT name, value FROM meta WHERE name LIKE 'warm.%'")
        }

    def use_layout(self, wanted: Layout) -> Layout:
        """The layout this gate works with: the one that is kept here, or `wanted` where nothing is kept yet.

        Raises InputError when what is kept lacks a column that the rules read now.
        """
        if self._layout is None:
            with self.db.writing(durable=True) as work:
                work.run("INSERT INTO meta (name, value) VALUES ('layout', ?) ON CONFLICT (name) DO NOTHING", (_text(wanted),))
            self._layout, self._written = self._read_layout()
        kept = self._layout
        assert kept is not None
        if not kept.covers(wanted):
            missing = [f"{t}.{c}" for t, columns in wanted.columns.items() for c in columns if c not in kept.columns.get(t, ())]
            raise InputError(
                "闸口的库里没有现在的规则要读的列", where=self.db.shown, why="缺少 " + "、".join(missing[:5]), cure=_WARM
            )
        return kept

    def renew_layout(self, layout: Layout) -> None:
        """Keep other columns from now on. Histories of another layout are dropped and what the messages here say of visits and people is to be folded again."""
        with self.db.turn(), self.db.writing(durable=True) as work:
            work.alone("person")
            if work.rows("SELECT value FROM meta WHERE name = 'layout'") != [(_text(layout),)]:
                work.run("DELETE FROM person")
                work.run("UPDATE message_subject SET folded = 0 WHERE folded = 1 AND kind <> ?", (VISITS_OF,))
                work.run("DELETE FROM meta WHERE name LIKE 'warm.%'")
                work.run(PUT_META, ("layout", _text(layout)))
        self._layout, self._written = self._read_layout()

    def person(self, psn_key: int) -> tuple[Person, Rows] | None:
        """A person with the acts of the last twelve months; None: never heard of."""
        found = self.db.read(_PERSON, (place_of(psn_key),))
        return person_of(psn_key, found[0]) if found else None

    def persons(self, psn_keys: Sequence[int]) -> dict[int, tuple[Person, Rows]]:
        """The same of several at once (at most a few hundred)."""
        places = [place_of(key) for key in psn_keys]
        found = self.db.read(f"SELECT place, {COLUMNS} FROM person WHERE place IN {listed(places)}", places) if places else []
        return {key_at(place): person_of(key_at(place), rest) for place, *rest in found}

    def put_persons(self, persons: Iterable[tuple[Person, Rows]]) -> None:
        """Write persons as they are now. Raises StoreError when another layout was put in place since this store was opened."""
        rows = put_rows(persons)
        with self.db.writing(durable=False) as work:
            work.many(PUT_PERSON, rows)
            self.check_layout(work)

    def check_layout(self, work: Transaction) -> None:
        """Called last in a transaction that wrote persons. Raises StoreError when rows of our layout may not be written any more."""
        if self._layout is None:
            raise ValueError("use_layout comes before put_persons")
        if work.rows("SELECT value FROM meta WHERE name = 'layout'") != [(self._written,)]:
            raise StoreError(
                "闸口的库已按别的列重新预热", where=self.db.shown, why="规则改了，历史的列也改了", cure="重新启动闸口"
            )

    def patient(self, org_key: int, patn_key: int) -> int | None:
        """The person whom an institution calls by one of its own patient ids."""
        found = self.db.read("SELECT psn_key FROM patient WHERE org_key = ? AND patn_key = ?", (org_key, patn_key))
        return int(found[0][0]) if found else None

    def link_patients(self, links: Iterable[tuple[int, int, int]]) -> None:
        """Institution, its patient id (keys of both) and who that is; a later link stands in the place of an earlier one."""
        with self.db.writing(durable=False) as work:
            work.many(_LINK, sorted(set(links)))

    def link_patient(self, org_key: int, patn_key: int, psn_key: int) -> None:
        """One such link."""
        self.link_patients([(org_key, patn_key, psn_key)])

    def institutions(self) -> list[Institution]:
        """Every institution, by key."""
        return [Institution(*row) for row in self.db.read(f"SELECT {', '.join(INSTITUTION)} FROM institution ORDER BY org_key")]

    def _read_layout(self) -> tuple[Layout | None, str]:
        found = self.db.read("SELECT value FROM meta WHERE name = 'layout'")
        if not found:
            return None, ""
        try:
            columns = {table: tuple(names) for table, names in json.loads(found[0][0]).items()}
            if set(columns) != set(ACT_TABLES) or not all("mdtrt_key" in names for names in columns.values()):
                raise ValueError
        except (ValueError, AttributeError, TypeError) as error:
            raise InputError("闸口的库里列的清单读不懂", where=self.db.shown, cure=_WARM) from error
        return Layout(columns), found[0][0]


def put_rows(persons: Iterable[tuple[Person, Rows]]) -> list[list[Value]]:
    """Persons as rows of the table, in the order of their places."""
    found: list[list[Value]] = [[place_of(person.psn_key), *person[1:], pack(rows)] for person, rows in persons]
    return sorted(found, key=itemgetter(0))


def person_of(psn_key: int, row: Sequence[Value]) -> tuple[Person, Rows]:
    *cells, acts = row
    return Person(psn_key, *cells), unpack(acts)  # type: ignore[arg-type]


def _text(layout: Layout) -> str:
    return json.dumps({table: list(layout.columns[table]) for table in ACT_TABLES}, separators=(",", ":"))
