"""`manifest.csv`: what the sender says of the whole delivery."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers import Content, FileRefused

_LARGEST = 1 << 20


def read_manifest(content: Content, place: Path | str) -> dict[str, str]:
    """Key → value. Raises InputError."""
    where = f"{place}/{content.name}"
    try:
        raw = content.head(_LARGEST)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        rows = [row for row in csv.reader(io.StringIO(text)) if len(row) >= 2]
    except FileRefused as error:
        raise InputError("清单读不出", where=where, why=error.detail, cure="请管理员开读的权限") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("清单读不出", where=where, why=cause_of(error), cure="用 UTF-8 保存，每行写“键,值”") from error
    return {row[0].strip(): row[1].strip() for row in rows if row[0].strip() != "key"}
