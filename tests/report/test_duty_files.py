"""The files to send back, opened again with another library: each holds its institution's rows only, and no text is a formula."""

from __future__ import annotations

import json
import stat
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from hengjian.cli import main as cli
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import LakeVersion
from hengjian.report.book import Book
from hengjian.report.duty import duty_relations, write_duty
from hengjian.report.duty.figures import OrgDuty
from hengjian.report.duty.returns import _file_names
from hengjian.report.duty.sheets import REJECT_HEADS, REJECTED_ROWS, write_rows

from .duty_lake import Registers, Row, counted, many, org_code, org_of, register_row

H1, H2 = org_code(1), org_code(2)
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://a.b")', "http://a.b", "0012", "<b>&"]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registers, LakeVersion, Path]:
    """800 rows of 8 institutions, written out."""
    root = tmp_path_factory.mktemp("files")
    made = many(800, 8, seed=3)
    lake = made.write(root / "lake")
    write_duty(lake, root / "out")
    return made, lake, root / "out"


def rows(sheet: Worksheet) -> list[dict[str, Any]]:
    """Rows of a sheet by column title."""
    head, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), cells, strict=True)) for cells in body]


def about(path: Path) -> dict[str, str]:
    """The first sheet: name and text."""
    sheet = openpyxl.load_workbook(path)["说明"]
    return {str(name): str(text) for name, text in sheet.iter_rows(min_row=3, max_col=2, values_only=True)}


def open_rows(made: Registers) -> dict[str, list[Row]]:
    """Refused rows that were not put right, by institution."""
    ended = {(e["load_no"], e["tab"], e["file"], e["line"]) for e in made.ends}
    found: dict[str, list[Row]] = defaultdict(list)
    for r in made.rejects:
        if (r["load_no"], r["tab"], r["file"], r["line"]) not in ended:
            found[org_of(made, r)].append(r)
    return found


def money(row: dict[str, Any]) -> Decimal:
    return Decimal(str(row["金额（元）"] or 0))


def test_each_institution_gets_its_own_rows_and_no_others(year: tuple[Registers, LakeVersion, Path]) -> None:
    made, _, out = year
    refused, told = open_rows(made), counted(made)
    for code in made.names:
        book = openpyxl.load_workbook(out / f"退回_{code}.xlsx")
        assert book.sheetnames == ["说明", "退回明细", "提示明细"]
        body = rows(book["退回明细"])
        assert sorted((r["文件"], r["行"]) for r in body) == sorted((r["file"], r["line"]) for r in refused[code])
        assert sum((money(r) for r in body), Decimal(0)) == told["refused"][code].yuan
        flags = rows(book["提示明细"])
        assert len(flags) == sum(c.rows for key, c in told["reasons"].items() if key[:2] == (code, "提示"))
        assert list(body[0]) == [
            "文件",
            "行",
            "表",
            "主键",
            "列",
            "值",
            "原因",
            "办法",
            "金额（元）",
            "其他问题",
            "补送后自动重试",
        ]
        assert list(flags[0]) == list(body[0])[:9]
    assert sorted(p.name for p in out.iterdir()) == sorted([*(f"退回_{c}.xlsx" for c in made.names), "履责报告.xlsx"])


def test_a_row_says_where_what_why_and_what_to_do(tmp_path: Path) -> None:
    asked = register_row(5, code="K03", col="mdtrt_id", val="M5", others="L03 fee_ocur_time", waits=1, amount=Decimal("-12.30"))
    write_duty(Registers(rejects=[asked], names={H1: "云溪市医院"}).write(tmp_path / "lake"), tmp_path / "out")
    (row,) = rows(openpyxl.load_workbook(tmp_path / "out" / f"退回_{H1}.xlsx")["退回明细"])
    assert list(row.values()) == [
        "fee_line.csv", 7, "费用明细", "M5/1", "就诊ID mdtrt_id", "M5", asked["reason"], asked["advice"], -12.3, "L03 fee_ocur_time", "是",
    ]  # fmt: skip


def test_the_cover_counts_and_blames_nobody(year: tuple[Registers, LakeVersion, Path]) -> None:
    made, _, out = year
    told = counted(made)
    for code, name in made.names.items():
        cover = about(out / f"退回_{code}.xlsx")
        assert cover["机构"] == f"{name}（{code}）" and "2026-11-01 至 2026-11-02" in cover["涉及的加载"]
        for label, key in (("退回", "refused"), ("提示", "flagged"), ("已补正", "settled")):
            assert cover[label].startswith(
                f"{told[key][code].rows:,} 行，金额 {told[key][code].yuan:,.2f} 元".replace("-", "−")
            )
        assert "没有经过审计" in cover["退回"] and "同一主键" in cover["怎样补正"] and "服务协议" in cover["为什么要补正"]
        assert "不是认定" in cover["不是什么"] and not [w for w in ("违规", "违法", "欺诈") if w in " ".join(cover.values())]


