from __future__ import annotations

import hashlib
from decimal import Decimal

import duckdb
import pytest
from django.db.models import Sum

from hengjian.apps.clues.models import Clue, Finding, Series
from hengjian.apps.clues.services import arrive, recount, settle_findings
from hengjian.apps.journal.chain import sm3
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.runs.models import Run
from hengjian.engine.totals import grand_total
from hengjian.kernel.errors import InputError

pytestmark = pytest.mark.django_db
FINDINGS = 600


def test_findings_come_in_hand_grouped_into_clues(audits):
    audits.write(FINDINGS)
    counts = audits.arrive()
    assert counts["fresh"] == Finding.objects.count() == FINDINGS
    assert counts["clues"] == Clue.objects.count() > 20
    for clue in Clue.objects.filter(grouping="institution"):
        rows = clue.findings.all()
        assert {(r.institution_code, r.rule_id, f"{r.window_start.astimezone(audits.now.tzinfo):%Y-%m}") for r in rows} == {
            (clue.institution.code, clue.rule_id, clue.month)
        }
        assert clue.region_code == clue.institution.region_code
    by_person = Clue.objects.filter(grouping="person")
    assert by_person.count() > 2
    for clue in by_person:
        assert {(r.psn_no, r.category) for r in clue.findings.all()} == {(clue.psn_no, "fraud")}


def test_a_finding_in_hand_is_what_the_audit_said(audits):
    audits.write(FINDINGS)
    audits.arrive()
    columns = "finding_id, rule_id, psn_no, atddr_no, amount_total, amount_inscope, amount_fund, observed, message, evidence, window_start"
    path = str(audits.folder / "findings.parquet")
    for row in duckdb.execute(f"SELECT {columns} FROM read_parquet(?) LIMIT 50", [path]).fetchall():
        kept = Finding.objects.get(finding_id=row[0])
        window = kept.window_start.astimezone(audits.now.tzinfo).replace(tzinfo=None)
        assert (kept.rule_id, kept.psn_no, kept.atddr_no, kept.amount_total, kept.amount_inscope) == row[1:6]
        assert (kept.amount_fund, kept.observed, kept.message, kept.evidence, window) == row[6:]
        assert kept.data_version == 1 and kept.rule_title.startswith("样例规则")


def test_a_second_audit_changes_nothing_in_hand(audits):
    audits.write(FINDINGS)
    audits.arrive()
    before = list(Finding.objects.order_by("pk").values()), list(Clue.objects.order_by("pk").values())
    path = audits.folder / "findings.parquet"
    duckdb.execute(
        f"""COPY (SELECT * REPLACE (CAST(amount_fund + 5 AS DECIMAL(16,2)) AS amount_fund, '改过的句子' AS message, '2' AS data_version)
            FROM read_parquet('{path}') ORDER BY finding_id) TO '{path}.new' (FORMAT parquet)"""
    ).fetchall()
    path.with_suffix(".parquet.new").replace(path)
    assert audits.arrive() == {"fresh": 0, "clues": 0, "withdrawn": 0, "returned": 0, "settled_gone": 0}
    assert (list(Finding.objects.order_by("pk").values()), list(Clue.objects.order_by("pk").values())) == before


def test_numbers_run_without_a_gap(audits):
    audits.write(FINDINGS)
    audits.arrive()
    audits.write(FINDINGS + 400, version=2)
    audits.arrive()
    numbers = sorted(Clue.objects.values_list("number", flat=True))
    assert numbers == [f"XS-2026-{n:05d}" for n in range(1, len(numbers) + 1)]
    assert Series.objects.get().last == len(numbers)


def test_each_batch_is_in_the_journal_with_the_digest_of_its_ids(audits):
    audits.write(5000)
    audits.arrive()
    entries = list(Entry.objects.filter(event="findings.arrived").order_by("number"))
    assert len(entries) == 2
    ordered = list(Finding.objects.order_by("pk").values_list("finding_id", flat=True))
    first = int(entries[0].summary.split()[1])
    assert sm3("\n".join(ordered[:first]).encode()) in entries[0].detail
    assert sm3("\n".join(ordered[first:]).encode()) in entries[1].detail
    assert verify().whole


