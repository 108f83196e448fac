/*
family: limit
code: L
title: 属性限定
# One row of kn_limit is one knowledge point: the act lacks the attribute the item demands.
# dim: sex | insurance ; op: in (attribute must be in vals), not_in (attribute must not be in vals) ; vals: '|a|b|'
*/
WITH seen AS (
  SELECT k.kid, k.op, k.vals, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day, f.net_amt, f.net_inscp, f.fund_amt,
         CASE k.dim WHEN 'sex' THEN p.gend
                    WHEN 'insurance' THEN CASE WHEN SUBSTRING(e.med_type, 1, 1) = '5' THEN '510' ELSE e.insutype END END AS attribute
  FROM fee_line AS f
  JOIN kn_limit AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key AND e.psn_key = f.psn_key
  JOIN person AS p ON p.psn_key = f.psn_key
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0                    -- refunds netted, self-paid spared
)
SELECT s.kid, s.psn_key, s.mdtrt_key, s.feedetl_sn, s.fee_day AS w0, s.fee_day + 1 AS w1, s.attribute AS observed_text,
       CAST(NULL AS BIGINT) AS observed, CAST(NULL AS BIGINT) AS threshold,
       CAST(NULL AS BIGINT) AS other_mdtrt_key, CAST(NULL AS VARCHAR) AS other_sn,
       s.net_amt AS amount_total, s.net_inscp AS amount_inscope, s.fund_amt AS amount_fund
FROM seen AS s
WHERE (s.op = 'in' AND STRPOS(s.vals, '|' || s.attribute || '|') = 0)      -- an unknown attribute is NULL: spared
   OR (s.op = 'not_in' AND STRPOS(s.vals, '|' || s.attribute || '|') > 0)
