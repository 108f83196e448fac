"""The key file: where the keys of sealed columns are kept, outside the data and its backups.

A JSON file that only its owner may read (mode 0600). Every change is made under a lock on a file beside it, on what the file holds at
that moment, and put in place by rename after it is safely on disk: two processes that create or rotate at once lose no key, and
a killed one leaves the file as it was. A key is `new` (drawn, no data moved to it yet), `current` (new lakes are sealed
with it) or `old` (still needed to open what it sealed). Each carries a check value, so a damaged file is noticed when it is read.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hengjian.crypto.seal import KEY_ID, MASTER_BYTES, Sealer
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import KeyFileError

ENVIRONMENT = "HENGJIAN_KEYS"
FORMAT = "hengjian-keys-1"
CONSTRUCTION = "SM4-SIV"
NEW, CURRENT, OLD = "new", "current", "old"
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_RESTORE = "用密钥文件自己的备份恢复它；没有备份，用它加密的姓名、证件号码等就再也打不开"
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Key:
    """One master key. Its text form shows no secret."""

    id: str
    created_at: str
    state: str
    secret: bytes = field(repr=False)


class KeyRing:
    """The keys of one key file, as they were when last read or changed."""

    def __init__(self, path: Path, keys: tuple[Key, ...], *, created: bool = False) -> None:
        self.path, self.keys, self.created = path, keys, created

    @classmethod
    def open(cls, path: Path, create: bool = False, *, lake: Path | None = None) -> KeyRing:
        """Read a key file; with `create`, make one with a first key where there is none (`created` then says so: tell the user to
        back it up). Raises KeyFileError when it is missing, inside `lake`, readable by others, broken or not ours to read.
        """
        path = _real(path)
        if lake is not None and path.is_relative_to(_real(lake)):
            raise KeyFileError(
                "密钥文件不能放在数据湖里",
                where=str(path),
                why="拿到数据或它的备份的人，会同时拿到钥匙",
                cure="把它移到数据湖之外，再用 --keys 指明",
            )
        if not create:
            return cls(path, _read(path))
        made = False
        with suppress(FileNotFoundError):
            return cls(path, _parsed(path, _trusted(path)))
        with _locked(path):
            try:
                keys = _parsed(path, _trusted(path))
            except FileNotFoundError:
                made, keys = True, (_drawn((), CURRENT),)
                _write(path, keys)
        return cls(path, keys, created=made)

    @property
    def current(self) -> str:
        """The id of the key with which a new lake is sealed."""
        return next(key.id for key in self.keys if key.state == CURRENT)

    def __contains__(self, key_id: object) -> bool:
        return any(key.id == key_id for key in self.keys)

    def sealer(self, key_id: str | None = None) -> Sealer:
        """Seals and opens with one key; without an id, with the current one. Raises KeyFileError when it is not here."""
        key = self._key(self.keys, key_id or self.current)
        return Sealer(key.id, key.secret)

    def add(self) -> str:
        """Draw a new key and keep it. It is `new` until `make_current`; nothing is lost when the work between is killed."""
        drawn: list[str] = []

        def more(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            key = _drawn(keys, NEW)
            drawn.append(key.id)
            return (*keys, key)

        self._change(more)
        return drawn[-1]

    def make_current(self, key_id: str) -> None:
        """New lakes are sealed with this key from now on; the one before becomes old and stays.

        A rotation calls it before it publishes its version: a key that somebody dropped meanwhile then stops the rotation, and a
        current key is dropped by nobody.
        """

        def turn(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            self._key(keys, key_id)
            aged = (replace(key, state=OLD) if key.state == CURRENT else key for key in keys)
            return tuple(replace(key, state=CURRENT) if key.id == key_id else key for key in aged)

        self._change(turn)

    def drop(self, key_id: str) -> None:
        """Forget a key for ever. The caller has made sure that nothing is sealed with it. The current key stays."""

        def less(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            if self._key(keys, key_id).state == CURRENT:
                raise KeyFileError(
                    f"密钥 {key_id} 不能删",
                    where=str(self.path),
                    why="它是当前密钥，新建的数据湖要用它",
                    cure="先运行 hengjian keys rotate 换一把",
                )
            return tuple(key for key in keys if key.id != key_id)

        self._change(less)

    def _key(self, keys: tuple[Key, ...], key_id: str) -> Key:
        for key in keys:
            if key.id == key_id:
                return key
        raise KeyFileError(
            f"没有密钥 {key_id}",
            where=str(self.path),
            why=f"数据是用它加密的，而这个密钥文件里只有 {'、'.join(key.id for key in keys)}",
            cure=f"用 --keys 或环境变量 {ENVIRONMENT} 指明有它的密钥文件；若文件换过机器或重建过，{_RESTORE}",
        )

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
        with _locked(self.path):
            keys = change(_read(self.path))
            _write(self.path, keys)
        self.keys = keys


def find_key_file(explicit: Path | None = None, hint: str | None = None) -> Path:
    """Which key file is meant: the option, else HENGJIAN_KEYS, else the one the lake remembers, else the user's own.

    What the lake remembers is only a hint: when that file is gone and the user's own is there, the latter is taken.
    """
    if explicit is not None:
        return explicit.expanduser()
    if told := os.environ.get(ENVIRONMENT):
        return Path(told).expanduser()
    own = _own()
    if hint and (own is None or _is_there(Path(hint)) or not _is_there(own)):
        return Path(hint)
    if own is None:
        raise KeyFileError(
            "不知道密钥文件在哪里", why="这个用户没有主目录", cure=f"用 --keys 或环境变量 {ENVIRONMENT} 指明密钥文件"
        )
    return own


def _own() -> Path | None:
    """~/.config/hengjian/keys.json; XDG_CONFIG_HOME counts when it is absolute, as its standard says."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "hengjian" / "keys.json"
    try:
        return Path.home() / ".config" / "hengjian" / "keys.json"
    except RuntimeError:
        return None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True  # it cannot be seen; opening it will say why