def test_totals_over_clues_count_each_line_once(audits):
    audits.write(FINDINGS)
    audits.arrive()
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW found AS SELECT * FROM read_parquet('{audits.folder / 'findings.parquet'}')")
        told = grand_total(con, "found")
    sums = Clue.objects.aggregate(n=Sum("findings_count"), counted=Sum("counted_fund"), own=Sum("amount_fund"))
    assert sums["n"] == told["findings"]
    assert sums["counted"].quantize(Decimal("0.01")) == told["amount_fund"]
    assert sums["own"] > sums["counted"]  # two rules found the same lines


def test_a_clues_own_money_counts_a_line_once(audits):
    audits.write(FINDINGS)
    audits.arrive()
    clue = next(c for c in Clue.objects.filter(grouping="institution") if c.findings.filter(grain="line").count() > 3)
    one, other = clue.findings.filter(grain="line").order_by("-amount_fund")[:2]
    before = clue.amount_fund
    Finding.objects.filter(pk=other.pk).update(psn_no=one.psn_no, mdtrt_id=one.mdtrt_id, feedetl_sn=one.feedetl_sn)
    recount()
    clue.refresh_from_db()
    assert clue.amount_fund == before - other.amount_fund
    assert clue.findings_count == clue.findings.count()


def test_what_no_audit_finds_is_withdrawn_with_its_reason(audits):
    audits.write(FINDINGS)
    audits.arrive()
    audits.write(FINDINGS, version=2, without="n < 100")
    counts = audits.arrive()
    gone = Finding.objects.filter(state="withdrawn")
    assert counts["withdrawn"] == gone.count() == 100
    assert {f.state_reason for f in gone} == {"数据更正后不再成立"} and all(f.gone_at for f in gone)
    assert Finding.objects.count() == FINDINGS
    for clue in Clue.objects.all():
        standing = clue.findings.filter(state="in_hand")
        assert (clue.state == "closed") == (not standing.exists())
        assert clue.findings_count == standing.count()
    assert Clue.objects.filter(state="closed", closed_reason="疑点已全部决定或撤下").count() >= 8
    assert Entry.objects.filter(event="findings.withdrawn").exists()
    assert audits.arrive()["withdrawn"] == 0


def test_what_comes_back_is_in_hand_again_and_its_clue_open(audits):
    audits.write(FINDINGS)
    audits.arrive()
    whole = list(Finding.objects.order_by("pk").values_list("finding_id", "state", "amount_fund"))
    sums = list(Clue.objects.order_by("pk").values_list("number", "state", "findings_count", "amount_fund", "counted_fund"))
    audits.write(FINDINGS, version=2, without="n < 100")
    audits.arrive()
    audits.write(FINDINGS, version=3)
    assert audits.arrive()["returned"] == 100
    assert list(Finding.objects.order_by("pk").values_list("finding_id", "state", "amount_fund")) == whole
    assert (
        list(Clue.objects.order_by("pk").values_list("number", "state", "findings_count", "amount_fund", "counted_fund"))
        == sums
    )
    assert Entry.objects.filter(event="clue.reopened").exists() and verify().whole


def test_a_decided_finding_that_vanishes_is_left_to_a_person(audits):
    audits.write(FINDINGS)
    audits.arrive()
    decided = list(Finding.objects.all()[:3])
    settle_findings(findings=decided, reasons={f.pk: "扣减" for f in decided}, by="测试", at=audits.now)
    ids = ", ".join(f"'{f.finding_id}'" for f in decided)
    audits.write(FINDINGS, version=2, without=f"finding_id IN ({ids})")
    counts = audits.arrive()
    assert (counts["withdrawn"], counts["settled_gone"]) == (0, 3)
    for finding in Finding.objects.filter(pk__in=[f.pk for f in decided]):
        assert finding.state == "settled" and finding.gone_at and "须人工处理" in finding.state_reason
    assert audits.arrive()["settled_gone"] == 0  # told once
    audits.write(FINDINGS, version=3)
    audits.arrive()
    assert not Finding.objects.filter(gone_at__isnull=False).exists()


