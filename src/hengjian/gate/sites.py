"""Who may speak to the gate: the key of each institution, in a file of the site folder that only its owner may read.

`gate/keys.csv`: one row a key, never taken away; a stopped key keeps its row, so that an old access record can be read. An institution may
have several keys at once (an old one until every one of its machines has the new one).
"""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from hengjian.gate.envelope import is_institution
from hengjian.gate.trades import FOLDER
from hengjian.kernel.causes import cause_of
from hengjian.kernel.dates import OPEN_DAY, day_date
from hengjian.kernel.errors import InputError
from hengjian.site.folder import writing
from hengjian.site.ledger import Ledger

FILE = "keys.csv"
_KEYS = Ledger(
    FILE,
    "机构密钥",
    {
        "fixmedins_code": "机构编号",
        "paasid": "账号",
        "secret": "密钥",
        "since": "启用日期",
        "until": "失效日期",
        "stopped": "停用日期",
    },
)
_PAASID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_OURS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class SiteKey:
    """One key. Days as day numbers; valid on `since` ≤ day < `until` and before `stopped`."""

    fixmedins_code: str
    paasid: str
    secret: str
    since: int
    until: int = OPEN_DAY
    stopped: int | None = None

    def refusal(self, day: int) -> str:
        """Why the key does not hold on a day; "" when it does."""
        if self.stopped is not None and day >= self.stopped:
            return f"账号 {self.paasid} 的密钥已于 {day_date(self.stopped)} 停用"
        if day < self.since:
            return f"账号 {self.paasid} 的密钥从 {day_date(self.since)} 起才启用"
        if day >= self.until:
            return f"账号 {self.paasid} 的密钥已于 {day_date(self.until)} 失效"
        return ""

    def __repr__(self) -> str:
        return f"SiteKey({self.fixmedins_code}, {self.paasid})"


def keys_file(site: Path) -> Path:
    """Where the keys of a site are."""
    return site / FOLDER / FILE


def read_keys(site: Path) -> dict[str, SiteKey]:
    """The keys by paasid; none when there is no file. Raises InputError when it is readable by others, or at the first wrong row."""
    path = keys_file(site)
    if not path.exists():
        return {}
    if path.stat().st_mode & _OURS:
        raise InputError(
            "机构密钥的文件别人也能读",
            where=str(path),
            why="密钥一旦被别人读到，别人就能冒充机构",
            cure=f"运行 chmod 600 {path}；怀疑已泄露的，停用后另发",
        )
    found: dict[str, SiteKey] = {}
    for entry in _KEYS.read(path.parent):
        code = entry.need("fixmedins_code", "写十二位定点医药机构编号").upper()
        if not is_institution(code):
            raise entry.refuse("机构编号不对", f"“{code}”", "写十二位定点医药机构编号，例如 H99010000001")
        paasid = entry.need("paasid", "写账号")
        if paasid in found:
            raise entry.refuse("账号重复", f"“{paasid}”已经是另一行的账号", "每把密钥用自己的账号")
        found[paasid] = SiteKey(
            code,
            paasid,
            entry.need("secret", "写密钥"),
            entry.day("since"),
            entry.day("until") if entry["until"] else OPEN_DAY,
            entry.day("stopped") if entry["stopped"] else None,
        )
    return found


def add_key(site: Path, code: str, *, on: int, paasid: str = "", until: int = OPEN_DAY) -> SiteKey:
    """Draw a key for an institution and keep it. Without `paasid`, the code of the institution, numbered. Raises InputError."""
    code = code.upper()
    if not is_institution(code):
        raise InputError(f"机构编号 {code} 不对", why="不是十二位定点医药机构编号", cure="写成 H99010000001 这样")
    if paasid and not _PAASID.fullmatch(paasid):
        raise InputError(f"账号 {paasid} 不能用", why="账号只能用字母、数字和 _ . -，不超过 64 个", cure="换一个账号，或不写")
    if until <= on:
        raise InputError("失效日期不能早于启用日期", cure="改 --until，或不写（长期有效）")
    drawn: list[SiteKey] = []

    def more(keys: dict[str, SiteKey]) -> Iterable[SiteKey]:
        name = paasid or _free_name(code, keys)
        if name in keys:
            raise InputError(f"账号 {name} 已经有了", why=f"它属于 {keys[name].fixmedins_code}", cure="换一个账号，或不写")
        drawn.append(SiteKey(code, name, secrets.token_urlsafe(24), on, until))
        return [*keys.values(), drawn[0]]

    _change(site, more)
    return drawn[0]


def stop_key(site: Path, paasid: str, *, on: int) -> SiteKey:
    """Stop a key from a day on. Raises InputError when there is no such key or it is stopped already."""
    stopped: list[SiteKey] = []

    def less(keys: dict[str, SiteKey]) -> Iterable[SiteKey]:
        key = keys.get(paasid)
        if key is None:
            raise InputError(f"没有账号 {paasid}", where=str(keys_file(site)), cure="看现有的：hengjian gate keys list")
        if key.stopped is not None:
            raise InputError(f"账号 {paasid} 已于 {day_date(key.stopped)} 停用", cure="不用再停")
        stopped.append(replace(key, stopped=on))
        return [stopped[0] if old.paasid == paasid else old for old in keys.values()]

    _change(site, less)
    return stopped[0]


def _free_name(code: str, keys: dict[str, SiteKey]) -> str:
    number = 1
    while (name := f"{code}-{number}") in keys:
        number += 1
    return name


def _change(site: Path, change: Callable[[dict[str, SiteKey]], Iterable[SiteKey]]) -> None:
    with writing(site):
        path = keys_file(site)
        path.parent.mkdir(exist_ok=True)
        rows = [
            (
                key.fixmedins_code,
                key.paasid,
                key.secret,
                day_date(key.since).isoformat(),
                day_date(key.until).isoformat() if key.until < OPEN_DAY else "",
                day_date(key.stopped).isoformat() if key.stopped is not None else "",
            )
            for key in change(read_keys(site))
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([list(_KEYS.columns), *rows])
        try:
            _write(path, text.getvalue())
        except OSError as error:
            raise InputError("机构密钥没有写下来", where=str(path), why=cause_of(error), cure="检查权限和磁盘") from error


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and never for a moment readable by others."""
    scratch = path.with_name(f".{path.name}.part")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


class KeyBook:
    """The keys as they stand, read again when the file changes (looked at once a second). A file that became unreadable changes nothing."""

    def __init__(self, site: Path | None) -> None:
        self._site = site
        self._keys = read_keys(site) if site is not None else {}
        self._seen = self._mark()
        self._looked = 0.0
        self.problem = ""
        """Why the last change was not taken; "" when it was."""

    def find(self, paasid: str, now: float) -> SiteKey | None:
        """The key of a paasid; `now`: seconds of any steady clock."""
        if not 0 <= now - self._looked < 1:
            self._looked = now
            self._renew()
        return self._keys.get(paasid)

    def _renew(self) -> None:
        if self._site is None or (mark := self._mark()) == self._seen:
            return
        try:
            self._keys, self._seen, self.problem = read_keys(self._site), mark, ""
        except (InputError, OSError) as error:
            self.problem = str(error)

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = keys_file(self._site).stat() if self._site is not None else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ino, found.st_mode) if found else None
