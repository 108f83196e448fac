"""DR、CT 胶片: more films than the parts examined that day allow. The films beyond are in question."""

from __future__ import annotations

from hengjian.city.lines import part_of
from hengjian.city.plant.plot import Plot, Theme
from hengjian.city.services import BODY_PARTS

THEME = Theme(
    "film_overcharge",
    "R22",
    "",
    "day",
    ("dr_one_over", "ct_two_over", "two_film_lines", "two_parts_over", "no_exam"),
    ("at_limit", "extra_refunded", "extra_self_paid", "two_parts", "two_exams"),
)
PER_PART = {"dr": 1, "ct": 2}
"""Films payable for each examined part; `knowledge/film_limit.csv` of the city says the same."""


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    rng = plot.rng
    role = "dr" if variant == "dr_one_over" else "ct" if variant == "ct_two_over" else ("dr", "ct")[int(rng.integers(2))]
    per_part = PER_PART[role]
    person = plot.person(ages=(18, 80))
    day = plot.day(plot.plan.first)
    enc = plot.visit(person, day) if rng.random() < 0.7 else plot.stay(person, day, 5)
    exams, film = plot.cat.groups[role], plot.cat.groups[f"film_{role}"][0]
    exam = exams[int(rng.integers(len(exams)))]
    sec = plot.begin(enc) + 1500
    parts = 2 if variant in ("two_parts", "two_parts_over", "two_exams") else 0 if variant == "no_exam" else 1
    if variant == "two_exams":
        for i, chosen in enumerate(exams[:2]):
            plot.line(enc, chosen, sec + 300 * i, body=part_of(plot.cat.items[chosen].name))
    elif parts:
        double = BODY_PARTS.index({"四": "左膝关节;右膝关节", "头": "头颅;胸部"}.get(plot.cat.items[exam].name[0], "胸部;腹部"))
        plot.line(enc, exam, sec, cnt=parts, body=double if parts == 2 else part_of(plot.cat.items[exam].name))
    allowed = parts * per_part
    over = {
        "dr_one_over": 1,
        "ct_two_over": 2,
        "two_film_lines": 1 + int(rng.integers(2)),
        "two_parts_over": 1,
        "no_exam": 1 + int(rng.integers(2)),
    }.get(variant, 0)
    if variant in ("two_film_lines", "extra_refunded", "extra_self_paid"):
        extra = over or 1
        films = [
            plot.line(enc, film, sec + 900, cnt=allowed),
            plot.line(
                enc,
                film,
                sec + 1800,
                cnt=extra,
                own=variant == "extra_self_paid",
                back=extra if variant == "extra_refunded" else 0,
            ),
        ]
    else:
        films = [plot.line(enc, film, sec + 900, cnt=allowed + over)]
    plot.fact(
        THEME,
        variant,
        variant in THEME.guilty,
        [enc],
        films,
        amount_fen=over * plot.price(enc, film) if over else -1,
        note=f"{parts} 个部位，可付 {allowed} 张",
    )
