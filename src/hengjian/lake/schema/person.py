"""Lake table `person` (参保人): the insured."""

from hengjian.lake.schema.base import Table, col

PERSON = Table(
    name="person",
    label="参保人",
    key=("psn_no",),
    by_person=True,
    stubs=True,
    columns=(
        col("psn_no", "人员编号", "id", required=True, meaning="the insured person; no fixed form (20, 26 digits, letters)"),
        col("psn_name", "姓名", "name", personal=True, meaning="name; personal, shown masked"),
        col("psn_cert_type", "证件类型", "enum", codes="psn_cert_type", meaning="01 identity card …"),
        col(
            "certno",
            "证件号码",
            "id",
            personal=True,
            looked_up=True,
            meaning="identity number; personal; one may own several psn_no (two insurances)",
        ),
        col("gend", "性别", "enum", required=True, codes="gend", meaning="0 and 9 = unknown and accuse nobody"),
        col("brdy", "出生日期", "date", meaning="unknown accuses nobody; 1900-01-01 means unknown"),
        col(
            "insutype",
            "险种",
            "enum",
            required=True,
            codes="insutype",
            meaning="main insurance now; an encounter carries its own",
        ),
        col("psn_type", "人员类别", "enum", codes="psn_type", meaning="11 在职 12 退休 14/15/16 居民 …"),
        col(
            "insu_admdvs",
            "参保地医保区划",
            "code",
            required=True,
            aliases=("insuplc_admdvs",),
            meaning="place of insurance, 6 digits (alias insuplc_admdvs)",
        ),
        col("psn_insu_stas", "参保状态", "enum", codes="psn_insu_stas", meaning="1 正常 2 暂停 4 终止"),
        col("psn_insu_date", "参保日期", "date", meaning="day insurance began"),
        col("paus_insu_date", "暂停参保日期", "date", meaning="day insurance was paused"),
        col("emp_name", "单位名称", "name", personal=True, meaning="employer, school or village"),
        col("curr_addr", "现住址", "text", personal=True, meaning="home address; personal"),
        col("tel", "联系电话", "id", personal=True, looked_up=True, meaning="telephone; personal"),
        col("balc", "个人账户余额", "money", meaning="balance on the extract day"),
        col("fmly_no", "家庭共济编号", "id", src="o", meaning="same value = same household; used only to exempt families"),
        col("die_date", "死亡日期", "date", meaning="as known to the insurer; other departments' lists are in external_list"),
    ),
)
