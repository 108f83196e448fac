"""A zip of a folder is as good as the folder: names of any system, junk passed over, nothing unpacked to a path."""

from __future__ import annotations

import gzip
import io
import os
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers import archive as archive_module
from hengjian.lake.ingest.source import find_files

from ..cli.test_mistakes import COMMAND
from .folder import DEFAULTS, load, make_folder, row
from .test_workbook import write


def zipped(path: Path, members: dict[str, bytes | str], **options: Any) -> Path:
    """A zip of these members."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as pack:
        for name, content in members.items():
            pack.writestr(name, content)
    return path


def clean(folder: Path) -> dict[str, bytes | str]:
    """The files of a clean visit, each in another form."""
    files: dict[str, bytes | str] = {p.name: p.read_bytes() for p in make_folder(folder).glob("*.csv")}
    files["fee_line.csv.gz"] = gzip.compress(bytes(files.pop("fee_line.csv")))  # type: ignore[arg-type]
    buffer = io.BytesIO()
    strings = pacsv.ConvertOptions(column_types=dict.fromkeys(DEFAULTS["diagnosis"], "string"))
    pq.write_table(pacsv.read_csv(folder / "diagnosis.csv", convert_options=strings), buffer)
    files["diagnosis.parquet"] = buffer.getvalue()
    del files["diagnosis.csv"]
    files["person.xlsx"] = write(
        folder / "person.xlsx", [list(DEFAULTS["person"]), list(DEFAULTS["person"].values())]
    ).read_bytes()
    del files["person.csv"]
    files["knowledge/film_limit.csv"] = "med_list_codg,exam_codg,max_per_part,valid_from\n0011,0022,1,2026-01-01\n"
    return files


@pytest.mark.parametrize("top", ["", "2026年3月/"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_zip_loads_as_the_folder_loads(tmp_path: Path, top: str, inside: bool) -> None:
    files = {top + name: content for name, content in clean(tmp_path / "in").items()}
    junk = {f"__MACOSX/{top}._person.csv": "x", f"{top}.DS_Store": "x", f"{top}Thumbs.db": "x", f"{top}2025/fee_line.csv": "x"}
    path = zipped(tmp_path / "out" / "三月.zip", files | junk)
    report = load(path.parent if inside else path, tmp_path / "lake")
    assert {n: c["taken"] for n, c in report.tables.items()} == dict.fromkeys([*DEFAULTS, "local_film_limit"], 1)
    prefix = "三月.zip/" if inside else ""
    assert report.unread == [f"{prefix}2025"] and list(report.ignored) == report.unread
    assert {f["file"] for f in report.files} >= {f"{prefix}fee_line.csv.gz", f"{prefix}person.xlsx/Sheet1"}
    assert report.data_date == "2026-10-31"  # the manifest inside was read


def test_names_from_windows_are_gbk(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", clean(tmp_path / "in") | {"fee_line_XXXX.csv": "x"})
    raw = path.read_bytes().replace(b"fee_line_XXXX.csv", "fee_line_补传.csv".encode("gbk"))
    path.write_bytes(raw)
    assert "fee_line_补传.csv" in [f.name for f in find_files(path).files]


def test_names_that_lead_outside_lead_nowhere(tmp_path: Path) -> None:
    path = zipped(tmp_path / "box" / "x.zip", clean(tmp_path / "in") | {"../../fee_line_evil.csv": "x", "/etc/passwd_fee": "x"})
    before = {p for p in tmp_path.rglob("*") if "lake" not in p.parts}
    load(path, tmp_path / "lake")
    assert {p for p in tmp_path.rglob("*") if "lake" not in p.parts} == before


def test_what_cannot_be_unpacked_is_told(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    fee = (folder / "fee_line.csv").read_bytes()
    path = zipped(tmp_path / "x.zip", {"fee_line_locked.csv": fee, "fee_line_torn.csv": fee * 50, "fee_line_odd.csv": fee})
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as pack:
        where = {i.filename: i.header_offset for i in pack.infolist()}
    for name, at, value in (
        ("fee_line_locked.csv", 8, 1),
        ("fee_line_odd.csv", 10, 9),
    ):  # flag bits in the directory; method 9 = deflate64
        start = raw.rindex(b"PK\x01\x02", 0, raw.rindex(name.encode()))
        struct.pack_into("<H", raw, start + at, value)
        struct.pack_into("<H", raw, where[name] + at - 2, value)
    raw[where["fee_line_torn.csv"] + 130] ^= 0xFF
    (folder / "more.zip").write_bytes(bytes(raw))
    report = load(folder, tmp_path / "lake")
    assert "去掉密码" in report.ignored["more.zip/fee_line_locked.csv"] and report.unread == ["more.zip/fee_line_locked.csv"]
    assert {f["file"]: f["code"] for f in report.refused_files} == {
        "more.zip/fee_line_odd.csv": "F05",
        "more.zip/fee_line_torn.csv": "F05",
    }
    assert report.tables["fee_line"]["taken"] == 1


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "_BOMB_SIZE", 1 << 20)
    path = zipped(tmp_path / "x.zip", clean(tmp_path / "in") | {"fee_line_bomb.csv": b"0" * (4 << 20)})
    source = find_files(path)
    assert "不像数据" in source.ignored["fee_line_bomb.csv"] and source.unread == ("fee_line_bomb.csv",)
    monkeypatch.setattr(archive_module, "_MOST_MEMBERS", 3)
    with pytest.raises(InputError, match="最多 3 个"):
        find_files(path)


def test_zips_that_hold_nothing_or_are_none(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no zip")
    with pytest.raises(InputError, match="压缩包损坏"):
        find_files(tmp_path / "x.zip")
    with pytest.raises(InputError, match="没有可以加载的文件"):
        find_files(zipped(tmp_path / "y.zip", {"readme.txt": "x", "inner.zip": b"x"}))
    folder = make_folder(tmp_path / "in")
    zipped(folder / "a.zip", {"b.zip": b"x"})
    assert "压缩包里的压缩包" in find_files(folder).ignored["a.zip/b.zip"]


def test_a_kill_leaves_nothing_readable(tmp_path: Path) -> None:
    """Members that need random access lie in a temporary file without a name."""
    fee = [
        list(DEFAULTS["fee_line"]),
        *(list(row("fee_line", feedetl_sn=str(i), hilist_name="暗号明文").values()) for i in range(40_000)),
    ]
    content = write(tmp_path / "fee_line.xlsx", fee).read_bytes()
    path = zipped(tmp_path / "x.zip", clean(tmp_path / "in") | {"fee_line.xlsx": content})
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [str(COMMAND), "ingest", str(path), "--lake", str(tmp_path / "lake")], env=os.environ | {"TMPDIR": str(temporary)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )  # fmt: skip
    seen: set[str] = set()
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until and not any("hengjian" in name for name in seen):
        for link in Path(f"/proc/{process.pid}/fd").iterdir() if sys.platform == "linux" else []:
            try:
                seen.add(os.readlink(link))
            except OSError:
                continue
        seen = {name for name in seen if str(temporary) in name}
        if any("deleted" in name for name in seen):
            break
    process.kill()
    process.wait()
    assert any("deleted" in name for name in seen)
    assert not list(temporary.iterdir())
