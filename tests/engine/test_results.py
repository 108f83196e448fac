"""Results of one audit take the place of the last together: at every step of the way a reader finds one of the two whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hengjian.engine import results as module
from hengjian.engine.results import BELONGING, keep_score, results, settle, stamp
from hengjian.kernel.errors import InputError


class Killed(BaseException):
    """Stands for a kill: nobody catches it."""


def write(folder: Path, word: str, names: tuple[str, ...] = BELONGING) -> None:
    for name in names:
        (folder / name).write_text(f"{word} {name}", encoding="utf-8")


def words(out: Path) -> dict[str, str]:
    return {name: (out / name).read_text(encoding="utf-8").split()[0] for name in BELONGING if (out / name).exists()}


WITHOUT_REPORT = tuple(n for n in BELONGING if n not in ("report.html", "findings.xlsx", "score.json"))


@pytest.mark.parametrize("names", [BELONGING, WITHOUT_REPORT])
@pytest.mark.parametrize("step", range(len(BELONGING) + 5))
def test_a_kill_at_any_step_leaves_one_result_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], step: int
) -> None:
    write(tmp_path, "old")
    steps = iter(range(100))

    def counting(real):
        def act(*arguments, **how):
            if next(steps) == step:
                raise Killed
            return real(*arguments, **how)

        return act

    with monkeypatch.context() as patch:
        for name in ("rename", "replace", "unlink"):
            patch.setattr(Path, name, counting(getattr(Path, name)))
        patch.setattr(module.shutil, "rmtree", counting(module.shutil.rmtree))
        try:
            with results(tmp_path) as new:
                write(new, "new", names)
        except Killed:
            pass
    settle(tmp_path)
    assert words(tmp_path) in (dict.fromkeys(BELONGING, "old"), dict.fromkeys(names, "new"))
    with results(tmp_path) as new:
        write(new, "last")
    assert words(tmp_path) == dict.fromkeys(BELONGING, "last")
    assert not [p for p in tmp_path.iterdir() if p.is_dir()]


def test_what_fails_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, "old")
    with pytest.raises(ValueError, match="no"), results(tmp_path) as new:
        write(new, "new")
        raise ValueError("no")
    assert words(tmp_path) == dict.fromkeys(BELONGING, "old") and not (tmp_path / ".audit-new").exists()


def test_one_audit_at_a_time(tmp_path: Path) -> None:
    with results(tmp_path), pytest.raises(InputError, match="另一次审计正在写"), results(tmp_path):
        pass


def test_a_score_goes_on_only_with_its_findings(tmp_path: Path) -> None:
    write(tmp_path, "old")
    for word, kept in (("old", True), ("new", False)):
        with results(tmp_path) as new:
            write(new, word, WITHOUT_REPORT)
            keep_score(tmp_path, new)
        assert (tmp_path / "score.json").exists() == kept


def test_a_reader_notices_that_results_changed(tmp_path: Path) -> None:
    write(tmp_path, "old")
    before = stamp(tmp_path)
    with results(tmp_path) as new:
        write(new, "new")
        assert stamp(tmp_path) == before
    assert stamp(tmp_path) != before
