"""The export of a county bureau that nobody wrote to suit the loader: ugly, lifelike, and every row of it accounted for.

`make_bureau` writes the first delivery, `corrections` the next month's. Everybody in it is invented: regions and identity numbers
begin with 99. Rows are clean but for one in twenty, which the returned ledger names with the outcome the contract asks for.
"""

from __future__ import annotations

import gzip
import random
from pathlib import Path

from .bureau.dirt import person, spoil, visit
from .bureau.habits import BY_PLACE
from .bureau.ledger import DUPLICATE, REJECTED, REPLACED, TAKEN, Fate, Ledger, Row
from .bureau.paper import key_of_row, write_export
from .bureau.world import NEXT_CITY, World, make_world, refund

PERSONS = 240
DIRT = 0.05
MENDED = 2  # one in so many rows refused for a fault of its own comes again, mended


def make_bureau(folder: Path, seed: int, persons: int = PERSONS) -> Ledger:
    """Write the export into `folder`; what must become of it is in the ledger."""
    ledger = Ledger()
    write_export(folder, _spoilt(seed, persons)[1], ledger)
    _unreadable(folder, ledger)
    return ledger


def _spoilt(seed: int, persons: int) -> tuple[World, list[Row]]:
    """The county, and its rows in the order in which they are written."""
    clean = sum(map(len, make_world(seed, persons).rows.values()))
    once = make_world(seed, persons)
    spoil(once, 1)
    dirt = sum(r.fate is not None for rows in once.rows.values() for r in rows)
    world = make_world(seed, persons)
    spoil(world, max(1, round(DIRT * clean / dirt)))
    return world, [row for rows in world.rows.values() for row in _scattered(rows, random.Random(seed))]


def _scattered(rows: list[Row], rng: random.Random) -> list[Row]:
    """The rows with those that are wrong by themselves strewn among the others, which keep their order."""
    tied = ("illness_second_main", "fee_refused_then_refunded")
    is_loose = [bool(r.fate and (r.raw or r.wreck) and r.fate.kind not in tied) for r in rows]
    loose, kept = ([r for r, so in zip(rows, is_loose, strict=True) if so is wanted] for wanted in (True, False))
    places = sorted((rng.randrange(len(kept)), number) for number in range(len(loose)))
    for moved, (at, number) in enumerate(places):
        kept.insert(at + moved, loose[number])
    return kept


def _unreadable(folder: Path, ledger: Ledger) -> None:
    """Files that cannot be read or are no data at all."""
    header = "结算单号,就诊流水号,个人编号,医院编码,险种,就诊类别,结算日期"
    bills = ",".join(h for h, _ in BY_PLACE["结算单_2026年02月.csv"].pairs)
    good = (folder / "费用明细_2026年03月.csv").read_bytes()
    files = {
        "费用明细_2025年12月.csv": (b"\xff\xff\x00\x80\x81" * 200, "F01"),
        "费用明细_Unicode文本.csv": (good.decode("gb18030").encode("utf-16"), "F01"),
        "结算单_旧格式.csv": ((header + "\r\n1,2,3,4,职工,普通门诊,2026/3/1\r\n").encode("gb18030"), "F02"),
        "诊断信息_空.csv": (b"", "F03"),
        "结算单_重复列.csv": ((bills + ",结算日期\r\n" + "1," * bills.count(",") + "1,2\r\n").encode("gb18030"), "F03"),
        "费用明细_没传完.csv.gz": (gzip.compress(good, mtime=0)[:-400], ""),
        "就诊登记_住院_损坏.xlsx": (b"PK\x03\x04 this was a workbook once", ""),
    }
    for name, (data, code) in files.items():
        (folder / name).write_bytes(data)
        ledger.refused[name] = code
    nothing = {
        "导出说明.txt": "请查收，有问题打电话".encode("gb18030"),
        "~$基础资料.xlsx": b"\x04user" + b"\x00" * 160,
        "Thumbs.db": b"\xd0\xcf\x11\xe0" + b"\x00" * 60,
        "2026年一季度统计报表.csv": "单位,人次,费用\r\n人民医院,120,34567.8\r\n".encode("gb18030"),
    }
    for name, data in nothing.items():
        (folder / name).write_bytes(data)
        if not name.startswith("~$"):  # left by a workbook that is open somewhere: not worth a word
            ledger.ignored.add(name)


