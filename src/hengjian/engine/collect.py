"""Hits become findings: keys back to ids, one finding per rule, subject and window, sentence, law, evidence, three amounts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from hengjian.engine.bind import Bound, fill
from hengjian.engine.finding import FINDING_SCHEMA
from hengjian.engine.plan import COLLECT, HIT, INDICATOR
from hengjian.kernel.errors import InputError
from hengjian.kernel.regions import region_prefix
from hengjian.lake.place import one_file, quoted
from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.rulebook.local import SUBJECTS
from hengjian.rulebook.model import Rule, Rulebook

RUNTIME = ("item_name", "observed", "threshold", "observed_label", "diag3", "other_mdtrt_id", "other_item_name")
"""Placeholders of a message that are filled per finding; all others come from the knowledge row."""

LABELS = {"sex": CODE_TABLES["gend"], "insurance": CODE_TABLES["insutype"], "visit_type": CODE_TABLES["med_type"]}
"""Words for coded attributes, by the dimension a rule limits."""


def create_tables(
    con: duckdb.DuckDBPyConnection, rulebook: Rulebook, rules: Sequence[Rule], bound: Bound, shadow: Collection[str] = ()
) -> None:
    """`point`, `rule_head`, `basis`, `label` for citing, and the empty tables `hit` and `found`. `shadow`: rules that open nothing."""
    fill(
        con,
        "point",
        {
            "kid": "INTEGER",
            "rule_id": "VARCHAR",
            "reference": "VARCHAR",
            "official_from": "INTEGER",
            "name": "VARCHAR",
            "template": "VARCHAR",
        },
        [
            (p.kid, p.rule.rule_id, p.reference, p.official_from, p.labels.get("name", ""), _template(p.rule.message, p.labels))
            for p in bound.points
        ],
    )
    heads = [
        (
            r.rule_id,
            r.official_code,
            r.r_code,
            r.grain,
            r.certainty,
            rulebook.fingerprint(r),
            json.dumps([*r.spares, *_filed(rulebook, r)], ensure_ascii=False),
            int(r.rule_id in shadow),
        )
        for r in rules
    ]
    names = ("rule_id", "official_code", "r_code", "grain", "certainty", "fingerprint", "spares")
    fill(con, "rule_head", dict.fromkeys(names, "VARCHAR") | {"shadow": "INTEGER"}, heads)
    fill(
        con,
        "basis",
        {"rule_id": "VARCHAR", "nth": "INTEGER", "text": "VARCHAR", "valid_from": "INTEGER", "valid_to": "INTEGER"},
        [(r.rule_id, n, b.text, b.period.start, b.period.end) for r in rules for n, b in enumerate(r.basis)],
    )
    labels = [(r.rule_id, code, label) for r in rules for code, label in LABELS.get(r.settings.get("dim", ""), {}).items()]
    fill(con, "label", {"rule_id": "VARCHAR", "code": "VARCHAR", "label": "VARCHAR"}, labels)
    fill(
        con,
        "exemption",
        {
            "number": "VARCHAR",
            "rule_id": "VARCHAR",
            **dict.fromkeys(SUBJECTS, "VARCHAR"),
            "valid_from": "INTEGER",
            "valid_to": "INTEGER",
        },
        [
            (e.number, rule_id, e.institution, e.doctor, e.person, e.visit, e.item, e.period.start, e.period.end)
            for e in rulebook.exemptions
            for rule_id in (r.rule_id for r in rules if e.is_about(r.rule_id))
        ],
    )
    trial = [(r.rule_id, p, region_prefix(p)) for r in rules for p in r.places]
    fill(con, "trial", {"rule_id": "VARCHAR", "place": "VARCHAR", "region": "VARCHAR"}, trial)
    fill(con, "needs_whole", {"rule_id": "VARCHAR"}, [(r.rule_id,) for r in rules if r.needs_whole])
    con.execute("CREATE TABLE IF NOT EXISTS refused_visit (mdtrt_id VARCHAR)").fetchall()
    con.execute(f"CREATE OR REPLACE TABLE hit ({_columns(HIT)})").fetchall()
    con.execute(f"CREATE OR REPLACE TABLE found ({_columns(HIT | _CITED)})").fetchall()
    con.execute(f"CREATE OR REPLACE TABLE indicator ({_columns(INDICATOR)})").fetchall()


_CITED = {
    "rule_id": "VARCHAR", "psn_no": "VARCHAR", "mdtrt_id": "VARCHAR", "fixmedins_code": "VARCHAR", "atddr_no": "VARCHAR", "diag3": "VARCHAR",
    "other_psn_no": "VARCHAR", "other_mdtrt_id": "VARCHAR", "other_item_key": "BIGINT", "members": "VARCHAR[]",
    "exemption": "VARCHAR", "elsewhere": "BOOLEAN",
}  # fmt: skip
"""What citing adds to a hit: ids for keys, and what the sentence may name."""


def _columns(spec: dict[str, str]) -> str:
    return ", ".join(f"{name} {sql}" for name, sql in spec.items())


def _template(message: str, cells: dict[str, str]) -> str:
    """The rule's sentence with the knowledge row's values in place; what is known only per finding stays a placeholder."""
    return re.sub(r"\{(\w+)\}", lambda m: m[0] if m[1] in RUNTIME else cells.get(m[1], ""), message)


def cite(con: duckdb.DuckDBPyConnection) -> None:
    """Move what is in `hit` to `found`, with ids in place of keys, less what is exempt. Needs the tables of `plan.COLLECT` for the
    persons that were hit."""
    taken = ", ".join("COALESCE(h.item_key, f.item_key)" if n == "item_key" else f"h.{n}" for n in HIT)
    con.execute(f"""
