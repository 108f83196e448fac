/*
family: cap
code: Q
title: 数量上限
# Quantity (1/10,000 units) of one knowledge point's items within a calendar day or an encounter, at one institution.
# Only the excess is in question, in order of time.
*/
WITH cand AS (
  SELECT k.kid, k.max_e4, f.psn_key, f.org_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.fee_sec, f.net_cnt_e4 AS m,
         f.net_amt, f.net_inscp, f.fund_amt,
         CASE k.per WHEN 'day' THEN CAST(f.fee_day AS BIGINT) ELSE f.mdtrt_key END AS win
  FROM fee_line AS f
  JOIN kn_cap AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), run AS (                                     -- totally ordered: time, then the line's full key
  SELECT c.kid, c.max_e4, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.fee_day, c.m, c.net_amt, c.net_inscp, c.fund_amt,
         CAST(SUM(c.m) OVER (PARTITION BY c.kid, c.psn_key, c.org_key, c.win ORDER BY c.fee_sec, c.mdtrt_key, c.feedetl_sn
                             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS used
  FROM cand AS c
), excess AS (                                  -- x of the line's m units lie beyond the cap
  SELECT r.kid, r.max_e4, r.psn_key, r.mdtrt_key, r.feedetl_sn, r.fee_day, r.m, r.net_amt, r.net_inscp, r.fund_amt, r.used,
         CASE WHEN r.used - r.max_e4 < r.m THEN r.used - r.max_e4 ELSE r.m END AS x
  FROM run AS r
  WHERE r.used > r.max_e4
)
SELECT x.kid, x.psn_key, x.mdtrt_key, x.feedetl_sn, x.fee_day AS w0, x.fee_day + 1 AS w1,
       CAST(NULL AS VARCHAR) AS observed_text, x.used AS observed, x.max_e4 AS threshold,
       CAST(NULL AS BIGINT) AS other_mdtrt_key, CAST(NULL AS VARCHAR) AS other_sn,
       (2 * x.net_amt * x.x + x.m) // (2 * x.m) AS amount_total,          -- share of the excess, half up, in integers
       (2 * x.net_inscp * x.x + x.m) // (2 * x.m) AS amount_inscope,
       (2 * x.fund_amt * x.x + x.m) // (2 * x.m) AS amount_fund
FROM excess AS x
