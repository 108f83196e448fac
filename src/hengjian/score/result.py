"""What a comparison gives: counts by theme, and the shares made of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class ThemeScore:
    """One theme. guilty and innocent count truth rows; findings = hits + false alarms + neither. Amounts in fen."""

    theme: str
    rule_id: str = ""
    certainty: str = ""
    guilty: int = 0
    innocent: int = 0
    findings: int = 0
    found: int = 0  # guilty truth rows that some finding met
    hits: int = 0  # findings that met a guilty row
    false_on_innocent: int = 0
    false_unplanted: int = 0
    neither: int = 0  # findings on a row that names their theme in `also`
    amount_off: int = 0
    amount_true: int = 0

    @property
    def missed(self) -> int:
        """Guilty truth rows that no finding met."""
        return self.guilty - self.found

    @property
    def false_alarms(self) -> int:
        """Findings on look-alikes and on rows that were never planted."""
        return self.false_on_innocent + self.false_unplanted

    @property
    def precision(self) -> float | None:
        """Share of findings that met a guilty row; None without findings that count."""
        return _share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Share of guilty truth rows that were met; None without truth."""
        return _share(self.found, self.guilty)

    @property
    def amount_error(self) -> float | None:
        """Σ|found − true| ÷ Σ true over guilty rows met that state an amount."""
        return _share(self.amount_off, self.amount_true)

    def as_json(self) -> dict[str, object]:
        """One entry of `themes`."""
        return {
            "theme": self.theme,
            "rule_id": self.rule_id,
            "certainty": self.certainty,
            "guilty": self.guilty,
            "innocent": self.innocent,
            "findings": self.findings,
            "found": self.found,
            "hits": self.hits,
            "missed": self.missed,
            "false_alarms": self.false_alarms,
            "false_on_innocent": self.false_on_innocent,
            "false_unplanted": self.false_unplanted,
            "neither": self.neither,
            "precision": self.precision,
            "recall": self.recall,
            "amount_error": self.amount_error,
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


@dataclass
class ScoreResult:
    """Every theme of the truth or of a rule that ran, by name, and their sum."""

    themes: list[ThemeScore] = field(default_factory=list)

    @property
    def total(self) -> ThemeScore:
        """All themes together."""
        whole = ThemeScore("total")
        for name in (
            "guilty",
            "innocent",
            "findings",
            "found",
            "hits",
            "false_on_innocent",
            "false_unplanted",
            "neither",
            "amount_off",
            "amount_true",
        ):
            setattr(whole, name, sum(getattr(t, name) for t in self.themes))
        return whole

    def as_json(self) -> dict[str, object]:
        """`{"themes": [...], "total": {...}}`, as `score.json` in an audit folder holds it."""
        whole = {k: v for k, v in self.total.as_json().items() if k not in ("theme", "rule_id", "certainty")}
        return {"themes": [t.as_json() for t in self.themes], "total": whole}
