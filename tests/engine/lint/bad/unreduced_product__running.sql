/*
rule: unreduced_product__running
title: 坏例
r_code: R00
status: draft
certainty: suspected
grain: line
knowledge: local_film_limit
basis: [{law: sc-735, article: 第三十八条第三项}]
valid_from: 2021-05-01
message: 坏例
spares: [无]
*/
WITH run AS (
  SELECT f.mdtrt_key, f.feedetl_sn, f.fee_day, f.net_amt, SUM(f.net_cnt_e4) OVER (PARTITION BY f.psn_key ORDER BY f.fee_sec, f.mdtrt_key, f.feedetl_sn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS used
  FROM fee_line AS f
)
SELECT 0 AS kid, r.mdtrt_key, r.feedetl_sn, r.fee_day AS w0, r.fee_day + 1 AS w1, 0 AS observed, 0 AS threshold,
       r.net_amt * r.used // 10000 AS amount_total,  -- here
       0 AS amount_inscope, 0 AS amount_fund
FROM run AS r
/*
examples:
- name: 空
  given: {}
*/
