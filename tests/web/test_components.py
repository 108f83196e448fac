"""The components say in words what they show: clocks, certainty, peers, steps, bills, edges."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django_cotton.compiler_regex import CottonCompiler

from hengjian.kernel.errors import InputError


def drawn(source, **context):
    """A line of a page with our components, as text without runs of space."""
    return " ".join(Template(CottonCompiler().process(source)).render(Context(context)).split())


@pytest.mark.parametrize(
    ("left", "words", "css"),
    [
        (6, "剩 6 个工作日", 'class="due"'),
        (3, "剩 3 个工作日", 'class="due soon"'),
        (0, "今天到期", 'class="due over"'),
        (-2, "超期 2 个工作日", 'class="due over"'),
        (None, "—", 'class="mut"'),
    ],
)
def test_a_clock_says_how_many_working_days_are_left(left, words, css):
    shown = drawn('<c-due :left="left" />', left=left)
    assert words in shown and css in shown and "暂定" not in shown


def test_a_clock_on_a_calendar_not_yet_published_is_called_tentative():
    assert "暂定" in drawn('<c-due :left="left" :tentative="guess" />', left=9, guess=True)


def test_certainty_is_a_word_not_only_a_colour():
    assert "违规" in drawn('<c-sure :certain="yes" />', yes=True)
    assert "可疑" in drawn('<c-sure :certain="yes" />', yes=False)


def test_a_component_does_not_take_words_of_the_page_around_it():
    assert "外面" not in drawn('<c-card title="里面">x</c-card>', hint="外面", extra="外面", id="外面")


def test_fewer_than_eight_peers_are_not_drawn():
    few = {"name": "药占比", "value": "24.1", "unit": "%", "dots": [1] * 7}
    many = few | {"dots": [1] * 8, "lo": 1, "width": 2, "mid": 3, "own": 4, "pct": 17, "median": 30}
    assert "同级不足 8 家" in drawn('<c-strip :s="s" />', s=few) and "<circle" not in drawn('<c-strip :s="s" />', s=few)
    assert drawn('<c-strip :s="s" />', s=many).count("<circle") == 9


def test_ticks_are_told_to_the_screen_reader():
    shown = drawn('<c-ticks :total="7" :used="2" />')
    assert 'aria-label="共 7 个工作日，已过 2 个"' in shown and shown.count("<i ") == 7


def test_the_step_in_hand_is_marked():
    shown = drawn('<c-steps :items="s" />', s=[{"title": "初审", "state": "done"}, {"title": "复核", "state": "now"}])
    assert shown.count('aria-current="step"') == 1 and "复核" in shown


def test_a_split_bar_reads_as_a_sentence():
    parts = [{"label": "扣减", "count": 3, "tone": "bad"}, {"label": "不扣", "count": 0, "tone": "ok"}]
    shown = drawn('<c-split :parts="p" />', p=parts)
    assert 'aria-label="扣减 3 件，不扣 0 件"' in shown and shown.count("<rect") == 1


def test_the_bill_shows_neighbours_and_says_why_in_words():
    row = {
        "on": "10-08",
        "name": "口腔护理",
        "code": "1",
        "quantity": 4,
        "unit": "次",
        "price": Decimal(15),
        "amount": Decimal(60),
    }
    bill = {
        "rows": [row | {"fund": Decimal("49.2"), "mark": "b", "note": "B 不得另收"}, row | {"fund": None}],
        "folded": [row | {"mark": "a", "note": "A 已收主项"}],
        "fold": "其余 11 天情形相同",
    }
    shown = render_to_string("office/_bill.html", {"bill": bill})
    assert 'class="m-b"' in shown and "B 不得另收" in shown and "49.20" in shown
    assert 'class="m-n"' in shown and "无关" in shown
    assert "其余 11 天情形相同" in shown and shown.index("data-unfold") < shown.index("A 已收主项")


def test_the_timeline_prints_hour_and_person():
    event = {"at": datetime(2026, 11, 20, 14, 12), "what": "复核通过", "who": "周启明", "tone": "ok"}
    shown = render_to_string("office/_timeline.html", {"events": [event]})
    assert "11-20 14:12" in shown and "复核通过" in shown and "周启明" in shown


def test_the_fault_page_needs_no_context_and_no_database():
    shown = render_to_string("500.html")
    assert "要么整个做成了，要么完全没有做" in shown and "事件编号" not in shown


def test_a_refusal_says_what_why_and_cure():
    refusal = InputError("结算期间写错了", why="止日在起日之前", cure="改正后再交")
    for page in ("400.html", "403.html"):
        shown = render_to_string(page, {"refusal": refusal})
        assert all(part in shown for part in ("结算期间写错了", "止日在起日之前", "改正后再交"))


@pytest.mark.parametrize("page", ["404.html", "429.html", "400.html", "403.html"])
def test_every_edge_page_offers_a_way_on(page):
    assert 'href="/"' in render_to_string(page)
