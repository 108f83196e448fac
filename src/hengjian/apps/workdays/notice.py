"""Reads a holiday notice: the State Council's own sentences, a pasted table, or an .xlsx with 日期、放假或上班、名称. No database here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from python_calamine import CalamineError, load_workbook

from hengjian.kernel.errors import InputError

WEEKDAYS = "一二三四五六日"
_ITEM = re.compile(r"^\s*(?:[一二三四五六七八九十]+、)?\s*([^：:，。\s]{2,12})[：:](.+)$")
_SPAN = re.compile(
    r"(\d{1,2})月(\d{1,2})日([（(][^）)]*[）)])?(?:\s*(?:至|—|–|-)\s*(?:(\d{1,2})月)?(\d{1,2})日([（(][^）)]*[）)])?)?"
)
_ROW = re.compile(
    r"^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[\s,，、]+(放假|休息|上班|调休上班|工作日)(?:[\s,，、]+(\S.*?))?\s*$"
)
_WORKS = {"放假": False, "休息": False, "上班": True, "调休上班": True, "工作日": True}


@dataclass(frozen=True)
class Told:
    """One day as a notice tells it."""

    day: date
    is_workday: bool
    name: str


def read_text(text: str, year: int) -> list[Told]:
    """The days of a pasted notice or table. Raises InputError for a line that names days and is not understood, a wrong weekday, a double day."""
    told: list[Told] = []
    for number, line in enumerate(text.splitlines(), 1):
        if row := _ROW.match(line):
            y, m, d, kind, name = row.groups()
            told.append(Told(_date(int(y), int(m), int(d), number), _WORKS[kind], (name or "").strip() or kind))
        elif item := _ITEM.match(line):
            told += _sentences(item[1], item[2], year, number)
        elif _SPAN.search(line) and re.search("放假|上班", line):
            raise InputError(
                "有一行没有看懂",
                where=f"第 {number} 行：{line.strip()[:40]}",
                cure="改成“国庆节：10月1日至7日放假。10月10日上班。”",
            )
    return _checked(told)


def read_xlsx(content: bytes) -> list[Told]:
    """The days of the first sheet: date, 放假 or 上班, name; a heading line may stand above."""
    try:
        rows = load_workbook(BytesIO(content)).get_sheet_by_index(0).to_python()
    except (CalamineError, ValueError, IndexError, OSError) as error:
        raise InputError("打不开这个表格文件", why="不是 .xlsx，或已损坏", cure="另存为 .xlsx 再传") from error
    told = []
    for number, row in enumerate(rows, 1):
        cells = [*row, "", "", ""][:3]
        if not any(str(c).strip() for c in cells) or (number == 1 and "日期" in str(cells[0])):
            continue
        kind = str(cells[1]).strip()
        if kind not in _WORKS:
            raise InputError("第二列须是“放假”或“上班”", where=f"第 {number} 行：{kind or '空'}", cure="改这一格")
        told.append(Told(_cell_date(cells[0], number), _WORKS[kind], str(cells[2]).strip() or kind))
    return _checked(told)


def _sentences(name: str, text: str, year: int, line: int) -> Iterator[Told]:
    for sentence in filter(None, re.split("[。；;]", text)):
        if "上班" in sentence:
            yield from (Told(day, True, "调休上班") for day in _days(sentence, year, line))
        elif "放假" in sentence or "休息" in sentence:
            days = list(_days(sentence, year, line))
            if (total := re.search(r"共\s*(\d+)\s*天", sentence)) and int(total[1]) != len(days):
                raise InputError(
                    f"{name}写明共 {total[1]} 天，数出来是 {len(days)} 天", where=f"第 {line} 行", cure="核对起止日期"
                )
            yield from (Told(day, False, name) for day in days)


def _days(sentence: str, year: int, line: int) -> Iterator[date]:
    for m1, d1, w1, m2, d2, w2 in _SPAN.findall(sentence):
        first = _date(year, int(m1), int(d1), line, w1)
        last = _date(year, int(m2 or m1), int(d2), line, w2) if d2 else first
        if last < first:
            raise InputError(
                "止日早于起日", where=f"第 {line} 行：{sentence.strip()[:40]}", cure="核对起止日期，跨年的分两年填"
            )
        yield from (first + timedelta(n) for n in range((last - first).days + 1))


def _date(year: int, month: int, day: int, line: int, bracket: str = "") -> date:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise InputError(f"没有 {year} 年 {month} 月 {day} 日", where=f"第 {line} 行", cure="核对日期") from error
    weekday = re.search("(?:周|星期)([一二三四五六日天])", bracket)
    if weekday and weekday[1].replace("天", "日") != WEEKDAYS[found.weekday()]:
        raise InputError(
            f"{found} 是周{WEEKDAYS[found.weekday()]}，文件写的是周{weekday[1]}",
            where=f"第 {line} 行",
            why="多半是年份选错了",
            cure="核对年份",
        )
    return found


def _cell_date(value: object, line: int) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if match := re.fullmatch(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*", str(value)):
        return _date(int(match[1]), int(match[2]), int(match[3]), line)
    raise InputError("第一列须是日期", where=f"第 {line} 行：{str(value)[:20] or '空'}", cure="例如 2027-01-01")


def _checked(told: Iterable[Told]) -> list[Told]:
    kept: dict[date, Told] = {}
    for one in told:
        if one.day in kept and kept[one.day].is_workday != one.is_workday:
            raise InputError(f"{one.day} 既写了放假，又写了上班", cure="删去其中一处")
        kept.setdefault(one.day, one)
    if not kept:
        raise InputError("没有读到日期", cure="粘贴通知里“一、元旦：……”各行，或“2027-01-01 放假 元旦”这样的各行")
    return [kept[day] for day in sorted(kept)]
