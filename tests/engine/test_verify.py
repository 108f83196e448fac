"""Verify: a finding holds until its rule, its knowledge or its data changes, and then the one that changed is named."""

import pyarrow.parquet as pq
import pytest

from hengjian.engine.pack import PACK, open_pack, write_pack
from hengjian.engine.run import run_audit
from hengjian.engine.verify import CHANGED, GONE, HOLDS, LOST, Grounds, verify
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.loader import SHIPPED

from ..books import change, copy_rulebook
from ..lake.folder import NOW, load, make_folder, row, write_csv

BED = {
    "med_list_codg": "001102000050000",
    "hilist_name": "住院诊查费",
    "cnt": "3",
    "pric": "20",
    "det_item_fee_sumamt": "60",
    "inscp_scp_amt": "60",
}
RULE = "service_daily_limit"


@pytest.fixture
def audited(tmp_path):
    """A lake in which three days' worth of one daily item were charged on one day, its audit, and the one finding."""
    folder = make_folder(tmp_path / "in", fee_line=[row("fee_line", **BED)])
    load(folder, tmp_path / "lake")
    run_audit(open_lake(tmp_path / "lake"), load_rulebook(), tmp_path / "out", now=NOW)
    (finding,) = [f for f in pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist() if f["rule_id"] == RULE]
    return tmp_path, finding


def judged(audited, book=None, version=None):
    root, finding = audited
    lake = root / "lake"
    with open_pack(root / "out" / PACK) as old:
        then = Grounds(old, old, open_lake(lake, 1), open_lake(lake, 1))
        current = book or load_rulebook()
        data = open_lake(lake, version)
        (verdict,) = verify([finding], then, Grounds(current, current, data, data))
    return verdict


def changed_book(tmp_path, file, old, new):
    folder = copy_rulebook(tmp_path / "book")
    change(folder / file, old, new)
    return load_rulebook(folder)


def test_a_finding_holds_while_nothing_changes(audited):
    assert judged(audited).verdict == HOLDS


def test_a_changed_setting_is_named(audited, tmp_path):
    verdict = judged(
        audited,
        changed_book(
            tmp_path, "rules/policy/service_daily_limit.yml", "settings: {per: day}", "settings: {per: day, measure: days}"
        ),
    )
    assert (verdict.verdict, verdict.causes) == (GONE, ("rule",))
    assert "per=day → per=day，measure=days" in "".join(verdict.details)


def test_a_changed_family_text_is_named(audited, tmp_path):
    verdict = judged(
        audited, changed_book(tmp_path, "families/cap.sql", "WHERE t.used > t.max_n", "WHERE t.used > 9 * t.max_n")
    )
    assert (verdict.verdict, verdict.causes, verdict.details) == (GONE, ("rule",), ("规则的族的 SQL变了",))


def test_a_changed_article_is_named(audited, tmp_path):
    book = changed_book(tmp_path, "rules/policy/service_daily_limit.yml", "第三十八条第三项", "第十五条")
    verdict = judged(audited, book)
    assert (verdict.verdict, verdict.causes) == (CHANGED, ("rule",))
    assert "第三十八条第三项" in verdict.details[0] and "第十五条" in verdict.details[0]


def test_a_changed_knowledge_row_is_named(audited, tmp_path):
    source = (SHIPPED / "knowledge/service_daily_limit.csv").read_text(encoding="utf-8")
    line = next(x for x in source.splitlines() if "001102000050000" in x)
    cells = line.split(",")
    place = source.splitlines()[0].split(",").index("max_value")
    looser = ",".join([*cells[:place], "5", *cells[place + 1 :]])
    verdict = judged(audited, changed_book(tmp_path, "knowledge/service_daily_limit.csv", line, looser))
    assert (verdict.verdict, verdict.causes) == (GONE, ("knowledge",))
    assert "max_value 1 → 5" in verdict.details[0]


def test_a_corrected_line_is_named(audited):
    root, _ = audited
    folder = root / "later"
    write_csv(
        folder / "fee_line.csv", [row("fee_line", **BED | {"cnt": "2", "det_item_fee_sumamt": "40", "inscp_scp_amt": "40"})]
    )
    load(folder, root / "lake")
    verdict = judged(audited)
    assert (verdict.verdict, verdict.causes) == (CHANGED, ("data",))
    assert "3 60.00 60.00 → 2 40.00 40.00" in "".join(verdict.details)
    assert judged(audited, version=1).verdict == HOLDS


def test_two_changes_are_both_named(audited, tmp_path):
    root, _ = audited
    write_csv(
        root / "later" / "fee_line.csv",
        [row("fee_line", **BED | {"cnt": "1", "det_item_fee_sumamt": "20", "inscp_scp_amt": "20"})],
    )
    load(root / "later", root / "lake")
    book = changed_book(
        tmp_path, "rules/policy/service_daily_limit.yml", "settings: {per: day}", "settings: {per: day, measure: days}"
    )
    assert judged(audited, book).causes == ("rule", "data")


def test_a_finding_that_cannot_be_made_again_is_lost(audited):
    root, finding = audited
    assert judged((root, finding | {"amount_total": finding["amount_total"] * 2})).verdict == LOST


def test_the_pack_depends_on_its_content_only(tmp_path):
    book = load_rulebook()
    rules = list(book.rules.values())
    for name in ("a.zip", "b.zip"):
        write_pack(tmp_path / name, book, rules)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with open_pack(tmp_path / "a.zip") as again:
        assert {n: again.fingerprint(r) for n, r in again.rules.items()} == {r.rule_id: book.fingerprint(r) for r in rules}


def test_without_a_pack_there_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="没有留下"), open_pack(tmp_path / PACK):
        pass
