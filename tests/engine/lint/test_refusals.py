"""Every refusal of the lint has a bad file that triggers it, it alone, and on the right line; what ships triggers none."""

import shutil
from pathlib import Path

import pytest

from hengjian.engine.lint import CODES, lint_rulebook
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.loader import SHIPPED

HERE = Path(__file__).parent
BAD = sorted(p for p in (HERE / "bad").iterdir())
GOOD = sorted((HERE / "good").glob("*.sql"))


def code_of(path):
    return path.stem.split("__")[0]


def overlay(path, root):
    """A small rulebook with the shipped laws and one bad file, or one folder of them."""
    shutil.copytree(SHIPPED / "law", root / "law")
    if path.is_dir():
        shutil.copytree(path, root, dirs_exist_ok=True)
        if list(path.rglob("*.yml")) and (path / "knowledge").is_dir():
            shutil.copytree(SHIPPED / "families", root / "families")
    else:
        (root / "rules" / "policy").mkdir(parents=True)
        shutil.copy(path, root / "rules" / "policy" / path.name)
    return load_rulebook(root)


def marked_line(root):
    """`file:line` that the bad file marks with `here`."""
    ((where, _),) = [
        (f"{path}:{number}", line)
        for folder in ("rules", "knowledge")
        for path in (root / folder).rglob("*.*")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "-- here" in line or "# here" in line or ",here" in line
    ]
    return where


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_a_bad_file_is_refused_for_its_reason_alone_and_on_its_line(path, tmp_path):
    faults = lint_rulebook(overlay(path, tmp_path))
    assert [f.code for f in faults] == [code_of(path)], [str(f) for f in faults]
    (fault,) = faults
    assert fault.where == marked_line(tmp_path), str(fault)
    assert fault.what and fault.why and fault.cure
    assert fault.where in str(fault) and fault.code in str(fault)


def test_every_refusal_has_a_bad_file():
    assert {code_of(path) for path in BAD} == set(CODES)


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_a_good_file_near_the_edge_is_let_pass(path, tmp_path):
    assert [str(f) for f in lint_rulebook(overlay(path, tmp_path))] == []


def test_what_ships_is_not_refused():
    assert [str(f) for f in lint_rulebook(load_rulebook())] == []
