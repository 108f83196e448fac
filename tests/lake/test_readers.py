"""Text files of daily life: encodings, quotes, line breaks, cut-off files. A bad line costs that line only."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.lake.ingest.readers import Content, FileRefused, read_csv, read_parquet, text
from hengjian.lake.ingest.readers.rows import Rows
from hengjian.lake.schema import TABLES

DEVICE = TABLES["device"]
HEAD = "dev_no,dev_type,fixmedins_code,dev_name\n"


def read(path: Path) -> tuple[list[dict[str, object]], list[int], list[tuple[int, str]]]:
    """Rows, their lines, and refused lines of a device file."""
    _, batches = read_csv(Content.of(path), DEVICE)
    rows, lines, bad = [], [], []
    for batch in batches:
        rows += batch.data.to_pylist()
        lines += batch.lines.to_pylist()
        bad += [(b.line, b.detail) for b in batch.bad]
    return rows, lines, bad


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "device.csv"
    path.write_text(HEAD + "D1,1,H99010000001,收费终端㐂\n", encoding=encoding)
    assert read(path)[0][0]["dev_name"] == "收费终端㐂"


def test_gzip_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "device.csv.gz"
    with gzip.open(path, "wb") as handle:
        handle.write((HEAD + "D1,1,H99010000001,终端\n\nD2,1,H99010000001,终端").replace("\n", "\r\n").encode("gb18030"))
    rows, lines, bad = read(path)
    assert [r["dev_no"] for r in rows] == ["D1", "D2"] and lines == [2, 4] and not bad
    assert rows[1]["dev_name"] == "终端"


def test_a_bad_line_is_refused_alone_and_lines_are_physical(tmp_path: Path) -> None:
    path = tmp_path / "device.csv"
    path.write_text(
        HEAD
        + 'D1,1,H99010000001,"两\n行"\nD2,1\n"D3,1,H99010000001,x\nD4,1,H99010000001,"a,""b"""\nD5,1,H99010000001,y,z\nD6,1,H99010000001,',
        encoding="utf-8",
    )
    rows, lines, bad = read(path)
    assert [(r["dev_no"], r["dev_name"]) for r in rows] == [("D1", "两\n行"), ("D4", 'a,"b"'), ("D6", None)]
    assert lines == [2, 6, 8]
    assert bad == [(4, "应有 4 个字段，实有 2 个"), (5, "引号没有闭合"), (7, "应有 4 个字段，实有 5 个")]


def test_half_a_file_keeps_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "device.csv"
    whole = (HEAD + "D1,1,H99010000001,终端\nD2,1,H99010000001,终端\n").encode()
    path.write_bytes(whole[:-3])  # cut inside a character
    rows, _, bad = read(path)
    assert rows[0]["dev_no"] == "D1" and len(rows) + len(bad) == 2
    path.write_bytes(whole[:-20])  # cut inside the last line's code
    rows, _, bad = read(path)
    assert [r["dev_no"] for r in rows] == ["D1"] and [line for line, _ in bad] == [3]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "F03", "表头"),
        (b"dev_no,dev_no,dev_type,fixmedins_code\n", "F03", "dev_no"),
        ("dev_no,设备编号,dev_type,fixmedins_code\n".encode(), "F03", "设备编号"),
        (b"dev_no,dev_name\n", "F02", "dev_type"),
        (HEAD.encode() + b"D1,1,\xff\xff\xff\xff,x\n", "F01", "UTF-8"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: bytes, code: str, words: str) -> None:
    path = tmp_path / "device.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused) as error:
        read(path)
    assert error.value.code == code and words in error.value.detail


def test_broken_archives_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "device.csv.gz"
    path.write_bytes(gzip.compress(HEAD.encode() * 2000)[:-30])
    with pytest.raises(FileRefused, match="F05"):
        read(path)
    (tmp_path / "device.csv").symlink_to(tmp_path / "nothing")
    with pytest.raises(FileRefused, match="F05"):
        read(tmp_path / "device.csv")
    (tmp_path / "device.parquet").write_bytes(b"PAR1 no parquet")
    with pytest.raises(FileRefused, match="F05"):
        read_parquet(Content.of(tmp_path / "device.parquet"), DEVICE)


def test_headers_in_any_order_case_and_language(tmp_path: Path) -> None:
    path = tmp_path / "device.csv"
    path.write_text("DEV_TYPE, 机构 ,设备编号,备注\n1,H99010000001,D1,不用的列\n", encoding="utf-8")
    header, batches = read_csv(Content.of(path), DEVICE)
    assert header.unknown == ("备注",)
    assert [b.data.to_pylist() for b in batches] == [[{"dev_type": "1", "fixmedins_code": "H99010000001", "dev_no": "D1"}]]


