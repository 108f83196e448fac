/*
rule: low_indication_admission
title: 无指征住院（低标准入院）
official_code: GZ10000204005000
r_code: R31
status: active
certainty: suspected              # 评分，分值由我们取定，病种是地方知识；是否需要住院须看病历
grain: encounter
knowledge: local_mild_dise
params:
  mild: {unit: 分, values: {2021-05-01: 30}, range: [1, 100]}             # 主要诊断在可门诊治疗病种表内
  no_operation: {unit: 分, values: {2021-05-01: 15}, range: [0, 100]}     # 没有手术操作，也没有手术费
  short: {unit: 分, values: {2021-05-01: 15}, range: [0, 100]}            # 住院不超过 short_days 天
  examined: {unit: 分, values: {2021-05-01: 20}, range: [0, 100]}         # 检查化验占总费用不低于 examined_pct
  untreated: {unit: 分, values: {2021-05-01: 10}, range: [0, 100]}        # 没有治疗费、手术费
  least: {unit: 分, values: {2021-05-01: 60}, range: [1, 100]}            # 合计到这么多分才在疑
  short_days: {unit: 天, values: {2021-05-01: 3}, range: [1, 10]}
  examined_pct: {unit: "%", values: {2021-05-01: 70}, range: [1, 100]}
  adult_days: {unit: 天, values: {2021-05-01: 5114}, range: [0, 7000]}    # 十四周岁
  old_days: {unit: 天, values: {2021-05-01: 23742}, range: [20000, 40000]}      # 六十五周岁
  illnesses: {unit: 次, values: {2021-05-01: 3}, range: [2, 20]}          # 连主要诊断在内几个类目的病，算多病
needs_whole: true           # 缺了被拒收的行，看不出有没有
basis:
- {law: sc-735, article: 第十五条}
- {law: sc-735, article: 第三十八条第一项}
valid_from: 2021-05-01
scope: whole                      # 用到全部检查化验费；按人分批会多读三成费用行
stages: [after]                   # 出院结算之后才看得全
message: 主要诊断在可门诊治疗病种之内，低标准入院评分 {observed} 分，{threshold} 分起在疑。
spares: [急诊入院、转入和入院途径不明不计, 儿童和出生日期不明不计, 老年多病不计, 死亡出院不计, 日间手术不计, 还在院的不计, 全自费不计, 主要诊断不明不计, 不在病种表内不计, 有行加载时被拒收的就诊不计]
*/
WITH stay AS (                                    -- two rows of knowledge that name one stay accuse it once
  SELECT MIN(k.kid) AS kid, e.psn_key, e.mdtrt_key, e.in_day, e.los_days, e.total_amt, e.inscp_amt, e.fund_amt, e.in_day - p.brdy_day AS age
  FROM encounter AS e
  JOIN kn_mild_dise AS k ON SUBSTRING(e.main_diag, 1, LENGTH(k.diag_prefix)) = k.diag_prefix AND e.in_day >= k.valid_from AND e.in_day < k.valid_to
  JOIN person AS p ON p.psn_key = e.psn_key
  WHERE e.out_day IS NOT NULL AND e.inscp_amt > 0 AND e.adm_way = '2' AND COALESCE(e.dscg_way, '9') <> '5'
    AND SUBSTRING(e.med_type, 1, 2) = '21' AND COALESCE(e.ipt_med_type, '1') <> '2'
  GROUP BY e.psn_key, e.mdtrt_key, e.in_day, e.los_days, e.total_amt, e.inscp_amt, e.fund_amt, p.brdy_day
), done AS (
  SELECT f.mdtrt_key, CAST(SUM(CASE WHEN f.med_chrgitm_type IN ('03', '04') THEN f.net_amt ELSE 0 END) AS BIGINT) // 100 AS exam,
         COUNT(CASE WHEN f.med_chrgitm_type IN ('05', '06') THEN 1 END) AS treated, COUNT(CASE WHEN f.med_chrgitm_type = '06' THEN 1 END) AS cut
  FROM stay AS s
  JOIN fee_line AS f ON f.mdtrt_key = s.mdtrt_key
  WHERE f.med_chrgitm_type IN ('03', '04', '05', '06')          -- narrows: no other line counts
    AND f.net_cnt_e4 > 0
  GROUP BY f.mdtrt_key
), operated AS (
  SELECT DISTINCT o.mdtrt_key
  FROM operation AS o
), ill AS (
  SELECT d.mdtrt_key, COUNT(DISTINCT SUBSTRING(d.diag_code, 1, 3)) AS n
  FROM stay AS s
  JOIN diagnosis AS d ON d.mdtrt_key = s.mdtrt_key             -- narrows: only of these stays it is asked
  GROUP BY d.mdtrt_key
), scored AS (
  SELECT s.kid, s.psn_key, s.mdtrt_key, s.in_day, s.total_amt, s.inscp_amt, s.fund_amt, w.least,
         w.mild + CASE WHEN o.mdtrt_key IS NULL AND COALESCE(d.cut, 0) = 0 THEN w.no_operation ELSE 0 END
           + CASE WHEN s.los_days <= w.short_days THEN w.short ELSE 0 END
           + CASE WHEN COALESCE(d.exam, 0) * 100 >= s.total_amt // 100 * w.examined_pct THEN w.examined ELSE 0 END
           + CASE WHEN COALESCE(d.treated, 0) = 0 THEN w.untreated ELSE 0 END AS score
  FROM stay AS s
  JOIN kn_low_indication_admission AS w ON s.in_day >= w.valid_from AND s.in_day < w.valid_to
  JOIN ill AS i ON i.mdtrt_key = s.mdtrt_key
  LEFT JOIN done AS d ON d.mdtrt_key = s.mdtrt_key
  LEFT JOIN operated AS o ON o.mdtrt_key = s.mdtrt_key
  WHERE s.age >= w.adult_days AND (s.age < w.old_days OR i.n < w.illnesses)
)
SELECT c.kid, c.psn_key, c.mdtrt_key, c.in_day AS w0, c.in_day + 1 AS w1, c.score * 10000 AS observed, c.least * 10000 AS threshold,
       c.total_amt AS amount_total, c.inscp_amt AS amount_inscope, c.fund_amt AS amount_fund
