/*
family: timeline
code: T
title: 时序
# Two encounters of one person, or an encounter and a death. algo: readmit | after_death ; n: days
*/
WITH stay AS (                                  -- ordinary stays the fund was asked to pay for; day surgery is no stay
  SELECT e.psn_key, e.mdtrt_key, e.org_key, e.in_day, e.out_day, e.diag3, e.adm_way, e.total_amt, e.inscp_amt, e.fund_amt,
         LAG(e.mdtrt_key) OVER w AS prev_key, LAG(e.out_day) OVER w AS prev_out, LAG(e.diag3) OVER w AS prev_diag3,
         LAG(e.dscg_way) OVER w AS prev_dscg_way, LAG(e.days_rinp_flag_31) OVER w AS prev_planned
  FROM encounter AS e
  WHERE e.kind = 'inp' AND e.out_day IS NOT NULL AND e.inscp_amt > 0
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
)
SELECT h.kid, h.psn_key, h.mdtrt_key, CAST(NULL AS VARCHAR) AS feedetl_sn, h.day AS w0, h.day + 1 AS w1,
       CAST(NULL AS VARCHAR) AS observed_text, CAST(h.val * 10000 AS BIGINT) AS observed, CAST(h.n * 10000 AS BIGINT) AS threshold,
       h.other_mdtrt_key, CAST(NULL AS VARCHAR) AS other_sn,
       h.total_amt AS amount_total, h.inscp_amt AS amount_inscope, h.fund_amt AS amount_fund
FROM hit AS h
