"""The gate (闸口): national messages in, reminders out, before the order is written (事前) and before the claim is paid (事中).

The rules are those of the audit, run by SQLite in memory over one visit and twelve months of the person's history. Knows the engine and
the lake, nothing of Django.
"""
