/*
family: timeline
code: T
title: 时序
scope: person
engines: [duckdb, sqlite, spark]
# Two encounters of one person, or an encounter and a death. n: days
# algo: readmit | after_death | overlap two stays at once | during_stay visit (kind outp) or purchase (kind pharm) while lying in
*/
WITH stay AS (                                  -- ordinary stays the fund was asked to pay for; day surgery is no stay
  SELECT e.psn_key, e.mdtrt_key, e.org_key, e.in_day, e.out_day, e.diag3, e.adm_way, e.total_amt, e.inscp_amt, e.fund_amt,
         LAG(e.mdtrt_key) OVER w AS prev_key, LAG(e.out_day) OVER w AS prev_out, LAG(e.diag3) OVER w AS prev_diag3,
         LAG(e.dscg_way) OVER w AS prev_dscg_way, LAG(e.days_rinp_flag_31) OVER w AS prev_planned
  FROM encounter AS e
  WHERE e.out_day IS NOT NULL AND e.inscp_amt > 0           -- outpatients and those still lying in have no day of discharge
    AND SUBSTRING(e.med_type, 1, 2) <> '28' AND COALESCE(e.ipt_med_type, '1') <> '2'
  WINDOW w AS (PARTITION BY e.psn_key, e.org_key ORDER BY e.in_day, e.out_day, e.mdtrt_key)
), hit AS (
  SELECT k.kid, s.psn_key, s.mdtrt_key, s.in_day AS day, s.prev_key AS other_mdtrt_key, s.in_day - s.prev_out AS val, k.n,
         s.total_amt, s.inscp_amt, s.fund_amt
  FROM stay AS s
  JOIN kn_timeline AS k ON k.algo = 'readmit' AND s.in_day >= k.valid_from AND s.in_day < k.valid_to
  LEFT JOIN kn_planned AS x ON x.diag3 = s.diag3 AND s.in_day >= x.valid_from AND s.in_day < x.valid_to
  WHERE s.diag3 = s.prev_diag3 AND s.in_day - s.prev_out BETWEEN 0 AND k.n AND x.diag3 IS NULL
    AND COALESCE(s.adm_way, '9') <> '1'         -- an emergency is nobody's plan
    AND COALESCE(s.prev_planned, '1') <> '2'    -- readmission was announced
    AND COALESCE(s.prev_dscg_way, '9') <> '2'   -- sent to another hospital and back
  UNION ALL
  SELECT k.kid, e.psn_key, e.mdtrt_key, e.in_day, CAST(NULL AS BIGINT), e.in_day - p.dead_day, k.n,
         e.total_amt, e.inscp_amt, e.fund_amt
  FROM encounter AS e
  JOIN person AS p ON p.psn_key = e.psn_key
  JOIN kn_timeline AS k ON k.algo = 'after_death' AND e.in_day >= k.valid_from AND e.in_day < k.valid_to
  WHERE e.in_day > p.dead_day + k.n AND e.inscp_amt > 0
  UNION ALL                                     -- the later begun is in question; n shared days are a transfer
  SELECT k.kid, b.psn_key, b.mdtrt_key, b.in_day, MIN(a.mdtrt_key),
         MAX(CASE WHEN a.out_day < b.out_day THEN a.out_day ELSE b.out_day END - b.in_day), k.n, b.total_amt, b.inscp_amt, b.fund_amt
  FROM stay AS b
  JOIN stay AS a ON a.psn_key = b.psn_key AND (a.in_day < b.in_day OR (a.in_day = b.in_day AND a.mdtrt_key < b.mdtrt_key))
  JOIN kn_timeline AS k ON k.algo = 'overlap' AND b.in_day >= k.valid_from AND b.in_day < k.valid_to
  WHERE CASE WHEN a.out_day < b.out_day THEN a.out_day ELSE b.out_day END - b.in_day > k.n
  GROUP BY k.kid, b.psn_key, b.mdtrt_key, b.in_day, k.n, b.total_amt, b.inscp_amt, b.fund_amt
  UNION ALL                                     -- the days of admission and discharge, and n days beside them, are free
  SELECT k.kid, v.psn_key, v.mdtrt_key, v.in_day, MIN(a.mdtrt_key), MIN(v.in_day - a.in_day), k.n, v.total_amt, v.inscp_amt, v.fund_amt
  FROM encounter AS v
  JOIN stay AS a ON a.psn_key = v.psn_key
  JOIN kn_timeline AS k ON k.kind = v.kind AND v.in_day >= k.valid_from AND v.in_day < k.valid_to
   AND k.algo = 'during_stay'                   -- narrows: only these rules know kinds
  WHERE v.in_day > a.in_day + k.n AND v.in_day < a.out_day - k.n AND v.inscp_amt > 0
  GROUP BY k.kid, v.psn_key, v.mdtrt_key, v.in_day, k.n, v.total_amt, v.inscp_amt, v.fund_amt
)
SELECT h.kid, h.psn_key, h.mdtrt_key, h.day AS w0, h.day + 1 AS w1, CAST(h.val * 10000 AS BIGINT) AS observed,
       CAST(h.n * 10000 AS BIGINT) AS threshold, h.other_mdtrt_key,
       h.total_amt AS amount_total, h.inscp_amt AS amount_inscope, h.fund_amt AS amount_fund
FROM hit AS h
