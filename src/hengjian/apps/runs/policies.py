"""Who may do what with runs. What tells of the whole office's data is for those whose post covers the whole office."""

from __future__ import annotations

from datetime import date

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.accounts.queries import office
from hengjian.apps.runs.models import Run


def check_can(user: User | str, act: str, day: date) -> None:
    """Raises NotAllowed unless the person (a job may) does `act` for the whole office."""
    if not isinstance(user, str):
        policies.check(user, act, day, office().region_code)


def can(user: User, act: str, day: date) -> bool:
    """Whether `check_can` would let the person pass."""
    return policies.can(user, act, day, office().region_code)


def check_own_export(user: User, run: Run) -> None:
    """Raises NotAllowed unless the person asked for this export."""
    if run.by_id != user.pk:
        raise NotAllowed("这个导出文件只给申请它的人", why=f"它由{run.by or '后台任务'}申请", cure="自己导出一份")
