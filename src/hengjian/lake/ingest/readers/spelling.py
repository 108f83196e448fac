"""How a header may be spelled: national name, alias or Chinese label, in any case and width, with blanks, stars and units beside it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from hengjian.lake.schema import Table

_BRACKETS = re.compile(r"[(\[【〔{<《]([^()\[\]【】〔〕{}<>《》]*)[)\]】〕}>》]")
_BLANKS = re.compile(r"[\s_\-*·:,、.。/\\|\"'“”‘’\ufeff\u200b]+")
_HARMLESS = frozenset(
    [
        "元",
        "人民币",
        "人民币元",
        "rmb",
        "cny",
        "¥",
        "必填",
        "必填项",
        "选填",
        "非必填",
        "可空",
        "可为空",
        "天",
        "日",
        "次",
        "张",
        "个",
        "岁",
        "盒",
        "克",
        "g",
        "度",
        "文本",
        "文本格式",
        "字符",
        "数字",
        "数值",
        "代码",
        "编码",
        "yyyymmdd",
        "yyyymmddhhmmss",
        "yyyymmddhh:mm:ss",
        "年月日",
        "年月日时分秒",
        "精确到秒",
        "精确到日",
    ]
)
"""What in brackets changes nothing. 万元, 分, 小时 are missing on purpose: such cells are other numbers."""


def fold(text: str) -> str:
    """The bare spelling: half-width, lower case, without blanks, stars and marks; brackets stay."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text).lower())


def bare(text: str) -> tuple[str, tuple[str, ...]]:
    """The bare spelling without brackets, and what stood in them."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return fold(_BRACKETS.sub("", plain)), tuple(fold(inner) for inner in _BRACKETS.findall(plain))


def column_of(table: Table, header: str) -> str | None:
    """The column a header names, or None. What stands in brackets must be a harmless remark or name the same column."""
    cleaned = "".join(header.splitlines()).strip().strip("\ufeff").strip()
    if exact := table.headers.get(cleaned.lower()):
        return exact
    spellings = _folded(table)
    if whole := spellings.get(fold(cleaned)):
        return whole
    base, inner = bare(cleaned)
    named = {spellings[part] for part in (base, *inner) if part in spellings}
    others = [part for part in inner if part and part not in spellings and part not in _HARMLESS]
    if len(named) != 1 or others or (base and base not in spellings):
        return None
    return named.pop()


@lru_cache(maxsize=64)
def _folded(table: Table) -> dict[str, str]:
    """Every spelling of the table's headers, folded."""
    return {fold(spelling): name for spelling, name in table.headers.items()}
