"""What else the tables demand of a code, so that a planted fact breaks one regulation and no other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hengjian.city import knowledge
from hengjian.city.plant.plot import Diagnosis, Plot
from hengjian.city.regulated import full_code

_MET = frozenset(
    {
        "drug_sex_limit", "operation_sex", "drug_hosp_level_limit", "drug_visit_type_limit", "drug_indication_limit",
        "treatment_without_indication", "drug_child_forbidden", "drug_course_limit", "drug_forbidden_in_pregnancy",
        "duplicate_drug_group", "duplicate_charge_pair", "surgery_same_incision", "internet_excluded_drug",
        "service_course_limit", "service_cycle_limit", "tcm_incompatible", "consumable_without_service",
        "service_sex_limit",
        "test_without_indication", "service_beyond_indication", "service_diagnosis_limit", "consumable_diagnosis_limit", "drug_beyond_label",
        "service_contraindicated", "drug_contraindicated",
        "drug_days_limit", "tcm_slice_daily_max",
    }
)  # fmt: skip
"""Tables whose demands a grown-up in an ordinary hospital, with the demands below, meets."""
_NEEDING = frozenset(
    {
        "drug_indication_limit", "treatment_without_indication", "test_without_indication", "service_beyond_indication",
        "service_diagnosis_limit", "consumable_diagnosis_limit", "drug_beyond_label",
    }
)  # fmt: skip
"""Tables that want a diagnosis beside the code."""


@dataclass(frozen=True)
class Demands:
    """Sex (0 = either), diagnosis prefixes one of which must stand beside the code, and whether only a stay will do."""

    sex: int
    diagnoses: tuple[str, ...]
    stay: bool


def demands(*codes: str, but: str = "") -> Demands:
    """What the tables other than `but` demand of these codes together."""
    sex, stay, found = 0, False, []
    for code in codes:
        for table, row in knowledge.catching(code):
            if table == but:
                continue
            if table in ("drug_sex_limit", "operation_sex", "service_sex_limit"):
                sex = int(row["value"])
            stay |= table == "drug_visit_type_limit"
            if table in _NEEDING:
                found.append(row["diag_prefixes"].split("|")[0])
    return Demands(sex, tuple(found), stay)


@cache
def facts(table: str, *columns: str) -> tuple[knowledge.Fact, ...]:
    """Rows of a table whose codes stand in no other table whose demands cannot be met."""
    columns = columns or ("code",)
    found = []
    for fact in knowledge.facts(table):
        codes = [full_code(part) for column in columns for part in fact[column].split("|")[:1]]
        others = {name for code in codes for name, _ in knowledge.catching(code)} - {table}
        if others <= _MET:
            found.append(fact)
    return tuple(found)


def draw(plot: Plot, table: str, *columns: str) -> knowledge.Fact:
    """One of those rows that is in force early enough in the period to be broken."""
    pool = [f for f in facts(table, *columns) if f.valid.start < plot.plan.last - 60]
    return pool[int(plot.rng.integers(len(pool)))]


def diagnosis(prefix: str, name: str = "符合要求的诊断", **more: bool) -> Diagnosis:
    """A diagnosis that begins with this prefix."""
    return Diagnosis(prefix if "." in prefix else f"{prefix:0<3}.900", name, **more)


OTHERS = (
    Diagnosis("K29.500", "慢性胃炎"),
    Diagnosis("I10.x00", "原发性高血压"),
    Diagnosis("H10.900", "结膜炎"),
    Diagnosis("L30.900", "湿疹"),
    Diagnosis("J06.900", "急性上呼吸道感染"),
)
"""Unsuspicious diseases that ask for none of the regulated items."""


def other(plot: Plot, prefixes: tuple[str, ...]) -> Diagnosis:
    """An unsuspicious diagnosis that none of these prefixes begins."""
    pool = [d for d in OTHERS if not d.code.startswith(prefixes or ("?",))]
    return pool[int(plot.rng.integers(len(pool)))]
