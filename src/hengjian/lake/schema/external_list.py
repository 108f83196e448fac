"""Lake table `external_list` (部门名单): lists received from other departments."""

from hengjian.lake.schema.base import Table, col

EXTERNAL_LIST = Table(
    name="external_list",
    label="部门名单",
    key=(
        "list_kind",
        "psn_no",
        "begndate",
        "src_dept",
    ),
    by_person=False,
    columns=(
        col("list_kind", "名单类别", "enum", required=True, src="o", codes="list_kind", meaning="kind of list"),
        col("psn_no", "人员编号", "id", required=True, meaning="already matched to the insured"),
        col("begndate", "起始日期", "date", required=True, meaning="day of death, of entry into custody, of leaving …"),
        col("enddate", "终止日期", "date", meaning="last day; empty = open; death: empty"),
        col("src_dept", "来源部门", "name", required=True, src="o", meaning="sending department"),
        col("info", "说明", "text", src="o", personal=True, meaning="address, case number …; personal"),
    ),
)
