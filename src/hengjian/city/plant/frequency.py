"""频繁门诊、频繁购药、频繁住院、药品种类超标、中药饮片超大处方: too often, or too much at once. What lies beyond the limit is in question."""

from __future__ import annotations

from collections.abc import Sequence

from hengjian.city import places as at
from hengjian.city.encounters import DAY, med
from hengjian.city.plant.plot import Diagnosis, Plot, Theme
from hengjian.kernel.dates import day_date

VISITS = Theme(
    "frequent_visits",
    "R09",
    "GZ10000204002000",
    "encounter",
    ("sixteen_in_a_month", "every_day", "four_places_a_day", "six_places_a_day"),
    (
        "fifteen_in_a_month",
        "over_two_months",
        "dialysis",
        "chronic_renewals",
        "one_place_all_day",
        "three_places_a_day",
        "emergencies",
    ),
)
PURCHASES = Theme(
    "frequent_purchases",
    "R10",
    "GZ10000204003000",
    "encounter",
    ("eleven_in_a_month", "every_other_day", "same_drug", "same_drug_everywhere"),
    ("ten_in_a_month", "over_two_months", "same_drug_four_times", "twice_a_day", "self_paid"),
)
STAYS = Theme(
    "frequent_stays",
    "R30",
    "GZ10000204004000",
    "encounter",
    ("four_in_a_quarter", "five_in_a_quarter", "six_in_half_a_year"),
    ("three_in_a_quarter", "chemotherapy", "emergencies", "planned", "day_surgery", "over_two_quarters"),
)
DRUGS = Theme(
    "too_many_drugs",
    "R12",
    "GZ10000202004000",
    "encounter",
    ("six_kinds", "nine_kinds", "emergency", "one_of_seven_refunded"),
    ("five_kinds", "two_prescriptions", "ward", "sixth_refunded", "sixth_self_paid"),
)
SLICES = Theme(
    "tcm_slice_kinds",
    "R07",
    "",
    "encounter",
    ("twenty_six", "thirty", "ward", "one_refunded"),
    ("twenty_five", "two_prescriptions", "last_refunded", "last_self_paid"),
)


def _first_of(plot: Plot, months: Sequence[int], tail: int) -> int:
    """The first day of one of the months (1 to 12) that lie wholly in the period, `tail` days before its end."""
    firsts = [
        d for d in range(plot.plan.first + 8, plot.plan.last - tail) if day_date(d).day == 1 and day_date(d).month in months
    ]
    return firsts[int(plot.rng.integers(len(firsts)))]


def _visit(
    plot: Plot, person: int, day: int, *, kind: str = "11", code: str = "K29.500", name: str = "慢性胃炎", **more: object
) -> int:
    enc = plot.visit(person, day, kind=kind, **more)  # type: ignore[arg-type]
    plot.diagnose(enc, Diagnosis(code, name))
    return enc


