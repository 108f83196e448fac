"""A worksheet that writes text and numbers in one step: half the time of a long sheet, and no text is ever taken for markup."""

from __future__ import annotations

import re
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import Worksheet

_ESCAPE = re.compile("[&<>]|_(?=x[0-9A-Fa-f]{4}_)")
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "_": "_x005F_"}
"""Markup, and the underscore of `_x0041_`, which a reader would take for the letter A."""


class FastSheet(Worksheet):  # type: ignore[misc]
    """Only for workbooks in constant memory, where text is kept inside its cell."""

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind = type(cell).__name__
        if kind not in ("String", "Number") or cell.format is None:
            super()._write_cell(row, col, cell)
            return
        head = f'<c r="{xl_rowcol_to_cell_fast(row, col)}" s="{cell.format._get_xf_index()}"'
        if kind == "Number":
            self.fh.write(f"{head}><v>{cell.number:.16G}</v></c>")
        else:
            text = _ESCAPE.sub(lambda m: _NAMES[m[0]], cell.string)
            self.fh.write(f'{head} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>')
