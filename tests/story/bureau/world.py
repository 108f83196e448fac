"""An invented county: its people, institutions, doctors and two months of visits, in the lake's own words and all clean."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from .ledger import Row

HOME, NEXT_CITY = "990181", "990281"
FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨䶮㛃𠮷"
GIVEN = ("建国", "秀英", "子涵", "桂兰", "志强", "䶮", "雨㛃", "𠮷祥", "小梅", "·买买提")
WARDS = (("0301", "内科"), ("0401", "普外科"), ("0701", "儿科"), ("5001", "中医科"))
ITEMS = (  # code, name, list_type, med_chrgitm_type, level, price, unit
    ("XN02BEB001A001010100001", "布洛芬缓释胶囊", "101", "09", "01", "12.5000", "盒"),
    ("XJ01CRA040A010010200002", "注射用阿莫西林钠克拉维酸钾", "101", "09", "02", "38.6000", "支"),
    ("ZA01AAB0012010100003", "板蓝根颗粒", "101", "11", "01", "16.8000", "盒"),
    ("001102000010000", "普通门诊诊查费", "201", "02", "01", "10.0000", "次"),
    ("002501010010000", "血常规", "201", "04", "02", "25.0000", "次"),
    ("003301000010000-0A", "清创术", "201", "05", "01", "1234.5000", "次"),
    ("C1401010100000000001", "一次性使用静脉留置针", "301", "08", "03", "9.9000", "个"),
)
ILLS = (("J06.900", "急性上呼吸道感染"), ("I10.x00", "原发性高血压"), ("E11.900", "2型糖尿病"), ("K35.900", "急性阑尾炎"))


@dataclass
class World:
    """Clean rows of each table, and for an encounter the numbers of its rows."""

    rng: random.Random
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **cells: Any) -> Row:
        self.rows[table].append(Row(table, cells))
        return self.rows[table][-1]


def identity_number(region: str, born: date, serial: int) -> str:
    """A number of the right form, of a region that does not exist, with its check digit."""
    body = f"{region}{born:%Y%m%d}{serial % 1000:03d}"
    return body + "10X98765432"[sum(int(d) << (17 - i) for i, d in enumerate(body)) % 11]


def make_world(seed: int, persons: int) -> World:
    """The county before anyone has spoiled its export."""
    w = World(random.Random(seed))
    _places(w)
    for number in range(persons):
        psn_no = f"{number + 1:010d}" if number % 3 else f"99{number + 1:08d}"
        _person(w, psn_no, number)
        for _ in range(w.rng.choice((1, 2, 2, 3))):
            _visit(w, w.rows["person"][-1], w.rng.choices(("outp", "pharm", "inp"), (6, 2, 2))[0])
    return w


def _places(w: World) -> None:
    for i, (letter, name, level) in enumerate(
        (
            ("H", "云岭县人民医院", "05"),
            ("H", "云岭县中医院", "06"),
            ("H", "䶮塘镇卫生院", "08"),
            ("P", "𠮷安大药房", None),
            ("P", "云岭百姓药店", None),
        )
    ):
        code = f"{letter}{HOME}{i + 1:05d}"
        kind, beds = ("1", 120 + 60 * i) if letter == "H" else ("2", None)
        w.add("institution", fixmedins_code=code, fixmedins_name=name, fixmedins_type=kind, hosp_lv=level, admdvs=HOME, addr=f"云岭县解放路{i + 1}号",
              aprv_bed_cnt=beds, agre_begndate=date(2025, 1, 1), agre_enddate=date(2027, 12, 31))  # fmt: skip
        for j in range(4):
            dept = WARDS[j]
            w.add("practitioner", prac_psn_code=f"{'D' if letter == 'H' else 'YS'}{HOME}{i * 10 + j:06d}", prac_psn_name=FAMILY[i + j] + GIVEN[j],
                  prac_psn_type="1" if letter == "H" else "3", fixmedins_code=code, begndate=date(2012 + j, 3, 1), enddate=None,
                  dept_codg=dept[0], dept_name=dept[1], profttl=str(2 + j), stas="1")  # fmt: skip
    for code, name, _, _, _, price, unit in ITEMS:
        for group in ("3", "2", "1"):
            w.add("price", admdvs=HOME, hosp_lv_grp=group, med_list_codg=code.split("-")[0], hilist_name=name, pric_uplmt_amt=Decimal(price) * 2,
                  cnt_unt=unit, valid_from=date(2025, 1, 1), valid_to=None, src="云医保发〔2024〕15号")  # fmt: skip


def _person(w: World, psn_no: str, number: int) -> None:
    rng = w.rng
    born = date(2000, 2, 29) if number % 29 == 7 else date(1935, 1, 1) + timedelta(rng.randrange(32000))
    worker = rng.random() < 0.4 and date(1955, 1, 1) < born < date(2004, 1, 1)
    kind = ("12" if born < date(1966, 1, 1) else "11") if worker else "14" if born > date(2008, 1, 1) else "15"
    w.add("person", psn_no=psn_no, psn_name=rng.choice(FAMILY) + rng.choice(GIVEN), psn_cert_type="01", certno=identity_number(HOME, born, number),
          gend=rng.choice("12"), brdy=born, insutype="310" if worker else "390", psn_type=kind, insu_admdvs=HOME, psn_insu_stas="1",
          emp_name="云岭县第一小学" if worker else None, curr_addr=f"云岭县䶮塘镇{rng.randint(1, 30)}组", tel=f"990{rng.randrange(10**8):08d}",
          balc=Decimal(rng.randrange(900000)) / 100)  # fmt: skip
    if number % 6 == 0:
        w.add("entitlement", psn_no=psn_no, entl_type="1", dise_codg="M03900", dise_name="高血压", fixmedins_code=None, trafm_admdvs=None,
              begndate=date(2025, 6, 1), enddate=date(2027, 5, 31))  # fmt: skip


def _visit(w: World, person: Row, kind: str) -> None:
    """One visit with its bill: encounter, diagnoses, perhaps an operation, lines, settlement; one in twelve is wholly refunded."""
    rng, who, number = w.rng, person.cells, len(w.rows["encounter"]) + 1
    places = [r.cells for r in w.rows["institution"] if (r.cells["fixmedins_type"] == "2") == (kind == "pharm")]
    place = rng.choice(places)
    doctor = rng.choice([r.cells for r in w.rows["practitioner"] if r.cells["fixmedins_code"] == place["fixmedins_code"]])
    begin = datetime(2026, 2, 1, 8, 5) + timedelta(days=rng.randrange(26 if number % 2 else 54), minutes=rng.randrange(600))
    end = begin + timedelta(days=rng.randint(2, 4)) if kind == "inp" else None
    mdtrt_id = (
        f"MZ{begin:%Y%m%d}-{number:05d}" if kind == "outp" else f"{90000000 + number}" if kind == "inp" else f"GY{number:08d}"
    )
    links = {"mdtrt_id": mdtrt_id, "psn_no": who["psn_no"]}
    bill = links | {"fixmedins_code": place["fixmedins_code"]}
    areas = {"insu_admdvs": who["insu_admdvs"], "mdtrtarea_admvs": HOME}
    kinds = {"insutype": who["insutype"], "med_type": {"outp": "11", "inp": "2101", "pharm": "41"}[kind]}
    desk = {"adm_dept_codg": doctor["dept_codg"], "adm_dept_name": doctor["dept_name"]}
    by = {"atddr_no": doctor["prac_psn_code"], "atddr_name": doctor["prac_psn_name"]}
    seen = begin + timedelta(minutes=40) if kind != "inp" else end + timedelta(hours=3)
    w.add("encounter", **bill, **kinds, **desk, **by, **areas, begntime=begin, endtime=end, ipt_otp_no=f"{number:06d}",
          adm_bed=f"{rng.randint(1, 40):02d}床" if end else None, dscg_way="1" if end else None, upld_time=seen)  # fmt: skip
    if kind != "pharm":
        for srt, (code, name) in enumerate(rng.sample(ILLS, 2), 1):
            w.add("diagnosis", **links, inout_diag_type="2" if end else "1", diag_type="1", diag_srt_no=srt, maindiag_flag="10"[srt - 1],
                  diag_code=code, diag_name=name, diag_dept=doctor["dept_codg"], dise_dor_no=doctor["prac_psn_code"])  # fmt: skip
    if end:
        w.add("operation", **links, oprn_srt_no=1, main_oprn_flag="1", oprn_oprt_code="47.0100", oprn_oprt_name="腹腔镜下阑尾切除术",
              oprn_oprt_date=begin.date() + timedelta(1), oper_dr_code=doctor["prac_psn_code"], oper_dr_name=doctor["prac_psn_name"])  # fmt: skip
    setl_id = f"JS{number:09d}"
    goods = ITEMS[:3] if kind == "pharm" else ITEMS
    lines = []
    for sn, item in enumerate(rng.sample(goods, rng.randint(2, 3)), 1):
        count, price = Decimal(rng.randint(1, 5)), Decimal(item[5])
        amount = (count * price).quantize(Decimal("0.01"))
        one = w.add("fee_line", **bill, feedetl_sn=str(sn), init_feedetl_sn=None, setl_id=setl_id, rxno=f"CF{number:06d}",
                    fee_ocur_time=begin + timedelta(minutes=10 * sn), med_list_codg=item[0], hilist_name=item[1], list_type=item[2],
                    med_chrgitm_type=item[3], chrgitm_lv=item[4], cnt=count, pric=price, det_item_fee_sumamt=amount,
                    inscp_scp_amt=Decimal(0) if item[4] == "03" else amount, cnt_unt=item[6], bilg_dept_name=doctor["dept_name"],
                    bilg_dr_codg=doctor["prac_psn_code"], dscg_tkdrug_flag="0")  # fmt: skip
        if item[0].startswith("Z"):
            one.raw["list_type"] = "中成药"  # two local words for one national code
        lines.append(one)
    paid = end + timedelta(hours=2) if end else begin + timedelta(minutes=30)
    whole = settle(w, lines, bill | kinds | areas | {"psn_type": who["psn_type"]}, setl_id, paid)
    if number % 12 == 0:
        refund(w, whole, lines, with_number=number % 24 == 0)


def settle(w: World, lines: list[Row], cells: dict[str, Any], setl_id: str, at: datetime) -> Row:
    """The settlement of these lines."""
    total = sum((r.cells["det_item_fee_sumamt"] for r in lines), Decimal(0))
    scope = sum((r.cells["inscp_scp_amt"] for r in lines), Decimal(0))
    fund = (scope * Decimal("0.6")).quantize(Decimal("0.01"))
    account = min(scope - fund, Decimal("20.00"))
    return w.add("settlement", **cells, setl_id=setl_id, setl_time=at, medfee_sumamt=total, fulamt_ownpay_amt=total - scope, overlmt_selfpay=Decimal(0),
                 preselfpay_amt=Decimal(0), inscp_scp_amt=scope, hifp_pay=fund, fund_pay_sumamt=fund, acct_pay=account,
                 psn_cash_pay=total - fund - account, refd_setl_flag="0", init_setl_id=None)  # fmt: skip


def refund(w: World, whole: Row, lines: list[Row], *, with_number: bool) -> list[Row]:
    """Undo a settlement and its lines, with or without naming the lines undone."""
    later, setl_id = whole.cells["setl_time"] + timedelta(hours=1), whole.cells["setl_id"] + "T"
    money = {k: -v for k, v in whole.cells.items() if isinstance(v, Decimal)}
    undone = (
        whole.cells
        | money
        | {"setl_id": setl_id, "setl_time": later, "refd_setl_flag": "1", "init_setl_id": whole.cells["setl_id"]}
    )
    done = [w.add("settlement", **undone)]
    for r in lines:
        c = r.cells
        back = {k: -c[k] for k in ("cnt", "det_item_fee_sumamt", "inscp_scp_amt")} | {
            "setl_id": setl_id,
            "feedetl_sn": "T" + c["feedetl_sn"],
        }
        back |= {
            "init_feedetl_sn": c["feedetl_sn"] if with_number else None,
            "fee_ocur_time": c["fee_ocur_time"] + timedelta(minutes=90),
        }
        done.append(w.add("fee_line", **(c | back)))
    return done
