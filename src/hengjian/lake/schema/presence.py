"""Lake table `presence` (在场事件): events that show a person was there."""

from hengjian.lake.schema.base import Table, col

PRESENCE = Table(
    name="presence",
    label="在场事件",
    key=("prs_id",),
    by_person=False,
    columns=(
        col("prs_id", "记录号", "id", required=True, src="o", meaning="unique"),
        col("psn_no", "参保人编号", "id", refers="person", meaning="exactly one of psn_no, prac_psn_code"),
        col("prac_psn_code", "医护人员代码", "code", src="o", meaning="exactly one of psn_no, prac_psn_code"),
        col("fixmedins_code", "机构", "code", required=True, refers="institution", meaning="the designated institution"),
        col("prs_time", "事件时间", "ts", required=True, src="o", meaning="when"),
        col("prs_type", "事件类型", "enum", required=True, src="o", codes="prs_type", meaning="kind"),
        col("prs_rslt", "核验结果", "enum", required=True, src="o", codes="prs_rslt", meaning="1 passed"),
        col("mdtrt_id", "就诊ID", "id", refers="encounter", meaning="visit"),
        col("dev_no", "终端", "id", meaning="settlement terminal"),
    ),
)
