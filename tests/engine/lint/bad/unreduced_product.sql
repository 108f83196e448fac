/*
rule: unreduced_product
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
WITH year AS (
  SELECT f.org_key, f.item_key, SUM(f.net_amt) AS amt, SUM(f.net_cnt_e4) AS cnt FROM fee_line AS f GROUP BY f.org_key, f.item_key
)
SELECT 0 AS kid, y.org_key, y.item_key, 0 AS w0, 1 AS w1, 0 AS observed, 0 AS threshold,
       y.amt * y.cnt // 10000 AS amount_total,  -- here
       0 AS amount_inscope, 0 AS amount_fund
FROM year AS y
/*
examples:
- name: 空
  given: {}
*/
