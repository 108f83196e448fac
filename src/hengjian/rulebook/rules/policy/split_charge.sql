/*
rule: split_charge
title: 医疗服务项目分解收费
official_code: GZ10000102013000
r_code: R19
status: active
certainty: suspected              # 套餐的组成和价格是地方知识，单做几项有单做的理由
grain: encounter
stages: [after]                   # 同一天的几次就诊合起来看，一次就诊看不全
knowledge: local_package
basis:
- {law: sc-735, article: 第十五条}
- {law: sc-735, article: 第三十八条第三项}
valid_from: 2021-05-01
message: 「{hilist_name}」有套餐价，当日在本机构却另有 {observed} 个组成项目分开收费，超出套餐价的部分在疑。
spares: [退费已冲抵, 全自费不计, 不同机构不计, 不同日不计, 没有收套餐时只做一项的不计, 合计不超过套餐价的不计, 有项目做了几次的不计, 套餐价不明的只查套餐之外另收的]
*/
WITH part AS (                                    -- parts of a package, line by line, in scope
  SELECT k.kid, k.item_key AS pack_key, k.pack_amt, f.psn_key, f.org_key, f.fee_day, f.item_key, f.mdtrt_key, f.net_amt, f.net_inscp, f.fund_amt,
         CASE WHEN f.net_amt > f.pric_e6 // 10000 THEN 1 ELSE 0 END AS several
  FROM fee_line AS f
  JOIN kn_package AS k ON k.part_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_inscp > 0
), pack AS (                                      -- days on which the package itself was charged, paid or not
  SELECT DISTINCT k.item_key AS pack_key, f.psn_key, f.org_key, f.fee_day
  FROM fee_line AS f
  JOIN kn_package AS k ON k.item_key = f.item_key
   AND f.fee_day >= k.valid_from                  -- narrows: the parts of that day are judged by the same row
   AND f.fee_day < k.valid_to                     -- narrows
  WHERE f.net_cnt_e4 > 0
), bill AS (
  SELECT MIN(p.kid) AS kid, p.pack_key, p.psn_key, p.org_key, p.fee_day, MIN(p.mdtrt_key) AS mdtrt_key, COUNT(DISTINCT p.item_key) AS parts,
         COUNT(*) AS times, MAX(p.several) AS several, MAX(p.pack_amt) AS pack_amt,
         CAST(SUM(p.net_amt) AS BIGINT) AS total, CAST(SUM(p.net_inscp) AS BIGINT) AS inscope, CAST(SUM(p.fund_amt) AS BIGINT) AS fund
  FROM part AS p
  GROUP BY p.pack_key, p.psn_key, p.org_key, p.fee_day
)
SELECT b.kid, b.psn_key, b.mdtrt_key, b.fee_day AS w0, b.fee_day + 1 AS w1, b.parts * 10000 AS observed, CAST(0 AS BIGINT) AS threshold,
       CASE WHEN w.pack_key IS NULL THEN b.total - b.pack_amt ELSE b.total END AS amount_total,
       CASE WHEN w.pack_key IS NULL THEN b.inscope - b.pack_amt ELSE b.inscope END AS amount_inscope,
       CASE WHEN w.pack_key IS NOT NULL THEN b.fund WHEN b.fund > b.pack_amt THEN b.fund - b.pack_amt ELSE 0 END AS amount_fund
FROM bill AS b
LEFT JOIN pack AS w ON w.pack_key = b.pack_key AND w.psn_key = b.psn_key AND w.org_key = b.org_key AND w.fee_day = b.fee_day
WHERE w.pack_key IS NOT NULL
   OR (b.parts > 1 AND b.times = b.parts AND b.several = 0 AND b.inscope > b.pack_amt)
