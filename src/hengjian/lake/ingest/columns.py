"""Whole columns from what was sent to what the lake holds.

A clean column costs one cast or a glance at its bytes. Only when something is odd are its distinct values read one by one
(`values`), so ugly files are slower, never treated differently.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.lake.delta import arrow_type
from hengjian.lake.ingest import values
from hengjian.lake.ingest.values import Unreadable
from hengjian.lake.schema.base import Column

Mask = npt.NDArray[np.bool_]


@dataclass
class Converted:
    """A column as the lake holds it, and the rows with a fault by reason code. A row with a fault is empty in `array`.

    `timeless`: instants that were sent as a day only and stand for its midnight.
    """

    array: pa.Array
    faults: dict[str, Mask] = field(default_factory=dict)
    timeless: int = 0


def convert(table: str, column: Column, sent: pa.Array) -> Converted:
    """One column of one batch. `sent` may be text or any native type."""
    if pa.types.is_dictionary(sent.type):
        sent = sent.cast(sent.type.value_type)
    if column.kind.is_text:
        done = _text(column, sent if pa.types.is_string(sent.type) else sent.cast(pa.string()))
    else:
        done = _typed(column, sent)
        if column.kind.sql == "TIMESTAMP":
            done.timeless = _timeless(sent)
    if column.required:
        missing = _mask(pc.is_null(done.array))
        for fault in done.faults.values():
            missing &= ~fault
        if missing.any():
            done.faults["T01"] = missing
    return done


def _typed(column: Column, sent: pa.Array) -> Converted:
    target = arrow_type(column.kind.sql)
    if pa.types.is_null(sent.type) or (sent.type == target and not pa.types.is_timestamp(target)):
        return Converted(sent.cast(target))
    native = not (pa.types.is_string(sent.type) or pa.types.is_large_string(sent.type))
    if native and not pa.types.is_floating(sent.type):
        try:
            return Converted(_civil(sent).cast(target) if pa.types.is_timestamp(sent.type) else sent.cast(target))
        except pa.ArrowInvalid:
            pass
    texts = sent.cast(pa.string())
    if not native:
        texts = _without_marks(texts, column.required)
        low, high = byte_range(texts)
        plain = (0x2B, 0x39) if column.kind.is_number else (0x20, 0x54)
        if plain[0] <= low and high <= plain[1]:
            try:
                return Converted(texts.cast(target))
            except pa.ArrowInvalid:
                pass
    read = values.reader(column.kind)
    return by_value(texts, lambda text: (read(text), None), target)


def _timeless(sent: pa.Array) -> int:
    """How many instants were sent without a time of day."""
    if pa.types.is_date(sent.type):
        return len(sent) - sent.null_count
    if not (pa.types.is_string(sent.type) or pa.types.is_large_string(sent.type)):
        return 0
    low, high = byte_range(sent)
    texts = pc.utf8_trim_whitespace(sent) if low <= 0x20 or high >= 0x7F else sent
    short = pc.and_(pc.less_equal(pc.utf8_length(texts), 10), pc.greater_equal(pc.utf8_length(texts), 8))
    found: int = pc.sum(short).as_py() or 0
    return found


def _civil(instants: pa.Array) -> pa.Array:
    """China civil time in whole seconds."""
    if instants.type.tz is not None:
        instants = pc.local_timestamp(instants.cast(pa.timestamp(instants.type.unit, "Asia/Shanghai")))
    return instants.cast(pa.timestamp("s"), safe=False)


def _text(column: Column, texts: pa.Array) -> Converted:
    texts = _without_marks(texts, column.required)
    word = column.kind.word
    low, high = byte_range(texts)
    faults: dict[str, Mask] = {}
    if word != "text" and (low < 0x20 or high >= 0x7F) and len(texts):
        marks = pc.match_substring_regex(texts, "[\\x00-\\x1f\\x7f]|\ufffd|锟斤拷|烫烫烫")
        _note(faults, "T05", _mask(marks))
    if low <= 0x23 and len(texts):
        _note(faults, "T05", _mask(pc.match_substring_regex(texts, values.ERROR_CELL)))
    if word not in ("name", "text", "enum", "flag") and (low <= 0x2B or high >= 0xE3) and len(texts):
        _note(faults, "T07", _mask(pc.match_substring_regex(texts, values.ROUNDED)))
    if word in ("code", "enum", "flag") and high >= 0xEF:
        texts = by_value(texts, lambda text: (values.read_code(text), None), pa.string()).array
    elif word in ("name", "text") and high >= 0xCC:
        texts = by_value(texts, lambda text: (values.read_name(text), None), pa.string()).array
    check = _flag if word == "flag" else values.value_check(column)
    if check is not None:
        checked = by_value(texts, check, pa.string())
        texts = checked.array
        for code, mask in checked.faults.items():
            _note(faults, code, mask)
    most = column.kind.max_chars
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > most:
        _note(faults, "T04", _mask(pc.greater(pc.utf8_length(texts), most)))
    return Converted(texts, faults)


def _flag(text: str) -> tuple[str, str | None]:
    return values.read_flag(text), None


def by_value(texts: pa.Array, read: Callable[[str], tuple[Any, str | None]], target: pa.DataType) -> Converted:
    """Read each distinct text once. `read` gives the value and a reason code or None, or raises Unreadable (value empty)."""
    coded = texts.dictionary_encode()
    words = coded.dictionary.to_pylist()
    found: list[Any] = []
    codes: dict[str, list[int]] = {}
    changed = target != pa.string()
    for place, word in enumerate(words):
        try:
            value, code = read(word)
        except Unreadable as fault:
            value, code = None, fault.code
        found.append(value)
        changed |= value != word
        if code:
            codes.setdefault(code, []).append(place)
    indices = coded.indices
    array = pa.array(found, type=target).take(indices) if changed else texts
    faults: dict[str, Mask] = {}
    if codes:
        places = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False)
        faults = {code: np.isin(places, which) for code, which in codes.items()}
    return Converted(array, faults)


def _without_marks(texts: pa.Array, required: bool) -> pa.Array:
    """Trimmed, with the marks of emptiness as empty cells."""
    low, high = byte_range(texts)
    if low <= 0x20 or high >= 0xE3:
        texts = pc.utf8_trim_whitespace(texts)
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if shortest is not None and shortest <= 4:
        marks = values.EMPTY if required else values.EMPTY_IF_NULLABLE
        empty = pc.is_in(texts, pa.array(sorted(marks)))
        texts = pc.if_else(empty, pa.scalar(None, pa.string()), texts)
    return texts


def byte_range(texts: pa.Array) -> tuple[int, int]:
    """Smallest and greatest byte of a text column; (0x7E, 0x21) when there is none."""
    buffers = texts.buffers()
    if len(texts) == 0 or buffers[2] is None:
        return 0x7E, 0x21
    offsets = np.frombuffer(buffers[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(buffers[2], np.uint8)[offsets[0] : offsets[-1]]
    return (int(data.min()), int(data.max())) if len(data) else (0x7E, 0x21)


def _note(faults: dict[str, Mask], code: str, mask: Mask) -> None:
    if mask.any():
        faults[code] = faults[code] | mask if code in faults else mask


def _mask(array: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), bool)
