"""The questions a report asks, as SQL over `finding` and `once`. The appendix prints these very texts."""

from __future__ import annotations

TOTALS = """
SELECT COUNT(*), SUM(once_total), SUM(once_inscope), SUM(once_fund), SUM(once_fund) FILTER (WHERE certainty = 'certain')
FROM finding JOIN once USING (finding_id)
"""

BY_RULE = """
SELECT rule_id, COUNT(*), SUM(amount_total), SUM(amount_inscope), SUM(amount_fund), SUM(once_total), SUM(once_inscope), SUM(once_fund),
       COUNT(*) FILTER (WHERE certainty = 'certain')
FROM finding JOIN once USING (finding_id) GROUP BY rule_id
"""

BY_INSTITUTION = """
SELECT COALESCE(fixmedins_code, ''), COUNT(*), SUM(once_total), SUM(once_inscope), SUM(once_fund),
       SUM(once_fund) FILTER (WHERE certainty = 'certain')
FROM finding JOIN once USING (finding_id) GROUP BY 1 ORDER BY 5 DESC, 3 DESC, 1
"""

BY_MONTH = """
SELECT COALESCE(fixmedins_code, ''), strftime(window_start, '%Y-%m'), COUNT(*), SUM(once_fund)
FROM finding JOIN once USING (finding_id) GROUP BY 1, 2
"""

ENCOUNTERS = """
SELECT fixmedins_code, COUNT(*) FROM encounter
WHERE begntime >= TIMESTAMP '{start}' AND begntime < TIMESTAMP '{end}' GROUP BY 1
"""

GROUPS = """
SELECT rule_id, COALESCE(fixmedins_code, ''), certainty, COUNT(*), COUNT(DISTINCT psn_no), COUNT(DISTINCT mdtrt_id),
       MIN(window_start), MAX(window_start),
       SUM(amount_total), SUM(amount_inscope), SUM(amount_fund), arg_max(finding_id, (amount_fund, amount_total, finding_id)), MAX(law),
       COUNT(DISTINCT law)
FROM finding GROUP BY 1, 2, 3 ORDER BY (certainty = 'certain') DESC, SUM(amount_fund) DESC, SUM(amount_total) DESC, 1, 2 LIMIT 5
"""

EVIDENCE = """
SELECT COUNT(DISTINCT (row.mdtrt_id, row.feedetl_sn))
FROM (SELECT unnest(from_json(json_extract(evidence, '$.lines'), '[{"mdtrt_id":"VARCHAR","feedetl_sn":"VARCHAR"}]')) AS row
      FROM finding WHERE rule_id = ? AND COALESCE(fixmedins_code, '') = ? AND certainty = ?)
"""

SHADOW = """
SELECT rule_id, COUNT(*), SUM(amount_fund) FROM all_finding
WHERE rule_id IN (SELECT rule_id FROM shadow_rule) GROUP BY 1 ORDER BY 1
"""
