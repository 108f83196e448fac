"""死亡后就医: a visit, purchase or stay that begins more than one day after the person's death."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "care_after_death",
    "R34d",
    "",
    "encounter",
    ("visit", "purchase", "stay", "second_day", "listed_only"),
    ("on_the_day", "day_after", "refunded", "self_paid", "stay_begun_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    rng, people = plot.rng, plot.people
    person = plot.person(ages=(45, 95))
    died = plot.day(plot.plan.first, tail=110)
    people["die"][person] = died
    listed = variant == "listed_only" or rng.random() < 0.5
    people["die_listed"][person] = died if listed else -1
    people["hidden"][person] = variant == "listed_only"
    later = died + int(rng.integers(3, 61))
    match variant:
        case "purchase":
            enc = plot.purchase(person, later)
        case "stay":
            enc = plot.stay(person, later, int(rng.integers(3, 9)))
        case "second_day":
            enc = plot.visit(person, died + 2)
        case "on_the_day":
            enc = plot.visit(person, died)
        case "day_after":
            enc = plot.purchase(person, died + 1) if rng.random() < 0.5 else plot.visit(person, died + 1)
        case "stay_begun_before":
            enc = plot.stay(person, died - 4, 4, dscg_way=5)
        case _:
            enc = plot.visit(person, later)
    if variant == "refunded":
        plot.undone.add(enc)
    if variant == "self_paid":
        plot.unpaid.add(enc)
    plot.fact(
        THEME, variant, variant in THEME.guilty, [enc], [], amount_enc=enc, note=f"死亡后第 {plot.begin(enc) // DAY - died} 天"
    )
