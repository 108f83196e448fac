"""One message as the log keeps it, and whose rows it concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from hengjian.lake.wire.nodes import Node
from hengjian.lake.wire.reasons import REFUSALS

ENCOUNTER, PERSON, STOCK = "encounter", "person", "stock"


class Subject(NamedTuple):
    """Whose rows: an encounter (mdtrt_id), a person (psn_no), or goods (institution/kind/batch number)."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Message:
    """One trade with its answer, if there is one.

    `digest` names the exact line; `answered` False = no answer came (taken as accepted). `subjects` may be several (a batch of
    goods, a settlement that also tells who the person is) or none (kept, folds to nothing). `file` and `line` say where it was
    read and are no part of its identity.
    """

    infno: str
    msgid: str
    inf_time: str
    digest: str
    subjects: tuple[Subject, ...]
    psn_no: str
    fixmedins_code: str
    insuplc_admdvs: str
    mdtrtarea_admvs: str
    dev_no: str
    opter: str
    input: Node | None = field(hash=False)
    output: Node | None = field(hash=False)
    answered: bool
    failure: str | None
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def order(self) -> tuple[str, str, str]:
        """Messages of one subject take effect in this order, whatever the order of arrival."""
        return self.inf_time, self.msgid, self.digest


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is no message: code (`reasons.REFUSALS`), why in Chinese, and where."""

    code: str
    why: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        reason = REFUSALS[self.code]
        where = f"{self.file} 第 {self.line} 行" if self.line else self.file
        return "\n".join(
            part
            for part in (reason.title, where and f"位置：{where}", self.why and f"原因：{self.why}", f"办法：{reason.cure}")
            if part
        )
