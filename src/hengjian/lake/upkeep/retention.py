"""Which versions of a lake are kept: a small file in the lake folder that people edit, `retention.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import yaml

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.kernel.whole import write_whole
from hengjian.lake.versions import LakeVersion

FILE = "retention.yml"
DEFAULTS = """\
# 恒鉴数据湖的保留规则。hengjian lake gc 照它清理旧版本；改过就生效，先加 --dry-run 可以看会清理什么。
# 最新一版从不清理。审计结果还在（结果文件夹里的 audit.json 写着哪一版），那一版也不清理。

keep_days: 180    # 生成不到这么多天的版本都留着
keep_last: 10     # 最近这么多版都留着，不论多久

# 另外要留的版本，例如复议、诉讼要用的。照下面的样子写，去掉行首的 #。until 是留到哪一天（含当天），不写则一直留着。
pinned:
#  - version: 12
#    reason: 某医院申请复议
#    until: 2027-06-30
"""


@dataclass(frozen=True)
class Pin:
    """A version that is kept for a reason, until a day or for good."""

    version: int
    reason: str
    until: date | None = None

    def holds(self, day: date) -> bool:
        return self.until is None or day <= self.until


@dataclass(frozen=True)
class Retention:
    """What is kept."""

    keep_days: int = 180
    keep_last: int = 10
    pinned: tuple[Pin, ...] = ()

    def reasons(self, versions: Iterable[LakeVersion], audits: Mapping[int, list[str]], now: datetime) -> dict[int, list[str]]:
        """For each version why it is kept, in words; none: it may go."""
        listed = sorted(versions, key=lambda v: v.number)
        last = {v.number for v in listed[-self.keep_last :]}
        since = (now - timedelta(days=self.keep_days)).isoformat(timespec="seconds")
        told: dict[int, list[str]] = {}
        for version in listed:
            number = version.number
            why = ["最新一版"] if version is listed[-1] else []
            why += [f"最近 {self.keep_last} 版"] if number in last else []
            why += [f"不到 {self.keep_days} 天"] if version.created_at > since else []
            why += [f"固定：{pin.reason}" for pin in self.pinned if pin.version == number and pin.holds(now.date())]
            why += [f"审计结果 {out}" for out in audits.get(number, ())]
            told[number] = why
        return told


def read_retention(root: Path) -> Retention:
    """What the lake's file says; without a file, the defaults. Raises InputError with file and line."""
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        text = DEFAULTS
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("保留规则读不出来", where=str(path), why=cause_of(error), cure="检查权限，用 UTF-8 保存") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(
            "保留规则的写法有误", where=where, why=str(getattr(error, "problem", error)), cure="检查缩进和冒号"
        ) from error
    return _Reader(path).whole(node)


def write_defaults(root: Path) -> bool:
    """Make the file where there is none; says whether it did."""
    path = root / FILE
    if path.exists():
        return False
    write_whole(path, DEFAULTS)
    return True


class _Reader:
    """Turns the nodes of the file into a Retention, or into a sentence with the line that is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def whole(self, node: yaml.Node | None) -> Retention:
        items = self._mapping(node, ("keep_days", "keep_last", "pinned"))
        for name in ("keep_days", "keep_last"):
            if name not in items:
                raise self._wrong(node, f"缺少“{name}”", f"写上 {name}: {getattr(Retention(), name)}")
        days, last = self._number(items["keep_days"], "keep_days", 0), self._number(items["keep_last"], "keep_last", 1)
        pins = items.get("pinned")
        if pins is None or self._is_empty(pins):
            return Retention(days, last)
        if not isinstance(pins, yaml.SequenceNode):
            raise self._wrong(pins, "“pinned”应当是一张清单", "每一版以 - 开头，写 version 和 reason")
        return Retention(days, last, tuple(self._pin(pin) for pin in pins.value))

    def _pin(self, node: yaml.Node) -> Pin:
        items = self._mapping(node, ("version", "reason", "until"))
        for name in ("version", "reason"):
            if name not in items or self._is_empty(items[name]):
                raise self._wrong(node, f"固定的版本缺少“{name}”", "写上 version: 版本号 和 reason: 为什么要留")
        until = items.get("until")
        day = None if until is None or self._is_empty(until) else self._day(until)
        return Pin(self._number(items["version"], "version", 1), str(items["reason"].value), day)

    def _mapping(self, node: yaml.Node | None, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, "应当是“条目: 值”的形式", f"可用的条目：{'、'.join(known)}；删去这个文件会重新生成一份")
        items: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value not in known:
                raise self._wrong(key, f"不认识的条目“{key.value}”", "可用的条目：" + "、".join(known))
            if key.value in items:
                raise self._wrong(key, f"“{key.value}”写了两次", "删去一处")
            items[key.value] = value
        return items

    def _number(self, node: yaml.Node, name: str, least: int) -> int:
        text = str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= 1_000_000:
            raise self._wrong(node, f"“{name}”应当是不小于 {least} 的整数", f"改成例如 {name}: {max(least, 10)}")
        return int(text)

    def _day(self, node: yaml.Node) -> date:
        try:
            return date.fromisoformat(str(node.value).strip())
        except ValueError:
            raise self._wrong(node, "“until”不是日期", "写成 2027-06-30 这样的形式") from None

    @staticmethod
    def _is_empty(node: yaml.Node) -> bool:
        return isinstance(node, yaml.ScalarNode) and node.value.strip() in ("", "null", "~")

    def _wrong(self, node: yaml.Node | None, what: str, cure: str) -> InputError:
        line = node.start_mark.line + 1 if node is not None else 1
        return InputError(f"保留规则：{what}", where=f"{self._path}:{line}", cure=cure)