def _real(path: Path) -> Path:
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise KeyFileError("密钥文件的路径用不了", where=str(path), why=cause_of(error), cure="换一个路径") from error


def _read(path: Path) -> tuple[Key, ...]:
    try:
        return _parsed(path, _trusted(path))
    except FileNotFoundError as error:
        raise KeyFileError(
            "找不到密钥文件",
            where=str(path),
            why="没有这个文件",
            cure=f"第一次加载时会自动建立；已加载过的，用 --keys 或环境变量 {ENVIRONMENT} 指明它在哪里；若已丢失，{_RESTORE}",
        ) from error


def _trusted(path: Path) -> bytes:
    """The bytes of a key file that only its owner may read. FileNotFoundError when there is none."""
    try:
        with path.open("rb") as handle:
            mode = os.fstat(handle.fileno()).st_mode
            raw = handle.read(_LARGEST)
    except FileNotFoundError:
        raise
    except OSError as error:
        cure = "换成有权读它的用户，或请管理员检查权限"
        raise KeyFileError("密钥文件读不出来", where=str(path), why=cause_of(error), cure=cure) from error
    if mode & 0o077:
        why = f"别的用户也能读写它（权限 {mode & 0o777:o}）"
        raise KeyFileError("密钥文件不安全，没有使用", where=str(path), why=why, cure=f"运行 chmod 600 {path}")
    return raw


def _parsed(path: Path, raw: bytes) -> tuple[Key, ...]:
    try:
        body = json.loads(raw.decode())
    except ValueError as error:
        raise KeyFileError("密钥文件坏了", where=str(path), why=cause_of(error), cure=_RESTORE) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT or not isinstance(body.get("keys"), list):
        raise _broken(path, "内容不是密钥文件应有的样子")
    keys = tuple(_one(path, entry) for entry in body["keys"])
    if len({key.id for key in keys}) != len(keys) or sum(key.state == CURRENT for key in keys) != 1:
        raise _broken(path, "有两把同名的密钥，或者当前密钥不是恰好一把")
    return keys


def _one(path: Path, entry: Any) -> Key:
    """One key of the file. Its secret never gets into a sentence."""
    if not isinstance(entry, dict):
        raise _broken(path, "内容不是密钥文件应有的样子")
    key_id, created_at, state, secret = (entry.get(name) for name in ("id", "created_at", "state", "secret"))
    if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id):
        raise _broken(path, "有一把密钥的名字不对")
    if entry.get("construction") != CONSTRUCTION:
        raise KeyFileError(
            f"密钥 {key_id} 的用法这个程序不认得", where=str(path), why="它可能是更新的版本写的", cure="升级程序后再试"
        )
    try:
        plain = base64.b64decode(str(secret), validate=True)
    except ValueError:
        plain = b""
    if state not in (NEW, CURRENT, OLD) or not isinstance(created_at, str) or len(plain) != MASTER_BYTES:
        raise _broken(path, f"密钥 {key_id} 的内容不完整")
    if entry.get("check") != _check(plain):
        raise _broken(path, f"密钥 {key_id} 与它的校验值不符，文件被改动过")
    return Key(key_id, created_at, state, plain)


def _broken(path: Path, why: str) -> KeyFileError:
    return KeyFileError("密钥文件坏了", where=str(path), why=why, cure=_RESTORE)


def _check(secret: bytes) -> str:
    """Eight digits that tell a damaged secret from a whole one and nothing else."""
    return HKDF(SM3(), 4, salt=None, info=b"hengjian/1/check").derive(secret).hex()


def _drawn(others: tuple[Key, ...], state: str) -> Key:
    taken = {key.id for key in others}
    while (key_id := "k" + "".join(secrets.choice(_LETTERS) for _ in range(4))) in taken:
        pass
    now = datetime.now().isoformat(sep=" ", timespec="seconds")  # noqa: DTZ005 - civil time
    return Key(key_id, now, state, secrets.token_bytes(MASTER_BYTES))


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    body = {
        "format": FORMAT,
        "note": "恒鉴的密钥。请单独备份，不要和数据放在一起，不要交给别人。",
        "keys": [
            {
                "id": key.id,
                "created_at": key.created_at,
                "state": key.state,
                "construction": CONSTRUCTION,
                "check": _check(key.secret),
                "secret": base64.b64encode(key.secret).decode(),
            }
            for key in keys
        ],
    }
    scratch = path.with_name(f".{path.name}.scratch")  # one name: who holds the lock may remove what a killed process left
    try:
        scratch.unlink(missing_ok=True)
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(body, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise
        _settle(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _settle(folder: Path) -> None:
    """Make a rename last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time changes a key file. The lock ends with the process that holds it, however that ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(
        "密钥文件写不进去", where=str(path), why=cause_of(error), cure="检查权限和磁盘，或用 --keys 换一个数据湖之外的位置"
    )