def plant_visits(plot: Plot, variant: str) -> None:
    """A month or a day of one person at the doctor's."""
    person = plot.person(ages=(25, 80))
    plot.alone.add(person)
    first = _first_of(plot, range(1, 13), 70)
    inst = plot.hospital()
    if variant.endswith("places_a_day"):
        number, day, places = {"four": 4, "six": 6, "three": 3}[variant.split("_")[0]], first + 10, [inst]
        while len(places) < number:
            other = plot.hospital(kinds=(at.TERTIARY, at.SECONDARY, at.TOWNSHIP, at.CLINIC))
            places += [other] if other not in places else []
        encs = [_visit(plot, person, day, inst=place, hour=8.0 + 1.4 * n) for n, place in enumerate(places)]
        beyond = encs[3:]
    elif variant == "one_place_all_day":
        encs = [_visit(plot, person, first + 10 + n // 3, inst=inst, hour=8.0 + 2 * (n % 3)) for n in range(21)]
        beyond = []
    else:
        kind = {"chronic_renewals": "14", "emergencies": "13"}.get(variant, "11")
        code, name = ("N18.500", "慢性肾脏病5期") if variant == "dialysis" else ("K29.500", "慢性胃炎")
        days = {
            "fifteen_in_a_month": [first + 1 + 2 * n for n in range(14)] + [first + 2],
            "every_day": [first + n for n in range(24)],
            "over_two_months": [first + 16 + n for n in range(26)],
        }.get(variant, [first + n + n // 2 for n in range(16 if variant == "sixteen_in_a_month" else 18)])
        encs = [
            _visit(plot, person, day, kind=kind, code=code, name=name, inst=plot.hospital() if n % 4 == 3 else inst)
            for n, day in enumerate(days)
        ]
        beyond = encs[15:]
    _fact(plot, VISITS, variant, encs, beyond)


def plant_purchases(plot: Plot, variant: str) -> None:
    """A month of one person at the pharmacies."""
    person = plot.person(ages=(25, 80))
    plot.alone.add(person)
    first = _first_of(plot, range(1, 13), 70)
    drugs = _plain_drugs(plot, 12)
    same = variant.startswith("same_drug")
    number = {
        "eleven_in_a_month": 11,
        "every_other_day": 15,
        "same_drug": 5,
        "same_drug_everywhere": 8,
        "same_drug_four_times": 4,
    }
    days = [first + (3 if same else 2) * n for n in range(number.get(variant, 10))]
    if variant == "over_two_months":
        days = [first + 12 + 2 * n for n in range(18)]
    elif variant == "self_paid":
        days = [first + 3 * n for n in range(8)]
    elif variant == "twice_a_day":
        days = [first + 3 * (n // 2) for n in range(16)]
    encs = []
    shop = plot.hospital(kinds=(at.PHARMACY,))
    for n, day in enumerate(days):
        enc = plot.purchase(person, day, inst=shop if variant in ("twice_a_day", "same_drug") or n % 2 == 0 else None)
        item = drugs[0] if same or variant == "self_paid" else drugs[(n // 2 if variant == "twice_a_day" else n) % len(drugs)]
        plot.line(enc, item, plot.begin(enc) + 300, days=3, own=variant == "self_paid")
        encs.append(enc)
    _fact(plot, PURCHASES, variant, encs, encs[4:] if same else encs[10:])


def _plain_drugs(plot: Plot, number: int) -> list[int]:
    """Drugs of the ordinary catalogue that no table names."""
    items = plot.cat.items
    free = [i for i, d in enumerate(items) if d.list_type == "101" and d.step == 1 and not d.closed and plot.cat.only_in(i)]
    return [free[int(i)] for i in plot.rng.permutation(len(free))[:number]]


def plant_stays(plot: Plot, variant: str) -> None:
    """A quarter or half a year of one person in hospital, each time for another disease and elsewhere."""
    person = plot.person(ages=(35, 80))
    plot.alone.add(person)
    if variant == "six_in_half_a_year":
        first = _first_of(plot, (1,), 100)
        days = [first + 2 + 34 * n for n in range(6)]
    elif variant == "over_two_quarters":
        first = _first_of(plot, (1, 4), 100)
        days = [first + 91 + 16 * n for n in (-3, -2, -1, 1, 2)]
    else:
        first = _first_of(plot, (1, 4, 7), 100)
        number = {"five_in_a_quarter": 5, "three_in_a_quarter": 3, "four_in_a_quarter": 4}.get(variant, 5)
        days = [first + 2 + 16 * n for n in range(number)]
    codes = ("K29.500", "I10.x00", "M54.500", "R42.x00", "L30.900", "K59.000")
    encs, inst = [], plot.hospital()
    for n, day in enumerate(days):
        more: dict[str, object] = {"med": med("28"), "day_surgery": True} if variant == "day_surgery" else {}
        more |= {"emergencies": {"adm_way": 1}, "planned": {"planned": 2}}.get(variant, {})
        inst = plot.hospital(other=inst)
        enc = plot.stay(person, day, 1 if variant == "day_surgery" else 5, inst=inst, **more)  # type: ignore[arg-type]
        code = "Z51.100" if variant == "chemotherapy" else codes[n]
        plot.diagnose(enc, Diagnosis(code, "住院诊断"), Diagnosis(code, "住院诊断", out=True))
        encs.append(enc)
    _fact(plot, STAYS, variant, encs, encs[5:] if variant == "six_in_half_a_year" else encs[3:])


def plant_drugs(plot: Plot, variant: str) -> None:
    """An outpatient prescription of many drugs."""
    number = {"nine_kinds": 9, "five_kinds": 5, "two_prescriptions": 8, "ward": 8, "one_of_seven_refunded": 7}.get(variant, 6)
    person, day = plot.person(ages=(30, 80)), plot.day(plot.plan.first)
    enc = (
        plot.stay(person, day, 6)
        if variant == "ward"
        else plot.visit(person, day, kind="13" if variant == "emergency" else "11")
    )
    lines = _prescription(
        plot, enc, _plain_drugs(plot, number), 2, 3, variant, "sixth_self_paid", ("sixth_refunded", "one_of_seven_refunded")
    )
    _rx(plot, DRUGS, variant, enc, lines)


def plant_slices(plot: Plot, variant: str) -> None:
    """A prescription of many slices."""
    number = {"twenty_five": 25, "thirty": 30, "two_prescriptions": 34, "ward": 28, "one_refunded": 28}.get(variant, 26)
    person, day = plot.person(ages=(30, 80)), plot.day(plot.plan.first)
    enc = plot.stay(person, day, 6) if variant == "ward" else plot.visit(person, day)
    pool = [*plot.cat.groups["slices"], *(i for i in plot.cat.groups["r_slice"] if plot.cat.only_in(i, "tcm_slice_daily_max"))]
    items = [pool[int(i)] for i in plot.rng.permutation(len(pool))[:number]]
    lines = _prescription(plot, enc, items, 70, 7, variant, "last_self_paid", ("last_refunded", "one_refunded"))
    _rx(plot, SLICES, variant, enc, lines)


def _prescription(
    plot: Plot, enc: int, items: list[int], cnt: int, days: int, variant: str, own: str, back: tuple[str, ...]
) -> list[int]:
    """A line of each item, in one prescription or in two; the last one self-paid or given back where the variant says so."""
    begin = plot.begin(enc)
    sec = begin // DAY * DAY + DAY + 9 * 3600 if variant == "ward" else begin + 1600
    return [
        plot.line(
            enc,
            item,
            sec + n,
            cnt=cnt,
            days=days,
            rx=40 + (n % 2 if variant == "two_prescriptions" else 0),
            own=n == len(items) - 1 and variant == own,
            back=cnt if n == len(items) - 1 and variant in back else 0,
        )
        for n, item in enumerate(items)
    ]


def _rx(plot: Plot, theme: Theme, variant: str, enc: int, lines: list[int]) -> None:
    guilty = variant in theme.guilty
    plot.fact(theme, variant, guilty, [enc], [], amount_lines=lines if guilty else [], note=f"{len(lines)} 种")


def _fact(plot: Plot, theme: Theme, variant: str, encs: list[int], beyond: list[int]) -> None:
    """The encounters beyond the limit are what may be called in question; without any, none may."""
    guilty = variant in theme.guilty
    plot.fact(theme, variant, guilty, beyond if guilty else encs, [], note=f"共 {len(encs)} 次")
