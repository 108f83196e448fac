"""The office under load: findings coming in hand, and its lists, on SQLite and on PostgreSQL (DATABASE_URL).

    python -m bench.office arrive --findings 1000000      made-up findings into an empty office: rows a second, memory, others' waits
    python -m bench.office lists --findings 670000        queue, ledger and one clue: median and p95 of the page, queries

The office is made in a temporary folder and removed; on PostgreSQL in a database of its own. Times are wall seconds unless they say cpu, which
is this process alone: with SQLite all of the work, with PostgreSQL without its server's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any


@contextmanager
def office() -> Iterator[Path]:
    """An empty office of its own, Django set up."""
    home = Path(tempfile.mkdtemp(prefix="hengjian-bench-"))
    os.environ["HENGJIAN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "hengjian.web.settings"
    os.environ.setdefault("SECRET_KEY", "bench only")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.ALLOWED_HOSTS.append("testserver")
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True) if connection.vendor == "postgresql" else ""
    if not name:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    try:
        yield home
    finally:
        if name:
            connection.creation.destroy_test_db(settings.DATABASES["default"]["NAME"], verbosity=0)
        shutil.rmtree(home, ignore_errors=True)


def _fill(home: Path, findings: int, institutions: int) -> dict[str, Any]:
    """Cast, institutions, made-up findings in hand."""
    from django.utils import timezone

    from bench.made_up import write_results
    from hengjian.apps.clues.services.arrival import arrive
    from hengjian.apps.registry.models import Institution
    from hengjian.apps.runs.models import Run
    from hengjian.web.cast import make_cast

    now = datetime.now(UTC)
    cast = make_cast(
        at=now, since=date(2026, 1, 1), name="样例市医疗保障局", institution_code="H99010000001", institution_name="样例医院"
    )
    Institution.objects.bulk_create(
        Institution(code=f"H9901{n:07d}", name=f"样例医院 {n}", kind="医院", level="二级", region_code=f"9901{n % 9 + 1:02d}")
        for n in range(institutions)
    )
    results = home / "results"
    write_results(results, findings, institutions=institutions)
    waits: list[float] = []
    stop = threading.Event()
    other = threading.Thread(target=_somebody_else, args=(waits, stop))
    other.start()
    run = Run.objects.create(kind="arrive", title="疑点入库", queued_at=now)
    began, cpu = time.perf_counter(), time.process_time()
    try:
        counts = arrive(run, results, home / "lake", "量速度", timezone.now(), lambda share, step: None)
    finally:
        stop.set()
        other.join()
    seconds = time.perf_counter() - began
    return {
        "cast": cast,
        "counts": counts,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "rows_per_second": round(findings / seconds),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "other_writer_median_ms": round(1000 * statistics.median(waits)) if waits else None,
        "other_writer_worst_ms": round(1000 * max(waits)) if waits else None,
    }


def _somebody_else(waits: list[float], stop: threading.Event) -> None:
    """A colleague who writes the journal twice a second meanwhile, and how long that takes."""
    from django.db import connection, transaction

    from hengjian.apps.journal.services import record

    try:
        while not stop.wait(0.5):
            began = time.perf_counter()
            with transaction.atomic():
                record(by="同事", at=datetime.now(UTC), event="bench", subject="bench:1", summary="记一笔")
            waits.append(time.perf_counter() - began)
    finally:
        connection.close()


def arrive_bench(options: argparse.Namespace) -> dict[str, Any]:
    """Findings into an empty office, then the same results again."""
    with office() as home:
        from django.db import connection
        from django.utils import timezone

        from hengjian.apps.clues.models import Clue, Finding
        from hengjian.apps.clues.services.arrival import arrive
        from hengjian.apps.runs.models import Run

        told = _fill(home, options.findings, options.institutions)
        told.pop("cast")
        run = Run.objects.create(kind="arrive", title="再入库", queued_at=timezone.now())
        began = time.perf_counter()
        again = arrive(run, home / "results", home / "lake", "量速度", timezone.now(), lambda share, step: None)
        return {
            "database": connection.vendor,
            "findings": Finding.objects.count(),
            "clues": Clue.objects.count(),
            **told,
            "again_seconds": round(time.perf_counter() - began, 1),
            "again": again,
            "load": round(os.getloadavg()[0], 2),
        }


PAGES = (
    ("线索列表", "/clues/"),
    ("按金额排序", "/clues/?sort=-amount"),
    ("按区县和类别", "/clues/?region=990103&category=fraud"),
    ("关键词", "/clues/?q=样例医院 17"),
    ("最后一页", "/clues/?page=99999"),
    ("问题台账", "/clues/ledger/"),
    ("一条线索", "/clues/{pk}/"),
    ("调度台", "/board/"),
    ("工作台", "/"),
    ("搜索疑点编号", "/search/?q={finding}"),
    ("搜索机构", "/search/?q=样例医院 33"),
)
"""Pages that are measured, each as the supervisor sees it."""


def lists_bench(options: argparse.Namespace) -> dict[str, Any]:
    """The pages over so many findings: median and 95th percentile in ms, and queries. In one process, one after another."""
    with office() as home:
        from django.core.management import call_command
        from django.db import connection
        from django.test import Client
        from django.test.utils import CaptureQueriesContext
        from django.utils import timezone

        from hengjian.apps.clues.models import Clue, Finding
        from hengjian.apps.clues.services import take_next

        call_command("collectstatic", interactive=False, verbosity=0)
        cast = _fill(home, options.findings, options.institutions)["cast"]
        for _ in range(200):
            take_next(by=cast["chushen"], at=timezone.now())
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")  # what autovacuum does within minutes after an arrival
        client = Client()
        client.force_login(cast["kezhang"], backend="django.contrib.auth.backends.ModelBackend")
        keys = list(Clue.objects.order_by("-findings_count").values_list("pk", flat=True)[: options.times])
        ids = list(Finding.objects.order_by("pk").values_list("finding_id", flat=True)[: options.times])
        told = {}
        for title, address in PAGES:
            spent, cpu, queries, slowest = [], [], 0, ""
            for n in range(options.times):
                began, used = time.perf_counter(), time.process_time()
                with CaptureQueriesContext(connection) as asked:
                    answer = client.get(address.format(pk=keys[n], finding=ids[n][:12]))
                spent.append(1000 * (time.perf_counter() - began))
                cpu.append(1000 * (time.process_time() - used))
                assert answer.status_code == 200, (title, answer.status_code)
                queries = len(asked)
                slowest = max(asked.captured_queries, key=lambda q: float(q["time"]))["sql"][:90]
            spent.sort()
            told[title] = {
                "median_ms": round(statistics.median(spent)),
                "p95_ms": round(spent[int(0.95 * (len(spent) - 1))]),
                "median_cpu_ms": round(statistics.median(cpu)),
                "queries": queries,
                "slowest_query": slowest,
            }
        return {
            "database": connection.vendor,
            "clues": Clue.objects.count(),
            "findings": Finding.objects.count(),
            "pages": told,
            "load": round(os.getloadavg()[0], 2),
        }


def main() -> int:
    """Run one bench and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    one = parts.add_parser("arrive")
    one.add_argument("--findings", type=int, default=1_000_000)
    one.add_argument("--institutions", type=int, default=600)
    one.set_defaults(run=arrive_bench)
    other = parts.add_parser("lists")
    other.add_argument("--findings", type=int, default=670_000)
    other.add_argument("--institutions", type=int, default=600)
    other.add_argument("--times", type=int, default=40)
    other.set_defaults(run=lists_bench)
    options = parser.parse_args()
    sys.stdout.write(json.dumps(options.run(options), ensure_ascii=False, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
