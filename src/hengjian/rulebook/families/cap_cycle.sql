/*
family: cap_cycle
code: Q
title: 周期上限
scope: person
engines: [duckdb, sqlite, spark]
# Quantity (1/10,000 units) of one knowledge point's items within n_days, at any institution. A window opens with the first use after
# the last window closed; uses beyond the cap inside it are in question and do not move it. (A sliding sum would also accuse the
# lawful use that follows a refused one.) The recursion steps from window to window, not from line to line: few steps, and Spark is
# slow in each.
*/
WITH RECURSIVE cand AS (
  SELECT k.kid, k.n_days, k.max_e4, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.fee_sec, f.net_cnt_e4 AS m,
         f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_cycle AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), step AS (                                    -- for each day of use, the first day of use after a window opened there has closed
  SELECT a.kid, a.psn_key, a.fee_day, MIN(b.fee_day) AS next_day
  FROM cand AS a
  JOIN cand AS b ON b.kid = a.kid AND b.psn_key = a.psn_key AND b.fee_day >= a.fee_day + a.n_days
  GROUP BY a.kid, a.psn_key, a.fee_day
), opened(kid, psn_key, open_day) AS (
  SELECT c.kid, c.psn_key, MIN(c.fee_day) FROM cand AS c GROUP BY c.kid, c.psn_key
  UNION ALL
  SELECT s.kid, s.psn_key, s.next_day
  FROM opened AS o
  JOIN step AS s ON s.kid = o.kid AND s.psn_key = o.psn_key AND s.fee_day = o.open_day
), run AS (                                     -- totally ordered: time, then the line's full key
  SELECT c.kid, c.n_days, c.max_e4, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.m, c.net_amt, c.net_inscp, c.fund_amt, o.open_day,
         CAST(SUM(c.m) OVER (PARTITION BY c.kid, c.psn_key, o.open_day ORDER BY c.fee_sec, c.mdtrt_key, c.feedetl_sn
                             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS used
  FROM cand AS c
  JOIN opened AS o ON o.kid = c.kid AND o.psn_key = c.psn_key AND c.fee_day >= o.open_day AND c.fee_day < o.open_day + c.n_days
), excess AS (
  SELECT r.kid, r.n_days, r.max_e4, r.psn_key, r.mdtrt_key, r.feedetl_sn, r.m, r.net_amt, r.net_inscp, r.fund_amt, r.open_day, r.used,
         CASE WHEN r.used - r.max_e4 < r.m THEN r.used - r.max_e4 ELSE r.m END AS x
  FROM run AS r
  WHERE r.used > r.max_e4
)
SELECT x.kid, x.psn_key, x.mdtrt_key, x.feedetl_sn, x.open_day AS w0, x.open_day + x.n_days AS w1, x.used AS observed, x.max_e4 AS threshold,
       (2 * x.net_amt * x.x + x.m) // (2 * x.m) AS amount_total,
       (2 * x.net_inscp * x.x + x.m) // (2 * x.m) AS amount_inscope,
       (2 * x.fund_amt * x.x + x.m) // (2 * x.m) AS amount_fund
FROM excess AS x
