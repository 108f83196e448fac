"""Lets tests that commit empty their tables afterwards: the journal's triggers, which refuse that, stand aside for the flush only."""

from __future__ import annotations

from importlib import import_module

from django.db.backends.base.operations import BaseDatabaseOperations

_guard = import_module("hengjian.apps.journal.migrations.0002_append_only")


def install() -> None:
    """Wrap the flush of every backend, once."""
    plain = BaseDatabaseOperations.execute_sql_flush
    if plain.__name__ == "flush":
        return

    def flush(operations, sql_list):
        connection = operations.connection
        on_postgres = connection.vendor == "postgresql"
        with connection.cursor() as cursor:
            if on_postgres:
                cursor.execute("SET session_replication_role = replica")
            else:
                for statement in _guard._SQLITE:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {statement.split()[2]}")
        try:
            plain(operations, sql_list)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO journal_head (id, number, digest) SELECT 1, 0, %s WHERE NOT EXISTS (SELECT 1 FROM journal_head)",
                    [_guard.START],
                )
                for statement in ["SET session_replication_role = origin"] if on_postgres else _guard._SQLITE:
                    cursor.execute(statement)

    BaseDatabaseOperations.execute_sql_flush = flush
