"""What people fall ill with: code, department, whom it meets, how it is treated. Weights are shares inside an age band."""

from __future__ import annotations

from dataclasses import dataclass

BANDS = (7, 18, 45, 65)
"""Upper ages of the first four bands: infant and small child, school child, young adult, middle-aged; then the old."""


@dataclass(frozen=True)
class Disease:
    """One disease. Weights by age band; sex 0 = both; winter multiplies the weight from November to March."""

    key: str
    code: str
    name: str
    dept: str
    outp: tuple[int, int, int, int, int]
    inp: tuple[int, int, int, int, int]
    drugs: tuple[str, ...]
    labs: tuple[str, ...] = ()
    exams: tuple[str, ...] = ()
    sex: int = 0
    winter: float = 1.0
    los: int = 7
    op: str = ""
    opcode: str = ""
    opname: str = ""
    chronic: str = ""


_N = (0, 0, 0, 0, 0)


def _d(
    key: str,
    code: str,
    name: str,
    dept: str,
    outp: tuple[int, int, int, int, int],
    inp: tuple[int, int, int, int, int],
    drugs: str,
    labs: str = "",
    exams: str = "",
    **more: object,
) -> Disease:
    return Disease(key, code, name, dept, outp, inp, tuple(drugs.split()), tuple(labs.split()), tuple(exams.split()), **more)  # type: ignore[arg-type]


