/*
family: graph
code: G
title: 团伙聚集
scope: whole
window: quarter
engines: [duckdb, sqlite, spark]
# Pairs of persons who keep turning up together within a calendar quarter [w0, w1). Pairs only; groups are grown from them after the audit.
# kinds: '|pharm|outp|' encounters counted ; sec: how close in time ; min_days: days together ; lift: times more often than chance
*/
WITH visit AS (                                 -- one arrival per person, institution and day
  SELECT k.kid, k.w0, k.w1, k.sec, k.min_days, k.lift, e.psn_key, e.org_key, e.in_day, MIN(e.beg_sec) AS t
  FROM encounter AS e
  JOIN kn_graph AS k ON STRPOS(k.kinds, '|' || e.kind || '|') > 0 AND e.in_day >= k.w0 AND e.in_day < k.w1
  WHERE e.inscp_amt > 0
  GROUP BY k.kid, k.w0, k.w1, k.sec, k.min_days, k.lift, e.psn_key, e.org_key, e.in_day
), days AS (
  SELECT v.kid, v.w0, v.psn_key, COUNT(DISTINCT v.in_day) AS d FROM visit AS v GROUP BY v.kid, v.w0, v.psn_key
), often AS (
  SELECT v.kid, v.w0, v.w1, v.sec, v.min_days, v.lift, v.psn_key, v.org_key, v.in_day, v.t, d.d
  FROM visit AS v
  JOIN days AS d ON d.w0 = v.w0 AND d.psn_key = v.psn_key
   AND d.kid = v.kid                            -- narrows
  WHERE d.d >= v.min_days                       -- narrows: fewer pairs to count
), duo AS (
  SELECT a.kid, a.w0, a.w1, a.min_days, a.lift, a.psn_key AS p1, b.psn_key AS p2, a.d AS d1, b.d AS d2, COUNT(DISTINCT a.in_day) AS d
  FROM often AS a
  JOIN often AS b ON b.org_key = a.org_key AND b.in_day = a.in_day AND ABS(b.t - a.t) <= a.sec
   AND b.kid = a.kid                            -- narrows
   AND b.w0 = a.w0                              -- narrows: a day lies in one quarter
   AND b.psn_key > a.psn_key                    -- narrows: each pair once
  GROUP BY a.kid, a.w0, a.w1, a.min_days, a.lift, a.psn_key, b.psn_key, a.d, b.d
)
SELECT u.kid, u.p1 AS psn_key, u.p2 AS other_psn_key, u.w0, u.w1, CAST(u.d * 10000 AS BIGINT) AS observed,
       CAST(u.min_days * 10000 AS BIGINT) AS threshold, CAST(0 AS BIGINT) AS amount_total, CAST(0 AS BIGINT) AS amount_inscope,
       CAST(0 AS BIGINT) AS amount_fund
FROM duo AS u
JOIN person AS x ON x.psn_key = u.p1
JOIN person AS y ON y.psn_key = u.p2
WHERE u.d >= u.min_days AND u.d * (u.w1 - u.w0) >= u.lift * u.d1 * u.d2       -- seen together far more often than chance
  AND (x.fmly_no IS NULL OR y.fmly_no IS NULL      -- a household is no gang
       OR x.fmly_no <> y.fmly_no)
