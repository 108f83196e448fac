"""The counters of several workers, and the access record."""

import json
import re
from pathlib import Path

from hengjian.gate.access import AccessRecord
from hengjian.gate.metrics import BOUNDS, Metrics

NOON = 1_790_000_000.0


def counted(text):
    return {
        (infno, outcome): int(value)
        for infno, outcome, value in re.findall(
            r'^hengjian_gate_requests_total\{infno="(\w+)",outcome="(\w+)"\} (\d+)$', text, re.M
        )
    }


def test_all_workers_are_summed_and_a_new_one_goes_on_where_another_ended(tmp_path):
    one, two = Metrics(tmp_path), Metrics(tmp_path)
    for seconds in (0.0004, 0.003, 9.0):
        one.count("3101", "ok", seconds)
    two.count("3101", "ok", 0.003)
    two.count("2204A", "refused", 0.1)
    assert counted(one.text()) == {("3101", "ok"): 4, ("2204A", "refused"): 1}
    two.close()
    three = Metrics(tmp_path)
    three.count("2204A", "refused", 0.1)
    assert len(list(tmp_path.glob("worker-*.bin"))) == 2
    assert counted(three.text()) == {("3101", "ok"): 4, ("2204A", "refused"): 2}


def test_the_histogram_is_one_that_prometheus_can_read(tmp_path):
    metrics = Metrics(tmp_path)
    for seconds in (0.0005, 0.00051, 0.02, 7.5):
        metrics.count("3102", "found", seconds)
    text = metrics.text({"hengjian_gate_up": ("在运行", 1)})
    buckets = re.findall(r'seconds_bucket\{infno="3102",outcome="found",le="([^"]+)"\} (\d+)', text)
    assert len(buckets) == len(BOUNDS) + 1 and buckets[-1] == ("+Inf", "4")
    assert [int(n) for _, n in buckets] == sorted(int(n) for _, n in buckets)
    assert dict(buckets)["0.0005"] == "1" and dict(buckets)["0.001"] == "2" and dict(buckets)["0.02"] == "3"
    assert 'hengjian_gate_seconds_sum{infno="3102",outcome="found"} 7.521010' in text
    assert text.endswith("hengjian_gate_up 1\n")
    for line in text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r"[a-z_]+(\{[^{}]*\})? [0-9.e+-]+", line), line


def test_ever_new_names_cannot_fill_the_table(tmp_path):
    metrics = Metrics(tmp_path)
    for number in range(400):
        metrics.count(f"{number:04d}", "ok", 0.001)
    found = counted(metrics.text())
    assert len(found) == 256 and found["other", "other"] == 400 - 255


def test_the_access_record_says_what_happened_and_nothing_about_persons(tmp_path):
    record = AccessRecord(tmp_path)
    record.write(NOON, "H99010000001", "3101", "H99010000001202610150930120001", "ok", 0.00123, 18_000)
    for msgid in ("990101199001011234", "13800001234", "张三", "a b", "x" * 41):
        record.write(NOON, "H99010000001", "3101", msgid, "ok", 0.001, 1)
    (file,) = tmp_path.iterdir()
    assert file.name == "access-2026-09-21.ndjson"
    first, *rest = map(json.loads, file.read_text().splitlines())
    assert first == {
        "time": "20260921221320000",
        "fixmedins_code": "H99010000001",
        "infno": "3101",
        "msgid": "H99010000001202610150930120001",
        "outcome": "ok",
        "ms": 1.23,
        "bytes": 18_000,
    }
    assert [line["msgid"] for line in rest] == [""] * 5


def test_the_record_turns_by_day_and_size_and_old_files_go(tmp_path):
    (tmp_path / "access-2026-01-01.ndjson").touch()
    (tmp_path / "notes.txt").touch()
    record, other = AccessRecord(tmp_path, most=5000, days=30), AccessRecord(tmp_path, most=5000, days=30)
    for number in range(600):
        (record if number % 2 else other).write(NOON, "H99010000001", "3101", str(number), "ok", 0.001, 1)
    record.write(NOON + 86400, "H99010000001", "3101", "next", "ok", 0.001, 1)
    names = sorted(p.name for p in Path(tmp_path).iterdir())
    assert names[0] == "access-2026-09-21-2.ndjson" and "access-2026-09-22.ndjson" in names and "notes.txt" in names
    assert "access-2026-01-01.ndjson" not in names
    lines = [json.loads(line) for p in tmp_path.glob("access-*") for line in p.read_text().splitlines()]
    assert len(lines) == 601