INSERT INTO found
WITH {_called()}
SELECT {taken}, pt.rule_id, p.psn_no, e.mdtrt_id, i.fixmedins_code, e.atddr_no, e.diag3, q.psn_no, o.mdtrt_id, g.item_key, NULL, NULL, NULL
FROM hit AS h
JOIN point AS pt ON pt.kid = h.kid
LEFT JOIN called_encounter AS e ON e.mdtrt_key = h.mdtrt_key AND e.psn_key = h.psn_key
LEFT JOIN called_person AS p ON p.psn_key = h.psn_key
LEFT JOIN institution AS i ON i.org_key = COALESCE(e.org_key, h.org_key)
LEFT JOIN called_person AS q ON q.psn_key = h.other_psn_key
LEFT JOIN called_encounter AS o ON o.mdtrt_key = h.other_mdtrt_key
LEFT JOIN called_fee_line AS f ON f.mdtrt_key = h.mdtrt_key AND f.feedetl_sn = h.feedetl_sn
LEFT JOIN called_fee_line AS g ON g.mdtrt_key = h.other_mdtrt_key AND g.feedetl_sn = h.other_sn
{_exempt(con)}
""").fetchall()
    con.execute("DELETE FROM hit").fetchall()


def _filed(rulebook: Rulebook, rule: Rule) -> list[str]:
    """What a finding says of the site's exemptions: that they were looked at, not whose they are."""
    many = sum(e.is_about(rule.rule_id) for e in rulebook.exemptions)
    return [f"本地登记的豁免 {many} 项，都不适用"] if many else []


def place(con: duckdb.DuckDBPyConnection) -> None:
    """Mark in `found` the hits of rules that open findings only at some places, at others or nowhere (`Rule.opens_at`)."""
    con.execute("""
UPDATE found SET elsewhere = true
WHERE rule_id IN (SELECT t.rule_id FROM trial AS t)
  AND NOT EXISTS (SELECT 1 FROM trial AS t LEFT JOIN institution AS i ON i.fixmedins_code = found.fixmedins_code
                  WHERE t.rule_id = found.rule_id AND (t.place = found.fixmedins_code OR starts_with(i.admdvs, t.region)))
""").fetchall()


INCOMPLETE = "本次就诊有明细、诊断或手术加载时被拒收，改正以前不判断"
"""Why a rule that finds what is missing says nothing of a visit. Stands where the number of an exemption does."""


def leave_incomplete(con: duckdb.DuckDBPyConnection) -> None:
    """Mark in `found` what rules that need the whole visit say of visits of which the load refused rows (`refused_visit`)."""
    con.execute(
        """UPDATE found SET exemption = ? WHERE exemption IS NULL AND rule_id IN (SELECT w.rule_id FROM needs_whole AS w)
           AND mdtrt_id IN (SELECT v.mdtrt_id FROM refused_visit AS v)""",
        [INCOMPLETE],
    ).fetchall()


