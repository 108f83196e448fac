"""The rules in lazy Polars: one plan for all, so that shared scans are read once."""

from __future__ import annotations

import polars as pl
from polars import col

from bench.peers.given import COLUMNS, HIT, Given, Hits

MONEY = ("net_amt", "net_inscp", "fund_amt")
Tables = dict[str, pl.LazyFrame]


def find(given: Given) -> Hits:
    """Hits of all rules of `given.RULES`."""
    table = {name: pl.scan_parquet(given.files[name]).select(COLUMNS[name]) for name in COLUMNS}
    known = {name: pl.DataFrame(pl.from_arrow(rows)).lazy() for name, rows in given.knowledge.items()}
    lines = table["fee_line"].filter(col("net_cnt_e4") > 0)
    items = pl.concat(
        [
            known[n].select(col(c).alias("item_key"))
            for n, c in (("kn_limit", "code_key"), ("kn_diag", "code_key"), ("kn_cap", "item_key"), ("kn_pair", "item_key"))
        ]
    ).unique()
    able = lines.join(items, on="item_key", how="semi")
    paid = able.filter(col("net_inscp") > 0)
    rules = pl.LazyFrame(
        {"kid": list(given.rule_of), "rule_id": list(given.rule_of.values())}, schema_overrides={"kid": pl.Int32}
    )
    spared = known["kn_exempt"].join(table["diagnosis"], on="diag_key").select("rule_id", "psn_key").unique()
    parts = [
        _limit(paid, table, known),
        _diagnosis(paid, table, known),
        _cap(paid, known),
        _pair(able, known),
        _readmit(table, known),
        _after_death(table, known),
        *_valid(lines, table, known),
    ]
    plan = pl.concat(parts).join(rules, on="kid").join(spared, on=["rule_id", "psn_key"], how="anti").select(HIT)
    return set(plan.collect().rows())


def _dated(day: str) -> pl.Expr:
    return (col(day) >= col("valid_from")) & (col(day) < col("valid_to"))


def _hits(rows: pl.LazyFrame, day: str = "fee_day", money: tuple[str, ...] | None = MONEY, sn: bool = True) -> pl.LazyFrame:
    amounts = [col(c).cast(pl.Int64) for c in money] if money else [pl.lit(0, pl.Int64)] * 3
    return rows.select(
        col("kid"),
        "psn_key",
        "mdtrt_key",
        (col("feedetl_sn") if sn else pl.lit("")).alias("feedetl_sn"),
        col(day).alias("w0"),
        (col(day) + 1).alias("w1"),
        *(a.alias(n) for a, n in zip(amounts, ("amount_total", "amount_inscope", "amount_fund"), strict=True)),
    )


def _limit(paid: pl.LazyFrame, table: Tables, known: Tables) -> pl.LazyFrame:
    points = known["kn_limit"].filter(col("subject") == "item")
    acts = (
        paid.join(points, left_on="item_key", right_on="code_key")
        .filter(_dated("fee_day"))
        .join(table["encounter"].select("psn_key", "mdtrt_key", "insutype", "med_type"), on=["psn_key", "mdtrt_key"])
        .join(table["person"].select("psn_key", "gend"), on="psn_key")
    )
    insurance = pl.when(col("med_type").str.slice(0, 1) == "5").then(pl.lit("510")).otherwise(col("insutype"))
    attribute = pl.when(col("dim") == "sex").then(col("gend")).otherwise(insurance)
    inside = col("vals").str.contains("|" + attribute + "|", literal=True)  # an unknown attribute is null: spared
    wrong = ((col("op") == "in") & ~inside) | ((col("op") == "not_in") & inside) | (col("op") == "never")
    return _hits(acts.filter(wrong))


def _diagnosis(paid: pl.LazyFrame, table: Tables, known: Tables) -> pl.LazyFrame:
    acts = paid.join(known["kn_diag"], left_on="item_key", right_on="code_key").filter(_dated("fee_day"))
    own = col("mdtrt_key_right") == col("mdtrt_key")
    before = (col("lookback") > 0) & (col("diag_day") <= col("fee_day")) & (col("diag_day") >= col("fee_day") - col("lookback"))
    facts = (
        acts.select("kid", "dx_set", "lookback", "psn_key", "mdtrt_key", "fee_day")
        .unique()
        .join(table["diagnosis"].select("psn_key", "mdtrt_key", "diag_key", "diag_day"), on="psn_key")
        .filter(own | before)
        .join(known["kn_dx"].unique().with_columns(met=True), on=["dx_set", "diag_key"], how="left")
        .group_by("kid", "mdtrt_key", "fee_day")
        .agg(own.any().alias("own"), col("met").is_not_null().any())
    )
    return _hits(acts.join(facts, on=["kid", "mdtrt_key", "fee_day"]).filter(col("own") & ~col("met")))


