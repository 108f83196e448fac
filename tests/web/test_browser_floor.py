"""The browser floor catches every feature it lists, lets through what Chromium 86 has, and our own files pass it."""

import re
import subprocess
import sys

import pytest

from hengjian.web import browser_floor
from hengjian.web.browser_floor import HERE, RULES, breaches_in, check, our_files

BROKEN = {
    ".css": """
.a:has(b) {}|.a :is(b) {}|.a:not(.b, .c) {}|li:nth-child(2 of .on) {}|dialog:modal {}|input::file-selector-button {}
dialog::backdrop { background: var(--x); }|@layer base {}|@media (width >= 600px) {}|@media (prefers-contrast: more) {}
.a { inset: 0; }|.a { inset-inline: 0; }|.a { margin-inline: 1rem; }|.a { text-underline-offset: 2px; }|.a { aspect-ratio: 1; }
.a { accent-color: red; }|.a { scrollbar-gutter: stable; }|.a { rotate: 3deg; }|.a { container-type: size; }|h1 { text-wrap: balance; }
.a { field-sizing: content; }|.a { anchor-name: --a; }|.a { mask-image: none; }|.a { print-color-adjust: exact; }
.a { border-start-end-radius: 2px; }|.a { overflow-x: clip; }|.a { justify-content: end; }|.a { clip-path: path("M0 0"); }
.a { grid-template-rows: subgrid; }|.a { color: color-mix(in srgb, red, blue); }|.a { color: oklch(50% 0 0); }|.a { height: 100dvh; }
.a { width: round(3.2px, 1px); }|.a { & b { color: red; } }|.a { background: url("https://cdn.example/x.png"); }
""",
    ".js": """
x = list.at(-1)|x = list.findLast(f)|x = list.toSorted()|x = Object.groupBy(a, f)|x = Object.hasOwn(a, "b")|x = structuredClone(a)
x = crypto.randomUUID()|x = AbortSignal.timeout(5)|x = URL.canParse(a)|input.showPicker()|document.startViewTransition(f)
pane.inert = true|class A { static { f(); } }|x = #secret in a|a.addEventListener("x", f, { signal })|x = new FormData(form, button)
x = new Intl.Segmenter("zh")|throw new Error("x", { cause: e })|eval("1")|a.setAttribute("style", "x")|fetch("https://cdn.example/a.json")
""",
    ".html": """
<b style="color:red">|<style>b{}</style>|<script>go()</script>|<b onclick="go()">|<b hx-on:click="go()">|<a href="javascript:go()">
<b hx-trigger="click[ctrlKey]">|<script src="//cdn.example/x.js"></script>|<img src="https://cdn.example/x.png">|<search>
<details name="one">|<div popover>|<main inert>
""",
}
FINE = {
    ".css": """/* :has( and inset: are named in a comment */ .a { box-shadow: inset 3px 0 red; top: 0; gap: 1rem; clip-path: inset(50%); }
.a:not(.b):not(.c):focus-visible { width: min(3rem, 100%); background: url("data:image/svg+xml,x"); transform: rotate(3deg); }
.inset:hover, a.scale { color: rgba(1, 2, 3, .5); -webkit-mask: none; }""",
    ".js": """// list.at(-1) and https://example.com in a comment
const x = a?.b ?? list[list.length - 1]; form.requestSubmit(); s.replaceAll("a", "b"); node.replaceChildren(); what.flat(1);
svg.setAttribute("viewBox", "0 0 1 1"); const ns = "http://www.w3.org/2000/svg"; new FormData(form);""",
    ".html": """{# <b style="x"> in a comment #}<script src="{% static 'office/app.js' %}" defer></script><a href="/clues/?a=1">x</a>
<svg xmlns="http://www.w3.org/2000/svg"><rect width="3%"/></svg><script type="application/json">{}</script><input name="one" data-on="x">""",
}


def samples(suffix):
    return [sample for line in BROKEN[suffix].strip().splitlines() for sample in line.split("|")]


@pytest.mark.parametrize(("suffix", "sample"), [(suffix, sample) for suffix in BROKEN for sample in samples(suffix)])
def test_each_forbidden_thing_is_caught_and_told_how_to_write_instead(suffix, sample):
    (breach, *_) = breaches_in(f"\n{sample}\n", suffix, "office/x")
    assert breach.line == 2 and breach.what and breach.instead
    assert str(breach).startswith("office/x:2: ")


@pytest.mark.parametrize("suffix", RULES)
def test_no_rule_is_without_a_sample_that_triggers_it(suffix):
    silent = [rule.what for rule in RULES[suffix] if not any(re.search(rule.pattern, s, re.M) for s in samples(suffix))]
    assert silent == []


@pytest.mark.parametrize("suffix", RULES)
def test_what_chromium_86_has_passes(suffix):
    assert list(breaches_in(FINE[suffix], suffix, "x")) == []


def test_a_comment_does_not_move_the_line_numbers(tmp_path):
    sheet = tmp_path / "x.css"
    sheet.write_text("/* one\ntwo\n*/\n.a { inset: 0; }\n", encoding="utf-8")
    assert [b.line for b in check([sheet], tmp_path)] == [4]


def test_our_own_files_keep_to_the_floor():
    files = our_files()
    assert {"app.css", "work.css", "app.js", "review.js", "base.html", "card.html"} <= {f.name for f in files}
    assert check(files) == []


def test_templates_of_the_rooms_are_read_too(tmp_path):
    page = tmp_path / "apps" / "clues" / "templates" / "clues" / "list.html"
    page.parent.mkdir(parents=True)
    page.write_text("<b style='x'>", encoding="utf-8")
    assert our_files(tmp_path) == [page]


def test_the_command_ends_with_one_when_something_breaks_the_floor(tmp_path, monkeypatch, capsys):
    sheet = HERE / "web" / "static" / "office" / "app.css"
    monkeypatch.setattr(browser_floor, "our_files", lambda: [sheet])
    assert browser_floor.main() == 0
    monkeypatch.setattr(browser_floor, "check", lambda files: [browser_floor.Breach("x.css", 3, "inset 要 Chromium 87", "top")])
    assert browser_floor.main() == 1
    assert "x.css:3: inset 要 Chromium 87，改用top" in capsys.readouterr().out


def test_the_lint_does_not_need_django():
    code = "import sys; sys.modules['django'] = None; import hengjian.web.browser_floor as b; sys.exit(b.main())"
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(HERE.parent)}, capture_output=True).returncode == 0
    )
