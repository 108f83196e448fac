"""How big a lake is and how well it lies: rows, masked rows, files and bytes of each table, and whether to put it in order."""

from __future__ import annotations

from dataclasses import dataclass

from hengjian.lake.versions import MIXED, DataFile, LakeVersion, data_files

_SHARE = 0.10
_FILES = 2_000
"""From these on it is worth while to put a lake in order: share of rows masked or in mixed files, number of files."""


class Sizes:
    """The files of tables, looked up once for all versions that have a table at the same place."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], list[DataFile]] = {}

    def entries(self, version: LakeVersion, table: str) -> list[DataFile]:
        """Files of a table in a version. Raises LakeError."""
        at = (table, version.tables[table].delta_version)
        if at not in self._seen:
            self._seen[at] = data_files(version.root, *at)
        return self._seen[at]

    def bytes(self, version: LakeVersion) -> int:
        """What the files of a version take on disk; versions share files."""
        return sum(entry.size for table in version.tables for entry in self.entries(version, table))


@dataclass(frozen=True)
class TableSize:
    """One table in a version. `mixed`: rows, masked ones among them, in files that hold every bucket."""

    rows: int
    dead: int
    files: int
    bytes: int
    mixed: int

    @property
    def stored(self) -> int:
        return self.rows + self.dead

    @property
    def mixed_share(self) -> float:
        return self.mixed / self.stored if self.stored else 0.0


def table_sizes(version: LakeVersion) -> dict[str, TableSize]:
    """Every table of a version. Raises LakeError."""
    found = {}
    for name, state in sorted(version.tables.items()):
        entries = version.entries(name)
        mixed = sum(entry.rows for entry in entries if entry.part == MIXED)
        found[name] = TableSize(state.rows, state.dead, len(entries), sum(entry.size for entry in entries), mixed)
    return found


def advice(tables: dict[str, TableSize]) -> str:
    """Why a lake should be put in order, in words; empty text when it is in order."""
    stored, files = sum(t.stored for t in tables.values()), sum(t.files for t in tables.values())
    dead, mixed = sum(t.dead for t in tables.values()), sum(t.mixed for t in tables.values())
    why = [f"不再算数的行占 {dead / stored:.0%}"] if stored and dead / stored > _SHARE else []
    why += [f"小批加载的行占 {mixed / stored:.0%}"] if stored and mixed / stored > _SHARE else []
    why += [f"文件有 {files:,} 个"] if files > _FILES else []
    return "，".join(why)
