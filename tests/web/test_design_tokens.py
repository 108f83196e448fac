"""The tokens of the design: both dark copies agree, nothing unknown is used, text can be read in both themes."""

import re

import pytest

from hengjian.web.browser_floor import HERE

SHEETS = HERE / "web" / "static" / "office"
APP = (SHEETS / "app.css").read_text(encoding="utf-8")
ALL = re.sub(r"/\*.*?\*/", "", APP + (SHEETS / "work.css").read_text(encoding="utf-8"), flags=re.S)


def tokens(selector):
    block = re.search(rf"{re.escape(selector)} \{{(.*?)\n *\}}", APP, re.S)[1]
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


LIGHT, DARK = tokens(":root"), tokens("[data-theme=dark]")
READ_ON = [
    *[
        (ink, ground)
        for ink in ("ink", "ink2", "mut", "link", "bad", "warn", "ok")
        for ground in ("card", "bg", "hover", "side")
    ],
    *[(tone, f"{tone}-s") for tone in ("ok", "warn", "bad", "vio", "gry", "teal")],
    *[("ink", soft) for soft in ("p-soft", "mark", "teal-s", "t1", "t2", "h1", "h2")],
    *[("ink2", soft) for soft in ("p-soft", "mark", "teal-s", "line2")],
    *[(f"{scale}{n}-ink", f"{scale}{n}") for scale in "th" for n in (3, 4, 5)],
    *[
        ("on-p", "p"),
        ("on-p", "p-h"),
        ("on-p", "teal"),
        ("on-p", "teal-h"),
        ("on-bad", "bad"),
        ("link", "p-soft"),
        ("warn", "mark"),
    ],
    *[("teal", "card"), ("card", "ink"), ("mut", "line2")],
]


def luminance(colour):
    digits = colour.lstrip("#")
    full = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_both_copies_of_the_dark_theme_agree():
    assert tokens(":root:not([data-theme])") == DARK and len(DARK) > 50


def test_every_token_used_is_defined():
    defined = set(re.findall(r"--([\w-]+):", ALL))
    assert set(re.findall(r"var\(--([\w-]+)", ALL)) - defined == set()


def test_no_colour_outside_the_tokens_follows_a_theme():
    """Dark has every token that light gives a colour, so nothing keeps its light colour at night."""
    coloured = {name for name, value in LIGHT.items() if re.match(r"#|rgba|0 \d", value)}
    assert coloured - set(DARK) == set()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), READ_ON)
def test_text_is_readable_on_its_ground(theme, ink, ground):
    palette = LIGHT if theme == "light" else {**LIGHT, **DARK}
    high, low = sorted((luminance(palette[ink]), luminance(palette[ground])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
