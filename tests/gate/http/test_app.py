"""Every trade through the application, with a store on disk."""

import json
import logging
import re
from concurrent.futures import Future

import pytest

from hengjian.gate import parts as shipped
from hengjian.gate.acts import CheckNote
from hengjian.gate.trades import UPLOADS
from hengjian.gate.writer import BusyError
from hengjian.kernel.keys import key_of
from tests.conftest import need_shared

from . import parts
from .asgi import gate
from .messages import AT, ELSEWHERE, PERSON, VISIT, check, envelope, exchange, feedback, upload

CODE = "XC10AAA012A001010100001"
FIELDS = [
    "infcode",
    "inf_refmsgid",
    "refmsg_time",
    "respond_time",
    "enctype",
    "signtype",
    "warn_msg",
    "cainfo",
    "err_msg",
    "output",
]


@pytest.fixture
def client(tmp_path):
    with gate(tmp_path) as found:
        yield found


def notes(client):
    """The notes of checks that were kept; whatever waits is written first."""
    client.writer.run(lambda _: None).result(10)
    return client.store.db.read("SELECT infno, stage, fixmedins_code, skipped, unaudited FROM check_note ORDER BY n")


def test_a_check_is_answered_in_the_national_envelope(client):
    told = client.post(check([CODE, CODE]), "/fsi/api/riskConService/beforeAnalyze")
    assert list(told) == FIELDS and told["infcode"] == 0 and told["err_msg"] == "" and told["warn_msg"] is None
    assert re.fullmatch(r"990100\d{14}\d{10}", told["inf_refmsgid"])
    assert re.fullmatch(r"\d{17}", told["refmsg_time"]) and told["refmsg_time"] <= told["respond_time"]
    assert [found["vola_cont"] for found in told["output"]["result"]] == [f"{CODE} 重复"]
    assert client.post(check([CODE], serial=2))["output"] == {"result": []}
    assert notes(client) == [("3101", "before", AT, 0, 0)] * 2


@pytest.mark.parametrize("number", ["3101", "3102"])
def test_the_reference_samples_are_answered(client, number):
    told = client.post(need_shared(f"reference/samples/{number}-request.json").read_bytes(), f"/base/{number}")
    assert told["infcode"] == 0 and isinstance(told["output"]["result"], list)
    sample = json.loads(need_shared(f"reference/samples/{number}-response.json").read_text())
    assert list(told) == list(sample)


def test_numbers_of_answers_never_repeat(client):
    ids = {client.post(check(serial=n))["inf_refmsgid"] for n in range(50)}
    assert len(ids) == 50


def test_a_broken_check_lets_the_order_pass_and_is_noted_for_the_audit(client, caplog):
    broken = check()
    broken["input"]["data"]["patient_dtos"][0]["patn_name"] = parts.BREAKS
    told = client.post(broken)
    assert "a check failed: RuntimeError at parts.py" in caplog.text and parts.BREAKS not in caplog.text
    assert told["infcode"] == 0 and told["output"] == {"result": []} and told["warn_msg"] == "本次未审核"
    assert notes(client) == [("3101", "before", AT, 1, 1)]
    assert 'outcome="skipped"} 1' in client.app.metrics.text()


def test_too_many_lines_pass_unjudged(tmp_path):
    with gate(tmp_path, most_lines=30) as client:
        assert client.post(check(["X1"] * 30))["warn_msg"] is None
        assert client.post(check(["X1"] * 31))["warn_msg"] == "本次未审核"
        doubled = check(["X1"] * 16, serial=3)
        patient = doubled["input"]["data"]["patient_dtos"][0]
        patient["fsi_encounter_dtos"] *= 2
        assert client.post(doubled)["warn_msg"] == "本次未审核"


def test_a_late_worker_lets_checks_pass(client):
    client.app.lag.late = True
    assert client.post(check([CODE, CODE]))["warn_msg"] == "本次未审核"
    client.app.lag.late = False
    assert client.post(check([CODE, CODE], serial=2))["output"]["result"]


