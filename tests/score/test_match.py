"""Which finding meets which planted fact, and what that makes of precision, recall and amounts."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .folder import compare, fact, finding, scored, write_folder

PAIR = json.dumps({"lines": [{"mdtrt_id": "M1", "feedetl_sn": "1", "role": "在疑"}, {"mdtrt_id": "M2", "feedetl_sn": "9"}]})
NO_WINDOW = {"window_start": "", "window_end": ""}


def meets(folder: Path, found: dict[str, Any], truth: dict[str, Any]) -> bool:
    """Whether the finding is a hit on the row; otherwise it is a false alarm and the row is missed."""
    t = scored(folder, [found], [truth])
    assert (t.hits, t.found, t.false_unplanted, t.missed) in ((1, 1, 0, 0), (0, 0, 1, 1))
    return t.hits == 1


# keys -------------------------------------------------------------------------------------------------------------------
def test_a_finding_meets_a_row_that_agrees_in_every_key(tmp_path: Path) -> None:
    assert meets(tmp_path, finding(), fact(atddr_no="D1"))


@pytest.mark.parametrize(
    "other", [{"psn_no": "P2"}, {"mdtrt_id": "M2"}, {"feedetl_sn": "M1/2"}, {"fixmedins_code": "H2"}, {"atddr_no": "D2"}]
)
def test_one_key_that_differs_is_enough_to_miss(tmp_path: Path, other: dict[str, str]) -> None:
    assert not meets(tmp_path, finding(), fact(**other))


@pytest.mark.parametrize("key", ["psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code", "atddr_no"])
def test_a_key_empty_on_either_side_decides_nothing(tmp_path: Path, key: str) -> None:
    wrong = {"feedetl_sn": "M1/77"}.get(key, "wrong")
    assert not meets(tmp_path / "both", finding(), fact(**{key: wrong}))
    line = {"feedetl_sn": None} if key == "mdtrt_id" else {}  # a line is named with its encounter
    assert meets(tmp_path / "finding", finding(**line | {key: None}), fact(**{key: wrong}))
    assert meets(tmp_path / "truth", finding(), fact(**{key: ""}))


def test_without_a_key_in_common_nothing_meets(tmp_path: Path) -> None:
    only_doctor = dict.fromkeys(("psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code"))
    assert not meets(tmp_path / "a", finding(**only_doctor), fact())
    assert meets(tmp_path / "b", finding(**only_doctor), fact(atddr_no="D1"))
    assert not meets(tmp_path / "c", finding(**only_doctor, atddr_no=None), fact(atddr_no="D1"))


def test_another_theme_never_meets(tmp_path: Path) -> None:
    result = compare(write_folder(tmp_path, [finding(rule_id="split")], [fact(theme="sex")]))
    sex, split = result.themes
    assert (sex.found, sex.missed, sex.findings) == (0, 1, 0)
    assert (split.hits, split.false_unplanted) == (0, 1)


@pytest.mark.parametrize("key", ["psn_no", "mdtrt_id", "fixmedins_code", "atddr_no"])
@pytest.mark.parametrize(("alternatives", "met"), [("{}; other", True), ("other;{}", True), ("{}x;other", False)])
def test_any_one_of_the_alternatives_is_enough(tmp_path: Path, key: str, alternatives: str, met: bool) -> None:
    assert meets(tmp_path, finding(), fact(**{key: alternatives.format(finding()[key])})) is met


def test_a_line_number_belongs_to_its_encounter(tmp_path: Path) -> None:
    truth = fact(mdtrt_id="M1;M2", feedetl_sn="M1/1;M2/2")
    assert meets(tmp_path / "1", finding(mdtrt_id="M1", feedetl_sn="1"), truth)
    assert meets(tmp_path / "2", finding(mdtrt_id="M2", feedetl_sn="2"), truth)
    assert not meets(tmp_path / "3", finding(mdtrt_id="M2", feedetl_sn="1"), truth)


def test_lines_named_in_the_evidence_count(tmp_path: Path) -> None:
    other = fact(mdtrt_id="M2", feedetl_sn="M2/9")
    assert not meets(tmp_path / "silent", finding(), other)
    assert meets(tmp_path / "named", finding(evidence=PAIR), other)
    assert not meets(tmp_path / "person", finding(evidence=PAIR), other | {"psn_no": "P2"})
    assert not meets(tmp_path / "line", finding(evidence=PAIR), other | {"feedetl_sn": "M2/1"})


@pytest.mark.parametrize("evidence", ["", "not json", "[]", '{"lines": ["x", {}]}', None])
def test_evidence_that_cannot_be_read_names_no_line(tmp_path: Path, evidence: str | None) -> None:
    assert not meets(tmp_path, finding(evidence=evidence), fact(mdtrt_id="M2", feedetl_sn="M2/9"))


# windows ----------------------------------------------------------------------------------------------------------------
def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of March."""
    return datetime(2026, 3, number, hour, minute)


