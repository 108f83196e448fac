"""What is planted: one module per theme, each from the wording of the regulations, guilty and innocent variants side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hengjian.city.plant import (
    age_limit,
    aged_record,
    antibiotic,
    attribute_limit,
    ceiling,
    child,
    chronic_drug,
    complication,
    consumable,
    contraindicated,
    course,
    cycle,
    daily_limit,
    death,
    drug_group,
    excluded,
    film,
    frequency,
    incision,
    indication,
    insurance,
    item_cap,
    local_limit,
    local_pair,
    mild,
    needs,
    operation_diagnosis,
    pair,
    place,
    pregnancy,
    prophylaxis,
    records,
    second_line,
    settled,
    sex,
    sexed_record,
    slice_alone,
    slices,
    split,
    split_bill,
    supply,
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
    *age_limit.PLANTERS,
    *attribute_limit.PLANTERS,
    (aged_record.THEME, aged_record.plant),
    (antibiotic.THEME, antibiotic.plant),
    (supply.LABEL, supply.plant_label),
    (supply.LOCAL, supply.plant_local),
    (supply.SLICE, supply.plant_slice),
    (item_cap.NUMBER, item_cap.plant_number),
    (item_cap.SERVICE, item_cap.plant_service),
    (item_cap.MATERIAL, item_cap.plant_material),
    (frequency.VISITS, frequency.plant_visits),
    (frequency.PURCHASES, frequency.plant_purchases),
    (frequency.STAYS, frequency.plant_stays),
    (frequency.DRUGS, frequency.plant_drugs),
    (frequency.SLICES, frequency.plant_slices),
    (chronic_drug.THEME, chronic_drug.plant),
    (records.OUTSIDE, records.plant_outside),
    (records.LATE, records.plant_late),
    (records.UNDIAGNOSED, records.plant_undiagnosed),
    (settled.DETAIL, settled.plant_detail),
    (settled.OPERATION, settled.plant_operation),
    (mild.THEME, mild.plant),
    *((theme, partial(needs.plant, theme)) for theme in needs.THEMES),
    *((theme, partial(contraindicated.plant, theme)) for theme in contraindicated.THEMES),
    (local_pair.TOGETHER, local_pair.plant_together),
    (local_pair.CONTAINED, local_pair.plant_contained),
    (local_pair.ALONE, local_pair.plant_alone),
    (slice_alone.THEME, slice_alone.plant),
    (second_line.THEME, second_line.plant),
    (prophylaxis.THEME, prophylaxis.plant),
    (split_bill.THEME, split_bill.plant),
    (complication.THEME, complication.plant),
)
"""Every theme with its planter."""

THEMES: tuple[Theme, ...] = tuple(theme for theme, _ in PLANTERS)


def plant_block(plot: Plot, block: int) -> None:
    """Plant this block's share: fact number i of a theme belongs to block i mod blocks, its variant is i mod variants."""
    for theme, planter in PLANTERS:
        for variants in (theme.guilty, theme.innocent):
            for number in range(block, plot.plan.facts_per_theme(), plot.plan.blocks):
                planter(plot, variants[number % len(variants)])
