"""The catalogue: every item that can be charged in the city, as parallel arrays.

Invented items have codes of national shape that no knowledge row catches (checked here); items of the knowledge tables stand
under their real codes, because the ordinary population uses them too, lawfully.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from hengjian.city import knowledge, regulated
from hengjian.city.diseases import ALL
from hengjian.city.drugs import PATENT, SLICES, WESTERN, Drug
from hengjian.city.frames import Array
from hengjian.city.services import CONSUMABLES, SERVICES

ORDINARY, BED, CONSULT, NURSING = 0, 1, 2, 3
"""Daily classes: an ordinary ward day has one of each of the last three."""

# knowledge services by code: (fee category, price in fen, unit)
_SERVICE_PRICES: dict[str, tuple[str, int, str]] = {
    "001102000030000": ("02", 3000, "次"),
    "001102000040000": ("02", 2800, "日"),
    "001102000050000": ("02", 1800, "日"),
    "001103000010000": ("05", 12000, "日"),
    "001109000010000": ("01", 4600, "日"),
    "001109000030000": ("01", 9800, "日"),
    "001109000050000": ("01", 2400, "日"),
    "001201000010000": ("07", 820, "小时"),
    "001201000030000": ("07", 3200, "日"),
    "001201000040000": ("07", 1900, "日"),
    "001201000050000": ("07", 1100, "日"),
    "001201000140100": ("07", 800, "次"),
    "001201000140200": ("07", 900, "次"),
    "001201000140300": ("07", 1200, "次"),
    "001201000150000": ("05", 1600, "日"),
    "001202000010000": ("05", 22000, "日"),
    "001202000020000": ("05", 14000, "日"),
    "001202000030000": ("05", 8000, "日"),
    "001209000010000": ("05", 1800, "日"),
    "002501030010000": ("04", 600, "次"),
    "002506010010000": ("04", 500, "次"),
    "002503020010000": ("04", 600, "次"),
    "003102050010000": ("04", 6800, "次"),
    "003102050010100": ("04", 5600, "次"),
    "003106030010000": ("05", 1400, "小时"),
    "003107010210000": ("03", 9600, "次"),
    "003107010220000": ("05", 400, "小时"),
    "003107010280000": ("05", 300, "小时"),
    "003107020020000": ("05", 900, "小时"),
    "003109010070000": ("06", 86000, "次"),
    "003109020050000": ("03", 22000, "次"),
    "003109040040000": ("05", 1200, "次"),
    "003110000110000": ("05", 7800, "小时"),
    "003112010260000": ("03", 2000, "次"),
    "003301000090000": ("05", 6800, "天"),
    "003301000100000": ("05", 5800, "天"),
    "003303000080000": ("06", 168000, "次"),
    "003303000120000": ("06", 386000, "次"),
    "003309000060000": ("06", 286000, "次"),
    "003310020050000": ("06", 468000, "次"),
    "003310030200000": ("06", 368000, "次"),
    "003310030210000": ("06", 448000, "次"),
    "003313040020000": ("06", 36000, "次"),
    "003314000020000": ("06", 98000, "次"),
}
_DAILY = {
    "001109000010000": BED,
    "001102000050000": CONSULT,
    "001201000030000": NURSING,
    "001201000040000": NURSING,
    "001201000050000": NURSING,
}


@dataclass
class Item:
    """One chargeable item. `cover` = days one pack lasts; `step` = smallest quantity sold; `closed` = not for planted hosts."""

    code: str
    name: str
    list_type: str
    chrg: str
    lv: int
    fen: int
    unit: str
    spec: str = ""
    form: str = ""
    pack: int = 0
    freq: str = ""
    way: str = ""
    cover: int = 0
    closed: bool = False
    daily: int = ORDINARY
    pric_e6: int = 0
    step: int = 1


@dataclass
class Catalogue:
    """Items, their groups by role, and the arrays that line generation reads."""

    items: list[Item] = field(default_factory=list)
    groups: dict[str, list[int]] = field(default_factory=dict)
    by_code: dict[str, int] = field(default_factory=dict)
    by_prefix: dict[str, int] = field(default_factory=dict)

    def add(self, item: Item, group: str = "") -> int:
        """Append an item; returns its index."""
        self.items.append(item)
        index = len(self.items) - 1
        self.by_code.setdefault(item.code, index)
        if group:
            self.groups.setdefault(group, []).append(index)
        return index

    def code(self, code: str) -> int:
        """Index of the item with this code."""
        return self.by_code[code]

    def drug_of(self, prefix: str) -> int:
        """Index of the first drug whose code begins with this prefix."""
        if prefix not in self.by_prefix:
            self.by_prefix[prefix] = next(
                i for i, item in enumerate(self.items) if item.code.startswith(prefix) and item.list_type == "101"
            )
        return self.by_prefix[prefix]

    def only_in(self, item: int, *tables: str) -> bool:
        """Whether no other knowledge table than these names the item."""
        return knowledge.tables_naming(self.items[item].code) <= set(tables)

    def freeze(self) -> None:
        """Build the arrays: price by institution level (0 pharmacy, 1–3), levels, flags, pools by disease."""
        self.pric = np.zeros((len(self.items), 4), np.int64)
        for i, item in enumerate(self.items):
            base = item.pric_e6 or item.fen * 10_000
            for lv in range(4):
                share = (100, 80, 90, 100)[lv] if item.list_type == "201" else 100
                self.pric[i, lv] = base * share // 100 // 10_000 * 10_000 if not item.pric_e6 else base
        self.lv = np.array([i.lv for i in self.items], np.int8)
        self.closed = np.array([i.closed for i in self.items])
        self.daily = np.array([i.daily for i in self.items], np.int8)
        self.cover = np.array([max(i.cover, 1) for i in self.items], np.int16)
        self.step = np.array([i.step for i in self.items], np.int16)
        self.is_drug = np.array([i.list_type == "101" for i in self.items])
        self.is_slice = np.array([i.list_type == "102" for i in self.items])
        self.is_service = np.array([i.list_type == "201" for i in self.items])
        self.pools, self.pool_n = padded([self._pool(d.drugs, d.code) for d in ALL])
        self.labs, self.lab_n = padded([self._pool(d.labs, "") for d in ALL])

    def _pool(self, groups: tuple[str, ...], diag: str) -> list[int]:
        found = [i for g in groups for i in self.groups.get(g, [])]
        for fact in knowledge.facts("drug_indication_limit") if diag else ():
            alone = self.only_in(self.drug_of(fact["code"]), "drug_indication_limit")
            if diag.startswith(tuple(fact["diag_prefixes"].split("|"))) and alone and diag[0] not in "OZ":
                found.append(self.drug_of(fact["code"]))
        return self._apart(found)

    def _apart(self, pool: list[int]) -> list[int]:
        """The pool without drugs that may not be given beside one before them: the ordinary doctor does not."""
        kept: list[int] = []
        taken: set[tuple[str, str]] = set()
        for index in pool:
            code = self.items[index].code
            groups = {
                (row["kid"], role)
                for table, row in knowledge.catching(code)
                if table == "duplicate_drug_group"
                for role in "ab"
                if code.startswith(row[f"{role}_code"])
            }
            if not {(kid, "b" if role == "a" else "a") for kid, role in groups} & taken:
                kept.append(index)
                taken |= groups
        return kept


def padded(lists: list[list[int]]) -> tuple[Array, Array]:
    """Lists of different length as one matrix and their lengths."""
    width = max(1, max(len(x) for x in lists))
    return np.array([x + [0] * (width - len(x)) for x in lists], np.int32), np.array([len(x) for x in lists], np.int32)


_FORMS = {
    "A": ("片剂", "口服", "bid"),
    "E": ("胶囊剂", "口服", "bid"),
    "Y": ("口服液体剂", "口服", "tid"),
    "N": ("颗粒剂", "口服", "tid"),
    "B": ("注射剂", "静脉滴注", "qd"),
    "L": ("外用制剂", "外用", "bid"),
    "F": ("软膏剂", "外用", "bid"),
    "D": ("栓剂", "阴道给药", "qn"),
}


def _drug(code: str, name: str, fen: int, lv: int, cover: int, form: str, maker: int, **more: object) -> Item:
    dosform, way, freq = _FORMS[form]
    per_day = {"bid": 2, "tid": 3, "qd": 1, "qn": 1}[freq]
    pack = 1 if form == "B" else per_day * cover
    spec = f"每支{2 * maker + 2}ml" if form == "B" else f"{pack}×{(5, 10, 20)[maker % 3]}mg"
    unit = "支" if form in "BF" else "盒"
    chrg = "11" if code[0] == "Z" else "09"
    return Item(code, name, "101", chrg, lv, fen, unit, spec, dosform, pack, freq, way, cover, **more)  # type: ignore[arg-type]


def _invented_drugs(cat: Catalogue) -> None:
    serial = 0
    for kind, groups in (("X", WESTERN), ("Z", PATENT)):
        for group, drugs in groups.items():
            for drug in drugs:
                for maker in range(3):
                    serial += 1
                    cat.add(
                        _drug(
                            _drug_code(kind, drug, serial),
                            drug[0],
                            drug[3] * (100, 86, 124)[maker] // 100,
                            drug[4],
                            drug[5],
                            drug[2],
                            maker,
                        ),
                        group,
                    )
    cat.groups["chemo_oral"] = cat.groups["stomach"][:3]
    for serial, (name, fen) in enumerate(SLICES, 1):
        cat.add(Item(f"T9990{serial:05d}", name, "102", "10", 1, fen, "g", "统货", "饮片", 0, "qd", "煎服", 1), "slices")
    for n in range(3):  # loose tablets: price with four decimals, sold by fours so that the amount is whole fen
        item = _drug(f"XA11DBZ98{n}A00101010000{n}", "维生素B6片", 0, 1, 1, "A", n, pric_e6=62_500 + 37_500 * n, step=4)
        item.unit, item.pack = "片", 1
        cat.add(item, "home")


def _drug_code(kind: str, drug: Drug, serial: int) -> str:
    if kind == "Z":
        return f"Z{drug[1]}Z{9000 + serial % 1000:04d}0101{serial:05d}"
    return f"X{drug[1]}Z9{serial % 100:02d}{drug[2]}0010101{serial:05d}"


def _knowledge_drugs(cat: Catalogue) -> None:
    def full(prefix: str, tail: int) -> str:
        width = 20 if prefix[0] == "Z" else 23
        body = prefix if prefix[0] == "Z" or len(prefix) >= 14 else prefix + "A001"
        return body + f"{tail:0{width - len(body)}d}"

    serial = 100
    for table, group in (
        ("drug_sex_limit", ""),
        ("drug_indication_limit", "k_indication"),
        ("drug_work_injury_only", "k_injury"),
        ("drug_maternity_only", "k_maternity"),
        *knowledge.LIMITED_DRUGS,
    ):
        for fact in knowledge.facts(table):
            serial += 1
            prefix = fact["code"]
            if table in dict(knowledge.LIMITED_DRUGS) and any(item.code.startswith(prefix) for item in cat.items):
                cat.groups.setdefault(group, []).append(cat.drug_of(prefix))
                continue
            form = next(
                (
                    f
                    for f, word in (("B", "注射"), ("D", "栓"), ("F", "膏"), ("E", "胶囊"), ("N", "颗粒"))
                    if word in fact["name"]
                ),
                "A",
            )
            name = group
            if table == "drug_sex_limit":
                name = "k_female" if fact["value"] == "2" else "k_male"
            fen = 2600 + 730 * (serial % 17)
            cat.add(
                _drug(
                    full(prefix, 101_00000 + serial),
                    fact["name"],
                    fen,
                    2 if serial % 3 else 1,
                    10,
                    form,
                    serial % 3,
                    closed=True,
                ),
                name,
            )
            if table == "drug_work_injury_only":
                cat.add(
                    _drug(
                        full(knowledge.look_alike(prefix), 101_00000 + serial),
                        fact["name"] + "（外用辅助型）",
                        fen,
                        1,
                        10,
                        form,
                        serial % 3,
                        closed=True,
                    ),
                    "k_injury_like",
                )
            elif table == "internet_excluded_drug":
                like = full(knowledge.look_alike(prefix), 101_00000 + serial)
                cat.add(_drug(like, fact["name"] + "（普通药）", fen, 1, 7, form, serial % 3, closed=True), "k_online_like")
    female, male = ([i for i in cat.groups[g] if cat.only_in(i, "drug_sex_limit")] for g in ("k_female", "k_male"))
    cat.groups["female"] = [i for i in female if not cat.items[i].code.startswith("XH")]
    cat.groups["male"] = [i for i in male if not cat.items[i].code.startswith("XL")]
    cat.groups["male_onc"] = [i for i in male if cat.items[i].code.startswith("XL")]


_CLASSES = {"ct": "002103", "mr": "002102"}
"""National classes of the examinations whose share is watched."""


def _services(cat: Catalogue) -> None:
    for chapter, (role, services) in enumerate(SERVICES.items(), 11):
        for n, (name, chrg, fen, unit, lv) in enumerate(services, 1):
            guarded = role in ("dr", "ct", "film_dr", "film_ct")
            code = f"{_CLASSES[role]}99{n:03d}0000" if role in _CLASSES else f"0099{chapter:02d}{n:03d}010000"
            cat.add(Item(code, name, "201", chrg, lv, fen, unit, closed=guarded), role)
    names: dict[str, str] = {}
    for fact in knowledge.facts("service_daily_limit"):
        names[fact["code"]] = fact["name"]
    for fact in knowledge.facts("duplicate_charge_pair"):
        names.setdefault(fact["a_code"], fact["a_name"])
        names.setdefault(fact["b_code"], fact["b_name"])
    names |= {fact["code"]: fact["name"] for table in knowledge.LIMITED_SERVICES for fact in knowledge.facts(table)}
    for code in sorted(set(names) | set(_SERVICE_PRICES)):
        chrg, fen, unit = _SERVICE_PRICES.get(code, ("05", 5000, "次"))
        daily = _DAILY.get(code, ORDINARY)
        cat.add(
            Item(code, names.get(code, "医疗服务"), "201", chrg, 1, fen, unit, closed=daily == ORDINARY, daily=daily),
            f"s_{names.get(code, code)}",
        )
    cat.groups["lab_glucose"] = cat.groups.get("s_葡萄糖测定", [])
    cat.groups["lab_stool"] = cat.groups.get("s_粪便常规", [])
    cat.groups["gastroscopy"] = cat.groups.get("s_纤维胃十二指肠镜检查", [])
    cat.groups["abpm"] = cat.groups.get("s_动态血压监测", [])


def add_slices(cat: Catalogue) -> None:
    """Slices that no fund pays for, and for each table the slice with the neighbouring code, which is paid."""
    for serial, fact in enumerate(knowledge.facts("tcm_slice_not_paid")):
        fen = 60 + 35 * (serial % 9)
        cat.add(Item(fact["code"], fact["name"], "102", "10", 1, fen, "g", "统货", "饮片", closed=True), "k_slice")
        like = knowledge.look_alike(fact["code"])
        cat.add(Item(like, fact["name"] + "（习用品）", "102", "10", 1, fen, "g", "统货", "饮片", closed=True), "k_slice_like")


def _regulated(cat: Catalogue) -> None:
    """Items that only planted hosts use; what stands in the catalogue already keeps its price."""
    for n, (code, name, fen) in enumerate(regulated.drugs()):
        form = next((f for f, word in (("B", "注射"), ("F", "膏"), ("E", "胶囊"), ("N", "颗粒")) if word in name), "A")
        cat.add(_drug(code, name, fen, 1, 7, form, n % 2, closed=True), "r_drug")
    for code, name, fen in regulated.slices():
        if code not in cat.by_code:
            cat.add(Item(code, name, "102", "10", 1, fen, "g", "统货", "饮片", 0, "qd", "煎服", 1, closed=True), "r_slice")
    for code, name, chrg, fen, unit in regulated.services():
        if code not in cat.by_code:
            cat.add(Item(code, name, "201", chrg, 1, fen, unit, closed=True), "r_service")
    _local(cat)
    for code, name, fen in regulated.materials():
        cat.add(Item(code, name, "301", "08", 1, fen, "个", "中号", closed=True), "r_material")


def _local(cat: Catalogue) -> None:
    """Items of the city's own local knowledge, unless they stand in the catalogue already."""
    for code, name, fen in regulated.local_items("XZ"):
        if code not in cat.by_code:
            cat.add(_drug(code, name, fen, 1, 7, "B" if "注射" in name else "A", 0, closed=True), "l_drug")
    for code, name, fen in regulated.local_items("T"):
        if code not in cat.by_code:
            cat.add(
                Item(code, name, "102", "10", 1, fen // 40, "g", "统货", "饮片", 0, "qd", "煎服", 1, closed=True), "l_slice"
            )
    for code, name, fen in regulated.local_items("0"):
        if code not in cat.by_code:
            cat.add(
                Item(code, name, "201", "06" if code.startswith("0033") else "05", 1, fen // 100 * 100, "次", closed=True),
                "l_service",
            )
    for code, name, fen in regulated.local_items("C"):
        if code not in cat.by_code:
            cat.add(Item(code, name, "301", "08", 1, fen, "个", "中号", closed=True), "l_material")


@cache
def catalogue() -> Catalogue:
    """The one catalogue of the city."""
    cat = Catalogue()
    _invented_drugs(cat)
    _knowledge_drugs(cat)
    _services(cat)
    add_slices(cat)
    _regulated(cat)
    serial = 0
    for role, things in CONSUMABLES.items():
        for name, fen, unit, lv in things:
            for spec in "小中大":
                serial += 1
                cat.add(
                    Item(f"C18990{serial:04d}{serial * 7:010d}"[:20], name, "301", "08", lv, fen, unit, spec + "号"),
                    f"c_{role}",
                )
    for item in cat.items:
        if not item.closed and item.daily == ORDINARY and knowledge.is_known(item.code):
            raise ValueError(f"invented code {item.code} stands in a knowledge table")
    cat.freeze()
    return cat
