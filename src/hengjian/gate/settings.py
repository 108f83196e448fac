"""The settings of one gate, handed from the command to its workers as one text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from hengjian.gate.security import Signature

ENVIRONMENT = "HENGJIAN_GATE"
"""The variable in which a worker finds its settings."""


@dataclass(frozen=True)
class GateSettings:
    """Where the gate keeps its things and what it allows. Sizes in bytes, times in seconds.

    `store`: address of the gate's disk (a folder's SQLite file or postgresql://…). `home`: access record, counters, reload mark.
    `region`: 医保区划 of the receiver, "" = that of each request. `budget_ms`: time a check may take. `shed_seconds`: when the worker is
    this late, checks are answered without being judged. `watch_seconds`: how often the site folder is looked at; `load_seconds`: how
    often the inbox is taken into the lake, 0 = never. `trial`: the book of a demonstration (`gate.trial`), which opens /try. `parts`: the module that makes the judge and the folding (see `parts`).
    """

    home: Path
    store: str
    lake: Path | None = None
    site: Path | None = None
    region: str = ""
    signature: Signature = Signature.OFF
    budget_ms: int = 50
    most_bytes: int = 4 * 1024 * 1024
    most_lines: int = 5000
    read_seconds: float = 10.0
    commit_seconds: float = 10.0
    shed_seconds: float = 1.0
    watch_seconds: float = 2.0
    load_seconds: float = 300.0
    trial: Path | None = None
    parts: str = "hengjian.gate.parts"

    def as_text(self) -> str:
        """The settings for the environment of a worker."""
        return msgspec.json.encode(self, enc_hook=str).decode()

    @classmethod
    def of_text(cls, text: str) -> GateSettings:
        """The settings from the environment of a worker."""
        return msgspec.json.decode(text, type=cls, dec_hook=lambda kind, value: kind(value))
