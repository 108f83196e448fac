"""The card of one finding: everything that must stand behind it, and nobody's full number."""

from __future__ import annotations

import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.report.card import card, card_json

from ..lake.folder import load, make_folder, row
from ..story.conftest import hengjian
from .folder import Folder, make_findings, rule_rows, write_audit

PERSON = "53010000000000000077"
RULE = {row["rule_id"]: row for row in rule_rows()}["duplicate_charge_pair"]
FINDING: dict[str, Any] = make_findings(1, seed=1)[0] | {
    "finding_id": "d74f9615" * 8, "rule_id": "duplicate_charge_pair", "official_code": "GZ21", "r_code": "R21", "grain": "line", "psn_no": PERSON,
    "mdtrt_id": "M1", "feedetl_sn": "1", "fixmedins_code": "H99010000001", "certainty": "certain", "observed": Decimal("3.0000"),
    "threshold": Decimal("2.5000"), "amount_total": Decimal("1172.80"), "amount_inscope": Decimal("1055.52"), "amount_fund": Decimal("0.01"),
    "window_start": datetime(2026, 3, 1), "window_end": datetime(2026, 3, 2), "message": f"人员 {PERSON} 已收重症监护，又另收口腔护理。",
    "law": "《医疗保障基金使用监督管理条例》第三十八条第三项", "knowledge_ref": "duplicate_charge_pair:P-7; duplicate_charge_pair:P-8",
    "evidence": json.dumps({
        "lines": [{"mdtrt_id": "M1", "feedetl_sn": "1", "role": "在疑"}, {"mdtrt_id": "M1", "feedetl_sn": "2", "role": "对照"}],
        "encounters": ["M1"], "persons": [PERSON], "values": {"hours": 6}, "exempt_checked": ["急诊抢救：不是", "转科当天：不是"]}),
}  # fmt: skip


def line(sn: str, name: str, **cells: Any) -> dict[str, Any]:
    """A fee line of that person's visit."""
    return row("fee_line", feedetl_sn=sn, hilist_name=name, psn_no=PERSON) | cells


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LakeVersion:
    """A visit: the line in question, what it is held against, its refund, neighbours of that day, and a line of the next day."""
    root = tmp_path_factory.mktemp("card")
    undone = {"cnt": "-0.5", "det_item_fee_sumamt": "-50", "inscp_scp_amt": "-50", "init_feedetl_sn": "1"}
    fees = [
        line("1", "口腔护理", cnt_unt="次"), line("2", "重症监护"), line("3", "口腔护理", **undone), line("4", "静脉输液"),
        line("5", "次日输液", fee_ocur_time="2026-03-02 09:00:00"),
    ]  # fmt: skip
    fees += [line(f"8{i:02d}", f"换药{i:02d}", fee_ocur_time="2026-03-01 20:00:00") for i in range(15)]
    tables = {name: [row(name, psn_no=PERSON)] for name in ("person", "encounter", "settlement", "diagnosis")}
    folder = make_folder(root / "in", fee_line=fees, **tables)
    assert load(folder, root / "lake").clean
    return open_lake(root / "lake")


def shown(lake: LakeVersion | None, rule: dict[str, str] = RULE, **cells: Any) -> str:
    """The card as a terminal shows it."""
    out = io.StringIO()
    Console(file=out, width=120, color_system=None).print(card(FINDING | cells, rule, lake))
    return out.getvalue()


def test_every_part_is_there(lake: LakeVersion) -> None:
    told = shown(lake)
    for words in (
        "医疗服务项目重复收费", "违规", "已收重症监护，又另收口腔护理。", FINDING["finding_id"], "duplicate_charge_pair", "GZ21", "R21",
        "云溪市第一医院", "H99010000001", "M1", "2026-03-01", "1,172.80", "1,055.52", "0.01", "查得 3，界限 2.5", "费用明细",
        "看过的豁免", "急诊抢救：不是", "转科当天：不是", "依据", FINDING["law"], "duplicate_charge_pair:P-7", "duplicate_charge_pair:P-8",
        "规则指纹", FINDING["rule_fingerprint"][:4], "第 3 版", "疑点是待核实的金额，不是认定结果。",
    ):  # fmt: skip
        assert words in told, words


def test_a_person_is_shown_by_head_and_tail_only(lake: LakeVersion) -> None:
    for told in (shown(lake), json.dumps(card_json(FINDING, RULE, lake), ensure_ascii=False)):
        assert "5301***77" in told and "人员 5301***77 已收" in told
        assert PERSON not in told and PERSON[4:-2] not in told
    assert shown(lake, psn_no=None) and "***" not in shown(lake, psn_no=None, message="无人")


def test_a_line_stands_among_its_neighbours(lake: LakeVersion) -> None:
    rows = [part.strip("│ ").split() for part in shown(lake).splitlines()]
    lines = [r for r in rows if r and r[0] in ("在疑", "对照", "退费", "其他") and r[-1].endswith("00")]
    assert lines[0] == ["在疑", "001102000010000", "口腔护理", "03-01", "09:30", "1", "次", "100", "100.00", "100.00"]
    assert [r[:1] + r[2:3] for r in lines[:4]] == [
        ["在疑", "口腔护理"], ["对照", "重症监护"], ["退费", "口腔护理"], ["其他", "静脉输液"]
    ]  # fmt: skip
    assert lines[2][-4:] == ["−0.5", "100", "−50.00", "−50.00"]
    assert "次日输液" not in shown(lake) and len(lines) == 3 + 12 and "另有 4 行没有列出" in shown(lake)


