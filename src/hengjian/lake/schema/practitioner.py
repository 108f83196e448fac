"""Lake table `practitioner` (医护药人员): doctors, nurses, pharmacists and technicians with their registrations."""

from hengjian.lake.schema.base import Table, col

PRACTITIONER = Table(
    name="practitioner",
    label="医护药人员",
    key=(
        "prac_psn_code",
        "fixmedins_code",
        "begndate",
    ),
    by_person=False,
    columns=(
        col(
            "prac_psn_code",
            "人员代码",
            "code",
            required=True,
            src="o",
            meaning="national code: D doctor, HS nurse, YS pharmacist, J technician",
        ),
        col("prac_psn_name", "姓名", "name", src="o", meaning="name"),
        col(
            "prac_psn_type",
            "人员类别",
            "enum",
            required=True,
            src="o",
            codes="prac_psn_type",
            meaning="1 医师 2 护士 3 药师 4 技师 5 康复治疗师",
        ),
        col("fixmedins_code", "执业机构", "code", required=True, meaning="institution of this registration"),
        col("begndate", "执业开始日期", "date", meaning="first day of this registration"),
        col("enddate", "执业结束日期", "date", meaning="last day of this registration; empty = still"),
        col("dept_codg", "所在科室编码", "code", src="o", meaning="department code"),
        col("dept_name", "所在科室名称", "name", src="o", meaning="department name"),
        col("profttl", "职称", "enum", src="o", codes="profttl", meaning="1 医士 2 医师 3 主治 4 副主任 5 主任 6 无 9 其他"),
        col("prac_type", "执业类别", "enum", src="o", codes="prac_type", meaning="1 临床 2 口腔 3 公共卫生 4 中医"),
        col(
            "prac_scope",
            "执业范围",
            "text",
            src="o",
            meaning="scope words joined by ;, e.g. 内科专业;儿科专业; empty = unknown, accuses nobody",
        ),
        col("antb_lv", "抗菌药物处方权", "enum", src="o", codes="antb_lv", meaning="0 无 1 非限制 2 限制 3 特殊"),
        col("nrct_flag", "麻精药品处方权", "flag", src="o", meaning="may prescribe narcotics and psychotropics"),
        col("stas", "状态", "enum", src="o", codes="prac_stas", meaning="1 正常 2 暂停 3 注销 4 死亡"),
        col("stas_date", "状态日期", "date", src="o", meaning="day from which stas holds"),
    ),
)
