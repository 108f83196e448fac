"""A bureau's own decisions, through the commands: a release holds a rule back, an approval turns suspected into certain from its day on,
and whoever doubts a finding is told when it was the site that changed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ..lake.folder import make_folder, row, write_csv
from .conftest import hengjian

RULE = "surgery_incision_discount"
CODES = {"胆囊切除术": "003310060020000", "肝包虫内囊摘除术": "003310050040000"}


def operated(n: int, day: str) -> list[dict[str, Any]]:
    """Two operations through one incision on a day, both at full price."""
    common = {"mdtrt_id": "M1", "oprn_no": f"OP{n}", "fee_ocur_time": f"{day} 09:00:00", "cnt": "1", "list_type": "201"}
    prices = (("胆囊切除术", "1000"), ("肝包虫内囊摘除术", "800"))
    return [
        row("fee_line", **common, feedetl_sn=f"{n}{k}", med_list_codg=CODES[name], hilist_name=name, pric=price,
            det_item_fee_sumamt=price, inscp_scp_amt=price)
        for k, (name, price) in enumerate(prices)
    ]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A lake with the same wrong on the last day before and on the first day of March, and beside it no site yet."""
    stay = row("encounter", med_type="21", begntime="2026-02-20 09:00:00", endtime="2026-03-10 09:00:00")
    price = [
        {"admdvs": "990000", "hosp_lv_grp": "0", "med_list_codg": code, "hilist_name": name, "pric_uplmt_amt": amount,
         "valid_from": "2025-01-01", "valid_to": ""}
        for (name, code), amount in zip(CODES.items(), ("1000", "800"), strict=True)
    ]  # fmt: skip
    lines = [*operated(1, "2026-02-28"), *operated(2, "2026-03-01")]
    folder = make_folder(tmp_path / "in", encounter=[stay], fee_line=lines, price=price)
    done = hengjian("ingest", folder, "--lake", tmp_path / "lake")
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path


def audit(home: Path, *more: str) -> list[dict[str, Any]]:
    done = hengjian("audit", "--lake", "lake", "--out", "out", "--no-report", *more, cwd=home)
    assert done.returncode == 0, done.stderr
    return pq.read_table(home / "out" / "findings.parquet").to_pylist()


def site(home: Path, *command: str) -> str:
    done = hengjian("rules", *command, "--site", "site", cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def approve(home: Path, name: str, *more: str) -> str:
    return site(home, "approve", RULE, name, "--from", "2026-03-01", "--by", "张三", *more)


def certainties(findings: list[dict[str, Any]]) -> dict[str, str]:
    return {f["feedetl_sn"]: f["certainty"] for f in findings if f["rule_id"] == RULE}


def test_an_approval_makes_certain_from_its_day_on_and_verify_names_it(home: Path) -> None:
    assert certainties(audit(home, "--rules", RULE)) == {"11": "suspected", "21": "suspected"}
    approve(home, "rate_pct")
    assert certainties(audit(home, "--rules", RULE)) == {"11": "suspected", "21": "suspected"}  # the tolerance is still ours
    approve(home, "tolerance", "--reason", "价费〔2026〕1号")
    before = audit(home, "--rules", RULE)
    assert certainties(before) == {"11": "suspected", "21": "certain"}
    assert hengjian("verify", "--out", "out", cwd=home).returncode == 0

    path = home / "site" / "approvals.csv"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:2]), encoding="utf-8")
    done = hengjian("verify", "--out", "out", "--json", cwd=home)
    (changed,) = [v for v in json.loads(done.stdout) if v["verdict"] != "成立"]
    assert done.returncode == 1 and changed["causes"] == ["rule"] and changed["verdict"] == "有变化"
    assert "站点的核准变了" in "".join(changed["details"]) and "张三" in "".join(changed["details"])


def test_an_approved_value_of_the_site_is_judged_by_from_its_day_on(home: Path) -> None:
    approve(home, "rate_pct", "--value", "100")
    assert certainties(audit(home, "--rules", RULE)) == {"11": "suspected"}  # all may be charged from March on


