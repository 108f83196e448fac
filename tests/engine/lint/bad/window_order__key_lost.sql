/*
rule: window_order__key_lost
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
WITH line AS (
  SELECT f.psn_key, f.mdtrt_key, f.fee_day, f.net_cnt_e4, f.net_amt, f.net_inscp, f.fund_amt FROM fee_line AS f
), run AS (
  SELECT f.mdtrt_key, f.fee_day, f.net_amt, f.net_inscp, f.fund_amt,
         ROW_NUMBER() OVER (PARTITION BY f.psn_key ORDER BY f.fee_day, f.mdtrt_key) AS nth  -- here
  FROM line AS f
)
SELECT 0 AS kid, r.mdtrt_key, r.fee_day AS w0, r.fee_day + 1 AS w1, r.nth AS observed, 0 AS threshold, r.net_amt AS amount_total,
       r.net_inscp AS amount_inscope, r.fund_amt AS amount_fund
FROM run AS r
WHERE r.nth > 1
/*
examples:
- name: 空
  given: {}
*/
