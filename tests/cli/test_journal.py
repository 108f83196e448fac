"""`hengjian journal` in a process of its own, on a home of its own, as an operator runs it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in ("DATABASE_URL", "HENGJIAN_HOME", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
    }
    return subprocess.run(
        [sys.executable, "-c", "from hengjian.cli.main import main; main()", *map(str, words)],
        cwd=ROOT,
        env=kept | {"PYTHONPATH": str(ROOT / "src")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("journal") / "office"
    made = _run("office", "init", "--name", "镜川市医疗保障局", "--region", "990100", "--home", folder)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def test_a_whole_journal(home):
    told = _run("journal", "verify", "--home", home)
    assert told.returncode == 0 and told.stdout.startswith("操作日志完整：6 条"), told.stdout + told.stderr
    facts = json.loads(_run("journal", "verify", "--home", home, "--json").stdout)
    assert (facts["whole"], facts["entries"], facts["faults"]) == (True, 6, [])
    assert facts["digest"] in told.stdout


def test_an_anchor_is_written_and_catches_a_rewritten_chain(home, tmp_path):
    told = _run("journal", "anchor", "--home", home)
    anchor = Path(told.stdout.strip())
    assert told.returncode == 0 and anchor.parent == home / "anchors" and json.loads(anchor.read_text())["number"] == 6
    facts = json.loads(anchor.read_text()) | {"digest": "0" * 64}
    (tmp_path / anchor.name).write_text(json.dumps(facts))
    caught = _run("journal", "verify", "--home", home, "--anchors", tmp_path)
    assert caught.returncode == 1 and f"第 6 条与锚文件 {anchor.name} 不符" in caught.stdout


def test_a_changed_entry_is_named(home, tmp_path):
    changed = tmp_path / "office"
    changed.mkdir()
    with sqlite3.connect(home / "office.sqlite3") as source, sqlite3.connect(changed / "office.sqlite3") as copy:
        source.backup(copy)
        copy.execute("DROP TRIGGER journal_no_update")
        copy.execute("UPDATE journal_entry SET summary = '改过' WHERE number = 3")
    told = _run("journal", "verify", "--home", changed)
    assert told.returncode == 1 and "第 3 条被改动" in told.stdout
    facts = json.loads(_run("journal", "verify", "--home", changed, "--json").stdout)
    assert not facts["whole"] and len(facts["faults"]) == 1


def test_what_is_no_office_is_not_opened_and_not_made(tmp_path):
    for home in (tmp_path, tmp_path / "nowhere"):
        told = _run("journal", "verify", "--home", home)
        assert told.returncode == 2 and "里没有办公室" in told.stderr and list(tmp_path.iterdir()) == []


def test_a_database_that_is_none_is_said(tmp_path):
    (tmp_path / "office.sqlite3").write_bytes(b"no database at all" * 100)
    told = _run("journal", "verify", "--home", tmp_path)
    assert told.returncode == 2 and "打不开操作日志" in told.stderr and "Traceback" not in told.stderr
    (tmp_path / "office.sqlite3").write_bytes(b"")
    assert _run("journal", "verify", "--home", tmp_path).returncode == 2


def test_without_django_it_says_how_to_install(home, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\nu.find_spec = lambda name, *a: None if name == 'django' else find(name, *a)\n"
    )
    told = _run("journal", "verify", "--home", home, PYTHONPATH=f"{tmp_path}:{ROOT / 'src'}")
    assert told.returncode == 2 and "hengjian[office]" in told.stderr
