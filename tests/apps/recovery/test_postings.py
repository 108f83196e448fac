"""A fee line gives what the fund paid for it once, whatever asks for it and how many at a time."""

from __future__ import annotations

import threading
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.recovery import services
from hengjian.apps.recovery.lines import FundPart, allot
from hengjian.apps.recovery.models import FundLine, PostedLine, Posting
from hengjian.apps.recovery.queries import sums_by_kind, visible_to
from hengjian.apps.recovery.services import Draft
from hengjian.kernel.errors import InputError

MONEY = Decimal("0.01")


def draft(subject, amount, *lines, kind="deduct", region="990102"):
    parts = tuple(FundPart("M1", sn, Decimal(paid)) for sn, paid in lines)
    return Draft(subject, "f" * 64, kind, Decimal(amount), "H99010200001", region, "第三十八条", parts)


def post(cast, now, *drafts):
    return services.post_all(drafts=drafts, by=cast["fuhe"], at=now)


def test_the_second_posting_takes_only_what_is_left(cast, now):
    first, second, third = post(
        cast, now, draft("a", "60", ("1", "100")), draft("b", "60", ("1", "100")), draft("c", "1", ("1", "100"))
    )
    assert (first.amount, second.amount, third) == (Decimal(60), Decimal(40), None)
    assert FundLine.objects.get().taken == Decimal(100)
    assert Entry.objects.get(subject="c").event == "posting.nothing_left"


def test_a_decision_is_posted_once(cast, now):
    post(cast, now, draft("a", "10", ("1", "100")))
    with pytest.raises(InputError, match="已经入账"):
        post(cast, now, draft("a", "10", ("1", "100")))
    with pytest.raises(InputError, match="已经入账"):
        post(cast, now, draft("b", "10", ("1", "100")), draft("b", "10", ("1", "100")))
    assert Posting.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-5"])
def test_nothing_and_less_are_not_posted(cast, now, amount):
    with pytest.raises(InputError, match="大于零"):
        post(cast, now, draft("a", amount, ("1", "100")))


def test_the_database_itself_refuses_to_take_more(cast, now):
    post(cast, now, draft("a", "100", ("1", "100")))
    with pytest.raises(IntegrityError), transaction.atomic():
        FundLine.objects.update(taken=Decimal("100.01"))


def test_a_counter_posting_frees_the_line_and_both_stay(cast, now):
    (posting,) = post(cast, now, draft("a", "60", ("1", "50"), ("2", "50")))
    counter = services.counter_post(posting=posting, reason="改判", by=cast["fuhe"], at=now)
    assert counter.amount == -posting.amount
    assert sum(line.taken for line in FundLine.objects.all()) == 0
    for again in (posting, counter):
        with pytest.raises(InputError):
            services.counter_post(posting=again, reason="再来", by=cast["fuhe"], at=now)
    (later,) = post(cast, now, draft("b", "100", ("1", "50"), ("2", "50")))
    assert later.amount == Decimal(100)


def test_countering_needs_a_reason_and_the_right(cast, now):
    (posting,) = post(cast, now, draft("a", "60", ("1", "100")))
    with pytest.raises(InputError, match="理由"):
        services.counter_post(posting=posting, reason=" ", by=cast["fuhe"], at=now)
    for login in ("chushen", "caiwu", "yibao", "guanli"):
        with pytest.raises(NotAllowed):
            services.counter_post(posting=posting, reason="错了", by=cast[login], at=now)


def test_the_cashier_settles_once_and_nobody_else(cast, now):
    (posting,) = post(cast, now, draft("a", "60", ("1", "100")))
    for login in ("fuhe", "chushen", "kezhang", "juzhang", "yibao"):
        with pytest.raises(NotAllowed):
            services.settle(postings=[posting], note="JS-1", by=cast[login], at=now)
    with pytest.raises(InputError, match="凭证"):
        services.settle(postings=[posting], note=" ", by=cast["caiwu"], at=now)
    services.settle(postings=[posting], note="JS-1", by=cast["caiwu"], at=now)
    with pytest.raises(InputError, match="已登记到账"):
        services.settle(postings=[posting], note="JS-2", by=cast["caiwu"], at=now)
    assert Posting.objects.get().settled_note == "JS-1"


def test_what_was_countered_is_not_settled(cast, now):
    (posting,) = post(cast, now, draft("a", "60", ("1", "100")))
    counter = services.counter_post(posting=posting, reason="改判", by=cast["fuhe"], at=now)
    for row in (posting, counter):
        with pytest.raises(InputError, match="已冲销"):
            services.settle(postings=[row], note="JS-1", by=cast["caiwu"], at=now)