def test_parquet_is_read_by_name_with_row_numbers(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"extra": [1, 2], "dev_no": ["D1", "D2"], "dev_type": ["1", "1"], "fixmedins_code": ["H99010000001"] * 2}),
        tmp_path / "device.parquet",
    )
    header, batches = read_parquet(Content.of(tmp_path / "device.parquet"), DEVICE)
    (batch,) = list(batches)
    assert (
        header.unknown == ("extra",) and batch.lines.to_pylist() == [2, 3] and batch.data["dev_no"].to_pylist() == ["D1", "D2"]
    )


CELLS = st.text(st.sampled_from('ab,"\n 甲'), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=8, max_size=8).filter(lambda r: any(r)), min_size=1, max_size=12), st.integers(8, 200))
def test_any_csv_in_any_blocks_reads_as_the_standard_library_reads_it(rows: list[list[str]], block: int) -> None:
    """Eight fields and five characters a cell: no line inside a cell is a row by itself."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    data = buffer.getvalue().encode()
    pending, line, found, bad = b"", 1, [], []
    for start in range(0, len(data), block):
        pending += data[start : start + block]
        part = Rows(pending, 8, line, start + block >= len(data))
        found += list(csv.reader(io.StringIO(part.good().decode(), newline="")))
        bad += part.bad
        pending, line = pending[part.used :], part.next_line
    assert found == rows and not bad


def test_small_blocks_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "device.csv"
    path.write_text(HEAD + "".join(f'D{i},1,H99010000001,"名,{i}"\n' for i in range(500)), encoding="gb18030")
    whole = read(path)
    monkeypatch.setattr(text, "BLOCK", 997)
    assert read(path) == whole and len(whole[0]) == 500 and whole[1][-1] == 501


def rows_of(path: Path, body: str, head: str = HEAD) -> tuple[list[tuple[object, object]], list[int], list[tuple[int, str]]]:
    """Number and name of every device read, their lines, and what was refused."""
    path.write_bytes((head + body).encode())
    rows, lines, bad = read(path)
    return [(r["dev_no"], r["dev_name"]) for r in rows], lines, bad


UNCLOSED = "引号没有闭合"


@pytest.mark.parametrize("apart", [1, 2, 100])
def test_two_unclosed_quotes_cost_two_lines_wherever_they_stand(tmp_path: Path, apart: int) -> None:
    body = [f"D{i},1,H99010000001,路{i}号\n" for i in range(300)]
    for at in (50, 50 + apart):
        body[at] = f'D{at},1,H99010000001,"路{at}号\n'
    found, lines, bad = rows_of(tmp_path / "device.csv", "".join(body))
    assert bad == [(52, UNCLOSED), (52 + apart, UNCLOSED)]
    assert [int(str(n)[1:]) for n, _ in found] == [i for i in range(300) if i not in (50, 50 + apart)]
    assert lines == [i + 2 for i in range(300) if i not in (50, 50 + apart)]


def test_unclosed_quotes_of_an_id_and_lone_quotes_swallow_nothing(tmp_path: Path) -> None:
    body = [f"D{i},1,H99010000001,x\n" for i in range(300)]
    body[10] = '"D10,1,H99010000001,x\n'
    body[110] = '"D110,1,H99010000001,x\n'
    body[150] = 'D150,1,",x\n'
    body[250] = 'D250,1,",x\n'
    found, _, bad = rows_of(tmp_path / "device.csv", "".join(body))
    assert [line for line, _ in bad] == [12, 112, 152, 252] and len(found) == 296


def test_a_quote_inside_a_field_is_text(tmp_path: Path) -> None:
    body = [f"D{i},1,H99010000001,x\n" for i in range(300)]
    body[10] = 'D10,1,H99010000001,5"寸管\n'
    body[110] = 'D110,1,H99010000001,5"寸管\n'
    body[111] = 'D111,1,H99010000001,5"\n'
    body[112] = 'D112,1,H99010000001,"5"寸管"\n'
    body[113] = 'D113,1,H99010000001,"a,""b""" \r\n'
    found, lines, bad = rows_of(tmp_path / "device.csv", "".join(body))
    assert not bad and lines == list(range(2, 302))
    names = dict(found)
    assert names["D10"] == names["D110"] == names["D112"] == '5"寸管' and names["D111"] == '5"' and names["D113"] == 'a,"b"'


def test_an_unclosed_quote_before_an_inch_mark_is_not_a_long_field(tmp_path: Path) -> None:
    found, _, bad = rows_of(tmp_path / "device.csv", 'D1,1,H99010000001,"x\nD2,1,H99010000001,5"\nD3,1,H99010000001,y\n')
    assert found == [("D2", '5"'), ("D3", "y")] and bad == [(2, UNCLOSED)]


def test_many_line_breaks_in_fields_are_kept(tmp_path: Path) -> None:
    body = [f'"D{i}",1,H99010000001,"一\n\n二,{i}\r\n三""四"""\n' for i in range(50)]
    found, lines, bad = rows_of(tmp_path / "device.csv", "".join(body))
    assert not bad and lines == [2 + 4 * i for i in range(50)]
    assert found == [(f"D{i}", f'一\n\n二,{i}\r\n三"四"') for i in range(50)]


