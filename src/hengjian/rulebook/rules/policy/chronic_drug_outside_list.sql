/*
rule: chronic_drug_outside_list
title: 药品超限定病种目录范围使用
official_code: GZ10000101011000
r_code: R08
status: active
certainty: suspected              # 病种目录是地方的，站点核准之前只作疑点
grain: line
knowledge: local_chronic_drug     # 一个病种一份目录；没有目录的病种不判
basis:
- {law: sc-735, article: 第三十八条第六项}
valid_from: 2021-05-01
message: 「{item_name}」不在「{dise_name}」门诊慢特病的用药目录内，却按这个病种结算。
spares: [退费已冲抵, 全自费不计, 不按慢特病结算的不计, 没有写明病种的不计, 当地没有目录的病种不计, 药品以外的不计, 没有国家编码的不计]
*/
WITH book AS (                                    -- the lists, by disease and period
  SELECT k.dise_codg, k.valid_from, k.valid_to, MIN(k.kid) AS kid
  FROM kn_chronic_drug AS k
  GROUP BY k.dise_codg, k.valid_from, k.valid_to
), used AS (                                      -- drugs settled under a disease; grouped, so that they are few before they meet lists
  SELECT f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.item_key, f.net_amt, f.net_inscp, f.fund_amt, MIN(e.dise_codg) AS dise_codg
  FROM fee_line AS f
  JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key AND e.psn_key = f.psn_key
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0 AND f.list_type = '101' AND SUBSTRING(e.med_type, 1, 2) = '14'
  GROUP BY f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.item_key, f.net_amt, f.net_inscp, f.fund_amt
)
SELECT MIN(b.kid) AS kid, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day AS w0, f.fee_day + 1 AS w1,
       f.dise_codg AS observed_text, CAST(NULL AS BIGINT) AS observed, CAST(NULL AS BIGINT) AS threshold,
       f.net_amt AS amount_total, f.net_inscp AS amount_inscope, f.fund_amt AS amount_fund
FROM used AS f
JOIN book AS b ON b.dise_codg = f.dise_codg AND f.fee_day >= b.valid_from AND f.fee_day < b.valid_to
LEFT JOIN kn_chronic_drug AS x ON x.dise_codg = f.dise_codg AND x.item_key = f.item_key
                              AND f.fee_day >= x.valid_from AND f.fee_day < x.valid_to
