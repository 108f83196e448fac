"""How long a batch of ten thousand certain findings takes, from the press of the button to the last journal entry.

Run: `python -m bench.office_batch [--rows 10000]`; with DATABASE_URL it measures that database (an empty one), else SQLite in a
temporary folder, with the settings an office has (WAL, full sync).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from datetime import date
from decimal import Decimal

TARGET = 10.0
"""Seconds for ten thousand lines."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="hengjian-bench-") as home:
        os.environ["HENGJIAN_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "hengjian.web.settings"
        import django

        django.setup()
        print(json.dumps(measure(rows), ensure_ascii=False, indent=1))  # noqa: T201


def measure(rows: int) -> dict[str, object]:
    """Seconds of wall and CPU of each part."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from hengjian.apps.review import services
    from hengjian.apps.review.models import Batch, Review

    call_command("migrate", verbosity=0)
    people = _world(rows)
    taken: dict[str, object] = {"database": connection.vendor, "rows": rows, "load": round(os.getloadavg()[0], 2)}

    def clock(name: str, work):
        wall, cpu = time.perf_counter(), _cpu()
        answer = work()
        taken[name] = {"seconds": round(time.perf_counter() - wall, 2), "cpu": round(_cpu() - cpu, 2)}
        return answer

    first = people["chushen"]
    clock("open", lambda: services.take(by=first, at=timezone.now(), most=rows))
    batch = clock(
        "draw",
        lambda: services.draw_batch(
            step="first",
            review_ids=list(Review.objects.values_list("pk", flat=True)),
            outcome="deduct",
            reason="超出频次，事实清楚",
            by=first,
            at=timezone.now(),
        ),
    )
    for pk in batch.sample:
        services.open_sample(batch=batch, review=Review.objects.get(pk=pk), by=first, at=timezone.now())
    services.start_batch(batch=batch, by=first, at=timezone.now())
    clock("propose", lambda: services.run_batch(batch_id=batch.pk, at=timezone.now))
    assert Review.objects.filter(state="answer").count() == rows
    clock("undo", lambda: services.undo_batch(batch=Batch.objects.get(pk=batch.pk), by=first, at=timezone.now()))
    assert Review.objects.filter(state="first").count() == rows
    propose = taken["propose"]
    assert isinstance(propose, dict)
    taken["target"] = f"{TARGET} s for 10,000: {'met' if propose['seconds'] <= TARGET * rows / 10_000 else 'MISSED'}"
    return taken


def _world(rows: int) -> dict[str, object]:
    from django.utils import timezone

    from hengjian.apps.clues.models import Clue, Finding
    from hengjian.apps.runs.models import Run
    from hengjian.web.cast import make_cast

    now = timezone.now()
    code = "H99010200001"
    cast = make_cast(at=now, since=date(2026, 1, 1), name="某市医疗保障局", institution_code=code, institution_name="某医院")
    run = Run.objects.create(kind="audit", title="审计", state="done", queued_at=now, ended_at=now)
    clue = Clue.objects.create(
        number="XS1", source="audit", grouping="institution", group_key="1", title="限定频次", region_code="990100",
        found_on=now.date(), state="in_hand", assignee=cast["chushen"], assigned_at=now, registered_at=now,
    )  # fmt: skip
    Finding.objects.bulk_create(
        [
            Finding(
                finding_id=f"{n:064x}", clue=clue, first_run=run, rule_id="service_cycle_limit", rule_title="周期超频次",
                category="policy", grain="line", certainty="certain", rule_fingerprint="f" * 64, data_version=1,
                institution_code=code, region_code="990102", psn_no=f"99{n:018d}", mdtrt_id=f"{n:018d}", feedetl_sn="1",
                amount_total=Decimal("102.00"), amount_inscope=Decimal("102.00"), amount_fund=Decimal("84.69"),
                message="「手功能评定」14 天内不超过 1 次，累计 4 次，超出部分在疑。", evidence="{}", law="第三十八条第六项",
                knowledge_ref="cycle-07", arrived_at=now,
            )
            for n in range(rows)
        ],
        batch_size=500,
    )  # fmt: skip
    return dict(cast.people)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