def test_line_ends_of_old_macs_and_stray_returns(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "device.csv", "D1,1,H99010000001,a\rD2,1,H99010000001,b\r", HEAD.replace("\n", "\r")) == (
        [("D1", "a"), ("D2", "b")], [2, 3], [],
    )  # fmt: skip
    found, lines, bad = rows_of(tmp_path / "device.csv", "D1,1,H99010000001,a\rb\nD2,1,H99010000001,b\n")
    assert found == [("D1", "a\rb"), ("D2", "b")] and lines == [2, 3] and not bad


def test_huge_fields_cost_their_line_only(tmp_path: Path) -> None:
    body = f"D1,1,H99010000001,{'x' * 3_000_000}\nD2,1,{'y' * 200_000}\nD3,1,H99010000001,z\n"
    found, lines, bad = rows_of(tmp_path / "device.csv", body)
    assert [n for n, _ in found] == ["D1", "D3"] and lines == [2, 4] and bad == [(3, "应有 4 个字段，实有 3 个")]


@pytest.mark.parametrize("title", ["设备清单\n", '"设备\n清单",,,\n', "\n设备清单,2026 年\n\n", '5"清单\n'])
def test_a_title_above_the_header_is_passed_over(tmp_path: Path, title: str) -> None:
    found, lines, bad = rows_of(tmp_path / "device.csv", "D1,1,H99010000001,a\nD2,1\n", title + HEAD)
    first = title.count("\n") + 2
    assert found == [("D1", "a")] and lines == [first] and [line for line, _ in bad] == [first + 1]


def test_a_line_break_in_a_header_cell(tmp_path: Path) -> None:
    found, lines, bad = rows_of(tmp_path / "device.csv", "D1,1,H99010000001,a\n", HEAD.replace("dev_no", '"dev_\nno"'))
    assert found == [("D1", "a")] and lines == [3] and not bad


@pytest.mark.parametrize(("mark", "words"), [(";", "分号"), ("\t", "制表符")])
def test_other_separators_are_named(tmp_path: Path, mark: str, words: str) -> None:
    (tmp_path / "device.csv").write_text((HEAD + "D1,1,H99010000001,a\n").replace(",", mark), encoding="utf-8")
    with pytest.raises(FileRefused) as error:
        read(tmp_path / "device.csv")
    assert error.value.code == "F02" and words in error.value.detail and "逗号" in error.value.advice


@pytest.mark.parametrize("comma", [",", ""])
def test_a_header_that_ends_in_a_comma(tmp_path: Path, comma: str) -> None:
    other = "" if comma else ","
    body = "".join(f"D{i},1,H99010000001,a{comma}\n" for i in range(5)) + f'D5,1,H99010000001,"b"{other}\nD6,1\n'
    found, _, bad = rows_of(tmp_path / "device.csv", body, HEAD.replace("\n", ",\n"))
    assert found == [(f"D{i}", "a") for i in range(5)] + [("D5", "b")] and [line for line, _ in bad] == [8]


def test_the_place_of_bytes_nobody_reads_is_told(tmp_path: Path) -> None:
    (tmp_path / "device.csv").write_bytes(HEAD.encode() + b"D1,1,H99010000001,x\nD2,1,\xff\xff\xff\xff,x\n")
    with pytest.raises(FileRefused, match="第 3 行第 6 个字节"):
        read(tmp_path / "device.csv")


LINES = st.lists(st.text(st.sampled_from('ab,,,""\n\r'), max_size=12).map(lambda t: t + "\n"), min_size=1, max_size=12).map(
    lambda parts: "".join(parts).encode()
)


@settings(max_examples=400, deadline=None)
@given(LINES, st.integers(3, 60))
def test_however_bad_the_quotes_blocks_change_nothing_and_rows_have_their_fields(data: bytes, block: int) -> None:
    def read_in(size: int) -> tuple[list[list[str]], list[int], list[tuple[int, str]]]:
        pending, line, found, lines, bad = b"", 1, [], [], []
        for start in range(0, len(data), size):
            pending += data[start : start + size]
            part = Rows(pending, 3, line, start + size >= len(data))
            good = part.good()
            table = pacsv.read_csv(
                pa.BufferReader(good),
                read_options=pacsv.ReadOptions(column_names=["a", "b", "c"]),
                parse_options=pacsv.ParseOptions(newlines_in_values=part.breaks, ignore_empty_lines=False),
                convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys("abc", pa.string())),
            ) if good else pa.table({"a": []})  # fmt: skip
            assert len(table) == part.count
            found += [list(r.values()) for r in table.to_pylist()]
            lines += part.lines.tolist()
            bad += [(b.line, b.detail) for b in part.bad]
            pending, line = pending[part.used :], part.next_line
        assert not pending
        return found, lines, bad

    whole = read_in(len(data))
    assert read_in(block) == whole
    assert sorted({*whole[1], *(n for n, _ in whole[2])}) == sorted([*whole[1], *(n for n, _ in whole[2])])
