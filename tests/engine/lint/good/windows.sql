/*
rule: windows
title: 好例
r_code: R00
status: draft
certainty: suspected
grain: line
knowledge: local_film_limit
basis: [{law: sc-735, article: 第三十八条第三项}]
valid_from: 2021-05-01
message: 好例
spares: [无]
*/
WITH run AS (
  SELECT f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.net_amt, f.net_inscp, f.fund_amt,
         ROW_NUMBER() OVER (PARTITION BY f.mdtrt_key ORDER BY f.fee_sec DESC, f.feedetl_sn) AS nth,      -- half of the key is the partition
         LAG(f.fee_day) OVER (PARTITION BY f.psn_key ORDER BY e.mdtrt_key, f.feedetl_sn) AS before,      -- equal to f.mdtrt_key
         DENSE_RANK() OVER (PARTITION BY f.psn_key ORDER BY f.fee_day) AS day_no,                        -- ties are meant
         SUM(f.net_cnt_e4) OVER (PARTITION BY f.psn_key ORDER BY f.fee_day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS week,
         COUNT(*) OVER (PARTITION BY f.psn_key) AS lines
  FROM fee_line AS f
  JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key                  -- one row for each line
  JOIN institution AS i ON i.org_key = e.org_key
  LEFT JOIN diagnosis AS d ON d.mdtrt_key = e.mdtrt_key AND d.maindiag_flag = '1'
  WHERE d.mdtrt_key IS NULL
), share AS (
  SELECT f.org_key, i.lv_grp, f.fee_ymd // 100 AS ym, SUM(f.net_amt) AS amt
  FROM fee_line AS f JOIN institution AS i ON i.org_key = f.org_key
  GROUP BY f.org_key, i.lv_grp, f.fee_ymd // 100
), ranked AS (
  SELECT s.org_key, ROW_NUMBER() OVER (PARTITION BY s.ym ORDER BY s.amt, s.org_key) AS place FROM share AS s
), biggest AS (
  SELECT f.org_key, ROW_NUMBER() OVER (ORDER BY SUM(f.net_amt) DESC, f.org_key) AS place FROM fee_line AS f GROUP BY f.org_key
)
SELECT 0 AS kid, r.psn_key, r.mdtrt_key, r.feedetl_sn, r.fee_day AS w0, r.fee_day + 1 AS w1, r.nth AS observed, r.day_no AS threshold,
       r.net_amt AS amount_total, r.net_inscp AS amount_inscope, r.fund_amt AS amount_fund
FROM run AS r
WHERE r.nth > 1
/*
examples:
- name: 空
  given: {}
*/
