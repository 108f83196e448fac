"""The one shape everything returns: columns of `findings.parquet` (see docs/reference/findings.md)."""

from __future__ import annotations

import pyarrow as pa

_MONEY = pa.decimal128(16, 2)
_NUMBER = pa.decimal128(18, 4)

FINDING_SCHEMA = pa.schema(
    [
        ("finding_id", pa.string()),
        ("rule_id", pa.string()),
        ("official_code", pa.string()),
        ("r_code", pa.string()),
        ("grain", pa.string()),
        ("psn_no", pa.string()),
        ("mdtrt_id", pa.string()),
        ("feedetl_sn", pa.string()),
        ("fixmedins_code", pa.string()),
        ("atddr_no", pa.string()),
        ("window_start", pa.timestamp("us")),
        ("window_end", pa.timestamp("us")),
        ("observed", _NUMBER),
        ("threshold", _NUMBER),
        ("amount_total", _MONEY),
        ("amount_inscope", _MONEY),
        ("amount_fund", _MONEY),
        ("certainty", pa.string()),
        ("message", pa.string()),
        ("evidence", pa.string()),
        ("law", pa.string()),
        ("knowledge_ref", pa.string()),
        ("rule_fingerprint", pa.string()),
        ("data_version", pa.string()),
    ]
)
"""One row per finding, sorted by finding_id. Amounts in yuan; windows half-open civil time; evidence is JSON text."""

RULES_CSV = ("rule_id", "official_code", "r_code", "family", "title", "certainty", "theme", "category", "status", "basis")
"""Columns of `rules.csv`, written beside the findings so that a scorer or a report can tell what each rule is."""

COUNTS_CSV = ("findings", "amount_total", "amount_fund")
"""Columns after them: the rule's own findings, or hits in shadow, and their money in yuan."""
