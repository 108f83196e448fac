"""Coverage of the national edition: every rule is somewhere, states follow from what is there, points are counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hengjian.engine.coverage import STATES, coverage, judge_all, tables_read
from hengjian.kernel.dates import Period, day_number
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

from ..lake.folder import load, make_folder, write_csv

BOOK = load_rulebook()
ON = day_number(date(2026, 11, 1))


def state(book, seq, lake=None):  # type: ignore[no-untyped-def]
    return next(c for c in coverage(book, ON, lake).rules if c.national.seq == seq)


def test_the_edition_has_88_rules_and_nine_without_a_code():
    assert [n.seq for n in BOOK.catalogue] == list(range(1, 89))
    assert [n.seq for n in BOOK.catalogue if not n.official_code] == [13, 29, 30, 31, 47, 76, 77, 87, 88]
    assert {r.national for r in BOOK.rules.values() if r.rule_id in ("internet_excluded_drug", "service_cycle_limit")} == {
        47,
        31,
    }


def test_every_national_rule_is_in_one_state():
    found = coverage(BOOK, ON)
    assert len(found.rules) == sum(found.counts.values()) == 88 and set(found.counts) == set(STATES)


def test_a_retired_rule_covers_nothing_and_a_shadow_is_no_active_rule():
    for status, expected in (("active", "active"), ("shadow", "shadow"), ("retired", "not_yet")):
        rule = replace(BOOK.rules["split_admission"], status=status)
        assert state(replace(BOOK, rules=BOOK.rules | {"split_admission": rule}), 49).state == expected


def test_knowledge_out_of_force_is_lacking():
    rows = tuple(replace(r, period=Period(r.period.start, ON)) for r in BOOK.knowledge["drug_sex_limit"])
    lacking = state(replace(BOOK, knowledge=BOOK.knowledge | {"drug_sex_limit": rows}), 67)
    assert (lacking.state, lacking.missing) == ("needs_knowledge", ("drug_sex_limit",))
    assert state(BOOK, 14).state == "needs_knowledge"  # prices travel with the data


def test_an_empty_table_is_named(tmp_path):
    load(make_folder(tmp_path / "in"), tmp_path / "lake")
    lake = open_lake(tmp_path / "lake")
    assert (state(BOOK, 43, lake).state, state(BOOK, 43, lake).missing) == ("needs_data", ("stock_change",))
    assert state(BOOK, 39, lake).missing == ("operation",) and state(BOOK, 67, lake).state == "active"


def test_only_what_the_folded_text_reads_is_called_lacking(tmp_path):
    load(make_folder(tmp_path / "in"), tmp_path / "lake")
    lake, judged = open_lake(tmp_path / "lake"), judge_all(BOOK, ON, open_lake(tmp_path / "lake"))
    assert {s for s, _ in judged.values()} >= {"active", "needs_data", "needs_knowledge"}
    for rule_id, (said, missing) in judged.items():
        if said in ("active", "needs_data"):
            read = tables_read(BOOK, BOOK.rules[rule_id])
            assert missing == tuple(t for t in read if not lake.rows(f"rule_{t}")), rule_id


def test_a_rule_reads_what_its_settings_leave():
    assert tables_read(BOOK, BOOK.rules["drug_sex_limit"]) == ()
    assert tables_read(BOOK, BOOK.rules["diagnosis_sex"]) == ("diagnosis",)


def test_points_are_named_things_and_codes_are_rows():
    found = coverage(BOOK, ON)
    row = BOOK.knowledge["drug_sex_limit"][0]
    more = replace(row, kid="x", values=row.values | {"code": "XZ99"})
    other = coverage(
        replace(BOOK, knowledge=BOOK.knowledge | {"drug_sex_limit": (*BOOK.knowledge["drug_sex_limit"], more)}), ON
    )
    drug, then = (next(p for p in c.by_group if p.heading == "药品目录依从性") for c in (other, found))
    assert (drug.points - then.points, drug.rows - then.rows) == (0, 1)
    assert sum(p.rows for p in found.by_family) == sum(p.rows for p in found.by_group)


def test_chronic_diseases_with_a_drug_list_are_points(tmp_path):
    listed = [
        {
            "dise_codg": dise,
            "dise_name": dise,
            "med_list_codg": drug,
            "hilist_name": "",
            "valid_from": "2026-01-01",
            "valid_to": end,
        }
        for dise, drug, end in (("M1", "XA1", ""), ("M1", "XA2", ""), ("M2", "XA1", ""), ("M3", "XA1", "2026-11-01"))
    ]
    folder = make_folder(tmp_path / "in")
    write_csv(folder / "knowledge" / "chronic_drug.csv", listed)
    load(folder, tmp_path / "lake")
    found = coverage(BOOK, ON, open_lake(tmp_path / "lake"))
    (disease,) = [p for p in found.by_group if p.heading == "慢病病种监管"]
    assert (disease.points, disease.rows) == (2, 3)
