"""Lake table `institution` (定点医药机构): designated hospitals, clinics and pharmacies."""

from hengjian.lake.schema.base import Table, col

INSTITUTION = Table(
    name="institution",
    label="定点医药机构",
    key=("fixmedins_code",),
    stubs=True,
    by_person=False,
    columns=(
        col("fixmedins_code", "机构编号", "code", required=True, meaning="12 characters, H… hospital or clinic, P… pharmacy"),
        col("fixmedins_name", "机构名称", "name", required=True, meaning="name of the institution"),
        col("fixmedins_type", "机构类型", "enum", required=True, codes="fixmedins_type", meaning="1 医疗机构 2 零售药店"),
        col("medins_type", "医疗机构类别", "enum", meaning="A 医院, C 卫生院/社区, D 诊所, G 妇幼; kept as text"),
        col(
            "hosp_lv",
            "医院等级",
            "enum",
            codes="hosp_lv",
            meaning="01–04 三级, 05–07 二级, 08–10 一级, 11 无等级, 12 三级无等 13 二级无等 14 一级无等",
        ),
        col("uscc", "统一社会信用代码", "code", src="n", meaning="unified social credit code"),
        col("admdvs", "所在医保区划", "code", required=True, meaning="where it stands"),
        col("addr", "地址", "text", src="n", meaning="address"),
        col("lnt", "经度", "double", src="n", meaning="degrees east"),
        col("lat", "纬度", "double", src="n", meaning="degrees north"),
        col("aprv_bed_cnt", "批准床位数", "int", src="n", meaning="registered beds"),
        col("bed_valid_from", "床位核定生效日", "date", src="o", meaning="from when aprv_bed_cnt holds"),
        col("open_bed_cnt", "实际开放床位数", "int", src="o", meaning="beds really open"),
        col("day_bed_cnt", "日间床位数", "int", src="o", meaning="not counted against ordinary stays"),
        col("hd_mac_cnt", "血透机数", "int", src="o", meaning="haemodialysis machines"),
        col("rehab_ther_cnt", "康复治疗师数", "int", src="o", meaning="registered rehabilitation therapists"),
        col("agre_begndate", "协议开始日期", "date", src="o", meaning="first day of the agreement"),
        col("agre_enddate", "协议结束日期", "date", src="o", meaning="last day of the agreement"),
        col("biz_open_time", "营业开始时间", "char(5)", src="o", meaning="HH:mm"),
        col("biz_close_time", "营业结束时间", "char(5)", src="o", meaning="HH:mm"),
        col("onln_hosp_flag", "互联网医院标志", "flag", src="o", meaning="1 = internet hospital"),
        col("grp_no", "集团连锁编号", "id", src="o", meaning="same value = same owner"),
    ),
)