def exempt(con: duckdb.DuckDBPyConnection) -> None:
    """Mark in `found` what the site's exemptions take out, each with the number of the first that does."""
    if not con.execute("SELECT 1 FROM exemption LIMIT 1").fetchall():
        return
    con.execute("""
UPDATE found SET exemption = m.number
FROM (SELECT f.rowid AS r, MIN(x.number) AS number
      FROM found AS f
      JOIN exemption AS x ON x.rule_id = f.rule_id AND f.w0 >= x.valid_from AND f.w0 < x.valid_to
      LEFT JOIN code_item AS c ON c.key = f.item_key
      WHERE x.institution IN ('', f.fixmedins_code) AND x.doctor IN ('', f.atddr_no) AND x.person IN ('', f.psn_no)
        AND x.visit IN ('', f.mdtrt_id) AND (x.item = '' OR starts_with(c.code, x.item))
      GROUP BY 1) AS m
WHERE found.rowid = m.r
""").fetchall()


def _called() -> str:
    """The rows that hits name, each table read once: after texts of scope `whole` the tables are everybody's files."""
    names = {
        "encounter": ("mdtrt_key", "SELECT mdtrt_key FROM hit UNION SELECT other_mdtrt_key FROM hit"),
        "person": ("psn_key", "SELECT psn_key FROM hit UNION SELECT other_psn_key FROM hit"),
        "fee_line": (
            "mdtrt_key",
            "SELECT mdtrt_key FROM hit WHERE feedetl_sn IS NOT NULL UNION SELECT other_mdtrt_key FROM hit WHERE other_sn IS NOT NULL",
        ),
    }
    return ", ".join(
        f"called_{table} AS MATERIALIZED (SELECT {', '.join(f't.{c}' for c in COLLECT[table])} FROM {table} AS t WHERE t.{key} IN ({keys}))"
        for table, (key, keys) in names.items()
    )


def _exempt(con: duckdb.DuckDBPyConnection) -> str:
    """A person with a diagnosis of the rule's exemption list is spared (易性症 for sex limits)."""
    if not con.execute("SELECT 1 FROM kn_exempt LIMIT 1").fetchall():
        return ""
    return """WHERE NOT EXISTS (SELECT 1 FROM kn_exempt AS x JOIN diagnosis AS d ON d.diag_key = x.diag_key
                    WHERE x.rule_id = pt.rule_id AND d.psn_key = h.psn_key)"""


def _number(column: str) -> str:
    """1/10,000 as text without needless zeros."""
    rest = f"RTRIM(LPAD(CAST({column} % 10000 AS VARCHAR), 4, '0'), '0')"
    return f"CASE WHEN {column} % 10000 = 0 THEN CAST({column} // 10000 AS VARCHAR) ELSE CAST({column} // 10000 AS VARCHAR) || '.' || {rest} END"


HELD = "f.exemption IS NULL"
_OPENS = "h.shadow = 0 AND f.elsewhere IS NOT TRUE"
OPEN, SHADOW, SPARED = f"{_OPENS} AND {HELD}", f"NOT ({_OPENS}) AND {HELD}", f"{_OPENS} AND f.exemption IS NOT NULL"
"""Which hits: those that no exemption of the site takes out; of these the ones that open findings, and those of rules in shadow, everywhere
or where the hit is; those taken out."""


