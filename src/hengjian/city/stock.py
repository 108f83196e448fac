"""The books of pharmacies (drugs) and hospitals (consumables): what each bought and sold, month by month, and the shortages planted
in them.

药品进销存异常、医用耗材进销存异常: more claimed from the fund in a year than the institution ever had. One has one planted item at most; all
its other books are honest: it buys what it sells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import numpy as np

from hengjian.city import places as at
from hengjian.city.block import DAY, Block
from hengjian.city.catalogue import Catalogue
from hengjian.city.encounters import PHARM
from hengjian.city.frames import Array
from hengjian.city.places import Places
from hengjian.city.plan import Plan
from hengjian.city.plant.plot import Theme
from hengjian.city.truth import TruthRow
from hengjian.kernel.amounts import to_yuan
from hengjian.kernel.dates import day_date, day_number

THEME = Theme(
    "drug_stock_shortage",
    "R45",
    "GZ10000202001000",
    "institution",
    ("bought_too_little", "sent_back", "a_little_over"),
    ("within_tolerance", "no_book", "stock_of_last_year", "from_another_shop"),
)
CONSUMABLE = replace(
    THEME,
    name="consumable_stock_shortage",
    official_code="GZ10000203001000",
    innocent=(*THEME.innocent[:3], "from_another_ward"),
)
THEMES = {"101": THEME, "301": CONSUMABLE}
"""Themes by the kind of goods whose books they falsify."""
COLUMNS = (
    "stk_id", "infno", "fixmedins_code", "med_list_codg", "fixmedins_hilist_name", "stk_time", "inv_chg_type", "cnt", "mdtrt_setl_type",
)  # fmt: skip
_BUY, _SEND_BACK, _CHANGE, _SELL = "3503", "3504", "3502", "3505"
_FROM_OTHERS, _AT_FIRST = "101", "108"
_FEWEST = 20
"""Units that a planted item sells in its year at least, so that a few in a hundred are whole units."""

Sums = dict[tuple[int, int, int], Array]
"""By institution, item and first day of the month: units claimed, units sold in all, fen claimed."""


def sold(block: Block) -> Sums:
    """What the pharmacies of a block sold, and the hospitals of consumables, less what came back."""
    lines, enc = block.lines, block.enc
    kept = np.array([one.list_type == "301" and not one.closed for one in block.cat.items])
    here = np.flatnonzero((enc["kind"][lines["enc"]] == PHARM) | kept[lines["item"]])
    inst, item = enc["inst"][lines["enc"][here]].astype(np.int64), lines["item"][here].astype(np.int64)
    months = (lines["sec"][here] // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    key = (inst * 100_000 + item) * 10_000 + months
    names, place = np.unique(key, return_inverse=True)
    claimed = lines["inscp"][here] != 0
    values = np.zeros((len(names), 3), np.int64)
    np.add.at(values[:, 0], place, np.where(claimed, lines["cnt"][here], 0))
    np.add.at(values[:, 1], place, lines["cnt"][here])
    np.add.at(values[:, 2], place, np.where(claimed, lines["amt"][here], 0))
    first = [int((np.datetime64(0, "M") + m).astype("datetime64[D]").astype(np.int64)) for m in (names % 10_000).tolist()]
    return {
        (n // 1_000_000_000, n // 10_000 % 100_000, day): row for n, day, row in zip(names.tolist(), first, values, strict=True)
    }


def add(total: Sums, part: Sums) -> None:
    """Add the sales of one block."""
    for key, row in part.items():
        total[key] = total[key] + row if key in total else row


def books(plan: Plan, places: Places, cat: Catalogue, sums: Sums) -> tuple[list[tuple[str, ...]], list[TruthRow]]:
    """Rows of `stock_change.csv` and the facts planted in them."""
    planted = dict(_planted(plan, places, cat, sums))
    rows: list[tuple[str, ...]] = []
    truth: list[TruthRow] = []
    by_item: dict[tuple[int, int], dict[int, Array]] = {}
    for (inst, item, day), row in sorted(sums.items()):
        if cat.items[item].list_type == ("101" if places.kind[inst] == at.PHARMACY else "301"):
            by_item.setdefault((inst, item), {})[day] = row
    for (inst, item), months in by_item.items():
        variant = planted.get((inst, item))
        if variant:
            truth.append(_truth(places, cat, inst, item, variant, months))
        for kind, change, day, count in _moves(variant, months):
            setl = "1" if kind == _SELL else ""
            one = cat.items[item]
            cells = (
                kind,
                places.codes[inst],
                one.code,
                one.name,
                f"{day_date(day).isoformat()} 08:00:00",
                change,
                f"{count}.0000",
            )
            rows.append((f"99018{len(rows) + 1:013d}", *cells, setl))
    return rows, truth


def _year(months: Iterable[int]) -> tuple[int, int]:
    """The calendar year in which most of the period lies: its first day and the first day after it."""
    last = day_date(max(months)).year
    return day_number(date(last, 1, 1)), day_number(date(last + 1, 1, 1))


def _in_year(months: dict[int, Array]) -> Array:
    """Sums of that year."""
    first, after = _year(months)
    return np.asarray(np.sum([row for day, row in months.items() if first <= day < after], axis=0))


def _planted(plan: Plan, places: Places, cat: Catalogue, sums: Sums) -> Iterable[tuple[tuple[int, int], str]]:
    """One much-sold item of each institution, guilty and innocent variants in turn; every eighth is only honest."""
    yearly: dict[int, dict[int, int]] = {}
    first, after = _year([plan.last - 1])
    for (inst, item, day), row in sums.items():
        one = cat.items[item]
        if first <= day < after and one.list_type in THEMES and not one.closed and one.step == 1:
            mine = yearly.setdefault(inst, {})
            mine[item] = mine.get(item, 0) + int(row[0])
    hospitals = np.flatnonzero(places.kind != at.PHARMACY)
    for theme, keepers in ((THEME, places.of_kind(at.PHARMACY)), (CONSUMABLE, hospitals)):
        variants = [*theme.guilty[:2], *theme.innocent[:2], theme.guilty[2], *theme.innocent[2:], ""]
        for number, inst in enumerate(keepers.tolist()):
            variant = variants[number % len(variants)]
            most = sorted(((count, item) for item, count in yearly.get(inst, {}).items()), reverse=True)[:1]
            if variant and most and (most[0][0] >= _FEWEST or variant not in ("a_little_over", "within_tolerance")):
                yield (inst, most[0][1]), variant


def _had(variant: str, claimed: int) -> int:
    """How much of the claims of the year the books can cover."""
    match variant:
        case "a_little_over":
            return claimed * 100 // 106
        case "within_tolerance":
            return -(-claimed * 100 // 102)
        case _:
            return claimed * 6 // 10


def _moves(variant: str | None, months: dict[int, Array]) -> Iterable[tuple[str, str, int, int]]:
    """Movements of one item: trade, kind of change, day, quantity. Honest books buy each month what they sell."""
    first, after = _year(months)
    claimed, whole = int(_in_year(months)[0]), int(_in_year(months)[1])
    early = [(day, int(row[1])) for day, row in sorted(months.items()) if not first <= day < after]
    late = [(day, int(row[1])) for day, row in sorted(months.items()) if first <= day < after]
    if variant == "no_book":
        return
    honest = early if variant else early + late
    for day, count in honest:
        if count > 0:
            yield _BUY, "", day, count
    if variant in ("bought_too_little", "a_little_over", "within_tolerance"):
        yield _BUY, "", late[0][0], _had(variant, claimed)
    elif variant == "sent_back":
        yield _BUY, "", late[0][0], whole
        yield _SEND_BACK, "", late[-1][0], whole - _had(variant, claimed)
    elif variant == "stock_of_last_year":
        yield _CHANGE, _AT_FIRST, first - 20, whole
    elif variant in ("from_another_shop", "from_another_ward"):
        yield _BUY, "", late[0][0], whole // 3
        yield _CHANGE, _FROM_OTHERS, late[0][0] + 2, whole - whole // 3
    for day, count in early + late:
        if count > 0:
            yield _SELL, "", day + 27, count


def _truth(places: Places, cat: Catalogue, inst: int, item: int, variant: str, months: dict[int, Array]) -> TruthRow:
    first, after = _year(months)
    claimed, _, fen = (int(n) for n in _in_year(months))
    theme = THEMES[cat.items[item].list_type]
    guilty = variant in theme.guilty
    had = _had(variant, claimed)
    return {
        "theme": theme.name,
        "rule_id": theme.r_code,
        "official_code": theme.official_code,
        "grain": theme.grain,
        "psn_no": "",
        "mdtrt_id": "",
        "feedetl_sn": "",
        "fixmedins_code": places.codes[inst],
        "atddr_no": "",
        "window_start": day_date(first).isoformat(),
        "window_end": day_date(after - 1).isoformat(),
        "amount": str(to_yuan(fen * (claimed - had) // claimed)) if guilty else "",
        "is_guilty": "1" if guilty else "0",
        "variant": variant,
        "also": "",
        "note": f"{cat.items[item].name}（{cat.items[item].code}），医保结算 {claimed}"
        + (f"，账上可供 {had}" if guilty else ""),
    }
