"""Checks inside one row, as SQL conditions over the lake's own columns; a condition that is true is a fault.

`{day}` stands for the day after the data date. Amounts and quantities are decimals, so nothing here rounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from hengjian.lake.schema import Table

_ODDS = "ABS(det_item_fee_sumamt - CAST(cnt AS DECIMAL(20,4)) * pric)"
_ROOM = "GREATEST(0.02, ABS(det_item_fee_sumamt) * 0.005)"
"""How far an amount is from quantity times price, and how far it may be: exact decimals, wide enough for every product of the
two columns, and nothing is rounded first."""
_CODE = "split_part(med_list_codg, '-', 1)"
_DRUG = "X[0-9A-Z]{22}|Z[0-9A-Z]{19}"
_ITEM_SHAPES = {"101": _DRUG, "102": "T[0-9A-Z]+", "201": "[0-9]{15}", "301": "C[0-9]{19}|C[0-9]{26}"}
"""National shape of an item's code by its list_type; other kinds of medicine take the shape of any."""
NATIONAL = "|".join(_ITEM_SHAPES.values())
"""The shapes of all of them."""
_STAY = "(med_type LIKE '2%' OR med_type LIKE '52%') AND fixmedins_code NOT LIKE 'P%'"
_LEAVE = ("leav_begntime", "leav_endtime")
_ENTERED = {
    ("person", "brdy"),
    ("person", "psn_insu_date"),
    ("person", "paus_insu_date"),
    ("practitioner", "stas_date"),
    ("stock_change", "manu_date"),
}
"""Days that cannot lie ahead but may lie before 2000: who was insured in 1998 still is. What may be arranged ahead (ends, validity,
agreements, registrations, filings) is free."""


@dataclass(frozen=True)
class Check:
    """`code` is the key in REASONS; `column` is named to the user."""

    code: str
    column: str
    condition: str


def shapeless() -> str:
    """A code without the national shape of its list_type."""
    known = " ".join(f"WHEN '{kind}' THEN NOT regexp_full_match({_CODE}, '{shape}')" for kind, shape in _ITEM_SHAPES.items())
    return f"CASE list_type {known} ELSE NOT regexp_full_match({_CODE}, '{_DRUG}|{_ITEM_SHAPES['102']}') END"


_OWN: dict[str, tuple[Check, ...]] = {
    "person": (Check("L04", "brdy", "brdy < {day} - INTERVAL 131 YEAR AND brdy <> DATE '1900-01-01'"),),
    "encounter": (
        Check(
            "L16",
            "upld_time",
            f"CASE WHEN {_STAY} THEN upld_time > endtime + INTERVAL 72 HOUR ELSE upld_time > begntime + INTERVAL 24 HOUR END",
        ),
    ),
    "trace_code": (Check("L15", "drug_trac_codg", "NOT regexp_full_match(drug_trac_codg, '[0-9]{20}')"),),
    "institution": (
        Check(
            "C02",
            "fixmedins_code",
            "fixmedins_type = '1' AND fixmedins_code LIKE 'P%' OR fixmedins_type = '2' AND fixmedins_code LIKE 'H%'",
        ),
    ),
    "settlement": (
        Check(
            "L09",
            "medfee_sumamt",
            "ABS(medfee_sumamt - fund_pay_sumamt - acct_pay - COALESCE(acct_mulaid_pay, 0) - psn_cash_pay - COALESCE(hosp_part_amt, 0)) > 0.05",
        ),
        Check(
            "L10",
            "fund_pay_sumamt",
            "ABS(fund_pay_sumamt - hifp_pay - COALESCE(cvlserv_pay, 0) - COALESCE(hifes_pay, 0) - COALESCE(hifmi_pay, 0) - COALESCE(hifob_pay, 0)"
            " - COALESCE(maf_pay, 0) - COALESCE(oth_pay, 0)) > 0.05",
        ),
    ),
    "fee_line": (
        Check("L18", "cnt", "ABS(cnt) > 100000"),
        Check("L18", "pric", "pric > 2000000"),
        Check("L19", "det_item_fee_sumamt", "ABS(det_item_fee_sumamt) > 10000000"),
        Check("L07", "pric", "pric < 0"),
        Check(
            "L07",
            "det_item_fee_sumamt",
            "cnt < 0 AND det_item_fee_sumamt > 0 OR cnt > 0 AND det_item_fee_sumamt < 0 OR cnt = 0 AND det_item_fee_sumamt <> 0",
        ),
        Check(
            "L08",
            "inscp_scp_amt",
            "ABS(inscp_scp_amt) > ABS(det_item_fee_sumamt) OR inscp_scp_amt * SIGN(det_item_fee_sumamt) < 0",
        ),
        Check("L06", "det_item_fee_sumamt", f"{_ODDS} > {_ROOM}"),
        Check("L06W", "det_item_fee_sumamt", f"{_ODDS} > 0.02 AND {_ODDS} <= {_ROOM}"),
        Check("C03", "med_list_codg", shapeless()),
    ),
    "stock_change": (
        Check("L14", "cnt", "cnt < 0"),
        Check("L14", "undo_stk_id", "infno = '3507' AND undo_stk_id IS NULL"),
    ),
    "presence": (Check("L17", "psn_no", "(psn_no IS NULL) = (prac_psn_code IS NULL)"),),
}

_PAIRS = (
    ("begntime", "endtime"),
    ("begndate", "enddate"),
    ("exe_begntime", "exe_endtime"),
    ("oprn_oprt_begntime", "oprn_oprt_endtime"),
)


def row_checks(table: Table, sent: frozenset[str]) -> list[Check]:
    """The checks of one table that the columns sent allow."""
    checks = [Check("L01", b, f"{b} < {a}") for a, b in _PAIRS if a in sent and b in sent and a in table]
    if {"valid_from", "valid_to"} <= sent:
        checks.append(Check("L01", "valid_to", "valid_to <= valid_from"))
    for column in table.columns:
        if column.name in sent and _is_past(table, column.name):
            checks.append(Check("L02", column.name, f"{column.name} >= {{day}}"))
        if column.name in sent and _is_act(table, column.name):
            checks.append(Check("L03", column.name, f"{column.name} < TIMESTAMP '2000-01-01'"))
    return checks + list(_OWN.get(table.name, ()))


def _is_past(table: Table, name: str) -> bool:
    """Whether a column says what has happened by the day of extract: acts, and standings that were entered into."""
    return _is_act(table, name) or (table.name, name) in _ENTERED


def _is_act(table: Table, name: str) -> bool:
    """Whether a column says when something was done: no birth, no plan, no validity."""
    if table[name].kind.sql == "TIMESTAMP":
        return name not in _LEAVE
    return (table.name, name) in {
        ("settlement", "begndate"),
        ("settlement", "enddate"),
        ("operation", "oprn_oprt_date"),
        ("external_list", "begndate"),
        ("person", "die_date"),
    }