@pytest.mark.parametrize(
    ("start", "end", "touch"),
    [
        (day(9), day(10), False),  # ends where the first day begins
        (day(9), day(10, 0, 1), True),
        (day(12, 23, 59), day(13), True),  # the last minute of the last day
        (day(13), day(14), False),
        (day(1), day(31), True),
        (day(10), day(10), True),  # a moment at the beginning
        (day(13), day(13), False),
        (None, None, True),
        (None, day(10), False),
        (None, day(11), True),
        (day(12), None, True),
        (day(13), None, False),
    ],
)
def test_windows_must_touch(tmp_path: Path, start: datetime | None, end: datetime | None, touch: bool) -> None:
    truth = fact(window_start="2026-03-10", window_end="2026-03-12")
    assert meets(tmp_path, finding(window_start=start, window_end=end), truth) is touch


@pytest.mark.parametrize(
    ("window", "touch"),
    [
        (NO_WINDOW, True), ({"window_start": "2026-03-01", "window_end": ""}, True), ({"window_start": "2026-03-02", "window_end": ""}, False),
        ({"window_start": "", "window_end": "2026-03-01"}, True), ({"window_start": "", "window_end": "2026-02-28"}, False),
    ],
)  # fmt: skip
def test_a_row_may_be_open_on_either_side(tmp_path: Path, window: dict[str, str], touch: bool) -> None:
    assert meets(tmp_path, finding(), fact(**window)) is touch


# counting ---------------------------------------------------------------------------------------------------------------
def test_two_findings_on_one_row_are_two_hits_and_one_row_found(tmp_path: Path) -> None:
    t = scored(tmp_path, [finding(), finding()], [fact(), fact(violation_id="V2", psn_no="P2")])
    assert (t.findings, t.hits, t.found, t.missed) == (2, 2, 1, 1)
    assert (t.precision, t.recall) == (1.0, 0.5)


def test_one_finding_on_two_rows_is_one_hit_and_two_rows_found(tmp_path: Path) -> None:
    t = scored(tmp_path, [finding()], [fact(), fact(violation_id="V2", feedetl_sn="")])
    assert (t.findings, t.hits, t.found, t.missed) == (1, 1, 2, 0)
    assert (t.precision, t.recall) == (1.0, 1.0)


def test_a_finding_on_an_innocent_is_a_false_alarm(tmp_path: Path) -> None:
    truth = [fact(), fact(violation_id="V2", psn_no="P2", mdtrt_id="M2", feedetl_sn="M2/1", is_guilty="0", amount="")]
    t = scored(tmp_path, [finding(), finding(psn_no="P2", mdtrt_id="M2")], truth)
    assert (t.guilty, t.innocent, t.hits, t.false_on_innocent, t.false_unplanted) == (1, 1, 1, 1, 0)
    assert (t.precision, t.recall, t.false_alarms) == (0.5, 1.0, 1)


def test_a_finding_on_nobody_planted_is_a_false_alarm(tmp_path: Path) -> None:
    t = scored(tmp_path, [finding(), finding(psn_no="P3"), finding(psn_no="P4")], [fact()])
    assert (t.hits, t.false_unplanted, t.false_on_innocent) == (1, 2, 0)
    assert t.precision == pytest.approx(1 / 3, abs=1e-6)


def test_guilt_goes_before_innocence(tmp_path: Path) -> None:
    truth = [fact(violation_id="V2", is_guilty="0"), fact()]
    t = scored(tmp_path, [finding()], truth)
    assert (t.hits, t.false_on_innocent) == (1, 0)


@pytest.mark.parametrize("is_guilty", ["0", "1"])
def test_a_theme_named_in_also_is_neither(tmp_path: Path, is_guilty: str) -> None:
    truth = [fact(theme="sex", also="other; split", is_guilty=is_guilty)]
    t = scored(tmp_path, [finding(rule_id="split"), finding(rule_id="split", psn_no="P9")], truth, theme="split")
    assert (t.findings, t.neither, t.hits, t.false_unplanted) == (2, 1, 0, 1)
    assert t.precision == 0.0 and t.recall is None


