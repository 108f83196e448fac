/*
family: cap
code: Q
title: 数量上限
scope: person
engines: [duckdb, sqlite, spark]
# Quantity, days of use or in-scope money of one knowledge point's items within a calendar day or an encounter at one institution, or
# within a calendar year anywhere; days of supply or quantity a day of one line. Only the excess is in question, in order of time.
# kn_cap: measure: qty units | days distinct days of use | amount in-scope money ; per: day | encounter | year ; max_n: 1/10,000 units or days, fen
# kn_line: measure: supply days the line is for | daily quantity a day ; max_e4: 1/10,000 days or units
*/
WITH cand AS (
  SELECT k.kid, k.measure, k.max_n, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.fee_sec,
         CASE k.measure WHEN 'qty' THEN f.net_cnt_e4 WHEN 'amount' THEN f.net_inscp ELSE 10000 END AS m, f.net_amt, f.net_inscp, f.fund_amt,
         CASE k.per WHEN 'year' THEN CAST(0 AS BIGINT) ELSE f.org_key END AS place,
         CASE k.per WHEN 'day' THEN CAST(f.fee_day AS BIGINT) WHEN 'encounter' THEN f.mdtrt_key
                    WHEN 'year' THEN CAST(f.fee_ymd // 10000 AS BIGINT) END AS win
  FROM fee_line AS f
  JOIN kn_cap AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), run AS (                                     -- totally ordered: time, then the line's full key
  SELECT c.kid, c.measure, c.max_n, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.fee_day, c.m, c.net_amt, c.net_inscp, c.fund_amt,
         CAST(SUM(c.m) OVER (PARTITION BY c.kid, c.psn_key, c.place, c.win ORDER BY c.fee_sec, c.mdtrt_key, c.feedetl_sn
                             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS units,
         DENSE_RANK() OVER (PARTITION BY c.kid, c.psn_key, c.place, c.win ORDER BY c.fee_day) AS day_no
  FROM cand AS c
), total AS (
  SELECT r.kid, r.measure, r.max_n, r.psn_key, r.mdtrt_key, r.feedetl_sn, r.fee_day, r.m, r.net_amt, r.net_inscp, r.fund_amt,
         CASE r.measure WHEN 'days' THEN CAST(r.day_no * 10000 AS BIGINT) ELSE r.units END AS used
  FROM run AS r
), single AS (                                  -- one line by itself; days nobody told accuse nobody
  SELECT k.kid, k.measure, k.max_e4, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.prd_days_e4, f.net_amt, f.net_inscp, f.fund_amt,
         CASE k.measure WHEN 'daily' THEN f.net_cnt_e4 ELSE f.prd_days_e4 END AS m,
         CASE k.measure WHEN 'daily' THEN k.max_e4 * f.prd_days_e4 // 10000 ELSE k.max_e4 END AS lim
  FROM fee_line AS f
  JOIN kn_line AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key AND e.psn_key = f.psn_key
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0 AND f.prd_days_e4 > 0
    AND (k.measure = 'daily'                    -- stays and chronic diseases have rules of their own for how long a drug may be given
         OR (e.kind <> 'inp' AND SUBSTRING(e.med_type, 1, 2) <> '14'))
), excess AS (                                  -- x of the line's m units lie beyond the cap
  SELECT t.kid, t.psn_key, t.mdtrt_key, t.feedetl_sn, t.fee_day, t.m, t.net_amt, t.net_inscp, t.fund_amt,
         CASE t.measure WHEN 'amount' THEN t.used * 100 ELSE t.used END AS observed,
         CASE t.measure WHEN 'amount' THEN t.max_n * 100 ELSE t.max_n END AS threshold,
         CASE WHEN t.used - t.max_n < t.m THEN t.used - t.max_n ELSE t.m END AS x
  FROM total AS t
  WHERE t.used > t.max_n
  UNION ALL
  SELECT s.kid, s.psn_key, s.mdtrt_key, s.feedetl_sn, s.fee_day, s.m, s.net_amt, s.net_inscp, s.fund_amt,
         CASE s.measure WHEN 'daily' THEN s.m * 10000 // s.prd_days_e4 ELSE s.m END, s.max_e4, s.m - s.lim
  FROM single AS s
  WHERE s.m > s.lim
)
SELECT x.kid, x.psn_key, x.mdtrt_key, x.feedetl_sn, x.fee_day AS w0, x.fee_day + 1 AS w1, x.observed, x.threshold,
       (2 * x.net_amt * x.x + x.m) // (2 * x.m) AS amount_total,          -- share of the excess, half up, in integers
       (2 * x.net_inscp * x.x + x.m) // (2 * x.m) AS amount_inscope,
       (2 * x.fund_amt * x.x + x.m) // (2 * x.m) AS amount_fund
FROM excess AS x