def test_provincial_numbers_are_a_table(tmp_path):
    site = tmp_path / "site"
    (site / "gate").mkdir(parents=True)
    (site / "gate" / "variants.csv").write_text("交易编号,当作\n3301,3101\n", encoding="utf-8")
    with gate(tmp_path, site=site) as client:
        for infno in ("3660", "3661", "3301"):
            told = client.post(check([CODE, CODE], infno=infno, serial=int(infno)))
            assert told["output"]["result"], infno
        assert [row[:2] for row in notes(client)] == [("3101", "before"), ("3102", "during"), ("3101", "before")]


@pytest.mark.parametrize("infno", sorted({*UPLOADS, "2204A", "3505A", "4101A", "2207A"} - {"1101"}))
def test_every_upload_is_there_when_it_is_acknowledged(client, infno):
    told = client.post(upload(infno), f"/base/{infno}")
    assert told["infcode"] == 0 and told["err_msg"] == "" and isinstance(told["output"], dict), told
    (line,) = client.store.unloaded()
    assert json.loads(line[1])["infno"] == infno
    assert client.post(upload(infno))["infcode"] == 0
    assert len(client.store.unloaded()) == 1, "a repeat is the same message"


def test_uploads_are_answered_with_the_ids_they_brought(client):
    assert client.post(upload("2204"))["output"]["result"][1]["feedetl_sn"] == "F00002"
    assert client.post(upload("2401", 2))["output"]["result"]["psn_no"] == PERSON
    assert client.post(upload("3505", 3))["output"]["result"]["retRslt"] == "1"
    settled = client.post(exchange("2207", 4))
    assert settled["output"]["setlinfo"]["psn_no"] == PERSON and settled["warn_msg"] is None
    assert "连同应答一起送" in client.post(upload("2207", 5))["warn_msg"]


def test_a_relayed_1101_tells_who_the_hospitals_patient_is(tmp_path):
    with gate(tmp_path, fold=shipped.build_fold(None)) as client:
        alone = client.post(upload("1101"))
        assert alone["infcode"] == -1 and "应答一起转来" in alone["err_msg"]
        assert client.post(exchange("1101", 2))["infcode"] == 0
        client.writer.stop()  # folds what waits
        assert client.store.patient(key_of(AT), key_of("P77")) == key_of(PERSON)
        assert client.store.person(key_of(PERSON))[0].gend == "1"


def test_the_same_msgid_with_other_content_keeps_both_and_warns(client):
    first, second = upload("2204"), upload("2204")
    second["input"]["feedetail"][0]["cnt"] = 3
    assert "msgid" not in client.post(first)["warn_msg"]
    told = client.post(second)
    assert told["infcode"] == 0 and "曾用于另一内容" in told["warn_msg"]
    assert len(client.store.unloaded()) == 2


class Broken:
    """A writer whose disk is full."""

    def __init__(self, writer):
        self.writer = writer

    def put(self, message):
        failed = Future()
        failed.set_exception(OSError(28, "No space left on device"))
        return failed

    def run(self, work):
        raise BusyError("等着写盘的太多，没有收下")

    feedback = put

    def note(self, note):
        raise OSError


def test_nothing_is_acknowledged_that_is_not_on_disk(tmp_path):
    with gate(tmp_path, wrap=Broken) as client:
        for message in (upload("2204"), exchange("1101", 2), feedback(("JR1", "2", "")), envelope("9001", {"signIn": {}})):
            told = client.post(message)
            assert told["infcode"] == -1 and "稍后原样重发" in told["err_msg"] and told["output"] is None
        assert client.post(check([CODE, CODE]))["output"]["result"], "a check answers all the same"


class Slow(Broken):
    """A writer whose disk hangs."""

    def put(self, message):
        return Future()


def test_a_hanging_disk_is_not_waited_for_for_ever(tmp_path):
    with gate(tmp_path, wrap=Slow, commit_seconds=0.05) as client:
        assert "稍后原样重发" in client.post(upload("2204"))["err_msg"]


def test_feedback_is_kept_with_its_reason(client):
    (reminder,) = client.post(check([CODE, CODE]))["output"]["result"]
    told = client.post(feedback((reminder["jr_id"], "1", "两种规格分阶段减量")))
    assert told["infcode"] == 0 and told["output"] == {}
    assert client.store.feedback_of(reminder["jr_id"]).reason == "两种规格分阶段减量"


