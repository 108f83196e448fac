/*
family: reconcile
code: R
title: 账实比对
scope: whole
window: year
engines: [duckdb, sqlite, spark]
# Two books of one thing, over a calendar year [w0, w1). algo:
#   stock goods claimed against goods that came in (tol: percent) | trace one code sold twice | total a settlement against its lines (tol: fen)
#   operations operations charged (tol: the least sum, fen) against operations told | list_types '|101|102|': kinds of goods a stock rule counts. Sums are reduced to whole yuan and whole units before they are multiplied.
*/
WITH book AS (                                  -- what was sold before the first entry of a book, nobody can say where it came from
  SELECT s.org_key, s.item_key, MIN(s.stk_day) AS since
  FROM stock_change AS s
  WHERE s.dlt_e4 IS NOT NULL
  GROUP BY s.org_key, s.item_key
), sold AS (
  SELECT k.kid, k.tol, k.w0, k.w1, f.org_key, f.item_key, CAST(SUM(f.net_cnt_e4) AS BIGINT) AS cnt_e4, CAST(SUM(f.net_amt) AS BIGINT) AS amt,
         CAST(SUM(f.net_inscp) AS BIGINT) AS inscp, CAST(SUM(f.fund_amt) AS BIGINT) AS fund
  FROM fee_line AS f
  JOIN kn_recon AS k ON f.fee_day >= k.w0 AND f.fee_day < k.w1
   AND k.algo = 'stock'                         -- narrows: asked twice
  JOIN book AS b ON b.org_key = f.org_key AND b.item_key = f.item_key AND f.fee_day >= b.since
  WHERE STRPOS(k.list_types, '|' || f.list_type || '|') > 0 AND f.net_cnt_e4 > 0 AND f.net_inscp > 0
    AND (f.org_key, f.item_key) IN (SELECT b.org_key, b.item_key FROM stock_change AS b)      -- narrows: without a book, spared below
  GROUP BY k.kid, k.tol, k.w0, k.w1, f.org_key, f.item_key
), came AS (                                    -- all that came in up to the end of the window, less what earlier windows sold
  SELECT k.kid, k.w0, s.org_key, s.item_key, CAST(SUM(s.dlt_e4) AS BIGINT) AS cnt_e4
  FROM stock_change AS s
  JOIN kn_recon AS k ON s.stk_day < k.w1
   AND k.algo = 'stock'                         -- narrows: asked twice
  WHERE s.infno NOT IN ('3505', '3506') OR s.stk_day < k.w0
  GROUP BY k.kid, k.w0, s.org_key, s.item_key
), short AS (                                   -- no book kept for the item: unknown, spared
  SELECT s.kid, s.w0, s.w1, s.org_key, s.item_key, s.cnt_e4 // 10000 AS sold, CASE WHEN c.cnt_e4 > 0 THEN c.cnt_e4 // 10000 ELSE 0 END AS had,
         s.amt // 100 AS amt, s.inscp // 100 AS inscp, s.fund // 100 AS fund, s.tol
  FROM sold AS s
  JOIN came AS c ON c.w0 = s.w0 AND c.org_key = s.org_key AND c.item_key = s.item_key
   AND c.kid = s.kid                            -- narrows: what came in is the same for every rule
  WHERE s.cnt_e4 // 10000 > 0                       -- narrows: guards the division below
), scan AS (                                    -- sales of a whole box to the fund: returned sales and split packs are spared
  SELECT t.drug_trac_codg, t.psn_key, t.mdtrt_key, t.org_key, t.item_key, t.feedetl_sn, t.scan_day,
         ROW_NUMBER() OVER (PARTITION BY t.drug_trac_codg ORDER BY t.scan_sec, t.scan_id) AS nth,
         LAG(t.mdtrt_key) OVER (PARTITION BY t.drug_trac_codg ORDER BY t.scan_sec, t.scan_id) AS prev_mdtrt_key,
         LAG(t.feedetl_sn) OVER (PARTITION BY t.drug_trac_codg ORDER BY t.scan_sec, t.scan_id) AS prev_sn
  FROM trace_code AS t
  LEFT JOIN trace_code AS r ON r.drug_trac_codg = t.drug_trac_codg AND r.mdtrt_key = t.mdtrt_key AND r.feedetl_sn = t.feedetl_sn
   AND r.scan_type = '3'
  WHERE t.scan_type = '2' AND t.trdn_flag = '0' AND t.mdtrt_setl_type = '1' AND r.drug_trac_codg IS NULL
), detail AS (                                  -- what the lines of an encounter come to, refunds taken off
  SELECT f.mdtrt_key, CAST(SUM(f.net_amt) AS BIGINT) AS amt
  FROM fee_line AS f
  GROUP BY f.mdtrt_key
), cut AS (                                     -- operations charged to the fund
  SELECT f.mdtrt_key, CAST(SUM(f.net_amt) AS BIGINT) AS amt
  FROM fee_line AS f
  WHERE f.med_chrgitm_type = '06' AND f.net_inscp > 0
  GROUP BY f.mdtrt_key
), told AS (                                    -- shape: two digits, a point, at least one more digit; or the category alone
  SELECT o.mdtrt_key, COUNT(*) AS n, COUNT(CASE WHEN o.main_oprn_flag = '1' THEN 1 END) AS mains,
         COUNT(CASE WHEN SUBSTRING(o.oprn_oprt_code, 1, 1) BETWEEN '0' AND '9' AND SUBSTRING(o.oprn_oprt_code, 2, 1) BETWEEN '0' AND '9'
                     AND (LENGTH(o.oprn_oprt_code) = 2
                          OR SUBSTRING(o.oprn_oprt_code, 3, 1) = '.' AND SUBSTRING(o.oprn_oprt_code, 4, 1) BETWEEN '0' AND '9') THEN 1 END) AS good
  FROM operation AS o
  GROUP BY o.mdtrt_key
), teller AS (                                  -- who tells no operation at all is asked for its records elsewhere
  SELECT DISTINCT e.org_key
  FROM operation AS o
  JOIN encounter AS e ON e.mdtrt_key = o.mdtrt_key
), wrong AS (
  SELECT k.kid, k.w0, e.psn_key, e.mdtrt_key, e.org_key, e.in_day, '收了手术费而没有填手术操作' AS what, c.amt * 100 AS val, CAST(k.tol AS BIGINT) * 100 AS thr
  FROM cut AS c
  JOIN encounter AS e ON e.mdtrt_key = c.mdtrt_key
  JOIN kn_recon AS k ON e.in_day >= k.w0
   AND e.in_day < k.w1                          -- narrows: one window, one hit
   AND k.algo = 'operations'                    -- narrows: asked at the end
  JOIN teller AS t ON t.org_key = e.org_key
  LEFT JOIN told AS o ON o.mdtrt_key = e.mdtrt_key
  WHERE e.out_day IS NOT NULL AND o.mdtrt_key IS NULL AND c.amt >= k.tol
  UNION ALL
  SELECT k.kid, k.w0, e.psn_key, e.mdtrt_key, e.org_key, e.in_day,
         CASE WHEN o.good < o.n THEN '手术操作编码不合国家编码规则' ELSE '手术操作没有一个填为主要手术' END,
         CAST(CASE WHEN o.good < o.n THEN o.n - o.good ELSE o.n END * 10000 AS BIGINT), CAST(0 AS BIGINT)
  FROM told AS o
  JOIN encounter AS e ON e.mdtrt_key = o.mdtrt_key
  JOIN kn_recon AS k ON e.in_day >= k.w0
   AND e.in_day < k.w1                          -- narrows: one window, one hit
   AND k.algo = 'operations'                    -- narrows: asked at the end
  WHERE e.out_day IS NOT NULL AND e.inscp_amt > 0 AND (o.good < o.n OR o.mains = 0)
)
SELECT s.kid, CAST(NULL AS BIGINT) AS psn_key, CAST(NULL AS BIGINT) AS mdtrt_key, CAST(NULL AS VARCHAR) AS feedetl_sn, s.org_key, s.item_key,
       s.w0, s.w1, CAST(NULL AS VARCHAR) AS observed_text, s.sold * 10000 AS observed, s.had * 10000 AS threshold,
       CAST(NULL AS BIGINT) AS other_mdtrt_key, CAST(NULL AS VARCHAR) AS other_sn,
       s.amt * (s.sold - s.had) // s.sold * 100 AS amount_total, s.inscp * (s.sold - s.had) // s.sold * 100 AS amount_inscope,
       s.fund * (s.sold - s.had) // s.sold * 100 AS amount_fund