# fmt: off
DISEASES: tuple[Disease, ...] = (
    _d("cold", "J06.900", "急性上呼吸道感染", "A02", (40, 30, 18, 9, 7), _N, "cold", "lab_blood lab_virus", "", winter=1.8),
    _d("flu", "J10.100", "流行性感冒", "A02", (16, 14, 6, 3, 3), (2, 1, 0, 0, 0), "cold antibiotic", "lab_blood lab_virus", "", winter=3.0, los=5),
    _d("bronchitis", "J20.900", "急性支气管炎", "A03", (18, 8, 6, 6, 7), (12, 3, 1, 2, 3), "cold antibiotic", "lab_blood", "dr", winter=1.6, los=6),
    _d("pneumonia", "J18.900", "肺炎", "A03", (4, 2, 1, 2, 3), (22, 10, 4, 7, 10), "antibiotic cold infusion", "lab_blood lab_liver lab_ion", "ct dr", winter=1.8, los=8),
    _d("copd", "J44.900", "慢性阻塞性肺疾病", "A03", (0, 0, 0, 2, 5), (0, 0, 0, 4, 10), "lung infusion", "lab_blood lab_ion", "ct", winter=1.4, los=9, chronic="M05300"),
    _d("tonsil", "J03.900", "急性扁桃体炎", "A12", (8, 8, 5, 2, 1), (4, 3, 1, 0, 0), "antibiotic cold", "lab_blood", "", los=5),
    _d("rhinitis", "J30.400", "过敏性鼻炎", "A12", (4, 8, 6, 2, 1), _N, "cold skin"),
    _d("diarrhoea", "K52.900", "胃肠炎", "A02", (10, 5, 5, 3, 3), (8, 3, 1, 1, 2), "stomach antibiotic", "lab_blood lab_stool lab_ion", "", winter=0.8, los=4),
    _d("gastritis", "K29.500", "慢性胃炎", "A04", (0, 3, 10, 10, 8), (0, 0, 1, 2, 2), "stomach", "lab_blood", "gastroscopy us", los=5),
    _d("ulcer", "K26.900", "十二指肠溃疡", "A04", (0, 0, 2, 3, 2), (0, 0, 2, 3, 3), "stomach infusion", "lab_blood lab_liver", "gastroscopy", los=7),
    _d("fatty", "K76.000", "脂肪肝", "A04", (0, 0, 3, 5, 2), _N, "liver", "lab_liver lab_lipid", "us"),
    _d("hepatitis", "B18.100", "慢性乙型病毒性肝炎", "A08", (0, 0, 2, 3, 1), (0, 0, 1, 1, 1), "liver", "lab_liver lab_tumour", "us", los=8, chronic="M00500"),
    _d("hypertension", "I10.x00", "原发性高血压", "A05", (0, 0, 4, 14, 16), (0, 0, 1, 3, 4), "pressure", "lab_kidney lab_lipid lab_ion", "ecg abpm", los=6, chronic="M03900"),
    _d("coronary", "I25.100", "冠状动脉粥样硬化性心脏病", "A05", (0, 0, 0, 6, 10), (0, 0, 1, 7, 11), "heart", "lab_heart lab_lipid", "ecg us", los=7, chronic="M04600"),
    _d("failure", "I50.900", "心力衰竭", "A05", (0, 0, 0, 1, 3), (0, 0, 0, 2, 7), "heart pressure", "lab_heart lab_ion lab_kidney", "ecg dr", winter=1.3, los=9),
    _d("stroke", "I63.900", "脑梗死", "A06", (0, 0, 0, 3, 5), (0, 0, 1, 8, 13), "nerve heart infusion", "lab_clot lab_lipid lab_glucose", "ct mr", los=10, chronic="M04800"),
    _d("dizzy", "R42.x00", "头晕", "A06", (0, 1, 4, 6, 6), (0, 0, 1, 3, 4), "nerve", "lab_blood lab_lipid", "ct", los=6),
    _d("insomnia", "G47.000", "失眠", "A06", (0, 0, 3, 4, 4), _N, "mind nerve"),
    _d("diabetes", "E11.900", "2型糖尿病", "A07", (0, 0, 3, 11, 11), (0, 0, 2, 5, 6), "sugar", "lab_glucose lab_kidney lab_lipid", "", los=8, chronic="M01600"),
    _d("thyroid", "E03.900", "甲状腺功能减退症", "A07", (0, 1, 3, 3, 1), _N, "thyroid", "lab_thyroid", "us"),
    _d("gout", "M10.900", "痛风", "A07", (0, 0, 3, 3, 2), _N, "bone", "lab_kidney", ""),
    _d("kidney", "N18.400", "慢性肾脏病4期", "A09", (0, 0, 0, 1, 2), (0, 0, 0, 1, 2), "kidney pressure", "lab_kidney lab_ion", "us", los=8),
    _d("urinary", "N39.000", "泌尿道感染", "B05", (1, 1, 4, 4, 3), (0, 0, 1, 1, 2), "water antibiotic", "lab_urine lab_blood", "us", los=6),
    _d("prostate", "N40.x00", "前列腺增生", "B05", (0, 0, 0, 6, 9), (0, 0, 0, 1, 2), "water male", "lab_urine", "us", sex=1, los=7),
    _d("prostate_ca", "C61.x00", "前列腺恶性肿瘤", "B05", (0, 0, 0, 1, 1), _N, "water male_onc", "lab_tumour", "", sex=1),
    _d("gyn_inflam", "N76.000", "急性阴道炎", "E01", (0, 0, 12, 6, 1), _N, "women female", "lab_urine", "us_women", sex=2),
    _d("menses", "N92.600", "月经不规则", "E01", (0, 2, 8, 3, 0), _N, "female", "lab_blood", "us_women", sex=2),
    _d("fibroid", "D25.900", "子宫平滑肌瘤", "E01", (0, 0, 2, 2, 0), (0, 0, 3, 3, 0), "women female infusion", "lab_blood lab_clot", "us_women", sex=2, los=7,
       op="op_women", opcode="68.2900", opname="子宫病损切除术"),
    _d("back", "M54.500", "腰痛", "B04", (0, 1, 8, 9, 8), (0, 0, 1, 2, 2), "bone", "", "dr mr", los=8),
    _d("knee", "M17.900", "膝骨关节炎", "B04", (0, 0, 1, 7, 9), (0, 0, 0, 2, 3), "bone", "", "dr", los=8),
    _d("ankle", "S93.400", "踝关节扭伤", "B04", (1, 5, 4, 2, 1), _N, "bone", "", "dr"),
    _d("femur", "S72.000", "股骨颈骨折", "B04", _N, (0, 1, 1, 2, 5), "bone infusion", "lab_blood lab_clot lab_liver", "dr ct", los=12,
       op="op_bone", opcode="79.3500", opname="股骨骨折切开复位内固定术"),
    _d("meniscus", "S83.200", "半月板撕裂", "B04", _N, (0, 1, 3, 2, 0), "bone infusion", "lab_blood lab_clot", "mr", los=6, op="op_bone", opcode="80.6x00", opname="膝半月板切除术"),
    _d("rheumatoid", "M06.900", "类风湿性关节炎", "A10", (0, 0, 1, 3, 2), (0, 0, 0, 1, 1), "bone", "lab_blood lab_liver", "", los=8, chronic="M06900"),
    _d("appendix", "K35.800", "急性阑尾炎", "B01", _N, (1, 5, 4, 2, 1), "infusion antibiotic", "lab_blood lab_clot lab_liver", "ct us", los=5,
       op="op_general", opcode="47.0100", opname="腹腔镜下阑尾切除术"),
    _d("gallstone", "K80.100", "胆囊结石伴慢性胆囊炎", "B01", (0, 0, 1, 2, 2), (0, 0, 3, 4, 4), "infusion stomach", "lab_blood lab_liver lab_clot", "us ct", los=6,
       op="op_general", opcode="51.2300", opname="腹腔镜下胆囊切除术"),
    _d("hernia", "K40.900", "腹股沟疝", "B01", _N, (2, 1, 1, 2, 3), "infusion", "lab_blood lab_clot", "us", los=4, op="op_general", opcode="53.0000", opname="腹股沟疝修补术"),
    _d("stomach_ca", "C16.900", "胃恶性肿瘤", "B01", _N, (0, 0, 0, 1, 1), "infusion stomach", "lab_blood lab_clot lab_liver lab_tumour", "ct", los=14,
       op="胃癌根治术", opcode="43.9900", opname="根治性胃切除术"),
    _d("colon_ca", "C18.900", "结肠恶性肿瘤", "B01", _N, (0, 0, 0, 1, 1), "infusion", "lab_blood lab_clot lab_liver lab_tumour", "ct", los=14,
       op="结肠癌扩大根治术", opcode="45.7900", opname="结肠部分切除术"),
    _d("thyroid_ca", "C73.x00", "甲状腺恶性肿瘤", "B01", _N, (0, 0, 1, 1, 0), "infusion thyroid", "lab_blood lab_clot lab_thyroid", "us", los=7,
       op="甲状腺癌扩大根治术", opcode="06.4x00", opname="甲状腺全部切除术"),
    _d("thyroid_nodule", "D34.x00", "甲状腺良性肿瘤", "B01", (0, 0, 1, 1, 0), (0, 0, 1, 1, 0), "infusion thyroid", "lab_blood lab_clot lab_thyroid", "us", los=5,
       op="甲状腺部分切除术", opcode="06.3900", opname="甲状腺部分切除术"),
    _d("lung_ca", "C34.900", "肺恶性肿瘤", "A11", (0, 0, 0, 1, 1), _N, "chemo_oral", "lab_tumour lab_blood", "ct"),
    _d("breast_ca", "C50.900", "乳腺恶性肿瘤", "A11", (0, 0, 1, 1, 0), _N, "chemo_oral", "lab_tumour lab_blood", "", sex=2),
    _d("lump", "D17.900", "脂肪瘤", "B01", (0, 0, 2, 2, 1), (0, 0, 1, 1, 1), "infusion", "lab_blood", "us", los=2, op="op_skin", opcode="86.3x00", opname="皮肤病损切除术"),
    _d("cataract", "H26.900", "白内障", "B07", (0, 0, 0, 1, 5), (0, 0, 0, 2, 6), "eye", "lab_blood lab_glucose", "", los=2, op="op_eye", opcode="13.4100", opname="白内障超声乳化抽吸术"),
    _d("conjunctivitis", "H10.900", "结膜炎", "B07", (5, 5, 4, 3, 2), _N, "eye"),
    _d("eczema", "L30.900", "湿疹", "B08", (8, 5, 5, 4, 3), _N, "skin"),
    _d("psoriasis", "L40.000", "寻常型银屑病", "B08", (0, 1, 2, 2, 1), _N, "skin", chronic="M07200"),
    _d("urticaria", "L50.900", "荨麻疹", "B08", (5, 4, 4, 2, 1), _N, "skin cold"),
    _d("depression", "F32.900", "抑郁发作", "A15", (0, 1, 2, 2, 1), (0, 0, 1, 1, 1), "mind", "lab_blood", "", los=20),
)
"""Ordinary diseases. Chemotherapy, dialysis and childbirth are series of their own."""

