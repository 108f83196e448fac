/*
rule: film_overcharge
title: 胶片超量收费
r_code: R22
status: active
certainty: suspected              # 每部位张数是地方知识，须与实际使用核对
grain: line
knowledge: local_film_limit
basis:
- {law: sc-735, article: 第三十八条第三项}
valid_from: 2021-05-01
message: 「{item_name}」当日在本机构计费 {observed} 张，按检查部位数最多 {threshold} 张，超出部分在疑。
spares: [退费已冲抵, 全自费不计, 不同机构分别计算, 自费的检查也算做过, 只计超出部分]
*/
WITH film AS (                                    -- every film line in scope, one row, whatever the number of examinations
  SELECT MIN(k.kid) AS kid, f.psn_key, f.org_key, f.fee_day, f.item_key, f.mdtrt_key, f.feedetl_sn, f.fee_sec, f.net_cnt_e4 AS m,
         f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_film_limit AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
  GROUP BY f.psn_key, f.org_key, f.fee_day, f.item_key, f.mdtrt_key, f.feedetl_sn, f.fee_sec, f.net_cnt_e4, f.net_amt, f.net_inscp, f.fund_amt
), room AS (                                      -- films payable: parts examined that day × films per part
  SELECT x.psn_key, x.org_key, x.fee_day, k.item_key, CAST(SUM(x.net_cnt_e4 * k.max_per_part) AS BIGINT) AS allowed
  FROM fee_line AS x
  JOIN kn_film_limit AS k ON k.exam_key = x.item_key AND x.fee_day >= k.valid_from AND x.fee_day < k.valid_to
  GROUP BY x.psn_key, x.org_key, x.fee_day, k.item_key
), run AS (
  SELECT f.kid, f.psn_key, f.fee_day, f.mdtrt_key, f.feedetl_sn, f.m, f.net_amt, f.net_inscp, f.fund_amt, COALESCE(r.allowed, 0) AS allowed,
         CAST(SUM(f.m) OVER (PARTITION BY f.psn_key, f.org_key, f.fee_day, f.item_key ORDER BY f.fee_sec, f.mdtrt_key, f.feedetl_sn
                             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS used
  FROM film AS f
  LEFT JOIN room AS r ON r.psn_key = f.psn_key AND r.org_key = f.org_key AND r.fee_day = f.fee_day AND r.item_key = f.item_key
), excess AS (
  SELECT r.kid, r.psn_key, r.fee_day, r.mdtrt_key, r.feedetl_sn, r.m, r.net_amt, r.net_inscp, r.fund_amt, r.allowed, r.used,
         CASE WHEN r.used - r.allowed < r.m THEN r.used - r.allowed ELSE r.m END AS x
  FROM run AS r
  WHERE r.used > r.allowed
)
SELECT x.kid, x.psn_key, x.mdtrt_key, x.feedetl_sn, x.fee_day AS w0, x.fee_day + 1 AS w1, x.used AS observed, x.allowed AS threshold,
       (2 * x.net_amt * x.x + x.m) // (2 * x.m) AS amount_total,
       (2 * x.net_inscp * x.x + x.m) // (2 * x.m) AS amount_inscope,
       (2 * x.fund_amt * x.x + x.m) // (2 * x.m) AS amount_fund
FROM excess AS x
/*
examples:
- name: 每部位一张，超出的张数在疑
  given:
    knowledge: |
      med_list_codg   | exam_codg       | max_per_part | valid_from | valid_to
      002199000010000 | 002102000010000 | 1            | 2025-01-01 | 2026-10-01
      002199000010000 | 002102000020000 | 2            | 2025-01-01 | 2026-10-01
      002199000020000 | 002102000030000 | 1            | 2025-01-01 | 2026-06-01
      002199000020000 | 002102000030000 | 3            | 2026-06-01 |
    institution: |
      fixmedins_code
      H99010100001
      H99010100002
    encounter: |
      mdtrt_id | psn_no | fixmedins_code | begntime
      V1       | P1     | H99010100001   | 2026-03-01
      V2       | P2     | H99010100001   | 2026-03-01
      V3       | P3     | H99010100001   | 2026-03-01
      V4       | P3     | H99010100002   | 2026-03-01
      V5       | P5     | H99010100001   | 2026-03-01
      V6       | P6     | H99010100001   | 2026-05-31
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | med_list_codg   | fee_ocur_time       | cnt | pric  | inscp_scp_amt
      V1       | E1         |                 | 002102000010000 | 2026-03-01 08:00:00 | 1   | 60.00 | 60.00
      V1       | S1         |                 | 002199000010000 | 2026-03-01 08:10:00 | 1   | 15.00 | 15.00   # 放过：一个部位一张
      V1       | F1         |                 | 002199000010000 | 2026-03-01 08:20:00 | 2   | 15.00 | 30.00   # 命中：多出两张
      V2       | E2         |                 | 002102000010000 | 2026-03-01 08:00:00 | 2   | 60.00 | 0.00
      V2       | F2         |                 | 002199000010000 | 2026-03-01 08:10:00 | 3   | 15.00 | 45.00   # 命中：两个部位三张，超出一张
      V5       | F3         |                 | 002199000010000 | 2026-09-30 08:10:00 | 1   | 15.00 | 12.00   # 命中：没有检查只有胶片，知识失效前一日
      V3       | E4         |                 | 002102000020000 | 2026-03-01 08:00:00 | 1   | 90.00 | 90.00
      V3       | S2         |                 | 002199000010000 | 2026-03-01 08:10:00 | 2   | 15.00 | 30.00   # 放过：这种检查每部位两张
      V4       | E5         |                 | 002102000010000 | 2026-03-01 09:00:00 | 1   | 60.00 | 60.00
      V4       | S3         |                 | 002199000010000 | 2026-03-01 09:10:00 | 1   | 15.00 | 15.00   # 放过：另一机构另一次检查
      V3       | E6         |                 | 002102000010000 | 2026-03-02 09:00:00 | 1   | 60.00 | 60.00
      V3       | S4         |                 | 002199000010000 | 2026-03-02 09:10:00 | 2   | 15.00 | 30.00   # 放过：多的一张已退
      V3       | S4R        | S4              | 002199000010000 | 2026-03-03 09:10:00 | -1  | 15.00 | -15.00
      V3       | E7         |                 | 002102000010000 | 2026-03-04 09:00:00 | 1   | 60.00 | 60.00
      V3       | S5         |                 | 002199000010000 | 2026-03-04 09:10:00 | 1   | 15.00 | 15.00   # 放过：恰一张
      V3       | S6         |                 | 002199000010000 | 2026-03-04 09:20:00 | 1   | 15.00 | 0.00    # 放过：多的一张自费
      V3       | S7         |                 | 002199000010000 | 2024-12-31 09:20:00 | 1   | 15.00 | 15.00   # 放过：知识尚未生效
      V3       | S8         |                 | 002199000010000 | 2026-10-01 09:20:00 | 1   | 15.00 | 15.00   # 放过：知识当日失效
      V1       | S9         |                 | 002199000010000 | 2026-03-01 09:20:00 | 1   | 15.00 | 15.00   # 放过：张数已全部退回，只剩尾差
      V1       | S9R        | S9              | 002199000010000 | 2026-03-01 09:30:00 | -1  | 14.90 | -14.90
      V6       | E8         |                 | 002102000030000 | 2026-05-31 08:00:00 | 1   | 60.00 | 60.00
      V6       | E9         |                 | 002102000010000 | 2026-05-31 08:00:00 | 1   | 60.00 | 60.00
      V6       | F4         |                 | 002199000020000 | 2026-05-31 09:00:00 | 2   | 15.00 | 30.00   # 命中：标准放宽前一日，多出一张
      V6       | SB         |                 | 002199000010000 | 2026-05-31 09:00:00 | 1   | 15.00 | 15.00   # 放过：另一种胶片，各算各的
      V6       | EA         |                 | 002102000030000 | 2026-06-01 08:00:00 | 1   | 60.00 | 60.00
      V6       | SA         |                 | 002199000020000 | 2026-06-01 09:00:00 | 3   | 15.00 | 45.00   # 放过：放宽当日起每部位三张
      V6       | EB         |                 | 002102000030000 | 2026-06-02 08:00:00 | 1   | 60.00 | 60.00
      V6       | F5         |                 | 002199000020000 | 2026-06-02 09:00:00 | 4   | 15.00 | 60.00   # 命中：放宽后仍多出一张
  finds: |
    feedetl_sn | observed | threshold | amount_total | amount_inscope | knowledge
    F1         | 3        | 1         | 30.00        | 30.00          | 002199000010000/002102000010000
    F2         | 3        | 2         | 15.00        | 15.00          | 002199000010000/002102000010000
    F3         | 1        | 0         | 15.00        | 12.00          | 002199000010000/002102000010000
    F4         | 2        | 1         | 15.00        | 15.00          | 002199000020000/002102000030000
    F5         | 4        | 3         | 15.00        | 15.00          | 002199000020000/002102000030000
*/
