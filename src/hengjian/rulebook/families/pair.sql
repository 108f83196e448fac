/*
family: pair
code: P
title: 项目关系
scope: person
engines: [duckdb, sqlite, spark]
# Two items exclude or need each other, both at one institution. kn_pair has one row per member: role a, b, or the member of a group.
# relation: excludes a contains b, line b is in question | requires line a needs a line b | forbid_together two different roles: the
#   cheaper line is in question, then the later | alone lines of the set a (one grp) in a prescription without any other slice
# win: day same calendar day | encounter same visit or stay | rx same prescription | hour same clock hour | hours6 at most six hours apart
#   near at most n days apart | past that day or up to n days before, at any institution; a itself before (role went_on) will do
*/
WITH cand AS (
  SELECT k.kid, k.relation, k.role, k.win, k.n, k.grp, f.psn_key, f.org_key, f.mdtrt_key, f.feedetl_sn, f.rxno, f.item_key, f.fee_day,
         COALESCE(f.exe_beg_sec, f.fee_sec) AS t, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_pair AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0
), meet AS (                                    -- x = the line in question, y = the line that accuses or clears it
  SELECT x.kid, x.relation, x.win, x.psn_key, x.mdtrt_key, x.feedetl_sn, x.fee_day, x.net_amt, x.net_inscp, x.fund_amt,
         y.mdtrt_key AS other_mdtrt_key, y.feedetl_sn AS other_sn, y.fee_day AS other_day,
         ROW_NUMBER() OVER (PARTITION BY x.kid, x.mdtrt_key, x.feedetl_sn ORDER BY y.t, y.mdtrt_key, y.feedetl_sn) AS nth
  FROM cand AS x
  JOIN cand AS y ON y.kid = x.kid AND y.psn_key = x.psn_key AND (y.org_key = x.org_key OR x.win = 'past')
   AND CASE x.win WHEN 'encounter' THEN CASE WHEN y.mdtrt_key = x.mdtrt_key THEN 1 ELSE 0 END
                  WHEN 'rx' THEN CASE WHEN y.mdtrt_key = x.mdtrt_key AND y.rxno = x.rxno THEN 1 ELSE 0 END
                  WHEN 'day' THEN CASE WHEN y.fee_day = x.fee_day THEN 1 ELSE 0 END
                  WHEN 'hour' THEN CASE WHEN y.t // 3600 = x.t // 3600 THEN 1 ELSE 0 END
                  WHEN 'hours6' THEN CASE WHEN ABS(y.t - x.t) <= 21600 THEN 1 ELSE 0 END
                  WHEN 'near' THEN CASE WHEN ABS(y.fee_day - x.fee_day) <= x.n THEN 1 ELSE 0 END
                  WHEN 'past' THEN CASE WHEN y.fee_day <= x.fee_day AND y.fee_day >= x.fee_day - x.n THEN 1 ELSE 0 END END = 1
  WHERE (x.relation = 'excludes' AND x.role = 'b' AND y.role = 'a')          -- a self-paid container still counts as done
     OR (x.role = 'a'                                                          -- narrows
         AND x.relation = 'requires' AND (y.role = 'b' OR (y.role = 'went_on' AND y.fee_day < x.fee_day)))
     OR (x.relation = 'forbid_together' AND x.role <> y.role AND y.net_inscp > 0
         AND (y.net_amt > x.net_amt OR (y.net_amt = x.net_amt AND (y.t < x.t OR (y.t = x.t AND (y.mdtrt_key < x.mdtrt_key
              OR (y.mdtrt_key = x.mdtrt_key AND y.feedetl_sn < x.feedetl_sn)))))))
), slice AS (                                   -- a kind that is not told may be a slice
  SELECT f.psn_key, f.mdtrt_key, f.rxno, f.item_key, f.fee_day
  FROM fee_line AS f
  WHERE f.net_cnt_e4 > 0 AND COALESCE(f.list_type, '102') IN ('102', '106')
), mixed AS (                                   -- lines of a set beside which the prescription has another slice, paid or not
  SELECT DISTINCT x.kid, x.mdtrt_key, x.feedetl_sn
  FROM cand AS x
  JOIN slice AS s ON s.psn_key = x.psn_key AND s.mdtrt_key = x.mdtrt_key
   AND COALESCE(s.rxno, x.rxno, '') = COALESCE(x.rxno, s.rxno, '')          -- without a number it may be any prescription of the visit
  LEFT JOIN kn_pair AS k ON k.item_key = s.item_key AND s.fee_day >= k.valid_from AND s.fee_day < k.valid_to
   AND k.grp = x.grp                              -- narrows: where there is one set only
  WHERE k.kid IS NULL
    AND x.relation = 'alone'                      -- narrows
)
SELECT m.kid, m.psn_key, m.mdtrt_key, m.feedetl_sn,
       CASE WHEN m.relation = 'forbid_together' AND m.other_day < m.fee_day THEN m.other_day ELSE m.fee_day END AS w0,
       CASE WHEN m.relation = 'forbid_together' AND m.other_day > m.fee_day THEN m.other_day ELSE m.fee_day END + 1 AS w1,
       m.win AS observed_text, CAST(10000 AS BIGINT) AS observed, CAST(0 AS BIGINT) AS threshold, m.other_mdtrt_key, m.other_sn,
       CASE WHEN m.relation = 'forbid_together' THEN 1 ELSE 0 END AS by_pair,
       m.net_amt AS amount_total, m.net_inscp AS amount_inscope, m.fund_amt AS amount_fund
FROM meet AS m
WHERE m.nth = 1 AND m.relation <> 'requires' AND m.net_inscp > 0
UNION ALL
SELECT c.kid, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.fee_day, c.fee_day + 1, c.win, CAST(0 AS BIGINT), CAST(10000 AS BIGINT),
       CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), 0, c.net_amt, c.net_inscp, c.fund_amt
FROM cand AS c
LEFT JOIN meet AS m ON m.kid = c.kid AND m.mdtrt_key = c.mdtrt_key AND m.feedetl_sn = c.feedetl_sn
WHERE c.relation = 'requires' AND c.role = 'a' AND c.net_inscp > 0 AND m.kid IS NULL
UNION ALL
SELECT c.kid, c.psn_key, c.mdtrt_key, c.feedetl_sn, c.fee_day, c.fee_day + 1, c.win, CAST(0 AS BIGINT), CAST(10000 AS BIGINT),
       CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), 0, c.net_amt, c.net_inscp, c.fund_amt
FROM cand AS c
LEFT JOIN mixed AS m ON m.mdtrt_key = c.mdtrt_key AND m.feedetl_sn = c.feedetl_sn
 AND m.kid = c.kid                                -- narrows: where there is one set only
WHERE c.relation = 'alone' AND c.net_inscp > 0 AND m.kid IS NULL
