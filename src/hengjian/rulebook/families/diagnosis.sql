/*
family: diagnosis
code: D
title: 诊断关系
# The act requires a diagnosis of a set. kn_dx holds the sets, prefixes already expanded to codes.
*/
WITH cand AS (                                  -- candidates first: few acts carry such knowledge
  SELECT k.kid, k.dx_set, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_diag AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
), dx AS (                                      -- all diagnoses of the same encounter, main or not
  SELECT c.kid, c.mdtrt_key, c.feedetl_sn, MAX(CASE WHEN x.dx_set IS NULL THEN 0 ELSE 1 END) AS met
  FROM cand AS c
  JOIN diagnosis AS d ON d.mdtrt_key = c.mdtrt_key AND d.psn_key = c.psn_key
  LEFT JOIN kn_dx AS x ON x.dx_set = c.dx_set AND x.diag_key = d.diag_key
  GROUP BY c.kid, c.mdtrt_key, c.feedetl_sn
)
SELECT c.kid, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.fee_day AS w0, c.fee_day + 1 AS w1,
       CAST(NULL AS VARCHAR) AS observed_text, CAST(0 AS BIGINT) AS observed, CAST(10000 AS BIGINT) AS threshold,
       CAST(NULL AS BIGINT) AS other_mdtrt_key, CAST(NULL AS VARCHAR) AS other_sn,
       c.net_amt AS amount_total, c.net_inscp AS amount_inscope, c.fund_amt AS amount_fund
FROM cand AS c
JOIN dx ON dx.kid = c.kid AND dx.mdtrt_key = c.mdtrt_key AND dx.feedetl_sn = c.feedetl_sn   -- no diagnosis at all accuses nobody
WHERE dx.met = 0
