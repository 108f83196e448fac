"""Lines of every shape: what is a message, what is refused and how it is said."""

from __future__ import annotations

import json

import pytest

from hengjian.lake.wire import MOST_BYTES, Message, Refusal, parse, written
from tests.lake.wire.messages import (
    HOSPITAL,
    PERSON,
    VISIT,
    answer,
    detail,
    fees,
    read,
    read_stream,
    request,
    rows_of,
    settlement,
    visit,
)


def refused(raw: bytes) -> Refusal:
    found = parse(raw, file="报文.ndjson", line=7)
    assert isinstance(found, Refusal), found
    return found


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "M01"),
        (b'{"infno":"2203","input":{"a":', "M01"),
        (b"[" * 100_000, "M01"),
        (b"\xff\xfe{}", "M02"),
        ("{“中文”}".encode("gb18030"), "M02"),
        (b"[]", "M04"),
        (b"1", "M04"),
        (b"null", "M04"),
        (b"{}", "M04"),
        (b'{"a":1,"b":2}', "M04"),
        (b'{"input":{},"inf_time":"2026-03-01 09:00:00"}', "M04"),
        (b'{"infno":"2203","input":{}}', "M05"),
        (b'{"infno":"2203","inf_time":"2026-02-30 09:00:00","input":{}}', "M05"),
        (b'{"infno":"2203","inf_time":"yesterday","input":{}}', "M05"),
        (b'{"infcode":0,"output":{"result":[]}}', "M06"),
        (b'{"infcode":0,"output":null}', "M06"),
        (b'{"infcode":-1,"err_msg":"x"}', "M06"),
        (b'{"infcode":0,"output":{"setlinfo":{"mdtrt_id":"M"}}}', "M06"),
        (b'{"infcode":0,"output":{"setlinfo":{"mdtrt_id":"M","setl_id":"S","medfee_sumamt":-1}}}', "M06"),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason(raw: bytes, code: str):
    found = refused(raw)
    assert found.code == code
    assert "位置：报文.ndjson 第 7 行" in str(found) and "办法：" in str(found)


def test_numbers_are_kept_as_they_are_written():
    text = json.dumps(request("2204", {"feedetail": detail("1", cnt="@", pric="#")}))
    raw = text.replace('"@"', "1.10").replace('"#"', "1.05E+1").encode()
    (row,) = rows_of(raw)["fee_line"]
    assert (row["cnt"], row["pric"]) == ("1.10", "10.5")


def test_an_exponent_beyond_sense_is_left_for_the_loader_to_refuse():
    raw = json.dumps(request("2204", {"feedetail": detail("1", cnt="@")})).replace('"@"', "1E999999999").encode()
    assert rows_of(raw)["fee_line"][0]["cnt"] == "1E999999999"


def test_an_exponent_beyond_all_bounds_breaks_nothing():
    raw = b'{"infno": "2204", "msgid": "M", "inf_time": "2026-03-01 09:00:00", "input": {"feedetail": [{"cnt": 1e99990000000000000000000}]}}'
    message = parse(raw)
    assert isinstance(message, Message) and message.input["feedetail"][0]["cnt"] == "1e99990000000000000000000"


def camel_keys(value: object) -> object:
    if isinstance(value, list):
        return [camel_keys(v) for v in value]
    if isinstance(value, dict):
        return {
            "".join(p if i == 0 else p.capitalize() for i, p in enumerate(k.split("_"))): camel_keys(v)
            for k, v in value.items()
        }
    return value


def test_every_wrapping_of_the_same_content_gives_the_same_rows():
    asked, told = fees(detail("1"))
    plain = rows_of(visit(), (asked, told))
    line, inner = asked["input"]["feedetail"][0], told["output"]
    for given in (
        {"feedetail": line},
        {"data": {"feedetail": [line]}},
        {"data": [line]},
        {"data": line},
        json.dumps({"feedetail": [line]}),
    ):
        assert rows_of(visit(), (asked | {"input": given}, told)) == plain, given
    for output in ({"result": inner["result"][0]}, json.dumps(inner), inner["result"], {"data": inner}):
        assert rows_of(visit(), (asked, told | {"output": output})) == plain, output
    assert rows_of(visit(), asked | told) == plain
    camel = asked | {"input": camel_keys(asked["input"])}, told | {"output": camel_keys(inner)}
    assert rows_of(visit(), camel) == plain
    strange = asked | {"input": {"feedetail": [line | {"local_field": {"x": [1]}, "expContent": "y"}]}}
    assert rows_of(visit(), (strange, told)) == plain


def test_the_official_spelling_wins_whatever_the_order_of_keys():
    for line in (detail("1", bilg_dr_code="X"), {"bilg_dr_code": "X"} | detail("1"), {"bilgDrCodg": "Y"} | detail("1")):
        assert rows_of(request("2204", {"feedetail": line}))["fee_line"][0]["bilg_dr_codg"] == "D990100000001"
    other = {k: v for k, v in detail("1", bilg_dr_code="X").items() if k != "bilg_dr_codg"}
    assert rows_of(request("2204", {"feedetail": other}))["fee_line"][0]["bilg_dr_codg"] == "X"


