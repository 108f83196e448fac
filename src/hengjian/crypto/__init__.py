"""Personal columns at rest: sealed cell by cell with SM4, looked up by keyed digest, keys kept in a file of their own.

`keys` holds the key file, `seal` what a lake calls on whole columns, `siv` the construction and what it hides, `rows` the
passage between Arrow columns and byte matrices. Nothing here knows a table, a lake or a rule.
"""
