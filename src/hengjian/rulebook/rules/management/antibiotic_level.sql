/*
rule: antibiotic_level
title: 抗菌药物分级使用管理
official_code: GZ10000202003000
r_code: R39
status: active
certainty: suspected              # 官方结果类型为可疑；分级目录是地方的，会诊后代开、越级使用须查病历
grain: line
knowledge: local_antb_level
basis:
- {law: sc-735, article: 第十五条}
valid_from: 2021-05-01
message: 「{item_name}」在本地列为 {threshold} 级抗菌药物（2 限制使用，3 特殊使用），开单医师当日登记的处方权为 {observed} 级（0 无，1 非限制，2 限制，3 特殊）。
spares: [退费已冲抵, 全自费不计, 医师没有登记或处方权不明不计, 登记已终止或暂停不计, 多处执业取最高的一级, 急诊不计, 急诊入院当日不计]
*/
WITH line AS (
  SELECT k.kid, k.antb_lv AS need, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.bilg_dr_codg, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_antb_level AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), had AS (                                       -- rights on the day, of all the prescriber's registrations; one unknown: not known
  SELECT l.kid, l.need, l.psn_key, l.mdtrt_key, l.feedetl_sn, l.fee_day, l.net_amt, l.net_inscp, l.fund_amt,
         MAX(r.antb_lv) AS lv, COUNT(*) - COUNT(r.antb_lv) AS unknown
  FROM line AS l
  JOIN practitioner AS r ON r.prac_psn_code = l.bilg_dr_codg AND l.fee_day >= r.beg_day AND l.fee_day < r.end_day
  GROUP BY l.kid, l.need, l.psn_key, l.mdtrt_key, l.feedetl_sn, l.fee_day, l.net_amt, l.net_inscp, l.fund_amt
)
SELECT h.kid, h.psn_key, h.mdtrt_key, h.feedetl_sn, h.fee_day AS w0, h.fee_day + 1 AS w1, h.lv * 10000 AS observed,
       h.need * 10000 AS threshold, h.net_amt AS amount_total, h.net_inscp AS amount_inscope, h.fund_amt AS amount_fund
FROM had AS h
JOIN encounter AS e ON e.mdtrt_key = h.mdtrt_key AND e.psn_key = h.psn_key
WHERE h.unknown = 0 AND h.lv < h.need AND SUBSTRING(e.med_type, 1, 2) <> '13'
  AND CASE WHEN e.kind = 'inp' AND e.in_day = h.fee_day AND (e.adm_way = '1' OR e.adm_way IS NULL) THEN 1 ELSE 0 END = 0
