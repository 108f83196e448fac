"""From numbers to the lake's tables: keys as text, codes by name, money as exact decimals, columns under national names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hengjian.city.block import DAY, Block
from hengjian.city.columns import constant, days, decimals, instants, money, pick
from hengjian.city.diseases import ALL, DEPTS, INDEX
from hengjian.city.encounters import INP, INSUTYPES, MED_TYPES, OUTP, PHARM, med
from hengjian.city.frames import Array, Frame, concat, runs, size, take
from hengjian.city.people import CHRONIC, DISTRICTS
from hengjian.city.plant.plot import Operation
from hengjian.city.refunds import UNDONE_AFTER
from hengjian.city.services import BODY_PARTS
from hengjian.city.stays import operation_time
from hengjian.city.texts import numbered, person_numbers

_DEPT_CODES, _DEPT_NAMES = tuple(DEPTS), tuple(DEPTS.values())
_REGIONS = tuple(str(code) for code, _ in DISTRICTS)
_STRIDE = 10_000_000
"""Encounters of one block are numbered from block × this."""


def encounter_ids(block: Block) -> pa.Array:
    """The `mdtrt_id` of each encounter of a block: 18 digits, unique in the city."""
    numbers = block.number * _STRIDE + np.arange(size(block.enc))
    return numbered("99012", numbers, 13)


def line_numbers(sn: Array) -> pa.Array:
    """The `feedetl_sn` of lines from their numbers inside the encounter; 0 gives an empty cell."""
    most = int(sn.max(initial=1))
    return pick(sn - 1, numbered("", np.arange(1, most + 1), 5))


def _people(block: Block) -> pa.Array:
    return person_numbers(block.people["number"])


def _insured(block: Block, person: Array) -> pa.Array:
    """Place of insurance of each person row."""
    away = block.people["away"][person]
    return pick(np.where(away, len(_REGIONS), block.people["district"][person]), (*_REGIONS, "990200"))


def encounter_table(block: Block) -> pa.Table:
    """The lake table `encounter` of a block."""
    enc, places, n = block.enc, block.places, size(block.enc)
    inpatient, shop, chronic = enc["kind"] == INP, enc["kind"] == PHARM, enc["med"] == med("14")
    dept = np.where(shop, -1, enc["dept"])
    doctor, person, inst = enc["doctor"], enc["person"], enc["inst"]
    fixmedins = pa.array(places.codes)
    row = np.arange(n)
    bed = 1 + (enc["begin"] // 60 % 300)
    birth = np.isin(enc["med"], (med("51"), med("52")))
    uploaded = _uploaded(block)
    return pa.table(
        {
            "mdtrt_id": encounter_ids(block),
            "psn_no": pick(person, _people(block)),
            "fixmedins_code": pick(inst, fixmedins),
            "insutype": pick(enc["insu"], INSUTYPES),
            "med_type": pick(enc["med"], MED_TYPES),
            "begntime": instants(enc["begin"]),
            "endtime": instants(enc["end"], enc["end"] < 0),
            "mdtrt_cert_type": pick(np.where(person % 5 == 0, 1, 0), ("01", "03")),
            "ipt_otp_no": numbered("N", block.number * _STRIDE + row, 11),
            "medrcdno": pick(np.where(shop, -1, person), numbered("B", block.people["number"], 9)),
            "adm_dept_codg": pick(dept, _DEPT_CODES),
            "adm_dept_name": pick(dept, _DEPT_NAMES),
            "dscg_dept_codg": pick(np.where(inpatient, dept, -1), _DEPT_CODES),
            "dscg_dept_name": pick(np.where(inpatient, dept, -1), _DEPT_NAMES),
            "adm_bed": pick(np.where(inpatient, bed, -1), [str(i) for i in range(301)]),
            "atddr_no": pick(doctor, pa.array(places.doctor_codes)),
            "atddr_name": pick(doctor, places.doctor_names),
            "adm_way": pick(np.where(inpatient, enc["adm_way"], -1), tuple(str(i) for i in range(10))),
            "dscg_way": pick(np.where(inpatient, enc["dscg_way"], -1), tuple(str(i) for i in range(10))),
            "acp_optins_code": pick(enc["accept"], fixmedins),
            "dise_codg": pick(np.where(chronic, enc["disease"], -1), [d.chronic or None for d in ALL]),
            "dise_name": pick(np.where(chronic, enc["disease"], -1), [d.name if d.chronic else None for d in ALL]),
            "matn_stas": pick(np.where(birth, 1, 0), ("0", "1")),
            "ipt_med_type": pick(np.where(inpatient, enc["day_surgery"].astype(np.int8), -1), ("1", "2")),
            "days_rinp_flag_31": pick(np.where(inpatient, enc["planned"], -1), (None, "1", "2")),
            "insu_admdvs": _insured(block, person),
            "mdtrtarea_admvs": pick(places.district[inst], _REGIONS),
            "onln_flag": pick(enc["online"], ("0", "1", None)),
            "upld_time": instants(uploaded, uploaded <= 0),
        }
    )


def _uploaded(block: Block) -> Array:
    """When the platform received each encounter: minutes after the last line, one in two hundred hours later.

    Within the limit, which for a visit without an end runs from its beginning.
    """
    rng = block.plan.rng(8, block.number)
    n = size(block.enc)
    late = np.where(
        rng.random(n) < 0.005,
        rng.integers(2 * 3600, np.where(block.enc["kind"] == INP, 70, 20) * 3600),
        rng.integers(120, 3600, n),
    )
    upload = np.minimum(block.last_line + late, block.plan.data_day * DAY + 20 * 3600)
    endless = (block.enc["end"] < 0) & (block.enc["kind"] != INP)
    upload = np.where(endless, np.maximum(np.minimum(upload, block.enc["begin"] + 24 * 3600), block.last_line + 60), upload)
    for planted, second in block.plot.uploads.items():
        upload[block.planted_enc[planted]] = second
    return np.asarray(upload)


def settlement_times(block: Block) -> Array:
    """Second of each settlement row."""
    s = block.settlements
    last = block.last_line[s["enc"]]
    stages = np.bincount(s["enc"], minlength=size(block.enc))
    undone = stages[s["enc"]] > 1
    return np.asarray(np.where(undone & (s["stage"] == 0), last - UNDONE_AFTER, last) + 180 + 120 * s["stage"])


def _settlement_ids(block: Block) -> pa.Array:
    """One id for each encounter and stage, at index encounter × 3 + stage."""
    return numbered("99013", (block.number * _STRIDE + np.arange(size(block.enc) * 3)), 13)


def settlement_table(block: Block) -> pa.Table:
    """The lake table `settlement` of a block."""
    s, enc, people, places = block.settlements, block.enc, block.people, block.places
    at = s["enc"]
    person, inst = enc["person"][at], enc["inst"][at]
    n, key = size(s), at.astype(np.int64) * 3 + s["stage"]
    ids = _settlement_ids(block)
    seconds = settlement_times(block)
    last_day = np.where(enc["end"][at] >= 0, enc["end"][at] // DAY, enc["begin"][at] // DAY)
    kinds = ("11", "12", "14", "15", "16")
    psn_type = np.searchsorted(np.array([int(k) for k in kinds]), people["psn_type"])
    zero = money(np.zeros(n, np.int64))
    refund = s["stage"] == 1
    return pa.table(
        {
            "setl_id": ids.take(pa.array(key)),
            "mdtrt_id": pick(at, encounter_ids(block)),
            "psn_no": pick(person, _people(block)),
            "fixmedins_code": pick(inst, pa.array(places.codes)),
            "insutype": pick(enc["insu"][at], INSUTYPES),
            "med_type": pick(enc["med"][at], MED_TYPES),
            "psn_type": pick(psn_type[person], kinds),
            "setl_time": instants(seconds),
            "begndate": days(enc["begin"][at] // DAY),
            "enddate": days(last_day),
            "medfee_sumamt": money(s["amt"]),
            "fulamt_ownpay_amt": money(s["ownpay"]),
            "overlmt_selfpay": zero,
            "preselfpay_amt": money(s["presel"]),
            "inscp_scp_amt": money(s["inscp"]),
            "act_pay_dedc": money(s["dedc"]),
            "hifp_pay": money(s["hifp"]),
            "pool_prop_selfpay": decimals(s["ratio"] * 100, 5, 4),
            "cvlserv_pay": zero,
            "hifes_pay": zero,
            "hifmi_pay": money(s["hifmi"]),
            "hifob_pay": money(s["hifob"]),
            "maf_pay": money(s["maf"]),
            "oth_pay": zero,
            "fund_pay_sumamt": money(s["fund"]),
            "psn_part_amt": money(s["part"]),
            "acct_pay": money(s["acct"]),
            "acct_mulaid_pay": money(s["shared"]),
            "psn_cash_pay": money(s["cash"]),
            "hosp_part_amt": money(s["hospital"]),
            "refd_setl_flag": pick(refund.astype(np.int8), ("0", "1")),
            "init_setl_id": ids.take(pa.array(key - 1, mask=~refund)),
            "setl_type": constant("2", n),
            "clr_optins": pick(places.district[inst], _REGIONS),
            "insu_admdvs": _insured(block, person),
            "mdtrtarea_admvs": pick(places.district[inst], _REGIONS),
        }
    )


def fee_line_table(block: Block) -> pa.Table:
    """The lake table `fee_line` of a block, in order of encounter, settlement and time."""
    lines, enc, cat, places = block.lines, block.enc, block.cat, block.places
    at, item, items = lines["enc"], lines["item"], cat.items
    n = size(lines)
    inst, person, doctor, dept = enc["inst"][at], enc["person"][at], enc["doctor"][at], enc["dept"][at]
    dept = np.where(enc["kind"][at] == PHARM, -1, dept)
    drug = cat.is_drug[item]
    slice_or_drug = drug | cat.is_slice[item]
    ward_day = np.minimum(lines["sec"] // DAY - enc["begin"][at] // DAY, 98)
    timed, operated = lines["hours"] > 0, lines["oper"] >= 0
    exe = timed | operated
    exe_end = lines["sec"] + np.where(timed, lines["hours"].astype(np.int64) * 3600, 5400)
    share = np.where(lines["ownpay"] != 0, 10_000, np.where(lines["presel"] != 0, 1_000, 0))
    refund = lines["cnt"] < 0

    def by_item(values: list[str | None], keep: Array | None = None) -> pa.Array:
        return pick(item if keep is None else np.where(keep, item, -1), values)

    return pa.table(
        {
            "mdtrt_id": pick(at, encounter_ids(block)),
            "feedetl_sn": line_numbers(block.sn),
            "init_feedetl_sn": line_numbers(block.init),
            "psn_no": pick(person, _people(block)),
            "fixmedins_code": pick(inst, pa.array(places.codes)),
            "setl_id": pick(at * 3 + lines["stage"], _settlement_ids(block)),
            "rxno": pick(
                np.where(slice_or_drug & ~refund, np.where(lines["rx"] >= 0, lines["rx"], ward_day), -1),
                [f"CF{i + 1:02d}" for i in range(99)],
            ),
            "fee_ocur_time": instants(lines["sec"]),
            "med_list_codg": by_item([i.code for i in items]),
            "hilist_name": by_item([i.name for i in items]),
            "medins_list_codg": pick(item, [f"ZY{i:05d}" for i in range(len(items))]),
            "list_type": by_item([i.list_type for i in items]),
            "med_chrgitm_type": by_item([i.chrg for i in items]),
            "chrgitm_lv": by_item([f"0{i.lv}" for i in items]),
            "cnt": decimals(lines["cnt"].astype(np.int64) * 10_000, 16, 4),
            "pric": decimals(lines["pric"], 16, 6),
            "det_item_fee_sumamt": money(lines["amt"]),
            "fulamt_ownpay_amt": money(lines["ownpay"]),
            "overlmt_amt": money(np.zeros(n, np.int64)),
            "preselfpay_amt": money(lines["presel"]),
            "inscp_scp_amt": money(lines["inscp"]),
            "selfpay_prop": decimals(share, 5, 4),
            "spec": by_item([i.spec or None for i in items]),
            "dosform_name": by_item([i.form or None for i in items]),
            "spec_pack_cnt": decimals(np.array([i.pack for i in items], np.int64)[item] * 10_000, 16, 4, ~drug),
            "cnt_unt": by_item([i.unit for i in items]),
            "sin_dos": decimals(np.full(n, 10_000, np.int64), 16, 4, ~drug),
            "sin_dosunt": by_item([_dose_unit(i.form) for i in items], drug),
            "used_frqu_dscr": by_item([i.freq or None for i in items], slice_or_drug),
            "prd_days": decimals(lines["days"].astype(np.int64) * 100, 6, 2, ~slice_or_drug | (lines["days"] <= 0)),
            "medc_way_dscr": by_item([i.way or None for i in items], slice_or_drug),
            "tcmdrug_used_way": pick(np.where(cat.is_slice[item], 0, -1), ("1",)),
            "bilg_dept_codg": pick(dept, _DEPT_CODES),
            "bilg_dept_name": pick(dept, _DEPT_NAMES),
            "bilg_dr_codg": pick(doctor, pa.array(places.doctor_codes)),
            "bilg_dr_name": pick(doctor, places.doctor_names),
            "dscg_tkdrug_flag": pick(np.where(drug, lines["home"].astype(np.int8), -1), ("0", "1")),
            "exe_begntime": instants(lines["sec"], ~exe),
            "exe_endtime": instants(exe_end, ~exe),
            "body_part": pick(lines["body"], BODY_PARTS),
            "oprn_no": pick(np.where(operated, 0, -1), ("1",)),
        }
    )


def _dose_unit(form: str) -> str | None:
    return (
        {
            "注射剂": "支",
            "胶囊剂": "粒",
            "颗粒剂": "袋",
            "口服液体剂": "支",
            "栓剂": "枚",
            "软膏剂": "次",
            "外用制剂": "次",
        }.get(form, "片")
        if form
        else None
    )


def diagnosis_table(block: Block) -> pa.Table:
    """The lake table `diagnosis` of a block; a purchase has none."""
    enc = block.enc
    own = np.isin(np.arange(size(enc)), block.planted_enc[sorted(block.plot.diagnoses)])
    visits = np.flatnonzero((enc["kind"] == OUTP) & ~own)
    stays = np.flatnonzero((enc["kind"] == INP) & ~own)
    parts = [
        _main(visits, enc["disease"][visits], 0),
        _main(stays, enc["disease"][stays], 0),
        _main(stays, enc["disease"][stays], 1),
    ]
    for name in CHRONIC[:2]:  # a second discharge diagnosis: pressure or sugar, whichever the person has
        disease = INDEX[name]
        has = block.people[f"has_{name}"][enc["person"][stays]] & (enc["disease"][stays] != disease) & ~enc["plain"][stays]
        rows = stays[has]
        parts.append(
            {
                "enc": rows,
                "diag": np.full(len(rows), disease),
                "out": np.ones(len(rows), np.int64),
                "main": np.zeros(len(rows), np.int64),
                "cond": np.zeros(len(rows), np.int64),
            }
        )
    codes, names = [d.code for d in ALL], [d.name for d in ALL]
    parts += _infected(block, stays, codes, names)
    special: list[tuple[int, int, int, int, int]] = []
    for planted, diagnoses in sorted(block.plot.diagnoses.items()):
        mains: set[bool] = set()
        for d in diagnoses:
            first = d.main and d.out not in mains
            mains |= {d.out} if first else set()
            special.append((int(block.planted_enc[planted]), len(codes), int(d.out), int(first), 0))
            codes.append(d.code)
            names.append(d.name)
    if special:
        columns = np.array(special, np.int64).T
        parts.append(dict(zip(("enc", "diag", "out", "main", "cond"), columns, strict=True)))
    rows = concat(parts)
    order = np.lexsort((1 - rows["main"], rows["out"], rows["enc"]))
    at, diag, out, main, cond = (rows[name][order] for name in ("enc", "diag", "out", "main", "cond"))
    key = at * 2 + out
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, np.int64)
    number = runs(np.diff(np.append(starts, len(key)))) + 1
    shown = enc["kind"][at] == INP
    return pa.table(
        {
            "mdtrt_id": pick(at, encounter_ids(block)),
            "psn_no": pick(enc["person"][at], _people(block)),
            "inout_diag_type": pick(out, ("1", "2")),
            "diag_type": constant("1", len(at)),
            "diag_srt_no": pa.array(number, pa.int32()),
            "maindiag_flag": pick(main, ("0", "1")),
            "diag_code": pick(diag, codes),  # planted codes repeat, a dictionary must not
            "diag_name": pick(diag, names),
            "adm_cond_type": pick(np.where(shown, cond, -1), ("1", "2", "3", "4")),
            "diag_dept": pick(enc["dept"][at], _DEPT_CODES),
            "dise_dor_no": pick(enc["doctor"][at], pa.array(block.places.doctor_codes)),
            "diag_time": instants(np.where((out == 1) & (enc["end"][at] > 0), enc["end"][at] - 600, enc["begin"][at] + 600)),
        }
    )


def _main(rows: Array, disease: Array, out: int) -> dict[str, Array]:
    n = len(rows)
    return {
        "enc": rows,
        "diag": disease.astype(np.int64),
        "out": np.full(n, out, np.int64),
        "main": np.ones(n, np.int64),
        "cond": np.zeros(n, np.int64),
    }


def _infected(block: Block, stays: Array, codes: list[str], names: list[str]) -> list[dict[str, Array]]:
    """One in sixty ordinary stays of five days and more is discharged with an infection that was not there at admission."""
    enc, rng = block.enc, block.plan.rng(10, block.number)
    long = (enc["end"][stays] // DAY - enc["begin"][stays] // DAY >= 5) & ~enc["plain"][stays]
    rows = stays[long & (rng.random(len(stays)) < 1 / 60)]
    n, surgical = len(rows), np.array([bool(d.op) for d in ALL])[enc["disease"][rows]]
    first = len(codes)
    codes += ["T80.200", "T81.400"]
    names += ["输注、输血和注射后感染", "操作后的感染"]
    diag = np.where(surgical, first + 1, first)
    return [{"enc": rows, "diag": diag, "out": np.ones(n, np.int64), "main": np.zeros(n, np.int64), "cond": np.full(n, 3)}]


def operation_table(block: Block) -> pa.Table:
    """The lake table `operation` of a block: one operation or delivery for each stay of a surgical disease, and what is planted."""
    enc = block.enc
    surgical = np.array([bool(d.opcode) for d in ALL])
    at = np.flatnonzero((enc["kind"] == INP) & surgical[enc["disease"]] & ~enc["plain"])
    disease, n = enc["disease"][at], len(at)
    codes, names = [d.opcode or None for d in ALL], [d.opname or None for d in ALL]
    rows: Frame = {
        "enc": at,
        "op": disease.astype(np.int64),
        "number": np.ones(n, np.int64),
        "begin": operation_time(enc, at),
        "cut": np.array([2 if d.op and "eye" not in d.op else 0 for d in ALL])[disease],
        "awake": disease == INDEX["birth"],
        "main": np.ones(n, np.int64),
    }
    special: list[tuple[int, ...]] = []
    for planted, operations in sorted((_charged(block) | block.plot.operations).items()):
        for number, op in enumerate(operations, 1):
            own = int(block.planted_enc[planted])
            started = op.sec if op.sec >= 0 else int(operation_time(enc, np.array([own]))[0])
            special.append((own, len(codes), number, started, op.cut, 0, int(op.main)))
            codes.append(op.code)
            names.append(op.name)
    if special:
        columns = dict(zip(rows, np.array(special, np.int64).T, strict=True))
        rows = concat([rows, columns | {"awake": columns["awake"] > 0}])
        rows = take(rows, np.lexsort((rows["number"], rows["enc"])))
    at, begin, awake, n = rows["enc"], rows["begin"], rows["awake"], size(rows)
    return pa.table(
        {
            "mdtrt_id": pick(at, encounter_ids(block)),
            "psn_no": pick(enc["person"][at], _people(block)),
            "oprn_srt_no": pa.array(rows["number"], pa.int32()),
            "main_oprn_flag": pick(rows["main"], ("0", "1")),
            "oprn_oprt_code": pick(rows["op"], codes),
            "oprn_oprt_name": pick(rows["op"], names),
            "oprn_oprt_date": days(begin // DAY),
            "oprn_oprt_begntime": instants(begin),
            "oprn_oprt_endtime": instants(begin + 5400),
            "anst_way": pick(np.where(awake, -1, 0), ("01",)),
            "anst_begntime": instants(begin - 600, awake),
            "anst_endtime": instants(begin + 6000, awake),
            "oper_dr_code": pick(enc["doctor"][at], pa.array(block.places.doctor_codes)),
            "oper_dr_name": pick(enc["doctor"][at], block.places.doctor_names),
            "incs_type": pick(rows["cut"], ("0", "1", "2")),
            "oprn_no": numbered("", rows["number"], 1),
        }
    )


def _charged(block: Block) -> dict[int, list[Operation]]:
    """Planted stays that are charged an operation have one on record, unless their plot says which."""
    cut = {s["enc"] for s in block.plot.specials if block.cat.items[s["item"]].chrg == "06"}
    stays = (e for e in cut if block.plot.encs[e]["kind"] == INP)
    return {e: [Operation("86.3x00", "皮肤病损切除术")] for e in stays}


def entitlement_table(block: Block) -> pa.Table:
    """The lake table `entitlement` of a block: chronic diseases recognised for outpatient care."""
    people = block.people
    names = [*CHRONIC, "dialysis"]
    parts = [np.flatnonzero(people["dialysis" if name == "dialysis" else f"has_{name}"]) for name in names]
    who = np.concatenate(parts)
    disease = np.repeat([INDEX[name] for name in names], [len(p) for p in parts])
    n = len(who)
    begun = block.plan.first - 30 - (people["number"][who] * 131 + disease) % 1500
    return pa.table(
        {
            "psn_no": pick(who, _people(block)),
            "entl_type": constant("1", n),
            "dise_codg": pick(disease, [d.chronic or None for d in ALL]),
            "dise_name": pick(disease, [d.name if d.chronic else None for d in ALL]),
            "begndate": days(begun),
            "enddate": pa.nulls(n, pa.date32()),
        }
    )
