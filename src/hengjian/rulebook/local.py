"""What a site has added to a rulebook, as files of a rulebook folder: written where an audit keeps the rulebook that judged, read when it
is opened again.

`approvals.csv`, `code_map.csv` and `exemptions.csv` lie at the root; a knowledge table with rows of the site, or with approved rows, has the columns
`site` and `approved_from`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.rulebook.marked import as_day, make_period, read_csv
from hengjian.rulebook.model import Approval, CodeMapping, Exemption, KnowledgeRow, Rule, Rulebook

APPROVALS, CODE_MAP, EXEMPTIONS = "approvals.csv", "code_map.csv", "exemptions.csv"
_APPROVAL = ("subject", "name", "value", "day", "by", "reason")
_MAPPING = ("national", "local", "valid_from", "valid_to")
SUBJECTS = ("institution", "doctor", "person", "visit", "item")
"""What an exemption may name, all of it at once."""
_EXEMPTION = ("number", "rules", *SUBJECTS, "valid_from", "valid_to", "reason", "basis", "by", "approved_by")
_SITE, _APPROVED = "site", "approved_from"
_ASKED = ("kid", "valid_from", "valid_to", "official", "notice", "row")


def local_files(book: Rulebook, rules: Sequence[Rule]) -> dict[str, str]:
    """The files of `book` that differ from the shipped ones by what a site added, by place below the root, as far as `rules` go."""
    ids = {r.rule_id for r in rules}
    values = [a for a in book.approvals if a.value is not None and a.subject in ids]
    files = {}
    if values:
        cells = [(a.subject, a.name, a.value, day_date(a.day).isoformat(), a.by, a.reason) for a in values]
        files[APPROVALS] = _text(_APPROVAL, cells)
    if book.code_map:
        files[CODE_MAP] = _text(_MAPPING, [(m.national, m.local, *_days(m.period)) for m in book.code_map])
    if met := [e for e in book.exemptions if any(e.is_about(i) for i in ids)]:
        files[EXEMPTIONS] = _text(_EXEMPTION, [_exemption_cells(e) for e in met])
    for table in sorted({r.book_table for r in rules if r.knowledge}):
        rows = book.knowledge.get(table, ())
        if any(r.site or r.approved_from < OPEN_DAY or _days(r.period)[1] != r.values.get("valid_to", "") for r in rows):
            files[f"knowledge/{table}.csv"] = _table(rows)
    return files


def read_approvals(root: Path) -> list[Approval]:
    """Approved values of parameters kept in a rulebook folder. Rows of knowledge carry their own approval."""
    path = root / APPROVALS
    if not path.is_file():
        return []
    return [
        Approval(c["subject"], c["name"], int(c["value"]), as_day(c["day"], f"{path}:{line}"), c["by"], c["reason"])
        for line, c in read_csv(path)
    ]


def read_code_map(root: Path) -> tuple[CodeMapping, ...]:
    """The code map kept in a rulebook folder."""
    path = root / CODE_MAP
    if not path.is_file():
        return ()
    return tuple(CodeMapping(c["national"], c["local"], _period(c, f"{path}:{line}")) for line, c in read_csv(path))


def read_exemptions(root: Path) -> tuple[Exemption, ...]:
    """The exemptions kept in a rulebook folder."""
    path = root / EXEMPTIONS
    if not path.is_file():
        return ()
    return tuple(
        Exemption(
            number=c["number"],
            rules=tuple(c["rules"].split()),
            institution=c["institution"],
            doctor=c["doctor"],
            person=c["person"],
            visit=c["visit"],
            item=c["item"],
            period=_period(c, f"{path}:{line}"),
            reason=c["reason"],
            basis=c["basis"],
            by=c["by"],
            approved_by=c["approved_by"],
        )
        for line, c in read_csv(path)
    )


def _exemption_cells(e: Exemption) -> tuple[str, ...]:
    named = (e.institution, e.doctor, e.person, e.visit, e.item)
    return (e.number, " ".join(e.rules), *named, *_days(e.period), e.reason, e.basis, e.by, e.approved_by)


def read_site_columns(cells: dict[str, str], where: str) -> tuple[bool, int]:
    """Take `site` and `approved_from` out of a knowledge row's cells."""
    site, approved = cells.pop(_SITE, ""), cells.pop(_APPROVED, "")
    return site == "1", as_day(approved, where) if approved else OPEN_DAY


def _table(rows: Sequence[KnowledgeRow]) -> str:
    columns = list(dict.fromkeys([*_ASKED, *(column for row in rows for column in row.values)]))
    return _text(
        (*columns, _SITE, _APPROVED), ([*map(row_cells(row).get, columns), _flag(row.site), _approved(row)] for row in rows)
    )


def row_cells(row: KnowledgeRow) -> dict[str, str]:
    """A row's cells with what the loader asks for, also where a site's own row holds it beside its cells."""
    start, end = _days(row.period)
    asked = {"kid": row.kid, "valid_from": start, "valid_to": end, "official": _flag(row.official)}
    return dict.fromkeys(_ASKED, "—") | row.values | asked


def _flag(yes: bool) -> str:
    return "1" if yes else "0"


def _approved(row: KnowledgeRow) -> str:
    return day_date(row.approved_from).isoformat() if row.approved_from < OPEN_DAY else ""


def _days(period: Period) -> tuple[str, str]:
    return day_date(period.start).isoformat(), "" if period.end == OPEN_DAY else day_date(period.end).isoformat()


def _period(cells: Mapping[str, str], where: str) -> Period:
    end = as_day(cells["valid_to"], where) if cells["valid_to"] else OPEN_DAY
    return make_period(as_day(cells["valid_from"], where), end, where)


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    handle = io.StringIO()
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return handle.getvalue()
