"""What a trade is: its number, what it does, and where each of its fields goes in the lake.

The declarations are data: they read messages, they are printed as a page, and a test holds them against `lake.schema`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from typing import Any

from hengjian.lake.schema import TABLES
from hengjian.lake.wire.nodes import Node, Plan, camel, find, many


class Act(Enum):
    """What a trade does to the rows of its subject."""

    PERSON = "人员信息"
    VISIT = "就诊"
    CANCEL_VISIT = "取消就诊"
    DISCHARGE = "出院"
    UNDO_DISCHARGE = "取消出院"
    FEES = "费用上传"
    DELETE_FEES = "费用删除"
    SETTLE = "结算"
    CANCEL_SETTLEMENT = "撤销结算"
    LIST = "结算清单"
    STOCK = "进销存"
    DELETE_STOCK = "进销存删除"
    TRIAL = "试算"
    NOTED = "不入湖"


@dataclass(frozen=True)
class Field:
    """One field of a message: official name, Chinese name, the columns it fills, other spellings of its name.

    `to`: `table.column` each; none = read and not kept. `how`: what happens on the way, for the printed page.
    """

    name: str
    label: str
    to: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    how: str = ""


def field(name: str, label: str, to: str = "", *, also: str = "", how: str = "") -> Field:
    """Declare a field (short form); several targets or spellings are separated by spaces."""
    return Field(name, label, tuple(to.split()), tuple(also.split()), how)


@dataclass(frozen=True, eq=False)
class NodeSpec:
    """A node: the names it goes by, request or answer, one or many, its fields; `flat` is a field that shows it unwrapped."""

    names: tuple[str, ...]
    label: str
    fields: tuple[Field, ...]
    answer: bool = False
    flat: str = ""

    @property
    def path(self) -> str:
        return f"{'output' if self.answer else 'input'}.{self.names[0]}"

    def entries(self, root: Any) -> list[Node]:
        """Its entries under `input` or `output`, however they are wrapped."""
        return many(find(root, self.names, self.flat))

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables its fields fill."""
        return frozenset(target.split(".")[0] for f in self.fields for target in f.to)

    def plan(self, table: str) -> Plan:
        """How its fields become columns of one table."""
        return _plan(self, table)


@cache
def _plan(node: NodeSpec, table: str) -> Plan:
    columns: dict[str, str] = {}
    spellings: dict[str, tuple[int, str]] = {}
    for f in node.fields:
        for target in f.to:
            where, column = target.split(".")
            if where == table:
                columns[f.name] = column
        others = [camel(f.name), *f.also, *(camel(name) for name in f.also)]
        for rank, name in enumerate(others):
            if name != f.name:
                spellings.setdefault(name, (rank, f.name))
    names = frozenset(f.name for f in node.fields) | {"memo", "exp_content", "expContent"}
    days = [c for c in columns.values() if TABLES[table][c].kind.word in ("date", "ts")]
    return Plan(names, columns, {s: official for s, official in spellings.items() if s not in names}, days)


@dataclass(frozen=True, eq=False)
class Trade:
    """One trade. `from_envelope`: columns filled from the envelope rather than a node, as (table.column, envelope key)."""

    infno: str
    title: str
    act: Act
    nodes: tuple[NodeSpec, ...] = ()
    from_envelope: tuple[tuple[str, str], ...] = ()
    note: str = ""


def spec(names: str, label: str, fields: Iterable[Field], *, answer: bool = False, flat: str = "") -> NodeSpec:
    """Declare a node (short form); names are separated by spaces, the official one first."""
    return NodeSpec(tuple(names.split()), label, tuple(fields), answer, flat)