@pytest.mark.parametrize("missing", ["", "-", None, " ", "null", [], {}])
def test_what_stands_for_nothing_is_nothing(missing: object):
    (row,) = rows_of(request("2204", {"feedetail": detail("1", rxno=missing, acord_dept_codg=missing)}))["fee_line"]
    assert not {"rxno", "acord_dept_codg"} & row.keys()


@pytest.mark.parametrize("nothing", ["", None, [], {}, "-"])
def test_an_empty_collection_is_empty(nothing: object):
    assert "fee_line" not in rows_of(visit(), request("2204", {"feedetail": nothing, "data": {"mdtrt_id": VISIT}}))


def test_1900_means_unknown():
    (row,) = rows_of(visit(begntime="1900-01-01 00:00:00"))["encounter"]
    assert "begntime" not in row


@pytest.mark.parametrize(
    "spelling", ["2026-03-01 09:00:00", "20260301090000", "2026/3/1 9:00:00", "2026-03-01T09:00:00", "2026-03-01T09:00:00.123+08:00", "20260301090000123"]
)  # fmt: skip
def test_times_of_several_spellings_are_one_time(spelling: str):
    (message,) = read(request("2203", {}) | {"inf_time": spelling})
    assert message.inf_time == "2026-03-01 09:00:00"


def test_without_a_time_the_message_id_tells_it():
    asked = request("2203", {"mdtrtinfo": {"mdtrt_id": VISIT}}, at="2026-03-01 09:00:05")
    (message,) = read(asked | {"inf_time": "", "fixmedins_code": ""})
    assert (message.inf_time, message.fixmedins_code) == ("2026-03-01 09:00:05", HOSPITAL)


@pytest.mark.parametrize(
    ("code", "fine"), [(0, True), ("0", True), ("0.0", True), (-1, False), ("-1", False), ("E", False), (1, False)]
)
def test_success_is_zero(code: object, fine: bool):
    (message,) = read((request("2203", {}), {"infcode": code, "err_msg": "成功", "output": None}))
    assert message.answered and (message.failure is None) == fine


def test_lone_answers_that_say_enough():
    _, told = settlement()
    (message,) = read(told)
    assert (message.infno, message.subjects[0].key, message.psn_no) == ("2207", VISIT, PERSON)
    stay = told | {"output": {"setlinfo": told["output"]["setlinfo"] | {"med_type": "2101"}}}
    assert read(stay)[0].infno == "2304"
    insured = answer({"baseinfo": {"psn_no": PERSON, "gend": "2"}, "insuinfo": {"insutype": "390", "insuplc_admdvs": "990199"}})
    assert rows_of(insured)["person"] == [{"psn_no": PERSON, "gend": "2", "insutype": "390", "insu_admdvs": "990199"}]


def test_half_a_character_becomes_the_mark_of_unreadable_text():
    raw = (
        json.dumps(request("2203", {"mdtrtinfo": {"mdtrt_id": VISIT, "main_cond_dscr": "@"}}))
        .replace("@", "痛\\ud83d")
        .encode()
    )
    (row,) = rows_of(raw)["encounter"]
    assert row["main_cond_dscr"] == "痛\ufffd"
    whole = raw.replace(b"\\ud83d", b"\\ud83d\\ude00")
    assert rows_of(whole)["encounter"][0]["main_cond_dscr"] == "痛😀"


def test_a_stream_goes_on_after_bad_lines():
    good = written(*visit())
    giant = b'{"a":"' + b"x" * (MOST_BYTES + 5) + b'"}\n'
    raw = b"\xef\xbb\xbf" + good + b"\n \r\n" + b"{oops\n" + giant + good.replace(b"\n", b"\r\n") + good[: len(good) // 2]
    found = read_stream(raw)
    assert [n for n, _ in found] == [1, 4, 5, 6, 7]
    assert [m.code if isinstance(m, Refusal) else m.infno for _, m in found] == ["2203", "M01", "M03", "2203", "M01"]
    assert all(isinstance(m, Refusal) or m.line == n for n, m in found)


def test_a_line_that_is_too_long_is_not_held():
    found = read_stream(b"x" * (MOST_BYTES * 2) + b"\n" + written(*visit()))
    assert [type(m) for _, m in found] == [Refusal, Message]
    assert refused(b" " * (MOST_BYTES + 1)).code == "M03"


def test_a_line_is_written_as_it_is_read():
    asked, told = visit()
    assert json.loads(written(asked, told)) == {"request": asked, "response": told}
    assert json.loads(written(asked)) == asked and json.loads(written(None, told)) == told
    assert written(asked, told).count(b"\n") == 1
