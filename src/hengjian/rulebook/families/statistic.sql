/*
family: statistic
code: S
title: 统计指标
scope: whole
window: month
engines: [duckdb, sqlite, spark]
output: indicator
# A share (1/10,000) of an institution in a calendar month, with its peers: hospitals of the same level and kind. Never a finding.
# kn_stat: w0..w1 the month, least: fewest lines or discharges for a share to mean anything
# algo: fees share of the fee categories num_types '|09|10|' in all money | items share of the items of kn_stat_item in all money
#   infection discharges with an infection of kn_stat_diag that was not there at admission | readmission discharges of patients who had
#   come back unplanned (kn_planned) within n days for the same disease. num_set: whose items and diagnoses. num, den: fen, 1/100 discharges
*/
WITH base AS (                                  -- one pass over the lines, whatever the number of indicators
  SELECT f.org_key, f.fee_ymd // 100 AS ym, f.med_chrgitm_type, COUNT(*) AS lines, CAST(SUM(f.net_amt) AS BIGINT) AS amt
  FROM fee_line AS f
  WHERE f.net_cnt_e4 > 0
  GROUP BY f.org_key, f.fee_ymd // 100, f.med_chrgitm_type
), special AS (                                 -- a line that two rows of knowledge name counts once
  SELECT DISTINCT x.num_set, f.org_key, f.fee_ymd // 100 AS ym, f.mdtrt_key, f.feedetl_sn, f.net_amt
  FROM fee_line AS f
  JOIN kn_stat_item AS x ON x.item_key = f.item_key AND f.fee_day >= x.valid_from AND f.fee_day < x.valid_to
), named AS (
  SELECT s.num_set, s.org_key, s.ym, CAST(SUM(s.net_amt) AS BIGINT) AS amt
  FROM special AS s
  GROUP BY s.num_set, s.org_key, s.ym
), stay AS (                                    -- ordinary stays; day surgery is none
  SELECT e.psn_key, e.mdtrt_key, e.org_key, e.in_day, e.out_day, e.diag3, LAG(e.out_day) OVER w AS prev_out,
         LAG(e.dscg_way) OVER w AS prev_dscg_way, LAG(e.days_rinp_flag_31) OVER w AS prev_planned
  FROM encounter AS e
  WHERE e.out_day IS NOT NULL AND SUBSTRING(e.med_type, 1, 2) <> '28' AND COALESCE(e.ipt_med_type, '1') <> '2'
  WINDOW w AS (PARTITION BY e.psn_key, e.org_key, e.diag3 ORDER BY e.in_day, e.out_day, e.mdtrt_key)
), caught AS (                                  -- the second of two rows of knowledge, or of two diagnoses, changes nothing
  SELECT DISTINCT x.num_set, d.mdtrt_key
  FROM diagnosis AS d
  JOIN kn_stat_diag AS x ON x.diag_key = d.diag_key AND d.diag_day >= x.valid_from AND d.diag_day < x.valid_to
  WHERE d.adm_cond_type = '4' AND d.inout_diag_type = '2'
), planned AS (
  SELECT DISTINCT s.mdtrt_key
  FROM stay AS s
  JOIN kn_planned AS x ON x.diag3 = s.diag3 AND s.in_day >= x.valid_from AND s.in_day < x.valid_to
), share AS (
  SELECT k.kid, k.w0, k.w1, b.org_key, CAST(SUM(b.amt) AS BIGINT) AS den,
         CAST(SUM(CASE WHEN STRPOS(k.num_types, '|' || b.med_chrgitm_type || '|') > 0 THEN b.amt ELSE 0 END) AS BIGINT) AS num
  FROM base AS b
  JOIN kn_stat AS k ON k.ym = b.ym AND k.algo = 'fees'
  GROUP BY k.kid, k.w0, k.w1, k.least, b.org_key
  HAVING SUM(b.lines) >= k.least AND SUM(b.amt) > 0
  UNION ALL
  SELECT k.kid, k.w0, k.w1, b.org_key, CAST(SUM(b.amt) AS BIGINT), COALESCE(MAX(s.amt), 0)
  FROM base AS b
  JOIN kn_stat AS k ON k.ym = b.ym AND k.algo = 'items'
  LEFT JOIN named AS s ON s.org_key = b.org_key AND s.ym = b.ym
   AND s.num_set = k.num_set                    -- narrows: in an example a rule is alone
  GROUP BY k.kid, k.w0, k.w1, k.least, b.org_key
  HAVING SUM(b.lines) >= k.least AND SUM(b.amt) > 0
  UNION ALL
  SELECT k.kid, k.w0, k.w1, s.org_key, CAST(COUNT(*) * 100 AS BIGINT), CAST(COUNT(c.mdtrt_key) * 100 AS BIGINT)
  FROM stay AS s
  JOIN kn_stat AS k ON s.out_day >= k.w0 AND s.out_day < k.w1 AND k.algo = 'infection'
  LEFT JOIN caught AS c ON c.mdtrt_key = s.mdtrt_key
   AND c.num_set = k.num_set                    -- narrows: in an example a rule is alone
  GROUP BY k.kid, k.w0, k.w1, k.least, s.org_key
  HAVING COUNT(*) >= k.least
  UNION ALL
  SELECT k.kid, k.w0, k.w1, s.org_key, CAST(COUNT(*) * 100 AS BIGINT),
         CAST(SUM(CASE WHEN s.in_day - s.prev_out BETWEEN 0 AND k.n AND s.diag3 IS NOT NULL AND COALESCE(s.prev_planned, '1') <> '2'
                        AND COALESCE(s.prev_dscg_way, '9') <> '2' AND x.mdtrt_key IS NULL THEN 100 ELSE 0 END) AS BIGINT)
  FROM stay AS s
  JOIN kn_stat AS k ON s.out_day >= k.w0 AND s.out_day < k.w1 AND k.algo = 'readmission'
  LEFT JOIN planned AS x ON x.mdtrt_key = s.mdtrt_key
  GROUP BY k.kid, k.w0, k.w1, k.least, s.org_key
  HAVING COUNT(*) >= k.least
), peer AS (                                    -- lv_grp 0 is a pharmacy: nearly all it sells is drugs; unknown: nobody knows whose peer
  SELECT s.kid, s.w0, s.w1, s.org_key, i.lv_grp, COALESCE(SUBSTRING(i.medins_type, 1, 1), '') AS sort, s.num, s.den,
         s.num * 10000 // s.den AS share_e4
  FROM share AS s
  JOIN institution AS i ON i.org_key = s.org_key
  WHERE i.lv_grp > 0
), ranked AS (                                  -- quantiles by rank, so that no engine interpolates; equals share a place
  SELECT s.kid, s.w0, s.w1, s.org_key, s.lv_grp, s.sort, s.num, s.den, s.share_e4,
         COUNT(*) OVER (PARTITION BY s.kid, s.w0, s.lv_grp, s.sort) AS peers,
         RANK() OVER (PARTITION BY s.kid, s.w0, s.lv_grp, s.sort ORDER BY s.share_e4) AS place,
         ROW_NUMBER() OVER (PARTITION BY s.kid, s.w0, s.lv_grp, s.sort ORDER BY s.share_e4, s.org_key) AS nth
  FROM peer AS s
)
SELECT r.kid, r.org_key, r.w0, r.w1, r.num, r.den, r.share_e4, r.peers, r.place,
       MAX(CASE WHEN r.nth = (r.peers + 1) // 2 THEN r.share_e4 END) OVER (PARTITION BY r.kid, r.w0, r.lv_grp, r.sort) AS median_e4,
       MAX(CASE WHEN r.nth = (r.peers * 90 + 99) // 100 THEN r.share_e4 END) OVER (PARTITION BY r.kid, r.w0, r.lv_grp, r.sort) AS p90_e4
FROM ranked AS r
