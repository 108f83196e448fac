"""Local knowledge that travels with the data: files `knowledge/<name>*.csv` beside the tables of a load.

Periods are half-open. An empty optional cell is no condition. In the lake each is the table `local_<name>`.
"""

from hengjian.lake.schema.base import Column, Table, col
from hengjian.lake.schema.price import PRICE

_PERIOD: tuple[Column, ...] = (
    col("valid_from", "生效日期", "date", required=True, src="o", meaning="first day in force"),
    col("valid_to", "失效日期", "date", src="o", meaning="first day no longer in force; empty = open"),
)
_ITEM = col("med_list_codg", "医疗目录编码", "code", required=True, meaning="national catalogue code")
_NAME = col("hilist_name", "医保目录名称", "name", required=True, meaning="name in the catalogue")
_NAMED = col("hilist_name", "医保目录名称", "name", meaning="name in the catalogue")
_RULE = col("rule", "规则名称", "name", required=True, src="o", meaning="title of the rule that reads the row")
_NOTE = (
    col("note", "说明", "name", src="o", meaning="the limit in words, as a finding says it"),
    col("basis", "依据", "name", src="o", meaning="document"),
)


def _local(name: str, label: str, key: tuple[str, ...], *columns: Column) -> Table:
    return Table(f"local_{name}", label, (*key, "valid_from"), (*columns, *_PERIOD))


LOCAL: dict[str, Table] = {
    t.name.removeprefix("local_"): t
    for t in (
        _local(
            "chronic_drug",
            "慢特病用药目录",
            ("dise_codg", "med_list_codg"),
            col("dise_codg", "病种编码", "code", required=True, meaning="chronic disease (M…)"),
            col("dise_name", "病种名称", "name", meaning="its name"),
            _ITEM,
            _NAMED,
        ),
        _local(
            "local_limit",
            "地方限定",
            ("limit_id",),
            col("limit_id", "限定编号", "id", required=True, src="o", meaning="unique"),
            _RULE,
            _ITEM,
            _NAMED,
            col(
                "dim",
                "限定维度",
                "char(20)",
                required=True,
                src="o",
                meaning="sex age_days age_months age_years insurance hosp_level visit_type dept scope",
            ),
            col("op", "比较", "char(10)", required=True, src="o", meaning="in not_in >= <= between"),
            col("value", "取值", "name", required=True, src="o", meaning="| between several"),
            *_NOTE,
        ),
        _local(
            "diagnosis_need",
            "诊断要求",
            ("need_id",),
            col("need_id", "要求编号", "id", required=True, src="o", meaning="unique"),
            _RULE,
            _ITEM,
            _NAMED,
            col("diag_prefixes", "诊断编码前缀", "text", required=True, src="o", meaning="| between several"),
            *_NOTE,
        ),
        _local(
            "item_cap",
            "数量上限",
            ("cap_id",),
            col("cap_id", "上限编号", "id", required=True, src="o", meaning="unique"),
            _RULE,
            _ITEM,
            _NAMED,
            col("max_value", "上限", "int", required=True, src="o", meaning="in `unit`"),
            col("unit", "单位", "name", src="o", meaning="次 日 个 元 …"),
            col("per", "范围", "char(10)", src="o", meaning="day encounter year line, where the rule does not say"),
            *_NOTE,
        ),
        _local(
            "item_pair",
            "项目关系",
            ("pair_id",),
            col("pair_id", "关系编号", "id", required=True, src="o", meaning="unique"),
            _RULE,
            col("a_code", "项目A编码", "text", required=True, src="o", meaning="prefix allowed, | between several"),
            col("a_name", "项目A名称", "name", src="o", meaning="its name"),
            col("b_code", "项目B编码", "text", required=True, src="o", meaning="prefix allowed, | between several"),
            col("b_name", "项目B名称", "name", src="o", meaning="its name"),
            *_NOTE,
        ),
        _local(
            "antb_level",
            "抗菌药物分级目录",
            ("med_list_codg",),
            _RULE,
            _ITEM,
            _NAMED,
            col(
                "antb_lv",
                "使用级别",
                "int",
                required=True,
                src="o",
                meaning="1 非限制 2 限制 3 特殊: the right a prescriber needs",
            ),
            *_NOTE,
        ),
        _local(
            "indication_icd",
            "限适应症对应诊断",
            ("hilist_name", "diag_prefix"),
            _NAME,
            col(
                "diag_prefix",
                "诊断编码前缀",
                "code",
                required=True,
                src="o",
                meaning="a diagnosis with this prefix satisfies the payment limit",
            ),
        ),
        _local(
            "film_limit",
            "胶片限量",
            ("med_list_codg", "exam_codg"),
            _ITEM,
            col("exam_codg", "检查项目编码", "code", required=True, src="o", meaning="the examination the film belongs to"),
            col("max_per_part", "每部位最多张数", "int", required=True, src="o", meaning="films payable per examined part"),
        ),
        _local(
            "item_minutes",
            "项目工时",
            ("med_list_codg",),
            _ITEM,
            _NAMED,
            col("minutes", "分钟", "int", required=True, src="o", meaning="staff minutes one unit takes"),
            col("need_type", "所需人员", "char(10)", src="o", meaning="kind of practitioner needed"),
        ),
        _local(
            "scope_need",
            "执业范围要求",
            ("med_list_codg", "prac_scope"),
            _ITEM,
            col("prac_scope", "执业范围", "name", required=True, src="o", meaning="scope a practitioner must hold"),
        ),
        _local(
            "cc_evidence",
            "并发症佐证",
            ("diag_prefix", "med_list_codg"),
            col("diag_prefix", "诊断编码前缀", "code", required=True, src="o", meaning="the complication"),
            col("diag_name", "诊断名称", "name", src="o", meaning="its name"),
            _ITEM,
            _NAMED,
        ),
        _local(
            "mild_dise",
            "可门诊治疗病种",
            ("diag_prefix",),
            col("diag_prefix", "诊断编码前缀", "code", required=True, src="o", meaning="can be treated outpatient"),
            col("diag_name", "诊断名称", "name", meaning="name"),
        ),
        _local(
            "package",
            "套餐组成",
            ("med_list_codg", "part_codg"),
            _ITEM,
            _NAMED,
            col("part_codg", "组成项目编码", "code", required=True, src="o", meaning="part contained in the package price"),
            col("part_name", "组成项目名称", "name", src="o", meaning="its name"),
            col("pack_amt", "套餐价", "money", src="o", meaning="price of the package; empty = not known"),
        ),
        _local(
            "surg_rate",
            "手术折价率",
            ("incision_group",),
            col("incision_group", "切口组", "code", required=True, src="o", meaning="group of one incision"),
            col(
                "next_rate",
                "第二手术比例",
                "dec(5,4)",
                required=True,
                src="o",
                meaning="rate of the second and later operation",
            ),
            col("bilateral_rate", "双侧比例", "dec(5,4)", src="o", meaning="rate of a bilateral operation"),
        ),
    )
}
"""Local knowledge tables by file name (without `local_`)."""

TRAVELLING: dict[str, Table] = {t.name: t for t in (*LOCAL.values(), PRICE)}
"""Knowledge that travels with the data, by table name."""