LEFT JOIN kn_unmapped AS u ON u.item_key = f.item_key
WHERE x.item_key IS NULL AND u.item_key IS NULL   -- nobody can say what drug a code of the house is
GROUP BY f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.dise_codg, f.net_amt, f.net_inscp, f.fund_amt
/*
examples:
- name: 按病种结算，药品不在这个病种的目录内
  given:
    knowledge: |
      dise_codg | dise_name | med_list_codg           | hilist_name | valid_from | valid_to
      M03900    | 高血压    | XC08CAZ001A001          | 甲降压药    | 2026-01-01 |
      M03900    | 高血压    | XC09CAZ002E001010100001 | 乙降压药    | 2026-01-01 | 2026-07-01
      M03900    | 高血压    | XC07ABZ004A001          | 丙降压药    | 2026-05-01 |
      M01600    | 糖尿病    | XA10BAZ003A001          | 降糖药      | 2026-03-01 | 2026-09-01
    encounter: |
      mdtrt_id | psn_no | med_type | dise_codg | begntime
      V1       | P1     | 14       | M03900    | 2026-03-05
      V2       | P1     | 140104   | M01600    | 2026-03-06
      V3       | P1     | 14       | M04600    | 2026-03-07
      V4       | P1     | 14       |           | 2026-03-08
      V5       | P1     | 11       | M03900    | 2026-03-09
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | list_type | med_list_codg           | fee_ocur_time | cnt | pric  | inscp_scp_amt
      V1       | F1         |                 | 101       | XA10BAZ003A001010100001 | 2026-03-05    | 2   | 30.00 | 54.00    # 命中：高血压开降糖药
      V2       | F2         |                 | 101       | XC08CAZ001A001010100001 | 2026-03-06    | 2   | 30.00 | 60.00    # 命中：糖尿病开降压药，退一盒
      V2       | F2R        | F2              | 101       | XC08CAZ001A001010100001 | 2026-03-06    | -1  | 30.00 | -30.00
      V1       | F3         |                 | 101       | XC09CAZ002E001010100001 | 2026-07-01    | 1   | 30.00 | 30.00    # 命中：当日起不在目录内
      V1       | F4         |                 | 101       | XJ01CAZ009E001010100001 | 2026-03-05    | 1   | 30.00 | 30.00    # 命中：哪个病种的目录里都没有
      V2       | F5         |                 | 101       | XC08CAZ001A001010100001 | 2026-08-31    | 1   | 30.00 | 30.00    # 命中：目录失效前一日
      V1       | F6         |                 | 101       | XC07ABZ004A001010100001 | 2026-04-30    | 1   | 30.00 | 30.00    # 命中：次日才进目录
      V1       | S0         |                 | 101       | XC07ABZ004A001010100001 | 2026-05-01    | 1   | 30.00 | 30.00    # 放过：当日进目录
      V1       | S1         |                 | 101       | XC08CAZ001A001010100007 | 2026-03-05    | 2   | 30.00 | 60.00    # 放过：目录内，另一厂家
      V1       | S2         |                 | 101       | XC09CAZ002E001010100001 | 2026-06-30    | 1   | 30.00 | 30.00    # 放过：目录内最后一日
      V2       | S3         |                 | 101       | XA10BAZ003A001010100001 | 2026-03-06    | 1   | 30.00 | 30.00    # 放过：目录内
      V2       | S4         |                 | 101       | XC08CAZ001A001010100001 | 2026-02-28    | 1   | 30.00 | 30.00    # 放过：这个病种还没有目录
      V2       | S5         |                 | 101       | XC08CAZ001A001010100001 | 2026-09-01    | 1   | 30.00 | 30.00    # 放过：这个病种的目录已失效
      V3       | S6         |                 | 101       | XC08CAZ001A001010100001 | 2026-03-07    | 1   | 30.00 | 30.00    # 放过：当地没有这个病种的目录
      V4       | S7         |                 | 101       | XA10BAZ003A001010100001 | 2026-03-08    | 1   | 30.00 | 30.00    # 放过：没有写明病种
      V5       | S8         |                 | 101       | XA10BAZ003A001010100001 | 2026-03-09    | 1   | 30.00 | 30.00    # 放过：普通门诊
      V1       | S9         |                 | 101       | XA10BAZ003A001010100001 | 2026-03-05    | 1   | 30.00 | 0.00     # 放过：全自费
      V1       | SA         |                 | 101       | XA10BAZ003A001010100001 | 2026-03-05    | 1   | 30.00 | 30.00    # 放过：数量全退，范围内金额没有退净
      V1       | SAR        | SA              | 101       | XA10BAZ003A001010100001 | 2026-03-05    | -1  | 30.00 | -20.00
      V1       | SC         |                 | 101       | LOCAL01                 | 2026-03-05    | 1   | 30.00 | 30.00    # 放过：院内自编的编码，不知是什么药
      V1       | SB         |                 | 201       | 002503020030000         | 2026-03-05    | 1   | 60.00 | 60.00    # 放过：检验不是药品
  finds: |
    feedetl_sn | amount_total | amount_inscope | certainty
    F1         | 60.00        | 54.00          | suspected
    F2         | 30.00        | 30.00          | suspected
    F3         | 30.00        | 30.00          | suspected
    F4         | 30.00        | 30.00          | suspected
    F5         | 30.00        | 30.00          | suspected
    F6         | 30.00        | 30.00          | suspected
*/
