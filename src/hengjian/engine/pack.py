"""The rulebook an audit judged by, kept beside its findings: rule texts, families, articles and the knowledge tables they used.

`rulebook.zip` is a rulebook folder like the shipped one, cut to the rules of the audit, so whoever doubts a finding years later
re-reads it with the loader of that day's text. What a site had added, approved and mapped is in it (`rulebook.local`). Its bytes
depend on its content only.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hengjian.kernel.errors import InputError
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.local import local_files
from hengjian.rulebook.model import Rule, Rulebook

PACK = "rulebook.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_pack(path: Path, book: Rulebook, rules: Sequence[Rule]) -> None:
    """Write the files of `rules`, their families, knowledge and all laws, as one zip; whole or not at all."""
    kept: dict[str, Path | str] = {}
    for folder in book.folders:
        files = {r.path for r in rules} | {book.families[r.family].path for r in rules if r.family}
        files |= {folder / "knowledge" / f"{r.book_table}.csv" for r in rules if r.book_table in book.knowledge}
        files |= set((folder / "law").glob("*.yml"))
        kept |= {f.relative_to(folder).as_posix(): f for f in files if f.is_relative_to(folder) and f.is_file()}
    kept |= local_files(book, rules)
    scratch = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in sorted(kept.items()):
            body = content if isinstance(content, str) else content.read_bytes()
            pack.writestr(zipfile.ZipInfo(name, _EPOCH), body, zipfile.ZIP_DEFLATED)
    scratch.replace(path)


@contextmanager
def open_pack(path: Path) -> Iterator[Rulebook]:
    """The rulebook of a pack. Raises InputError when there is none."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as pack:
                pack.extractall(folder)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(
                "审计时用的规则没有留下，不能重算",
                where=str(path),
                why=str(error),
                cure="重新审计一次，结果文件夹里会有 rulebook.zip",
            ) from error
        yield load_rulebook(Path(folder))
