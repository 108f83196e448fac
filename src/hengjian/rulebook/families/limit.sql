/*
family: limit
code: L
title: 属性限定
scope: person
engines: [duckdb, sqlite, spark]
# One row of kn_limit is one knowledge point: the subject lacks the attribute that the item, diagnosis or operation demands.
# subject: item fee line | diag diagnosis | oprn operation ; vals: '|a|b|' ; lo, hi: bounds, both inside
# dim: sex, insurance, visit_type, channel, dept (text; a department is known by the national code, of which the first three
#      characters count: a hospital's own code is unknown) ; age_days, age_months, age_years (completed), hosp_level (number)
# op: in must be in vals, not_in must not be, between must lie in lo..hi, never is payable for nobody
*/
WITH act AS (                                   -- three kinds of acts, one shape
  SELECT k.kid, k.dim, k.op, k.vals, k.lo, k.hi, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day AS day, f.fee_ymd AS ymd,
         f.bilg_dept_codg AS dept, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_limit AS k ON k.code_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
   AND k.subject = 'item'                         -- narrows: codes of items, diagnoses and operations never meet
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0                    -- refunds netted, self-paid spared
  UNION ALL
  SELECT k.kid, k.dim, k.op, k.vals, k.lo, k.hi, d.psn_key, d.mdtrt_key, CAST(NULL AS VARCHAR), d.diag_day, d.diag_ymd,
         CAST(NULL AS VARCHAR), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT)
  FROM diagnosis AS d
  JOIN kn_limit AS k ON k.code_key = d.diag_key AND d.diag_day >= k.valid_from AND d.diag_day < k.valid_to
   AND k.subject = 'diag'                         -- narrows
  UNION ALL
  SELECT k.kid, k.dim, k.op, k.vals, k.lo, k.hi, o.psn_key, o.mdtrt_key, CAST(NULL AS VARCHAR), o.oprn_day, o.oprn_ymd,
         CAST(NULL AS VARCHAR), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT)
  FROM operation AS o
  JOIN kn_limit AS k ON k.code_key = o.oprn_key AND o.oprn_day >= k.valid_from AND o.oprn_day < k.valid_to
   AND k.subject = 'oprn'                         -- narrows
), seen AS (
  SELECT a.kid, a.op, a.vals, a.lo, a.hi, a.psn_key, a.mdtrt_key, a.feedetl_sn, a.day, a.net_amt, a.net_inscp, a.fund_amt,
         CASE a.dim WHEN 'sex' THEN p.gend
                    WHEN 'insurance' THEN CASE WHEN SUBSTRING(e.med_type, 1, 1) = '5' THEN '510' ELSE e.insutype END
                    WHEN 'visit_type' THEN e.med_type
                    WHEN 'channel' THEN e.onln_flag
                    WHEN 'dept' THEN CASE WHEN LENGTH(a.dept) >= 3 AND SUBSTRING(a.dept, 1, 1) BETWEEN 'A' AND 'Z'
                                               AND SUBSTRING(a.dept, 4, 1) IN ('', '.') THEN SUBSTRING(a.dept, 1, 3) END END AS attribute,
         CAST(CASE a.dim WHEN 'age_days' THEN a.day - p.brdy_day
                         WHEN 'age_months' THEN a.ymd // 10000 * 12 + a.ymd // 100 % 100 - p.brdy_ymd // 10000 * 12 - p.brdy_ymd // 100 % 100
                                                - CASE WHEN a.ymd % 100 < p.brdy_ymd % 100 THEN 1 ELSE 0 END
                         WHEN 'age_years' THEN (a.ymd - p.brdy_ymd) // 10000
                         WHEN 'hosp_level' THEN CASE WHEN i.lv_grp > 0 THEN i.lv_grp END END AS BIGINT) AS num
  FROM act AS a
  JOIN encounter AS e ON e.mdtrt_key = a.mdtrt_key AND e.psn_key = a.psn_key
  JOIN person AS p ON p.psn_key = a.psn_key
  JOIN institution AS i ON i.org_key = e.org_key
  WHERE a.feedetl_sn IS NOT NULL OR e.inscp_amt > 0             -- a record the fund paid nothing for accuses nobody
)
SELECT s.kid, s.psn_key, s.mdtrt_key, s.feedetl_sn, s.day AS w0, s.day + 1 AS w1, s.attribute AS observed_text,
       s.num * 10000 AS observed, CASE WHEN s.num < s.lo THEN s.lo ELSE s.hi END * 10000 AS threshold,
       s.net_amt AS amount_total, s.net_inscp AS amount_inscope, s.fund_amt AS amount_fund
FROM seen AS s
WHERE (s.op = 'in' AND STRPOS(s.vals, '|' || s.attribute || '|') = 0)      -- an unknown attribute is NULL: spared
   OR (s.op = 'not_in' AND STRPOS(s.vals, '|' || s.attribute || '|') > 0)
   OR (s.op = 'between'                         -- narrows: only such a row has bounds
       AND (s.num < s.lo OR s.num > s.hi))
   OR s.op = 'never'