def test_feedback_without_a_reason_or_of_nothing_is_refused_as_a_whole(client):
    (reminder,) = client.post(check([CODE, CODE]))["output"]["result"]
    jr_id = reminder["jr_id"]
    for warns, said in (
        ([(jr_id, "1", " ")], "没有写原因"),
        ([(jr_id, "1", "-")], "没有写原因"),
        ([(jr_id, "3", "x")], "写 1（继续执行医嘱）或 2"),
        ([("", "2", "")], "warn_rslt_id"),
        ([(jr_id, "2", ""), (jr_id, "1", "")], "第 2 条"),
        ([], "warns"),
    ):
        told = client.post(feedback(*warns))
        assert told["infcode"] == -1 and said in told["err_msg"], told
    assert client.store.feedback_of(jr_id) is None


def test_an_unknown_reminder_is_named_and_the_others_are_kept(client):
    (reminder,) = client.post(check([CODE, CODE]))["output"]["result"]
    told = client.post(feedback((reminder["jr_id"], "2", ""), ("JR-NOBODY", "2", "")))
    assert told["infcode"] == -1 and "JR-NOBODY" in told["err_msg"] and "其余 1 条已收下" in told["err_msg"]
    assert client.store.feedback_of(reminder["jr_id"]).way == "2"


def test_one_warn_may_come_as_an_object_and_numbers_as_numbers(client):
    (reminder,) = client.post(check([CODE, CODE]))["output"]["result"]
    said = envelope(
        "3103", {"data": {"warnType": 1, "warns": {"warnRsltId": reminder["jr_id"], "dspoWay": 1, "dspoWayRea": "复诊"}}}
    )
    assert client.post(said)["infcode"] == 0
    assert client.store.feedback_of(reminder["jr_id"]).reason == "复诊"


def test_fujians_3103_is_told_apart(client):
    data = {
        "adm_time": "20261015093000",
        "fixmedins_code": AT,
        "gend": "1",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": "",
        "dept_name": "内科",
    }
    told = client.post(envelope("3103", {"data": data}))
    assert told["infcode"] == 0 and "福建" in told["warn_msg"]


def test_signing_in_and_out(client):
    told = client.post(envelope("9001", {"signIn": {"opter_no": "0417", "mac": "-", "ip": "-"}}))["output"]["signinoutb"]
    assert re.fullmatch(r"\d{24}", told["sign_no"]) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told["sign_time"])
    out = {"signOut": {"sign_no": told["sign_no"], "opter_no": "0417"}}
    assert client.post(envelope("9002", out, at=ELSEWHERE))["infcode"] == -1
    assert client.post(envelope("9002", out))["infcode"] == 0
    assert client.post(envelope("9002", out))["infcode"] == 0, "twice does no harm"
    assert "sign_no" in client.post(envelope("9002", {}))["err_msg"]
    assert client.store.sign(told["sign_no"]).out_sec is not None


def test_the_number_in_the_body_decides_and_the_path_is_held_against_it(client, caplog):
    with caplog.at_level(logging.WARNING):
        assert client.post(upload("2204"), "/fsi/api/riskConService/beforeAnalyze")["output"]["result"]
        assert "the message counts" in caplog.text
        caplog.clear()
        for path in (
            "/",
            "/base",
            "/base/2204",
            "/x/2204A",
            "/fsi/api/rsfComService/callService/2204",
            "/fsi/api/outpatientDocInfoService/outpatientFeeListUp",
        ):
            assert client.post(upload("2204"), path)["infcode"] == 0
        assert not caplog.text


def test_trades_that_nobody_needs_here_are_not_kept_and_say_so(client):
    told = client.post(envelope("1201", {"data": {}}))
    assert told["infcode"] == 0 and "没有保存" in told["warn_msg"] and client.store.unloaded() == []
    for wrong in ("7777", "abc", "31011", ""):
        told = client.post(envelope(wrong, {"data": {}}))
        assert told["infcode"] == -1 and "交易编号" in told["err_msg"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"infno":', b"{}", b'{"infno":"2204"}', b'{"infno":"2204","input":{}}']
)
def test_what_is_no_message_is_refused_with_a_sentence(client, body):
    for path in ("/", "/2204"):
        told = client.post(body, path)
        assert told["infcode"] == -1 and re.search("[\u4e00-\u9fff]{4}", told["err_msg"]) and told["output"] is None


