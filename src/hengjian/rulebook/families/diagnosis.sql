/*
family: diagnosis
code: D
title: 诊断关系
scope: person
engines: [duckdb, sqlite, spark]
# The act requires a diagnosis of a set, or must not meet one. kn_dx holds the sets, prefixes already expanded to codes.
# subject: item fee line | oprn main operation ; relation: requires_any | forbids
# occasion: any | clean_operation the line is of the day of an operation, and all operations of the stay are through clean incisions
#   (class 1; a class that is not told is none)
# lookback: days before the act in which diagnoses of the person's other encounters count too; 0 = this encounter only
*/
WITH cand AS (                                  -- candidates first: few acts carry such knowledge
  SELECT k.kid, k.relation, k.dx_set, k.lookback, f.psn_key, f.mdtrt_key, f.feedetl_sn, f.fee_day AS day, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_diag AS k ON k.code_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
   AND k.subject = 'item'                         -- narrows: codes of items and operations never meet
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0
    AND (k.occasion = 'any'
         OR (EXISTS (SELECT 1 FROM operation AS o
                     WHERE o.psn_key = f.psn_key AND o.mdtrt_key = f.mdtrt_key AND o.oprn_day = f.fee_day)
             AND NOT EXISTS (SELECT 1 FROM operation AS o
                             WHERE o.psn_key = f.psn_key AND o.mdtrt_key = f.mdtrt_key AND COALESCE(o.incs_type, '') <> '1')))
  UNION ALL
  SELECT k.kid, k.relation, k.dx_set, k.lookback, o.psn_key, o.mdtrt_key, CAST(NULL AS VARCHAR), o.oprn_day,
         CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT)
  FROM operation AS o
  JOIN kn_diag AS k ON k.code_key = o.oprn_key AND o.oprn_day >= k.valid_from AND o.oprn_day < k.valid_to
   AND k.subject = 'oprn'                         -- narrows
  JOIN encounter AS e ON e.mdtrt_key = o.mdtrt_key AND e.psn_key = o.psn_key
  WHERE o.main_oprn_flag = '1' AND e.inscp_amt > 0
), dx AS (                                      -- all diagnoses a candidate may lean on, main or not
  SELECT c.kid, c.mdtrt_key, c.day,
         MAX(CASE WHEN d.mdtrt_key = c.mdtrt_key THEN 1 ELSE 0 END) AS has_dx, MAX(CASE WHEN x.dx_set IS NULL THEN 0 ELSE 1 END) AS met
  FROM cand AS c
  JOIN diagnosis AS d ON d.psn_key = c.psn_key
  LEFT JOIN kn_dx AS x ON x.dx_set = c.dx_set AND x.diag_key = d.diag_key
  WHERE d.mdtrt_key = c.mdtrt_key OR (d.diag_day <= c.day AND d.diag_day >= c.day - c.lookback AND c.lookback > 0)
  GROUP BY c.kid, c.mdtrt_key, c.day
)
SELECT c.kid, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.day AS w0, c.day + 1 AS w1, c.relation AS observed_text,
       CAST(x.met * 10000 AS BIGINT) AS observed, CAST(10000 AS BIGINT) AS threshold,
       c.net_amt AS amount_total, c.net_inscp AS amount_inscope, c.fund_amt AS amount_fund
FROM cand AS c
JOIN dx AS x ON x.kid = c.kid AND x.mdtrt_key = c.mdtrt_key AND x.day = c.day
WHERE (c.relation = 'requires_any' AND x.met = 0 AND x.has_dx = 1)      -- an encounter without diagnoses accuses nobody
   OR (c.relation = 'forbids' AND x.met = 1)
