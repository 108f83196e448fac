"""Lake table `trace_code` (追溯码): scans of drug trace codes."""

from hengjian.lake.schema.base import Table, col

TRACE_CODE = Table(
    name="trace_code",
    label="追溯码",
    key=("scan_id",),
    by_person=False,
    columns=(
        col("scan_id", "扫码记录号", "id", required=True, src="o", meaning="unique"),
        col("drug_trac_codg", "追溯码", "char(100)", required=True, meaning="usually 20 digits from 8"),
        col("scan_type", "扫码环节", "enum", required=True, src="o", codes="scan_type", meaning="step"),
        col("scan_time", "扫码时间", "ts", required=True, src="o", meaning="when"),
        col("fixmedins_code", "机构编号", "code", required=True, refers="institution", meaning="the designated institution"),
        col("med_list_codg", "医疗目录编码", "code", required=True, meaning="national catalogue code"),
        col("mdtrt_id", "就诊ID", "id", refers="encounter", meaning="the encounter this row belongs to"),
        col("feedetl_sn", "明细流水号", "id", meaning="fee line, unique within its encounter only"),
        col("setl_id", "结算ID", "id", meaning="settlement"),
        col("psn_no", "人员编号", "id", refers="person", meaning="the insured person"),
        col("trdn_flag", "拆零标志", "flag", meaning="1 = one code may cover several lines"),
        col("trdn_cnt", "拆零数量", "qty", src="o", meaning="smallest units taken now"),
        col("pack_cnt", "包装数量", "qty", src="o", meaning="smallest units in a full pack"),
        col("mdtrt_setl_type", "结算类型", "enum", codes="mdtrt_setl_type", meaning="1 医保 2 自费"),
    ),
)
