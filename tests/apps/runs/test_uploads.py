"""Files come in under safe names, measured, and only what they say they are."""

from __future__ import annotations

import io
import zipfile

import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.runs.files import Incoming, safe_name
from hengjian.apps.runs.mapping import propose_map
from hengjian.apps.runs.models import Run, Upload
from hengjian.apps.runs.services import discard_upload, start_load, start_upload
from hengjian.kernel.errors import InputError

pytestmark = pytest.mark.django_db


def zipped(**members: bytes) -> bytes:
    """A zip archive; `__` in a name stands for `/`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return out.getvalue()


def sent(name: str, content: bytes = b"psn_no,gend\n1,1\n") -> Incoming:
    return Incoming(name, [content[:5], content[5:]])


def test_files_are_kept_as_they_came_with_size_and_sm3(home, cast, now):
    run = start_upload(by=cast["shuju"], at=now, files=[sent("person.csv", b"abc"), sent("../../etc/person.csv", b"abcd")])
    assert (run.state, run.kind) == ("draft", "load")
    first, second = Upload.objects.order_by("pk")
    assert (first.name, first.size) == ("person.csv", 3)
    assert first.sm3 == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, example 1
    assert second.name == "person_2.csv"
    assert (home / first.path).read_bytes() == b"abc"
    assert sorted(p.relative_to(home).as_posix() for p in (home / "uploads").rglob("*.csv")) == [first.path, second.path]
    assert "66c7f0f4" in Entry.objects.get(event="run.uploaded").detail


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("fee_line.csv", b"PK\x03\x04rest", "Excel 工作簿"),
        ("fee_line.csv", b"a,b\n\0\0\0", "二进制"),
        ("fee_line.csv", b"<html><table>", "网页"),
        ("fee_line.xlsx", b"a,b\n1,2\n", "文字"),
        ("fee_line.parquet", b"a,b\n1,2\n", "文字"),
        ("fee_line.zip", b"MZ\x90", "Windows 程序"),
        ("fee_line.xls", b"<html>", "文字"),
        ("fee_line.csv.gz", b"a,b\n", "文字"),
    ],
)
def test_a_disguised_file_is_refused_and_nothing_stays(home, cast, now, name, content, why):
    with pytest.raises(InputError) as refused:
        start_upload(by=cast["shuju"], at=now, files=[sent("person.csv"), sent(name, content)])
    assert "内容与扩展名不符" in refused.value.what
    assert why in refused.value.why
    assert not Run.objects.exists()
    assert not [p for p in (home / "uploads").rglob("*") if p.is_file()]


def test_a_zip_of_something_else_is_no_workbook(home, cast, now):
    with pytest.raises(InputError, match="内容与扩展名不符"):
        start_upload(by=cast["shuju"], at=now, files=[sent("fee_line.xlsx", zipped(fee_line_csv=b"a,b"))])


def test_a_file_over_the_limit_is_refused_while_it_comes_in(home, cast, now, settings):
    settings.UPLOAD_LIMIT = 1 << 20

    def endless():
        yield b"x" * (1 << 20)
        yield b"x"
        raise AssertionError("read on after the limit")

    with pytest.raises(InputError) as refused:
        start_upload(by=cast["shuju"], at=now, files=[Incoming("fee_line.csv", endless())])
    assert "最多 1 MB" in refused.value.why
    assert not [p for p in (home / "uploads").rglob("*") if p.is_file()]


def test_programs_and_nameless_things_are_no_data():
    for name in ("virus.exe", "data", ".csv", "说明.docx", "a.csv.exe"):
        with pytest.raises(InputError, match="不是数据文件"):
            safe_name(name)
    assert safe_name("C:\\导出\\fee[1]*.csv") == "fee_1__.csv"
    assert len(safe_name("长" * 300 + ".csv")) <= 120


def test_paths_inside_an_archive_lead_nowhere_and_a_bomb_is_not_read(home, cast, now):
    bomb = zipped(fee_line_csv=b"0" * (300 << 20))
    assert len(bomb) < 1 << 20
    evil = zipped(**{"..__..__outside_csv": b"psn_no\n1\n"})
    run = start_upload(by=cast["shuju"], at=now, files=[sent("bomb.zip", bomb), sent("evil.zip", evil)])
    proposal = propose_map(run)
    assert "不像数据" in proposal.ignored["bomb.zip/fee_line.csv"]
    assert not (home / "outside.csv").exists() and not (home.parent / "outside.csv").exists()


def test_only_a_data_operator_sends_files(home, cast, now):
    with pytest.raises(NotAllowed):
        start_upload(by=cast["chushen"], at=now, files=[sent("person.csv")])
    run = start_upload(by=cast["shuju"], at=now, files=[sent("person.csv")])
    with pytest.raises(NotAllowed):
        start_load(by=cast["kezhang"], at=now, run=run)


def test_a_draft_is_thrown_away_with_its_files_but_its_names_stay(home, cast, now, django_capture_on_commit_callbacks):
    run = start_upload(by=cast["shuju"], at=now, files=[sent("person.csv")])
    with django_capture_on_commit_callbacks(execute=True):
        discard_upload(by=cast["shuju"], at=now, run=run, reason="传错了文件")
    run.refresh_from_db()
    assert run.state == "failed" and "传错了文件" in run.failure
    assert not run.place.exists()
    assert Upload.objects.get().name == "person.csv"
    with pytest.raises(InputError, match="已经是"):
        start_load(by=cast["shuju"], at=now, run=run)


def test_nothing_sent_is_said(home, cast, now):
    with pytest.raises(InputError, match="还没有选文件"):
        start_upload(by=cast["shuju"], at=now, files=[])
    with pytest.raises(InputError, match="空文件"):
        start_upload(by=cast["shuju"], at=now, files=[sent("person.csv", b"")])