def findings_sql(data_version: int, which: str = "") -> str:
    """SELECT in the shape of `finding.FINDING_SCHEMA` over `found` and the tables of `create_tables`: all, or those of
    HELD, OPEN, SHADOW or SPARED."""
    chosen = f"JOIN rule_head AS h ON h.rule_id = f.rule_id WHERE {which}" if which else ""
    sep = "chr(31)"
    money = "CAST(CAST({c} AS DECIMAL(18,0)) * 0.01 AS DECIMAL(16,2)) AS {c}"
    amounts = ",\n       ".join(money.format(c=c) for c in ("amount_total", "amount_inscope", "amount_fund"))
    filled = "t.template"
    for name, value in (
        ("item_name", "COALESCE(c.name, t.name, '')"),
        ("observed", "COALESCE(t.observed_words, '')"),
        ("threshold", "COALESCE(t.threshold_words, '')"),
        ("observed_label", "COALESCE(l.label, t.observed_text, '')"),
        ("diag3", "COALESCE(t.diag3, '')"),
        ("other_mdtrt_id", "COALESCE(t.other_mdtrt_id, '')"),
        ("other_item_name", "COALESCE(c2.name, '')"),
    ):
        filled = f"replace({filled}, '{{{name}}}', {value})"
    shown = (
        "psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code", "atddr_no", "observed_text", "observed", "threshold", "other_mdtrt_id",
        "other_sn", "other_item_key", "template", "name", "diag3", "item_key", "members", "exemption",
    )  # fmt: skip
    best = ", ".join(f"'{c}': u.{c}" for c in shown)
    return f"""
WITH cited AS (                                  -- the subject: a line, an encounter, a pair of lines, an institution's item, a group
  SELECT f.*, p.reference, CASE WHEN f.w0 >= p.official_from THEN 1 ELSE 0 END AS official, p.template, p.name,
         CASE WHEN f.members IS NOT NULL THEN array_to_string(f.members, {sep})
              WHEN f.by_pair = 1 THEN concat_ws({sep}, f.psn_no, LEAST(f.mdtrt_id || '/' || f.feedetl_sn, f.other_mdtrt_id || '/' || f.other_sn),
                                                GREATEST(f.mdtrt_id || '/' || f.feedetl_sn, f.other_mdtrt_id || '/' || f.other_sn))
              WHEN f.mdtrt_id IS NOT NULL THEN concat_ws({sep}, f.psn_no, f.mdtrt_id, COALESCE(f.feedetl_sn, ''))
              ELSE concat_ws({sep}, f.fixmedins_code, CAST(f.item_key AS VARCHAR)) END AS subject
  FROM found AS f JOIN point AS p ON p.kid = f.kid {chosen}
), best AS (                                     -- several points that hit one subject in one window are one finding
  SELECT u.rule_id, u.subject, u.w0, u.w1, arg_max({{{best}}}, (u.amount_total, -u.kid)) AS b,
         MAX(u.amount_total) AS amount_total, MAX(u.amount_inscope) AS amount_inscope, MAX(u.amount_fund) AS amount_fund,
         MAX(u.official) AS official, string_agg(DISTINCT u.reference, '; ' ORDER BY u.reference) AS knowledge_ref
  FROM cited AS u GROUP BY u.rule_id, u.subject, u.w0, u.w1
), one AS (
  SELECT * EXCLUDE (b), UNNEST(b) FROM best
), told AS (
  SELECT o.*, {_number("o.observed")} AS observed_words, {_number("o.threshold")} AS threshold_words FROM one AS o
), law AS (
  SELECT d.rule_id, d.w0, string_agg(b.text, '；' ORDER BY b.nth) AS law
  FROM (SELECT DISTINCT rule_id, w0 FROM told) AS d JOIN basis AS b ON b.rule_id = d.rule_id AND d.w0 >= b.valid_from AND d.w0 < b.valid_to
  GROUP BY d.rule_id, d.w0
)
SELECT sha256(concat_ws({sep}, t.rule_id, h.grain, t.subject, t.w0, t.w1)) AS finding_id,
       t.rule_id, h.official_code, h.r_code, h.grain, t.psn_no, t.mdtrt_id, t.feedetl_sn, t.fixmedins_code, t.atddr_no,
       TIMESTAMP '1970-01-01' + to_days(CAST(t.w0 AS INTEGER)) AS window_start,
       TIMESTAMP '1970-01-01' + to_days(CAST(t.w1 AS INTEGER)) AS window_end,
       CAST(CAST(t.observed AS DECIMAL(18,0)) * 0.0001 AS DECIMAL(18,4)) AS observed,
       CAST(CAST(t.threshold AS DECIMAL(18,0)) * 0.0001 AS DECIMAL(18,4)) AS threshold,
       {amounts},
       CASE WHEN h.certainty = 'certain' AND t.official = 1 THEN 'certain' ELSE 'suspected' END AS certainty,
       {filled} AS message,
       CAST(to_json({{
         'lines': list_filter([
            CASE WHEN t.feedetl_sn IS NOT NULL THEN {{'mdtrt_id': t.mdtrt_id, 'feedetl_sn': t.feedetl_sn, 'role': '在疑'}} END,
            CASE WHEN t.other_sn IS NOT NULL THEN {{'mdtrt_id': t.other_mdtrt_id, 'feedetl_sn': t.other_sn, 'role': '对照'}} END
         ], lambda x: x IS NOT NULL),
         'encounters': list_filter([
            CASE WHEN t.mdtrt_id IS NOT NULL THEN {{'mdtrt_id': t.mdtrt_id, 'role': '在疑'}} END,
            CASE WHEN t.other_mdtrt_id IS NOT NULL AND t.other_mdtrt_id <> t.mdtrt_id THEN {{'mdtrt_id': t.other_mdtrt_id, 'role': '对照'}} END
         ], lambda x: x IS NOT NULL),
         'persons': COALESCE(t.members, list_filter([t.psn_no], lambda x: x IS NOT NULL)),
         'values': {{'observed': t.observed_words, 'threshold': t.threshold_words, 'attribute': COALESCE(l.label, t.observed_text),
                    'item_code': c.code, 'item_name': COALESCE(c.name, t.name)}},
         'exempt_checked': CASE WHEN t.exemption IS NULL THEN CAST(h.spares AS JSON) WHEN t.exemption = '{INCOMPLETE}' THEN to_json([t.exemption])
                                ELSE to_json(['由豁免 ' || t.exemption || ' 免除']) END
       }}) AS VARCHAR) AS evidence,
       w.law, t.knowledge_ref, h.fingerprint AS rule_fingerprint, '{data_version}' AS data_version
FROM told AS t
JOIN rule_head AS h ON h.rule_id = t.rule_id
LEFT JOIN law AS w ON w.rule_id = t.rule_id AND w.w0 = t.w0
LEFT JOIN label AS l ON l.rule_id = t.rule_id AND l.code = t.observed_text
LEFT JOIN code_item AS c ON c.key = t.item_key
LEFT JOIN code_item AS c2 ON c2.key = t.other_item_key
"""


