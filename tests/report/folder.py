"""A small audit and lake with invented people and places, for the tests of the report."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake

from hengjian.engine.finding import FINDING_SCHEMA, RULES_CSV
from hengjian.kernel.keys import bucket_of
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import LakeVersion, TableState, open_lake, publish

LAW = "《医疗保障基金使用监督管理条例》"
RULES = [  # rule_id, title, r_code, certainty, category, weight, item, price, law
    ("split_admission", "分解住院", "R11", "suspected", "management", 5, "", 4200, LAW + "第三十八条第一项"),
    ("duplicate_charge_pair", "医疗服务项目重复收费", "R21", "certain", "policy", 60, "重症监护", 86, LAW + "第三十八条第三项"),
    ("service_daily_limit", "医疗服务项目限定频次", "R22", "certain", "policy", 40, "口腔护理", 65, LAW + "第三十八条第三项"),
    ("film_overcharge", "胶片超量收费", "R24", "suspected", "management", 25, "医用胶片", 40, LAW + "第三十八条第三项"),
    (
        "drug_indication_limit",
        "药品限适应症",
        "R02",
        "suspected",
        "policy",
        30,
        "人血白蛋白注射液",
        368,
        LAW + "第三十八条第四项",
    ),
    ("drug_maternity_only", "药品限生育保险", "R05", "certain", "policy", 6, "缩宫素注射液", 12, LAW + "第三十八条第四项"),
    (
        "drug_work_injury_only",
        "药品限工伤保险",
        "R04",
        "certain",
        "policy",
        8,
        "注射用鼠神经生长因子",
        138,
        LAW + "第三十八条第四项",
    ),
    ("drug_sex_limit", "药品区分性别使用", "R01", "suspected", "medical", 6, "非那雄胺片", 41, LAW + "第三十八条第四项"),
    ("care_after_death", "死亡后仍有就诊", "R41", "suspected", "fraud", 2, "", 260, LAW + "第四十一条"),
]
PLACES = [
    ("H53010100001", "云溪市第一人民医院", "02"), ("H53010100002", "临江康宁医院", "05"), ("H53010100003", "望湖中心医院", "03"),
    ("H53010100004", "高新康宁医院", "06"), ("H53010100005", "高新新桥镇卫生院", "08"), ("H53010100006", "南屏中医院", "02"),
    ("P53010100007", "松岭仁和堂药房", None), ("P53010100008", "临江惠民连锁三店", None), ("H53010100009", "云溪市妇幼保健院", "06"),
    ("H53010100010", "青石镇中心卫生院", "09"), ("H53010100011", "滨河社区卫生服务中心", "08"), ("H53010100012", "东川骨伤医院", "05"),
]  # fmt: skip
START, END = date(2025, 11, 1), date(2026, 11, 1)
MESSAGES = {
    "split_admission": "患者出院 {n} 天后，以同类诊断再次住进同一医院。",
    "duplicate_charge_pair": "已收「重症监护」的 {n} 天里，又另收口腔护理。",
    "service_daily_limit": "当天收「口腔护理」{n} 次，每日最多 2 次。",
    "film_overcharge": "一次摄影收医用胶片 {n} 张，检查部位只有 1 个。",
    "drug_indication_limit": "人血白蛋白用了 {n} 支，本次就诊没有限定的诊断。",
    "drug_maternity_only": "缩宫素注射液限生育保险支付，本次就诊按职工基本医疗保险结算。",
    "drug_work_injury_only": "鼠神经生长因子限工伤保险支付，本次用了 {n} 支。",
    "drug_sex_limit": "非那雄胺片只用于男性，患者是女性。",
    "care_after_death": "登记死亡 {n} 天后仍有门诊结算。",
}


@dataclass(frozen=True)
class Folder:
    """An audit folder with its rows in memory."""

    out: Path
    findings: list[dict[str, Any]]
    lake: LakeVersion


def make_findings(count: int, seed: int) -> list[dict[str, Any]]:
    """Findings as an audit would write them; some lines are hit by two rules."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        rule_id, _, r_code, certainty, _, _, item, price, law = draw.choices(RULES, [r[5] for r in RULES])[0]
        place = draw.choices(PLACES, [1 / (i + 1) for i in range(len(PLACES))])[0][0]
        moment = datetime.combine(START, datetime.min.time()) + timedelta(
            days=int(364 * draw.random() ** 0.8), hours=draw.randrange(8, 18)
        )
        stay = not item
        person = f"5301{draw.randrange(3000):016d}"
        visit, line = f"M{number:08d}", None if stay else f"{number:010d}"
        times = draw.randint(2, 9)
        total = (Decimal(price) * times * Decimal(draw.randint(80, 140)) / 100).quantize(Decimal("0.01"))
        inscope = (total * Decimal("0.9")).quantize(Decimal("0.01"))
        subject = f"{rule_id}|{visit}|{line}"
        rows.append({
            "finding_id": hashlib.sha256(subject.encode()).hexdigest(), "rule_id": rule_id, "official_code": f"GZ{r_code[1:]}", "r_code": r_code,
            "grain": "encounter" if stay else "line", "psn_no": person, "mdtrt_id": visit, "feedetl_sn": line, "fixmedins_code": place,
            "atddr_no": f"D{draw.randrange(200):06d}", "window_start": moment.replace(hour=0), "window_end": moment.replace(hour=0) + timedelta(days=1),
            "observed": Decimal(times), "threshold": Decimal(2), "amount_total": total, "amount_inscope": inscope,
            "amount_fund": (inscope * Decimal(draw.randint(60, 85)) / 100).quantize(Decimal("0.01")), "certainty": certainty,
            "message": MESSAGES[rule_id].format(n=times), "law": law, "knowledge_ref": f"{rule_id}:row-01（2026-02-01 起）",
            "evidence": json.dumps({
                "lines": [] if stay else [{"mdtrt_id": visit, "feedetl_sn": line, "role": "在疑"}],
                "encounters": [{"mdtrt_id": visit, "role": "在疑"}], "persons": [], "values": {"times": times},
                "exempt_checked": ["急诊抢救：不是", "转科当天：不是"]}, ensure_ascii=False),
            "rule_fingerprint": hashlib.sha256(rule_id.encode()).hexdigest(), "data_version": "3",
        })  # fmt: skip
    return rows + [_second_hit(row) for row in rows if row["rule_id"] == "service_daily_limit"][: count // 40]


def _second_hit(row: dict[str, Any]) -> dict[str, Any]:
    """The same line, hit by another rule for a little less money."""
    money = {name: row[name] - Decimal("1.11") for name in ("amount_total", "amount_inscope", "amount_fund")}
    other = {"rule_id": "duplicate_charge_pair", "r_code": "R21", "message": "已收「重症监护」的当天，又另收口腔护理。"}
    return row | money | other | {"finding_id": hashlib.sha256((row["finding_id"] + "2").encode()).hexdigest()}


def write_audit(
    out: Path, findings: list[dict[str, Any]], *, lake: str = "", score: bool = True, rules: list[dict[str, str]] | None = None
) -> None:
    """Write the files an audit leaves in its folder."""
    out.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(sorted(findings, key=lambda r: r["finding_id"]), FINDING_SCHEMA)
    pq.write_table(table, out / "findings.parquet")
    with (out / "rules.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, RULES_CSV)
        writer.writeheader()
        writer.writerows(rules if rules is not None else rule_rows())
    raw = {
        "audit_no": "SJ-20261122-0001", "title_place": "云溪市", "lake": lake, "data_version": 1, "data_date": "2026-10-31",
        "period": [START.isoformat(), END.isoformat()], "generated_at": "2026-11-22T10:00:00", "engine": "DuckDB 2.0.0", "rules_active": 9,
        "rules_shadow": 0, "rule_pack": hashlib.sha256(b"pack").hexdigest(), "knowledge_rows": 95, "seconds": 12.3, "peak_mb": 900,
        "lines": 1_000_000, "encounters": 90_000, "persons": 20_000, "institutions": 60, "fund_total": "123456789.01", "demo": True,
    }  # fmt: skip
    (out / "audit.json").write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")
    if score:
        draw = random.Random(1)
        themes = [
            {
                "theme": r[0],
                "precision": 1.0 if r[3] == "certain" else round(draw.uniform(0.85, 0.99), 4),
                "recall": round(draw.uniform(0.95, 1), 4),
            }
            for r in RULES
        ]
        (out / "score.json").write_text(json.dumps({"themes": themes}), encoding="utf-8")


def rule_rows() -> list[dict[str, str]]:
    """The rows of rules.csv."""
    return [
        dict(zip(RULES_CSV, (r[0], f"GZ{r[2][1:]}", r[2], "family", r[1], r[3], r[0], r[4], "active", r[8]), strict=True))
        for r in RULES
    ]


def write_lake(root: Path, findings: list[dict[str, Any]], names: dict[str, str] | None = None) -> LakeVersion:
    """A lake with the institutions, the encounters and the lines that the findings name, and a neighbour for each line."""
    places = [
        {
            "fixmedins_code": c,
            "fixmedins_name": (names or {}).get(c, n),
            "fixmedins_type": "2" if lv is None else "1",
            "hosp_lv": lv,
            "admdvs": "530101",
        }
        for c, n, lv in PLACES
    ]
    encounters, lines = {}, {}
    for f in findings:
        begin = f["window_start"] + timedelta(hours=9)
        keys = {
            "psn_no": f["psn_no"],
            "mdtrt_id": f["mdtrt_id"],
            "fixmedins_code": f["fixmedins_code"],
            "bucket": bucket_of(f["psn_no"]),
        }
        encounters[f["mdtrt_id"]] = keys | {
            "begntime": begin,
            "endtime": begin + timedelta(days=3),
            "med_type": "21",
            "insutype": "310",
        }
        for sn, name, amount in (
            (f["feedetl_sn"], "口腔护理", f["amount_total"]),
            (f"9{f['mdtrt_id'][1:]}", "静脉输液", Decimal("12.00")),
        ):
            if f["feedetl_sn"]:
                lines[(f["mdtrt_id"], sn)] = keys | {
                    "feedetl_sn": sn, "fee_ocur_time": begin, "med_list_codg": "001201000010000", "hilist_name": name, "cnt": Decimal(3),
                    "pric": amount / 3, "det_item_fee_sumamt": amount, "inscp_scp_amt": amount, "list_type": "201", "med_chrgitm_type": "07",
                }  # fmt: skip
    for number in range(12 * len(findings)):  # visits nobody doubts
        place = PLACES[(number * number + number // 7) % len(PLACES)][0]
        keys = {
            "psn_no": f"5302{number % 5000:016d}",
            "mdtrt_id": f"Q{number:08d}",
            "fixmedins_code": place,
            "bucket": number % 64,
        }
        encounters[keys["mdtrt_id"]] = keys | {
            "begntime": datetime.combine(START, datetime.min.time()) + timedelta(days=number % 360),
            "med_type": "11",
            "insutype": "310",
        }
    tables = {"institution": places, "encounter": list(encounters.values()), "fee_line": list(lines.values())}
    states = {name: _write_table(root, name, rows) for name, rows in tables.items() if rows}
    counts = {"read": 104_218_366, "taken": 104_190_102, "replaced": 0, "rejected": 21_844, "duplicate": 6_420}
    load = {
        "tables": {
            "fee_line": counts,
            "encounter": {"read": 3_846_902, "taken": 3_846_117, "replaced": 12, "rejected": 490, "duplicate": 283},
        },
        "reasons": [
            {"code": "R03", "title": "就诊号在就诊表中不存在", "count": 19_204},
            {"code": "D02", "title": "键相同、内容不同", "count": 812},
        ],
    }
    publish(LakeVersion(root, 1, "2026-11-21T02:10:00", "2026-10-31", states, load))
    return open_lake(root)


def _write_table(root: Path, name: str, rows: list[dict[str, Any]]) -> TableState:
    types = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
    }
    types |= {
        "DECIMAL(16,2)": pa.decimal128(16, 2),
        "DECIMAL(16,4)": pa.decimal128(16, 4),
        "DECIMAL(16,6)": pa.decimal128(16, 6),
    }
    fields = [(c.name, types.get(c.kind.sql, pa.decimal128(18, 4))) for c in TABLES[name].columns]
    by = ["part"] if TABLES[name].by_person else None
    if by:
        fields += [(own, pa.int32()) for own in ("bucket", "load_no", "part")]
        rows = [{"load_no": 1, "part": row["bucket"], **row} for row in rows]
    quantized = [{k: v.quantize(Decimal("0.01")) if isinstance(v, Decimal) else v for k, v in row.items()} for row in rows]
    write_deltalake(str(root / "tables" / name), pa.Table.from_pylist(quantized, pa.schema(fields)), partition_by=by)
    return TableState(0, len(rows))
