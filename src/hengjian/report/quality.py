"""Data quality and versions: what the load took and refused, and what a second run must start from to give the same report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hengjian.lake.schema import TABLES
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import LakeVersion
from hengjian.report.gather import Figures
from hengjian.report.words import fingerprint_text, memory_text, seconds_text

LABELS = {t.name: t.label for t in (*TABLES.values(), *LOCAL.values())}
PARTS = ("taken", "replaced", "rejected", "duplicate")


@dataclass(frozen=True)
class TableCount:
    """One table of the load: rows read, and what became of them."""

    label: str
    read: int
    taken: int
    replaced: int
    rejected: int
    duplicate: int

    @property
    def missing(self) -> int:
        """Rows whose fate nobody knows; 0 when the count balances."""
        return self.read - self.taken - self.replaced - self.rejected - self.duplicate


def table_rows(lake: LakeVersion | None) -> list[TableCount]:
    """One row per table of the load that made this version, in schema order."""
    counts: dict[str, Any] = (lake.load.get("tables") or {}) if lake else {}
    rows = []
    for name in [*(n for n in TABLES if n in counts), *sorted(n for n in counts if n not in TABLES)]:
        count = counts[name]
        if isinstance(count, dict) and count.get("read"):
            label = LABELS.get(name, name)
            rows.append(TableCount(label, *(int(count.get(part) or 0) for part in ("read", *PARTS))))
    return rows


def note(lake: LakeVersion | None) -> str:
    """What the reader must know about refused rows."""
    if lake is None:
        return "这次没有给出数据湖，装载的行数不在报告里。"
    reasons = [r for r in (lake.load.get("reasons") or []) if isinstance(r, dict) and r.get("count")]
    rows = table_rows(lake)
    if not rows:
        return "这一版数据湖没有留下装载记录。"
    if not sum(r.rejected for r in rows):
        return "没有退回的行。"
    text = "退回的行都留着：文件、行号、列、原值、原因。"
    if reasons:
        top = max(reasons, key=lambda r: int(r["count"]))
        text += f"退回最多的是“{top.get('title') or top.get('code') or '未注明'}”（{int(top['count']):,} 行）。"
    return text


def versions(figures: Figures) -> list[tuple[str, str]]:
    """What was run on what: enough to run it again."""
    audit = figures.audit
    raw = audit.raw
    last = audit.data_date
    shadow = audit.count("rules_shadow")
    hits = audit.count("shadow_hits")
    tried = f"试运行命中 {hits:,} 处，不计入" if hits else "不计入"
    rules = f"{audit.count('rules_active')} 条生效" + (f"，{shadow} 条影子（{tried}）" if shadow else "")
    return [
        ("数据版本", f"第 {raw.get('data_version', '—')} 版" + (f" · 数据截至 {last}" if last else "")),
        ("数据期间", f"{audit.start} 至 {audit.end}（不含末日）"),
        ("规则", rules),
        ("规则包指纹", f"SHA-256 {fingerprint_text(str(raw.get('rule_pack') or ''))}"),
        ("知识", f"{audit.count('knowledge_rows'):,} 行"),
        ("引擎", str(raw.get("engine") or "—")),
        ("用时", f"{seconds_text(float(raw.get('seconds') or 0))}，峰值内存 {memory_text(float(raw.get('peak_mb') or 0))}"),
        ("疑点文件指纹", f"SHA-256 {fingerprint_text(figures.digest)}"),
        ("检查范围", f"{audit.count('lines'):,} 行费用、{audit.count('encounters'):,} 次就诊"),
        ("涉及", f"{audit.count('persons'):,} 人、{audit.count('institutions'):,} 家机构"),
    ]
