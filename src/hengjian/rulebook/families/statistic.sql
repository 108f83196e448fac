/*
family: statistic
code: S
title: 统计指标
scope: whole
window: month
engines: [duckdb, sqlite, spark]
output: indicator
# A share (1/10,000) of an institution's money in a calendar month, with its hospital peers of the same level. Never a finding.
# kn_stat: num_types '|09|10|' fee categories counted, w0..w1 the month, min_lines fewest lines for a share to mean anything
*/
WITH base AS (                                  -- one pass over the lines, whatever the number of indicators
  SELECT f.org_key, f.fee_ymd // 100 AS ym, f.med_chrgitm_type, COUNT(*) AS lines, CAST(SUM(f.net_amt) AS BIGINT) AS amt
  FROM fee_line AS f
  WHERE f.net_cnt_e4 > 0
  GROUP BY f.org_key, f.fee_ymd // 100, f.med_chrgitm_type
), share AS (
  SELECT k.kid, k.w0, k.w1, b.org_key, i.lv_grp, CAST(SUM(b.amt) AS BIGINT) AS den,
         CAST(SUM(CASE WHEN STRPOS(k.num_types, '|' || b.med_chrgitm_type || '|') > 0 THEN b.amt ELSE 0 END) AS BIGINT) AS num
  FROM base AS b
  JOIN kn_stat AS k ON k.ym = b.ym
  JOIN institution AS i ON i.org_key = b.org_key
  WHERE i.lv_grp > 0                            -- 0 is a pharmacy: nearly all it sells is drugs
  GROUP BY k.kid, k.w0, k.w1, k.min_lines, b.org_key, i.lv_grp
  HAVING SUM(b.lines) >= k.min_lines AND SUM(b.amt) > 0
), ranked AS (                                  -- quantiles by rank, so that no engine interpolates
  SELECT s.kid, s.w0, s.w1, s.org_key, s.lv_grp, s.num, s.den, s.num * 10000 // s.den AS share_e4,
         COUNT(*) OVER (PARTITION BY s.kid, s.w0, s.lv_grp) AS peers,
         ROW_NUMBER() OVER (PARTITION BY s.kid, s.w0, s.lv_grp ORDER BY s.num * 10000 // s.den, s.org_key) AS place
  FROM share AS s
)
SELECT r.kid, r.org_key, r.w0, r.w1, r.num, r.den, r.share_e4, r.peers, r.place,
       MAX(CASE WHEN r.place = (r.peers + 1) // 2 THEN r.share_e4 END) OVER (PARTITION BY r.kid, r.w0, r.lv_grp) AS median_e4,
       MAX(CASE WHEN r.place = (r.peers * 90 + 99) // 100 THEN r.share_e4 END) OVER (PARTITION BY r.kid, r.w0, r.lv_grp) AS p90_e4
FROM ranked AS r
