"""Bad rows, always added and never in place of a good one: what senders really send, as all-text rows of `补传` files.

Each is made from an ordinary row of the same block, whose person carries no planted fact. Either the loader must refuse it, or
it is a new row that accuses nobody. So no planted fact and no ordinary row is broken by it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.city.block import Block
from hengjian.city.frames import Array

Row = dict[str, str]
Spoil = Callable[[Row, int], None]
DIRTY_TABLES = ("person", "encounter", "settlement", "diagnosis", "fee_line")
KIND = "#"
"""The cell that carries the kind of a bad row on its way to the file; it is not written."""


def _set(**cells: str) -> Spoil:
    def spoil(row: Row, number: int) -> None:
        row.update({name: text.replace("{n}", f"{number:08d}") for name, text in cells.items()})

    return spoil


def _stripped(row: Row, number: int) -> None:
    """A new line, unsettled, of a code nobody knows."""
    row.update(
        {
            "feedetl_sn": f"B{number:08d}",
            "init_feedetl_sn": "",
            "setl_id": "",
            "med_list_codg": f"LOCAL{number % 97:02d}",
            "hilist_name": "院内自编项目",
        }
    )
    row.update(_amounts("1.0000", "0.500000", "0.50"))


def _amounts(cnt: str, pric: str, amount: str) -> Row:
    cells = {"cnt": cnt, "pric": pric, "det_item_fee_sumamt": amount, "inscp_scp_amt": amount}
    return cells | dict.fromkeys(("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt"), "0.00")


def _then(first: Spoil, **cells: str) -> Spoil:
    def spoil(row: Row, number: int) -> None:
        first(row, number)
        _set(**cells)(row, number)

    return spoil


def _same(row: Row, number: int) -> None:
    """The row once more, cell by cell."""


KINDS: dict[str, dict[str, Spoil]] = {
    "fee_line": {
        "数量不是数": _then(_stripped, cnt="两盒"),
        "日期不存在": _then(_stripped, fee_ocur_time="2026-02-30 09:00:00"),
        "缺必填值": _then(_stripped, med_list_codg=""),
        "含空字符": _then(_stripped, hilist_name="氯化钠\x00注射液"),
        "含乱码": _then(_stripped, hilist_name="氯化钠\ufffd\ufffd液"),
        "目录编码不认识": _stripped,
        "目录类别不认识": _then(_stripped, list_type="999"),
        "整行重复": _same,
        "同号不同内容": _set(bilg_dr_name="补录", hilist_name="补录项目"),
        "就诊不存在": _then(_stripped, mdtrt_id="990199{n}"),
        "无原行的负数": _then(_stripped, **_amounts("-1.0000", "1.230000", "-1.23")),
        "年份过早": _then(_stripped, fee_ocur_time="1900-01-01 00:00:00"),
        "年份过晚": _then(_stripped, fee_ocur_time="2999-12-31 08:30:00"),
        "金额不等于数量乘单价": _then(_stripped, det_item_fee_sumamt="5.00"),
        "单价为负": _then(_stripped, pric="-0.500000"),
        "数量过大": _then(_stripped, **_amounts("9999999", "0.500000", "4999999.50")),
    },
    "encounter": {
        "出院早于入院": _set(mdtrt_id="990198{n}", endtime="2025-11-01 00:00:00", begntime="2025-11-03 09:00:00"),
        "机构编号不合规": _set(mdtrt_id="990198{n}", fixmedins_code="X12"),
        "缺必填值": _set(mdtrt_id="990198{n}", psn_no=""),
        "日期不存在": _set(mdtrt_id="990198{n}", begntime="2026-13-01 09:00:00"),
        "整行重复": _same,
        "同号不同内容": _set(atddr_name="补录"),
        "年份过晚": _set(mdtrt_id="990198{n}", begntime="2999-01-01 09:00:00", endtime=""),
    },
    "settlement": {
        "金额不是数": _set(setl_id="990197{n}", medfee_sumamt="一百元"),
        "就诊不存在": _set(setl_id="990197{n}", mdtrt_id="990199{n}"),
        "缺必填值": _set(setl_id="990197{n}", fund_pay_sumamt=""),
        "退费标志不认识": _set(setl_id="990197{n}", refd_setl_flag="9"),
        "原结算不存在": _set(setl_id="990197{n}", refd_setl_flag="1", init_setl_id="990196{n}"),
        "整行重复": _same,
        "同号不同内容": _set(clr_optins="990199"),
    },
    "diagnosis": {
        "就诊不存在": _set(mdtrt_id="990199{n}"),
        "序号不是数": _set(diag_srt_no="甲"),
        "缺必填值": _set(diag_srt_no="99", maindiag_flag="0", diag_code=""),
        "整行重复": _same,
        "含乱码": _set(diag_srt_no="98", maindiag_flag="0", diag_code="J06\ufffd900"),
    },
    "person": {
        "日期不存在": _set(psn_no="990197{n}", brdy="1985-02-30"),
        "年龄过大": _set(psn_no="990197{n}", brdy="1801-05-01"),
        "缺必填值": _set(psn_no="990197{n}", insu_admdvs=""),
        "区划不合规": _set(psn_no="990197{n}", insu_admdvs="9901"),
        "性别不认识": _set(psn_no="990197{n}", gend="未知性别", certno=""),
        "身份证校验位不对": _set(psn_no="990197{n}", certno="990102198001010000", psn_cert_type="01"),
        "整行重复": _same,
    },
}
"""Kinds of bad rows by table: what to do with a good row."""


def dirty_rows(block: Block, tables: dict[str, pa.Table]) -> dict[str, list[Row]]:
    """Bad rows of a block by table: about `plan.dirt` of its rows, at least one of each kind in the first block."""
    if not block.plan.dirt:
        return {}
    rng = block.plan.rng(9, block.number)
    planted = np.zeros(len(block.people["number"]), bool)
    planted[[f.person for f in block.plot.facts]] = True
    found: dict[str, list[Row]] = {}
    for name in DIRTY_TABLES:
        kinds = KINDS[name]
        wanted = round(block.plan.dirt * tables[name].num_rows)
        wanted = max(wanted, len(kinds)) if block.number == 0 else wanted
        candidates = _candidates(block, name, planted, tables)
        base = _texts(
            tables[name], candidates[np.sort(rng.choice(len(candidates), min(wanted, len(candidates)), replace=False))]
        )
        found[name] = []
        for number, row in enumerate(base):
            kind = list(kinds)[number % len(kinds)]
            kinds[kind](row, block.number * 1_000_000 + number)
            found[name].append({**row, KIND: kind})
    return found


def _candidates(block: Block, name: str, planted: Array, tables: dict[str, pa.Table]) -> Array:
    if name == "person":
        return np.flatnonzero(~planted)
    if name == "fee_line":
        lines = block.lines
        return np.flatnonzero(
            ~planted[block.enc["person"][lines["enc"]]] & (lines["cnt"] > 0) & ~block.cat.closed[lines["item"]]
        )
    if name == "encounter":
        return np.flatnonzero(~planted[block.enc["person"]])
    if name == "settlement":
        return np.flatnonzero(~planted[block.enc["person"][block.settlements["enc"]]])
    told = tables["person"].column("psn_no").filter(pa.array(planted))
    return np.flatnonzero(~np.asarray(pc.is_in(tables[name].column("psn_no"), value_set=told.combine_chunks())))


def _texts(table: pa.Table, rows: Array) -> list[Row]:
    columns = {c: table.column(c).take(pa.array(rows)).cast(pa.string()).to_pylist() for c in table.column_names}
    return [{c: columns[c][i] or "" for c in columns} for i in range(len(rows))]
