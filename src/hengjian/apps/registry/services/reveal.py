"""Full values of a person, for one answer only: who, what, why and when is kept, the values never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa
from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.registry import policies
from hengjian.apps.registry.models import Person, Reveal
from hengjian.apps.registry.queries import current_lake, persons_visible_to, psn_nos_of
from hengjian.kernel.errors import InputError
from hengjian.kernel.keys import bucket_of
from hengjian.lake.ingest.personal import keys_of, place_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion

COLUMNS = {"psn_name": "姓名", "certno": "证件号码", "tel": "联系电话", "curr_addr": "现住址"}


@dataclass(frozen=True)
class Revealed:
    """Full values by their Chinese name; never written anywhere, and not in its text form."""

    values: Mapping[str, str] = field(repr=False)


def reveal(*, by: User, at: datetime, person: Person, reason: str) -> Revealed:
    """Open a person's name, identity number, telephone and address. Nothing is shown unless its entry is kept."""
    policies.check_can_reveal(by, person, reason, timezone.localdate(at))
    values = _open(current_lake(), person.psn_no)
    with transaction.atomic():
        told = "、".join(COLUMNS.values())
        Reveal.objects.create(person=person, columns=told, reason=reason.strip()[:200], user=by, at=at)
        record(
            by=by,
            at=at,
            event="person.revealed",
            subject=f"person:{person.psn_no}",
            summary=f"查看参保人 {person.masked_name or person.psn_no} 的{told}：{reason.strip()}"[:300],
            columns=list(COLUMNS),
        )
    return Revealed(values)


def look_up(*, by: User, at: datetime, certno: str) -> list[Person]:
    """Persons with this identity number whom the reader may see. The number is kept nowhere; that somebody searched is."""
    day = timezone.localdate(at)
    rights.check(by, "registry.read", day)
    text = certno.strip()
    if len(text) < 6:
        raise InputError("证件号码不完整", why="按证件号码查找须写全", cure="写全证件号码；不知道时按人员编号查")
    found = psn_nos_of(text, current_lake())
    people = list(persons_visible_to(by, day).filter(psn_no__in=found).order_by("psn_no"))
    with transaction.atomic():
        summary = f"按证件号码查找参保人，找到 {len(people)} 人"
        record(by=by, at=at, event="person.looked_up", subject="person:*", summary=summary, found=[p.psn_no for p in people])
    return people


def _open(lake: LakeVersion, psn_no: str) -> dict[str, str]:
    rows = rows_sql(lake, "person", ("psn_no", *COLUMNS), [bucket_of(psn_no)])
    with duckdb.connect() as con:
        found = (
            con.execute(f"SELECT {', '.join(COLUMNS)} FROM {rows} AS t WHERE psn_no = ?", [psn_no]).fetchone() if rows else None
        )
    if found is None:
        raise InputError("数据湖里没有这个人的登记", why="数据里只有就诊和费用，没有参保信息", cure="请数据管理员补送参保人表")
    sealer = keys_of(lake.root, lake).sealer
    ids, values = pa.array([psn_no]), {}
    for (column, label), sealed in zip(COLUMNS.items(), found, strict=True):
        plain = sealer.open(place_of("person", column), ids, pa.array([sealed], pa.string()))[0].as_py() if sealed else None
        values[label] = plain or "没有登记"
    return values
