"""The rules in idiomatic vectorised pandas: whole columns in memory, merges, masks and grouped sums; no loop over rows."""

from __future__ import annotations

import pandas as pd

from bench.peers.given import COLUMNS, HIT, Given, Hits

MONEY = ["net_amt", "net_inscp", "fund_amt"]


def find(given: Given) -> Hits:
    """Hits of all rules of `given.RULES`."""
    table = {name: pd.concat([pd.read_parquet(f, columns=list(COLUMNS[name])) for f in given.files[name]]) for name in COLUMNS}
    known = {name: rows.to_pandas() for name, rows in given.knowledge.items()}
    lines = table["fee_line"]
    lines = lines[lines.net_cnt_e4 > 0]
    items = pd.concat(
        [known["kn_limit"].code_key, known["kn_diag"].code_key, known["kn_cap"].item_key, known["kn_pair"].item_key]
    )
    able = lines[lines.item_key.isin(items.unique())]
    paid = able[able.net_inscp > 0]
    found = pd.concat(
        [
            _limit(paid, table, known),
            _diagnosis(paid, table, known),
            _cap(paid, known),
            _pair(able, known),
            _readmit(table, known),
            _after_death(table, known),
            _valid(lines, table, known),
        ]
    )
    found["rule_id"] = found.kid.map(given.rule_of)
    found["feedetl_sn"] = found.feedetl_sn.fillna("")
    spared = (
        known["kn_exempt"]
        .merge(table["diagnosis"][["psn_key", "diag_key"]], on="diag_key")[["rule_id", "psn_key"]]
        .drop_duplicates()
    )
    found = found.merge(spared, on=["rule_id", "psn_key"], how="left", indicator=True)
    found = found[found._merge == "left_only"]
    return set(found[list(HIT)].itertuples(index=False, name=None))