/*
examples:
- name: 处方权低于药品级别
  given:
    knowledge: |
      med_list_codg           | hilist_name | antb_lv | valid_from | valid_to
      XJ45AXB001A001010100001 | 甲药        | 2       | 2026-01-28 | 2026-09-01
      XJ45AXB002B001010100001 | 乙药        | 3       | 2026-01-28 |
    practitioner: |
      prac_psn_code | prac_psn_type | fixmedins_code | begndate   | enddate    | antb_lv | stas | stas_date
      D0            | 1             | H99010100001   | 2020-01-01 |            | 0       | 1    |
      D1            | 1             | H99010100001   | 2020-01-01 |            | 1       | 1    |
      D2            | 1             | H99010100001   | 2020-01-01 |            | 2       | 1    |
      D3            | 1             | H99010100001   | 2020-01-01 |            | 3       | 1    |
      DU            | 1             | H99010100001   | 2020-01-01 |            |         | 1    |
      DM            | 1             | H99010100001   | 2020-01-01 |            | 1       | 1    |
      DM            | 1             | H99010100002   | 2020-01-01 |            | 2       | 1    |
      DH            | 1             | H99010100001   | 2020-01-01 |            | 1       | 1    |
      DH            | 1             | H99010100002   | 2020-01-01 |            |         | 1    |
      DE            | 1             | H99010100001   | 2020-01-01 | 2026-02-28 | 2       | 1    |
      DE            | 1             | H99010100001   | 2026-03-01 |            | 1       | 1    |
      DS            | 1             | H99010100001   | 2020-01-01 |            | 1       | 2    | 2026-03-01
      DX            | 1             | H99010100001   | 2020-01-01 |            | 1       | 3    |
      DN            | 1             | H99010100001   | 2026-03-02 |            | 1       | 1    |
    encounter: |
      mdtrt_id | psn_no | fixmedins_code | med_type | begntime   | endtime    | adm_way
      V1       | P1     | H99010100001   | 11       | 2026-03-01 |            |
      V2       | P1     | H99010100001   | 21       | 2026-03-05 | 2026-03-09 | 1
      V3       | P1     | H99010100001   | 13       | 2026-03-10 |            |
      V4       | P1     | H99010100001   | 21       | 2026-03-12 | 2026-03-15 |
      V5       | P1     | H99010100001   | 21       | 2026-03-20 | 2026-03-24 | 2
    fee_line: |
      mdtrt_id | feedetl_sn | init_feedetl_sn | med_list_codg                | fee_ocur_time | cnt | pric  | inscp_scp_amt | bilg_dr_codg
      V1       | F1         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 2   | 30.00 | 54.00         | D1   # 命中：非限制级开限制级
      V1       | F2         |                 | XJ45AXB002B001010100001      | 2026-03-01    | 1   | 90.00 | 90.00         | D2   # 命中：限制级开特殊级
      V1       | F3         |                 | XJ45AXB001A001010100001-0001 | 2026-03-01    | 1   | 30.00 | 30.00         | D0   # 命中：没有处方权，带本地尾码
      V1       | F4         |                 | XJ45AXB002B001010100001      | 2026-03-01    | 1   | 90.00 | 90.00         | DM   # 命中：两处执业，最高的也不够
      V1       | F5         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DE   # 命中：旧登记到前一日为止，新登记当日起低一级
      V1       | F6         |                 | XJ45AXB001A001010100001      | 2026-02-28    | 1   | 30.00 | 30.00         | DS   # 命中：暂停前一日
      V2       | F7         |                 | XJ45AXB001A001010100001      | 2026-03-06    | 1   | 30.00 | 30.00         | D1   # 命中：急诊入院第二日
      V5       | F8         |                 | XJ45AXB001A001010100001      | 2026-03-20    | 1   | 30.00 | 30.00         | D1   # 命中：门诊入院当日
      V1       | F9         |                 | XJ45AXB001A001010100001      | 2026-01-28    | 1   | 30.00 | 30.00         | D1   # 命中：知识生效当日
      V1       | FA         |                 | XJ45AXB001A001010100001      | 2026-08-31    | 1   | 30.00 | 30.00         | D1   # 命中：知识失效前一日
      V1       | FB         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 3   | 30.00 | 90.00         | D1   # 命中：部分退费，只计净额
      V1       | FBR        | FB              | XJ45AXB001A001010100001      | 2026-03-02    | -1  | 30.00 | -30.00        | D1
      V1       | S1         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | D2   # 放过：恰为限制级
      V1       | S2         |                 | XJ45AXB002B001010100001      | 2026-03-01    | 1   | 90.00 | 90.00         | D3   # 放过：特殊级
      V1       | S3         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DU   # 放过：处方权不明
      V1       | S4         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DM   # 放过：另一处登记为限制级
      V1       | S5         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DH   # 放过：另一处登记的处方权不明
      V1       | S6         |                 | XJ45AXB001A001010100001      | 2026-02-28    | 1   | 30.00 | 30.00         | DE   # 放过：旧登记最后一日仍为限制级
      V1       | S7         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DS   # 放过：当日起登记暂停，处方权不明
      V1       | S8         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DX   # 放过：登记已注销，不知哪天
      V1       | S9         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DZ   # 放过：没有登记的医师
      V1       | SK         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | DN   # 放过：次日起才登记
      V1       | SA         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         |      # 放过：没有写开单医师
      V2       | SB         |                 | XJ45AXB001A001010100001      | 2026-03-05    | 1   | 30.00 | 30.00         | D1   # 放过：急诊入院当日，可越级使用一日
      V3       | SC         |                 | XJ45AXB002B001010100001      | 2026-03-10    | 1   | 90.00 | 90.00         | D1   # 放过：急诊
      V4       | SD         |                 | XJ45AXB001A001010100001      | 2026-03-12    | 1   | 30.00 | 30.00         | D1   # 放过：入院途径不明的当日
      V1       | SE         |                 | XJ45AXB001A001010100001      | 2026-01-27    | 1   | 30.00 | 30.00         | D1   # 放过：知识生效前一日
      V1       | SF         |                 | XJ45AXB001A001010100001      | 2026-09-01    | 1   | 30.00 | 30.00         | D1   # 放过：知识失效当日
      V1       | SG         |                 | XJ45AXB001A001010100001      | 2026-03-01    | 1   | 30.00 | 0.00          | D1   # 放过：全自费
      V1       | SH         |                 | XJ45AXB003A001010100001      | 2026-03-01    | 1   | 30.00 | 30.00         | D1   # 放过：相邻编码
      V1       | SI         |                 | XJ45AXB001A001010100001      | 2026-03-02    | 1   | 30.00 | 30.00         | D1   # 放过：全部退费
      V1       | SIR        | SI              | XJ45AXB001A001010100001      | 2026-03-03    | -1  | 30.00 | -30.00        | D1
      V1       | SJ         |                 | XJ45AXB001A001010100001      | 2026-03-02    | 2   | 30.00 | 60.00         | D1   # 放过：数量全退，范围内金额没有退净
      V1       | SJR        | SJ              | XJ45AXB001A001010100001      | 2026-03-03    | -2  | 30.00 | -50.00        | D1
  finds: |
    feedetl_sn | observed | threshold | amount_total | amount_inscope | certainty
    F1         | 1        | 2         | 60.00        | 54.00          | suspected
    F2         | 2        | 3         | 90.00        | 90.00          | suspected
    F3         | 0        | 2         | 30.00        | 30.00          | suspected
    F4         | 2        | 3         | 90.00        | 90.00          | suspected
    F5         | 1        | 2         | 30.00        | 30.00          | suspected
    F6         | 1        | 2         | 30.00        | 30.00          | suspected
    F7         | 1        | 2         | 30.00        | 30.00          | suspected
    F8         | 1        | 2         | 30.00        | 30.00          | suspected
    F9         | 1        | 2         | 30.00        | 30.00          | suspected
    FA         | 1        | 2         | 30.00        | 30.00          | suspected
    FB         | 1        | 2         | 60.00        | 60.00          | suspected
*/
