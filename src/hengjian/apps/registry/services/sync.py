"""The registers brought up to a version of the lake: institutions and practitioners whole, persons only where findings need them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from django.db import transaction
from django.db.models import Model

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.registry.models import Institution, Person, Practitioner
from hengjian.kernel.keys import bucket_of
from hengjian.kernel.mask import masked
from hengjian.lake.ingest.personal import place_of
from hengjian.lake.ingest.shown import sealer_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.lake.versions import LakeVersion

_AT_ONCE = 1_000
_PERSONS_AT_ONCE = 20_000


def sync_from_lake(*, lake: LakeVersion, by: User | str, at: datetime) -> dict[str, int]:
    """Institutions and practitioners as this version describes them. What the lake no longer has stays: findings may name it."""
    with duckdb.connect() as con:
        institutions = _institutions(con, lake)
        practitioners = _practitioners(con, lake)
    with transaction.atomic():
        _upsert(Institution, institutions, "code", ("name", "kind", "level", "region_code", "last_data_on"))
        places = dict(Institution.objects.values_list("code", "pk"))
        people = [
            Practitioner(code=code[:30], name=(name or "")[:60], institution_id=places.get(place), department=(dept or "")[:60])
            for code, name, place, dept in practitioners
        ]
        _upsert(Practitioner, people, "code", ("name", "institution", "department"))
        counts = {"institutions": len(institutions), "practitioners": len(practitioners)}
        record(
            by=by,
            at=at,
            event="registry.synced",
            subject=f"lake:{lake.number}",
            summary=f"按第 {lake.number} 版数据登记机构 {len(institutions):,} 家、医护药人员 {len(practitioners):,} 人",
            **counts,
        )
    return counts


def ensure_persons(*, lake: LakeVersion, psn_nos: Sequence[str], by: User | str, at: datetime) -> int:
    """Insured persons findings speak of, with masked names: new ones entered, known ones brought up to the lake. How many."""
    wanted = sorted(set(psn_nos))
    sealer = sealer_of(lake)
    for start in range(0, len(wanted), _PERSONS_AT_ONCE):
        part = wanted[start : start + _PERSONS_AT_ONCE]
        found = {row["psn_no"]: row for row in _persons(lake, part, sealer)}
        people = [Person(psn_no=psn_no[:40], **found[psn_no]["facts"]) if psn_no in found else Person(psn_no=psn_no[:40]) for psn_no in part]  # fmt: skip
        with transaction.atomic():
            _upsert(Person, people, "psn_no", ("masked_name", "sex", "birth_year", "insurance", "region_code"))
    if wanted:
        with transaction.atomic():
            summary = f"按疑点登记参保人 {len(wanted):,} 人（只存脱敏姓名）"
            record(by=by, at=at, event="registry.persons", subject=f"lake:{lake.number}", summary=summary, persons=len(wanted))
    return len(wanted)


def _upsert(model: type[Model], rows: Sequence[Any], key: str, columns: Sequence[str]) -> None:
    model._default_manager.bulk_create(
        rows, batch_size=_AT_ONCE, update_conflicts=True, unique_fields=[key], update_fields=list(columns)
    )


def _institutions(con: duckdb.DuckDBPyConnection, lake: LakeVersion) -> list[Institution]:
    rows = rows_sql(lake, "institution")
    if not rows:
        return []
    visits = rows_sql(lake, "encounter", ("fixmedins_code", "begntime"))
    last = f"SELECT fixmedins_code, MAX(begntime)::DATE AS last_on FROM {visits} GROUP BY 1" if visits else ""
    join = (
        f"LEFT JOIN ({last}) AS v USING (fixmedins_code)" if last else "LEFT JOIN (SELECT NULL::DATE AS last_on) AS v ON true"
    )
    found = con.execute(
        f"""SELECT fixmedins_code, fixmedins_name, fixmedins_type, hosp_lv, admdvs, last_on
            FROM {rows} AS i {join} WHERE fixmedins_code IS NOT NULL ORDER BY 1"""
    ).fetchall()
    return [
        Institution(
            code=code[:30],
            name=(name or code)[:200],
            kind=_label("fixmedins_type", kind),
            level=_label("hosp_lv", level),
            region_code=(region or "")[:6],
            last_data_on=last_on,
        )
        for code, name, kind, level, region, last_on in found
    ]


def _practitioners(con: duckdb.DuckDBPyConnection, lake: LakeVersion) -> list[tuple[str, str | None, str | None, str | None]]:
    """Code, name, institution and department of each, by the latest registration."""
    rows = rows_sql(lake, "practitioner")
    if not rows:
        return []
    return con.execute(
        f"""SELECT prac_psn_code, prac_psn_name, fixmedins_code, dept_name FROM {rows} AS t WHERE prac_psn_code IS NOT NULL
            QUALIFY ROW_NUMBER() OVER (PARTITION BY prac_psn_code ORDER BY begndate DESC NULLS LAST, fixmedins_code) = 1 ORDER BY 1"""
    ).fetchall()


def _persons(lake: LakeVersion, psn_nos: Sequence[str], sealer: Any) -> list[dict[str, Any]]:
    columns = ("psn_no", "psn_name", "gend", "brdy", "insutype", "insu_admdvs")
    rows = rows_sql(lake, "person", columns, {bucket_of(psn_no) for psn_no in psn_nos})
    if not rows:
        return []
    with duckdb.connect() as con:
        con.register("wanted", pa.table({"psn_no": pa.array(psn_nos, pa.string())}))
        table = con.sql(f"SELECT t.* FROM {rows} AS t SEMI JOIN wanted AS w ON w.psn_no = t.psn_no").to_arrow_table()
    names = table["psn_name"].cast(pa.string())
    plain = (
        sealer.open(place_of("person", "psn_name"), table["psn_no"].cast(pa.string()), names) if sealer and len(table) else None
    )
    listed = plain.to_pylist() if plain is not None else [None] * len(table)
    return [
        {
            "psn_no": row["psn_no"],
            "facts": {
                "masked_name": masked("psn_name", name)[:40] if name else "",
                "sex": {"1": "男", "2": "女"}.get(row["gend"], ""),
                "birth_year": row["brdy"].year if row["brdy"] and row["brdy"].year > 1900 else None,
                "insurance": _label("insutype", row["insutype"]),
                "region_code": (row["insu_admdvs"] or "")[:6],
            },
        }
        for row, name in zip(table.drop_columns(["psn_name"]).to_pylist(), listed, strict=True)
    ]


def _label(codes: str, code: str | None) -> str:
    return CODE_TABLES[codes].get(code or "", code or "")[:20]
