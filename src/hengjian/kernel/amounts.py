"""Exact amounts: yuan as Decimal outside, integer fen inside. The one place where money is rounded.

Units: fen = 10⁻² yuan, price unit = 10⁻⁶ yuan, quantity unit = 10⁻⁴. No float is ever involved.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

FEN = 100
PRICE_UNITS = 1_000_000
QTY_UNITS = 10_000


def to_fen(yuan: Decimal) -> int:
    """Yuan with at most two decimals to fen. Raises ValueError when a fraction of a fen is left."""
    scaled = yuan.scaleb(2)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{yuan} has a fraction of a fen")
    return int(scaled)


def to_yuan(fen: int) -> Decimal:
    """Fen to yuan with exactly two decimals."""
    return Decimal(fen).scaleb(-2).quantize(Decimal("0.01"))


def share(amount: int, part: int, whole: int) -> int:
    """`amount × part ÷ whole` in integers, half up, for non-negative arguments; the SQL form is `(2*a*p + w) // (2*w)`."""
    if whole <= 0:
        raise ValueError("whole must be positive")
    return (2 * amount * part + whole) // (2 * whole)


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` by non-negative `weights` so that the parts add up exactly; ties go to the earlier weight."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    floors = [total * w // whole for w in weights]
    remainders = [total * w % whole for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: total - sum(floors)]:
        floors[i] += 1
    return floors


def yuan_text(fen: int) -> str:
    """Fen as users read it: `1,023.36`, minus as `−`."""
    sign = "−" if fen < 0 else ""
    return f"{sign}{abs(fen) // FEN:,}.{abs(fen) % FEN:02d}"


def wan_text(fen: int) -> str:
    """Fen as 万元 with one decimal, half up, for overviews."""
    tenths = (abs(fen) + 50_000) // 100_000
    sign = "−" if fen < 0 and tenths else ""
    return f"{sign}{tenths // 10:,}.{tenths % 10}"
