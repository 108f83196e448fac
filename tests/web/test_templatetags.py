"""What the office prints: money, days, hours, icons, the geometry of its bars."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.template import Context, Template
from lucide import IconDoesNotExist

from hengjian.web.templatetags.office import (
    days,
    hidden_params,
    icon,
    money,
    place,
    short_at,
    spans,
    tick_states,
    wan,
    words,
    zhat,
    zhday,
)


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (Decimal("1023.36"), "1,023.36"),
        (Decimal("0"), "0.00"),
        (Decimal("-1234567.8"), "−1,234,567.80"),
        (Decimal("0.005"), "0.01"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("12345678901234.56"), "12,345,678,901,234.56"),
        (1248, "1,248.00"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_money_has_two_decimals_separators_and_a_real_minus(value, printed):
    assert money(value) == printed


@pytest.mark.parametrize(
    ("value", "printed"), [(Decimal("32468000"), "3,246.8"), (Decimal("-500"), "−0.1"), (Decimal("499"), "0.0"), (None, "—")]
)
def test_wan_has_one_decimal(value, printed):
    assert wan(value) == printed


def test_a_day_in_a_sentence_has_no_zeros():
    assert zhday(date(2026, 1, 5)) == "2026 年 1 月 5 日"
    assert zhday(None) == "—"


def test_an_instant_is_printed_in_the_offices_time():
    at = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)  # half past one in the night of the 22nd in Shanghai
    assert zhday(at) == "2026 年 11 月 22 日"
    assert short_at(at) == "11-22 01:30"
    assert zhat(at) == "11 月 22 日 01:30"


def test_a_plain_date_in_a_list_has_no_hour():
    assert short_at(date(2026, 11, 22)) == "11-22"
    assert short_at(None) == zhat(None) == "—"


def test_ticks_ring_today_until_the_limit_is_over():
    assert tick_states(4, 1) == ["past", "today", "todo", "todo"]
    assert tick_states("3", "3") == ["past", "past", "past"]


def test_parts_of_a_bar_lie_side_by_side_and_fill_it():
    laid = spans([{"label": "扣减", "count": 41}, {"label": "部分", "count": 6}, {"label": "不扣", "count": 3}])
    assert [(p["x"], p["width"]) for p in laid] == [(0, 82.0), (82.0, 12.0), (94.0, 6.0)]
    assert [p["width"] for p in spans([{"count": 0}])] == [0]


def test_days_over_a_limit_are_a_plain_count():
    assert days(-2) == 2


def test_words_of_a_short_list():
    assert words("20 50 100") == ["20", "50", "100"]


def test_an_icon_is_inline_svg_in_rem_hidden_from_screen_readers():
    drawn = icon("search", 18)
    assert drawn.startswith("<svg") and 'width="1.125rem"' in drawn and 'aria-hidden="true"' in drawn and "style" not in drawn


def test_an_unknown_icon_raises():
    with pytest.raises(IconDoesNotExist):
        icon("no-such-icon")


def test_a_name_in_a_template_may_come_from_a_variable():
    shown = Template("{% load office %}{% icon name 16 %}{{ sum|money }}").render(
        Context({"name": "menu", "sum": Decimal("5")})
    )
    assert "<svg" in shown and shown.endswith("5.00")


def test_hidden_fields_carry_the_address_and_escape_it():
    fields = hidden_params(QueryDict('q="><b>&state=new&page=3&kind=&id=1&id=2'), "page")
    assert 'value="&quot;&gt;&lt;b&gt;"' in fields and 'name="state" value="new"' in fields
    assert "page" not in fields and "kind" not in fields and fields.count('name="id"') == 2


def test_a_clock_leads_to_what_it_counts_for():
    assert place("review:94") == {"word": "看疑点", "href": "/review/94/"}
    assert place("clue:7") == {"word": "看线索", "href": "/clues/7/"}
    assert place("user:1") is None and place("review:²") is None and place("step:first") is None
