"""Lake table `operation` (手术操作): operations and procedures."""

from hengjian.lake.schema.base import Table, col

OPERATION = Table(
    name="operation",
    label="手术操作",
    key=(
        "mdtrt_id",
        "oprn_srt_no",
    ),
    by_person=True,
    columns=(
        col("mdtrt_id", "就诊ID", "id", required=True, meaning="the encounter this row belongs to"),
        col("psn_no", "人员编号", "id", required=True, refers="person", meaning="the insured person"),
        col("oprn_srt_no", "排序号", "int", required=True, src="o", meaning="from 1"),
        col("main_oprn_flag", "主手术标志", "flag", required=True, meaning="1 = main operation"),
        col("oprn_oprt_code", "手术操作代码", "code", required=True, meaning="医保版 ICD-9-CM-3"),
        col("oprn_oprt_name", "手术操作名称", "name", required=True, meaning="name"),
        col("oprn_oprt_date", "手术日期", "date", required=True, meaning="day"),
        col("oprn_oprt_begntime", "手术开始时间", "ts", meaning="from 4101A"),
        col("oprn_oprt_endtime", "手术结束时间", "ts", meaning="from 4101A"),
        col("anst_way", "麻醉方式", "enum", meaning="anaesthesia"),
        col("anst_begntime", "麻醉开始时间", "ts", meaning="from"),
        col("anst_endtime", "麻醉结束时间", "ts", meaning="to"),
        col("oper_dr_code", "术者代码", "code", meaning="surgeon"),
        col("oper_dr_name", "术者姓名", "name", meaning="surgeon name"),
        col("anst_dr_code", "麻醉医师代码", "code", meaning="anaesthetist"),
        col("anst_dr_name", "麻醉医师姓名", "name", meaning="anaesthetist name"),
        col("incs_type", "切口类别", "enum", src="o", codes="incs_type", meaning="0 / 1 / 2 / 3 = Ⅰ–Ⅲ, 0 无切口"),
        col("oprn_no", "同台手术号", "id", src="o", meaning="rows with one value were done under one anaesthesia"),
    ),
)
