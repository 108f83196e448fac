"""The database restarts, or the process of the pages is killed, while two people decide: every answer is a deed or a Chinese sentence, and what was
acknowledged is there once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any

import psycopg
import pytest

from hengjian.web.cast import PASSWORD

from ..offices import RunningOffice, environment_of, running_office
from ..postgres import Postgres, running_postgres

EACH = 40
"""Findings each of the two people decides around one blow."""
PATIENCE = 90
_OPEN = """
import json, sys
from datetime import date
from decimal import Decimal
import django; django.setup()
from django.utils import timezone
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.review.models import Review
from hengjian.apps.review.services import ensure_reviews
from hengjian.apps.runs.models import Run
from hengjian.web.cast import make_cast
from hengjian.web.setup import migrate
migrate()
now, code, each = timezone.now(), "H99010200001", int(sys.argv[1])
cast = make_cast(at=now, since=date(2026, 1, 1), name="镜川市医疗保障局", institution_code=code, institution_name="镜川市中心医院")
run = Run.objects.create(kind="audit", title="审计", state="done", queued_at=now, ended_at=now)
for place, login in enumerate(("chushen", "chushen2")):
    clue = Clue.objects.create(
        number=f"XS-2026-0000{place}", source="audit", grouping="institution", group_key=login, title="限定频次", region_code="990102",
        found_on=now.date(), state="in_hand", assignee=cast[login], assigned_at=now, registered_at=now)
    Finding.objects.bulk_create(
        Finding(finding_id=f"{each * place + n:064x}", clue=clue, first_run=run, rule_id="service_cycle_limit", rule_title="周期超频次",
                category="policy", grain="line", certainty="certain", rule_fingerprint="f" * 64, data_version=1, institution_code=code,
                region_code="990102", psn_no=f"99{n:018d}", mdtrt_id=f"{n:018d}", feedetl_sn="1", amount_total=Decimal(9), amount_inscope=Decimal(9),
                amount_fund=Decimal(9), message="14 天内不超过 1 次，累计 4 次。", evidence="{}", law="", knowledge_ref="", arrived_at=now)
        for n in range(each))
    ensure_reviews(clue=clue, by=cast[login], at=now)
