"""What every peer is given: the files of the rule tables, the bound knowledge, and the rules it implements."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hengjian.engine.backends.duckdb import attach_small_tables, connect
from hengjian.engine.bind import bind
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import Rule, Rulebook

RULES = (
    "drug_sex_limit", "drug_maternity_only", "drug_work_injury_only", "tcm_slice_not_paid",  # limit
    "drug_indication_limit", "treatment_without_indication",  # diagnosis
    "service_daily_limit",  # cap
    "duplicate_charge_pair",  # pair
    "split_admission", "care_after_death",  # timeline
    "late_upload", "fee_outside_stay", "no_main_diagnosis",  # valid
)  # fmt: skip
"""Rules of six families that pandas and Polars can say too."""

HIT = ("rule_id", "psn_key", "mdtrt_key", "feedetl_sn", "w0", "w1", "amount_total", "amount_inscope", "amount_fund")
"""What is compared of a hit; `feedetl_sn` is empty where the whole encounter is in question."""

Hits = set[tuple[object, ...]]

COLUMNS = {
    "fee_line": (
        "psn_key", "mdtrt_key", "org_key", "feedetl_sn", "item_key", "fee_day", "fee_sec", "off_days", "rxno", "exe_beg_sec",
        "net_cnt_e4", "net_amt", "net_inscp", "fund_amt",
    ),
    "encounter": (
        "psn_key", "mdtrt_key", "org_key", "insutype", "med_type", "kind", "in_day", "out_day", "beg_sec", "end_sec", "upld_sec", "adm_way",
        "dscg_way", "ipt_med_type", "days_rinp_flag_31", "diag3", "total_amt", "inscp_amt", "fund_amt",
    ),
    "diagnosis": ("psn_key", "mdtrt_key", "diag_key", "diag_day", "maindiag_flag"),
    "person": ("psn_key", "gend", "dead_day"),
}  # fmt: skip
"""Columns these rules read."""


@dataclass(frozen=True)
class Given:
    """Files by rule table, bound knowledge by table (its rows carry `kid`), and the rule each `kid` belongs to."""

    files: dict[str, list[str]]
    knowledge: dict[str, pa.Table]
    rule_of: dict[int, str]


def chosen(book: Rulebook) -> list[Rule]:
    """The rules of RULES, in that order."""
    return [book.rules[name] for name in RULES]


def give(lake: LakeVersion, book: Rulebook) -> Given:
    """What the peers get. Refuses a lake with masked rows: peers read the files as they are."""
    if any(lake.masks.values()):
        raise SystemExit("这个数据湖有被盖住的行，先运行 hengjian lake compact")
    con = connect()
    attach_small_tables(con, lake)
    bound = bind(con, book, chosen(book))
    knowledge = {name: con.sql(f"SELECT * FROM {name}").to_arrow_table() for name in (*bound.tables, "institution")}
    con.close()
    return Given(
        {table: lake.files(f"rule_{table}") for table in COLUMNS}, knowledge, {p.kid: p.rule.rule_id for p in bound.points}
    )
