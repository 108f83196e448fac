/*
family: pair
code: P
title: 项目关系
# Item a contains item b: where both are charged within the window, line b is in question. Both at one institution.
# win: day same calendar day | encounter same visit or stay | hour same clock hour | hours6 at most six hours apart
*/
WITH cand AS (
  SELECT k.kid, k.role, k.win, f.psn_key, f.org_key, f.mdtrt_key, f.feedetl_sn, f.fee_day,
         COALESCE(f.exe_beg_sec, f.fee_sec) AS t, f.net_amt, f.net_inscp, f.fund_amt
  FROM fee_line AS f
  JOIN kn_pair AS k ON k.item_key = f.item_key AND f.fee_day >= k.valid_from AND f.fee_day < k.valid_to
  WHERE f.net_cnt_e4 > 0 AND (f.net_inscp > 0 OR k.role = 'a')    -- a self-paid partner still counts as done
), meet AS (                                    -- b = the line in question, a = the line that contains it; the earliest is named
  SELECT b.kid, b.win, b.psn_key, b.mdtrt_key, b.feedetl_sn, b.fee_day, b.net_amt, b.net_inscp, b.fund_amt,
         a.mdtrt_key AS other_mdtrt_key, a.feedetl_sn AS other_sn,
         ROW_NUMBER() OVER (PARTITION BY b.kid, b.mdtrt_key, b.feedetl_sn ORDER BY a.t, a.mdtrt_key, a.feedetl_sn) AS nth
  FROM cand AS b
  JOIN cand AS a ON a.kid = b.kid AND a.psn_key = b.psn_key AND a.org_key = b.org_key AND a.role = 'a'
   AND CASE b.win WHEN 'encounter' THEN CASE WHEN a.mdtrt_key = b.mdtrt_key THEN 1 ELSE 0 END
                  WHEN 'day' THEN CASE WHEN a.fee_day = b.fee_day THEN 1 ELSE 0 END
                  WHEN 'hour' THEN CASE WHEN a.t // 3600 = b.t // 3600 THEN 1 ELSE 0 END
                  WHEN 'hours6' THEN CASE WHEN ABS(a.t - b.t) <= 21600 THEN 1 ELSE 0 END END = 1
  WHERE b.role = 'b'
)
SELECT m.kid, m.psn_key, m.mdtrt_key, m.feedetl_sn, m.fee_day AS w0, m.fee_day + 1 AS w1, m.win AS observed_text,
       CAST(10000 AS BIGINT) AS observed, CAST(0 AS BIGINT) AS threshold, m.other_mdtrt_key, m.other_sn,
       m.net_amt AS amount_total, m.net_inscp AS amount_inscope, m.fund_amt AS amount_fund
FROM meet AS m
WHERE m.nth = 1
