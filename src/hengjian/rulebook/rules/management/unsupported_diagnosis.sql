/*
rule: unsupported_diagnosis
title: 疾病诊断编码异常
official_code: GZ10000201003000
r_code: R32
status: active
certainty: suspected              # 并发症应有哪些佐证是地方知识；佐证可能没有收费
grain: encounter
stages: [after]                   # 佐证可能还没有做
knowledge: local_cc_evidence
needs_whole: true           # 缺了被拒收的行，看不出有没有
basis:
- {law: sc-735, article: 第三十九条第三项}
valid_from: 2021-05-01
message: 出院次要诊断有“{diag_name}”，住院期间却没有相应的检查、治疗或用药收费，编码须对照病历复核。
spares: [门诊和购药不计, 未出院不计, 全自费的住院不计, 主要诊断不计, 入院诊断不计, 佐证项目自费的也算, 佐证只要有一项, 有行加载时被拒收的就诊不计]
*/
WITH claimed AS (                                 -- complications among the other diagnoses at discharge; only a stay has a day of discharge
  SELECT MIN(k.kid) AS kid, k.diag_prefix, d.psn_key, d.mdtrt_key, e.in_day, e.out_day
  FROM diagnosis AS d
  JOIN encounter AS e ON e.mdtrt_key = d.mdtrt_key AND e.psn_key = d.psn_key
  JOIN kn_cc_evidence AS k ON SUBSTRING(d.diag_code, 1, LENGTH(k.diag_prefix)) = k.diag_prefix
   AND SUBSTRING(d.diag_code, 1, 1) = SUBSTRING(k.diag_prefix, 1, 1)        -- narrows
   AND e.out_day >= k.valid_from AND e.out_day < k.valid_to
  WHERE e.inscp_amt > 0 AND d.inout_diag_type = '2' AND d.maindiag_flag = '0'
  GROUP BY k.diag_prefix, d.psn_key, d.mdtrt_key, e.in_day, e.out_day
), shown AS (                                     -- what was charged, paid or not, that shows the complication was treated
  SELECT DISTINCT k.diag_prefix, f.mdtrt_key
  FROM fee_line AS f
  JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key AND e.psn_key = f.psn_key
  JOIN kn_cc_evidence AS k ON k.item_key = f.item_key AND e.out_day >= k.valid_from AND e.out_day < k.valid_to
  WHERE f.net_cnt_e4 > 0
)
SELECT c.kid, c.psn_key, c.mdtrt_key, c.in_day AS w0, c.out_day + 1 AS w1, c.diag_prefix AS observed_text,
       CAST(0 AS BIGINT) AS observed, CAST(10000 AS BIGINT) AS threshold,
       CAST(0 AS BIGINT) AS amount_total, CAST(0 AS BIGINT) AS amount_inscope, CAST(0 AS BIGINT) AS amount_fund
