"""The map of the mission: every row is there, and what it names exists."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
ROWS = yaml.safe_load((ROOT / "docs/capabilities.yml").read_text(encoding="utf-8"))


def test_every_capability_and_number_has_a_row():
    assert list(ROWS) == [f"M{n:03d}" for n in range(1, 199)] + [f"N{n:02d}" for n in range(1, 44)]


def test_each_row_has_a_title_and_a_known_state():
    for name, row in ROWS.items():
        assert row["title"].strip(), name
        assert row["state"] in ("done", "partly", "todo"), name
        assert set(row) <= {"title", "state", "where", "test", "missing"}, name


def test_what_a_row_names_exists():
    for name, row in ROWS.items():
        if row["state"] == "todo":
            assert "test" not in row, name
            continue
        file, _, function = row["test"].partition("::")
        assert row["where"] and (ROOT / file).exists(), (name, file)
        if function:
            assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), (name, function)


def test_a_partly_row_says_what_is_missing_and_a_done_row_does_not():
    for name, row in ROWS.items():
        assert bool(row.get("missing")) == (row["state"] == "partly"), name
