"""The contract of a cell: what each written value means, and what means nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from hengjian.lake.ingest.columns import convert
from hengjian.lake.ingest.values import Unreadable, read_day, read_instant, read_number
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.base import kind


@pytest.mark.parametrize(
    ("text", "word", "value"),
    [
        ("1,234.50", "money", "1234.50"), ("１２．５", "money", "12.50"), ("+3", "money", "3.00"), ("-0.10", "money", "-0.10"), (".5", "money", "0.50"),
        ("1.0000000001", "money", "1.00"), ("1.2E3", "qty", "1200.0000"), ("0.33333", "price", "0.333330"), ("7", "int", "7"), ("7.0", "int", "7"),
        ("-9.9999", "dec(5,4)", "-9.9999"), ("9999.99", "dec(6,2)", "9999.99"),
    ],
)  # fmt: skip
def test_numbers_that_are_read(text: str, word: str, value: str) -> None:
    assert str(read_number(text, kind(word))) == value


@pytest.mark.parametrize(
    ("text", "word", "code"),
    [
        ("1.005", "money", "T06"), ("1.2E3", "money", "T02"), ("12元", "money", "T02"), ("1,23", "money", "T02"), ("abc", "qty", "T02"),
        ("--1", "money", "T02"), ("99999999999999999", "money", "T02"), ("1.5", "int", "T06"), ("0x1F", "int", "T02"), ("nan", "double", "T02"),
        ("10", "dec(5,4)", "T02"), ("9.99999999999", "dec(5,4)", "T02"), ("9.99996", "dec(5,4)", "T06"), ("12345.6", "dec(6,2)", "T02"),
    ],
)  # fmt: skip
def test_numbers_that_mean_nothing(text: str, word: str, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_number(text, kind(word))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-01", datetime(2026, 3, 1)), ("2026/3/1", datetime(2026, 3, 1)), ("20260301", datetime(2026, 3, 1)),
        ("2026-03-01 08:05", datetime(2026, 3, 1, 8, 5)), ("2026-03-01T08:05:09.123", datetime(2026, 3, 1, 8, 5, 9)),
        ("20260301080509", datetime(2026, 3, 1, 8, 5, 9)), ("2026-03-01 08:05:09+08:00", datetime(2026, 3, 1, 8, 5, 9)),
    ],
)  # fmt: skip
def test_instants_that_are_read(text: str, value: datetime) -> None:
    assert read_instant(text) == value
    assert read_day(text) == value.date()


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "26-03-01",
        "01/03/2026",
        "2026-03-01 25:00",
        "2026-03-01 08:05:09Z",
        "2026-03-01 08:05+09:00",
        "2026-3/1",
        "昨天",
    ],
)
def test_instants_that_mean_nothing(text: str) -> None:
    with pytest.raises(Unreadable):
        read_instant(text)


def column(table: str, name: str, values: list[str | None]) -> tuple[list[object], dict[str, list[int]]]:
    """A converted text column and its faulty rows by code."""
    done = convert(table, TABLES[table][name], pa.array(values, pa.string()))
    return done.array.to_pylist(), {code: np.flatnonzero(mask).tolist() for code, mask in done.faults.items()}


def test_a_column_reads_odd_values_exactly_as_clean_ones():
    clean, _ = column("fee_line", "det_item_fee_sumamt", ["1.50", "-2", None])
    odd, faults = column("fee_line", "det_item_fee_sumamt", ["1.50", "-2", "1,234.5"])
    assert clean[:2] == odd[:2] == [Decimal("1.50"), Decimal("-2.00")]
    assert odd[2] == Decimal("1234.50") and not faults


def test_one_bad_value_spoils_only_its_row():
    values, faults = column("fee_line", "cnt", ["1", "x", "2"])
    assert values == [Decimal(1), None, Decimal(2)] and faults == {"T02": [1]}


def test_marks_of_emptiness_depend_on_whether_the_column_may_be_empty():
    assert column("fee_line", "body_part", ["-", "无", " ", "NULL", "\\N", "—", "胸部"])[0] == [None] * 6 + ["胸部"]
    values, faults = column("institution", "fixmedins_name", ["无", "null", "  医院 "])
    assert values == ["无", None, "医院"] and faults == {"T01": [1]}


def test_leading_zeros_inner_spaces_and_wide_letters():
    assert column("person", "psn_no", ["000123", " 00 1 "])[0] == ["000123", "00 1"]
    assert column("fee_line", "bilg_dept_codg", ["Ａ０１", "B02"])[0] == ["A01", "B02"]


def test_control_characters_and_mojibake_refuse_ids_codes_and_names_but_not_free_text():
    assert column("person", "psn_no", ["a\x00b", "a\ufffdb", "ab"])[1] == {"T05": [0, 1]}
    assert column("person", "psn_name", ["锟斤拷", "张三"])[1] == {"T05": [0]}
    assert column("person", "curr_addr", ["一号\n二楼"])[1] == {}


def test_codes_flags_and_lengths():
    assert column("fee_line", "list_type", ["101", "999"])[1] == {"C01": [1]}
    assert column("fee_line", "chrgitm_lv", ["01", "甲"]) == (["01", "甲"], {"C01W": [1]})
    assert column("person", "gend", ["1", "男"]) == (["1", "9"], {"C01W": [1]})
    assert column("encounter", "med_type", ["1101", "110104"])[1] == {}
    assert column("settlement", "refd_setl_flag", ["是", "N", "true", "2"]) == (["1", "0", "1", None], {"C01": [3]})
    assert column("person", "psn_no", ["9" * 50, "9" * 51])[1] == {"T04": [1]}
    assert column("encounter", "fixmedins_code", ["H99010000001", "X99010000001", "H1"])[1] == {"C02": [1, 2]}
    assert column("encounter", "insu_admdvs", ["990100", "9901", "99010a"])[1] == {"C06": [1, 2]}


def test_native_types_are_civil_time_and_exact():
    utc = pa.array([datetime(2026, 3, 1, 16, 0, 1)], pa.timestamp("us", "UTC"))
    assert convert("fee_line", TABLES["fee_line"]["fee_ocur_time"], utc).array.to_pylist() == [datetime(2026, 3, 2, 0, 0, 1)]
    cut = pa.array([datetime(2026, 3, 1, 8, 0, 1, 900_000)], pa.timestamp("us"))
    assert convert("fee_line", TABLES["fee_line"]["fee_ocur_time"], cut).array.to_pylist() == [datetime(2026, 3, 1, 8, 0, 1)]
    floats = convert("fee_line", TABLES["fee_line"]["det_item_fee_sumamt"], pa.array([0.1, 1.005, None], pa.float64()))
    assert floats.array.to_pylist() == [Decimal("0.10"), None, None] and set(floats.faults) == {"T06", "T01"}
    assert convert("person", TABLES["person"]["brdy"], pa.array([date(1960, 5, 1)])).array.to_pylist() == [date(1960, 5, 1)]
