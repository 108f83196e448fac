/*
family: price
code: M
title: 计价
scope: person
engines: [duckdb, sqlite, spark]
# Unit price over the ceiling; a second operation of one incision group that was not discounted.
# kn_price is bound: one ceiling (1/1,000,000 yuan) per code, region and level of institution, and disjoint period.
# kn_ceiling holds the same ceilings for the discount: grp incision group, rate_pct of the ceiling due from the second operation on.
# tol_e6: tolerated difference
*/
WITH fit AS (
  SELECT k.kid, k.uplmt_e6, k.tol_e6, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.item_key, f.fee_day, f.oprn_no, f.pric_e6, f.net_cnt_e4,
         f.net_amt, f.net_inscp, f.fund_amt, i.admdvs, i.lv_grp
  FROM fee_line AS f
  JOIN institution AS i ON i.org_key = f.org_key
  JOIN kn_price AS k ON k.item_key = f.item_key AND k.admdvs = i.admdvs AND k.lv_grp = i.lv_grp
   AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), surgery AS (                                 -- one anaesthesia (or, unknown, one day of one stay), one group, dearest first
  SELECT d.kid, d.rate_pct, d.tol_e6, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.pric_e6, f.net_cnt_e4, f.net_amt, f.net_inscp,
         f.fund_amt, u.uplmt_e6,
         DENSE_RANK() OVER (PARTITION BY d.grp, f.mdtrt_key, COALESCE(f.oprn_no, CAST(f.fee_day AS VARCHAR))
                            ORDER BY u.uplmt_e6 DESC, f.item_key) AS nth       -- one operation on two lines is one operation
  FROM fee_line AS f
  JOIN kn_discount AS d ON d.item_key = f.item_key AND f.fee_day >= d.valid_from AND f.fee_day < d.valid_to
  JOIN institution AS i ON i.org_key = f.org_key
  JOIN kn_ceiling AS u ON u.item_key = f.item_key AND u.admdvs = i.admdvs AND u.lv_grp = i.lv_grp
   AND f.fee_day >= u.valid_from AND f.fee_day < u.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), over_price AS (
  SELECT f.kid, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.pric_e6, f.uplmt_e6 AS due_e6, f.tol_e6, f.net_cnt_e4, f.net_amt,
         f.net_inscp, f.fund_amt
  FROM fit AS f
  UNION ALL
  SELECT s.kid, s.psn_key, s.mdtrt_key, s.feedetl_sn, s.fee_day, s.pric_e6, s.uplmt_e6 * s.rate_pct // 100, s.tol_e6, s.net_cnt_e4, s.net_amt,
         s.net_inscp, s.fund_amt
  FROM surgery AS s WHERE s.nth > 1
), amount AS (                                  -- 1/1,000,000 yuan × 1/10,000 units // 10^8 = fen
  SELECT o.kid, o.psn_key, o.mdtrt_key, o.feedetl_sn, o.fee_day, o.pric_e6, o.due_e6, o.net_amt, o.net_inscp, o.fund_amt,
         CASE WHEN (o.pric_e6 - o.due_e6) * o.net_cnt_e4 // 100000000 < o.net_amt THEN (o.pric_e6 - o.due_e6) * o.net_cnt_e4 // 100000000
              ELSE o.net_amt END AS over_amt
  FROM over_price AS o
  WHERE o.pric_e6 > o.due_e6 + o.tol_e6 AND o.net_amt > 0
)
SELECT a.kid, a.psn_key, a.mdtrt_key, a.feedetl_sn, a.fee_day AS w0, a.fee_day + 1 AS w1,
       a.pric_e6 // 100 AS observed, a.due_e6 // 100 AS threshold,
       a.over_amt AS amount_total, (2 * a.net_inscp * a.over_amt + a.net_amt) // (2 * a.net_amt) AS amount_inscope,
       (2 * a.fund_amt * a.over_amt + a.net_amt) // (2 * a.net_amt) AS amount_fund
FROM amount AS a