def corrections(folder: Path, seed: int, persons: int = PERSONS) -> Ledger:
    """Write next month's folder: mended rows, what was missing, a refund, changes, and some of the same rows again."""
    world, rows = _spoilt(seed, persons)
    ledger, sent = Ledger(), []

    def send(row: Row, kind: str, outcome: str, code: str = "", *also: str) -> None:
        sent.append(Row(row.table, row.cells, row.raw if outcome == DUPLICATE else {}, fate=Fate(kind, outcome, code, also)))

    own_fault = [
        r
        for r in rows
        if r.fate and r.fate.outcome == REJECTED and (r.raw or r.wreck) and r.fate.kind != "fee_refused_then_refunded"
    ]
    mended = [r for i, r in enumerate(own_fault) if i % MENDED == 0 or r.fate.kind == "visit_february_30"]  # type: ignore[union-attr]
    for row in mended:
        kind = row.fate.kind  # type: ignore[union-attr]
        send(row, f"mended_{kind}", TAKEN, "", "L11")  # also where a visit had made a placeholder
    whole_again = {r.cells["mdtrt_id"] for r in mended if r.table == "encounter"}
    for row in rows:
        kind = row.fate.kind if row.fate else ""
        if kind in ("fee_of_missing_visit", "illness_of_missing_visit"):
            number = row.cells["mdtrt_id"]
            if kind.startswith("fee"):
                send(visit(Row("encounter", _host(rows, row)), number.rpartition("-")[2]), "missing_visit", TAKEN)
            if number.endswith("1"):
                send(row, f"{kind}_again", DUPLICATE, "D01")  # it waited as it is, and is taken from there
            ledger.redeemed.append((row.table, key_of_row(row)))
        elif kind.endswith("_of_refused_visit") and row.cells["mdtrt_id"] in whole_again:
            ledger.redeemed.append((row.table, key_of_row(row)))
        elif kind == "visit_of_stranger":
            send(
                person(world.rows["person"][0], row.cells["psn_no"], 990, insu_admdvs=NEXT_CITY),
                "stranger_made_known",
                TAKEN,
            )
        elif kind.endswith("_same_key") and row.table != "settlement":
            send(row, f"later_{kind}", REPLACED)
    plain = {table: [r for r in found if not r.fate] for table, found in world.rows.items()}
    paid = next(r for r in plain["settlement"] if r.cells["setl_id"] == "JS000000013")
    lines = [r for r in plain["fee_line"] if r.cells["setl_id"] == "JS000000013"]
    for row in refund(world, paid, lines, with_number=True):
        send(row, "late_refund", TAKEN)
    for row in plain["person"][3:9]:
        send(Row("person", row.cells | {"curr_addr": "云岭县新城区1号"}), "moved_house", REPLACED)
    for row in plain["price"][:3]:
        send(Row("price", row.cells | {"src": "云医保发〔2026〕3号"}), "new_document", REPLACED)
    for table in (
        "person",
        "encounter",
        "settlement",
        "diagnosis",
        "operation",
        "fee_line",
        "institution",
        "practitioner",
        "entitlement",
        "price",
    ):
        told = {key_of_row(r) for r in sent if r.table == table}
        for row in plain[table][20:30] or plain[table][-3:]:
            if key_of_row(row) not in told:
                send(row, "same_again", DUPLICATE, "D01")
    write_export(folder, sent, ledger, suffix="_补报")
    return ledger


def _host(rows: list[Row], child: Row) -> dict[str, object]:
    """An outpatient visit of the same person and place: what the missing one looked like."""
    same = ("psn_no", "fixmedins_code")
    return next(
        r.cells
        for r in rows
        if r.table == "encounter"
        and r.cells["mdtrt_id"].startswith("MZ")
        and not r.fate
        and all(r.cells[k] == child.cells[k] for k in same)
    )