def test_also_excuses_only_where_the_theme_has_no_row_of_its_own(tmp_path: Path) -> None:
    truth = [fact(also="split"), fact(violation_id="V2", theme="split", is_guilty="0")]
    t = scored(tmp_path, [finding(rule_id="split")], truth, theme="split")
    assert (t.neither, t.false_on_innocent) == (0, 1)


def test_shadow_rules_are_left_out_and_unknown_rules_are_their_own_theme(tmp_path: Path) -> None:
    rules = [
        {"rule_id": "sex", "theme": "sex", "certainty": "certain", "status": "shadow"},
        {"rule_id": "sex_b", "theme": "sex", "certainty": "suspected", "status": "active"},
    ]
    found = [finding(rule_id="sex"), finding(rule_id="nobody")]
    result = compare(write_folder(tmp_path, found, [fact()], rules))
    nobody, sex = result.themes
    assert (sex.findings, sex.found, sex.rule_id, sex.certainty) == (0, 0, "sex_b", "suspected")
    assert (nobody.theme, nobody.false_unplanted, nobody.certainty) == ("nobody", 1, "")


def test_two_rules_of_one_theme_are_counted_together(tmp_path: Path) -> None:
    rules = [{"rule_id": f"sex_{c}", "theme": "sex", "certainty": c, "status": "active"} for c in ("certain", "suspected")]
    found = [finding(rule_id="sex_certain"), finding(rule_id="sex_suspected", psn_no="P2")]
    (t,) = compare(write_folder(tmp_path, found, [fact(), fact(violation_id="V2", psn_no="P2")], rules)).themes
    assert (t.rule_id, t.certainty, t.hits, t.found) == ("sex_certain;sex_suspected", "suspected", 2, 2)


def test_nothing_found_has_no_precision_and_no_truth_has_no_recall(tmp_path: Path) -> None:
    sex, split = compare(write_folder(tmp_path, [finding(rule_id="split")], [fact()])).themes
    assert (sex.precision, sex.recall, sex.amount_error) == (None, 0.0, None)
    assert (split.precision, split.recall) == (0.0, None)


def test_the_total_adds_the_themes_up(tmp_path: Path) -> None:
    truth = [fact(), fact(violation_id="V2", psn_no="P2", theme="split", amount="5")]
    found = [
        finding(amount_total=Decimal("12")),
        finding(rule_id="split", psn_no="P2", amount_total=Decimal("5")),
        finding(psn_no="P8"),
    ]
    result = compare(write_folder(tmp_path, found, truth))
    told = result.as_json()
    assert told["total"] == {
        "guilty": 2, "innocent": 0, "findings": 3, "found": 2, "hits": 2, "missed": 0, "false_alarms": 1, "false_on_innocent": 0,
        "false_unplanted": 1, "neither": 0, "precision": 0.666667, "recall": 1.0, "amount_error": 0.133333,
    }  # fmt: skip
    assert [t["theme"] for t in told["themes"]] == ["sex", "split"]  # type: ignore[attr-defined, index]


# amounts ----------------------------------------------------------------------------------------------------------------
def test_the_error_of_amounts_is_taken_over_the_rows_met(tmp_path: Path) -> None:
    truth = [
        fact(amount="100.00"),
        fact(violation_id="V2", psn_no="P2", amount="50"),
        fact(violation_id="V3", psn_no="P3", amount=""),  # states none
        fact(violation_id="V4", psn_no="P4", amount="999"),  # is missed
    ]
    found = [finding(psn_no=f"P{i}", amount_total=Decimal(a)) for i, a in ((1, "90.01"), (2, "60"), (3, "7"))]
    t = scored(tmp_path, found, truth)
    assert (t.amount_off, t.amount_true) == (1999, 15000)
    assert t.amount_error == pytest.approx(19.99 / 150, abs=1e-6)


def test_findings_on_one_row_are_added_before_they_are_compared(tmp_path: Path) -> None:
    halves = [finding(amount_total=Decimal("4.00")), finding(amount_total=Decimal("6.00"))]
    assert scored(tmp_path, halves, [fact(amount="10.00")]).amount_error == 0.0
    assert scored(tmp_path, [finding(amount_total=None)], [fact(amount="10.00")]).amount_error == 1.0
