/*
rule: window_order__scan
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
  SELECT t.mdtrt_key, t.scan_day AS fee_day, 0 AS net_amt, 0 AS net_inscp, 0 AS fund_amt,
         ROW_NUMBER() OVER (PARTITION BY t.drug_trac_codg ORDER BY t.scan_sec) AS nth  -- here
  FROM trace_code AS t
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