/*
examples:
- name: 套餐分开收，或套餐之外另收
  given:
    knowledge: |
      med_list_codg   | hilist_name | part_codg       | part_name | pack_amt | valid_from | valid_to
      008826001000000 | 甲套餐      | 008826001010000 | 组成      | 60.00    | 2026-03-01 | 2026-12-01
      008826001000000 | 甲套餐      | 008826001020000 | 组成      | 60.00    | 2026-03-01 | 2026-12-01
      008826001000000 | 甲套餐      | 008826001030000 | 组成      | 60.00    | 2026-03-01 | 2026-12-01
      008826003000000 | 乙套餐      | 008826003010000 | 组成      |          | 2026-03-01 |
      008826003000000 | 乙套餐      | 008826003020000 | 组成      |          | 2026-03-01 |
    institution: |
      fixmedins_code
      H99010100001
      H99010100002
    encounter: |
      mdtrt_id | psn_no | fixmedins_code | med_type | begntime
      V1       | PV1    | H99010100001   | 11       | 2026-09-01   # 命中：两项分开收，合计超过套餐价
      V2       | PV2    | H99010100001   | 11       | 2026-09-01   # 命中：收了套餐，又另收一项
      V3       | P3     | H99010100001   | 11       | 2026-09-01   # 命中：同日两次就诊合起来算
      W3       | P3     | H99010100001   | 11       | 2026-09-01   # 放过：合并记在先一次
      V4       | PV4    | H99010100001   | 11       | 2026-03-01   # 命中：知识生效当日
      V5       | PV5    | H99010100001   | 11       | 2026-11-30   # 命中：知识失效前一日
      V6       | PV6    | H99010100001   | 11       | 2026-09-01   # 命中：套餐价不明，收了套餐又另收
      V7       | PV7    | H99010100001   | 11       | 2026-09-01   # 命中：三项，其中一项部分退费后仍超过
      S1       | PS1    | H99010100001   | 11       | 2026-09-01   # 放过：没有收套餐，只做一项
      S2       | PS2    | H99010100001   | 11       | 2026-09-01   # 放过：合计恰等于套餐价
      S3       | PS3    | H99010100001   | 11       | 2026-09-01   # 放过：其中一项做了两次
      S4       | PS4    | H99010100001   | 11       | 2026-09-01   # 放过：其中一项分两行收
      S5       | PS5    | H99010100001   | 11       | 2026-09-01   # 放过：套餐价不明，没有收套餐
      S6       | PS6    | H99010100001   | 11       | 2026-09-01   # 放过：另一机构做的
      T6       | PS6    | H99010100002   | 11       | 2026-09-01   # 放过：另一机构做的
      S7       | PS7    | H99010100001   | 11       | 2026-09-01   # 放过：次日做的
      S8       | PS8    | H99010100001   | 11       | 2026-09-01   # 放过：一项全自费
      S9       | PS9    | H99010100001   | 11       | 2026-09-01   # 放过：一项全部退费
      SA       | PSA    | H99010100001   | 11       | 2026-02-28   # 放过：知识生效前一日
      SB       | PSB    | H99010100001   | 11       | 2026-12-01   # 放过：知识失效当日
      SC       | PSC    | H99010100001   | 11       | 2026-09-01   # 放过：只收套餐
      SD       | PSD    | H99010100001   | 11       | 2026-09-01   # 放过：套餐已全部退费，只做一项
      SE       | PSE    | H99010100001   | 11       | 2026-09-01   # 放过：套餐在另一日
      SF       | PSF    | H99010100001   | 11       | 2026-09-01   # 放过：套餐在另一机构
      TF       | PSF    | H99010100002   | 11       | 2026-09-01   # 放过：套餐在另一机构
      SG       | PSG    | H99010100001   | 11       | 2026-09-01   # 放过：范围内合计不超过套餐价
      SH       | PSH    | H99010100001   | 11       | 2026-09-01   # 放过：套餐是别人的
      TH       | PTH    | H99010100001   | 11       | 2026-09-01   # 放过：套餐是别人的
      SI       | PSI    | H99010100001   | 11       | 2026-09-01   # 放过：别的套餐的组成项目
    fee_line: |
      mdtrt_id | feedetl_sn | setl_id | init_feedetl_sn | med_list_codg   | fee_ocur_time | cnt | pric  | inscp_scp_amt
      V1       | L1         | TV1     |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 36.00
      V1       | L2         | TV1     |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 40.00
      V2       | L3         | TV2     |                 | 008826001000000 | 2026-09-01    | 1   | 60.00 | 0.00
      V2       | L4         | TV2     |                 | 008826001030000 | 2026-09-01    | 2   | 40.00 | 80.00
      V3       | L5         |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      W3       | L6         |         |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 40.00
      V4       | L7         | TV4     |                 | 008826001010000 | 2026-03-01    | 1   | 40.00 | 40.00
      V4       | L8         | TV4     |                 | 008826001020000 | 2026-03-01    | 1   | 40.00 | 40.00
      V5       | L9         |         |                 | 008826001010000 | 2026-11-30    | 1   | 40.00 | 40.00
      V5       | L10        |         |                 | 008826001020000 | 2026-11-30    | 1   | 40.00 | 40.00
      V6       | L11        |         |                 | 008826003000000 | 2026-09-01    | 1   | 60.00 | 60.00
      V6       | L12        |         |                 | 008826003010000 | 2026-09-01    | 1   | 40.00 | 40.00
      V7       | L13        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      V7       | L14        |         |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 40.00
      V7       | L15        |         |                 | 008826001030000 | 2026-09-01    | 2   | 40.00 | 80.00
      V7       | L7R        |         | L15             | 008826001030000 | 2026-09-02    | -1  | 40.00 | -40.00
      S1       | L17        |         |                 | 008826001010000 | 2026-09-01    | 1   | 80.00 | 80.00
      S2       | L18        |         |                 | 008826001010000 | 2026-09-01    | 1   | 30.00 | 30.00
      S2       | L19        |         |                 | 008826001020000 | 2026-09-01    | 1   | 30.00 | 30.00
      S3       | L20        |         |                 | 008826001010000 | 2026-09-01    | 2   | 25.00 | 50.00
      S3       | L21        |         |                 | 008826001020000 | 2026-09-01    | 1   | 25.00 | 25.00
      S4       | L22        |         |                 | 008826001010000 | 2026-09-01    | 1   | 25.00 | 25.00
      S4       | L23        |         |                 | 008826001010000 | 2026-09-01    | 1   | 25.00 | 25.00
      S4       | L24        |         |                 | 008826001020000 | 2026-09-01    | 1   | 25.00 | 25.00
      S5       | L25        |         |                 | 008826003010000 | 2026-09-01    | 1   | 40.00 | 40.00
      S5       | L26        |         |                 | 008826003020000 | 2026-09-01    | 1   | 40.00 | 40.00
      S6       | L27        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      T6       | L28        |         |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 40.00
      S7       | L29        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      S7       | L30        |         |                 | 008826001020000 | 2026-09-02    | 1   | 40.00 | 40.00
      S8       | L31        |         |                 | 008826001010000 | 2026-09-01    | 1   | 70.00 | 70.00
      S8       | L32        |         |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 0.00
      S9       | L33        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      S9       | L34        |         |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 40.00
      S9       | L9R        |         | L34             | 008826001020000 | 2026-09-02    | -1  | 40.00 | -40.00
      SA       | L36        |         |                 | 008826001010000 | 2026-02-28    | 1   | 40.00 | 40.00
      SA       | L37        |         |                 | 008826001020000 | 2026-02-28    | 1   | 40.00 | 40.00
      SA       | L38        |         |                 | 008826001000000 | 2026-02-28    | 1   | 60.00 | 60.00
      SB       | L39        |         |                 | 008826001010000 | 2026-12-01    | 1   | 40.00 | 40.00
      SB       | L40        |         |                 | 008826001020000 | 2026-12-01    | 1   | 40.00 | 40.00
      SB       | L41        |         |                 | 008826001000000 | 2026-12-01    | 1   | 60.00 | 60.00
      SC       | L42        |         |                 | 008826001000000 | 2026-09-01    | 1   | 60.00 | 60.00
      SD       | L43        |         |                 | 008826001000000 | 2026-09-01    | 1   | 60.00 | 60.00
      SD       | LDR        |         | L43             | 008826001000000 | 2026-09-02    | -1  | 60.00 | -60.00
      SD       | L45        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      SE       | L46        |         |                 | 008826001000000 | 2026-09-01    | 1   | 60.00 | 60.00
      SE       | L47        |         |                 | 008826001010000 | 2026-09-02    | 1   | 40.00 | 40.00
      TF       | L48        |         |                 | 008826001000000 | 2026-09-01    | 1   | 60.00 | 60.00
      SF       | L49        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      SG       | L50        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 29.00
      SG       | L51        |         |                 | 008826001020000 | 2026-09-01    | 1   | 40.00 | 31.00
      TH       | L52        |         |                 | 008826001000000 | 2026-09-01    | 1   | 60.00 | 60.00
      SH       | L53        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
      SI       | L54        |         |                 | 008826003000000 | 2026-09-01    | 1   | 60.00 | 60.00
      SI       | L55        |         |                 | 008826001010000 | 2026-09-01    | 1   | 40.00 | 40.00
    settlement: |
      setl_id | mdtrt_id | medfee_sumamt | inscp_scp_amt | fund_pay_sumamt
      TV1     | V1       | 80.00         | 76.00         | 76.00
      TV2     | V2       | 140.00        | 80.00         | 40.00
      TV4     | V4       | 80.00         | 80.00         | 40.00
  finds: |
    mdtrt_id | observed | threshold | amount_total | amount_inscope | amount_fund | certainty
    V1       | 2        | 0         | 20.00        | 16.00          | 16.00       | suspected
    V2       | 1        | 0         | 80.00        | 80.00          | 40.00       | suspected
    V3       | 2        | 0         | 20.00        | 20.00          | 0.00        | suspected
    V4       | 2        | 0         | 20.00        | 20.00          | 0.00        | suspected
    V5       | 2        | 0         | 20.00        | 20.00          | 0.00        | suspected
    V6       | 1        | 0         | 40.00        | 40.00          | 0.00        | suspected
    V7       | 3        | 0         | 60.00        | 60.00          | 0.00        | suspected
*/
