"""Lake table `stock_change` (进销存): stock movements of goods."""

from hengjian.lake.schema.base import Table, col

STOCK_CHANGE = Table(
    name="stock_change",
    label="进销存",
    key=("stk_id",),
    by_person=False,
    columns=(
        col("stk_id", "记录号", "id", required=True, src="o", meaning="uploader's unique number"),
        col("infno", "交易编号", "enum", required=True, codes="infno", meaning="3501–3507"),
        col("fixmedins_code", "机构", "code", required=True, refers="institution", meaning="the designated institution"),
        col("med_list_codg", "目录编码", "code", required=True, meaning="national catalogue code"),
        col("fixmedins_hilist_id", "机构目录编码", "code", meaning="local code"),
        col("fixmedins_hilist_name", "机构目录名称", "name", meaning="local name"),
        col(
            "stk_time",
            "发生时间",
            "ts",
            required=True,
            src="o",
            meaning="= invdate / inv_chg_time / purc_retn_stoin_time / sel_retn_time",
        ),
        col(
            "inv_chg_type",
            "变更类型",
            "enum",
            codes="inv_chg_type",
            meaning="for 3502: 101 调入 102 调出 103 盘盈 104 盘损 105 销毁 106 其他入 107 其他出 108 初始",
        ),
        col("cnt", "数量", "qty", required=True, meaning="≥ 0: the trade gives the direction; 3501: counted stock"),
        col("pric", "单价", "price", meaning="purchase or sale price"),
        col("fixmedins_bchno", "批次号", "id", meaning="batch"),
        col("manu_lotnum", "生产批号", "id", meaning="lot"),
        col("manu_date", "生产日期", "date", meaning="made on"),
        col("expy_end", "有效期至", "date", meaning="expires"),
        col("spler_name", "供应商名称", "name", meaning="supplier"),
        col("purc_invo_no", "采购发票号", "id", meaning="invoice"),
        col("mdtrt_setl_type", "就诊结算类型", "enum", codes="mdtrt_setl_type", meaning="3505/6: 1 医保结算 2 自费"),
        col("mdtrt_id", "对应就诊", "id", refers="encounter", meaning="for insured sales"),
        col("setl_id", "结算", "id", meaning="for insured sales"),
        col("psn_no", "人", "id", refers="person", meaning="for insured sales"),
        col("feedetl_sn", "明细", "id", meaning="for insured sales"),
        col("trdn_flag", "拆零标志", "flag", meaning="1 = split pack"),
        col("rx_flag", "处方药标志", "flag", meaning="1 = prescription drug"),
        col("undo_stk_id", "被删除的记录号", "id", src="o", meaning="for 3507"),
    ),
)
