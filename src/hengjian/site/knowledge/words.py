"""What cells of official tables say, in numbers and codes; None where they do not say it."""

from __future__ import annotations

import re
import unicodedata

from hengjian.lake.ingest.values import CUT_SHORT, ERROR_CELL

SEXES = {"男": "1", "女": "2", "男性": "1", "女性": "2", "1": "1", "2": "2", "限男性": "1", "限女性": "2"}
WINDOWS = {
    "单日": "day", "当日": "day", "自然日": "day", "单次就诊": "encounter", "当次住院": "encounter", "当次就诊": "encounter", "同次就诊": "encounter",
    "同一小时": "hour", "1小时": "hour", "6小时": "hours6", "六小时": "hours6", "同一处方": "rx",
}  # fmt: skip
OUTPATIENT = "11|12|14|15|16|19|41|51|81"
"""Kinds of visit that are neither a stay nor an emergency; what a locality has added is unknown and spared."""
NOT_INPATIENT = "11|12|13|14|15|16|19|41|51|81"
AGES = {
    "新生儿": ("age_days", "", "28"),
    "婴儿": ("age_days", "", "365"),
    "婴幼儿": ("age_days", "", "1095"),
    "幼儿": ("age_years", "", "5"),
    "幼年": ("age_years", "", "17"),
    "儿童": ("age_years", "", "17"),
    "成年人": ("age_years", "18", ""),
    "老年人": ("age_years", "60", ""),
    "法定就业年龄段": ("age_years", "16", "59"),
}
"""Age groups as numbers. The notices give the words only: the numbers are ours, so nothing that rests on them is official."""

_LEVELS = {"三级": 3, "二级": 2, "一级": 1}
_CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九十")}
_LEVEL = re.compile(r"限?(一|二|三)级(?:及以上)?医疗机构")
_COURSE = re.compile(r"(?:支付|总时间)(?:时间)?(?:不超过|最多支付|最多)(\d+)(天|个月)|最多支付(\d+)天")
_AGE = re.compile(r"(\d+)(岁|周岁|个月|月龄|月|天|日龄|日)(及以下|以内|以下)?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+*\-]*")
_SPLIT = re.compile(r"[、,;；，|\s/]+")


def plain(text: str) -> str:
    """Half-width, without blanks around."""
    return unicodedata.normalize("NFKC", text).strip()


def fold(name: str) -> str:
    """A name without what spelling changes: width, case, blanks."""
    return "".join(unicodedata.normalize("NFKC", name).lower().split())


def whole(text: str) -> int | None:
    """A number without a fraction, not negative."""
    found = plain(text).replace(",", "")
    found = found[:-2] if found.endswith(".0") else found
    if found.isascii() and found.isdigit() and len(found) < 10:
        return int(found)
    return _CHINESE.get(found)


def is_error(text: str) -> bool:
    """A formula that failed or was never computed."""
    return bool(re.match(ERROR_CELL, text))


def code_of(text: str) -> str | None:
    """A code, or None where it is none: Chinese, blank, or digits that a spreadsheet cut short."""
    found = "".join(plain(text).split())
    if CUT_SHORT in text or re.fullmatch(r"\d(\.\d+)?E\+\d+", found):
        return None
    if found.isdigit() and 12 <= len(found) < 15 and found[0] != "0":
        return None  # a service code whose leading zeros are lost
    return found if _CODE.fullmatch(found) else None


def codes_of(text: str) -> list[str] | None:
    """Codes of one cell; None when any is none."""
    found = [code_of(part) for part in _SPLIT.split(plain(text)) if part]
    return [c for c in found if c] if found and all(found) else None


def level_of(text: str) -> int | None:
    """The lowest level of institution a text allows."""
    if plain(text) in _LEVELS:
        return _LEVELS[plain(text)]
    found = _LEVEL.search(plain(text))
    return {"一": 1, "二": 2, "三": 3}[found[1]] if found else None


def course_of(text: str) -> int | None:
    """The days a text lets be paid; months are not days."""
    found = _COURSE.search(plain(text))
    return int(found[1] or found[3]) if found and found[2] != "个月" else None


def visits_of(text: str) -> tuple[str, str] | None:
    """Which visits a text allows, and the kinds of visit that break it."""
    found = plain(text)
    if "急诊" in found and "住院" in found and "门" not in found.replace("部门", ""):
        return "急诊或住院", OUTPATIENT
    if re.search(r"住院(患者|方可|期间|使用|病人)|限住院|^住院$", found):
        return "住院", NOT_INPATIENT
    return None


def lowest_age(text: str) -> tuple[str, int] | None:
    """Below which age a text forbids: unit and number. “4岁及以下” ends when the child is 4 years and 1 month."""
    found = _AGE.search(plain(text))
    if not found:
        return None
    n, unit, ends = int(found[1]), found[2], found[3]
    if unit in ("岁", "周岁"):
        return ("age_months", n * 12 + 1) if ends == "及以下" else ("age_years", n)
    return ("age_months" if "月" in unit else "age_days"), n + (ends == "及以下")


def range_prefixes(text: str) -> list[str] | None:
    """`C51-C58` as the categories in it."""
    found = re.fullmatch(r"([A-Z])(\d\d)-([A-Z])(\d\d)", plain(text))
    if not found or found[1] != found[3] or int(found[4]) < int(found[2]):
        return None
    return [f"{found[1]}{n:02d}" for n in range(int(found[2]), int(found[4]) + 1)]
