"""What is planted: one module per theme, each from the wording of the regulations, guilty and innocent variants side by side."""

from __future__ import annotations

from collections.abc import Callable

from hengjian.city.plant import (
    ceiling,
    child,
    consumable,
    course,
    cycle,
    daily_limit,
    death,
    drug_group,
    excluded,
    film,
    incision,
    indication,
    insurance,
    local_limit,
    mild,
    operation_diagnosis,
    pair,
    place,
    pregnancy,
    records,
    settled,
    sex,
    sexed_record,
    slices,
    split,
    treatment,
)
from hengjian.city.plant.plot import Plot, Theme

Planter = Callable[[Plot, str], None]

PLANTERS: tuple[tuple[Theme, Planter], ...] = (
    (sex.THEME, sex.plant),
    (insurance.INJURY, insurance.plant_injury),
    (insurance.MATERNITY, insurance.plant_maternity),
    (indication.THEME, indication.plant),
    (daily_limit.THEME, daily_limit.plant),
    (pair.THEME, pair.plant),
    (split.THEME, split.plant),
    (death.THEME, death.plant),
    (film.THEME, film.plant),
    (place.LEVEL, place.plant_level),
    (place.KIND, place.plant_kind),
    (child.DRUG, child.plant_drug),
    (child.FORBIDDEN, child.plant_forbidden),
    (child.SERVICE, child.plant_service),
    (sexed_record.DIAGNOSIS, sexed_record.plant_diagnosis),
    (sexed_record.OPERATION, sexed_record.plant_operation),
    (excluded.ONLINE, excluded.plant_online),
    (excluded.SLICE, excluded.plant_slice),
    (operation_diagnosis.THEME, operation_diagnosis.plant),
    (pregnancy.THEME, pregnancy.plant),
    (treatment.THEME, treatment.plant),
    (course.DRUG, course.plant_drug),
    (course.SERVICE, course.plant_service),
    (cycle.THEME, cycle.plant),
    (drug_group.THEME, drug_group.plant),
    (slices.THEME, slices.plant),
    (consumable.THEME, consumable.plant),
    (incision.THEME, incision.plant),
    (ceiling.THEME, ceiling.plant),
    (local_limit.SERVICE_VISIT, local_limit.plant_service_visit),
    (records.OUTSIDE, records.plant_outside),
    (records.LATE, records.plant_late),
    (records.UNDIAGNOSED, records.plant_undiagnosed),
    (settled.DETAIL, settled.plant_detail),
    (settled.OPERATION, settled.plant_operation),
    (mild.THEME, mild.plant),
)
"""Every theme with its planter."""

THEMES: tuple[Theme, ...] = tuple(theme for theme, _ in PLANTERS)


def plant_block(plot: Plot, block: int) -> None:
    """Plant this block's share: fact number i of a theme belongs to block i mod blocks, its variant is i mod variants."""
    for theme, planter in PLANTERS:
        for variants in (theme.guilty, theme.innocent):
            for number in range(block, plot.plan.facts_per_theme(), plot.plan.blocks):
                planter(plot, variants[number % len(variants)])
