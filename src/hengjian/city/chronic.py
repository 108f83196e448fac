"""The city's list of drugs for each chronic disease that is recognised for outpatient care: what its ordinary patients get, made up."""

from __future__ import annotations

from hengjian.city.catalogue import Catalogue
from hengjian.city.diseases import ALL

UNLISTED = "psoriasis"
"""The disease for which the city has no list."""
_GENERIC = {"X": 14, "Z": 13}
"""How many characters of a drug's code name the drug and its form, whoever makes it."""


def listed(cat: Catalogue, disease: int) -> dict[str, str]:
    """Beginnings of codes on the list of a disease, with names."""
    found: dict[str, str] = {}
    for item in cat.pools[disease][: cat.pool_n[disease]].tolist():
        drug = cat.items[item]
        found.setdefault(drug.code[: _GENERIC.get(drug.code[0], 20)], drug.name)
    return found


def rows(cat: Catalogue) -> list[tuple[str, ...]]:
    """Rows of `knowledge/chronic_drug.csv`."""
    return [
        (disease.chronic, disease.name, code, name, "2024-01-01", "")
        for number, disease in enumerate(ALL)
        if disease.chronic and disease.key != UNLISTED
        for code, name in sorted(listed(cat, number).items())
    ]
