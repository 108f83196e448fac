/*
family: frequency
code: Q
title: 次数上限
scope: person
engines: [duckdb, sqlite, spark]
# Counting without codes. What lies beyond the limit is in question, in order of time; an encounter is the subject.
# kn_kinds: what: slices | drugs, kinds in one prescription ; kn_day: institutions visited on one day
# kn_freq: what: visits | purchases | same_drug | stays within the calendar window w0..w1. Several at one institution on one day are one
*/
WITH rx AS (                                    -- prescriptions: granules, preparations and drugs of stays are not counted
  SELECT CASE f.list_type WHEN '102' THEN 'slices' ELSE 'drugs' END AS what, f.psn_key, f.mdtrt_key, f.fee_day AS day,
         COUNT(DISTINCT f.item_key) AS n, CAST(SUM(f.net_amt) AS BIGINT) AS total_amt, CAST(SUM(f.net_inscp) AS BIGINT) AS inscp_amt,
         CAST(SUM(f.fund_amt) AS BIGINT) AS fund_amt
  FROM fee_line AS f
  JOIN encounter AS e ON e.mdtrt_key = f.mdtrt_key AND e.psn_key = f.psn_key
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0 AND f.rxno IS NOT NULL AND f.list_type IN ('101', '102')
    AND (e.kind = 'outp' OR f.list_type = '102')
  GROUP BY f.list_type, f.psn_key, f.mdtrt_key, f.fee_day, f.rxno
), seen AS (                                    -- ordinary encounters the fund was asked to pay for; who is treated by a plan is spared
  SELECT CASE e.kind WHEN 'outp' THEN 'visits' WHEN 'inp' THEN 'stays' ELSE 'purchases' END AS what,
         e.psn_key, e.mdtrt_key, e.org_key, e.in_day, e.beg_sec, e.total_amt, e.inscp_amt, e.fund_amt,
         LAG(e.days_rinp_flag_31) OVER (PARTITION BY e.psn_key, e.kind ORDER BY e.beg_sec, e.mdtrt_key) AS planned
  FROM encounter AS e
  LEFT JOIN kn_planned AS x ON x.diag3 = e.diag3 AND e.in_day >= x.valid_from AND e.in_day < x.valid_to
  WHERE e.inscp_amt > 0 AND x.diag3 IS NULL
    AND (e.kind = 'pharm'
         OR (e.diag3 IS NOT NULL AND SUBSTRING(e.med_type, 1, 2) IN ('11', '12', '16', '21', '25', '26', '27')
             AND COALESCE(e.adm_way, '2') NOT IN ('1', '3') AND COALESCE(e.ipt_med_type, '1') <> '2'))
), act AS (
  SELECT s.what, s.psn_key, CAST(0 AS BIGINT) AS item, s.mdtrt_key, s.in_day, s.beg_sec, s.total_amt, s.inscp_amt, s.fund_amt,
         ROW_NUMBER() OVER (PARTITION BY s.psn_key, s.what, s.org_key, s.in_day ORDER BY s.beg_sec, s.mdtrt_key) AS nth
  FROM seen AS s
  WHERE COALESCE(s.planned, '1') <> '2'
  UNION ALL
  SELECT 'same_drug', f.psn_key, f.item_key, f.mdtrt_key, s.in_day, s.beg_sec, f.net_amt, f.net_inscp, f.fund_amt,
         ROW_NUMBER() OVER (PARTITION BY f.psn_key, f.item_key, s.in_day ORDER BY s.beg_sec, f.mdtrt_key, f.feedetl_sn)
  FROM fee_line AS f
  JOIN seen AS s ON s.mdtrt_key = f.mdtrt_key AND s.psn_key = f.psn_key
  WHERE f.net_cnt_e4 > 0 AND f.net_inscp > 0 AND f.list_type = '101' AND s.what = 'purchases'
), places AS (
  SELECT a.psn_key, a.mdtrt_key, a.in_day, a.total_amt, a.inscp_amt, a.fund_amt,
         RANK() OVER (PARTITION BY a.psn_key, a.in_day ORDER BY a.beg_sec, a.mdtrt_key) AS n
  FROM act AS a
  WHERE a.nth = 1 AND a.what = 'visits'
), often AS (
  SELECT k.kid, k.label, k.max_n, k.w0, k.w1, a.psn_key, a.mdtrt_key, a.total_amt, a.inscp_amt, a.fund_amt,
         RANK() OVER (PARTITION BY k.kid, k.w0, k.w1, a.psn_key, a.item ORDER BY a.beg_sec, a.mdtrt_key) AS n
  FROM act AS a
  JOIN kn_freq AS k ON k.what = a.what AND a.in_day >= k.w0 AND a.in_day < k.w1
  WHERE a.nth = 1
), hit AS (
  SELECT k.kid, k.label, k.max_n, r.day AS w0, r.day + 1 AS w1, r.psn_key, r.mdtrt_key, r.n, r.total_amt, r.inscp_amt, r.fund_amt
  FROM rx AS r
  JOIN kn_kinds AS k ON k.what = r.what AND r.day >= k.valid_from AND r.day < k.valid_to
  WHERE r.n > k.max_n
  UNION ALL
  SELECT k.kid, k.label, k.max_n, p.in_day, p.in_day + 1, p.psn_key, p.mdtrt_key, p.n, p.total_amt, p.inscp_amt, p.fund_amt
  FROM places AS p
  JOIN kn_day AS k ON p.in_day >= k.valid_from AND p.in_day < k.valid_to
  WHERE p.n > k.max_n
  UNION ALL
  SELECT o.kid, o.label, o.max_n, o.w0, o.w1, o.psn_key, o.mdtrt_key, o.n, o.total_amt, o.inscp_amt, o.fund_amt
  FROM often AS o
  WHERE o.n > o.max_n
)
SELECT h.kid, h.psn_key, h.mdtrt_key, h.w0, h.w1, h.label AS observed_text, CAST(h.n * 10000 AS BIGINT) AS observed,
       CAST(h.max_n * 10000 AS BIGINT) AS threshold, h.total_amt AS amount_total, h.inscp_amt AS amount_inscope, h.fund_amt AS amount_fund
FROM hit AS h
