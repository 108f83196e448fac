"""`hengjian map` as a site lives it: propose, edit, load, and the same map next month."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hengjian.cli.main import main
from hengjian.lake.ingest.mapping import SavedMap
from hengjian.lake.ingest.propose import guess
from hengjian.lake.ingest.survey import survey

from ..lake.folder import DEFAULTS, make_folder, query, row, write_csv
from ..lake.test_archive import zipped

LOCAL = {
    "mdtrt_id": "就诊流水号", "feedetl_sn": "费用流水号", "psn_no": "患者编号", "fixmedins_code": "医疗机构编码", "setl_id": "结算单号", "fee_ocur_time": "费用发生日期",
    "med_list_codg": "国家医保编码", "hilist_name": "项目名称", "list_type": "项目类别", "med_chrgitm_type": "收费类别", "chrgitm_lv": "甲乙类", "cnt": "数量",
    "pric": "单价（元）", "det_item_fee_sumamt": "金额", "inscp_scp_amt": "政策范围内费用", "init_feedetl_sn": "原明细流水号",
}  # fmt: skip
CODED = {"list_type": "诊疗", "med_chrgitm_type": "诊察", "chrgitm_lv": "甲"}


@pytest.fixture()
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A command in this process: exit code, stdout, stderr."""

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["hengjian", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def site(folder: Path, month: str, *lines: dict[str, Any]) -> Path:
    """A hospital's export: fee lines under its own names."""
    make_folder(folder, fee_line=[])
    write_csv(folder / f"收费明细_{month}.csv", [line | {"患者姓名": "张三丰"} for line in lines], header=LOCAL)
    return folder


def test_propose_load_and_use_again_next_month(run: Any, tmp_path: Path) -> None:
    first = site(tmp_path / "a", "2026-03", row("fee_line", **CODED))
    code, _, err = run("map", first, "--out", tmp_path / "map.yml")
    assert code == 1 and "1 处请核对" in err  # the table was guessed from the header
    text = (tmp_path / "map.yml").read_text(encoding="utf-8")
    assert '"收费明细_*.csv"' in text and '"患者编号": psn_no' in text and '"甲": "01"' in text and "张三丰" not in text
    code, out, err = run("ingest", first, "--lake", tmp_path / "lake", "--map", tmp_path / "map.yml")
    assert code == 0, out + err
    assert query(tmp_path / "lake", "SELECT list_type, chrgitm_lv, med_chrgitm_type FROM {fee_line}") == [("201", "01", "02")]
    second = site(tmp_path / "b", "2026-04", row("fee_line", feedetl_sn="2", **CODED))
    code, out, err = run("map", second, "--map", tmp_path / "map.yml")
    assert code == 0 and "都清楚" in err
    assert run("ingest", second, "--lake", tmp_path / "lake", "--map", tmp_path / "map.yml")[0] == 0
    third = site(tmp_path / "c", "2026-05", row("fee_line", feedetl_sn="3", **CODED | {"chrgitm_lv": "特需"}))
    code, _, err = run("map", third, "--map", tmp_path / "map.yml", "--out", tmp_path / "map2.yml")
    assert code == 1
    text = (tmp_path / "map2.yml").read_text(encoding="utf-8")
    assert '# "特需": ""  # 请核对' in text and '"患者编号": psn_no' in text and '"甲": "01"' in text
    assert run("ingest", third, "--lake", tmp_path / "lake", "--map", tmp_path / "map2.yml")[0] == 0


def test_when_all_is_clear_nothing_is_asked(run: Any, tmp_path: Path) -> None:
    code, out, err = run("map", make_folder(tmp_path / "in"), "--out", tmp_path / "map.yml")
    assert code == 0 and "不需要对照表" in err and not (tmp_path / "map.yml").exists() and not out


def test_machines_read_the_proposals(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("map", site(tmp_path / "in", "1", row("fee_line", **CODED)), "--json")
    told = json.loads(out)
    (fee,) = [f for f in told["files"] if f["table"] == "fee_line"]
    assert code == 1 and told["decisions"] == 1 and not fee["sure"] and fee["missing"] == []
    assert {h["sent"]: h["column"] for h in fee["headers"]} == {v: k for k, v in LOCAL.items()} | {"患者姓名": None}
    assert fee["values"]["list_type"] == [{"sent": "诊疗", "rows": 1, "code": "201"}]


def test_doubtful_headers_units_and_missing_columns_are_marked(run: Any, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", fee_line=[])
    names = LOCAL | {"fee_ocur_time": "收费的时间点", "det_item_fee_sumamt": "金额（万元）", "psn_no": "谁"}
    write_csv(folder / "fee_line.csv", [row("fee_line")], header=names)
    code, out, err = run("map", folder)
    assert code == 1 and "缺必填列 人员编号" in err
    lines = {line.split(":")[0].strip().strip('"'): line for line in out.splitlines() if ":" in line}
    assert "单位是万元" in lines["金额（万元）"] and "请核对" in lines["金额（万元）"]
    assert "缺必填列 psn_no" in out and "谁" in out


def test_samples_the_column_cannot_hold_speak_against_it(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", person=[])
    write_csv(
        folder / "person.csv", [{"人员编号": "P1", "性别": "男", "出生年月": "不知道", "险种": "310", "参保地": "990100"}]
    )
    (found,) = [guess(part, SavedMap()) for part in survey(folder).parts if part.name == "person.csv"]
    birth = next(h for h in found.headers if h.sent == "出生年月")
    assert birth.column is None or not birth.sure
    assert [v.code for v in found.values["gend"]] == ["1"]


def test_a_zip_and_a_database(run: Any, tmp_path: Path) -> None:
    folder = site(tmp_path / "in", "3", row("fee_line", **CODED))
    code, out, _ = run("map", zipped(tmp_path / "x.zip", {p.name: p.read_bytes() for p in folder.iterdir()}))
    assert code == 1 and '"收费明细_*.csv"' in out
    pytest.importorskip("sqlalchemy", reason="缺少 sqlalchemy，安装：pip install 'hengjian[db]'")
    with sqlite3.connect(tmp_path / "x.db") as con:
        con.execute(f"CREATE TABLE sfmx ({', '.join(f'[{LOCAL[n]}]' for n in DEFAULTS['fee_line'] if n in LOCAL)})")
        con.execute(
            f"INSERT INTO sfmx VALUES ({', '.join('?' * len(LOCAL))})",
            [row("fee_line", **CODED)[n] for n in DEFAULTS["fee_line"] if n in LOCAL],
        )
    con.close()
    code, out, err = run("map", "--from", f"sqlite:///{tmp_path}/x.db")
    assert code == 1 and '- file: "sfmx"' in out and "table: fee_line" in out, out + err


def test_wrong_turns(run: Any, tmp_path: Path) -> None:
    assert "没有这个文件夹" in run("map", tmp_path / "nothing")[2]
    (tmp_path / "empty").mkdir()
    assert run("map", tmp_path / "empty")[0] == 2
    (tmp_path / "map.yml").write_text("", encoding="utf-8")
    code, _, err = run("map", make_folder(tmp_path / "in"), "--out", tmp_path / "map.yml")
    assert code == 2 and "没有覆盖" in err
    folder = make_folder(tmp_path / "bad")
    (folder / "person.csv").write_bytes(b"")
    (folder / "fee_line.parquet").write_bytes(b"PAR1")
    code, _, err = run("map", folder)
    assert code == 1 and "没有表头" in err and "不是完整的 Parquet" in err