FROM short AS s
WHERE s.sold * 100 > s.had * (100 + s.tol)
UNION ALL
SELECT k.kid, n.psn_key, n.mdtrt_key, n.feedetl_sn, n.org_key, n.item_key, n.scan_day, n.scan_day + 1, n.drug_trac_codg,
       CAST(n.nth * 10000 AS BIGINT), CAST(10000 AS BIGINT), n.prev_mdtrt_key, n.prev_sn, f.net_amt, f.net_inscp, f.fund_amt
FROM scan AS n
JOIN kn_recon AS k ON k.algo = 'trace' AND n.scan_day >= k.w0
 AND n.scan_day < k.w1                          -- narrows: one window, one hit
JOIN fee_line AS f ON f.mdtrt_key = n.mdtrt_key AND f.feedetl_sn = n.feedetl_sn
WHERE n.nth > 1                                 -- narrows: the first has none before it
  AND f.net_cnt_e4 > 0 AND f.net_inscp > 0 AND n.mdtrt_key <> n.prev_mdtrt_key
UNION ALL                                       -- settled without lines: so much is in question; lines beyond the settlement cost nothing
SELECT k.kid, e.psn_key, e.mdtrt_key, CAST(NULL AS VARCHAR), e.org_key, CAST(NULL AS BIGINT), e.in_day, e.in_day + 1,
       CASE WHEN e.total_amt > d.amt THEN '少于' ELSE '多于' END, ABS(e.total_amt - d.amt) * 100, CAST(k.tol AS BIGINT) * 100,
       CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), GREATEST(e.total_amt - d.amt, 0), LEAST(GREATEST(e.total_amt - d.amt, 0), e.inscp_amt),
       LEAST(LEAST(GREATEST(e.total_amt - d.amt, 0), e.inscp_amt), e.fund_amt)
FROM detail AS d
JOIN encounter AS e ON e.mdtrt_key = d.mdtrt_key
JOIN kn_recon AS k ON k.algo = 'total' AND e.in_day >= k.w0
 AND e.in_day < k.w1                            -- narrows: one window, one hit
WHERE ABS(e.total_amt - d.amt) > k.tol AND e.inscp_amt > 0 AND (e.kind <> 'inp' OR e.out_day IS NOT NULL)
UNION ALL
SELECT w.kid, w.psn_key, w.mdtrt_key, CAST(NULL AS VARCHAR), w.org_key, CAST(NULL AS BIGINT), w.in_day, w.in_day + 1, w.what, w.val, w.thr,
       CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT)
FROM wrong AS w
JOIN kn_recon AS k ON k.algo = 'operations'      -- narrows: asked twice, so that what a rule reads can be seen
 AND k.kid = w.kid                              -- narrows: the rule and the window that found it
 AND k.w0 = w.w0                                -- narrows