PRENATAL = _d("prenatal", "Z34.900", "正常妊娠监督", "E02", _N, _N, "birth", "lab_blood lab_urine", "us_birth", sex=2)
BIRTH = _d("birth", "O80.900", "单胎顺产", "E02", _N, _N, "infusion birth", "lab_blood lab_clot lab_urine", "us_birth", sex=2, los=4,
           opcode="73.5900", opname="手法助产")
SECTION = _d("section", "O82.900", "剖宫产单胎分娩", "E02", _N, _N, "infusion birth", "lab_blood lab_clot lab_urine", "us_birth", sex=2, los=6, op="op_birth",
             opcode="74.1x00", opname="子宫下段横切口剖宫产术")
CHEMO = _d("chemo", "Z51.100x001", "恶性肿瘤维持性化学治疗", "A11", _N, _N, "chemo infusion", "lab_blood lab_liver lab_kidney", "", los=3)
DIALYSIS = _d("dialysis", "N18.501", "慢性肾脏病5期", "A09", _N, _N, "kidney", "lab_kidney lab_ion", "", chronic="M07800")
PURCHASE = _d("purchase", "Z76.000", "药店购药", "A01", _N, _N, "cold stomach skin bone home pressure")
# fmt: on

ALL: tuple[Disease, ...] = (*DISEASES, PRENATAL, BIRTH, SECTION, CHEMO, DIALYSIS, PURCHASE)
INDEX: dict[str, int] = {d.key: i for i, d in enumerate(ALL)}

DEPTS: dict[str, str] = {
    "A01": "全科医疗科",
    "A02": "儿科与发热门诊",
    "A03": "呼吸内科",
    "A04": "消化内科",
    "A05": "心血管内科",
    "A06": "神经内科",
    "A07": "内分泌科",
    "A08": "感染科",
    "A09": "肾内科",
    "A10": "风湿免疫科",
    "A11": "肿瘤科",
    "A12": "耳鼻咽喉科",
    "A15": "精神科",
    "A20": "急诊科",
    "B01": "普通外科",
    "B04": "骨科",
    "B05": "泌尿外科",
    "B07": "眼科",
    "B08": "皮肤科",
    "E01": "妇科",
    "E02": "产科",
}