def test_the_report_of_the_office_lists_everything(year: tuple[Registers, LakeVersion, Path]) -> None:
    made, _, out = year
    book, told = openpyxl.load_workbook(out / "履责报告.xlsx"), counted(made)
    assert book.sheetnames == ["说明", "按机构", "按原因", "按机构和原因", "退回明细", "提示明细"]
    *orgs, total = rows(book["按机构"])
    assert {o["机构编号"] or "" for o in orgs} == {*told["refused"], *told["settled"], *told["flagged"]}
    for title, name in (("退回行数", "refused"), ("已补正行数", "settled"), ("提示行数", "flagged")):
        assert sum(o[title] for o in orgs) == total[title] == sum(c.rows for c in told[name].values())
    assert {o["退回文件"] for o in orgs} == {*(f"退回_{c}.xlsx" for c in made.names), None}
    reasons = rows(book["按原因"])
    assert sum(r["行数"] for r in reasons if r["处理"] == "退回") == total["退回行数"]
    assert len(rows(book["退回明细"])) == total["退回行数"]
    assert len(rows(book["提示明细"])) == sum(r["行数"] for r in reasons if r["处理"] == "提示")
    assert "2 次加载共报送 48,000 行" in about(out / "履责报告.xlsx")["报送"]


def test_sheets_are_fit_for_work(year: tuple[Registers, LakeVersion, Path]) -> None:
    for path in year[2].iterdir():
        book = openpyxl.load_workbook(path)
        for sheet in book.worksheets[1:]:
            assert sheet.freeze_panes and sheet.freeze_panes[1:] == "2" and sheet.auto_filter.ref, (path.name, sheet.title)
            assert sheet.auto_filter.ref.endswith(str(max(sheet.max_row - _totals(sheet), 2)))
            widths = [d.width for d in sheet.column_dimensions.values()]
            assert min(widths) >= 8
            for column in sheet.iter_cols(min_row=2):
                head = sheet.cell(1, column[0].column).value
                for cell in column:
                    if cell.value is not None:
                        is_money, is_number = "金额" in str(head), isinstance(cell.value, int | float)
                        assert is_number == (is_money or str(head).endswith(("行数", "行"))), (sheet.title, head, cell.value)
                        assert not is_money or cell.number_format == "#,##0.00"


