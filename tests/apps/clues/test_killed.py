"""A process killed while findings come in has lost nothing and doubled nothing: the next arrival ends what it began."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from django.db import connection
from django.db.models import Sum

from hengjian.apps.clues.models import Clue, Finding, Series
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.engine.totals import grand_total

ROOT = Path(__file__).parents[3]
FINDINGS = 28_000
_WORKER = """
import sys
import django
from django.db import connections
django.setup()
connections.databases["default"]["NAME"] = sys.argv[1]
from datetime import datetime
from pathlib import Path
from hengjian.apps.clues.services import arrive
from hengjian.apps.runs.models import Run
def progress(share, step):
    sys.stdout.write(f"{share} {step}\\n")
    sys.stdout.flush()
arrive(Run.objects.get(pk=int(sys.argv[2])), Path(sys.argv[3]), Path("lake"), "疑点入库", datetime.fromisoformat(sys.argv[4]), progress)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kills", [(1, 1, 2)])
def test_a_killed_arrival_is_ended_by_the_next(audits, now, kills):
    from hengjian.apps.runs.models import Run

    audits.write(FINDINGS)
    run = Run.objects.create(kind="arrive", title="疑点入库", queued_at=now)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.office_settings", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-c", _WORKER, name, str(run.pk), str(audits.folder), now.isoformat()]
    seen = 0
    for batches in kills:
        worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        done = 0
        for line in worker.stdout:
            done += "入库 " in line
            if done == batches:
                break
        time.sleep(0.03 * batches)  # into the next batch
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        count = Finding.objects.count()
        assert seen < count < FINDINGS, "it was killed in the middle, and what the ones before brought is still there"
        seen = count
        assert Clue.objects.count() == Series.objects.get().last
        assert Entry.objects.filter(event="findings.arrived").count() >= batches
    counts = audits.arrive()
    assert counts["fresh"] == FINDINGS - seen
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW found AS SELECT * FROM read_parquet('{audits.folder / 'findings.parquet'}')")
        told = grand_total(con, "found")
        ids = {i for (i,) in con.execute("SELECT finding_id FROM found").fetchall()}
    assert set(Finding.objects.values_list("finding_id", flat=True)) == ids and Finding.objects.count() == FINDINGS
    numbers = sorted(Clue.objects.values_list("number", flat=True))
    assert numbers == [f"XS-2026-{n:05d}" for n in range(1, len(numbers) + 1)]
    sums = Clue.objects.aggregate(n=Sum("findings_count"), fund=Sum("counted_fund"))
    assert (sums["n"], round(sums["fund"], 2)) == (FINDINGS, told["amount_fund"])
    assert verify().whole
