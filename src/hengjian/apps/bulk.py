"""Many rows into the database at once, past the ORM's statements, which cost five times the insert itself. Below the rooms: it knows none of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model


def attributes(model: type[Model]) -> tuple[str, ...]:
    """Attributes of a row of the model less a number the database gives, in the order `insert_rows` wants them."""
    return tuple(f.attname for f in _fields(model))


def insert_rows(model: type[Model], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, their values as `ready` makes them. COPY on PostgreSQL, INSERT elsewhere; no signals, no numbers handed back."""
    quote = connection.ops.quote_name
    fields = _fields(model)
    names, table = ", ".join(quote(f.column) for f in fields), quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(fields))})", list(rows))


def insert_objects(objects: Sequence[Model]) -> None:
    """Insert objects of one model as they are: their numbers stay empty where the database gives them."""
    if objects:
        names = attributes(type(objects[0]))
        insert_rows(type(objects[0]), ([ready(getattr(one, name)) for name in names] for one in objects))


def ready(value: Any) -> Any:
    """A value as both databases take it from text: exact amounts, days, instants, JSON."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def _fields(model: type[Model]) -> list[Any]:
    return [f for f in model._meta.concrete_fields if f is not model._meta.auto_field]