def test_a_release_holds_a_rule_back_and_what_it_hits_is_only_counted(tmp_path: Path) -> None:
    """The settlement is of what the lines come to: nothing but the daily limit has anything to say."""
    bed = {"med_list_codg": "001102000050000", "hilist_name": "住院诊查费", "cnt": "3", "pric": "20"}
    line = row("fee_line", **bed, det_item_fee_sumamt="60", inscp_scp_amt="60")
    bill = row("settlement", medfee_sumamt="60", inscp_scp_amt="60", hifp_pay="36", fund_pay_sumamt="36", acct_pay="24")
    folder = make_folder(tmp_path / "in", fee_line=[line], settlement=[bill])
    assert hengjian("ingest", folder, "--lake", tmp_path / "lake").returncode == 0
    assert [f["rule_id"] for f in audit(tmp_path)] == ["service_daily_limit"]
    site(tmp_path, "release", "--all", "--status", "shadow", "--from", "2026-01-01", "--by", "张三", "--reason", "试运行")
    assert audit(tmp_path) == []
    assert [h["rule_id"] for h in pq.read_table(tmp_path / "out" / "shadow.parquet").to_pylist()] == ["service_daily_limit"]
    told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert (told["findings"], told["amount_total"], told["shadow_hits"], told["withdrawn"]) == (0, "0.00", 1, 1)
    with (tmp_path / "out" / "rules.csv").open(encoding="utf-8") as handle:
        counted = {r["rule_id"]: (r["status"], r["findings"], r["amount_total"]) for r in csv.DictReader(handle)}
    assert counted["service_daily_limit"] == ("shadow", "1", "40.00")
    (gone,) = pq.read_table(tmp_path / "out" / "withdrawn.parquet").to_pylist()
    assert gone["withdrawn_why"] == "rule"
    assert '"today": "shadow"' in site(tmp_path, "releases", "--json")
    assert audit(tmp_path, "--no-shadow") == [] and pq.read_table(tmp_path / "out" / "shadow.parquet").num_rows == 0


def test_a_wrong_row_stops_the_audit_and_says_where(home: Path) -> None:
    (home / "site").mkdir()
    (home / "site" / "releases.csv").write_text(
        "rule,status,from,by,reason,recorded_at\nx,shadow,2026-01-01,张三,,\n", encoding="utf-8"
    )
    done = hengjian("audit", "--lake", "lake", "--out", "out", cwd=home)
    assert done.returncode == 2 and "releases.csv:2" in done.stderr and "办法" in done.stderr
    assert not (home / "out" / "findings.parquet").exists()


def test_what_an_exemption_takes_out_is_kept_row_by_row(tmp_path: Path) -> None:
    bed = {"med_list_codg": "001102000050000", "hilist_name": "住院诊查费", "cnt": "3", "pric": "20"}
    folder = make_folder(
        tmp_path / "in", fee_line=[row("fee_line", **bed, det_item_fee_sumamt="60", inscp_scp_amt="60")], settlement=()
    )
    assert hengjian("ingest", folder, "--lake", tmp_path / "lake").returncode == 0
    assert [f["rule_id"] for f in audit(tmp_path)] == ["service_daily_limit"]
    why = ("--to", "2026-12-31", "--from", "2026-01-01", "--reason", "单议", "--by", "张三", "--approved-by", "李四")
    site(tmp_path, "exempt", "service_daily_limit", "--institution", "H99010000001", *why)
    assert audit(tmp_path) == []
    (spared,) = pq.read_table(tmp_path / "out" / "spared.parquet").to_pylist()
    assert spared["rule_id"] == "service_daily_limit" and "由豁免 H" in spared["evidence"]
    told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert (told["findings"], told["spared"]) == (0, 1)


def test_official_tables_serve_a_rule_whose_knowledge_else_comes_with_the_data(tmp_path: Path) -> None:
    """Nothing local in this lake: what the bureau imported is judged by, is cited, holds, and stands in the coverage."""
    band = {"med_list_codg": "C0101010010002-88", "hilist_name": "护脐带", "list_type": "301", "med_chrgitm_type": "08"}
    folder = make_folder(tmp_path / "in", fee_line=[row("fee_line", **band)])
    assert hengjian("ingest", folder, "--lake", tmp_path / "lake").returncode == 0
    assert audit(tmp_path, "--rules", "consumable_newborn_limit") == []

    official = write_csv(
        tmp_path / "耗材限新生儿使用.csv", [{"耗材编码": "C0101010010002", "单件产品名": "护脐带", "适用人群": "新生儿"}]
    )
    more = ("--notice", "测试公告", "--batch", "第一批", "--from", "2025-01-01", "--yes")
    done = hengjian("knowledge", "import", official, "--site", "site", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = audit(tmp_path, "--rules", "consumable_newborn_limit")
    assert found["feedetl_sn"] == "1" and found["certainty"] == "suspected" and "护脐带" in found["message"]
    assert found["knowledge_ref"].startswith("consumable_newborn_limit:")
    assert hengjian("verify", "--out", "out", cwd=tmp_path).returncode == 0

    done = hengjian("rules", "coverage", "--lake", "lake", "--site", "site", "--json", cwd=tmp_path)
    said = {r["title"]: (r["state"], r["missing"]) for r in json.loads(done.stdout)["rules"]}
    assert said["耗材限新生儿使用"] == ("active", [])
    assert said["耗材限儿童使用"][0] == "needs_knowledge"
