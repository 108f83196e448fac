"""The one background task of the office: work at a run."""

from __future__ import annotations

from django_tasks import task


@task()
def perform(run: int) -> None:
    """Do what the run with this key says, if it still waits."""
    from hengjian.apps.runs.work import perform_run

    perform_run(run)
