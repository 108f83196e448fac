"""From lake tables to the rule layer: the one derivation, used by the load, by rule examples and by every test.

`RULE_SQL[table]` is a DuckDB SELECT over views named like the lake tables (in the current schema), whose rows must be complete for
each person they contain: refunds are netted inside an encounter, the fund's money is shared out inside a settlement.
"""

from __future__ import annotations

import duckdb

from hengjian.kernel.dates import OPEN_DAY
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import DICTIONARIES, LAYER


def key_sql(expression: str) -> str:
    """DuckDB form of `kernel.keys.key_of`."""
    return f"CAST(md5_number_upper({expression}) & 9223372036854775807::UBIGINT AS BIGINT)"


def base_code_sql(column: str) -> str:
    """The national part of a catalogue code: what stands before the first `-`."""
    return f"split_part({column}, '-', 1)"


def _day(expression: str) -> str:
    return f"CAST(CAST({expression} AS DATE) - DATE '1970-01-01' AS INTEGER)"


def _ymd(expression: str) -> str:
    return f"CAST(year({expression}) * 10000 + month({expression}) * 100 + day({expression}) AS INTEGER)"


def _sec(expression: str) -> str:
    return f"CAST(epoch_us({expression}) // 1000000 AS BIGINT)"


def _scaled(expression: str, digits: int) -> str:
    return f"CAST(({expression}) * {10**digits} AS BIGINT)"


def _scaled_cell(column: str, digits: int) -> str:
    """The same of one price or quantity as stored: whole part and rest apart, since a product of decimals stops at 18 digits."""
    return f"(CAST(TRUNC({column}) AS BIGINT) * {10**digits} + CAST(({column} - TRUNC({column})) * {10**digits} AS BIGINT))"


_KIND = """CASE WHEN {e}.med_type LIKE '4%' OR {e}.fixmedins_code LIKE 'P%' THEN 'pharm'
                WHEN {e}.med_type LIKE '2%' OR {e}.med_type LIKE '52%' THEN 'inp' ELSE 'outp' END"""

_REGION = """CASE WHEN SUBSTRING({e}.insu_admdvs, 1, 4) = SUBSTRING({e}.mdtrtarea_admvs, 1, 4)
                       OR (SUBSTRING({e}.insu_admdvs, 1, 2) = SUBSTRING({e}.mdtrtarea_admvs, 1, 2)
                           AND (SUBSTRING({e}.insu_admdvs, 3, 2) = '99' OR SUBSTRING({e}.mdtrtarea_admvs, 3, 2) = '99')) THEN '0'
                  WHEN SUBSTRING({e}.insu_admdvs, 1, 2) = SUBSTRING({e}.mdtrtarea_admvs, 1, 2) THEN '1' ELSE '2' END"""

_DIAG_TYPE = "CASE WHEN regexp_full_match(d.diag_type, '[0-9]{1,9}') THEN CAST(d.diag_type AS INTEGER) ELSE 1000000000 END"
"""Where a kind of diagnosis stands among main ones; a local kind that is no number stands last."""

REFUND_LINKS = """
SELECT r.mdtrt_id, r.feedetl_sn,
       COALESCE(r.init_feedetl_sn, arg_max(o.feedetl_sn, (o.fee_ocur_time, o.feedetl_sn))) AS target_sn
FROM fee_line AS r
LEFT JOIN fee_line AS o ON r.init_feedetl_sn IS NULL AND o.mdtrt_id = r.mdtrt_id AND o.med_list_codg = r.med_list_codg
     AND o.pric = r.pric AND o.cnt > 0 AND o.feedetl_sn <> r.feedetl_sn AND o.fee_ocur_time <= r.fee_ocur_time
WHERE r.cnt < 0
GROUP BY r.mdtrt_id, r.feedetl_sn, r.init_feedetl_sn
"""
"""Each refund line with the line it undoes: as sent, else the latest earlier line of the same encounter, code and price;
`target_sn` NULL when there is none."""

