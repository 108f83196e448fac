"""Lake table `entitlement` (待遇备案): entitlements filed for a person."""

from hengjian.lake.schema.base import Table, col

ENTITLEMENT = Table(
    name="entitlement",
    label="待遇备案",
    key=(
        "psn_no",
        "entl_type",
        "dise_codg",
        "begndate",
    ),
    by_person=True,
    columns=(
        col("psn_no", "人员编号", "id", required=True, meaning="the insured person"),
        col(
            "entl_type",
            "备案类别",
            "enum",
            required=True,
            src="o",
            codes="entl_type",
            meaning="1 门诊慢特病 2 特药 3 异地长期居住 4 异地转诊 5 长期处方 6 意外伤害认定",
        ),
        col("dise_codg", "病种编码", "code", meaning="type 1: M…"),
        col("dise_name", "病种名称", "name", meaning="name"),
        col("med_list_codg", "药品编码", "code", meaning="type 2, prefix allowed"),
        col("fixmedins_code", "定点机构", "code", refers="institution", meaning="empty = any"),
        col("trafm_admdvs", "备案就医地", "code", src="o", meaning="types 3, 4"),
        col("begndate", "备案开始日期", "date", required=True, meaning="first day"),
        col("enddate", "备案结束日期", "date", meaning="last day; empty = open"),
        col("rx_days_max", "最长处方天数", "int", src="o", meaning="type 5"),
    ),
)
