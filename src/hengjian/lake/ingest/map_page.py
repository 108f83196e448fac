"""Proposals as a map people edit: YAML in which everything a person has to look at is marked 请核对."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

from hengjian.lake.ingest.mapping import SavedMap, matches
from hengjian.lake.ingest.propose import HeaderGuess, PartGuess, ValueGuess
from hengjian.lake.schema import Column
from hengjian.lake.schema.codes import CODE_TABLES

CHECK = "请核对"
_NUMBERS = re.compile(r"\d+(?:[-_.年月]*\d+)*")


def map_page(guesses: Sequence[PartGuess], saved: SavedMap) -> str:
    """The YAML of a map. Files that need nothing are not in it."""
    lines = [
        "# 恒鉴对照表。改好以后：hengjian ingest 数据 --lake lake --map 这个文件；下一批数据接着用。",
        f"# 标有“{CHECK}”的行要人看过；看过以后删不删这几个字都可以。表头后面留空 = 不读这一列。",
        "files:",
    ]
    for parts, body in _groups(guesses):
        lines += [f"  - file: {_patterns(parts, guesses)}", *body]
    untold = [g for g in guesses if g.table is None and g.part.data and not saved.skips(g.part.name)]
    for each in untold:
        lines.append(f"  # {each.part.name}：{each.problem or each.part.why}。写上 file 和 table，或放进下面的 ignore。{CHECK}")
    lines += ["values:", *_value_lines(guesses, saved), "ignore:", *(f"  - {_text(pattern)}" for pattern in saved.ignored)]
    return "\n".join(lines) + "\n"


def needs_map(guesses: Sequence[PartGuess], saved: SavedMap) -> bool:
    """Whether a map has anything to say."""
    untold = any(g.table is None and g.part.data for g in guesses)
    return bool(untold or saved.path or _groups(guesses) or any(g.values for g in guesses))


def as_dict(guesses: Sequence[PartGuess]) -> dict[str, object]:
    """The same for machines."""
    return {
        "decisions": sum(g.decisions for g in guesses),
        "files": [
            {
                "file": g.part.name,
                "table": g.table.name if g.table else None,
                "sure": g.named,
                "problem": g.problem or (g.part.why if g.table is None else ""),
                "missing": [c.name for c in g.missing],
                "headers": [
                    {
                        "sent": h.sent,
                        "column": h.column.name if h.column else None,
                        "sure": h.sure,
                        "note": h.note,
                        "samples": list(h.samples),
                    }
                    for h in g.headers
                ],
                "values": {
                    name: [{"sent": v.sent, "rows": v.rows, "code": v.code} for v in found] for name, found in g.values.items()
                },
            }
            for g in guesses
        ],
    }


def _groups(guesses: Sequence[PartGuess]) -> list[tuple[list[PartGuess], list[str]]]:
    """Parts of which a map says the same, with what it says; parts that need no map are in none."""
    groups: dict[tuple[str, ...], list[PartGuess]] = {}
    for each in guesses:
        if each.table is not None and not each.problem and (body := _body(each)):
            groups.setdefault(tuple(body), []).append(each)
    return [(parts, list(body)) for body, parts in groups.items()]


def _body(each: PartGuess) -> list[str]:
    """The lines below `file:`; none when name and headers say everything."""
    assert each.table is not None
    lines = [f"    table: {each.table.name}  # {each.table.label}" + ("" if each.named else f"  # {CHECK}：按表头猜的")]
    headers = [_header(h) for h in each.headers if not h.known and h.column]
    unused = [h.sent for h in each.headers if h.column is None and h.known is False]
    lines += ["    headers:", *(f"      {line}" for line in headers)] if headers else []
    lines += [f"      # 缺必填列 {c.name}（{c.label}）：从没有用到的表头里选一个。{CHECK}" for c in each.missing]
    if not headers and not each.missing and each.named and each.part.table is each.table:
        return []
    return lines + ([f"      # 没有用到的表头：{'、'.join(unused)}"] if unused else [])


def _header(h: HeaderGuess) -> str:
    assert h.column is not None
    note = f"{h.column.label}（{h.column.kind.label}）"
    if not h.sure:
        note += f"  # {CHECK}" + (f"：{h.note}" if h.note else "") + (f"，样值 {'、'.join(h.samples)}" if h.samples else "")
    elif h.samples:
        note += f"，样值 {'、'.join(h.samples)}"
    return f"{_text(h.sent)}: {h.column.name}  # {note}".replace("\n", " ")


def _patterns(parts: Sequence[PartGuess], guesses: Sequence[PartGuess]) -> str:
    """The files of a group, as `patterns_of` names them."""
    listed = patterns_of([g.part.name for g in parts], [g.part.name for g in guesses])
    return _text(listed[0]) if len(listed) == 1 else f"[{', '.join(map(_text, listed))}]"


def patterns_of(names: Collection[str], everything: Collection[str]) -> list[str]:
    """`names` with months and numbers as *, as long as that means no other file of `everything`."""
    own, patterns = set(names), []
    for name in own:
        pattern = _NUMBERS.sub("*", name)
        free = all(other in own for other in everything if matches(pattern, other))
        patterns.append(pattern if free and not set("[]?") & set(pattern) else name)
    return sorted(set(patterns))


def _value_lines(guesses: Sequence[PartGuess], saved: SavedMap) -> list[str]:
    """Values by table and column, those of the saved map first."""
    found: dict[str, dict[str, dict[str, ValueGuess]]] = {}
    columns: dict[tuple[str, str], Column] = {}
    for each in guesses:
        for name, values in each.values.items():
            assert each.table is not None
            columns[each.table.name, name] = each.table[name]
            told = found.setdefault(each.table.name, {}).setdefault(name, {})
            for value in values:
                before = told.get(value.sent)
                told[value.sent] = ValueGuess(value.sent, value.rows + (before.rows if before else 0), value.code)
    lines = []
    for table in sorted({*found, *saved.values}):
        lines.append(f"  {table}:")
        for name in sorted({*found.get(table, {}), *saved.values.get(table, {})}):
            lines.append(f"    {name}:")
            lines += [f"      {_text(sent)}: {_text(code)}" for sent, code in saved.values.get(table, {}).get(name, {}).items()]
            lines += [f"      {_value(columns[table, name], value)}" for value in found.get(table, {}).get(name, {}).values()]
    return lines


def _value(column: Column, value: ValueGuess) -> str:
    labels = CODE_TABLES.get(column.codes, {"1": "是", "0": "否"})
    if value.code is None:
        known = "、".join(f"{code} {label}" for code, label in list(labels.items())[:8])
        return f'# {_text(value.sent)}: ""  # {CHECK}：见到 {value.rows:,} 次，可选 {known}{" 等" if len(labels) > 8 else ""}'
    return f"{_text(value.sent)}: {_text(value.code)}  # {labels.get(value.code, '')}，见到 {value.rows:,} 次"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
