"""Which findings one person works on together.

By institution, rule and month of the act: the same question to the same institution. By insured person for 反欺诈 rules that name one:
overlapping stays, care after death and shared codes are told by one person's acts, often in several institutions. A group of persons
travelling together is a clue of its own.
"""

from __future__ import annotations

KEY = """CASE WHEN f.grain = 'group' THEN 'group|' || f.finding_id
     WHEN r.category = 'fraud' AND f.psn_no IS NOT NULL THEN 'person|' || f.psn_no
     ELSE concat_ws('|', 'institution', COALESCE(f.fixmedins_code, '-'), f.rule_id, strftime(f.window_start, '%Y-%m')) END"""
"""SQL (DuckDB) of the key that findings `f` of rule `r` share."""


SEVERAL_RULES = "多条反欺诈规则"
"""Title in place of a rule's where one person's clue holds findings of several."""


def kind_of(key: str) -> str:
    """Value of Clue.grouping for a key."""
    return "institution" if key.startswith("institution|") else "person"


def title_of(key: str, rule_title: str, institution: str, month: str) -> str:
    """What a clue is called: who, what, when."""
    if key.startswith("group|"):
        return f"一群参保人 {rule_title}"[:160]
    if key.startswith("person|"):
        return f"参保人 {key.removeprefix('person|')} {rule_title}"[:160]
    return f"{institution or '机构不明'} {rule_title} {month}"[:160]
