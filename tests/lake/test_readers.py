"""Text files of daily life: encodings, quotes, line breaks, cut-off files. A bad line costs that line only."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.lake.ingest.readers import FileRefused, read_csv, read_parquet, text
from hengjian.lake.ingest.readers.delimited import Rows
from hengjian.lake.schema import TABLES

DEVICE = TABLES["device"]
HEAD = "dev_no,dev_type,fixmedins_code,dev_name\n"


def read(path: Path) -> tuple[list[dict[str, object]], list[int], list[tuple[int, str]]]:
    """Rows, their lines, and refused lines of a device file."""
    _, batches = read_csv(path, DEVICE)
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
        read_parquet(tmp_path / "device.parquet", DEVICE)


def test_headers_in_any_order_case_and_language(tmp_path: Path) -> None:
    path = tmp_path / "device.csv"
    path.write_text("DEV_TYPE, 机构 ,设备编号,备注\n1,H99010000001,D1,不用的列\n", encoding="utf-8")
    header, batches = read_csv(path, DEVICE)
    assert header.unknown == ("备注",)
    assert [b.data.to_pylist() for b in batches] == [[{"dev_type": "1", "fixmedins_code": "H99010000001", "dev_no": "D1"}]]


def test_parquet_is_read_by_name_with_row_numbers(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"extra": [1, 2], "dev_no": ["D1", "D2"], "dev_type": ["1", "1"], "fixmedins_code": ["H99010000001"] * 2}),
        tmp_path / "device.parquet",
    )
    header, batches = read_parquet(tmp_path / "device.parquet", DEVICE)
    (batch,) = list(batches)
    assert (
        header.unknown == ("extra",) and batch.lines.to_pylist() == [2, 3] and batch.data["dev_no"].to_pylist() == ["D1", "D2"]
    )


CELLS = st.text(st.sampled_from('ab,"\n 甲'), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(lambda r: any(r)), min_size=1, max_size=12), st.integers(8, 200))
def test_any_csv_in_any_blocks_reads_as_the_standard_library_reads_it(rows: list[list[str]], block: int) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    data = buffer.getvalue().encode()
    pending, line, found, bad = b"", 1, [], []
    for start in range(0, len(data), block):
        pending += data[start : start + block]
        part = Rows(pending, 3, line, start + block >= len(data))
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
