"""Lakes for rules that random ones do not meet: a settlement beside its lines, an operation nobody told, a stay for a mild disease."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hengjian.city.knowledge import local_files

from . import lakes


def records(number: int) -> dict[str, list[dict[str, Any]]]:
    """Stays of one day to four, of two persons for each number of days: charged more or less than the lines come to, with and without an
    operation on record."""
    lake: dict[str, list[dict[str, Any]]] = {}
    mild = [row["diag_prefix"] for row in local_files()["mild_dise"]]
    for n in range(24):
        name, days = f"{number}/{n}", 1 + n % 4
        lake.setdefault("person", []).append(
            {"psn_no": f"P{name}", "gend": "1", "brdy": "1980-05-01", "insutype": "310", "insu_admdvs": "990101"}
        )
        lake.setdefault("encounter", []).append(
            {"mdtrt_id": f"E{name}", "psn_no": f"P{name}", "fixmedins_code": lakes.INSTITUTIONS[n % 3]["fixmedins_code"], "med_type": "21",
             "insutype": "310", "begntime": str(lakes.FIRST), "endtime": str(lakes.FIRST + timedelta(days=days)), "adm_way": "12"[n % 5 > 0],
             "insu_admdvs": "990101", "mdtrtarea_admvs": "990101"}
        )  # fmt: skip
        prefix = mild[n % len(mild)]
        lake.setdefault("diagnosis", []).append(
            {"mdtrt_id": f"E{name}", "inout_diag_type": "2", "diag_type": "1", "diag_srt_no": "1", "maindiag_flag": "1",
             "adm_cond_type": "4", "diag_code": prefix if "." in prefix else f"{prefix}.900"}
        )  # fmt: skip
        if n % 3 == 0:
            lake.setdefault("operation", []).append(
                {"mdtrt_id": f"E{name}", "oprn_oprt_code": ("47.0900", "4709")[n % 2], "oprn_oprt_date": str(lakes.FIRST),
                 "main_oprn_flag": "01"[n % 4 > 0]}
            )  # fmt: skip
        for sn, (code, kind, yuan) in enumerate((("003306000010000", "06", 600), ("002101000010000", "03", 100 * (n % 6)))):
            if n % 2 or kind != "06":
                lake.setdefault("fee_line", []).append(
                    {"mdtrt_id": f"E{name}", "feedetl_sn": f"L{sn}", "med_list_codg": code, "med_chrgitm_type": kind, "cnt": "1",
                     "pric": f"{yuan}.00", "fee_ocur_time": str(lakes.FIRST)}
                )  # fmt: skip
        total = 600 * (n % 2) + 100 * (n % 6) + n % 4
        lake.setdefault("settlement", []).append(
            {"setl_id": f"S{name}", "mdtrt_id": f"E{name}", "setl_time": str(lakes.FIRST), "medfee_sumamt": f"{total}.00",
             "inscp_scp_amt": f"{total}.00", "fund_pay_sumamt": f"{total // 2}.00"}
        )  # fmt: skip
    return lake
