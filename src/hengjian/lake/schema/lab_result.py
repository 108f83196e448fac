"""Lake table `lab_result` (检验检查结果): results of examinations."""

from hengjian.lake.schema.base import Table, col

LAB_RESULT = Table(
    name="lab_result",
    label="检验检查结果",
    key=("rslt_id",),
    by_person=True,
    columns=(
        col("rslt_id", "结果号", "id", required=True, src="o", meaning="unique"),
        col("mdtrt_id", "就诊ID", "id", required=True, refers="encounter", meaning="the encounter this row belongs to"),
        col("psn_no", "人员编号", "id", required=True, refers="person", meaning="the insured person"),
        col("fixmedins_code", "机构编号", "code", required=True, refers="institution", meaning="the designated institution"),
        col("feedetl_sn", "对应明细流水号", "id", meaning="the line charged for it"),
        col("item_codg", "项目编码", "code", src="o", meaning="code"),
        col("item_name", "项目名称", "name", required=True, src="o", meaning="name"),
        col("rslt", "结果", "text", required=True, src="o", meaning="value or text"),
        col("rslt_unt", "结果单位", "name", src="o", meaning="unit"),
        col("rslt_flag", "异常标志", "enum", src="o", codes="rslt_flag", meaning="flag: N 正常 H 高 L 低 P 阳性"),
        col("rpt_time", "报告时间", "ts", required=True, src="o", meaning="when"),
    ),
)
