"""Releases and approvals: what holds on a day, files edited by hand, and every row that is refused with its place, cause and cure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from hengjian.kernel.dates import Period, day_number
from hengjian.kernel.errors import InputError
from hengjian.rulebook import load_rulebook
from hengjian.site.apply import effective
from hengjian.site.approvals import Wanted, add_approvals, read_approvals
from hengjian.site.folder import writing
from hengjian.site.releases import Release, add_releases, read_releases

NOW = datetime(2026, 11, 1, 9)
BOOK = load_rulebook()
RELEASES = "rule,status,from,by,reason,recorded_at"
APPROVALS = "what,value,from,by,reason,recorded_at"


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def status(site: Path, rule: str, on: str) -> str:
    return effective(BOOK, site, date.fromisoformat(on)).rules[rule].status


def test_the_last_release_begun_holds(tmp_path: Path) -> None:
    dated = [("2026-03-01", "shadow"), ("2026-06-01", "active")]
    add_releases(tmp_path, BOOK, [Release("split_admission", s, day(d), "张三") for d, s in dated], NOW)
    on = ("2026-02-28", "2026-03-01", "2026-05-31", "2026-06-01")
    assert [status(tmp_path, "split_admission", d) for d in on] == ["active", "shadow", "shadow", "active"]


@pytest.mark.parametrize("shipped", ["draft", "shadow", "retired"])
def test_the_stricter_of_shipped_and_site_holds(tmp_path: Path, shipped: str) -> None:
    add_releases(tmp_path, BOOK, [Release("late_upload", "active", day("2026-01-01"), "张三")], NOW)
    rule = replace(BOOK.rules["late_upload"], status=shipped)
    book = replace(BOOK, rules=BOOK.rules | {"late_upload": rule})
    assert effective(book, tmp_path, date(2026, 6, 1)).rules["late_upload"].status == shipped


def test_of_one_day_the_row_recorded_last_holds(tmp_path: Path) -> None:
    for state in ("shadow", "active"):
        add_releases(tmp_path, BOOK, [Release("split_admission", state, day("2026-03-01"), "张三")], NOW)
    assert status(tmp_path, "split_admission", "2026-03-01") == "active"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-8"])
def test_a_file_saved_by_excel_is_read(tmp_path: Path, encoding: str) -> None:
    text = "规则,状态,起始日期,批准人,理由,登记时间\r\nsplit_admission, 影子 ,2026/3/1,李四,试运行,\r\n,,,,,\r\n"
    (tmp_path / "releases.csv").write_bytes(text.encode(encoding))
    (only,) = read_releases(tmp_path, BOOK)
    assert only == Release("split_admission", "shadow", day("2026-03-01"), "李四", "试运行")


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("no_such_rule,shadow,2026-03-01,张三,,", "规则不存在"),
        ("split_admission,retired,2026-03-01,张三,,", "状态不对"),
        ("split_admission,shadow,2026-02-30,张三,,", "日期不对"),
        ("split_admission,shadow,,张三,,", "没有写 from"),
        ("split_admission,shadow,2026-03-01,,,", "没有写 by"),
        (",shadow,2026-03-01,张三,,", "没有写 rule"),
    ],
)
def test_a_wrong_release_is_refused(tmp_path: Path, row: str, what: str) -> None:
    refused(tmp_path, "releases.csv", RELEASES, row, what, lambda: read_releases(tmp_path, BOOK))


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("split_admission max_gap_days,32,2026-03-01,张三,,", "值超出范围"),
        ("split_admission max_gap_days,0,2026-03-01,张三,,", "值超出范围"),
        ("split_admission max_gap_days,10.5,2026-03-01,张三,,", "值超出范围"),
        ("split_admission max_gap_days,十天,2026-03-01,张三,,", "值不是数"),
        ("split_admission max_gap_days,10,2020-03-01,张三,,", "起始日期太早"),
        ("split_admission max_days,10,2026-03-01,张三,,", "参数不存在"),
        ("split_admission,10,2026-03-01,张三,,", "看不出核准什么"),
        ("nothing x,10,2026-03-01,张三,,", "指的东西不存在"),
        ("drug_child_only nobody,,2026-03-01,张三,,", "知识点不存在"),
        ("split_admission max_gap_days,10,三月一日,张三,,", "日期不对"),
        ("split_admission max_gap_days,10,2026-03-01,,,", "没有写 by"),
        ("drug_stock_shortage tolerance,5,2026-03-01,张三,,", "起始日期不在期初"),
    ],
)
def test_a_wrong_approval_is_refused(tmp_path: Path, row: str, what: str) -> None:
    refused(tmp_path, "approvals.csv", APPROVALS, row, what, lambda: read_approvals(tmp_path, BOOK))


def refused(site: Path, name: str, header: str, row: str, what: str, read) -> None:  # type: ignore[no-untyped-def]
    (site / name).write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read()
    error = caught.value
    assert what in error.what and error.where == f"{site / name}:2" and error.why and error.cure


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "approvals.csv").write_text("what,from,by\n", encoding="utf-8")
    with pytest.raises(InputError, match="缺少列") as caught:
        read_approvals(tmp_path, BOOK)
    assert "value" in caught.value.why


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "approvals.csv").write_bytes(b"\xff\xff\xfe\x00")
    with pytest.raises(InputError, match="读不出来"):
        read_approvals(tmp_path, BOOK)


def test_an_approved_value_counts_from_its_day(tmp_path: Path) -> None:
    add_approvals(tmp_path, BOOK, [Wanted("split_admission max_gap_days", "10 天", "2026-03-01", "张三")], NOW)
    param = effective(BOOK, tmp_path, date(2026, 6, 1)).rules["split_admission"].params["max_gap_days"]
    assert param.values == (
        (Period(day("2021-05-01"), day("2026-03-01")), 15),
        (Period(day("2026-03-01")), 10),
    ) and param.official_from == day("2026-03-01")


def test_approving_our_own_value_cuts_nothing(tmp_path: Path) -> None:
    add_approvals(tmp_path, BOOK, [Wanted("drug_stock_shortage tolerance", "", "2026-03-15", "张三")], NOW)
    param = effective(BOOK, tmp_path, date(2026, 6, 1)).rules["drug_stock_shortage"].params["tolerance"]
    assert param.values == BOOK.rules["drug_stock_shortage"].params["tolerance"].values
    assert param.official_from == day("2026-03-15")


def test_an_approval_changes_the_fingerprint_of_its_rule_alone(tmp_path: Path) -> None:
    add_approvals(tmp_path, BOOK, [Wanted("split_admission max_gap_days", "", "2026-03-01", "张三")], NOW)
    now = effective(BOOK, tmp_path, date(2026, 6, 1))
    changed = [r for r in BOOK.rules if BOOK.fingerprint(BOOK.rules[r]) != now.fingerprint(now.rules[r])]
    assert changed == ["split_admission"]


def test_a_wrong_approval_records_nothing(tmp_path: Path) -> None:
    good, bad = (Wanted("split_admission max_gap_days", v, "2026-03-01", "张三") for v in ("10", "99"))
    with pytest.raises(InputError):
        add_approvals(tmp_path, BOOK, [good, bad], NOW)
    assert not (tmp_path / "approvals.csv").exists()


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with writing(tmp_path), pytest.raises(InputError, match="有人正在改"):
        add_releases(tmp_path, BOOK, [Release("split_admission", "shadow", day("2026-03-01"), "张三")], NOW)


def test_every_shipped_parameter_says_what_a_site_may_approve() -> None:
    assert [
        (r.rule_id, p.name) for r in BOOK.rules.values() for p in r.params.values() if not p.official and not p.bounds
    ] == []