FROM claimed AS c
LEFT JOIN shown AS s ON s.mdtrt_key = c.mdtrt_key AND s.diag_prefix = c.diag_prefix
WHERE s.mdtrt_key IS NULL
/*
examples:
- name: 没有佐证的次要诊断
  given:
    knowledge: |
      diag_prefix | diag_name  | med_list_codg   | hilist_name | valid_from | valid_to
      J96         | 呼吸衰竭   | 008837001010000 | 血气分析    | 2026-03-01 | 2026-12-01
      J96         | 呼吸衰竭   | 008837001020000 | 氧疗        | 2026-03-01 | 2026-12-01
      D62         | 失血性贫血 | 008837002010000 | 输血        | 2026-03-01 |
      D62         | 失血性贫血 | 008837002020000 | 旧项目      | 2026-03-01 | 2026-06-01
      D62         | 失血性贫血 | 008837002030000 | 新项目      | 2026-10-01 |
    encounter: |
      mdtrt_id | psn_no | med_type | begntime   | endtime
      V1       | PV1    | 21       | 2026-08-20 | 2026-09-01   # 命中：没有任何佐证
      V2       | PV2    | 21       | 2026-08-20 | 2026-09-01   # 命中：佐证是别的并发症的
      V3       | PV3    | 21       | 2026-08-20 | 2026-09-01   # 命中：佐证已全部退费
      V4       | PV4    | 21       | 2026-08-20 | 2026-09-01   # 命中：两项并发症，一项有佐证，另一项没有
      V5       | PV5    | 21       | 2026-11-20 | 2026-11-30   # 命中：知识失效前一日出院
      V6       | PV6    | 21       | 2026-02-20 | 2026-03-01   # 命中：知识生效当日出院
      S1       | PS1    | 21       | 2026-08-20 | 2026-09-01   # 放过：有佐证，带本地尾码
      S2       | PS2    | 21       | 2026-08-20 | 2026-09-01   # 放过：佐证自费
      S3       | PS3    | 21       | 2026-08-20 | 2026-09-01   # 放过：是主要诊断
      S4       | PS4    | 21       | 2026-08-20 | 2026-09-01   # 放过：是入院诊断
      S5       | PS5    | 21       | 2026-08-20 |   # 放过：还没有出院
      S6       | PS6    | 11       | 2026-08-20 |   # 放过：门诊
      S7       | PS7    | 21       | 2026-08-20 | 2026-09-01   # 放过：全自费的住院
      S8       | PS8    | 21       | 2026-02-20 | 2026-02-28   # 放过：知识生效前一日出院
      S9       | PS9    | 21       | 2026-11-20 | 2026-12-01   # 放过：知识失效当日出院
      SA       | PSA    | 21       | 2026-08-20 | 2026-09-01   # 放过：相邻的诊断
      SB       | PSB    | 21       | 2026-02-20 | 2026-03-02   # 放过：佐证做在知识生效之前，出院在生效之后
      V7       | PV7    | 21       | 2026-08-20 | 2026-09-01   # 命中：佐证项目已不再认可
      SE       | PV7    | 21       | 2026-05-01 | 2026-05-10   # 放过：没有这样的诊断
      V8       | PV8    | 21       | 2026-08-20 | 2026-09-01   # 命中：佐证项目出院时还没有认可
      SC       | PSC    | 11       | 2026-08-20 | 2026-09-01   # 放过：门诊，有结束时间
      SD       | PSD    | 21       | 2026-08-20 | 2026-09-01   # 放过：编码只有一位相同
    diagnosis: |
      mdtrt_id | inout_diag_type | diag_srt_no | maindiag_flag | diag_code
      V1       | 2               | 1           | 1             | K40.900
      V1       | 2               | 2           | 0             | J96.900
      V2       | 2               | 1           | 1             | K40.900
      V2       | 2               | 2           | 0             | J96.000x001
      V3       | 2               | 1           | 1             | K40.900
      V3       | 2               | 2           | 0             | J96.900
      V4       | 2               | 1           | 1             | K40.900
      V4       | 2               | 2           | 0             | J96.900
      V4       | 2               | 3           | 0             | D62.x00
      V5       | 2               | 1           | 1             | K40.900
      V5       | 2               | 2           | 0             | J96.900
      V6       | 2               | 1           | 1             | K40.900
      V6       | 2               | 2           | 0             | J96.900
      S1       | 2               | 1           | 1             | K40.900
      S1       | 2               | 2           | 0             | J96.900
      S2       | 2               | 1           | 1             | K40.900
      S2       | 2               | 2           | 0             | J96.900
      S3       | 2               | 1           | 1             | J96.900
      S4       | 2               | 1           | 1             | K40.900
      S4       | 1               | 2           | 0             | J96.900
      S5       | 2               | 1           | 1             | K40.900
      S5       | 2               | 2           | 0             | J96.900
      S6       | 2               | 1           | 1             | K40.900
      S6       | 2               | 2           | 0             | J96.900
      S7       | 2               | 1           | 1             | K40.900
      S7       | 2               | 2           | 0             | J96.900
      S8       | 2               | 1           | 1             | K40.900
      S8       | 2               | 2           | 0             | J96.900
      S9       | 2               | 1           | 1             | K40.900
      S9       | 2               | 2           | 0             | J96.900
      SA       | 2               | 1           | 1             | K40.900
      SA       | 2               | 2           | 0             | J95.900
      SB       | 2               | 1           | 1             | K40.900
      SB       | 2               | 2           | 0             | J96.900
      V7       | 2               | 1           | 1             | K40.900
      V7       | 2               | 2           | 0             | D62.x00
      SE       | 2               | 1           | 1             | K40.900
      V8       | 2               | 1           | 1             | K40.900
      V8       | 2               | 2           | 0             | D62.x00
      SC       | 2               | 1           | 1             | K40.900
      SC       | 2               | 2           | 0             | J96.900
      SD       | 2               | 1           | 1             | K40.900
      SD       | 2               | 2           | 0             | J44.900
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | med_list_codg        | fee_ocur_time | cnt | pric  | inscp_scp_amt
      V1       | L1         |                 | 008837009010000      | 2026-08-25    | 1   | 50.00 | 50.00
      V2       | L2         |                 | 008837002010000      | 2026-08-25    | 1   | 50.00 | 50.00
      V3       | L3         |                 | 008837001010000      | 2026-08-25    | 1   | 50.00 | 50.00
      V3       | L3R        | L3              | 008837001010000      | 2026-08-26    | -1  | 50.00 | -50.00
      V4       | L5         |                 | 008837001010000      | 2026-08-25    | 1   | 50.00 | 50.00
      S1       | L6         |                 | 008837001010000-0001 | 2026-08-25    | 1   | 50.00 | 50.00
      S2       | L7         |                 | 008837001020000      | 2026-08-25    | 1   | 50.00 | 0.00
      SB       | L8         |                 | 008837001010000      | 2026-02-25    | 1   | 50.00 | 50.00
      V7       | L9         |                 | 008837002020000      | 2026-08-25    | 1   | 50.00 | 50.00
      V8       | L10        |                 | 008837002030000      | 2026-08-25    | 1   | 50.00 | 50.00
    settlement: |
      setl_id | mdtrt_id | medfee_sumamt | inscp_scp_amt
      SV1     | V1       | 1000.00       | 900.00
      SV2     | V2       | 1000.00       | 900.00
      SV3     | V3       | 1000.00       | 900.00
      SV4     | V4       | 1000.00       | 900.00
      SV5     | V5       | 1000.00       | 900.00
      SV6     | V6       | 1000.00       | 900.00
      SS1     | S1       | 1000.00       | 900.00
      SS2     | S2       | 1000.00       | 900.00
      SS3     | S3       | 1000.00       | 900.00
      SS4     | S4       | 1000.00       | 900.00
      SS5     | S5       | 1000.00       | 900.00
      SS6     | S6       | 1000.00       | 900.00
      SS7     | S7       | 1000.00       | 0.00
      SS8     | S8       | 1000.00       | 900.00
      SS9     | S9       | 1000.00       | 900.00
      SSA     | SA       | 1000.00       | 900.00
      SSB     | SB       | 1000.00       | 900.00
      SV7     | V7       | 1000.00       | 900.00
      SSE     | SE       | 1000.00       | 900.00
      SV8     | V8       | 1000.00       | 900.00
      SSC     | SC       | 1000.00       | 900.00
      SSD     | SD       | 1000.00       | 900.00
  finds: |
    mdtrt_id | observed | threshold | amount_total | attribute | certainty
    V1       | 0        | 1         | 0.00         | J96       | suspected
    V2       | 0        | 1         | 0.00         | J96       | suspected
    V3       | 0        | 1         | 0.00         | J96       | suspected
    V4       | 0        | 1         | 0.00         | D62       | suspected
    V5       | 0        | 1         | 0.00         | J96       | suspected
    V6       | 0        | 1         | 0.00         | J96       | suspected
    V7       | 0        | 1         | 0.00         | D62       | suspected
    V8       | 0        | 1         | 0.00         | D62       | suspected
*/
