"""Small lakes from tiny value sets, so that rules really fire.

`small_lake(choose, number)` makes the rows of a few persons; every choice goes through `choose(list)`, so that Hypothesis can draw and
shrink, and a seeded generator can make hundreds that are packed into one lake. Ids carry the lake's number; institutions are shared.
Codes come from the knowledge of the rulebook under test: each lake has a palette of one or two knowledge rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hengjian.city.knowledge import local_files
from hengjian.engine.shapes import split_codes
from hengjian.rulebook.model import Rule, Rulebook

from . import special_caps

Choose = Callable[[Sequence[Any]], Any]
Rows = dict[str, list[dict[str, str]]]

FIRST = date(2026, 9, 1)
RARE = ("diagnosis_sex", "surgery_incision_discount")
"""Rules that lakes about any rule seldom break: packed lakes hold some about them."""
FILM = [
    {"med_list_codg": "002199000010000", "exam_codg": "002102000010000", "max_per_part": "1", "valid_from": "2025-01-01"},
    {"med_list_codg": "002199000010000", "exam_codg": "002102000020000", "max_per_part": "2", "valid_from": "2026-09-05"},
]
INSTITUTIONS = [
    {
        "fixmedins_code": f"{letter}9901010000{n}",
        "fixmedins_name": f"机构{n}",
        "fixmedins_type": kind,
        "hosp_lv": level,
        "admdvs": "990101",
    }
    for n, (letter, kind, level) in enumerate((("H", "1", "02"), ("H", "1", "05"), ("H", "1", "08"), ("P", "2", "")), 1)
]


def cells_of(book: Rulebook, rule: Rule) -> list[dict[str, str]]:
    """The knowledge rows of a rule: the shipped ones, or those the synthetic city sends with its data."""
    if not rule.knowledge.startswith("local_"):
        return [row.values for row in book.knowledge.get(rule.knowledge, ())]
    made = local_files().get(rule.knowledge.removeprefix("local_"), ())
    rows = (row for row in made if row.get("rule", rule.rule_id) == rule.rule_id)
    return [row | {"match": "prefix", "code": row.get("med_list_codg", row.get("code", ""))} for row in rows]


class Palette:
    """Codes a lake draws from: of services and drugs, of diagnoses, of operations."""

    def __init__(self, book: Rulebook, choose: Choose, about: Rule | None = None) -> None:
        """`about`: the rule the lake is about; None: any two."""
        rules = [about] if about else [r for r in book.rules.values() if r.status != "retired"]
        self.items = ["001102000050000", "XA00AAA000A001010100001"]
        self.diagnoses = ["J18.900", "I10.x00"]
        self.operations = ["47.0900"]
        for _ in range(2):
            rule = choose(rules)
            rows = cells_of(book, rule)
            if rule.knowledge == "local_film_limit":
                self.items += [FILM[0]["med_list_codg"], FILM[0]["exam_codg"], FILM[1]["exam_codg"]]
            if rule.exempt_diagnoses:
                self.diagnoses.append(_diagnosis(choose(list(rule.exempt_diagnoses))))
            if rows:
                cells = choose(rows)
                self._add(rule.settings.get("subject", "item"), cells, choose)
                if group := cells.get("grp"):
                    self.items += [r["code"] for r in rows if r.get("grp") == group and "code" in r][:2]

    def _add(self, subject: str, cells: dict[str, str], choose: Choose) -> None:
        for column in ("code", "a_code", "b_code"):
            codes = split_codes(cells.get(column, ""))
            if subject == "item":
                self.items += [_item(c, cells.get("match", "exact")) for c in codes[:3]]
            else:
                (self.diagnoses if subject == "diag" else self.operations).extend(codes[:2])
        prefixes = split_codes(cells.get("diag_prefixes", "") or cells.get("diag_prefix", ""))
        if prefixes:
            self.diagnoses += [_diagnosis(choose(prefixes))]


def _item(code: str, match: str) -> str:
    """A code that exists, from an exact code or a prefix."""
    full = {"X": 23, "Z": 20, "T": 20, "C": 20}.get(code[0], 15)
    return code + "0" * (full - len(code)) if match == "prefix" else code


def _diagnosis(prefix: str) -> str:
    return prefix if "." in prefix else f"{prefix}.900"


def small_lake(book: Rulebook, choose: Choose, number: int = 0, about: Rule | None = None) -> Rows:
    """Rows of two or three persons with a few encounters each."""
    palette = Palette(
        book, choose, about
    )  # ceilings go by code alone: they are knowledge, which no lake may change for another
    lake: Rows = {"institution": [dict(i) for i in INSTITUTIONS]}
    lake["price"] = [
        {
            "admdvs": "990100",
            "hosp_lv_grp": "03"[sum(map(ord, code)) % 2],
            "med_list_codg": code,
            "pric_uplmt_amt": "20.00",
            "valid_from": "2025-01-01",
        }
        for code in dict.fromkeys(palette.items)
    ]
    lake["stock_change"] = [
        {"stk_id": f"K{number}/{n}", "infno": "3503", "fixmedins_code": INSTITUTIONS[n % 4]["fixmedins_code"], "med_list_codg": code,
         "stk_time": "2026-01-05", "cnt": choose(["1", "50"])}
        for n, code in enumerate(palette.items)
    ]  # fmt: skip
    for p in range(choose([1, 2, 3])):
        _person(lake, palette, choose, f"{number}/{p}")
    return lake


def _person(lake: Rows, palette: Palette, choose: Choose, name: str) -> None:
    who = {"psn_no": f"P{name}", "gend": choose(["1", "2", "2", "9"]), "insutype": "310", "insu_admdvs": "990101"}
    who["brdy"] = choose(["1950-05-06", "1990-02-28", "2012-02-29", "2026-08-10", ""])
    who["die_date"] = choose(["", "", "", "2026-09-05"])
    lake.setdefault("person", []).append(who)
    for e in range(choose([1, 2, 2, 3])):
        _encounter(lake, palette, choose, who["psn_no"], f"{name}/{e}")


def _encounter(lake: Rows, palette: Palette, choose: Choose, psn_no: str, name: str) -> None:
    begin = FIRST + timedelta(days=choose([0, 1, 3, 8, 12, 20]))
    kind = choose(["11", "21", "21", "13", "28", "41", "52"])
    inst = INSTITUTIONS[3] if kind == "41" else choose(INSTITUTIONS[:3])
    inpatient = kind in ("21", "28", "52")
    end = begin + timedelta(days=choose([1, 4, 9])) if inpatient else None
    visit = {
        "mdtrt_id": f"E{name}", "psn_no": psn_no, "fixmedins_code": inst["fixmedins_code"], "med_type": kind,
        "insutype": choose(["310", "310", "390", "510", "600"]), "begntime": str(begin), "endtime": str(end or ""),
        "adm_way": choose(["1", "2", "2"]), "dscg_way": choose(["1", "1", "2"]), "days_rinp_flag_31": choose(["", "1", "1", "2"]),
        "onln_flag": choose(["0", "0", "1"]), "matn_stas": choose(["0", "0", "1"]),
        "upld_time": str(datetime.combine(end or begin, datetime.min.time()) + timedelta(hours=choose([1, 60, 100]))),
        "insu_admdvs": "990101", "mdtrtarea_admvs": "990101",
    }  # fmt: skip
    lake.setdefault("encounter", []).append(visit)
    for n in range(choose([0, 1, 1, 2])):
        lake.setdefault("diagnosis", []).append(
            {"mdtrt_id": visit["mdtrt_id"], "inout_diag_type": "2" if inpatient else "1", "diag_type": "1", "diag_srt_no": str(n + 1),
             "maindiag_flag": "1" if n == 0 else "0", "diag_code": choose(palette.diagnoses)}
        )  # fmt: skip
    if inpatient and choose([True, False]):
        lake.setdefault("operation", []).append(
            {"mdtrt_id": visit["mdtrt_id"], "oprn_oprt_code": choose(palette.operations), "oprn_oprt_date": str(begin)}
        )
    total = inscp = Decimal(0)
    for n in range(choose([1, 2, 3, 4])):
        amount, inside = _line(lake, palette, choose, visit, begin, f"L{n}")
        total, inscp = total + amount, inscp + inside
    lake.setdefault("settlement", []).append(
        {"setl_id": f"S{name}", "mdtrt_id": visit["mdtrt_id"], "setl_time": str(end or begin), "medfee_sumamt": str(total),
         "inscp_scp_amt": str(inscp), "fund_pay_sumamt": str((inscp * choose([Decimal("0.5"), Decimal("0.77")])).quantize(Decimal("0.01")))}
    )  # fmt: skip


def _line(lake: Rows, palette: Palette, choose: Choose, visit: dict[str, str], begin: date, sn: str) -> tuple[Decimal, Decimal]:
    code = choose(palette.items)
    at = datetime.combine(begin, datetime.min.time()) + timedelta(days=choose([0, 0, 0, 1, 4]), hours=choose([8, 8, 9, 16]))
    cnt, pric = choose([Decimal(1), Decimal(1), Decimal(2), Decimal(30)]), choose([Decimal("20.00"), Decimal("33.33")])
    amount = cnt * pric
    inside = choose([amount, amount, (amount * Decimal("0.9")).quantize(Decimal("0.01")), Decimal(0)])
    line = {
        "mdtrt_id": visit["mdtrt_id"], "feedetl_sn": sn, "setl_id": f"S{visit['mdtrt_id'][1:]}", "med_list_codg": code, "fee_ocur_time": str(at),
        "cnt": str(cnt), "pric": str(pric), "det_item_fee_sumamt": str(amount), "inscp_scp_amt": str(inside), "rxno": choose(["R1", "R1", "R2"]),
        "oprn_no": choose(["", "1"]),
    }  # fmt: skip
    lake.setdefault("fee_line", []).append(line)
    if choose([False, False, False, True]):
        back = line | {"feedetl_sn": f"{sn}R", "init_feedetl_sn": sn, "cnt": "-1", "det_item_fee_sumamt": str(-pric)}
        back["inscp_scp_amt"] = str(-min(inside, pric))
        lake["fee_line"].append(back)
        return amount - pric, inside - min(inside, pric)
    if code[0] == "X" and choose([True, False]):
        lake.setdefault("trace_code", []).append(
            {"scan_id": f"T{visit['mdtrt_id']}{sn}", "drug_trac_codg": choose(["8000000000000000000A", "8000000000000000000B"]), "scan_type": "2",
             "scan_time": str(at), "fixmedins_code": visit["fixmedins_code"], "med_list_codg": code, "mdtrt_id": visit["mdtrt_id"],
             "feedetl_sn": sn, "psn_no": visit["psn_no"], "trdn_flag": "0", "mdtrt_setl_type": "1"}
        )  # fmt: skip
    return amount, inside


def travelling(number: int, size: int = 5, days: int = 6) -> Rows:
    """Persons who arrive together, day after day."""
    lake: Rows = {}
    for p in range(size):
        name = f"{number}/{p}"
        lake.setdefault("person", []).append({"psn_no": f"P{name}", "gend": "1", "insutype": "310", "insu_admdvs": "990101"})
        for d in range(days):
            at = datetime.combine(FIRST + timedelta(days=2 * d), datetime.min.time()) + timedelta(hours=9, minutes=p)
            visit = f"E{name}/{d}"
            lake.setdefault("encounter", []).append(
                {"mdtrt_id": visit, "psn_no": f"P{name}", "fixmedins_code": INSTITUTIONS[1]["fixmedins_code"], "med_type": "11",
                 "insutype": "310", "begntime": str(at), "insu_admdvs": "990101", "mdtrtarea_admvs": "990101"}
            )  # fmt: skip
            lake.setdefault("settlement", []).append(
                {"setl_id": f"S{name}/{d}", "mdtrt_id": visit, "setl_time": str(at), "medfee_sumamt": "20.00", "inscp_scp_amt": "20.00",
                 "fund_pay_sumamt": "10.00"}
            )  # fmt: skip
    return lake


def courses(book: Rulebook, number: int) -> Rows:
    """One stay for each rule that counts days of use, with two days more than its first knowledge row allows."""
    lake: Rows = {}
    for rule in (r for r in book.rules.values() if r.settings.get("measure") == "days"):
        cells = cells_of(book, rule)[0]
        stay, days = f"E{number}/{rule.rule_id}", int(cells["max_value"]) + 2
        who = {"psn_no": f"P{number}/{rule.rule_id}", "gend": "1", "insutype": "310", "insu_admdvs": "990101"}
        lake.setdefault("person", []).append(who)
        lake.setdefault("encounter", []).append(
            {"mdtrt_id": stay, "psn_no": who["psn_no"], "fixmedins_code": INSTITUTIONS[0]["fixmedins_code"], "med_type": "21",
             "insutype": "310", "begntime": str(FIRST), "endtime": str(FIRST + timedelta(days=days)), "insu_admdvs": "990101",
             "mdtrtarea_admvs": "990101"}
        )  # fmt: skip
        for d in range(days):
            lake.setdefault("fee_line", []).append(
                {"mdtrt_id": stay, "feedetl_sn": f"L{d}", "med_list_codg": _item(cells["code"], cells["match"]), "cnt": "1", "pric": "20.00",
                 "fee_ocur_time": str(FIRST + timedelta(days=d))}
            )  # fmt: skip
    return lake


def _by_line(book: Rulebook) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Rules that judge a line by its days: id, measure, knowledge rows with a whole code each."""
    rules = [r for r in book.rules.values() if r.settings.get("per") == "line"]
    return [
        (r.rule_id, r.settings["measure"], [c | {"whole": _item(c["code"], c["match"])} for c in cells_of(book, r)])
        for r in rules
    ]


