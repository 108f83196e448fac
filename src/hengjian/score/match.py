"""Which finding meets which planted fact.

A finding meets a truth row when its rule is of that theme, every subject key filled in both agrees with one of the alternatives
(lines named in the evidence count too), at least one key is filled in both, and the windows touch if both have one. A truth
window is days, last day inclusive; a finding window is half-open.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.kernel.amounts import to_fen
from hengjian.score.read import SUBJECT, RuleLine, TruthRow
from hengjian.score.result import ScoreResult, ThemeScore

_NO_WINDOW = -(1 << 62)
_LOOKUP = ("psn_no", "mdtrt_id", "fixmedins_code", "atddr_no")


@dataclass
class _Finding:
    """One finding; its evidence is read only when its own keys do not decide."""

    row: int
    keys: dict[str, str]
    start: int
    end: int
    evidence_text: pa.ChunkedArray

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """(mdtrt_id, feedetl_sn) of the lines named in the evidence."""
        text = self.evidence_text[self.row].as_py()
        try:
            named = json.loads(text).get("lines", []) if text else []
        except (ValueError, AttributeError):
            return []
        return [(str(x.get("mdtrt_id") or ""), str(x.get("feedetl_sn") or "")) for x in named if isinstance(x, dict)]

    def may_be(self, name: str) -> set[str]:
        """Further values of a key, from the evidence."""
        if name == "mdtrt_id":
            return {mdtrt for mdtrt, _ in self.lines if mdtrt}
        if name == "feedetl_sn":
            return {f"{mdtrt}/{sn}" for mdtrt, sn in self.lines if mdtrt and sn}
        return set()

    def meets(self, truth: TruthRow) -> bool:
        """Whether keys and windows agree (the theme is the caller's business)."""
        common = [name for name in truth.keys if name in self.keys]
        if not common:
            return False
        for name in common:
            if self.keys[name] not in truth.keys[name] and not self.may_be(name) & truth.keys[name]:
                return False
        if truth.start is None and truth.end is None:
            return True
        if self.start == _NO_WINDOW and self.end == _NO_WINDOW:
            return True
        late = truth.end is not None and self.start != _NO_WINDOW and self.start >= truth.end
        last = max(self.end, self.start + 1)
        early = truth.start is not None and self.end != _NO_WINDOW and last <= truth.start
        return not late and not early


class _Index:
    """Truth rows of one theme by key value, and those that leave a key empty."""

    def __init__(self, rows: Sequence[tuple[int, TruthRow]]) -> None:
        self.by: dict[str, dict[str, list[tuple[int, TruthRow]]]] = {name: defaultdict(list) for name in _LOOKUP}
        self.without: dict[str, list[tuple[int, TruthRow]]] = {name: [] for name in _LOOKUP}
        for numbered in rows:
            for name in _LOOKUP:
                for value in numbered[1].keys.get(name, ()):
                    self.by[name][value].append(numbered)
                if name not in numbered[1].keys:
                    self.without[name].append(numbered)

    def met_by(self, finding: _Finding) -> list[tuple[int, TruthRow]]:
        """Rows that the finding meets, in the order of the truth file."""
        name = next((n for n in _LOOKUP if n in finding.keys), None)
        if name is None:
            return []
        values = {finding.keys[name]} | (finding.may_be(name) if name == "mdtrt_id" else set())
        candidates = {number: row for value in values for number, row in self.by[name].get(value, ())} | dict(
            self.without[name]
        )
        return [(number, row) for number, row in sorted(candidates.items()) if finding.meets(row)]


def score(findings: pa.Table, truth: Sequence[TruthRow], rules: Mapping[str, RuleLine]) -> ScoreResult:
    """Compare findings (columns `FINDING_COLUMNS`) with truth rows. Findings of shadow rules are left out.

    A finding that meets a guilty row of its theme is a hit; else one that meets an innocent row of its theme is a false alarm;
    else one that meets a row naming its theme in `also` is neither; else it is a false alarm on somebody never planted. A row's
    found amount is the sum over the findings whose first guilty row it is.
    """
    scores = _empty_scores(truth, rules)
    own: dict[str, list[tuple[int, TruthRow]]] = defaultdict(list)
    also: dict[str, list[tuple[int, TruthRow]]] = defaultdict(list)
    for number, row in enumerate(truth):
        own[row.theme].append((number, row))
        for theme in row.also:
            also[theme].append((number, row))
    own_index = {theme: _Index(rows) for theme, rows in own.items()}
    also_index = {theme: _Index(rows) for theme, rows in also.items()}
    nothing = _Index([])
    found: set[int] = set()
    sums: dict[int, int] = defaultdict(int)
    for theme, finding in _findings(findings, rules):
        tally = scores.setdefault(theme, ThemeScore(theme))
        tally.findings += 1
        met = own_index.get(theme, nothing).met_by(finding)
        guilty = [number for number, row in met if row.guilty]
        if guilty:
            tally.hits += 1
            found.update(guilty)
            sums[guilty[0]] += _fen(findings, finding.row)
        elif met:
            tally.false_on_innocent += 1
        elif also_index.get(theme, nothing).met_by(finding):
            tally.neither += 1
        else:
            tally.false_unplanted += 1
    for number in found:
        scores[truth[number].theme].found += 1
    for number, total in sums.items():
        true = truth[number].amount
        if true is not None:
            scores[truth[number].theme].amount_off += abs(total - true)
            scores[truth[number].theme].amount_true += true
    return ScoreResult([scores[theme] for theme in sorted(scores)])


def _empty_scores(truth: Sequence[TruthRow], rules: Mapping[str, RuleLine]) -> dict[str, ThemeScore]:
    scores: dict[str, ThemeScore] = {}
    for row in truth:
        tally = scores.setdefault(row.theme, ThemeScore(row.theme))
        tally.guilty += row.guilty
        tally.innocent += not row.guilty
    for rule in rules.values():
        if rule.status != "shadow":
            tally = scores.setdefault(rule.theme, ThemeScore(rule.theme))
            tally.rule_id = ";".join(filter(None, (tally.rule_id, rule.rule_id)))
            tally.certainty = "suspected" if "suspected" in (tally.certainty, rule.certainty) else rule.certainty
    return scores


def _findings(table: pa.Table, rules: Mapping[str, RuleLine]) -> Iterator[tuple[str, _Finding]]:
    """Theme and finding of every row whose rule is not a shadow; a rule that rules.csv does not name is its own theme."""
    columns = {name: table.column(name).to_pylist() for name in SUBJECT}
    starts, ends = _seconds(table.column("window_start")), _seconds(table.column("window_end"))
    evidence = table.column("evidence")
    known: dict[str, RuleLine] = dict(rules)
    for row, rule_id in enumerate(table.column("rule_id").to_pylist()):
        rule = known.setdefault(rule_id, RuleLine(rule_id, rule_id, "", "unknown"))
        if rule.status == "shadow":
            continue
        keys = {name: values[row] for name, values in columns.items() if values[row]}
        if "feedetl_sn" in keys:
            keys["feedetl_sn"] = f"{keys.get('mdtrt_id', '')}/{keys['feedetl_sn']}"
        yield rule.theme, _Finding(row, keys, starts[row], ends[row], evidence)


def _seconds(column: pa.ChunkedArray) -> list[int]:
    numbers = pc.fill_null(column.cast(pa.timestamp("s"), safe=False).cast(pa.int64()), _NO_WINDOW)
    values: list[int] = np.asarray(numbers).tolist()
    return values


def _fen(table: pa.Table, row: int) -> int:
    amount = table.column("amount_total")[row].as_py()
    return to_fen(amount) if amount is not None else 0
