/*
family: valid
code: V
title: 数据校验
scope: person
engines: [duckdb, sqlite, spark]
# Checks on one record. n: days or hours that are tolerated.
# kind: outp | inp | pharm, for late_upload
# chk: fee_outside_stay (days) | late_upload (hours after the end of the stay, or after the visit) | no_main_diagnosis
*/
WITH bad AS (
  SELECT k.kid, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day AS day, CASE WHEN f.off_days < 0 THEN '入院前' ELSE '出院后' END AS what,
         CAST(ABS(f.off_days) AS BIGINT) AS val, k.n, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_valid AS k ON k.chk = 'fee_outside_stay' AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.off_days <> 0                         -- narrows
    AND ABS(f.off_days) > k.n AND f.net_cnt_e4 > 0 AND f.net_inscp > 0
  UNION ALL
  SELECT k.kid, e.psn_key, e.mdtrt_key, CAST(NULL AS VARCHAR), e.in_day, CAST(NULL AS VARCHAR),
         (e.upld_sec - COALESCE(e.end_sec, CASE WHEN e.kind <> 'inp' THEN e.beg_sec END)) // 3600, k.n, CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT)
  FROM encounter AS e
  JOIN kn_valid AS k ON k.kind = e.kind AND e.in_day >= k.valid_from AND e.in_day < k.valid_to
   AND k.chk = 'late_upload'                    -- narrows: only this check knows kinds
  WHERE e.upld_sec - COALESCE(e.end_sec, CASE WHEN e.kind <> 'inp' THEN e.beg_sec END) > k.n * 3600 AND e.inscp_amt > 0
  UNION ALL
  SELECT k.kid, e.psn_key, e.mdtrt_key, CAST(NULL AS VARCHAR), e.in_day, CAST(NULL AS VARCHAR), CAST(0 AS BIGINT), k.n, CAST(0 AS BIGINT),
         CAST(0 AS BIGINT), CAST(0 AS BIGINT)
  FROM encounter AS e
  JOIN kn_valid AS k ON k.chk = 'no_main_diagnosis' AND e.in_day >= k.valid_from
   AND e.in_day < k.valid_to                    -- narrows: this check has no parameter that could change
  LEFT JOIN diagnosis AS d ON d.mdtrt_key = e.mdtrt_key AND d.psn_key = e.psn_key AND d.maindiag_flag = '1'
  WHERE e.out_day IS NOT NULL AND e.inscp_amt > 0 AND d.mdtrt_key IS NULL      -- outpatients have no day of discharge
)
SELECT b.kid, b.psn_key, b.mdtrt_key, b.feedetl_sn, b.day AS w0, b.day + 1 AS w1, b.what AS observed_text,
       b.val * 10000 AS observed, CAST(b.n * 10000 AS BIGINT) AS threshold,
       b.net_amt AS amount_total, b.net_inscp AS amount_inscope, b.fund_amt AS amount_fund
FROM bad AS b