def _totals(sheet: Worksheet) -> int:
    return {"按机构": 1, "按机构和原因": 2}.get(sheet.title, 0)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_ever_is_a_formula(tmp_path: Path, text: str) -> None:
    cells = {"file": text, "row_key": text, "val": text, "reason": text, "advice": text, "others": text}
    made = Registers(
        rejects=[register_row(1, **cells)], warnings=[register_row(2, code="C03", flag=True, **cells)], names={H1: text}
    )
    write_duty(made.write(tmp_path / "lake"), tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        book = openpyxl.load_workbook(path)
        for sheet in book.worksheets:
            assert not [c for line in sheet.iter_rows() for c in line if c.data_type == "f" or c.hyperlink]
        for name in ("退回明细", "提示明细"):
            (row,) = rows(book[name])
            assert [row[t] for t in ("文件", "主键", "值", "原因", "办法")] == [text] * 5


def test_personal_values_and_raw_rows_are_in_no_file(tmp_path: Path) -> None:
    sealed = register_row(1, tab="encounter", col="medrcdno", val="sealed:9", row_key="M1", code="T04")
    broken = register_row(2, col="", val="整行原文", code="F04", row_key=None)
    write_duty(Registers(rejects=[sealed, broken]).write(tmp_path / "lake"), tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        values = [r["值"] for r in rows(openpyxl.load_workbook(path)["退回明细"])]
        assert sorted(values) == ["（已加密）", "（整行）"]
        everything = str([list(s.values) for s in openpyxl.load_workbook(path).worksheets])
        assert not [secret for secret in ("sealed:9", "整行原文", "绝密") if secret in everything]


def test_long_lists_go_on_in_further_sheets(tmp_path: Path) -> None:
    lake = Registers(rejects=[register_row(n) for n in range(25)]).write(tmp_path / "lake")
    book, heard = Book(tmp_path / "x.xlsx", "x"), list[int]()
    with duckdb.connect() as con:
        duty_relations(con, lake)
        assert (
            write_rows(
                book, con.execute(REJECTED_ROWS.format(org="true")), "退回明细", REJECT_HEADS, {H1: "甲"}, heard.append, 10
            )
            == 25
        )
    book.file.close()
    opened = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert opened.sheetnames == ["退回明细", "退回明细 2", "退回明细 3"] and heard == [25]
    assert [len(rows(s)) for s in opened.worksheets] == [10, 10, 5]
    assert sorted(r["行"] for s in opened.worksheets for r in rows(s)) == list(range(2, 27))
    assert [s.auto_filter.ref for s in opened.worksheets] == ["A1:M11", "A1:M11", "A1:M6"]


def test_progress_is_told_in_rows_and_ends_at_the_whole(year: tuple[Registers, LakeVersion, Path], tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    write_duty(year[1], tmp_path, progress=lambda done, total: heard.append((done, total)))
    (total,) = {t for _, t in heard}
    told = counted(year[0])["reasons"]
    assert total == sum(c.rows for c in told.values()) + sum(c.rows for key, c in told.items() if key[0])
    assert [d for d, _ in heard] == sorted(d for d, _ in heard) and heard[0] == (0, total) and heard[-1] == (total, total)


def test_file_names_are_safe_and_never_collide() -> None:
    names = _file_names(
        [
            OrgDuty(code, "")
            for code in ("H/../../../x", "H_.._.._.._x", "h_______000", 'H<>:"|?*\\ab', "H99010000001", "h99010000001")
        ]
    )
    assert len({n.casefold() for n in names}) == len(names)
    for name in names:
        assert name.startswith("退回_") and name.endswith(".xlsx") and not set('/\\<>:"|?*') & set(name) and ".." not in name


def test_an_unknown_institution_gets_no_file(tmp_path: Path) -> None:
    written = write_duty(
        Registers(rejects=[register_row(1, fixmedins_code=None, row_key=None)]).write(tmp_path / "lake"), tmp_path / "out"
    )
    assert written.files == {} and [p.name for p in (tmp_path / "out").iterdir()] == ["履责报告.xlsx"]
    (row,) = rows(openpyxl.load_workbook(tmp_path / "out" / "履责报告.xlsx")["退回明细"])
    assert (row["机构编号"], row["机构名称"]) == (None, "机构不明")


# the command ------------------------------------------------------------------------------------------------------------
@pytest.fixture()
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command in this process: exit code, stdout, stderr."""

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hengjian", "lake", "duty", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return command


def test_the_command_writes_tells_and_warns_of_old_files(
    year: tuple[Registers, LakeVersion, Path], run: Any, tmp_path: Path
) -> None:
    made, lake, _ = year
    tmp_path.joinpath("退回_H00000000000.xlsx").write_bytes(b"")
    code, out, _ = run("--lake", lake.root, "--out", tmp_path)
    told = counted(made)
    assert code == 0 and f"退回未补正 {sum(c.rows for c in told['refused'].values()):,} 行" in out
    assert "不要再发：退回_H00000000000.xlsx" in out and f"退回_{H1}.xlsx" in out
    code, out, _ = run("--lake", lake.root, "--out", tmp_path, "--json")
    answer = json.loads(out)
    assert answer["refused"]["rows"] == sum(c.rows for c in told["refused"].values()) and len(answer["institutions"]) == 9
    assert Path(answer["report"]).name == "履责报告.xlsx" and [Path(p).name for p in answer["stale"]] == [
        "退回_H00000000000.xlsx"
    ]


def test_one_institution_only(year: tuple[Registers, LakeVersion, Path], run: Any, tmp_path: Path) -> None:
    code, out, _ = run("--lake", year[1].root, "--out", tmp_path, "--org", H2)
    assert code == 0 and [p.name for p in tmp_path.iterdir()] == [f"退回_{H2}.xlsx"] and H2 in out


def test_nothing_to_send_back_is_told(run: Any, tmp_path: Path) -> None:
    made = Registers(rejects=[register_row(1)], names={H1: "甲", H2: "乙"})
    made.end(made.rejects[0], "taken")
    lake = made.write(tmp_path / "lake").root
    for org, words in ((H1, "都已补正"), (H2, "没有退回或提示的行"), ("H1", "没有退回或提示的行")):
        code, _, err = run("--lake", lake, "--out", tmp_path / "out", "--org", org)
        assert code == 2 and words in err and "办法" in err and not (tmp_path / "out").exists()
    assert run("--lake", Registers().write(tmp_path / "clean").root, "--out", tmp_path / "out")[1].startswith("没有退回的行")


def test_places_that_cannot_be_written_are_a_sentence_and_leave_nothing_half_done(run: Any, tmp_path: Path) -> None:
    lake = Registers(rejects=[register_row(1)]).write(tmp_path / "lake")
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = run("--lake", lake.root, "--out", tmp_path / "file")
    assert code == 2 and "文件夹建不了" in err
    out = tmp_path / "out"
    (out / f"退回_{H1}.xlsx").mkdir(parents=True)
    with pytest.raises(InputError, match="文件写不进去"):
        write_duty(lake, out)
    assert [p.name for p in out.iterdir()] == [f"退回_{H1}.xlsx"] and stat.S_ISDIR((out / f"退回_{H1}.xlsx").stat().st_mode)