RULE_SQL: dict[str, str] = {
    "person": f"""
SELECT {key_sql("p.psn_no")} % 64 AS bucket, {key_sql("p.psn_no")} AS psn_key, p.psn_no,
       CASE WHEN p.gend IN ('1', '2') THEN p.gend END AS gend,
       CASE WHEN p.brdy > DATE '1900-01-01' THEN {_day("p.brdy")} END AS brdy_day,
       CASE WHEN p.brdy > DATE '1900-01-01' THEN {_ymd("p.brdy")} END AS brdy_ymd,
       {_day("LEAST(p.die_date, x.died_on)")} AS dead_day, p.insutype, p.psn_type, p.fmly_no
FROM person AS p
LEFT JOIN (SELECT psn_no, MIN(begndate) AS died_on FROM external_list WHERE list_kind = 'death' GROUP BY psn_no) AS x USING (psn_no)
""",
    "institution": f"""
SELECT {key_sql("i.fixmedins_code")} AS org_key, i.fixmedins_code, i.fixmedins_type, i.medins_type, i.hosp_lv,
       CASE WHEN i.fixmedins_type = '2' THEN 0
            WHEN i.hosp_lv IN ('01', '02', '03', '04', '12') THEN 3 WHEN i.hosp_lv IN ('05', '06', '07', '13') THEN 2
            WHEN i.hosp_lv IN ('08', '09', '10', '11', '14') THEN 1 END AS lv_grp,
       i.admdvs, i.onln_hosp_flag
FROM institution AS i
""",
    "practitioner": f"""
SELECT r.prac_psn_code, {key_sql("r.fixmedins_code")} AS org_key, COALESCE({_day("r.begndate")}, 0) AS beg_day,
       CASE WHEN r.stas IN ('2', '3', '4') THEN LEAST(COALESCE({_day("r.enddate")} + 1, {OPEN_DAY}), COALESCE({_day("r.stas_date")}, 0))
            ELSE COALESCE({_day("r.enddate")} + 1, {OPEN_DAY}) END AS end_day,
       CASE WHEN r.antb_lv IN ('0', '1', '2', '3') THEN CAST(r.antb_lv AS INTEGER) END AS antb_lv
FROM practitioner AS r
""",
    "encounter": f"""
WITH money AS (
  SELECT s.mdtrt_id, SUM(s.medfee_sumamt) AS total, SUM(s.inscp_scp_amt) AS inscp, SUM(s.fund_pay_sumamt) AS fund
  FROM settlement AS s GROUP BY s.mdtrt_id
), main AS (
  SELECT d.mdtrt_id, arg_max(d.diag_code, (d.inout_diag_type, -{_DIAG_TYPE}, -d.diag_srt_no)) AS main_diag
  FROM diagnosis AS d WHERE d.maindiag_flag = '1' GROUP BY d.mdtrt_id
)
SELECT {key_sql("e.psn_no")} % 64 AS bucket, {key_sql("e.psn_no")} AS psn_key, {key_sql("e.mdtrt_id")} AS mdtrt_key,
       {key_sql("e.fixmedins_code")} AS org_key, e.mdtrt_id, e.insutype, e.med_type, {_KIND.format(e="e")} AS kind,
       {_day("e.begntime")} AS in_day, CASE WHEN {_KIND.format(e="e")} = 'inp' THEN {_day("e.endtime")} END AS out_day,
       {_sec("e.begntime")} AS beg_sec, {_sec("e.endtime")} AS end_sec, {_sec("e.upld_time")} AS upld_sec,
       GREATEST(1, {_day("e.endtime")} - {_day("e.begntime")}) AS los_days,
       e.adm_way, e.dscg_way, e.adm_dept_codg, e.dscg_dept_codg, e.atddr_no, e.dise_codg, e.matn_stas, e.ipt_med_type,
       e.days_rinp_flag_31, e.onln_flag, {_REGION.format(e="e")} AS rgn_flag,
       m.main_diag, SUBSTRING(m.main_diag, 1, 3) AS diag3,
       COALESCE({_scaled("a.total", 2)}, 0) AS total_amt, COALESCE({_scaled("a.inscp", 2)}, 0) AS inscp_amt,
       COALESCE({_scaled("a.fund", 2)}, 0) AS fund_amt
FROM encounter AS e
LEFT JOIN money AS a ON a.mdtrt_id = e.mdtrt_id
LEFT JOIN main AS m ON m.mdtrt_id = e.mdtrt_id
""",
    "diagnosis": f"""
SELECT {key_sql("e.psn_no")} % 64 AS bucket, {key_sql("e.psn_no")} AS psn_key, {key_sql("d.mdtrt_id")} AS mdtrt_key,
       {key_sql("d.diag_code")} AS diag_key, d.diag_code, d.inout_diag_type, d.diag_type, d.diag_srt_no, d.maindiag_flag,
       d.adm_cond_type, {_day("COALESCE(d.diag_time, e.begntime)")} AS diag_day, {_ymd("COALESCE(d.diag_time, e.begntime)")} AS diag_ymd
FROM diagnosis AS d JOIN encounter AS e ON e.mdtrt_id = d.mdtrt_id
""",
    "operation": f"""
SELECT {key_sql("e.psn_no")} % 64 AS bucket, {key_sql("e.psn_no")} AS psn_key, {key_sql("o.mdtrt_id")} AS mdtrt_key,
       {key_sql("o.oprn_oprt_code")} AS oprn_key, o.oprn_oprt_code, o.oprn_srt_no, o.main_oprn_flag,
       {_day("o.oprn_oprt_date")} AS oprn_day, {_ymd("o.oprn_oprt_date")} AS oprn_ymd, o.incs_type, o.oprn_no
FROM operation AS o JOIN encounter AS e ON e.mdtrt_id = o.mdtrt_id
""",
    "fee_line": f"""
WITH refund AS ({REFUND_LINKS}
), undone AS (
  SELECT l.mdtrt_id, l.target_sn AS feedetl_sn, SUM(r.cnt) AS cnt, SUM(r.det_item_fee_sumamt) AS amt, SUM(r.inscp_scp_amt) AS inscp
  FROM refund AS l JOIN fee_line AS r ON r.mdtrt_id = l.mdtrt_id AND r.feedetl_sn = l.feedetl_sn
  WHERE l.target_sn IS NOT NULL
  GROUP BY l.mdtrt_id, l.target_sn
), stay AS (
  SELECT e.mdtrt_id, {key_sql("e.psn_no")} AS psn_key, {key_sql("e.mdtrt_id")} AS mdtrt_key, {key_sql("e.fixmedins_code")} AS org_key,
         {_day("e.begntime")} AS in_day, {_day("e.endtime")} AS out_day, {_KIND.format(e="e")} AS kind
  FROM encounter AS e
), line AS MATERIALIZED (                                          -- `n` numbers the lines, so that money finds its way back to them
  SELECT ROW_NUMBER() OVER () AS n, e.psn_key, e.mdtrt_key, e.org_key, e.in_day, e.out_day, e.kind, f.feedetl_sn, f.setl_id,
         {key_sql(base_code_sql("f.med_list_codg"))} AS item_key, f.fee_ocur_time, f.list_type, f.med_chrgitm_type, f.chrgitm_lv,
         {_scaled_cell("f.pric", 6)} AS pric_e6, {_scaled("f.prd_days", 4)} AS prd_days_e4, f.bilg_dept_codg, f.bilg_dr_codg, f.rxno, f.oprn_no, f.body_part, f.exe_begntime, f.exe_endtime,
         CASE WHEN f.cnt > 0 THEN {_scaled("f.cnt + COALESCE(u.cnt, 0)", 4)} ELSE 0 END AS net_cnt_e4,
         CASE WHEN f.cnt > 0 THEN {_scaled("f.det_item_fee_sumamt + COALESCE(u.amt, 0)", 2)} ELSE 0 END AS net_amt,
         CASE WHEN f.cnt > 0 THEN {_scaled("f.inscp_scp_amt + COALESCE(u.inscp, 0)", 2)} ELSE 0 END AS net_inscp
  FROM fee_line AS f
  JOIN stay AS e ON e.mdtrt_id = f.mdtrt_id
  LEFT JOIN undone AS u ON u.mdtrt_id = f.mdtrt_id AND u.feedetl_sn = f.feedetl_sn
), whole AS (                                                      -- settlements that stand: neither refunded nor a refund
  SELECT {key_sql("s.mdtrt_id")} AS mdtrt_key, s.setl_id, CAST({_scaled("s.fund_pay_sumamt", 2)} AS HUGEINT) AS fund, t.inscp,
         ROW_NUMBER() OVER () AS g
  FROM settlement AS s
  JOIN (SELECT mdtrt_key, setl_id, SUM(net_inscp) AS inscp FROM line WHERE net_inscp > 0 GROUP BY mdtrt_key, setl_id) AS t
    ON t.mdtrt_key = {key_sql("s.mdtrt_id")} AND t.setl_id = s.setl_id
  WHERE s.refd_setl_flag = '0' AND s.fund_pay_sumamt > 0
    AND NOT EXISTS (SELECT 1 FROM settlement AS x WHERE x.init_setl_id = s.setl_id AND x.refd_setl_flag = '1')
), share AS MATERIALIZED (                                         -- largest remainder: the lines add up to the settlement
  SELECT l.n, w.g, w.fund, l.feedetl_sn, CAST(w.fund * l.net_inscp // w.inscp AS BIGINT) AS part, w.fund * l.net_inscp % w.inscp AS remainder
  FROM line AS l JOIN whole AS w ON w.mdtrt_key = l.mdtrt_key AND w.setl_id = l.setl_id
  WHERE l.net_inscp > 0
), short AS (
  SELECT g, ANY_VALUE(fund) - SUM(part) AS fen FROM share GROUP BY g HAVING ANY_VALUE(fund) > SUM(part)
), extra AS (
  SELECT n FROM (SELECT s.n, o.fen, ROW_NUMBER() OVER (PARTITION BY s.g ORDER BY s.remainder DESC, s.feedetl_sn) AS place
                 FROM share AS s JOIN short AS o ON o.g = s.g) WHERE place <= fen
)
SELECT CAST(l.psn_key % 64 AS INTEGER) AS bucket, l.psn_key, l.mdtrt_key, l.org_key, l.feedetl_sn, l.item_key,
       {_day("l.fee_ocur_time")} AS fee_day, {_sec("l.fee_ocur_time")} AS fee_sec,
       {_ymd("l.fee_ocur_time")} AS fee_ymd,
       CASE WHEN l.kind <> 'inp' THEN 0 WHEN {_day("l.fee_ocur_time")} < l.in_day THEN {_day("l.fee_ocur_time")} - l.in_day
            WHEN {_day("l.fee_ocur_time")} > l.out_day THEN {_day("l.fee_ocur_time")} - l.out_day ELSE 0 END AS off_days,
       l.list_type, l.med_chrgitm_type, l.chrgitm_lv, l.net_cnt_e4, l.pric_e6, l.net_amt, l.net_inscp,
       COALESCE(s.part, 0) + CASE WHEN x.n IS NULL THEN 0 ELSE 1 END AS fund_amt,
       l.prd_days_e4, l.bilg_dept_codg, l.bilg_dr_codg, l.rxno, l.oprn_no, l.body_part,
       {_sec("l.exe_begntime")} AS exe_beg_sec, {_sec("l.exe_endtime")} AS exe_end_sec
FROM line AS l
LEFT JOIN share AS s ON s.n = l.n
LEFT JOIN extra AS x ON x.n = l.n
""",
    "stock_change": f"""
SELECT {key_sql("s.fixmedins_code")} AS org_key, {key_sql(base_code_sql("s.med_list_codg"))} AS item_key, s.stk_id, s.infno,
       {_day("s.stk_time")} AS stk_day,
       CASE WHEN u.undo_stk_id IS NOT NULL THEN 0
            WHEN s.infno IN ('3503', '3506') OR (s.infno = '3502' AND s.inv_chg_type IN ('101', '103', '106', '108')) THEN {_scaled_cell("s.cnt", 4)}
            WHEN s.infno IN ('3504', '3505') OR (s.infno = '3502' AND s.inv_chg_type IN ('102', '104', '105', '107')) THEN -{_scaled_cell("s.cnt", 4)}
       END AS dlt_e4
FROM stock_change AS s
LEFT JOIN (SELECT DISTINCT undo_stk_id FROM stock_change WHERE infno = '3507') AS u ON u.undo_stk_id = s.stk_id
WHERE s.infno <> '3507'
""",
    "trace_code": f"""
SELECT {key_sql("t.psn_no")} AS psn_key, {key_sql("t.mdtrt_id")} AS mdtrt_key, {key_sql("t.fixmedins_code")} AS org_key,
       {key_sql(base_code_sql("t.med_list_codg"))} AS item_key, t.feedetl_sn, t.scan_id, t.drug_trac_codg, t.scan_type,
       {_day("t.scan_time")} AS scan_day, {_sec("t.scan_time")} AS scan_sec, t.trdn_flag, t.mdtrt_setl_type
FROM trace_code AS t
""",
}


def dictionary_sql(name: str) -> str:
    """SELECT key, code, name: the distinct codes of one dictionary in the visible lake tables; the name is the smallest seen."""
    code, label = DICTIONARIES[name]
    table = {"item": "fee_line", "diag": "diagnosis", "oprn": "operation"}[name]
    expression = base_code_sql(code) if name == "item" else code
    return f"""SELECT {key_sql("code")} AS key, code, name
               FROM (SELECT {expression} AS code, MIN({label}) AS name FROM {table} GROUP BY ALL)"""


def layer_sql(table: str) -> str:
    """The derivation of one rule table with its columns in schema order and of schema type."""
    columns = ", ".join(f"CAST({c.name} AS {c.sql}) AS {c.name}" for c in LAYER[table].columns)
    return f"SELECT {columns} FROM ({RULE_SQL[table]})"


def create_empty_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create every lake table, empty, in the current schema (for examples and tests)."""
    for table in TABLES.values():
        columns = ", ".join(f"{c.name} {c.kind.sql}" for c in table.columns)
        con.execute(f"CREATE TABLE {table.name} ({columns})")