def _cap(paid: pl.LazyFrame, known: Tables) -> pl.LazyFrame:
    used = (
        col("net_cnt_e4")
        .cum_sum()
        .over("kid", "psn_key", "org_key", "fee_day", order_by=["fee_sec", "mdtrt_key", "feedetl_sn"])
    )
    x = pl.min_horizontal(col("used") - col("max_n"), col("net_cnt_e4"))
    over = (
        paid.join(known["kn_cap"], on="item_key")
        .filter(_dated("fee_day"))
        .with_columns(used=used)
        .filter(col("used") > col("max_n"))
        .with_columns([((2 * col(c) * x + col("net_cnt_e4")) // (2 * col("net_cnt_e4"))).alias(c) for c in MONEY])
    )
    return _hits(over)


def _pair(able: pl.LazyFrame, known: Tables) -> pl.LazyFrame:
    acts = (
        able.join(known["kn_pair"], on="item_key")
        .filter(_dated("fee_day"))
        .with_columns(t=pl.coalesce("exe_beg_sec", "fee_sec"))
    )
    part = acts.filter((col("role") == "b") & (col("net_inscp") > 0))
    whole = acts.filter(col("role") == "a").select("kid", "psn_key", "org_key", "mdtrt_key", "fee_day", "rxno", "t")
    same = col("mdtrt_key") == col("mdtrt_key_right")
    met = (
        ((col("win") == "encounter") & same)
        | ((col("win") == "rx") & same & (col("rxno") == col("rxno_right")))
        | ((col("win") == "day") & (col("fee_day") == col("fee_day_right")))
        | ((col("win") == "hour") & (col("t") // 3600 == col("t_right") // 3600))
        | ((col("win") == "hours6") & ((col("t") - col("t_right")).abs() <= 21600))
    )
    return _hits(part.join(whole, on=["kid", "psn_key", "org_key"]).filter(met)).unique(["kid", "mdtrt_key", "feedetl_sn"])


OF_VISIT = ("total_amt", "inscp_amt", "fund_amt")


def _readmit(table: Tables, known: Tables) -> pl.LazyFrame:
    last = {
        f"prev_{c}": col(c).shift().over("psn_key", "org_key", order_by=["in_day", "out_day", "mdtrt_key"])
        for c in ("out_day", "diag3", "dscg_way", "days_rinp_flag_31")
    }
    gap = col("in_day") - col("prev_out_day")
    stays = (
        table["encounter"]
        .filter(
            col("out_day").is_not_null()
            & (col("inscp_amt") > 0)
            & (col("med_type").str.slice(0, 2) != "28")
            & (col("ipt_med_type").fill_null("1") != "2")
        )
        .with_columns(**last)
        .filter(
            (col("diag3") == col("prev_diag3"))
            & (col("adm_way").fill_null("9") != "1")
            & (col("prev_days_rinp_flag_31").fill_null("1") != "2")
            & (col("prev_dscg_way").fill_null("9") != "2")
        )
        .join(known["kn_timeline"].filter(col("algo") == "readmit"), how="cross")
        .filter(_dated("in_day") & (gap >= 0) & (gap <= col("n")))
    )
    planned = stays.select("mdtrt_key", "diag3", "in_day").join(known["kn_planned"], on="diag3").filter(_dated("in_day"))
    return _hits(stays.join(planned, on="mdtrt_key", how="anti"), "in_day", OF_VISIT, sn=False)


def _after_death(table: Tables, known: Tables) -> pl.LazyFrame:
    visits = (
        table["encounter"]
        .filter(col("inscp_amt") > 0)
        .join(table["person"].filter(col("dead_day").is_not_null()).select("psn_key", "dead_day"), on="psn_key")
        .join(known["kn_timeline"].filter(col("algo") == "after_death"), how="cross")
        .filter(_dated("in_day") & (col("in_day") > col("dead_day") + col("n")))
    )
    return _hits(visits, "in_day", OF_VISIT, sn=False)


def _valid(lines: pl.LazyFrame, table: Tables, known: Tables) -> list[pl.LazyFrame]:
    rules, visits = known["kn_valid"], table["encounter"].filter(col("inscp_amt") > 0)
    off = (
        lines.filter((col("off_days") != 0) & (col("net_inscp") > 0))
        .join(rules.filter(col("chk") == "fee_outside_stay"), how="cross")
        .filter(_dated("fee_day") & (col("off_days").abs() > col("n")))
    )
    end = pl.coalesce(col("end_sec"), pl.when(col("kind") != "inp").then(col("beg_sec")))
    late = visits.join(rules.filter(col("chk") == "late_upload"), on="kind").filter(
        _dated("in_day") & (col("upld_sec") - end > col("n").cast(pl.Int64) * 3600)
    )
    main = table["diagnosis"].filter(col("maindiag_flag") == "1").select("psn_key", "mdtrt_key")
    bare = (
        visits.filter(col("out_day").is_not_null())
        .join(main, on=["psn_key", "mdtrt_key"], how="anti")
        .join(rules.filter(col("chk") == "no_main_diagnosis"), how="cross")
        .filter(_dated("in_day"))
    )
    return [_hits(off), _hits(late, "in_day", None, sn=False), _hits(bare, "in_day", None, sn=False)]
