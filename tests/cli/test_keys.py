"""`hengjian keys`: look at the keys, change them, drop those that nothing needs; a secret is never shown."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from hengjian.crypto.keys import KeyRing
from hengjian.lake.keyuse import key_uses, keys_hint

from ..lake.folder import load, make_folder
from ..story.conftest import COMMAND
from .test_mistakes import run as run


@pytest.fixture()
def hengjian(run: Any) -> Any:
    """A command in this process, with what came of it."""

    def command(*arguments: object) -> types.SimpleNamespace:
        code, out, err = run(*arguments)
        return types.SimpleNamespace(returncode=code, stdout=out, stderr=err)

    return command


@pytest.fixture()
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake whose first version names the first of two keys, and a key file beside it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("HENGJIAN_KEYS", raising=False)
    KeyRing.open(tmp_path / "first.json", create=True)
    load(make_folder(tmp_path / "in"), tmp_path / "lake", keys=tmp_path / "first.json")
    ring = KeyRing.open(tmp_path / "keys.json", create=True)
    sign(tmp_path, 1, ring.current)
    ring.make_current(ring.add())
    return tmp_path


def sign(place: Path, number: int, key_id: str) -> None:
    """Let a version of the lake name a key, and the file it is in."""
    path = place / "lake" / "versions" / f"{number:06d}.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | {"key_id": key_id, "keys_file": str(place / "keys.json")}), encoding="utf-8")


def ids(place: Path) -> list[str]:
    return [key.id for key in KeyRing.open(place / "keys.json").keys]


def test_list_names_keys_states_and_versions_and_no_secret(hengjian: Any, place: Path) -> None:
    old, new = ids(place)
    done = hengjian("keys", "list", "--lake", place / "lake")
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in (old, new, "当前", "旧", str(place / "keys.json")))
    told = json.loads(hengjian("keys", "list", "--lake", place / "lake", "--json").stdout)
    assert told["file"] == str(place / "keys.json")
    assert [(key["id"], key["state"], key["versions"]) for key in told["keys"]] == [(old, "old", [1]), (new, "current", [])]
    secrets = [entry["secret"] for entry in json.loads((place / "keys.json").read_text(encoding="utf-8"))["keys"]]
    assert not any(secret in done.stdout + json.dumps(told) for secret in secrets)


def test_list_without_lake_or_keys(hengjian: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place / "in")
    done = hengjian("keys", "list", "--keys", place / "keys.json")
    assert done.returncode == 0 and "无" in done.stdout
    (place / ".config" / "hengjian" / "keys.json").unlink(missing_ok=True)
    done = hengjian("keys", "list")
    assert done.returncode == 2 and "找不到密钥文件" in done.stderr and ".config/hengjian/keys.json" in done.stderr


def test_a_key_still_used_by_a_version_is_not_dropped(hengjian: Any, place: Path) -> None:
    old, new = ids(place)
    for options in (["--yes"], []):
        done = hengjian("keys", "drop", old, "--lake", place / "lake", *options)
        assert done.returncode == 2 and "第 1 版还在用它" in done.stderr
    sign(place, 1, new)
    done = hengjian("keys", "drop", new, "--lake", place / "lake", "--yes")
    assert done.returncode == 2 and ids(place) == [old, new]


def test_the_current_key_is_not_dropped_even_when_unused(hengjian: Any, place: Path) -> None:
    done = hengjian("keys", "drop", ids(place)[1], "--lake", place / "lake", "--yes")
    assert done.returncode == 2 and "当前密钥" in done.stderr and len(ids(place)) == 2


def test_a_key_named_anywhere_in_a_version_is_in_use(place: Path) -> None:
    old, new = ids(place)
    path = place / "lake" / "versions" / "000001.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    del body["key_id"]
    body["load"]["extracts"] = [{"sealed_with": old}]
    path.write_text(json.dumps(body), encoding="utf-8")
    assert key_uses(place / "lake", [old, new]) == {old: [1], new: []}


def test_an_unused_key_is_dropped_once_confirmed(hengjian: Any, place: Path) -> None:
    old, new = ids(place)
    sign(place, 1, new)
    done = hengjian("keys", "drop", old, "--lake", place / "lake")
    assert done.returncode == 2 and "--yes" in done.stderr and ids(place) == [old, new]
    done = hengjian("keys", "drop", old, "--lake", place / "lake", "--yes", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["dropped"] == old and ids(place) == [new]
    done = hengjian("keys", "drop", old, "--lake", place / "lake", "--yes")
    assert done.returncode == 2 and f"没有密钥 {old}" in done.stderr


@pytest.mark.parametrize(("answer", "left"), [("yes", 2), ("", 2), ("the name", 1)])
def test_at_a_terminal_the_name_is_asked_for(place: Path, answer: str, left: int) -> None:
    old, new = ids(place)
    sign(place, 1, new)
    terminal, mine = pty.openpty()
    os.write(terminal, f"{old if answer == 'the name' else answer}\n".encode())
    done = subprocess.run(
        [COMMAND, "keys", "drop", old, "--lake", place / "lake"], stdin=mine, capture_output=True, text=True, check=False
    )
    os.close(terminal)
    os.close(mine)
    assert len(ids(place)) == left and done.returncode == (0 if left == 1 else 2), done.stdout + done.stderr
    assert "别的数据湖" in done.stdout


def test_drop_looks_at_every_lake_named_and_a_misspelt_one_is_no_lake(hengjian: Any, place: Path) -> None:
    old, new = ids(place)
    sign(place, 1, new)
    load(place / "in", place / "other")
    path = place / "other" / "versions" / "000001.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"key_id": old}), encoding="utf-8")
    done = hengjian("keys", "drop", old, "--lake", place / "lake", "--lake", place / "other", "--yes")
    assert done.returncode == 2 and "other" in done.stderr
    done = hengjian("keys", "drop", old, "--lake", place / "lake", "--lake", place / "othre", "--yes")
    assert done.returncode == 2 and "没有数据湖" in done.stderr and len(ids(place)) == 2


def test_a_version_that_cannot_be_read_keeps_every_key(hengjian: Any, place: Path) -> None:
    (place / "lake" / "versions" / "000001.json").write_text("{", encoding="utf-8")
    done = hengjian("keys", "drop", ids(place)[0], "--lake", place / "lake", "--keys", place / "keys.json", "--yes")
    assert done.returncode == 2 and "版本文件读不出来" in done.stderr and len(ids(place)) == 2


def test_rotate_hands_lake_ring_and_bar_on_and_says_what_came_out(
    place: Path,
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def rotate(root: Path, ring: KeyRing, progress: Any) -> None:
        assert root == place / "lake" and ring.path == place / "keys.json"
        fresh = ring.add()
        progress(1, 2)
        sign(place, 1, fresh)
        ring.make_current(fresh)

    fake = types.ModuleType("hengjian.lake.rotate")
    fake.rotate = rotate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hengjian.lake.rotate", fake)
    code, said, _ = run("keys", "rotate", "--lake", place / "lake")
    current = KeyRing.open(place / "keys.json").current
    assert code == 0 and current in said and "第 1 版" in said and "备份密钥文件" in said and len(ids(place)) == 3
    code, said, _ = run("keys", "rotate", "--lake", place / "lake", "--json")
    assert code == 0 and json.loads(said)["key"] == KeyRing.open(place / "keys.json").current


def test_the_lake_remembers_where_its_keys_are(place: Path) -> None:
    assert keys_hint(place / "lake") == str(place / "keys.json") and keys_hint(place / "nothing") is None


def test_help_has_examples(hengjian: Any) -> None:
    assert "keys" in hengjian("--help").stdout
    for command in ("list", "rotate", "drop"):
        assert f"例：hengjian keys {command}" in hengjian("keys", command, "--help").stdout
