"""Charts as inline SVG: bars beside a figure, and bars by month. Colours come from the page's tokens, so both themes and paper work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_MIN = 0.8
"""A bar that stands for some money is at least this wide, in percent."""


@dataclass(frozen=True)
class MonthBar:
    """One bar of the month chart: label under it, year where it begins, height, text over it, and whether the month is whole."""

    label: str
    year: str
    fen: int
    text: str
    partial: bool = False
    peak: bool = False


def bar(parts: Sequence[tuple[int, str]], largest: int) -> Markup:
    """A horizontal bar of consecutive parts `(fen, class)`, as wide as the whole cell for `largest`."""
    total = sum(fen for fen, _ in parts)
    if largest <= 0 or total <= 0:
        return Markup("")
    wide = max(total * 100 / largest, _MIN)
    rects, left = [], 0.0
    for fen, name in parts:
        width = wide * fen / total
        if width > 0:
            rects.append(f'<rect class="{name}" x="{left:.2f}%" width="{width:.2f}%" height="12" rx="2.5"/>')
        left += width
    return Markup(f'<svg class="hb" width="100%" height="12" aria-hidden="true">{"".join(rects)}</svg>')


def month_chart(bars: Sequence[MonthBar], label: str) -> Markup:
    """The month chart; `label` says its finding to those who cannot see it. All texts in bars are ours, not from data."""
    pitch = 340 / max(len(bars), 6)
    width, base, high = pitch * len(bars), 206.0, 176.0
    largest = max((b.fen for b in bars), default=0) or 1
    every = 1 if pitch >= 24 else 2 if pitch >= 15 else 3
    shapes = []
    for i, b in enumerate(bars):
        middle, wide = (i + 0.5) * pitch, min(pitch * 0.74, 34.0)
        x = middle - wide / 2
        tall = max(b.fen * high / largest, 1.0 if b.fen else 0.0)
        kind = " ".join(["m", *(["peak"] if b.peak else []), *(["part"] if b.partial else [])])
        shapes.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{base - tall:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2.5"/>'
        )
        if b.text:
            edge = "start" if i == 0 else "end" if i == len(bars) - 1 and len(b.text) > 4 else "middle"
            at = {"start": x, "end": x + wide, "middle": middle}[edge]
            shapes.append(f'<text class="v" x="{at:.1f}" y="{base - tall - 6:.1f}" text-anchor="{edge}">{b.text}</text>')
        if i % every == 0 or b.peak:
            shapes.append(f'<text x="{middle:.1f}" y="222" text-anchor="middle">{b.label}</text>')
        if b.year:
            shapes.append(f'<text class="y" x="{x:.1f}" y="237">{b.year}</text>')
    shapes.append(f'<line class="ax" x1="0" x2="{max(width, 340):.1f}" y1="{base}" y2="{base}"/>')
    head = f'<svg class="mc" viewBox="0 0 {max(width, 340):.1f} 242" role="img" aria-label="{Markup.escape(label)}">'
    return Markup(head + "".join(shapes) + "</svg>")
