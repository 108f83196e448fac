"""Which columns of a person's history the gate keeps: those the rules read, told from their texts, and nothing else."""

from __future__ import annotations

from hengjian.engine.shapes import DATED, SHAPES
from hengjian.engine.text import columns_read
from hengjian.gate.acts import ACT_TABLES, Layout
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook import Rulebook

ENGINE = "sqlite"
"""The engine of the gate."""

_TOLD = frozenset(ACT_TABLES) | {"person", "institution"}
"""Tables the gate has rows of; a text that reads another is for the audit."""
_KEYS = ("mdtrt_key", "org_key")
_NEVER = frozenset({"bucket", "psn_key", "psn_no", "mdtrt_id", "fmly_no"})
"""Not kept: the person is the row's key, and ids of people and visits stay where they were sent to."""


def layout_of(rulebook: Rulebook) -> Layout:
    """The columns of `ACT_TABLES` that any text over one person reads, active or not, in the order of the layer; and the keys that tie rows
    together. Raises RulebookError for a text that cannot be read."""
    period = {"valid_from": "INTEGER", "valid_to": "INTEGER"}
    shapes = tuple((name, tuple((SHAPES[name] | (period if name in DATED else {})).items())) for name in sorted(SHAPES))
    texts = [(f.sql, f.path) for f in rulebook.families.values() if f.scope == "person" and ENGINE in f.engines]
    texts += [(r.sql, r.path) for r in rulebook.rules.values() if r.sql and r.scope == "person"]
    wanted: dict[str, set[str]] = {table: set(_KEYS) for table in ACT_TABLES}
    wanted["diagnosis"].add("diag_key")  # exempt diagnoses of any rule
    wanted["encounter"].update(("kind", "in_day"))  # which kept visit is the one that is checked (`same`)
    wanted["fee_line"].add("prd_days_e4")  # days of a drug still at the patient (`supply`)
    for sql, path in texts:
        read = columns_read(sql, str(path), shapes)
        if not read.keys() <= _TOLD:
            continue
        for table, columns in read.items():
            wanted.get(table, set()).update(columns)
    return Layout({t: tuple(c.name for c in LAYER[t].columns if c.name in wanted[t] - _NEVER) for t in ACT_TABLES})
