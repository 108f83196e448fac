"""Finds what a person can reach: follows every link of every page with Django's client, and reads the forms as a browser would send them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve


@dataclass
class Form:
    """A form: where it goes, how, and what it sends if nobody touches it."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Links and forms of one page, with fields that stand outside and name their form."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.links, self.forms = address, [], []
        self._named: dict[str, Form] = {}
        self._later: list[tuple[str, str, str]] = []
        self._form: Form | None = None
        self._select: tuple[str, str] | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {k: v or "" for k, v in attrs}
        if tag == "a" and values.get("href"):
            self.links.append(urljoin(self.address, values["href"]))
        for verb in ("get", "post"):
            if address := values.get(f"hx-{verb}"):
                self.links += [urljoin(self.address, address)] if verb == "get" else []
        if tag == "form":
            self._form = Form(urljoin(self.address, values.get("action", "")), values.get("method", "get").lower())
            self.forms.append(self._form)
            self._named[values.get("id", "")] = self._form
        elif tag in ("input", "textarea", "button") and values.get("name"):
            kind = values.get("type", "text")
            if kind == "file":
                self._into(values, lambda form: form.files.append(values["name"]))
            else:
                self._add(values, values.get("value", "1" if kind == "checkbox" else ""))
        elif tag == "select" and values.get("name"):
            self._select, self._options = (values["name"], values.get("form", "")), []
        elif tag == "option" and self._select:
            self._options.append((values.get("value", ""), "selected" in values))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select:
            name, form = self._select
            chosen = [v for v, selected in self._options if selected and v] or [v for v, _ in self._options if v] or [""]
            self._add({"name": name, "form": form}, chosen[0])
            self._select = None

    def _add(self, values: dict[str, str], value: str) -> None:
        if name := values.get("form"):
            self._later.append((name, values["name"], value))
        elif self._form is not None:
            self._form.fields.setdefault(values["name"], []).append(value)

    def _into(self, values: dict[str, str], put) -> None:
        if self._form is not None and not values.get("form"):
            put(self._form)

    def close(self) -> None:
        super().close()
        for form, name, value in self._later:
            if form in self._named:
                self._named[form].fields.setdefault(name, []).append(value)


def read(address: str, text: str) -> tuple[list[str], list[Form]]:
    """Addresses of links and forms of a page."""
    reader = _Reader(address)
    reader.feed(text)
    reader.close()
    return reader.links, reader.forms


def name_of(address: str) -> str:
    """The URL name an address leads to, or nothing."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


def kind_of(address: str) -> str:
    """The address without its numbers: pages of one kind look alike."""
    parts = urlsplit(address)
    names = ",".join(sorted(set(re.findall(r"(?:^|&)(\w+)=[^&]", parts.query))))
    return "/".join("#" if re.search(r"\d", part) else part for part in parts.path.split("/")) + "?" + names


@dataclass
class Reached:
    """What one person reached: pages with their answers, and forms."""

    pages: dict[str, int] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)


def crawl(client: Client, *, start: Iterable[str] = ("/",), each: int = 2) -> Reached:
    """Every page the person reaches by links, `each` of a kind. A link that does not open is in `dead`."""
    reached, queue, kinds, posts = Reached(), [(a, "") for a in start], Counter(), Counter()
    while queue:
        address, parent = queue.pop(0)
        address = address.split("#")[0]
        kind = kind_of(address)
        if not address.startswith("/") or address.startswith("/static/") or address in reached.pages or kinds[kind] >= each:
            continue
        kinds[kind] += 1
        answer = client.get(address)
        reached.pages[address] = answer.status_code
        if answer.status_code not in (200, 302):
            reached.dead.append(f"{address} on {parent}: {answer.status_code}")
        if answer.status_code == 302:
            queue.append((answer["Location"], address))
        if answer.streaming:
            b"".join(answer.streaming_content)  # read to its end, which closes the file
        elif "text/html" in answer.get("Content-Type", ""):
            links, forms = read(address, answer.content.decode())
            queue += [(link, address) for link in links]
            for form in forms:
                key = (kind_of(form.action), form.method, tuple(sorted(form.fields)))
                posts[key] += 1
                if posts[key] <= each:
                    reached.forms.append(form)
                if form.method == "get":
                    queue.append((form.action, address))
    return reached


def bodies(form: Form, nasty: Iterable[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The form as it stands, then with one field at a time made nasty."""
    yield "as it stands", dict(form.fields)
    values = list(nasty)
    for name in form.fields:
        for value in values:
            yield f"{name}={value[:30]!r}", form.fields | {name: [value]}