def _dated(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    return rows[(rows[day] >= rows.valid_from) & (rows[day] < rows.valid_to)]


def _hits(rows: pd.DataFrame, day: str = "fee_day", sn: bool = True) -> pd.DataFrame:
    found = rows[["kid", "psn_key", "mdtrt_key"]].copy()
    found["feedetl_sn"] = rows.feedetl_sn if sn else ""
    found["w0"], found["w1"] = rows[day], rows[day] + 1
    for name, column in zip(("amount_total", "amount_inscope", "amount_fund"), MONEY, strict=True):
        found[name] = rows.get(column, 0)
    return found


def _limit(paid: pd.DataFrame, table: dict[str, pd.DataFrame], known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    points = known["kn_limit"]
    points = points[points.subject == "item"]
    acts = _dated(paid.merge(points, left_on="item_key", right_on="code_key"), "fee_day")
    acts = acts.merge(table["encounter"][["psn_key", "mdtrt_key", "insutype", "med_type"]], on=["psn_key", "mdtrt_key"])
    acts = acts.merge(table["person"][["psn_key", "gend"]], on="psn_key")
    insurance = acts.insutype.where(acts.med_type.str[:1] != "5", "510")
    acts["attribute"] = acts.gend.where(acts.dim == "sex", insurance)
    listed = (
        points[["kid", "vals"]]
        .drop_duplicates()
        .assign(attribute=lambda p: p.vals.str.strip("|").str.split("|"))
        .explode("attribute")
    )
    acts = acts.merge(listed[["kid", "attribute"]].assign(listed=True), on=["kid", "attribute"], how="left")
    inside = acts.listed.notna()
    wrong = ((acts.op == "in") & ~inside & acts.attribute.notna()) | ((acts.op == "not_in") & inside) | (acts.op == "never")
    return _hits(acts[wrong])


def _diagnosis(paid: pd.DataFrame, table: dict[str, pd.DataFrame], known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    acts = _dated(paid.merge(known["kn_diag"], left_on="item_key", right_on="code_key"), "fee_day")
    asked = acts[["kid", "dx_set", "lookback", "psn_key", "mdtrt_key", "fee_day"]].drop_duplicates()
    seen = asked.merge(table["diagnosis"], on="psn_key", suffixes=("", "_d"))
    own = seen.mdtrt_key_d == seen.mdtrt_key
    before = (seen.lookback > 0) & (seen.diag_day <= seen.fee_day) & (seen.diag_day >= seen.fee_day - seen.lookback)
    seen = seen.assign(own=own)[own | before]
    seen = seen.merge(known["kn_dx"].drop_duplicates().assign(met=True), on=["dx_set", "diag_key"], how="left")
    seen["met"] = seen.met.notna()
    facts = seen.groupby(["kid", "mdtrt_key", "fee_day"], as_index=False)[["own", "met"]].max()
    acts = acts.merge(facts, on=["kid", "mdtrt_key", "fee_day"])
    return _hits(acts[acts.own & ~acts.met])


def _cap(paid: pd.DataFrame, known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    acts = _dated(paid.merge(known["kn_cap"], on="item_key"), "fee_day").sort_values(["fee_sec", "mdtrt_key", "feedetl_sn"])
    acts["used"] = acts.groupby(["kid", "psn_key", "org_key", "fee_day"]).net_cnt_e4.cumsum()
    over = acts[acts.used > acts.max_n].copy()
    x = (over.used - over.max_n).clip(upper=over.net_cnt_e4)
    for column in MONEY:
        over[column] = (2 * over[column] * x + over.net_cnt_e4) // (2 * over.net_cnt_e4)
    return _hits(over)


def _pair(able: pd.DataFrame, known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    acts = _dated(able.merge(known["kn_pair"], on="item_key"), "fee_day")
    acts["t"] = acts.exe_beg_sec.fillna(acts.fee_sec)
    part, whole = acts[(acts.role == "b") & (acts.net_inscp > 0)], acts[acts.role == "a"]
    both = part.merge(
        whole[["kid", "psn_key", "org_key", "mdtrt_key", "fee_day", "rxno", "t"]],
        on=["kid", "psn_key", "org_key"],
        suffixes=("", "_y"),
    )
    same = both.mdtrt_key == both.mdtrt_key_y
    met = (
        ((both.win == "encounter") & same)
        | ((both.win == "rx") & same & (both.rxno == both.rxno_y))
        | ((both.win == "day") & (both.fee_day == both.fee_day_y))
        | ((both.win == "hour") & (both.t // 3600 == both.t_y // 3600))
        | ((both.win == "hours6") & ((both.t - both.t_y).abs() <= 21600))
    )
    return _hits(both[met]).drop_duplicates(["kid", "mdtrt_key", "feedetl_sn"])


def _renamed(visits: pd.DataFrame) -> pd.DataFrame:
    return visits.rename(columns={"total_amt": "net_amt", "inscp_amt": "net_inscp"})


def _readmit(table: dict[str, pd.DataFrame], known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    e = table["encounter"]
    stays = e[
        e.out_day.notna() & (e.inscp_amt > 0) & (e.med_type.str[:2] != "28") & (e.ipt_med_type.fillna("1") != "2")
    ].sort_values(["in_day", "out_day", "mdtrt_key"])
    last = (
        stays.groupby(["psn_key", "org_key"])[["out_day", "diag3", "dscg_way", "days_rinp_flag_31"]].shift().add_prefix("prev_")
    )
    stays = pd.concat([stays, last], axis=1)
    gap = stays.in_day - stays.prev_out_day
    stays = stays.assign(gap=gap)[
        (stays.diag3 == stays.prev_diag3)
        & (stays.adm_way.fillna("9") != "1")
        & (stays.prev_days_rinp_flag_31.fillna("1") != "2")
        & (stays.prev_dscg_way.fillna("9") != "2")
    ]
    rules = known["kn_timeline"]
    stays = _dated(stays.merge(rules[rules.algo == "readmit"], how="cross"), "in_day")
    stays = stays[(stays.gap >= 0) & (stays.gap <= stays.n)]
    planned = _dated(stays[["mdtrt_key", "diag3", "in_day"]].merge(known["kn_planned"], on="diag3"), "in_day")
    return _hits(_renamed(stays[~stays.mdtrt_key.isin(planned.mdtrt_key)]), "in_day", sn=False)


def _after_death(table: dict[str, pd.DataFrame], known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    dead = table["person"][table["person"].dead_day.notna()]
    visits = table["encounter"].merge(dead[["psn_key", "dead_day"]], on="psn_key")
    rules = known["kn_timeline"]
    visits = _dated(visits[visits.inscp_amt > 0].merge(rules[rules.algo == "after_death"], how="cross"), "in_day")
    return _hits(_renamed(visits[visits.in_day > visits.dead_day + visits.n]), "in_day", sn=False)


def _valid(lines: pd.DataFrame, table: dict[str, pd.DataFrame], known: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rules, visits = known["kn_valid"], table["encounter"]
    visits = visits[visits.inscp_amt > 0]
    off = lines[(lines.off_days != 0) & (lines.net_inscp > 0)]
    off = _dated(off.merge(rules[rules.chk == "fee_outside_stay"], how="cross"), "fee_day")
    off = off[off.off_days.abs() > off.n]
    end = visits.end_sec.fillna(visits.beg_sec.where(visits.kind != "inp"))
    late = visits.assign(delay=visits.upld_sec - end)[["psn_key", "mdtrt_key", "kind", "in_day", "delay"]]
    late = _dated(late.merge(rules[rules.chk == "late_upload"], on="kind"), "in_day")
    late = late[late.delay > late.n * 3600]
    main = table["diagnosis"][table["diagnosis"].maindiag_flag == "1"]
    bare = visits[visits.out_day.notna() & ~visits.mdtrt_key.isin(main.mdtrt_key)][["psn_key", "mdtrt_key", "in_day"]]
    bare = _dated(bare.merge(rules[rules.chk == "no_main_diagnosis"], how="cross"), "in_day")
    return pd.concat([_hits(off), _hits(late, "in_day", sn=False), _hits(bare, "in_day", sn=False)])