FROM scored AS c
WHERE c.score >= c.least
/*
examples:
- name: 各项计分和除外
  given:
    knowledge: |
      diag_prefix | diag_name | valid_from | valid_to
      L50         | 甲病      | 2025-01-01 | 2026-07-01
      L50.9       | 甲病      | 2025-02-01 | 2026-07-01
    person: |
      psn_no | brdy
      PA1    | 1998-10-14
      PA2    | 1998-10-14
      PA3    | 2012-02-29
      PA4    | 1961-03-01
      PA5    | 1944-01-11
      PA6    | 1998-10-14
      PA7    | 1998-10-14
      PB1    | 1998-10-14
      PB2    | 1998-10-14
      PB3    | 1998-10-14
      PB4    | 1998-10-14
      PB5    | 1998-10-14
      PB6    | 1998-10-14
      PB7    | 2012-03-01
      PB8    |
      PB9    | 1961-02-28
      PC1    | 1998-10-14
      PC2    | 1998-10-14
      PC3    | 1998-10-14
      PC4    | 1998-10-14
      PC5    | 1998-10-14
      PC6    | 1998-10-14
      PC7    | 1998-10-14
      PC8    | 1998-10-14
    encounter: |
      mdtrt_id | psn_no | med_type | ipt_med_type | adm_way | dscg_way | begntime   | endtime
      A1       | PA1    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-04   # 命中：轻症 30、无手术 15、恰三天 15，恰 60 分
      A2       | PA2    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-05   # 命中：轻症 30、检查化验恰七成 20、没有治疗 10；有手术操作，四天
      A3       | PA3    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 命中：恰十四周岁
      A4       | PA4    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 命中：差一天六十五周岁，三种病
      A5       | PA5    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 命中：老年，连主要诊断只有两种病
      A6       | PA6    | 21       | 1            | 2       | 1        | 2026-06-30 | 2026-07-02   # 命中：知识点失效前一日；两个知识点都写着，只算一次
      A7       | PA7    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-05   # 命中：手术已退，检查七成，没有治疗，75 分
      B1       | PB1    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-05   # 放过：四天，45 分
      B2       | PB2    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-05   # 放过：检查化验不到七成，有手术操作
      B3       | PB3    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：有手术操作
      B4       | PB4    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：有手术费
      B5       | PB5    | 21       | 1            | 1       | 1        | 2026-03-01 | 2026-03-03   # 放过：急诊入院
      B6       | PB6    | 21       | 1            |         | 1        | 2026-03-01 | 2026-03-03   # 放过：入院途径不明
      B7       | PB7    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：差一天十四周岁
      B8       | PB8    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：出生日期不明
      B9       | PB9    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：六十五周岁，三种病
      C1       | PC1    | 21       | 1            | 2       | 5        | 2026-03-01 | 2026-03-03   # 放过：死亡出院
      C2       | PC2    | 21       | 2            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：日间手术
      C3       | PC3    | 24       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：急诊转住院
      C4       | PC4    | 21       | 1            | 2       | 1        | 2026-03-01 |              # 放过：还在院
      C5       | PC5    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：全自费
      C6       | PC6    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-03   # 放过：不在病种表内
      C7       | PC7    | 21       | 1            | 2       | 1        | 2026-07-01 | 2026-07-03   # 放过：知识点失效当日
      C8       | PC8    | 21       | 1            | 2       | 1        | 2024-12-31 | 2025-01-03   # 放过：知识点生效前一日
    diagnosis: |
      mdtrt_id | diag_srt_no | maindiag_flag | diag_code
      A1       | 1           | 1             | L50.900
      A2       | 1           | 1             | L50.900
      A3       | 1           | 1             | L50.900
      A4       | 1           | 1             | L50.900
      A4       | 2           | 0             | I10.x00
      A4       | 3           | 0             | E11.900
      A5       | 1           | 1             | L50.900
      A5       | 2           | 0             | I10.x00
      A5       | 3           | 0             | I10.x01
      A6       | 1           | 1             | L50.900
      A7       | 1           | 1             | L50.900
      B1       | 1           | 1             | L50.900
      B2       | 1           | 1             | L50.900
      B3       | 1           | 1             | L50.900
      B4       | 1           | 1             | L50.900
      B5       | 1           | 1             | L50.900
      B6       | 1           | 1             | L50.900
      B7       | 1           | 1             | L50.900
      B8       | 1           | 1             | L50.900
      B9       | 1           | 1             | L50.900
      B9       | 2           | 0             | I10.x00
      B9       | 3           | 0             | E11.900
      C1       | 1           | 1             | L50.900
      C2       | 1           | 1             | L50.900
      C3       | 1           | 1             | L50.900
      C4       | 1           | 1             | L50.900
      C5       | 1           | 1             | L50.900
      C6       | 1           | 1             | L51.900
      C6       | 2           | 0             | L50.900
      C7       | 1           | 1             | L50.900
      C8       | 1           | 1             | L50.900
    operation: |
      mdtrt_id | oprn_oprt_code | oprn_oprt_date
      A2       | 86.3x00        | 2026-03-01
      B2       | 86.3x00        | 2026-03-01
      B3       | 86.3x00        | 2026-03-01
    settlement: |
      mdtrt_id | medfee_sumamt | inscp_scp_amt | fund_pay_sumamt
      A1       | 110.00        | 110.00        | 55.00
      A2       | 100.00        | 100.00        | 50.00
      A3       | 110.00        | 110.00        | 55.00
      A4       | 110.00        | 110.00        | 55.00
      A5       | 110.00        | 110.00        | 55.00
      A6       | 110.00        | 110.00        | 55.00
      A7       | 100.00        | 100.00        | 50.00
      B1       | 110.00        | 110.00        | 55.00
      B2       | 100.00        | 100.00        | 50.00
      B3       | 110.00        | 110.00        | 55.00
      B4       | 110.00        | 110.00        | 55.00
      B5       | 110.00        | 110.00        | 55.00
      B6       | 110.00        | 110.00        | 55.00
      B7       | 110.00        | 110.00        | 55.00
      B8       | 110.00        | 110.00        | 55.00
      B9       | 110.00        | 110.00        | 55.00
      C1       | 110.00        | 110.00        | 55.00
      C2       | 110.00        | 110.00        | 55.00
      C3       | 110.00        | 110.00        | 55.00
      C4       | 110.00        | 110.00        | 55.00
      C5       | 110.00        | 0.00          | 0.00
      C6       | 110.00        | 110.00        | 55.00
      C7       | 110.00        | 110.00        | 55.00
      C8       | 110.00        | 110.00        | 55.00
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | med_list_codg           | med_chrgitm_type | fee_ocur_time | cnt | pric   | inscp_scp_amt
      A1       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      A1       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      A2       | L1         |                 | 002101000010000         | 03               | 2026-03-01    | 1   | 40.00  | 40.00
      A2       | L2         |                 | 002501000010000         | 04               | 2026-03-01    | 1   | 30.00  | 30.00
      A2       | L3         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 30.00  | 30.00
      A3       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      A3       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      A4       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      A4       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      A5       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      A5       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      A6       | L1         |                 | 003101000010000         | 05               | 2026-06-30    | 1   | 10.00  | 10.00
      A6       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-06-30    | 1   | 100.00 | 100.00
      A7       | L1         |                 | 002101000010000         | 03               | 2026-03-01    | 1   | 70.00  | 70.00
      A7       | L2         |                 | 003306000010000         | 06               | 2026-03-01    | 1   | 5.00   | 5.00
      A7       | L2R        | L2              | 003306000010000         | 06               | 2026-03-01    | -1  | 5.00   | -5.00
      A7       | L3         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 30.00  | 30.00
      B1       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B1       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B2       | L1         |                 | 002101000010000         | 03               | 2026-03-01    | 1   | 40.00  | 40.00
      B2       | L2         |                 | 002501000010000         | 04               | 2026-03-01    | 1   | 29.00  | 29.00
      B2       | L3         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 31.00  | 31.00
      B3       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B3       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B4       | L1         |                 | 003306000010000         | 06               | 2026-03-01    | 1   | 10.00  | 10.00
      B4       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B5       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B5       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B6       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B6       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B7       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B7       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B8       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B8       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      B9       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      B9       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C1       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      C1       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C2       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      C2       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C3       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      C3       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C4       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      C4       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C5       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      C5       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C6       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      C6       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      C7       | L1         |                 | 003101000010000         | 05               | 2026-07-01    | 1   | 10.00  | 10.00
      C7       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-07-01    | 1   | 100.00 | 100.00
      C8       | L1         |                 | 003101000010000         | 05               | 2024-12-31    | 1   | 10.00  | 10.00
      C8       | L2         |                 | XA02BCA084A012010101001 | 09               | 2024-12-31    | 1   | 100.00 | 100.00
  finds: |
    mdtrt_id | observed | threshold | amount_total | amount_inscope
    A1       | 60       | 60        | 110.00       | 110.00
    A2       | 60       | 60        | 100.00       | 100.00
    A3       | 60       | 60        | 110.00       | 110.00
    A4       | 60       | 60        | 110.00       | 110.00
    A5       | 60       | 60        | 110.00       | 110.00
    A6       | 60       | 60        | 110.00       | 110.00
    A7       | 75       | 60        | 100.00       | 100.00
- name: 轻症少一分
  given:
    params: |
      param | from       | value
      mild  | 2021-05-01 | 29
    knowledge: |
      diag_prefix | diag_name | valid_from | valid_to
      L50         | 甲病      | 2025-01-01 | 2026-07-01
      L50.9       | 甲病      | 2025-02-01 | 2026-07-01
    person: |
      psn_no | brdy
      PD1    | 1998-10-14
      PD2    | 1998-10-14
    encounter: |
      mdtrt_id | psn_no | med_type | ipt_med_type | adm_way | dscg_way | begntime   | endtime
      D1       | PD1    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-04   # 放过：轻症 29，合计 59 分
      D2       | PD2    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-05   # 放过：轻症 29，合计 59 分
    diagnosis: |
      mdtrt_id | diag_srt_no | maindiag_flag | diag_code
      D1       | 1           | 1             | L50.900
      D2       | 1           | 1             | L50.900
    operation: |
      mdtrt_id | oprn_oprt_code | oprn_oprt_date
      D2       | 86.3x00        | 2026-03-01
    settlement: |
      mdtrt_id | medfee_sumamt | inscp_scp_amt | fund_pay_sumamt
      D1       | 110.00        | 110.00        | 55.00
      D2       | 100.00        | 100.00        | 50.00
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | med_list_codg           | med_chrgitm_type | fee_ocur_time | cnt | pric   | inscp_scp_amt
      D1       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      D1       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
      D2       | L1         |                 | 002101000010000         | 03               | 2026-03-01    | 1   | 40.00  | 40.00
      D2       | L2         |                 | 002501000010000         | 04               | 2026-03-01    | 1   | 30.00  | 30.00
      D2       | L3         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 30.00  | 30.00
  finds: |
    mdtrt_id | observed
- name: 住院短少一分
  given:
    params: |
      param | from       | value
      short | 2021-05-01 | 14
    knowledge: |
      diag_prefix | diag_name | valid_from | valid_to
      L50         | 甲病      | 2025-01-01 | 2026-07-01
      L50.9       | 甲病      | 2025-02-01 | 2026-07-01
    person: |
      psn_no | brdy
      PD3    | 1998-10-14
    encounter: |
      mdtrt_id | psn_no | med_type | ipt_med_type | adm_way | dscg_way | begntime   | endtime
      D3       | PD3    | 21       | 1            | 2       | 1        | 2026-03-01 | 2026-03-04   # 放过：住院短 14，合计 59 分
    diagnosis: |
      mdtrt_id | diag_srt_no | maindiag_flag | diag_code
      D3       | 1           | 1             | L50.900
    settlement: |
      mdtrt_id | medfee_sumamt | inscp_scp_amt | fund_pay_sumamt
      D3       | 110.00        | 110.00        | 55.00
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | med_list_codg           | med_chrgitm_type | fee_ocur_time | cnt | pric   | inscp_scp_amt
      D3       | L1         |                 | 003101000010000         | 05               | 2026-03-01    | 1   | 10.00  | 10.00
      D3       | L2         |                 | XA02BCA084A012010101001 | 09               | 2026-03-01    | 1   | 100.00 | 100.00
  finds: |
    mdtrt_id | observed
- name: 分值中途改变，入院日决定用哪一个
  given:
    params: |
      param | from       | value
      least | 2026-01-01 | 60
      least | 2026-03-01 | 61
    knowledge: |
      diag_prefix | diag_name | valid_from
      L50         | 甲病      | 2025-01-01
    person: |
      psn_no | brdy
      P1     | 1990-05-01
    encounter: |
      mdtrt_id | psn_no | med_type | adm_way | begntime   | endtime
      E1       | P1     | 21       | 2       | 2025-12-31 | 2026-01-02   # 放过：尚无分值可依
      E2       | P1     | 21       | 2       | 2026-01-10 | 2026-01-12   # 命中：60 分
      E3       | P1     | 21       | 2       | 2026-02-28 | 2026-03-02   # 命中：改变前一日
      E4       | P1     | 21       | 2       | 2026-03-10 | 2026-03-12   # 放过：起点已是 61 分
    diagnosis: |
      mdtrt_id | diag_code
      E1       | L50.900
      E2       | L50.900
      E3       | L50.900
      E4       | L50.900
    settlement: |
      mdtrt_id | medfee_sumamt | inscp_scp_amt | fund_pay_sumamt
      E1       | 100.00        | 100.00        | 50.00
      E2       | 100.00        | 100.00        | 50.00
      E3       | 100.00        | 100.00        | 50.00
      E4       | 100.00        | 100.00        | 50.00
    fee_line: |
      mdtrt_id | feedetl_sn | med_list_codg   | med_chrgitm_type | fee_ocur_time | cnt | pric   | inscp_scp_amt
      E1       | L1         | 003101000010000 | 05               | 2026-01-01    | 1   | 100.00 | 100.00
      E2       | L1         | 003101000010000 | 05               | 2026-01-11    | 1   | 100.00 | 100.00
      E3       | L1         | 003101000010000 | 05               | 2026-03-01    | 1   | 100.00 | 100.00
      E4       | L1         | 003101000010000 | 05               | 2026-03-11    | 1   | 100.00 | 100.00
  finds: |
    mdtrt_id | observed | threshold
    E2       | 60       | 60
    E3       | 60       | 60
*/
