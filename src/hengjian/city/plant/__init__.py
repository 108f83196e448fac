"""What is planted: one module per theme, each from the wording of the regulations, guilty and innocent variants side by side."""

from __future__ import annotations

from collections.abc import Callable

from hengjian.city.plant import (
    child,
    daily_limit,
    death,
    excluded,
    film,
    indication,
    insurance,
    pair,
    place,
    record,
    sex,
    split,
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
    (record.DIAGNOSIS, record.plant_diagnosis),
    (record.OPERATION, record.plant_operation),
    (excluded.ONLINE, excluded.plant_online),
    (excluded.SLICE, excluded.plant_slice),
)
"""Every theme with its planter."""

THEMES: tuple[Theme, ...] = tuple(theme for theme, _ in PLANTERS)


def plant_block(plot: Plot, block: int) -> None:
    """Plant this block's share: fact number i of a theme belongs to block i mod blocks, its variant is i mod variants."""
    for theme, planter in PLANTERS:
        for variants in (theme.guilty, theme.innocent):
            for number in range(block, plot.plan.facts_per_theme(), plot.plan.blocks):
                planter(
                    plot,
                    variants[number // plot.plan.blocks % len(variants)]
                    if plot.plan.blocks > 1
                    else variants[number % len(variants)],
                )