print(json.dumps({login: list(Review.objects.filter(owner=cast[login]).order_by("pk").values_list("pk", "version")) for login in ("chushen", "chushen2")}))
"""
"""An office with two first reviewers, each with findings in hand."""


class Reviewer(threading.Thread):
    """A person who decides one finding after the other, and presses again where it did not work."""

    def __init__(self, base: str, login: str, reviews: list[tuple[int, int]]) -> None:
        super().__init__(daemon=True)
        self.base, self.login, self.reviews = base, login, reviews
        self.done: list[int] = []
        self.answers: list[tuple[int, int, str]] = []  # review, status (0: nobody answered), page
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay())

    def post(self, address: str, **fields: object) -> tuple[int, str, str]:
        """Status, page and where it leads."""
        token = next((c.value for c in self.jar if c.name == "csrftoken"), "")
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        try:
            with self.opener.open(urllib.request.Request(self.base + address, data), timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers.get("Location", "")
        except (OSError, urllib.error.URLError):  # the process is gone
            return 0, "", ""

    def sign_in(self) -> None:
        self.opener.open(self.base + "/login/", timeout=30).close()
        status, page, _ = self.post("/login/", username=self.login, password=PASSWORD)
        assert status == 302, page

    def run(self) -> None:
        for pk, version in self.reviews:
            for _ in range(600):
                status, page, to = self.post(
                    f"/review/{pk}/propose/", decision="none", reason="病程记录写明了原因。", version=version
                )
                self.answers.append((pk, status, page))
                if status == 302 and to.startswith("/review/"):
                    self.done.append(pk)
                if status in (302, 400):  # 400: it had been done, though the answer was lost
                    break
                time.sleep(0.1)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def cluster():
    """A cluster of our own: it is thrown down."""
    with running_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def office(cluster, tmp_path_factory):
    """A running office, and the findings in hand by login."""
    address, home = cluster.address(), tmp_path_factory.mktemp("restarts") / "office"
    made = subprocess.run(
        [sys.executable, "-c", _OPEN, str(2 * EACH)],
        env=environment_of(home, address),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with running_office(home, database=address) as running:
        yield running, json.loads(made.stdout)


def _decide_meanwhile(
    office: RunningOffice, hands: dict[str, list[tuple[int, int]]], blow: Callable[[], None]
) -> list[Reviewer]:
    """Both decide; once each has done a fifth, the blow falls; they go on to the end."""
    people = [Reviewer(office.base, login, [reviews.pop() for _ in range(EACH)]) for login, reviews in hands.items()]
    for one in people:
        one.sign_in()
    for one in people:
        one.start()
    end = time.monotonic() + PATIENCE
    while min(len(one.done) for one in people) < EACH // 5:
        assert time.monotonic() < end, [a[1:] for one in people for a in one.answers[-2:]]
        time.sleep(0.02)
    blow()
    for one in people:
        one.join(PATIENCE)
        assert not one.is_alive(), one.answers[-3:]
    return people


def _check(office: RunningOffice, people: list[Reviewer]) -> None:
    """Answers are deeds or sentences; deeds are kept once; the journal is whole."""
    for one in people:
        assert {pk for pk, *_ in one.answers} == {pk for pk, _ in one.reviews}
        for pk, status, page in one.answers:
            assert status in (0, 302, 400, 500), (pk, status, page)
            assert "Traceback" not in page and "psycopg" not in page
            if status >= 400:
                assert re.search("<h1>[^<]*[\u4e00-\u9fff]", page), page
    everyone = {pk for one in people for pk, _ in one.reviews}
    subjects = [f"review:{pk}" for pk in everyone]
    with psycopg.connect(office.environment["DATABASE_URL"]) as told:

        def ask(query: str, among: object) -> list[Any]:
            return told.execute(query, [list(among)]).fetchall()

        states = dict(ask("SELECT id, state FROM review_review WHERE id = ANY(%s)", everyone))
        verdicts = [pk for (pk,) in ask("SELECT review_id FROM review_verdict WHERE review_id = ANY(%s)", everyone)]
        entries = [
            s
            for (s,) in ask(
                "SELECT subject FROM journal_entry WHERE event = 'review.passed_on' AND subject = ANY(%s)", subjects
            )
        ]
        clocks = [
            s for (s,) in ask("SELECT subject FROM workdays_clock WHERE state <> 'ended' AND subject = ANY(%s)", subjects)
        ]
    assert states == dict.fromkeys(everyone, "second")
    assert sorted(verdicts) == sorted(everyone)
    assert sorted(entries) == sorted(clocks) == sorted(subjects)
    whole = office.command("journal", "verify", "--home", office.home, "--json")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "Traceback" not in whole.stdout + whole.stderr


def test_the_database_restarts_while_two_people_decide(cluster: Postgres, office):
    running, hands = office
    people = _decide_meanwhile(running, hands, cluster.restart)
    _check(running, people)
    assert any(status == 500 for one in people for _, status, _ in one.answers), (
        "the restart was not felt: this test proves nothing"
    )
    _export_is_written(people[0])


def _export_is_written(one: Reviewer) -> None:
    """The task worker, too, has come back."""
    status, page, to = one.post("/runs/exports/clues/")
    assert status == 302, page
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with one.opener.open(one.base + to, timeout=30) as answer:
            page = answer.read().decode()
        if 'hx-trigger="every' not in page:
            break
        time.sleep(0.5)
    assert "file.xlsx" in page, page


def test_the_process_of_the_pages_is_killed_while_two_people_decide(office):
    running, hands = office

    def kill() -> None:
        (worker,) = _children(_children(running.pid, "granian")[0], "")[-1:]
        os.kill(worker, signal.SIGKILL)

    people = _decide_meanwhile(running, hands, kill)
    _check(running, people)
    assert any(status == 0 for one in people for _, status, _ in one.answers), "nobody noticed: this test proves nothing"


def _children(pid: int, name: str) -> list[int]:
    """Processes started by a process, whose command line has the name; oldest first."""
    told = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True).stdout
    return sorted(int(line.split()[0]) for line in told.splitlines() if name in line)
