/*
rule: window_order__institution
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
WITH share AS (
  SELECT f.org_key, SUM(f.net_amt) AS amt FROM fee_line AS f GROUP BY f.org_key
)
SELECT 0 AS kid, s.org_key, 0 AS w0, 1 AS w1,
       ROW_NUMBER() OVER (ORDER BY s.amt) AS observed,  -- here
       0 AS threshold, 0 AS amount_total, 0 AS amount_inscope, 0 AS amount_fund
FROM share AS s
/*
examples:
- name: 空
  given: {}
*/