INDICATORS = """
SELECT p.rule_id, h.official_code, i.fixmedins_code, i.lv_grp AS hosp_lv_grp, SUBSTRING(i.medins_type, 1, 1) AS medins_kind,
       TIMESTAMP '1970-01-01' + to_days(d.w0) AS window_start, TIMESTAMP '1970-01-01' + to_days(d.w1) AS window_end,
       CASE WHEN d.kid IN (SELECT k.kid FROM kn_stat AS k WHERE k.algo IN ('fees', 'items')) THEN '元' ELSE '人次' END AS unit,
       CAST(CAST(d.num AS DECIMAL(18,0)) * 0.01 AS DECIMAL(18,2)) AS numerator, CAST(CAST(d.den AS DECIMAL(18,0)) * 0.01 AS DECIMAL(18,2)) AS denominator,
       CAST(CAST(d.share_e4 AS DECIMAL(18,0)) * 0.0001 AS DECIMAL(9,4)) AS share, CAST(d.peers AS INTEGER) AS peers,
       CAST(d.place AS INTEGER) AS place, CAST((d.place - 1) * 100 // NULLIF(d.peers - 1, 0) AS INTEGER) AS percentile,
       CAST(CAST(d.median_e4 AS DECIMAL(18,0)) * 0.0001 AS DECIMAL(9,4)) AS peer_median,
       CAST(CAST(d.p90_e4 AS DECIMAL(18,0)) * 0.0001 AS DECIMAL(9,4)) AS peer_p90
FROM indicator AS d
JOIN point AS p ON p.kid = d.kid
JOIN rule_head AS h ON h.rule_id = p.rule_id
JOIN institution AS i ON i.org_key = d.org_key
WHERE h.shadow = 0
ORDER BY p.rule_id, window_start, hosp_lv_grp, medins_kind, place, i.fixmedins_code
"""
"""Rows of `indicators.parquet`: a share of an institution in a window among its peers, hospitals of its level and kind (first letter of
`medins_type`): its place (1 = smallest, equals share it) and `percentile`, of a hundred other peers those with a smaller share, empty when
it has none. Numerator and denominator in `unit`. None of rules in shadow."""


def write_indicators(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write the indicators. Returns their number."""
    _write(con, INDICATORS, path)
    return int(con.execute(f"SELECT COUNT(*) FROM read_parquet({one_file(path)})").fetchall()[0][0])


def write_findings(con: duckdb.DuckDBPyConnection, path: Path, data_version: int, carried: str = "", which: str = OPEN) -> int:
    """Write `found` (OPEN, SHADOW or SPARED) as findings sorted by id, with those of the SELECT `carried`; whole or not at all. Returns their
    number."""
    names = ", ".join(FINDING_SCHEMA.names)
    found = f"SELECT {names} FROM ({findings_sql(data_version, which)})"
    more = f" UNION ALL SELECT {names} FROM ({carried})" if carried else ""
    _write(con, f"SELECT * FROM ({found}{more}) ORDER BY finding_id", path)
    (row,) = con.execute(f"SELECT COUNT(*) FROM read_parquet({one_file(path)})").fetchall()
    return int(row[0])


def _write(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    scratch = path.with_name(f".{path.name}.part")
    try:
        con.execute(f"COPY ({select}) TO {quoted(scratch)} (FORMAT parquet, COMPRESSION zstd)").fetchall()
        scratch.replace(path)
    except (OSError, duckdb.IOException) as error:
        raise InputError(
            "结果写不进去", where=str(path), why=str(error).splitlines()[0], cure="确认磁盘有空间、文件夹可写"
        ) from error
