/*
family: cap
code: Q
title: 数量上限
scope: person
engines: [duckdb, sqlite, spark]
# Quantity (1/10,000 units) or days of use of one knowledge point's items within a calendar day or an encounter,
# at one institution. Only the excess is in question, in order of time.
# measure: qty units | days distinct days of use ; per: day | encounter ; max_e4: 1/10,000 units or days
*/
WITH cand AS (
  SELECT k.kid, k.measure, k.max_e4, f.psn_key, f.org_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.fee_sec,
         CASE k.measure WHEN 'qty' THEN f.net_cnt_e4 ELSE 10000 END AS m, f.net_amt, f.net_inscp, f.fund_amt,
         CASE k.per WHEN 'day' THEN CAST(f.fee_day AS BIGINT) WHEN 'encounter' THEN f.mdtrt_key END AS win
  FROM fee_line AS f
  JOIN kn_cap AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), run AS (                                     -- totally ordered: time, then the line's full key
  SELECT c.kid, c.measure, c.max_e4, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.fee_day, c.m, c.net_amt, c.net_inscp, c.fund_amt,
         CAST(SUM(c.m) OVER (PARTITION BY c.kid, c.psn_key, c.org_key, c.win ORDER BY c.fee_sec, c.mdtrt_key, c.feedetl_sn
                             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS units,
         DENSE_RANK() OVER (PARTITION BY c.kid, c.psn_key, c.org_key, c.win ORDER BY c.fee_day) AS day_no
  FROM cand AS c
), total AS (
  SELECT r.kid, r.max_e4, r.psn_key, r.mdtrt_key, r.feedetl_sn, r.fee_day, r.m, r.net_amt, r.net_inscp, r.fund_amt,
         CASE r.measure WHEN 'days' THEN CAST(r.day_no * 10000 AS BIGINT) ELSE r.units END AS used
  FROM run AS r
), excess AS (                                  -- x of the line's m units lie beyond the cap
  SELECT t.kid, t.max_e4, t.psn_key, t.mdtrt_key, t.feedetl_sn, t.fee_day, t.m, t.net_amt, t.net_inscp, t.fund_amt, t.used,
         CASE WHEN t.used - t.max_e4 < t.m THEN t.used - t.max_e4 ELSE t.m END AS x
  FROM total AS t
  WHERE t.used > t.max_e4
)
SELECT x.kid, x.psn_key, x.mdtrt_key, x.feedetl_sn, x.fee_day AS w0, x.fee_day + 1 AS w1, x.used AS observed, x.max_e4 AS threshold,
       (2 * x.net_amt * x.x + x.m) // (2 * x.m) AS amount_total,          -- share of the excess, half up, in integers
       (2 * x.net_inscp * x.x + x.m) // (2 * x.m) AS amount_inscope,
       (2 * x.fund_amt * x.x + x.m) // (2 * x.m) AS amount_fund
FROM excess AS x
