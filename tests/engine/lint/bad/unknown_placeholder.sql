/*
rule: unknown_placeholder
title: 坏例
r_code: R00
status: draft
certainty: suspected
grain: line
knowledge: local_film_limit
basis: [{law: sc-735, article: 第三十八条第三项}]
valid_from: 2021-05-01
message: 坏例{notex}   # here
spares: [无]
*/
SELECT k.kid, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day AS w0, f.fee_day + 1 AS w1, f.net_cnt_e4 AS observed, k.max_per_part * 10000 AS threshold,
       f.net_amt AS amount_total, f.net_inscp AS amount_inscope, f.fund_amt AS amount_fund
FROM fee_line AS f
JOIN kn_film_limit AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
WHERE f.net_cnt_e4 > 0
/*
examples:
- name: 空
  given: {}
*/
