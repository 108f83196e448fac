"""What may be seen of institutions, practitioners and insured persons: scope by region is applied here, once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
from django.conf import settings
from django.db.models import Q, QuerySet

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.registry.models import Institution, Person, Practitioner, Reveal
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.personal import keys_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers

ACT = "registry.read"


def institutions_visible_to(user: User, day: date) -> QuerySet[Institution]:
    """Institutions in the regions of the person's posts."""
    return scoped(Institution.objects.all(), user, ACT, day)


def persons_visible_to(user: User, day: date) -> QuerySet[Person]:
    """Insured persons findings speak of, insured in the regions of the person's posts; masked."""
    return scoped(Person.objects.all(), user, ACT, day)


def practitioners_of(institution: Institution) -> QuerySet[Practitioner]:
    """Doctors, nurses and pharmacists of an institution the reader may see."""
    return institution.practitioners.order_by("department", "name", "code")


def reveals_visible_to(user: User, day: date) -> QuerySet[Reveal]:
    """Who opened which full value and why: for those who watch over it. Raises NotAllowed."""
    policies.check(user, "reveal.read", day)
    rows = Reveal.objects.select_related("person", "user", "user__unit")
    return scoped(rows, user, "reveal.read", day, region="user__unit__region_code")


def named(rows: QuerySet[Institution], words: str) -> QuerySet[Institution]:
    """Institutions whose name or code has these words."""
    return rows.filter(Q(name__icontains=words) | Q(code__istartswith=words)) if words else rows


def current_lake() -> LakeVersion:
    """The office's data. Raises InputError before the first load."""
    root = Path(settings.LAKE)
    if not version_numbers(root):
        raise InputError("还没有数据", why="数据湖是空的", cure="请数据管理员先上传数据并加载")
    return open_lake(root)


def psn_nos_of(certno: str, lake: LakeVersion) -> list[str]:
    """Who has this identity number, found by its keyed digest: the number itself stands nowhere in the lake. Raises KeyFileError."""
    rows = rows_sql(lake, "person", ("psn_no", "certno_dgst"))
    if not rows:
        return []
    digest = keys_of(lake.root, lake).sealer.digest("certno", pa.array([certno]))[0].as_py()
    if digest is None:
        return []
    with duckdb.connect() as con:
        found = con.execute(f"SELECT DISTINCT psn_no FROM {rows} AS t WHERE certno_dgst = ? ORDER BY 1", [digest]).fetchall()
    return [psn_no for (psn_no,) in found]
