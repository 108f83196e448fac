"""Personal values as a screen or paper shows them: enough to tell two people on a list apart, too little to find anyone.

The number of stars never tells a length where the length itself would help to guess (names: at most three; addresses, other: three).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_COMPOUND = frozenset(
    re.findall(
        "..",
        "欧阳司马上官诸葛司徒东方独孤南宫万俟闻人夏侯皇甫尉迟公羊澹台公冶宗政濮阳淳于单于太叔申屠公孙仲孙轩辕令狐钟离宇文长孙慕容"
        "鲜于闾丘司空亓官司寇子车颛孙端木巫马公西漆雕乐正壤驷公良拓跋夹谷宰父谷梁段干百里东郭南门呼延羊舌微生梁丘左丘东门西门南郭第五"
        "赫连纳兰完颜叶赫那拉",
    )
)
"""Surnames of two characters."""
_HIDDEN = "***"
_PART = r"[^\s\d路街巷弄号村镇乡省市区县旗]"
_PLACE = re.compile(
    rf"\s*(?:{_PART}{{2,8}}(?:省|自治区|特别行政区))?"
    rf"(?:{_PART}{{1,10}}(?:自治州|地区|盟|市))?"
    rf"(?:{_PART}{{1,10}}(?:自治县|自治旗|(?<![小社园校厂库景院片])区|县|旗|市))?"
)
"""The head of an address down to its district. A 小区, 社区 or 园区 is no district."""


def masked(column: str, value: str) -> str:
    """`value` of a lake column as it may be shown to whoever has given no reason for more. Blank stays blank."""
    text = value.strip()
    return _MASKS.get(column, masked_other)(text) if text else ""


def masked_name(name: str) -> str:
    """张三丰 → 张**, 欧阳娜娜 → 欧阳**, 买买提·吐尔逊 → 买***; a single character is hidden too."""
    if len(name) < 2:
        return "*"
    shown = name[:2] if len(name) > 2 and name[:2] in _COMPOUND else name[0]
    return shown + "*" * min(len(name) - len(shown), len(_HIDDEN))


def masked_number(number: str) -> str:
    """Identity card, passport: the first three and the last two; of a short one the first and the last."""
    head, tail = (3, 2) if len(number) >= 12 else (1, 1) if len(number) >= 6 else (0, 0)
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def masked_tel(tel: str) -> str:
    """13812341234 → 138****1234; of a shorter one only the last two."""
    if len(tel) >= 11:
        return f"{tel[:3]}****{tel[-4:]}"
    return "****" + tel[-2:] if len(tel) >= 7 else "****"


def masked_address(address: str) -> str:
    """Down to the district: 浙江省杭州市西湖区某路1号 → 浙江省杭州市西湖区***; without one, as any other text."""
    found = _PLACE.match(address)
    place = found[0] if found else ""
    return place + _HIDDEN if place.strip() else masked_other(address)


def masked_other(text: str) -> str:
    """The first character."""
    return text[0] + _HIDDEN if len(text) > 1 else "*"


_MASKS: dict[str, Callable[[str], str]] = {
    "psn_name": masked_name,
    "opter": masked_name,
    "certno": masked_number,
    "mdtrt_cert_no": masked_number,
    "tel": masked_tel,
    "curr_addr": masked_address,
}
