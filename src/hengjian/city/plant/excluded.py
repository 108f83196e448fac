"""超互联网医院药品支付范围、中药饮片单复方均不予支付: narcotics prescribed online, and slices that no fund pays for."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city import places as at
from hengjian.city.plant.hosts import drug_host, elsewhere, give, when
from hengjian.city.plant.plot import Plot, Theme

ONLINE = Theme(
    "internet_excluded_drug",
    "R03",
    "",
    "line",
    ("online", "online_chronic", "first_day", "part_refunded"),
    ("in_person", "flag_not_sent", "look_alike_code", "self_paid", "refunded", "day_before"),
)
SLICE = Theme(
    "tcm_slice_not_paid",
    "R07",
    "GZ10000101003000",
    "line",
    ("alone", "in_a_formula", "stay", "pharmacy", "first_day", "part_refunded"),
    ("neighbouring_slice", "self_paid", "refunded", "day_before"),
)


def plant_online(plot: Plot, variant: str) -> None:
    """A narcotic or psychotropic drug prescribed by internet."""
    facts = knowledge.facts("internet_excluded_drug")
    fact = facts[int(plot.rng.integers(len(facts)))]
    person = plot.person(ages=(25, 78))
    day = when(plot, fact.valid, variant)
    online = {"in_person": 0, "flag_not_sent": 2}.get(variant, 1)
    kind = "14" if variant == "online_chronic" else "11"
    enc = plot.visit(person, day, inst=plot.hospital(kinds=(at.TERTIARY,)), kind=kind, online=online)
    like = variant == "look_alike_code"
    item = plot.cat.drug_of(knowledge.look_alike(fact["code"]) if like else fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, ONLINE.name)
    plot.fact(ONLINE, variant, variant in ONLINE.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])


def plant_slice(plot: Plot, variant: str) -> None:
    """A slice that is not paid, alone or among others."""
    facts = knowledge.facts("tcm_slice_not_paid")
    number = int(plot.rng.integers(len(facts)))
    fact = facts[number]
    enc, day = drug_host(plot, plot.person(ages=(25, 78)), fact.valid, variant)
    item = plot.cat.groups["k_slice_like" if variant == "neighbouring_slice" else "k_slice"][number]
    line = give(plot, enc, item, day, variant, most=60)
    if variant == "in_a_formula":
        for other in plot.cat.groups["slices"][:9]:
            plot.line(enc, other, plot.begin(enc) + 1300, cnt=70, days=7)
    also = elsewhere(plot, item, SLICE.name)
    plot.fact(SLICE, variant, variant in SLICE.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])
