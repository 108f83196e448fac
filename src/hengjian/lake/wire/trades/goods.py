"""进销存: 3501–3506 (and their batch forms with suffix A), 3507 delete; trace codes that travel with them."""

from __future__ import annotations

from hengjian.lake.wire.trades.base import Act, Field, NodeSpec, Trade, field, spec

_COMMON = (
    field("med_list_codg", "医疗目录编码", "stock_change.med_list_codg trace_code.med_list_codg"),
    field("fixmedins_hilist_id", "定点医药机构目录编号", "stock_change.fixmedins_hilist_id"),
    field("fixmedins_hilist_name", "定点医药机构目录名称", "stock_change.fixmedins_hilist_name"),
    field("fixmedins_bchno", "定点医药机构批次流水号", "stock_change.fixmedins_bchno"),
    field("rx_flag", "处方药标志", "stock_change.rx_flag"),
    field("manu_lotnum", "生产批号", "stock_change.manu_lotnum"),
    field("manu_date", "生产日期", "stock_change.manu_date"),
    field("expy_end", "有效期止", "stock_change.expy_end"),
    field("drugtracinfo", "溯源码节点", how="见追溯码节点"),
)
_PURCHASE = (
    field("spler_name", "供应商名称", "stock_change.spler_name"),
    field("spler_pmtno", "供应商许可证号"),
    field("prdr_name", "生产厂家名称", also="prodentp_name"),
    field("aprvno", "批准文号"),
    field("dynt_no", "随货单号"),
    field("finl_trns_pric", "最终成交单价", "stock_change.pric"),
    field("purc_retn_cnt", "采购/退货数量", "stock_change.cnt"),
    field("purc_invo_codg", "采购发票编码"),
    field("purc_invo_no", "采购发票号", "stock_change.purc_invo_no"),
    field("purc_retn_stoin_time", "采购/退货入库时间", "stock_change.stk_time trace_code.scan_time"),
    field("purc_retn_opter_name", "采购/退货经办人姓名"),
    field("prod_geay_flag", "商品赠送标志"),
    field("medins_prod_purc_no", "商品采购流水号"),
)
_SALE = (
    field("prsc_dr_cert_type", "开方医师证件类型"),
    field("prsc_dr_certno", "开方医师证件号码"),
    field("prsc_dr_name", "开方医师姓名"),
    field("phar_cert_type", "药师证件类型"),
    field("phar_certno", "药师证件号码"),
    field("phar_name", "药师姓名"),
    field("phar_prac_cert_no", "药师执业资格证号"),
    field("hi_feesetl_type", "医保费用结算类型"),
    field("setl_id", "结算ID", "stock_change.setl_id trace_code.setl_id"),
    field("mdtrt_sn", "就医流水号", how="机构自己的流水号，不是就诊ID"),
    field("mdtrt_id", "就诊ID", "stock_change.mdtrt_id trace_code.mdtrt_id"),
    field("feedetl_sn", "费用明细流水号", "stock_change.feedetl_sn trace_code.feedetl_sn"),
    field("psn_no", "人员编号", "stock_change.psn_no trace_code.psn_no"),
    field("psn_cert_type", "人员证件类型"),
    field("certno", "证件号码"),
    field("psn_name", "人员姓名"),
    field("trdn_flag", "拆零标志", "stock_change.trdn_flag trace_code.trdn_flag"),
    field("finl_trns_pric", "最终成交单价", "stock_change.pric"),
    field("rxno", "处方号"),
    field("rx_circ_flag", "外购处方标志"),
    field("rtal_docno", "零售单据号"),
    field("stoout_no", "销售出库单据号"),
    field("bchno", "批次号"),
    field("drug_trac_codg", "药品追溯码", "trace_code.drug_trac_codg"),
    field("drug_prod_barc", "药品条形码"),
    field("shelf_posi", "货架位"),
    field("sel_retn_cnt", "销售/退货数量", "stock_change.cnt"),
    field("sel_retn_time", "销售/退货时间", "stock_change.stk_time trace_code.scan_time"),
    field("sel_retn_opter_name", "销售/退货经办人姓名"),
    field("mdtrt_setl_type", "就诊结算类型", "stock_change.mdtrt_setl_type trace_code.mdtrt_setl_type"),
    field("medins_prod_sel_no", "商品销售流水号"),
)
_COUNT = (
    field("invdate", "盘存日期", "stock_change.stk_time"),
    field("inv_cnt", "库存数量", "stock_change.cnt"),
)
_CHANGE = (
    field("inv_chg_type", "库存变更类型", "stock_change.inv_chg_type"),
    field("pric", "单价", "stock_change.pric"),
    field("cnt", "数量", "stock_change.cnt"),
    field("inv_chg_time", "库存变更时间", "stock_change.stk_time trace_code.scan_time"),
    field("inv_chg_opter_name", "库存变更经办人姓名"),
    field("trdn_flag", "拆零标志", "stock_change.trdn_flag trace_code.trdn_flag"),
)
TRACES = spec("drugtracinfo drug_trac_info", "追溯码", (field("drug_trac_codg", "药品追溯码", "trace_code.drug_trac_codg"),))
DELETE = spec(
    "data",
    "删除哪条记录",
    (
        field("fixmedins_bchno", "定点医药机构批次流水号", how="删去同一机构、同类、同批次号此前的记录"),
        field("inv_data_type", "进销存数据类型", how="1 盘存 2 变更 3 采购及退货 4 销售及退货"),
    ),
    flat="fixmedins_bchno",
)
KIND_OF = {"3501": "1", "3502": "2", "3503": "3", "3504": "3", "3505": "4", "3506": "4"}
"""inv_data_type of the records of each trade, as 3507 names them."""
SCAN_OF = {"3503": "1", "3504": "4", "3505": "2", "3506": "3"}
"""scan_type of the trace codes of each trade; a 3502 transfer (101, 102) is 5, counting scans nothing."""
TELLS_APART = {
    "3501": ("invdate",),
    "3502": ("inv_chg_type", "inv_chg_time"),
    "3503": ("dynt_no", "purc_invo_no"),
    "3504": ("medins_prod_purc_no", "purc_invo_no"),
    "3505": ("rtal_docno", "mdtrt_sn", "setl_id"),
    "3506": ("medins_prod_sel_no", "setl_id", "sel_retn_time"),
}
"""Beside institution, batch number and item: what makes two records of a trade different ones, as some clients number goods
batches, not records."""


def _records(names: str, label: str, fields: tuple[Field, ...]) -> NodeSpec:
    unique = {f.name: f for f in (*_COMMON, *fields)}
    return spec(f"{names} {names}Detail {names}detail data", label, unique.values(), flat="fixmedins_bchno")


_ENVELOPE = (("stock_change.fixmedins_code", "fixmedins_code"), ("trace_code.fixmedins_code", "fixmedins_code"))

TRADES = (
    *(
        Trade(infno, title, Act.STOCK, (_records(node, title, fields), TRACES), _ENVELOPE, "批量形式带后缀 A")
        for infno, title, node, fields in (
            ("3501", "商品盘存上传", "invinfo", _COUNT),
            ("3502", "商品库存变更", "invinfo", _CHANGE),
            ("3503", "商品采购", "purcinfo", _PURCHASE),
            ("3504", "商品采购退货", "purcinfo", _PURCHASE),
            ("3505", "商品销售", "selinfo", _SALE),
            ("3506", "商品销售退货", "selinfo", _SALE),
        )
    ),
    Trade("3507", "商品信息删除", Act.DELETE_STOCK, (DELETE,)),
)
