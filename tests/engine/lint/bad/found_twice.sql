/*
rule: found_twice
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
SELECT k.kid, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day AS w0, f.fee_day + 1 AS w1, f.net_cnt_e4 AS observed, k.max_per_part * 10000 AS threshold,
       f.net_amt AS amount_total, f.net_inscp AS amount_inscope, f.fund_amt AS amount_fund
FROM fee_line AS f
JOIN kn_film_limit AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
JOIN fee_line AS x ON x.psn_key = f.psn_key AND x.item_key = k.exam_key AND x.fee_day = f.fee_day
WHERE f.net_cnt_e4 > 0
/*
examples:  # here
- name: 同一行与两项检查相配，找出两次                 # 行号指到 examples
  given:
    knowledge: |
      med_list_codg   | exam_codg       | max_per_part | valid_from | valid_to
      002199000010000 | 002102000010000 | 1            | 2025-01-01 |
    encounter: |
      mdtrt_id | begntime
      V1       | 2026-03-01
    fee_line: |
      mdtrt_id | feedetl_sn | med_list_codg   | fee_ocur_time       | cnt | pric
      V1       | E1         | 002102000010000 | 2026-03-01 08:00:00 | 1   | 60.00
      V1       | E2         | 002102000010000 | 2026-03-01 08:30:00 | 1   | 60.00
      V1       | F1         | 002199000010000 | 2026-03-01 09:00:00 | 2   | 15.00
*/