def test_json_holds_the_same_with_exact_amounts(lake: LakeVersion) -> None:
    told = json.loads(json.dumps(card_json(FINDING, RULE, lake)))
    for name in (
        "finding_id",
        "rule_id",
        "grain",
        "mdtrt_id",
        "feedetl_sn",
        "fixmedins_code",
        "certainty",
        "law",
        "knowledge_ref",
    ):
        assert told[name] == FINDING[name]
    assert [told[name] for name in ("amount_total", "amount_inscope", "amount_fund")] == ["1172.80", "1055.52", "0.01"]
    assert (told["window_start"], told["window_end"]) == ("2026-03-01T00:00:00", "2026-03-02T00:00:00")
    assert told["rule"] == RULE and told["fixmedins_name"] == "云溪市第一医院"
    assert told["values"] == {"hours": 6} and told["exempt_checked"] == ["急诊抢救：不是", "转科当天：不是"]
    assert [(x["role"], x["feedetl_sn"]) for x in told["lines"][:4]] == [
        ("在疑", "1"),
        ("对照", "2"),
        ("退费", "3"),
        ("其他", "4"),
    ]
    assert Decimal(told["lines"][2]["amount"]) == -50 and told["lines_hidden"] == 4
    assert told["encounters"] == [
        {"role": "在疑", "mdtrt_id": "M1", "fixmedins_code": "H99010000001", "begins": "2026-03-01T09:00:00", "ends": None, "diagnosis": "高血压"}
    ]  # fmt: skip


def test_a_stay_is_shown_with_its_encounters(lake: LakeVersion) -> None:
    evidence = json.dumps({"encounters": [{"mdtrt_id": "M1", "role": "在疑"}]})
    told = shown(lake, grain="encounter", feedetl_sn=None, evidence=evidence, certainty="suspected")
    assert "可疑" in told and "按就诊判断" in told and "高血压" in told and "2026-03-01 09:00" in told and "未结束" in told
    assert "这条规则没有豁免情形" in told and "费用明细" not in told


def test_without_the_lake_it_says_so(lake: LakeVersion) -> None:
    told = shown(None)
    assert "没有给出数据湖" in told and "--lake" in told and "云溪市第一医院" not in told and "H99010000001" in told
    assert card_json(FINDING, RULE, None)["lines"] == [] and "没有给出数据湖" not in shown(lake)


def test_text_of_the_data_is_shown_as_it_stands(lake: LakeVersion) -> None:
    told = shown(lake, message="[red]甲[/red] \x1b[31m乙\x07", rule=RULE | {"title": "[bold]重复[/bold]"})
    assert "[red]甲[/red] [31m乙" in told and "[bold]重复[/bold]" in told and "\x1b" not in told and "\x07" not in told


# the command ------------------------------------------------------------------------------------------------------------
def test_the_command_shows_a_finding_by_the_first_digits(folder: Folder) -> None:
    finding = next(f for f in folder.findings if f["grain"] == "line")
    done = hengjian("show", finding["finding_id"][:12].upper(), "--out", folder.out)
    assert done.returncode == 0, done.stderr
    assert finding["finding_id"] in done.stdout and "在疑" in done.stdout and f"{finding['amount_fund']:,.2f}" in done.stdout
    assert finding["psn_no"] not in done.stdout and "\x1b" not in done.stdout
    told = json.loads(hengjian("show", finding["finding_id"], "--out", folder.out, "--json").stdout)
    assert told["amount_total"] == str(finding["amount_total"]) and told["lines"][0]["role"] == "在疑"


def test_an_id_that_fits_several_or_none_is_a_sentence(folder: Folder, tmp_path: Path) -> None:
    twins = [folder.findings[0] | {"finding_id": f"abcd{i}" + "0" * 59} for i in range(2)]
    write_audit(tmp_path, twins)
    done = hengjian("show", "abcd", "--out", tmp_path)
    assert done.returncode == 2 and "不止一条" in done.stderr and "abcd0" in done.stderr and "多写几位" in done.stderr
    done = hengjian("show", "abce0000", "--out", tmp_path)
    assert done.returncode == 2 and "没有编号以 abce0000 开头" in done.stderr and "最接近的是 abcd0" in done.stderr
    assert hengjian("show", "abcd1", "--out", tmp_path).returncode == 0


def test_all_of_a_group_are_named_and_masked() -> None:
    members = [f"5301000000000000{n:04d}" for n in range(5)]
    evidence = json.dumps({"lines": [], "encounters": [], "persons": members, "values": {}, "exempt_checked": ["同一家庭不计"]})
    group = {
        "grain": "group",
        "psn_no": None,
        "mdtrt_id": None,
        "feedetl_sn": None,
        "fixmedins_code": None,
        "evidence": evidence,
    }
    told = "".join(shown(None, **group, message="五人同到。").split())
    assert not any(number in told for number in members)
    told_to_machines = card_json(FINDING | group, RULE, None)
    assert len(told_to_machines["persons"]) == 5 and all("*" in p for p in told_to_machines["persons"])
