"""How many order lines a check brings: counted only for bodies that could hold too many."""

from __future__ import annotations

_ORDERS = frozenset(("fsi_order_dtos", "order_dtos", "fsiOrderDtos", "orderDtos"))
_SHORTEST = 3
"""Bytes of the shortest line, `{},`."""
_DEEPEST = 12


def too_many_lines(node: object, size: int, most: int) -> bool:
    """Whether a request of `size` bytes holds more than `most` order lines, wherever they stand."""
    return size > most * _SHORTEST and _count(node) > most


def _count(root: object) -> int:
    total = 0
    level = [root]
    for _ in range(_DEEPEST):
        below: list[object] = []
        for node in level:
            if type(node) is dict:
                total += sum(len(node[name]) for name in _ORDERS & node.keys() if type(node[name]) is list)
                below += [value for name, value in node.items() if type(value) in (dict, list) and name not in _ORDERS]
            elif type(node) is list:
                below += [value for value in node if type(value) in (dict, list)]
        level = below
    return total
