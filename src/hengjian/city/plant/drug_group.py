"""重复开药: two drugs of one group at once. The cheaper is in question."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Plot, Theme
from hengjian.city.regulated import full_code

THEME = Theme(
    "duplicate_drug_group",
    "R12",
    "GZ10000301006000",
    "line",
    ("one_prescription", "first_day", "stay", "in_other_order"),
    ("one_drug_two_makers", "changed_next_week", "one_refunded", "one_self_paid", "two_institutions", "day_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "duplicate_drug_group", "a_code", "b_code")
    a, b = fact["a_code"], fact["b_code"]
    wanted = demands(full_code(a), full_code(b), but="duplicate_drug_group")
    person = plot.person(sex=wanted.sex, ages=(30, 75))
    day = when(plot, fact.valid, variant, tail=40)
    inst = plot.hospital()
    stay = variant == "stay" or (wanted.stay and variant not in ("changed_next_week", "two_institutions"))
    encs = [plot.stay(person, day - 1, 5, inst=inst) if stay else plot.visit(person, day, inst=inst, hour=8.5)]
    if variant == "changed_next_week":
        encs.append(plot.visit(person, day + 8, inst=inst))
    elif variant == "two_institutions":
        encs.append(plot.visit(person, day, inst=plot.hospital(other=inst), hour=14.5))
    fitting = [diagnosis(p, main=False) for p in wanted.diagnoses]
    main = other(plot, ())
    for enc in encs:
        plot.diagnose(enc, main, *fitting)
    makers = [[i for i, x in enumerate(plot.cat.items) if x.code.startswith(p) and x.list_type == "101"] for p in (a, b)]
    chosen = [makers[0][0], makers[1][0]] if variant != "one_drug_two_makers" else makers[0][:2]
    if variant == "in_other_order":
        chosen.reverse()
    lines = [
        plot.line(
            enc,
            item,
            day * DAY + 15 * 3600 + n if stay else plot.begin(enc) + 1200 + n,
            days=7,
            own=n == 1 and variant == "one_self_paid",
            back=int(n == 1 and variant == "one_refunded"),
        )
        for n, (enc, item) in enumerate(zip((encs[0], encs[-1]), chosen, strict=True))
    ]
    guilty = variant in THEME.guilty
    cheap = min(lines, key=lambda i: plot.price(encs[0], int(plot.specials[i]["item"])))
    plot.fact(
        THEME,
        variant,
        guilty,
        encs,
        lines,
        amount_fen=plot.price(encs[0], int(plot.specials[cheap]["item"])) if guilty else -1,
        note=f"{fact['grp']}：{fact['a_name']}、{fact['b_name']}",
    )
