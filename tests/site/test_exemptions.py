"""Exemptions of a site: all that one names must agree, its days are its days, and what it takes out is still written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hengjian.engine.run import run_audit
from hengjian.engine.verify import Grounds, verify
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.local import local_files
from hengjian.rulebook.local import read_exemptions as read_kept
from hengjian.rulebook.model import Exemption, Rulebook
from hengjian.site.exemptions import add_exemptions, read_exemptions

from ..lake.folder import load, make_folder, row

NOW = datetime(2026, 11, 1, 9)
BOOK = load_rulebook()
RULE = "drug_sex_limit"
MENS = "XG04CBA088A001010100001"  # 爱普列特，限男性
FILED = {
    "rules": RULE, "person": "P1", "from": "2026-03-01", "to": "2026-03-31", "reason": "性别登记变更", "basis": "会议纪要3号",
    "by": "张三", "approved_by": "李四",
}  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> LakeVersion:
    """A woman with a men's drug on three days: the last before, the first and the last of March."""
    days = ("2026-02-28", "2026-03-01", "2026-03-31")
    folder = make_folder(
        tmp_path / "in",
        person=[row("person", gend="2")],
        encounter=[row("encounter", med_type="21", begntime="2026-02-20 09:00:00", endtime="2026-04-10 09:00:00", atddr_no="D1")],
        fee_line=[
            row("fee_line", feedetl_sn=str(n), med_list_codg=MENS, hilist_name="爱普列特片", list_type="101", fee_ocur_time=f"{d} 09:00:00")
            for n, d in enumerate(days, 1)
        ],
    )  # fmt: skip
    load(folder, tmp_path / "lake")
    return open_lake(tmp_path / "lake")


def audited(lake: LakeVersion, tmp_path: Path, book: Rulebook, **more: str) -> tuple[list[str], list[str]]:
    """The lines found, and those taken out."""
    out = tmp_path / "out"
    run_audit(lake, book, out, only=[RULE], now=NOW, **more)
    found, spared = (pq.read_table(out / f"{name}.parquet").column("feedetl_sn").to_pylist() for name in ("findings", "spared"))
    return sorted(found), sorted(spared)


def filed(tmp_path: Path, **cells: str) -> Rulebook:
    """The rulebook with one exemption of the site."""
    site = tmp_path / "site"
    add_exemptions(site, BOOK, [FILED | cells], NOW)
    return replace(BOOK, exemptions=read_exemptions(site, BOOK))


def test_only_the_days_of_the_filing_are_taken_out_and_written_down(lake: LakeVersion, tmp_path: Path) -> None:
    assert audited(lake, tmp_path, BOOK) == (["1", "2", "3"], [])
    book = filed(tmp_path)
    assert audited(lake, tmp_path, book) == (["1"], ["2", "3"])
    told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert (told["exemptions"], told["spared"]) == (1, 2)
    (left,) = pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    assert (
        "本地登记的豁免 1 项，都不适用" in json.loads(left["evidence"])["exempt_checked"]
        and "P1" not in left["evidence"].split("exempt_checked")[1]
    )
    taken = pq.read_table(tmp_path / "out" / "spared.parquet").to_pylist()
    assert all(json.loads(t["evidence"])["exempt_checked"] == ["由豁免 H20261101-01 免除"] for t in taken)


@pytest.mark.parametrize(
    ("cells", "left"),
    [
        ({"person": "P2"}, 3),
        ({"person": "", "institution": "H99010000001"}, 1),
        ({"person": "", "doctor": "D1"}, 1),
        ({"person": "", "visit": "M1"}, 1),
        ({"person": "", "item": "XG04C"}, 1),
        ({"person": "", "item": "XG04D"}, 3),
        ({"doctor": "D2"}, 3),
        ({"rules": ""}, 1),
        ({"rules": "drug_child_only"}, 3),
    ],
)
def test_all_that_is_named_must_agree(lake: LakeVersion, tmp_path: Path, cells: dict[str, str], left: int) -> None:
    found, spared = audited(lake, tmp_path, filed(tmp_path, **cells))
    assert len(found) == left and len(found) + len(spared) == 3


def test_a_later_row_cuts_an_exemption_short(lake: LakeVersion, tmp_path: Path) -> None:
    filed(tmp_path)
    book = filed(tmp_path, number="H20261101-01", to="2026-03-15")
    assert len(book.exemptions) == 1 and audited(lake, tmp_path, book) == (["1", "3"], ["2"])


def test_an_increment_carries_over_what_was_taken_out(lake: LakeVersion, tmp_path: Path) -> None:
    book = filed(tmp_path)
    audited(lake, tmp_path, book)
    whole = pq.read_table(tmp_path / "out" / "spared.parquet")
    run_audit(lake, book, tmp_path / "out", only=[RULE], now=NOW, since="last")
    told = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))
    assert told["rejudged"] == 0 and told["full_because"] == ""
    assert pq.read_table(tmp_path / "out" / "spared.parquet").equals(whole)
    run_audit(lake, BOOK, tmp_path / "out", only=[RULE], now=NOW, since="last")  # without the filing: judged anew
    assert pq.read_table(tmp_path / "out" / "findings.parquet").num_rows == 3


def test_verify_says_that_what_is_known_has_changed(lake: LakeVersion, tmp_path: Path) -> None:
    audited(lake, tmp_path, BOOK)
    findings = pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    then, now = Grounds(BOOK, BOOK, lake, lake), Grounds(BOOK, filed(tmp_path), lake, lake)
    verdicts = {f["feedetl_sn"]: v for f, v in zip(findings, verify(findings, then, now), strict=True)}
    assert (verdicts["1"].verdict, verdicts["2"].verdict, verdicts["2"].causes) == ("成立", "不再成立", ("knowledge",))


def test_the_kept_rulebook_holds_them(tmp_path: Path) -> None:
    book = filed(tmp_path)
    files = local_files(book, [BOOK.rules[RULE]])
    (tmp_path / "exemptions.csv").write_text(files["exemptions.csv"], encoding="utf-8")
    assert read_kept(tmp_path) == book.exemptions
    assert "exemptions.csv" not in local_files(book, [BOOK.rules["drug_child_only"]])
    assert book.pack_fingerprint([BOOK.rules[RULE]]) != BOOK.pack_fingerprint([BOOK.rules[RULE]])
    assert isinstance(book.exemptions[0], Exemption)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"to": ""}, "没有写 to"),
        ({"to": "2026-02-28"}, "日期倒了"),
        ({"to": "2029-03-05"}, "太长"),
        ({"approved_by": "张三"}, "同一人"),
        ({"approved_by": ""}, "没有写 approved_by"),
        ({"reason": ""}, "没有写 reason"),
        ({"person": ""}, "没有说豁免谁"),
        ({"rules": "no_such_rule"}, "规则不存在"),
        ({"number": "H1"}, "编号不存在"),
    ],
)
def test_what_cannot_stand_is_refused_and_nothing_is_written(tmp_path: Path, cells: dict[str, str], says: str) -> None:
    with pytest.raises(InputError) as refused:
        add_exemptions(tmp_path, BOOK, [FILED, FILED | cells], NOW)
    assert says in refused.value.what and refused.value.cure
    assert not (tmp_path / "exemptions.csv").exists()