def test_gbk_bom_and_pieces(client):
    message = upload("2204")
    message["input"]["feedetail"][0]["bilg_dr_name"] = "测试医师"
    gbk = json.dumps(message, ensure_ascii=False).encode("gb18030")
    assert client.send(gbk, "/2204", [("content-type", "application/json; charset=GBK")], piece=100).envelope["infcode"] == 0
    assert "测试医师".encode() in client.store.unloaded()[0][1]
    assert client.post(b"\xef\xbb\xbf" + json.dumps(upload("2203", 2)).encode())["infcode"] == 0


def test_a_body_beyond_the_limit_is_not_read(tmp_path):
    with gate(tmp_path, most_bytes=10_000) as client:
        told = client.send(b" " * 50_000_000, "/2204").envelope
        assert told["infcode"] == -1 and "超过 9 KB" in told["err_msg"]
        answer = client.send(b"[" * 20_000, "/2204", [("content-length", "5")], piece=1000)
        assert answer.envelope["infcode"] == -1 and answer.headers[b"connection"] == b"close"


def test_pages(client):
    client.post(check([CODE, CODE]))
    assert 'infno="3101",outcome="found"' in client.send(b"", "/metrics", method="GET").body.decode()
    health = client.send(b"", "/healthz", method="GET")
    assert health.status == 200 and health.envelope["status"] == "ok"
    assert client.send(b"", "/healthz", method="HEAD").body == b""
    for method, status in (("GET", 404), ("PUT", 405)):
        answer = client.send(b"", "/3101", method=method)
        assert answer.status == status and "POST" in answer.envelope["err_msg"]


def test_the_record_holds_no_person(tmp_path, client):
    client.post(check([CODE, CODE]))
    client.post(exchange("1101", 2))
    client.post(b"{")
    (file,) = (tmp_path / "home" / "access").iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["infno"], line["outcome"]) for line in lines] == [("3101", "found"), ("1101", "ok"), ("other", "unreadable")]
    assert PERSON not in file.read_text() and "测试" not in file.read_text() and "P77" not in file.read_text()


def test_a_new_judge_takes_over_between_two_requests(client):
    assert client.post(check([CODE]))["output"]["result"] == []

    class Always:
        def check(self, infno, request, now_sec):
            return parts.Said([{"jr_id": "J"}], None)

    client.app.swap(Always())
    assert client.post(check([CODE], serial=2))["output"]["result"] == [{"jr_id": "J"}]


def test_a_judge_that_says_what_no_json_can_hold_lets_the_order_pass(client):
    class Odd:
        def check(self, infno, request, now_sec):
            return parts.Said([{"jr_id": "\ud800", "x": object()}], None)

    client.app.swap(Odd())
    told = client.post(check([CODE]))
    assert told["infcode"] == 0 and told["warn_msg"] == "本次未审核"


def test_a_settlement_is_counted_once_and_as_audited_when_a_check_came_before(client):
    client.post(exchange("2207", 4))
    client.post(upload("2207", 4))
    client.post(exchange("2207", 4))
    failed = exchange("2207", 5)
    failed["response"] |= {"infcode": -1, "err_msg": "余额不足"}
    client.post(failed)
    client.writer.run(lambda _: None).result(10)
    found = client.store.audited(0, 10**11)
    assert found["employee"].settled == 1 and found["employee"].audited == 0
    client.store.note_checks([CheckNote("m", "3102", "during", AT, "D1", 0, 1, key_of(PERSON), key_of(VISIT), "310", 1)])
    client.post(exchange("2207", 6))
    client.writer.run(lambda _: None).result(10)
    assert client.store.audited(0, 10**11)["employee"].audited == 1


def test_an_input_written_as_text_is_opened(client):
    message = check([CODE, CODE])
    message["input"] = json.dumps(message["input"])
    assert client.post(message)["output"]["result"]
    assert client.post({"request": json.dumps(check([CODE, CODE], serial=2))})["output"]["result"]
