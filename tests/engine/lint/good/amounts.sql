/*
rule: amounts
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
WITH year AS (
  SELECT f.org_key, f.item_key, CAST(SUM(f.net_amt) AS BIGINT) AS amt, CAST(SUM(f.net_cnt_e4) AS BIGINT) AS cnt
  FROM fee_line AS f
  WHERE f.net_amt > 0 AND f.net_amt <> -0 AND f.net_cnt_e4 * 2 > f.net_amt AND f.fee_sec + 3600 > f.exe_beg_sec
  GROUP BY f.org_key, f.item_key
)
SELECT 0 AS kid, y.org_key, y.item_key, 0 AS w0, 1 AS w1, y.amt * 10000 // y.cnt AS observed, 0 AS threshold,
       (y.amt // 100) * (y.cnt // 10000) AS amount_total,          -- reduced before it is multiplied
       0 AS amount_inscope, 0 AS amount_fund
FROM year AS y
WHERE y.amt + y.cnt > 0
/*
examples:
- name: 空
  given: {}
*/
