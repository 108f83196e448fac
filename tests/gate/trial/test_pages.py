"""What the gate serves of the demonstration, and whom it refuses."""

import asyncio
import json
from dataclasses import replace

import pytest

from hengjian.gate.layout import layout_of
from hengjian.gate.settings import GateSettings
from hengjian.gate.trial.book import FILE
from hengjian.gate.trial.pages import TrialPages
from hengjian.gate.trial.past import tell_past
from hengjian.gate.trial.people import cast
from hengjian.gate.trial.roles import ROLES
from hengjian.gate.worker import assemble, store_of
from hengjian.kernel.errors import InputError
from hengjian.kernel.keys import key_of
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook


def get(pages, path, method="GET", headers=()):
    """Status, headers and body of one request."""
    sent = []

    async def send(message):
        sent.append(message)

    async def ask():
        await pages({"type": "http", "method": method, "path": path, "headers": list(headers)}, None, send)

    asyncio.run(ask())
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.fixture(scope="module")
def pages(demo):
    return TrialPages(demo.home / FILE, demo.home / "site")


def test_the_page_its_files_and_nothing_else(pages):
    status, headers, body = get(pages, "/try")
    assert status == 200 and b"<main" in body and headers[b"x-content-type-options"] == b"nosniff"
    assert get(pages, "/")[0] == 302
    for name in ("try.css", "main.js", "mark.svg"):
        status, headers, body = get(pages, f"/try/static/{name}")
        assert status == 200 and body
        assert get(pages, f"/try/static/{name}", headers=[(b"if-none-match", headers[b"etag"])])[0::2] == (304, b"")
        assert get(pages, f"/try/static/{name}", "HEAD")[0::2] == (200, b"")
    for path in ("/try/static/../pages.py", "/try/static/", "/try/x", "/keys.csv"):
        assert get(pages, path)[0] == 404
    assert get(pages, "/try", "POST")[0] == 405


def test_the_book_has_a_patient_for_each_role_and_what_each_may_try(pages):
    book = json.loads(get(pages, "/try/book.json")[2])
    codes = {item[0] for item in book["items"]}
    assert [p["name"] for p in book["patients"]] == [role.name for role in ROLES]
    for role, patient in zip(ROLES, book["patients"], strict=True):
        assert len(patient["tries"]) == len(role.tries) and {code for code, _ in patient["tries"]} <= codes
        assert patient["psn_no"].startswith("99")
    assert len(codes) == len(book["items"]) > 500
    assert book["key"]["paasid"].startswith(book["at"]["code"])


def test_what_was_done_elsewhere_is_told_once(demo, monkeypatch):
    monkeypatch.setenv("HENGJIAN_KEYS", str(demo.home / "keys.json"))
    playing = cast(open_lake(demo.home / "lake"), ROLES)
    patient = next(p for p in playing.patients if p.role.elsewhere and p.role.elsewhere.code.isdigit())
    store = store_of(GateSettings(home=demo.home, store=str(demo.home / "gate.sqlite"), lake=demo.home / "lake"))
    try:
        before = store.person(key_of(patient.psn_no))
        assert tell_past(playing, store, layout_of(load_rulebook())) == 0
        assert store.person(key_of(patient.psn_no)) == before
        columns = store.layout.columns["fee_line"]
        items = {row[columns.index("item_key")] for row in before[1]["fee_line"]}
    finally:
        store.close()
    assert key_of(patient.role.elsewhere.code) in items


def test_real_data_are_refused(demo, monkeypatch):
    lake = open_lake(demo.home / "lake")
    real = replace(lake, load=lake.load | {"manifest": lake.load["manifest"] | {"sender": "某市医疗保障局"}})
    with pytest.raises(InputError, match="合成城市"):
        cast(real, ROLES)


def test_without_the_book_there_is_no_page(tmp_path):
    settings = GateSettings(home=tmp_path, store=str(tmp_path / "gate.sqlite"), parts="tests.gate.http.parts")
    gate = assemble(settings)
    try:
        assert get(gate, "/try")[0] == 404
        assert get(gate, "/try/book.json")[0] == 404
    finally:
        for end in gate.on_stop:
            end()
        gate.close()
    with pytest.raises(InputError, match="试用页"):
        TrialPages(tmp_path / "none.json", None)
