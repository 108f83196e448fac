"""Lake table `diagnosis` (诊断): diagnoses of encounters."""

from hengjian.lake.schema.base import Table, col

DIAGNOSIS = Table(
    name="diagnosis",
    label="诊断",
    key=(
        "mdtrt_id",
        "inout_diag_type",
        "diag_type",
        "diag_srt_no",
    ),
    by_person=True,
    columns=(
        col("mdtrt_id", "就诊ID", "id", required=True, meaning="the encounter this row belongs to"),
        col("psn_no", "人员编号", "id", required=True, refers="person", meaning="the insured person"),
        col(
            "inout_diag_type",
            "出入诊断类别",
            "enum",
            required=True,
            codes="inout_diag_type",
            meaning="1 入院(门诊一律1) 2 出院",
        ),
        col("diag_type", "诊断类别", "enum", required=True, codes="diag_type", meaning="1 西医 2 中医主病 3 中医主证"),
        col("diag_srt_no", "排序号", "int", required=True, meaning="from 1"),
        col("maindiag_flag", "主诊断标志", "flag", required=True, meaning="1 = main diagnosis"),
        col(
            "diag_code",
            "诊断代码",
            "code",
            required=True,
            meaning="医保版 ICD-10; compare by prefix; WHO short form accepted; A17.000+G01 is one code",
        ),
        col("diag_name", "诊断名称", "name", required=True, meaning="name"),
        col("adm_cond_type", "入院病情", "enum", codes="adm_cond_type", meaning="condition at admission"),
        col("diag_dept", "诊断科室", "code", meaning="department"),
        col("dise_dor_no", "诊断医师代码", "code", meaning="doctor"),
        col("diag_time", "诊断时间", "ts", meaning="when"),
    ),
)