def united(*lakes: Rows) -> Rows:
    """Lakes as one; rows of one key (shared institutions, prices) are kept once."""
    whole: Rows = {}
    for lake in lakes:
        for table, rows in lake.items():
            whole.setdefault(table, []).extend(rows)
    for table, key in (("institution", ("fixmedins_code",)), ("price", ("admdvs", "hosp_lv_grp", "med_list_codg"))):
        whole[table] = list({tuple(r[c] for c in key): r for r in whole.get(table, [])}.values())
    return whole


def packed(book: Rulebook, seed: int, lakes: int) -> Rows:
    """Many small lakes as one, reproducible."""
    from .special_dxpair import breaches  # it takes its pieces from here
    from .special_limits import limits, prescribers
    from .special_stats import records

    rng = random.Random(seed)
    return united(
        *(small_lake(book, rng.choice, n) for n in range(lakes)),
        *(small_lake(book, rng.choice, 20_000 + n, book.rules[rule_id]) for n, rule_id in enumerate(sorted(RARE) * 40)),
        travelling(9001),
        travelling(9002, size=4),
        courses(book, 9003),
        records(9004),
        limits(book, 9010),
        prescribers(book, 9011),
        breaches(book, 9004),
        special_caps.long_lines(_by_line(book), 9101),
        special_caps.crowded(9102),
        special_caps.off_list(9103),
    )
