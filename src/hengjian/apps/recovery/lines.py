"""Fee lines as money is taken from them: held in one order so that two who post wait for each other, split so that none gives too much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hengjian.apps.recovery.models import FundLine
from hengjian.kernel.amounts import largest_remainder, to_fen, to_yuan

_CHUNK = 400
Key = tuple[str, str]


@dataclass(frozen=True)
class FundPart:
    """One fee line and what the fund paid for it, in yuan."""

    mdtrt_id: str
    feedetl_sn: str
    fund_paid: Decimal

    @property
    def key(self) -> Key:
        return (self.mdtrt_id, self.feedetl_sn)


def hold_lines(parts: Iterable[FundPart]) -> dict[Key, FundLine]:
    """The lines' rows, made where missing, kept from others until the transaction ends. Call it inside one.

    A later lake version may know that the fund paid more for a line; it never lowers what was known when money was taken.
    """
    paid: dict[Key, Decimal] = {}
    for part in parts:
        paid[part.key] = max(part.fund_paid, paid.get(part.key, Decimal(0)), Decimal(0))
    keys = sorted(paid)
    held: dict[Key, FundLine] = {}
    for start in range(0, len(keys), _CHUNK):
        some = keys[start : start + _CHUNK]
        FundLine.objects.bulk_create(
            [FundLine(mdtrt_id=m, feedetl_sn=sn, fund_paid=paid[(m, sn)]) for m, sn in some], ignore_conflicts=True
        )
        stays = sorted({mdtrt_id for mdtrt_id, _ in some})
        wanted = set(some)
        rows = FundLine.objects.select_for_update().filter(mdtrt_id__in=stays).order_by("mdtrt_id", "feedetl_sn")
        held |= {key: row for row in rows if (key := (row.mdtrt_id, row.feedetl_sn)) in wanted}
    raised = [row for key, row in held.items() if paid[key] > row.fund_paid]
    for row in raised:
        row.fund_paid = paid[(row.mdtrt_id, row.feedetl_sn)]
    FundLine.objects.bulk_update(raised, ["fund_paid"], batch_size=200)
    return held


def allot(amount: Decimal, lines: Sequence[FundLine]) -> dict[FundLine, Decimal]:
    """Split `amount` over the lines by what is left of each, and mark it taken on the rows (not saved). Never more than is left."""
    left = [to_fen(line.fund_paid - line.taken) for line in lines]
    shares = largest_remainder(min(to_fen(amount), sum(left)), left)
    parts = {line: to_yuan(fen) for line, fen in zip(lines, shares, strict=True) if fen}
    for line, part in parts.items():
        line.taken += part
    return parts
