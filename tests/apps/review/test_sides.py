"""What a side may see: the same facts of the institution's own acts; of acts elsewhere date, kind and quantity; nobody else's secrets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.clues.models import Finding
from hengjian.apps.registry.models import Institution
from hengjian.apps.review.evidence import BillLine, Evidence, evidence_for, fund_parts
from hengjian.apps.review.models import Review
from hengjian.apps.review.sides import BUREAU, INSTITUTION, Facts, facts_for, sentence_for_institution
from hengjian.report.lines import Encounter, Line, evidence_of

from .conftest import HOSPITAL, OTHER

AT = datetime(2026, 3, 5, 9)
PERSON = "99010000002860240895"
SECRET = "秘密心脏支架"


def line(sn, role, stay, name="血气分析", code="002503070010000"):
    return Line(role, stay, sn, AT, code, name, Decimal(2), "次", Decimal(30), Decimal(60), Decimal(60))


def stay(number, place, diagnosis="湿疹"):
    return Encounter("在疑", number, place, AT, AT, diagnosis)


@pytest.fixture
def two_places(world) -> tuple[Review, Evidence]:
    """A finding about this hospital that rests on acts at another one as well."""
    lines = [{"mdtrt_id": "M1", "feedetl_sn": "1", "role": "在疑"}, {"mdtrt_id": "M2", "feedetl_sn": "9", "role": "对照"}]
    review = world.review(
        "answer",
        mdtrt_id="M1",
        feedetl_sn="1",
        psn_no=PERSON,
        message=f"「血气分析」和「{SECRET}」开在同一天（前次就诊 M2，{PERSON}），金额较低的一种在疑。",
        evidence=json.dumps(
            {"lines": lines, "encounters": [{"mdtrt_id": "M1"}, {"mdtrt_id": "M2"}], "persons": [PERSON],
             "values": {"item_name": "血气分析"}, "exempt_checked": ["退费已冲抵"]}
        ),
    )  # fmt: skip
    evidence = Evidence(
        (
            BillLine(line("1", "在疑", "M1"), Decimal(50), HOSPITAL),
            BillLine(line("2", "其他", "M1", "静脉输液"), Decimal(50), HOSPITAL),
            BillLine(line("9", "对照", "M2", SECRET, "C1899001"), Decimal(50), OTHER),
        ),
        (stay("M1", HOSPITAL), stay("M2", OTHER, "秘密诊断")),
    )
    return review, evidence


def said(facts: Facts) -> str:
    return json.dumps(dataclasses.asdict(facts), ensure_ascii=False, default=str)


def test_of_acts_elsewhere_the_institution_sees_date_kind_and_quantity_only(two_places):
    review, evidence = two_places
    facts = facts_for(INSTITUTION, review, evidence)
    text = said(facts)
    for secret in (SECRET, "C1899001", "M2", OTHER, "镜川市第二医院", "秘密诊断", PERSON):
        assert secret not in text, secret
    row = next(r for r in facts.rows if not r.own)
    assert (row.name, row.on, row.quantity, row.amount, row.fund, row.price, row.key) == (
        "外院医用耗材", "03-05", "2", None, None, None, "",
    )  # fmt: skip
    assert "外院的一种医用耗材" in facts.sentence and "（外院）" in facts.sentence
    bureau = said(facts_for(BUREAU, review, evidence))
    for known in (SECRET, "M2", "镜川市第二医院", "秘密诊断"):
        assert known in bureau
    assert PERSON not in bureau


def test_of_its_own_acts_it_sees_what_the_auditor_sees(two_places):
    review, evidence = two_places
    mine, theirs = facts_for(INSTITUTION, review, evidence), facts_for(BUREAU, review, evidence)
    assert [r for r in mine.rows if r.own] == [r for r in theirs.rows if r.own]
    assert [v for v in mine.visits if v.own] == [v for v in theirs.visits if v.own]
    same = ("number", "rule", "category", "is_certain", "person", "amount_total", "amount_inscope", "amount_fund", "spared",
            "articles", "points", "calculation", "mdtrt_id", "window")  # fmt: skip
    for name in same:
        assert getattr(mine, name) == getattr(theirs, name), name
    assert len(mine.rows) == len(theirs.rows)  # nothing is silently missing


def test_where_the_place_is_not_known_it_counts_as_elsewhere(two_places):
    review, evidence = two_places
    blind = Evidence(tuple(dataclasses.replace(row, place="") for row in evidence.lines), evidence.encounters[:1])
    assert SECRET not in said(facts_for(INSTITUTION, review, blind))


def test_without_the_data_version_nothing_leaks_and_the_sentence_says_so(two_places):
    review, _ = two_places
    facts = facts_for(INSTITUTION, review, Evidence(gone=True))
    assert facts.gone and SECRET not in said(facts) and "M2" not in said(facts)
    assert "「血气分析」" in facts.sentence and "「外院的一个项目」" in facts.sentence
    assert facts.sentence == sentence_for_institution(review)


def test_other_persons_of_a_group_are_for_the_bureau_alone_and_masked_there(world):
    members = [f"9901000000286024{n:04d}" for n in range(6)]
    review = world.review(
        "answer", grain="group", category="fraud", message="一个季度里有 6 人屡次在同一机构前后脚就诊，值得了解。",
        evidence=json.dumps({"lines": [{"mdtrt_id": "M1", "feedetl_sn": "1"}], "persons": members}), mdtrt_id="M1", feedetl_sn="1",
    )  # fmt: skip
    facts = facts_for(INSTITUTION, review, Evidence(gone=True))
    assert facts.members == () and not any(m in said(facts) for m in members)
    assert len(facts_for(BUREAU, review, Evidence(gone=True)).members) == 6
    assert not any(m in said(facts_for(BUREAU, review, Evidence(gone=True))) for m in members)


@pytest.mark.parametrize("category", ["fraud", "policy"])
def test_nothing_is_shown_before_a_person_sent_it(world, category):
    review = world.review("first", category=category)
    with pytest.raises(NotAllowed, match="没有送达"):
        facts_for(INSTITUTION, review, Evidence(gone=True))


def test_a_tip_behind_a_clue_is_not_seen_by_the_institution(world, client):
    review = world.review("answer")
    clue = review.finding.clue
    clue.source, clue.content, clue.source_number = "tip", "邻居举报", "JB-1"
    clue.save()
    client.force_login(world.cast["yibao"])
    page = client.get(f"/desk/{review.pk}/").content.decode()
    for word in ("举报", "JB-1", "优先级", clue.number):
        assert word not in page


# ---- every finding of a city with every planted wrong -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def audited(whole_lake, tmp_path_factory) -> Path:
    """A folder with the shared lake and its audit, the rules in shadow switched on."""
    from hengjian.engine.run import run_audit
    from hengjian.lake.versions import open_lake
    from hengjian.rulebook.loader import load_rulebook

    root = tmp_path_factory.mktemp("sides")
    (root / "lake").symlink_to(whole_lake)
    book = load_rulebook()
    active = {name: dataclasses.replace(rule, status="active") for name, rule in book.rules.items()}
    run_audit(open_lake(whole_lake), dataclasses.replace(book, rules=active), root / "out", now=datetime(2026, 11, 1))
    return root


def _findings(root: Path, world) -> Iterator[Finding]:
    """Two findings of each rule and grain, and every one that rests on several encounters."""
    seen: dict[tuple[str, str], int] = {}
    for row in pq.read_table(root / "out" / "findings.parquet").to_pylist():
        key = (row["rule_id"], row["grain"])
        several = len(evidence_of(row).get("encounters") or []) > 1
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 2 and not (several and seen[key] < 8):
            continue
        names = ("rule_id", "grain", "certainty", "rule_fingerprint", "amount_total", "amount_inscope", "amount_fund", "observed",
                 "threshold", "message", "law")  # fmt: skip
        values = {name: row[name] for name in names} | {
            name: row[name] or "" for name in ("psn_no", "mdtrt_id", "feedetl_sn", "atddr_no", "evidence", "knowledge_ref")
        }
        window = {n: row[n].replace(tzinfo=UTC) if row[n] else None for n in ("window_start", "window_end")}
        yield world.finding(
            institution=row["fixmedins_code"] or "",
            category="policy",
            rule_title=row["rule_id"],
            data_version=1,
            **values,
            **window,
        )


def _institutions(root: Path) -> None:
    from hengjian.lake.rows import rows_sql
    from hengjian.lake.versions import open_lake

    rows = duckdb.execute(
        f"SELECT fixmedins_code, fixmedins_name FROM {rows_sql(open_lake(root / 'lake'), 'institution')}"
    ).fetchall()
    Institution.objects.bulk_create(
        [Institution(code=code, name=f"{name}甲", kind="1", region_code="990102") for code, name in rows], ignore_conflicts=True
    )


def _two_places(root: Path, world) -> Iterator[Finding]:
    """Findings of the rules that compare institutions, set on real acts of persons who went to two of them, and of a group."""
    from hengjian.lake.rows import rows_sql
    from hengjian.lake.versions import open_lake

    visits = rows_sql(open_lake(root / "lake"), "encounter", ("psn_no", "mdtrt_id", "fixmedins_code", "begntime"))
    lines = rows_sql(open_lake(root / "lake"), "fee_line", ("mdtrt_id", "feedetl_sn", "hilist_name"))
    pairs = duckdb.execute(
        f"""SELECT a.psn_no, a.mdtrt_id, b.mdtrt_id, a.fixmedins_code, x.feedetl_sn, y.feedetl_sn, x.hilist_name, y.hilist_name
            FROM {visits} AS a JOIN {visits} AS b ON b.psn_no = a.psn_no AND b.fixmedins_code <> a.fixmedins_code
            JOIN {lines} AS x ON x.mdtrt_id = a.mdtrt_id JOIN {lines} AS y ON y.mdtrt_id = b.mdtrt_id AND y.hilist_name <> x.hilist_name
            ORDER BY ALL LIMIT 400"""
    ).fetchall()[::20]
    told = (
        ("overlapping_stays", "encounter", "本次住院与另一次住院（{b}）重叠 3 天，允许 1 天。"),
        ("visit_during_stay", "encounter", "住院（{b}）入院后第 2 天另有门诊就诊，基金为此支付。"),
        ("purchase_during_stay", "line", "住院（{b}）入院后第 2 天另有药店购药，基金为此支付。"),
        ("trace_code_reuse", "code", "「{x}」的追溯码 81234567890123456789 第 2 次用医保结算，前一次在就诊 {b}。"),
        ("duplicate_drug_group", "line", "同属一组的「{x}」和「{y}」开在同一天，金额较低的一种在疑。"),
        ("care_after_death", "person", "登记死亡 44 天后仍有就诊或购药，基金为此支付。"),
        ("drug_cost_share", "doctor", "本机构当月药费占全部费用的比例，与同级机构比较。"),
        ("daily", "day", "「{x}」当日在两家机构各收一次，前次就诊 {b}。"),
    )
    for n, (person, a, b, place, sn, other_sn, x, y) in enumerate(pairs):
        rule, grain, message = told[n % len(told)]
        evidence = {
            "lines": [{"mdtrt_id": a, "feedetl_sn": sn, "role": "在疑"}, {"mdtrt_id": b, "feedetl_sn": other_sn, "role": "对照"}],
            "encounters": [{"mdtrt_id": a, "role": "在疑"}, {"mdtrt_id": b, "role": "对照"}],
            "values": {"item_name": x}, "exempt_checked": ["全自费不计"],
        }  # fmt: skip
        yield world.finding(
            institution=place, rule_id=rule, grain=grain, category="fraud", psn_no=person, mdtrt_id=a, feedetl_sn=sn,
            message=message.format(b=b, x=x, y=y), evidence=json.dumps(evidence), data_version=1,
        )  # fmt: skip


def test_every_kind_of_finding_is_rendered_for_both_sides(world, audited, settings):
    settings.LAKE = audited / "lake"
    _institutions(audited)
    grains, elsewhere, own_rows = set(), 0, 0
    for finding in [*_findings(audited, world), *_two_places(audited, world)]:
        review = Review(pk=finding.pk, finding=finding, institution_code=finding.institution_code, sent_at=world.now)
        evidence = evidence_for(finding)
        assert not evidence.gone
        mine, theirs = facts_for(INSTITUTION, review, evidence), facts_for(BUREAU, review, evidence)
        grains.add(finding.grain)
        assert [r for r in mine.rows if r.own] == [r for r in theirs.rows if r.own]
        assert [v for v in mine.visits if v.own] == [v for v in theirs.visits if v.own]
        assert (mine.articles, mine.points, mine.spared, mine.calculation) == (
            theirs.articles, theirs.points, theirs.spared, theirs.calculation,
        )  # fmt: skip
        own_rows += sum(r.own for r in mine.rows)
        text = said(mine)
        if finding.psn_no:
            assert finding.psn_no not in text
        if finding.institution_code:
            for visit in evidence.encounters:
                if visit.fixmedins_code != finding.institution_code:
                    elsewhere += 1
                    assert visit.mdtrt_id not in text and visit.fixmedins_code not in text
                    name = Institution.objects.get(code=visit.fixmedins_code).name
                    assert name not in text and name in said(theirs)
            own_names = {r.line.name for r in evidence.lines if r.place == finding.institution_code}
            for row in evidence.lines:
                if row.place != finding.institution_code and row.line.name not in own_names:
                    assert row.line.name not in text
            assert mine.members == ()
        assert mine.articles and all(a.says for a in mine.articles)
    assert grains >= {"line", "encounter", "day", "person", "doctor", "institution", "code"}, grains
    assert own_rows > 100 and elsewhere >= 15, (own_rows, elsewhere)


def test_the_funds_parts_of_the_lines_are_those_of_the_finding(world, audited, settings):
    """A finding about one whole line has as much to take as it says the fund paid; one about a part of it has at least that."""
    settings.LAKE = audited / "lake"
    rows = [f for f in _findings(audited, world) if f.grain == "line" and f.amount_fund > 0]
    parts = fund_parts(rows)
    assert len(rows) > 20
    for finding in rows:
        assert sum(p.fund_paid for p in parts[finding.pk]) >= finding.amount_fund, finding.rule_id
    assert any(sum(p.fund_paid for p in parts[f.pk]) == f.amount_fund for f in rows)


def test_a_finding_about_a_stay_rests_on_its_lines(world, audited, settings):
    settings.LAKE = audited / "lake"
    stays = [f for f in _findings(audited, world) if f.grain == "encounter" and f.amount_fund > 0]
    parts = fund_parts(stays)
    assert stays and all(len(parts[f.pk]) >= 1 and sum(p.fund_paid for p in parts[f.pk]) >= f.amount_fund for f in stays)
