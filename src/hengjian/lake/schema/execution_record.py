"""Lake table `execution_record` (执行记录): what was carried out, when and by whom."""

from hengjian.lake.schema.base import Table, col

EXECUTION_RECORD = Table(
    name="execution_record",
    label="执行记录",
    key=("exe_id",),
    by_person=True,
    columns=(
        col("exe_id", "执行号", "id", required=True, src="o", meaning="unique"),
        col("mdtrt_id", "就诊ID", "id", required=True, refers="encounter", meaning="the encounter this row belongs to"),
        col("psn_no", "人员编号", "id", required=True, refers="person", meaning="the insured person"),
        col("fixmedins_code", "机构编号", "code", required=True, refers="institution", meaning="the designated institution"),
        col("feedetl_sn", "明细流水号", "id", meaning="what was carried out"),
        col("drord_no", "医嘱号", "id", meaning="what was carried out"),
        col("exe_begntime", "执行开始时间", "ts", required=True, src="o", meaning="from"),
        col("exe_endtime", "执行结束时间", "ts", src="o", meaning="to"),
        col("prac_psn_code", "执行人代码", "code", src="o", meaning="who"),
        col("dev_no", "设备编号", "id", meaning="machine"),
    ),
)
