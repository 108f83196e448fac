"""One line against each rule that limits an item to an attribute: with many rules, chance alone hits some of them too seldom."""

from __future__ import annotations

from hengjian.rulebook.model import Rulebook

from .lakes import FIRST, INSTITUTIONS, Rows, _item, cells_of

TERTIARY, PRIMARY = INSTITUTIONS[0]["fixmedins_code"], INSTITUTIONS[2]["fixmedins_code"]
OLD, YOUNG = "1931-05-06", "2026-08-10"


def limits(book: Rulebook, number: int) -> Rows:
    """One visit for the first row of each such rule, by somebody, somewhere, or from a department that the row does not allow."""
    lake: Rows = {}
    for rule in (r for r in book.rules.values() if r.family == "limit" and r.settings.get("subject", "item") == "item"):
        cells = next(iter(cells_of(book, rule)), None)
        if cells is not None:
            cells = rule.settings | {k: v for k, v in cells.items() if v}
            _visit(lake, f"{number}/{rule.rule_id}", _item(cells["code"], cells.get("match", "exact")), cells)
    return lake


def prescribers(book: Rulebook, number: int) -> Rows:
    """One visit for each antibiotic of the city's list, prescribed by each right there is, and by somebody not registered."""
    rule = book.rules["antibiotic_level"]
    lake: Rows = {
        "practitioner": [
            {"prac_psn_code": f"D{right}", "prac_psn_type": "1", "fixmedins_code": TERTIARY, "begndate": "2020-01-01", "stas": "1",
             "antb_lv": right}
            for right in ("0", "1", "2", "3", "")
        ]
    }  # fmt: skip
    for n, cells in enumerate(cells_of(book, rule)):
        for right in ("0", "1", "2", "3", "", "X"):
            _visit(lake, f"{number}/{n}{right}", cells["code"], {})
            lake["fee_line"][-1]["bilg_dr_codg"] = f"D{right}"
    return lake


def _visit(lake: Rows, name: str, code: str, cells: dict[str, str]) -> None:
    dim = cells.get("dim", "")
    sex = "2" if dim == "sex" and cells.get("value") == "1" else "1"
    upper = cells.get("high") or cells.get("op") == "<="
    born = OLD if upper else YOUNG
    lake.setdefault("person", []).append(
        {"psn_no": f"P{name}", "gend": sex, "brdy": born, "insutype": "310", "insu_admdvs": "990101"}
    )
    place = PRIMARY if dim == "hosp_level" else TERTIARY
    lake.setdefault("encounter", []).append(
        {"mdtrt_id": f"E{name}", "psn_no": f"P{name}", "fixmedins_code": place, "med_type": "11", "insutype": "310", "onln_flag": "1",
         "begntime": str(FIRST), "insu_admdvs": "990101", "mdtrtarea_admvs": "990101"}
    )  # fmt: skip
    lake.setdefault("fee_line", []).append(
        {"mdtrt_id": f"E{name}", "feedetl_sn": "L0", "med_list_codg": code, "cnt": "1", "pric": "20.00", "fee_ocur_time": str(FIRST),
         "bilg_dept_codg": "A99"}
    )  # fmt: skip
