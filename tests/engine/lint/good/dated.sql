/*
rule: dated
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
WITH named AS (
  SELECT n.item_key, n.valid_from, n.valid_to, MIN(n.kid) AS kid FROM kn_film_limit AS n GROUP BY n.item_key, n.valid_from, n.valid_to
), line AS (
  SELECT f.psn_key, f.mdtrt_key, f.feedetl_sn, f.item_key, f.fee_day AS act_day, f.net_amt, f.net_inscp, f.fund_amt FROM fee_line AS f
)
SELECT k.kid, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.act_day AS w0, c.act_day + 1 AS w1, 0 AS observed, 0 AS threshold,
       c.net_amt AS amount_total, c.net_inscp AS amount_inscope, c.fund_amt AS amount_fund
FROM line AS c
JOIN named AS k ON k.item_key = c.item_key AND k.valid_from <= c.act_day          -- handed on with both bounds, told the other way round
WHERE k.valid_to > c.act_day
  AND NOT EXISTS (SELECT 1 FROM kn_film_limit AS x WHERE x.exam_key = c.item_key AND c.act_day >= x.valid_from AND c.act_day < x.valid_to)
/*
examples:
- name: 空
  given: {}
*/
