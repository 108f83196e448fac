"""Which trades the gate answers, and how: one table, read by the routes and printed in the integration page.

The number in the body decides; the path is only held against it. Provincial numbers are rows of the site's `gate/variants.csv`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from hengjian.gate.envelope import is_number
from hengjian.lake.wire import trade_of
from hengjian.site.ledger import Ledger

FOLDER = "gate"
"""Of the site folder: what only the gate reads."""


class Kind(Enum):
    """What the gate does with a trade."""

    CHECK = "审核"
    FEEDBACK = "反馈"
    SIGN_IN = "签到"
    SIGN_OUT = "签退"
    UPLOAD = "上传"
    NOT_KEPT = "不收"
    UNKNOWN = "不认识"


class Route(NamedTuple):
    """How one number is treated. `infno`: the national number it is treated as; `title`: what people call it."""

    kind: Kind
    infno: str
    title: str


UPLOADS = (
    "1101",
    *("2203", "2204", "2205", "2207", "2208"),
    *("2301", "2302", "2304", "2305"),
    *("2401", "2402", "2403", "2404", "2405", "2601"),
    *("3501", "3502", "3503", "3504", "3505", "3506", "3507", "4101"),
)
_OWN = (
    Route(Kind.CHECK, "3101", "明细审核事前分析"),
    Route(Kind.CHECK, "3102", "明细审核事中分析"),
    Route(Kind.FEEDBACK, "3103", "事前事中服务反馈"),
    Route(Kind.SIGN_IN, "9001", "签到"),
    Route(Kind.SIGN_OUT, "9002", "签退"),
)
_BESIDE_THE_LAKE = {"2601": "冲正"}
"""Uploads that are kept and that the lake reads nothing from."""
SHIPPED_VARIANTS = MappingProxyType({"3660": "3101", "3661": "3102"})
"""Provincial numbers known everywhere (Hainan)."""
VARIANTS = Ledger("variants.csv", "地方交易编号", {"infno": "交易编号", "as": "当作"})

_SERVICES = {
    "signinsignoutservice/signin": "9001",
    "signinsignoutservice/signout": "9002",
    "fsipsninfoservice/querypsninfo": "1101",
    "outpatientdocinfoservice/outpatientmdtrtinfoup": "2203",
    "outpatientdocinfoservice/outpatientfeelistup": "2204",
    "outpatientdocinfoservice/outpatientfeelistupcancel": "2205",
    "outpatientsettleservice/savesettletmentv2": "2207",
    "outpatientsettleservice/savesettletment": "2207",
    "outpatientsettleservice/canclesettletment": "2208",
    "hospfeedtlservice/feedtlup": "2301",
    "hospfeedtlservice/feedtlcl": "2302",
    "hospsettservice/settv2": "2304",
    "hospsettservice/sett": "2304",
    "hospsettservice/settcl": "2305",
    "hospitalregisterservice/hospitalregistersave": "2401",
    "hospitalregisterservice/hospitalregisteredit": "2403",
    "hospitalregisterservice/hospitalregistercancel": "2404",
    "dscgservice/dischargeprocess": "2402",
    "dscgservice/dischargeundo": "2405",
    "reverseservice/revsmethod": "2601",
    "riskconservice/beforeanalyze": "3101",
    "riskconservice/courseanalyze": "3102",
    "goodsservice/goodsupload": "3501",
    "goodsservice/goodsupdate": "3502",
    "goodsservice/goodsbuy": "3503",
    "goodsservice/goodsbuyreturn": "3504",
    "goodsservice/goodssell": "3505",
    "goodsservice/goodssellreturn": "3506",
    "goodsservice/goodsinfodelete": "3507",
    "medinfoupload/setllistinfoupld": "4101",
    "medinfoupload/setllistinfouplda": "4101A",
}


def title_of(infno: str) -> str:
    """What people call an upload."""
    known = trade_of(infno)
    return known.title if known is not None else _BESIDE_THE_LAKE.get(infno, "")


class Trades:
    """The routes of one site."""

    def __init__(self, variants: Mapping[str, str] = SHIPPED_VARIANTS) -> None:
        own = {route.infno: route for route in _OWN}
        own |= {infno: Route(Kind.UPLOAD, infno, title_of(infno)) for infno in UPLOADS}
        own |= {infno: own[of] for infno, of in variants.items()}
        self._own: Mapping[str, Route] = own

    def route(self, infno: str) -> Route:
        """What to do with a number; suffix letters (2204A) are those of the trade without them."""
        found = self._own.get(infno)
        if found is not None:
            return found
        if not is_number(infno):
            return Route(Kind.UNKNOWN, "", "")
        found = self._own.get(infno[:4])
        if found is not None:
            return found
        known = trade_of(infno)
        return Route(Kind.NOT_KEPT, infno, known.title) if known else Route(Kind.UNKNOWN, infno, "")


def read_variants(site: Path | None) -> Mapping[str, str]:
    """The provincial numbers of a site beside the shipped ones. Raises InputError at the first wrong row."""
    found = dict(SHIPPED_VARIANTS)
    if site is None or not (site / FOLDER).is_dir():
        return found
    answered = {route.infno for route in _OWN} | set(UPLOADS)
    for entry in VARIANTS.read(site / FOLDER):
        infno = entry.need("infno", "写地方的交易编号，例如 3660").upper()
        national = entry.need("as", "写当作哪个国家交易，例如 3101")
        if not is_number(infno):
            raise entry.refuse("交易编号不对", f"“{infno}”", "写四位数字，可带一两个字母")
        if national not in answered:
            raise entry.refuse("当作的交易不对", f"闸口不办 {national}", f"写其中一个：{'、'.join(sorted(answered))}")
        found[infno] = national
    return found


def infno_of_path(path: str) -> str:
    """The trade number a path speaks of (`<base>/3101`, `/fsi/api/<service>/<method>`, `…/callService/<infno>`); "" when none."""
    parts = path.rstrip("/").rsplit("/", 2)
    last = parts[-1].upper()
    if is_number(last):
        return last
    return _SERVICES.get("/".join(parts[-2:]).lower(), "") if len(parts) > 2 else ""
