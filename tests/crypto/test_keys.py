"""The key file: made once, read only by its owner, changed by one at a time, never lost, and every refusal says what to do."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hengjian.crypto import keys as module
from hengjian.crypto.keys import CURRENT, NEW, OLD, KeyRing, find_key_file
from hengjian.kernel.errors import KeyFileError


@pytest.fixture()
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret" / "keys.json"


def refusal(act: Callable[[], object]) -> KeyFileError:
    with pytest.raises(KeyFileError) as caught:
        act()
    assert caught.value.what and caught.value.cure
    return caught.value


def states(ring: KeyRing) -> list[str]:
    return [key.state for key in ring.keys]


def test_the_first_use_makes_a_file_only_its_owner_reads(path: Path) -> None:
    ring = KeyRing.open(path, create=True)
    assert ring.created and states(ring) == [CURRENT] and ring.current in ring and len(ring.keys[0].secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    again = KeyRing.open(path, create=True)
    assert not again.created and again.keys == ring.keys == KeyRing.open(path).keys
    assert sorted(os.listdir(path.parent)) == [".keys.json.lock", "keys.json"]


def test_a_wide_umask_opens_nothing(path: Path) -> None:
    before = os.umask(0)
    try:
        KeyRing.open(path, create=True).add()
    finally:
        os.umask(before)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in path.parent.iterdir())


def test_a_key_lives_from_new_to_current_to_old_to_gone(path: Path) -> None:
    ring = KeyRing.open(path, create=True)
    first = ring.current
    ids, names = pa.array(["P1"]), pa.array(["张三"])
    sealed = ring.sealer().seal("person.psn_name", ids, names)
    second = ring.add()
    assert ring.current == first and states(ring) == [CURRENT, NEW] and second != first
    ring.make_current(second)
    assert ring.current == second and states(ring) == [OLD, CURRENT] and ring.sealer().key_id == second
    assert KeyRing.open(path).sealer(first).open("person.psn_name", ids, sealed).equals(names)
    ring.drop(first)
    assert [key.id for key in KeyRing.open(path).keys] == [second] and first not in ring


def test_the_current_key_is_not_dropped(path: Path) -> None:
    ring = KeyRing.open(path, create=True)
    assert "当前" in refusal(lambda: ring.drop(ring.current)).why and len(KeyRing.open(path).keys) == 1


@pytest.mark.parametrize("act", ["sealer", "make_current", "drop"])
def test_an_unknown_key_is_named_with_where_it_was_looked_for(path: Path, act: str) -> None:
    ring = KeyRing.open(path, create=True)
    told = refusal(lambda: getattr(ring, act)("kzzzz"))
    assert "kzzzz" in told.what and str(path) == told.where and ring.current in told.why and "备份" in told.cure


def test_a_missing_file_is_not_made_unasked(path: Path) -> None:
    told = refusal(lambda: KeyRing.open(path))
    assert "找不到密钥文件" in told.what and told.where == str(path) and not path.exists()


def test_a_key_file_inside_the_lake_is_refused(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    (tmp_path / "link").symlink_to(lake)
    for inside in (
        lake / "keys.json",
        lake / "deep" / "keys.json",
        tmp_path / "link" / "keys.json",
        lake / "x" / ".." / "k.json",
    ):
        assert "不能放在数据湖里" in refusal(lambda at=inside: KeyRing.open(at, create=True, lake=lake)).what
    assert not list(lake.iterdir())
    assert KeyRing.open(tmp_path / "lake2" / "keys.json", create=True, lake=lake).created


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_file_others_may_read_is_refused(path: Path, mode: int) -> None:
    KeyRing.open(path, create=True)
    path.chmod(mode)
    for create in (True, False):
        told = refusal(lambda c=create: KeyRing.open(path, create=c))
        assert "不安全" in told.what and f"{mode:o}" in told.why and told.cure == f"运行 chmod 600 {path}"


def _edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    body = json.loads(path.read_text(encoding="utf-8"))
    change(body)
    path.write_text(json.dumps(body), encoding="utf-8")


def _other_letter(body: dict[str, Any]) -> None:
    secret = body["keys"][0]["secret"]
    body["keys"][0]["secret"] = ("A" if secret[0] != "A" else "B") + secret[1:]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(format="other"),
        lambda body: body.update(keys={}),
        lambda body: body.update(keys=[]),
        lambda body: body.update(keys=["k3f9a"]),
        lambda body: body["keys"].append(dict(body["keys"][0])),
        lambda body: body["keys"][0].update(state="old"),
        lambda body: body["keys"][0].update(state="lost"),
        lambda body: body["keys"][0].update(id="../x"),
        lambda body: body["keys"][0].update(id=None),
        lambda body: body["keys"][0].update(created_at=7),
        lambda body: body["keys"][0].update(secret="AAAA"),
        lambda body: body["keys"][0].update(secret="你"),
        lambda body: body["keys"][0].pop("secret"),
        lambda body: body["keys"][0].update(check="00000000"),
        _other_letter,
    ],
)
def test_a_broken_file_is_refused_and_its_secret_not_told(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    KeyRing.open(path, create=True)
    secret = json.loads(path.read_text(encoding="utf-8"))["keys"][0]["secret"]
    _edit(path, change)
    before = path.read_bytes()
    told = refusal(lambda: KeyRing.open(path, create=True))
    assert "坏了" in told.what and "备份" in told.cure and secret not in str(told) and told.__cause__ is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[]", b'{"format": "hengjian-keys-1"}'])
def test_what_is_no_json_is_refused(path: Path, raw: bytes) -> None:
    KeyRing.open(path, create=True)
    path.write_bytes(raw)
    assert "坏了" in refusal(lambda: KeyRing.open(path, create=True)).what


def test_a_construction_of_a_later_program_is_not_guessed(path: Path) -> None:
    KeyRing.open(path, create=True)
    _edit(path, lambda body: body["keys"][0].update(construction="SM4-X"))
    assert "升级" in refusal(lambda: KeyRing.open(path)).cure


def test_a_folder_in_its_place_and_a_file_in_its_way(tmp_path: Path) -> None:
    assert "文件夹" in refusal(lambda: KeyRing.open(tmp_path, create=True)).why
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert refusal(lambda: KeyRing.open(tmp_path / "file" / "keys.json", create=True)).where
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    refusal(lambda: KeyRing.open(loop, create=True))


def test_no_rights(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing.open(path, create=True)

    def no(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.os, "open", no)
    assert "没有权限" in refusal(ring.add).why
    monkeypatch.setattr(module.Path, "open", no)
    assert "没有权限" in refusal(lambda: KeyRing.open(path, create=True)).why
    monkeypatch.undo()
    assert KeyRing.open(path).keys == ring.keys


def test_a_full_disk_leaves_the_file_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing.open(path, create=True)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    assert "磁盘满" in refusal(ring.add).why
    assert path.read_bytes() == before and states(ring) == [CURRENT] and not (path.parent / ".keys.json.scratch").exists()


def test_what_a_killed_process_left_is_in_nobodys_way(path: Path) -> None:
    ring = KeyRing.open(path, create=True)
    (path.parent / ".keys.json.scratch").write_text("half", encoding="utf-8")
    ring.add()
    assert len(KeyRing.open(path).keys) == 2 and not (path.parent / ".keys.json.scratch").exists()


def test_a_change_is_made_on_what_the_file_holds_now(path: Path) -> None:
    here = KeyRing.open(path, create=True)
    there = KeyRing.open(path)
    mine, other = here.add(), there.add()
    assert mine in there and other not in here
    here.make_current(mine)
    assert other in here and len(KeyRing.open(path).keys) == 3
    there.drop(other)
    assert there.current == mine


def _busy(path: Path, begin: float, rounds: int) -> None:
    time.sleep(max(0.0, begin - time.time()))
    ring = KeyRing.open(path, create=True)
    for _ in range(rounds):
        ring.make_current(ring.add())


def test_many_at_once_lose_no_key(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begin = time.time() + 1.5
    workers = [context.Process(target=_busy, args=(path, begin, 10)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    ring = KeyRing.open(path)
    assert len(ring.keys) == 1 + 4 * 10 and states(ring).count(CURRENT) == 1  # one first key, whoever came first
    assert states(ring).count(NEW) == 0


def test_secrets_are_not_printed(path: Path) -> None:
    ring = KeyRing.open(path, create=True)
    told = repr(ring) + repr(ring.keys) + str(ring.sealer())
    secret = ring.keys[0].secret
    assert secret.hex() not in told and repr(secret) not in told and ring.current in told


def test_which_file_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("HENGJIAN_KEYS", raising=False)
    own = tmp_path / ".config" / "hengjian" / "keys.json"
    hinted = tmp_path / "usb" / "keys.json"
    assert find_key_file() == own
    assert find_key_file(hint=str(hinted)) == hinted  # neither is there: the refusal then names what the lake remembers
    KeyRing.open(own, create=True)
    assert find_key_file(hint=str(hinted)) == own  # the lake moved to another machine
    KeyRing.open(hinted, create=True)
    assert find_key_file(hint=str(hinted)) == hinted
    monkeypatch.setenv("HENGJIAN_KEYS", "~/told.json")
    assert find_key_file(hint=str(hinted)) == tmp_path / "told.json"
    assert find_key_file(Path("~/option.json"), str(hinted)) == tmp_path / "option.json"


def test_xdg_is_honoured_when_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HENGJIAN_KEYS", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    assert find_key_file() == tmp_path / "etc" / "hengjian" / "keys.json"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert find_key_file() == tmp_path / ".config" / "hengjian" / "keys.json"


def test_a_user_without_home_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HENGJIAN_KEYS", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(module.Path, "home", homeless)
    assert "--keys" in refusal(find_key_file).cure
    assert find_key_file(hint="/keys.json") == Path("/keys.json")


def test_a_key_dropped_during_a_rotation_stops_it_before_anything_is_published(path: Path) -> None:
    ring = KeyRing.open(path, create=True)
    fresh = ring.add()
    KeyRing.open(path).drop(fresh)
    assert fresh in refusal(lambda: ring.make_current(fresh)).what and states(KeyRing.open(path)) == [CURRENT]