def test_a_rule_that_did_not_run_withdraws_nothing(audits):
    audits.write(FINDINGS)
    audits.arrive()
    audits.write(FINDINGS, version=2, without="rule_id = 'made_05'")
    (audits.folder / "withdrawn.parquet").unlink()  # an audit of some rules only into a fresh folder
    rules = (audits.folder / "rules.csv").read_text(encoding="utf-8").splitlines()
    (audits.folder / "rules.csv").write_text(
        "\n".join(r for r in rules if not r.startswith("made_05,")) + "\n", encoding="utf-8"
    )
    assert audits.arrive()["withdrawn"] == 0
    (audits.folder / "rules.csv").write_text("\n".join(rules) + "\n", encoding="utf-8")
    assert audits.arrive()["withdrawn"] == Finding.objects.filter(rule_id="made_05").count() > 0


def test_a_rule_put_back_into_shadow_withdraws_its_findings_and_says_why(audits):
    audits.write(FINDINGS)
    audits.arrive()
    audits.write(FINDINGS, version=2, without="rule_id = 'made_05'")
    (audits.folder / "withdrawn.parquet").unlink()  # every audit of the office has a folder of its own
    rules = audits.folder / "rules.csv"
    lines = rules.read_text(encoding="utf-8").splitlines()
    rules.write_text(
        "\n".join(r.replace(",active,", ",shadow,") if r.startswith("made_05,") else r for r in lines) + "\n", encoding="utf-8"
    )
    audits.arrive()
    assert {f.state_reason for f in Finding.objects.filter(rule_id="made_05", state="withdrawn")} == {
        "规则或知识改动后不再成立"
    }
    assert not Finding.objects.exclude(rule_id="made_05").filter(state="withdrawn").exists()


def test_late_findings_join_their_clue_and_open_it_again(audits):
    audits.write(FINDINGS, without="n = 13")
    audits.arrive()
    clue = Finding.objects.get(finding_id=hashlib.sha256(b"made-14").hexdigest()).clue
    mine = list(clue.findings.all())
    settle_findings(
        findings=mine, reasons={f.pk: "不扣" for f in mine}, by="测试", at=audits.now, upheld={f.pk: False for f in mine}
    )
    clue.refresh_from_db()
    assert clue.state == "closed"
    audits.write(FINDINGS, version=2)
    assert audits.arrive() == {"fresh": 1, "clues": 0, "withdrawn": 0, "returned": 0, "settled_gone": 0}
    clue.refresh_from_db()
    assert clue.state == "new" and clue.findings.filter(state="in_hand").count() == 1
    assert clue.findings_count == len(mine) + 1 and clue.closed_at is None


def test_an_older_audit_is_refused(audits):
    audits.write(50, version=4)
    audits.arrive()
    audits.write(50, version=3)
    with pytest.raises(InputError, match="比在办的疑点旧"):
        audits.arrive()


def test_results_that_are_not_whole_are_refused(audits, tmp_path, now):
    audits.write(50)
    (audits.folder / "rules.csv").unlink()
    with pytest.raises(InputError, match="读不出"):
        audits.arrive()
    run = Run.objects.create(kind="arrive", title="疑点入库", queued_at=now)
    with pytest.raises(InputError, match="读不出"):
        arrive(run, tmp_path / "nowhere", tmp_path, "测试", now, lambda share, step: None)
    assert not Finding.objects.exists()


def test_two_arrivals_at_once_double_nothing(audits):
    """The first one finds that another's findings came in between two of its batches, and stops."""
    audits.write(5000)
    others = []

    def between(share: float, step: str) -> None:
        if share > 0.1 and not others:
            others.append(0)
            others[0] = audits.arrive()["fresh"]

    with pytest.raises(InputError, match="另一次入库"):
        audits.arrive(between)
    assert 0 < others[0] < Finding.objects.count() == 5000
    assert Series.objects.get().last == Clue.objects.count()


def test_progress_goes_up_to_the_end(audits):
    audits.write(5000)
    told: list[tuple[float, str]] = []
    audits.arrive(lambda share, step: told.append((share, step)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[-1] == 1.0 and any("/ 5,000 条" in step for _, step in told)


def test_an_unknown_institution_is_named_by_its_code(audits, institutions):
    institutions[0].delete()
    audits.write(FINDINGS)
    audits.arrive()
    clue = Clue.objects.filter(grouping="institution", institution=None).first()
    assert institutions[0].code in clue.title and clue.region_code == "990100"
