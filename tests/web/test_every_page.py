"""Every page of the demonstration, found by following links as each person: in every mode it has no axe violation, no error in the
console, no request to elsewhere, and is not wider than its window."""

from __future__ import annotations

import html
import re
from collections import Counter
from urllib.parse import urljoin

import pytest

from ..offices import browser, sign_in

MODES = {
    "light": {"viewport": {"width": 1366, "height": 768}},
    "dark": {"viewport": {"width": 1366, "height": 768}, "color_scheme": "dark"},
    "elder": {"viewport": {"width": 1366, "height": 768}},
    "phone": {"viewport": {"width": 390, "height": 844}},
}
PEOPLE = ("kezhang", "chushen", "fuhe", "shuju", "guanli", "anquan", "shenji", "caiwu", "juzhang", "yibao", "yishi")
EDGES = ("/no-such-page/", "/journal/")
"""Addresses that answer a person without the right with a page of their own."""
_NO_PAGE = re.compile(r"/(logout|static)/|\.(xlsx|zip|csv|pdf|json)(\?|$)|[?&]export=|/download/|/file/")
_EACH = 2
"""Pages visited of one kind (same address but for numbers and codes)."""
_SEEN: set[str] = set()
"""Kinds that an earlier person has shown in every mode: later ones open them once, to see that they may."""


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


def _kind(address: str) -> str:
    path = address.split("?")[0]
    return "/".join("#" if re.search(r"\d", part) else part for part in path.split("/"))


def _visit_all(chromium, base: str, login: str) -> list[str]:
    """Addresses of pages this person can reach by links, a few of each kind."""
    context = chromium.new_context(**MODES["light"])
    page = context.new_page()
    sign_in(page, base, login)
    seen, queue, kinds = [], ["/"], Counter()
    while queue:
        address = queue.pop(0)
        kind = _kind(address)
        if address in seen or kinds[kind] >= _EACH or _NO_PAGE.search(address):
            continue
        kinds[kind] += 1
        answer = page.request.get(base + address)
        assert answer.status == 200, f"{login} {address}: {answer.status}"
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        seen.append(address)
        hrefs = re.findall(r'<a [^>]*?href="([^"#]+)', answer.text())
        queue += [html.unescape(urljoin(address, h)) for h in hrefs if not h.startswith(("http:", "https:", "mailto:"))]
    context.close()
    return seen


@pytest.mark.parametrize("login", PEOPLE)
def test_every_page_in_every_mode(demo_office, chromium, login):
    from axe_playwright_python.sync_playwright import Axe

    faults = []
    reached = _visit_all(chromium, demo_office.base, login)
    addresses = [a for a in reached if a == "/" or _kind(a) not in _SEEN] + [e for e in EDGES if login == PEOPLE[0]]
    _SEEN.update(map(_kind, reached))
    for mode, options in MODES.items():
        context = chromium.new_context(**options, bypass_csp=True, locale="zh-CN")
        page = context.new_page()
        noise: list[str] = []
        page.on("console", lambda m, noise=noise: noise.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e, noise=noise: noise.append(str(e)))
        page.on(
            "request",
            lambda r, noise=noise: (
                noise.append(f"asks {r.url}") if not r.url.startswith((demo_office.base, "data:", "blob:")) else None
            ),
        )
        sign_in(page, demo_office.base, login)
        if mode == "elder":
            page.evaluate("localStorage.setItem('elder', '1')")
        if mode == "dark":
            page.evaluate("localStorage.setItem('theme', 'dark')")
        for address in addresses:
            noise.clear()
            page.goto(demo_office.base + address)
            page.wait_for_load_state()
            wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            found = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in Axe().run(page).response["violations"]]
            loud = [n for n in noise if "Failed to load resource" not in n or address not in EDGES]
            faults += [f"{mode} {address} {what}" for what in [*found, *loud]]
            faults += [f"{mode} {address} is {wide} wide in a window of {window}"] if wide > window else []
        context.close()
    assert not faults, "\n".join(faults)
