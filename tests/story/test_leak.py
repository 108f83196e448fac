"""Nobody's name leaks: not in the clear in any byte of a lake or of results, whatever became of the row, and not on the screen."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.lake.schema import TABLES
from hengjian.lake.versions import open_lake, version_numbers

from ..lake.folder import load, make_folder, reject_codes, row, write_csv
from ..lake.test_safety import more
from .conftest import hengjian
from .processes import Moment, commits, killed

ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
ORG = "H99010000001"


class Marks:
    """Distinctive personal values, each of them made once."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, kind: str) -> str:
        n = len(self.made)
        text = {
            "name": f"欧阳{chr(0x7388 + n)}{chr(0x6DFC + n)}",
            "cert": f"99010219770{n % 9 + 1:d}{n:04d}31X"[:18],
            "tel": f"1990077{n:04d}",
            "place": f"云溪市青鸾{chr(0x9752 + n)}街{n}号乙单元",
            "firm": f"白泽{chr(0x9E92 + n)}织造厂",
            "number": f"ZQ{n:04d}KEPT{n * 7919 % 9973:04d}",
        }[kind]
        self.made.append(text)
        return text


def person(mark: Marks, number: str, **cells: str) -> dict[str, str]:
    own = {"psn_name": mark("name"), "psn_cert_type": "01", "certno": mark("cert"), "tel": mark("tel")}
    return row("person", psn_no=number, **(own | {"curr_addr": mark("place"), "emp_name": mark("firm")} | cells))


def visit(mark: Marks, number: str, psn: str, **cells: str) -> dict[str, str]:
    own = {name: mark("number") for name in ("mdtrt_cert_no", "ipt_otp_no", "medrcdno", "opter")}
    return row("encounter", mdtrt_id=number, psn_no=psn, **(own | cells))


def bill(mark: Marks, number: str, visit: str, psn: str, **cells: str) -> dict[str, str]:
    return row("settlement", setl_id=number, mdtrt_id=visit, psn_no=psn, **({"opter": mark("number")} | cells))


def notice(mark: Marks, psn: str, **cells: str) -> dict[str, str]:
    """A line of another department's list."""
    return {"list_kind": "death", "psn_no": psn, "begndate": "2026-02-01", "src_dept": "民政", "info": mark("place")} | cells


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as handle:
        handle.write("".join(f"{line}\n" for line in lines))


def first_folder(folder: Path, mark: Marks) -> Path:
    """Rows of every fate: taken, flagged, refused for a cell of their own, for a personal cell, for another row, and no rows at all."""
    twice = person(mark, "P6")
    make_folder(
        folder,
        person=[
            person(mark, "P1"),
            person(mark, "P2", certno=mark("cert")[:17] + "0"),
            person(mark, "P3", brdy="30/13/1960"),
            person(mark, "P4", psn_name=mark("name") + "\x01"),
            person(mark, "P5", tel=mark("number") * 9),
            twice,
            twice,
            twice | {"psn_name": mark("name")},
            person(mark, "P7", brdy="2026-09-01"),
            person(mark, "P8", insutype="999"),
        ],
        encounter=[
            visit(mark, "M1", "P1"),
            visit(mark, "M2", "P1", begntime="2026-99-01"),
            visit(mark, "M3", "P9", medrcdno=mark("number") + "\ufffd"),
            visit(mark, "M4", "P7"),
            visit(mark, "M5", "P2", endtime="2026-02-01 10:00:00"),
        ],
        settlement=[
            bill(mark, "S1", "M1", "P1"),
            bill(mark, "S2", "MISSING", "P1"),
            bill(mark, "S3", "M1", "P2"),
            bill(mark, "S4", "M1", "P1", medfee_sumamt="x"),
            bill(mark, "S5", "M1", "P1", init_setl_id="S99", refd_setl_flag="1"),
        ],
        external_list=[notice(mark, "P1"), notice(mark, "P2", list_kind="nothing"), notice(mark, "P3", begndate="")],
        fee_line=[row("fee_line", feedetl_sn=str(n)) for n in range(1, 4)]
        + [row("fee_line", feedetl_sn="4", mdtrt_id="MISSING")],
    )
    append(folder / "person.csv", f"P10,{mark('name')},{mark('cert')}", f'P11,"{mark("name")},1,{mark("tel")}')
    append(folder / "encounter.csv", f"M9,{mark('number')}", ",".join([mark("number")] * 60))
    header = ["psn_name", "certno", "tel", "psn_no"]
    with (folder / "person_head.csv").open("w", encoding="gb18030", newline="") as handle:
        csv.writer(handle).writerows([header, [mark("name"), mark("cert"), mark("tel"), "P12"]])
    (folder / "person_bare.csv").write_text(f"{mark('name')},{mark('cert')}\n{mark('name')},{mark('cert')}\n", encoding="utf-8")
    (folder / "person_bytes.csv").write_bytes(f"psn_no,psn_name\nP13,{mark('name')}\n".encode() + b"\xff\xff\x81\n")
    pq.write_table(pa.table({c: [[v]] for c, v in person(mark, "P14").items()}), folder / "person_lists.parquet")
    return folder


