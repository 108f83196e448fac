"""Lake table `device` (设备与终端): devices and settlement terminals."""

from hengjian.lake.schema.base import Table, col

DEVICE = Table(
    name="device",
    label="设备与终端",
    key=("dev_no",),
    by_person=False,
    columns=(
        col("dev_no", "设备编号", "id", required=True, meaning="unique"),
        col("dev_type", "设备类别", "enum", required=True, src="o", codes="dev_type", meaning="kind"),
        col("fixmedins_code", "机构", "code", required=True, refers="institution", meaning="the designated institution"),
        col("dev_name", "设备名称", "name", src="o", meaning="model"),
        col("begndate", "启用日期", "date", meaning="first day"),
        col("enddate", "停用日期", "date", meaning="last day"),
        col("shift_cap", "每日能力", "int", src="o", meaning="most uses a day; for machines of type 3 shifts (usually 3)"),
    ),
)
