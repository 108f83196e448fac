"""Changes of knowledge in the demonstration: one that waits, one that was refused, one that was taken back. None is written to the site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.services import Wanted, propose, refuse, withdraw
from hengjian.site.knowledge.editing import cells_of, find_row

_NOTICE, _ROW = "演示：虚构的会议纪要", "第二条"


def propose_changes(people: Mapping[str, User]) -> None:
    """What three people ask for."""
    at = timezone.now()
    day = timezone.localdate(at) + timedelta(days=30)
    row = find_row(office_book(timezone.localdate(at)).book, "service_daily_limit", "cap-day-02")
    cells = cells_of(row) | {"max_value": "2", "note": "每日不超过 2 日"}
    more = Wanted(
        row.table,
        row.kid,
        _NOTICE,
        _ROW,
        "演示：转院当日两家医院各收一次，上限改为 2 日",
        ends_on=day,
        cells=cells,
        valid_from=day,
    )
    propose(by=people["chushen"], at=at, wanted=more)
    pair = Wanted("duplicate_charge_pair", "pair-002", _NOTICE, _ROW, "演示：急诊监护期间可以另收床位费", ends_on=day)
    refused = propose(by=people["fuhe"], at=at, wanted=pair)
    refuse(by=people["kezhang"], at=at, proposal=refused, note="会议纪要不能改国家公告的内容，不停用")
    slip = Wanted("drug_sex_limit", "sex-drug-01", _NOTICE, _ROW, "演示：选错了一行", ends_on=day)
    withdraw(by=people["shuju"], at=at, proposal=propose(by=people["shuju"], at=at, wanted=slip))