def second_folder(folder: Path, mark: Marks) -> Path:
    """Corrections: rows replaced, rows that waited and are taken, or wait with other content."""
    return more(
        folder,
        person=[person(mark, "P1"), person(mark, "P3"), person(mark, "P7", brdy="1950-09-01")],
        encounter=[visit(mark, "M1", "P1"), visit(mark, "MISSING", "P1"), visit(mark, "M2", "P1")],
        settlement=[bill(mark, "S1", "M1", "P1"), bill(mark, "S5", "M1", "P1", init_setl_id="S98", refd_setl_flag="1")],
        external_list=[notice(mark, "P1")],
    )


def texts(place: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder as it lies, and what is packed in it: cells of Parquet files, members of archives."""
    for path in sorted(p for p in place.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        yield str(path), raw
        if raw[:4] == b"PAR1" and raw[-4:] == b"PAR1" and len(raw) > 12:  # cut off by a kill it is searched as it lies
            table = pq.read_table(path)
            for name in table.column_names:
                yield f"{path}:{name}", "\n".join(str(v) for v in table[name].to_pylist() if v is not None).encode()
        elif raw[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(raw)) as pack:
                for member in pack.namelist():
                    yield f"{path}:{member}", pack.read(member)


def leaks(mark: Marks, found: Iterator[tuple[str, bytes]]) -> set[tuple[str, str]]:
    wanted = [(text, text.encode(encoding)) for text in mark.made for encoding in ENCODINGS]
    return {(place, text) for place, raw in found for text, form in wanted if form in raw}


def test_no_personal_value_is_left_in_the_clear(tmp_path: Path) -> None:
    mark, lake, out = Marks(), tmp_path / "lake", tmp_path / "out"
    first, second = first_folder(tmp_path / "one", mark), second_folder(tmp_path / "two", mark)
    said = []
    for arguments in (
        ("ingest", first, "--lake", lake),
        ("ingest", first, "--lake", lake, "--json"),
        ("audit", "--lake", lake, "--out", out),
        ("ingest", second, "--lake", lake),
        ("ingest", first, "--lake", lake),
        ("lake", "rejects", "--lake", lake),
        ("lake", "rejects", "--lake", lake, "--json"),
        ("lake", "rejects", "--lake", lake, "--out", out / "rejects.csv"),
        ("lake", "duty", "--lake", lake, "--out", out / "duty"),
        ("audit", "--lake", lake, "--out", out),
        ("verify", "--out", out),
        ("map", first, "--out", out / "map.yml"),
    ):
        done = hengjian(*arguments)
        said.append((" ".join(map(str, arguments)), (done.stdout + done.stderr).encode()))
        assert "Traceback" not in done.stderr and done.returncode in (0, 1, 2)
    assert version_numbers(lake) == [1, 2, 3]
    codes = {code for _, _, code, _ in reject_codes(lake)}
    assert {"F04", "T01", "T02", "T03", "T04", "T05", "C01", "D02", "K03", "K04", "K08", "L04"} <= codes
    personal = {(t.name, c.name) for t in TABLES.values() for c in t.columns if c.personal}
    sent = {(p.stem.split("_head")[0], c) for p in (*first.glob("*.csv"), *second.glob("*.csv")) for c in p.read_bytes().decode("utf-8", "replace").splitlines()[0].split(",")}  # fmt: skip
    assert personal <= sent  # a personal column that this test does not know yet
    assert not leaks(mark, texts(lake))
    assert not leaks(mark, texts(out))
    assert not leaks(mark, iter(said))
    assert open_lake(lake).rows("person") and len(mark.made) > 100


def test_a_killed_load_leaves_no_personal_value_in_the_clear(tmp_path: Path) -> None:
    mark, lake = Marks(), tmp_path / "lake"
    people = [person(mark, f"P{n}") for n in range(12)]
    visits = [visit(mark, f"M{n}", f"P{n % 12}", begntime="x" if n % 5 == 0 else "2026-03-01 09:00:00") for n in range(24)]
    lines = [row("fee_line", feedetl_sn=str(n), mdtrt_id=f"M{n % 22}", psn_no=f"P{n % 22 % 12}") for n in range(20_000)]
    folder = make_folder(tmp_path / "in", person=people, encounter=visits, fee_line=lines)
    rows = lake / "staging" / "rows"
    for name, seen in (
        ("reading", lambda: rows.is_dir() and any(rows.iterdir())),
        ("writing", (lake / "staging" / "out" / "encounter").is_dir),
        ("commit", lambda: len(commits(lake)) > 5),
    ):
        assert killed(Moment(name, seen), "ingest", folder, "--lake", lake)
        assert (lake / "staging").is_dir() and not leaks(mark, texts(lake)), name
    load(folder, lake)
    assert not leaks(mark, texts(lake))


def test_the_search_finds_what_lies_open(tmp_path: Path) -> None:
    mark = Marks()
    name = mark("name")
    pq.write_table(pa.table({"a": [name] * 1000}), tmp_path / "a.parquet", compression="zstd")
    (tmp_path / "b.txt").write_text(name, encoding="gb18030")
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("sheet.xml", f"<t>{name}</t>")
    write_csv(tmp_path / "d.csv", [{"x": name}], encoding="utf-16-le")
    assert {Path(place.split(":")[0]).name for place, _ in leaks(mark, texts(tmp_path))} == {p.name for p in tmp_path.iterdir()}
