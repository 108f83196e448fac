"""Lake table `price` (价格上限): price ceilings by place and level."""

from hengjian.lake.schema.base import Table, col

PRICE = Table(
    name="price",
    label="价格上限",
    key=(
        "admdvs",
        "hosp_lv_grp",
        "med_list_codg",
        "valid_from",
    ),
    by_person=False,
    columns=(
        col(
            "admdvs",
            "执行地区",
            "code",
            required=True,
            meaning="6 digits; 430000 = province, 430300 = city; longest match wins",
        ),
        col(
            "hosp_lv_grp",
            "等级组",
            "enum",
            required=True,
            src="o",
            codes="hosp_lv_grp",
            meaning="3 三级 2 二级 1 一级及以下 0 不分; exact match wins over 0",
        ),
        col("med_list_codg", "医疗目录编码", "code", required=True, meaning="code"),
        col("hilist_name", "目录名称", "name", meaning="name"),
        col("pric_uplmt_amt", "最高价", "price", required=True, meaning="yuan per unit"),
        col("cnt_unt", "计价单位", "name", src="o", meaning="unit"),
        col("valid_from", "生效日期", "date", required=True, src="o", meaning="first day in force"),
        col("valid_to", "失效日期", "date", src="o", meaning="first day no longer in force; empty = open"),
        col("src", "文号", "name", src="o", meaning="document"),
    ),
)
