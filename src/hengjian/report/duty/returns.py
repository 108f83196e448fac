"""Files to send back: one workbook for the office, one for each institution with its own rows only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from xlsxwriter.exceptions import XlsxWriterException

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import LakeVersion
from hengjian.report import words
from hengjian.report.book import Book
from hengjian.report.duty import sheets
from hengjian.report.duty.figures import ENDS, FLAGGED, UNKNOWN, Duty, OrgDuty, Tally, gather_duty

REPORT, RETURN = "履责报告.xlsx", "退回_{}.xlsx"
MOST_FLAGS = 1_000_000
"""Flags listed in one workbook: they are hints about rows that were taken, and some senders flag every row."""

Progress = Callable[[int, int], None]
_MONEY = "按送来的数计，没有核实。费用明细取明细金额，结算取医疗费总额，退费为负；同一笔费用的明细和结算都有问题时各计一次。其他表没有金额。"
_FAIR = "这里说的是数据，不是认定：不表示这些费用有问题，也不扣减任何金额。"


@dataclass(frozen=True)
class Written:
    """What was written. `files`: institution code to file. `stale`: return files of an earlier run that this run did not renew."""

    duty: Duty
    report: Path | None
    files: dict[str, Path]
    stale: list[Path]


def write_duty(lake: LakeVersion, out: Path, *, org: str | None = None, progress: Progress | None = None) -> Written:
    """Write the report and a return file for every institution with refused or flagged rows; with `org` only the file of that one.

    Raises InputError when `org` has nothing to send back or a file cannot be written, LakeError when a register cannot be read.
    """
    tell = progress or (lambda done, total: None)
    with duckdb.connect() as con:
        duty = gather_duty(con, lake)
        wanted = [o for o in duty.orgs if o.code and (o.refused.rows or o.flagged.rows) and org in (None, o.code)]
        if org is not None and not wanted:
            known = any(o.code == org for o in duty.orgs)
            why = "它的退回都已补正" if known else "没有退回或提示的行写着这个机构编号"
            raise InputError("没有要退回给这家机构的行", where=org, why=why, cure="核对机构编号；不写 --org 则写出全部机构")
        _make(out)
        files = {o.code: out / name for o, name in zip(wanted, _file_names(wanted), strict=True)}
        ledger = _Ledger(tell, sum(map(_listed, wanted)) + (sum(map(_listed, duty.orgs)) if org is None else 0))
        for one in wanted:
            _return(con, files[one.code], duty, one, ledger)
        report = out / REPORT if org is None else None
        if report:
            _report(con, report, duty, {code: path.name for code, path in files.items()}, ledger)
    left = set(out.glob(RETURN.format("*"))) - set(files.values()) if org is None else set()
    return Written(duty, report, files, sorted(left))


class _Ledger:
    """Adds up the rows written, list by list, for the progress bar."""

    def __init__(self, tell: Progress, total: int) -> None:
        self._tell, self._total, self._before, self._here = tell, total, 0, 0
        tell(0, total)

    def written(self, written: int) -> None:
        """`written` rows of the list at hand are done."""
        self._here = written
        self._tell(min(self._before + written, self._total), self._total)

    def close(self) -> None:
        """The list at hand is done."""
        self._before, self._here = self._before + self._here, 0


def _listed(org: OrgDuty) -> int:
    """Rows of an institution that files list: refused rows, and each flag."""
    return org.refused.rows + sum(r.tally.rows for r in org.reasons if r.level == FLAGGED)


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("文件夹建不了", where=str(out), why=cause_of(error), cure="换一个可写的位置") from error


def _file_names(orgs: list[OrgDuty]) -> list[str]:
    """Names that every file system takes, no two alike even where case is not told apart."""
    names, seen = [], set[str]()
    for org in orgs:
        safe = name = re.sub(r"[^0-9A-Za-z\u4e00-\u9fff-]", "_", org.code)
        number = 1
        while name.casefold() in seen:
            number += 1
            name = f"{safe}_{number}"
        seen.add(name.casefold())
        names.append(RETURN.format(name))
    return names


@contextmanager
def _new_book(target: Path, title: str) -> Iterator[Book]:
    """A workbook that stands under its name only when it is whole."""
    scratch = target.with_name(f".{target.name}.part")
    book = Book(scratch, title)
    try:
        yield book
        book.file.close()
        scratch.replace(target)
    except (OSError, XlsxWriterException) as error:
        cause = error.__cause__ or error.__context__ or error
        why = cause_of(cause if isinstance(cause, Exception) else error)
        raise InputError(
            "文件写不进去", where=str(target), why=why, cure="关闭打开着它的程序，检查权限和磁盘，再运行一次"
        ) from error
    finally:
        with suppress(OSError, XlsxWriterException):
            if not book.file.fileclosed:
                book.file.close()
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def _return(con: duckdb.DuckDBPyConnection, target: Path, duty: Duty, org: OrgDuty, ledger: _Ledger) -> None:
    with _new_book(target, f"{org.name}数据退回清单") as book:
        book.about("说明", f"{org.name} 数据退回清单", _cover(con, duty, org))
        _lists(con, book, f"org = '{org.code.replace(chr(39), chr(39) * 2)}'", None, ledger)


def _lists(con: duckdb.DuckDBPyConnection, book: Book, org: str, names: dict[str, str] | None, ledger: _Ledger) -> None:
    """The rows themselves, refused and flagged; `org` is the condition that chooses them."""
    for name, heads, sql in (
        ("退回明细", sheets.REJECT_HEADS, sheets.REJECTED_ROWS.format(org=org)),
        ("提示明细", sheets.FLAG_HEADS, sheets.FLAGGED_ROWS.format(org=org, most=MOST_FLAGS)),
    ):
        sheets.write_rows(book, con.execute(sql), name, heads, names, ledger.written)
        ledger.close()


def _cover(con: duckdb.DuckDBPyConnection, duty: Duty, org: OrgDuty) -> list[tuple[str, str]]:
    return [
        ("机构", f"{org.name}（{org.code}）"),
        ("涉及的加载", _loads(con, duty, org.code)),
        ("退回", f"{_sum(org.refused)}，见“退回明细”。这些行没有收进数据湖，也没有经过审计；补正重报以前，按没有报送计。"),
        ("提示", f"{_sum(org.flagged)}，见“提示明细”。这些行已经收下，请核对，有错的按下面的办法更正。"),
        ("已补正", f"{_sum(org.settled)}，不再列出。"),
        ("怎样补正", "按“办法”一列改正后，放进下一次报送的文件，列不变，主键也不变：同一主键的新内容会替换旧内容。只送改正的行即可。"),
        ("不必改的行", "“补送后自动重试”写着“是”的行，只是引用的就诊等还没有收到：补送被引用的那一行即可，下次加载时会自动重试。"),
        ("为什么要补正", "如实、完整、及时传送数据是定点医药机构的义务（《医疗保障基金使用监督管理条例》，以及服务协议的约定）。长期不补正的，可以按协议计入履约考核。"),
        ("不是什么", f"{_FAIR}对退回的原因有不同意见的，可以写明理由反馈。"),
        ("金额怎样算", _MONEY),
        ("已加密的值", "姓名、证件号码等个人信息在数据湖里加密保存，这里不显示；请按文件和行号查看自己的原文件。"),
        *([("列了多少", f"提示明细最多列 {MOST_FLAGS:,} 条。")] if org.flagged.rows > MOST_FLAGS else []),
    ]  # fmt: skip


def _loads(con: duckdb.DuckDBPyConnection, duty: Duty, org: str) -> str:
    """The loads whose rows are in question: 第 1 至 3 次加载（2026-11-01 至 2026-12-01）."""
    row = con.execute(
        """SELECT MIN(load_no), MAX(load_no) FROM (SELECT load_no FROM duty_refused WHERE how IS NULL AND org = ?
           UNION ALL SELECT load_no FROM duty_flag WHERE org = ?)""",
        [org, org],
    ).fetchone()
    first, last = row or (None, None)
    at = {load.number: load.at[:10] for load in duty.loads}
    numbers = f"第 {first} 版" if first == last else f"第 {first} 至 {last} 版"
    days = [at[n] for n in dict.fromkeys((first, last)) if n in at]
    return f"数据{numbers}" + (f"（{' 至 '.join(dict.fromkeys(days))} 加载）" if days else "")


def _report(con: duckdb.DuckDBPyConnection, target: Path, duty: Duty, files: dict[str, str], ledger: _Ledger) -> None:
    names = {o.code: o.name for o in duty.orgs}
    with _new_book(target, "履责报告") as book:
        book.about("说明", "定点医药机构数据报送履责报告", _summary(duty))
        sheets.write_table(book, "按机构", sheets.ORG_HEADS, *sheets.org_rows(duty, files))
        sheets.write_table(book, "按原因", sheets.REASON_HEADS, sheets.reason_rows(duty))
        sheets.write_table(book, "按机构和原因", sheets.DUTY_HEADS, *sheets.duty_rows(duty))
        _lists(con, book, "true", names, ledger)


def _summary(duty: Duty) -> list[tuple[str, str]]:
    ended = "，".join(f"{text} {duty.ended[how].rows:,} 行" for how, text in ENDS.items() if how in duty.ended)
    sent = f"{len(duty.loads):,} 次加载共报送 {duty.sent:,} 行，采用 {duty.taken:,} 行" if duty.loads else "没有留下加载记录"
    share = f"，占报送的 {words.percent(duty.refused.rows, duty.sent, 2)}" if duty.sent else ""
    return [
        ("这是什么", f"定点医药机构报送的数据里，哪些行读不懂而退回，哪些行收下但有疑问，各有多少金额，后来补正了多少。{_FAIR}"),
        ("报送", sent + (f"，最后一次在 {_at(duty.loads[-1].at)}。" if duty.loads else "。")),
        ("退回", f"还没有补正的 {_sum(duty.refused)}{share}。退回的行没有经过审计，补正重报以前按没有报送计。"),
        ("提示", f"{_sum(duty.flagged)}。这些行已经收下，也经过审计。一行有几处提示时，“按原因”在每个原因下各计一次。"),
        ("已补正", _sum(duty.settled) + (f"：{ended}。" if ended else "。")),
        (UNKNOWN, "没有机构编号、所属就诊也不在数据湖里的行；参保人、价格等不由机构报送的表也在这里。不写退回文件，见“退回明细”。"),
        ("金额怎样算", _MONEY),
    ]  # fmt: skip


def _sum(tally: Tally) -> str:
    return f"{tally.rows:,} 行，金额 {words.YUAN.text(tally.fen)} 元"


def _at(instant: str) -> str:
    return words.instant_text(datetime.fromisoformat(instant))
