"""Files of findings, rules and truth: both forms give the same, and what cannot be used is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from hengjian.kernel.errors import InputError
from hengjian.score import read_findings, read_rules, read_truth

from .folder import RULES, TRUTH_CSV, compare, fact, finding, write_csv, write_folder


def test_a_truth_row_is_read_with_all_its_alternatives(tmp_path: Path) -> None:
    row = fact(mdtrt_id="M1; M2;", feedetl_sn="M1/1;M2/1", window_end="2026-03-02", amount="1023.36", is_guilty="0", also="a;b")
    (truth,) = read_truth(write_csv(tmp_path / "truth.csv", TRUTH_CSV, [row]))
    assert truth.keys == {
        "psn_no": frozenset({"P1"}),
        "mdtrt_id": frozenset({"M1", "M2"}),
        "feedetl_sn": frozenset({"M1/1", "M2/1"}),
        "fixmedins_code": frozenset({"H1"}),
    }
    assert (truth.amount, truth.guilty, truth.also) == (102_336, False, frozenset({"a", "b"}))
    assert truth.start is not None and truth.end is not None and truth.end - truth.start == 2 * 86_400  # the last day is inside


def test_findings_as_csv_score_like_parquet(tmp_path: Path) -> None:
    found = [finding(), finding(psn_no="P2", evidence='{"lines": [{"mdtrt_id": "M1", "feedetl_sn": "1"}]}', amount_total=None)]
    folder = write_folder(tmp_path, found, [fact()])
    before = compare(folder).as_json()
    pa_csv.write_csv(pq.read_table(folder / "findings.parquet"), folder / "findings.csv")
    (folder / "findings.parquet").unlink()
    assert compare(folder).as_json() == before and before["total"]["hits"] == 1  # type: ignore[index]


def test_a_status_left_out_is_active_and_a_theme_left_out_is_the_rule(tmp_path: Path) -> None:
    rules = read_rules(
        write_csv(tmp_path / "rules.csv", ("rule_id", "theme", "certainty"), [{"rule_id": "a", "certainty": "certain"}])
    )
    assert (rules["a"].theme, rules["a"].status) == ("a", "active")


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"is_guilty": "是"}, "应为 0 或 1"), ({"is_guilty": ""}, "应为 0 或 1"), ({"theme": ""}, "theme 是空的"),
        ({"feedetl_sn": "1"}, "应写成 就诊ID/明细流水号"), ({"amount": "十元"}, ""), ({"amount": "1.005"}, "fraction of a fen"),
        ({"amount": "NaN"}, ""), ({"amount": "Infinity"}, ""), ({"window_start": "2026-02-30"}, ""), ({"window_end": "昨天"}, ""),
        (dict.fromkeys(("psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code"), " "), "没有一个主体键"),
    ],
)  # fmt: skip
def test_a_truth_row_that_cannot_be_understood_is_named_by_its_line(tmp_path: Path, cells: dict[str, str], why: str) -> None:
    path = write_csv(tmp_path / "truth.csv", TRUTH_CSV, [fact(), fact(violation_id="V2", note="两\n行"), fact(**cells)])
    with pytest.raises(InputError, match="真值文件有一行读不懂") as told:
        read_truth(path)
    assert f"{path} 第 5 行" in str(told.value) and why in str(told.value)


@pytest.mark.parametrize("name", ["violation_id", "theme", "psn_no", "feedetl_sn", "is_guilty"])
def test_a_truth_file_without_a_column_is_refused(tmp_path: Path, name: str) -> None:
    path = write_csv(tmp_path / "truth.csv", [c for c in TRUTH_CSV if c != name], [])
    with pytest.raises(InputError, match="真值文件缺列") as told:
        read_truth(path)
    assert str(path) in str(told.value) and f"原因：{name}" in str(told.value)


@pytest.mark.parametrize(("read", "name"), [(read_truth, "真值文件"), (read_rules, "规则清单")])
def test_a_missing_or_unreadable_csv_is_refused(tmp_path: Path, read: Callable[[Path], object], name: str) -> None:
    with pytest.raises(InputError, match=f"找不到{name}") as told:
        read(tmp_path / "none.csv")
    assert str(tmp_path / "none.csv") in str(told.value) and told.value.cure
    (tmp_path / "gbk.csv").write_bytes("规则,主题\n甲,乙\n".encode("gb18030"))
    with pytest.raises(InputError, match=f"{name}读不出来") as told:
        read(tmp_path / "gbk.csv")
    assert str(tmp_path / "gbk.csv") in str(told.value)
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=f"{name}缺列"):
        read(tmp_path / "empty.csv")


def test_rules_without_a_theme_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="规则清单缺列") as told:
        read_rules(write_csv(tmp_path / "rules.csv", ("rule_id", "certainty"), []))
    assert "原因：theme" in str(told.value)


@pytest.mark.parametrize("where", ["none", "empty"])
def test_a_folder_without_findings_is_refused(tmp_path: Path, where: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="找不到疑点文件") as told:
        read_findings(tmp_path / where)
    assert str(tmp_path / where) in str(told.value) and "hengjian audit" in str(told.value)


def test_findings_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, [finding()], [fact()], RULES)
    path = folder / "findings.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["evidence"]), path)
    with pytest.raises(InputError, match="疑点文件缺列") as told:
        read_findings(folder)
    assert str(path) in str(told.value) and "原因：evidence" in str(told.value)
    pq.write_table(table.set_column(table.column_names.index("window_start"), "window_start", pa.array(["三月"])), path)
    with pytest.raises(InputError, match="疑点文件读不出来") as told:
        read_findings(folder)
    assert str(path) in str(told.value)
    path.write_bytes(b"PAR1 cut short")
    with pytest.raises(InputError, match="疑点文件读不出来"):
        read_findings(path)
    path.rename(folder / "findings.csv")
    with pytest.raises(InputError, match="疑点文件读不出来"):
        read_findings(folder)


def test_findings_of_another_writer_are_read_by_their_values(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, [finding(amount_total=Decimal("10.10"))], [fact(amount="10.10")])
    table = pq.read_table(folder / "findings.parquet")
    for name, values in (("amount_total", [10.10]), ("window_start", pa.array([datetime(2026, 3, 1)], pa.timestamp("ns")))):
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    pq.write_table(table, folder / "findings.parquet")
    (sex, _) = compare(folder).themes
    assert (sex.hits, sex.amount_error) == (1, 0.0)