def test_the_four_kinds_are_summed_apart(cast, now):
    for n, kind in enumerate(("deduct", "recover", "refund", "fine")):
        post(cast, now, draft(f"s{n}", "10", (f"{n}", "100"), kind=kind))
    sums = {row["kind"]: (row["sum"], row["count"], row["waiting"]) for row in sums_by_kind(Posting.objects.all())}
    assert sums == {kind: (Decimal(10), 1, Decimal(10)) for kind in ("deduct", "recover", "refund", "fine")}


def test_the_ledger_of_another_region_is_not_seen(cast, now):
    post(cast, now, draft("a", "10", ("1", "100")), draft("b", "10", ("2", "100"), region="990200"))
    assert [p.subject for p in visible_to(cast["caiwu"], now.date())] == ["a"]
    assert not visible_to(cast["yibao"], now.date()).exists()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30_000)), min_size=1, max_size=12),
    st.lists(st.integers(0, 10_000), min_size=4, max_size=4),
)
def test_no_sequence_of_postings_takes_more_than_was_paid(asks, paid):
    lines = [
        FundLine(pk=n + 1, mdtrt_id="M", feedetl_sn=f"{n}", fund_paid=fen * MONEY, taken=Decimal(0))
        for n, fen in enumerate(paid)
    ]
    total = Decimal(0)
    for first, fen in asks:
        wanted = fen * MONEY
        chosen = lines[first:]
        left = sum((line.fund_paid - line.taken for line in chosen), Decimal(0))
        got = sum(allot(wanted, chosen).values(), Decimal(0))
        assert got == min(wanted, left)
        total += got
    assert all(0 <= line.taken <= line.fund_paid for line in lines)
    assert total == sum(line.taken for line in lines)


@pytest.mark.django_db(transaction=True)
def test_many_who_post_at_once_take_a_line_once(cast, now):
    start, got, failed = threading.Barrier(4), [], []

    def work(n):
        try:
            start.wait(10)
            order = [("1", "100"), ("2", "100")]
            (posting,) = post(cast, now, draft(f"t{n}", "80", *(order if n % 2 else reversed(order))))
            got.append(posting.amount if posting else Decimal(0))
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed
    assert sum(got) == Decimal(200)  # four wanted 320
    assert {line.taken for line in FundLine.objects.all()} == {Decimal(100)}
    assert sum(p.amount for p in PostedLine.objects.all()) == Decimal(200)


def test_the_ledger_page_and_its_workbook(cast, now, client):
    post(cast, now, draft("a", "12.34", ("1", "100")), draft("b", "5", ("2", "100"), kind="recover"))
    client.force_login(cast["caiwu"])
    page = client.get(reverse("recovery:list")).content.decode()
    assert "12.34" in page and "17.34" not in page  # never one sum of two kinds
    book = openpyxl.load_workbook(BytesIO(client.get(reverse("recovery:export")).content))
    rows = list(book["台账"].iter_rows(values_only=True))
    assert [row[2] for row in rows[1:]] == [12.34, 5]
    only = openpyxl.load_workbook(BytesIO(client.get(reverse("recovery:export") + "?state=recover").content))
    assert len(list(only["台账"].iter_rows())) == 2


def test_the_cashier_settles_on_the_page(cast, now, client):
    (posting,) = post(cast, now, draft("a", "12.34", ("1", "100")))
    client.force_login(cast["caiwu"])
    client.post(reverse("recovery:settle"), {"sel": [posting.pk], "note": "JS-9"})
    assert Posting.objects.get().settled_note == "JS-9"
    assert "JS-9" in client.get(reverse("recovery:item", args=[posting.pk])).content.decode()


@pytest.mark.parametrize(
    "query", ["state=nonsense", "sort=posted_by__password", "size=9999999", "page=-1", "since=gestern", "q=%00"]
)
def test_no_address_of_the_ledger_is_a_fault(cast, now, client, query):
    post(cast, now, draft("a", "12.34", ("1", "100")))
    client.force_login(cast["caiwu"])
    assert client.get(reverse("recovery:list") + f"?{query}").status_code == (400 if "%00" in query else 200)


def test_a_posting_of_another_region_is_not_found(cast, now, client):
    (posting,) = post(cast, now, draft("a", "12.34", ("1", "100"), region="990200"))
    client.force_login(cast["caiwu"])
    assert client.get(reverse("recovery:item", args=[posting.pk])).status_code == 404
