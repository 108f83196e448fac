/*
rule: does_not_run__unreadable
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
SELECT k.kid, (f.net_amt  -- here
FROM fee_line AS f
/*
examples:
- name: 空
  given: {}
*/
