"""Entries can be added and never changed or removed, whoever is connected: triggers on both databases."""

from django.db import migrations

from hengjian.apps.journal.chain import START

_SQLITE = [
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal_entry BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal_entry BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
    "CREATE TRIGGER journal_head_stays BEFORE DELETE ON journal_head BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
]
_POSTGRES = [
    "CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'journal is append-only'; END$$",
    "CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal_entry FOR EACH ROW EXECUTE FUNCTION journal_refuse()",
    "CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal_entry FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()",
    "CREATE TRIGGER journal_head_stays BEFORE DELETE ON journal_head FOR EACH ROW EXECUTE FUNCTION journal_refuse()",
]


def guard(apps, editor):
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRES:
        editor.execute(statement)
    apps.get_model("journal", "Head").objects.create(pk=1, number=0, digest=START)


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
