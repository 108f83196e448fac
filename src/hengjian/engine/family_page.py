"""The printed page of rule families (`docs/reference/families.md`): what a rule may set, which knowledge columns are read."""

from __future__ import annotations

from hengjian.engine.collect import RUNTIME
from hengjian.engine.shapes import COUNTS, LABELS, OPTIONS, READS, SETTINGS
from hengjian.rulebook.model import UNITS, Family, Rule, Rulebook

_ABOUT = {
    "limit": "费用行、诊断或手术的主体不具备知识点所要求的属性。属性不知道的，不算。",
    "diagnosis": "项目要求有某类诊断，或不得有某类诊断。参数 `lookback` 是往前看本人别次就诊诊断的天数，0 是只看本次。",
    "cap": "同一机构，在一天或一次就诊内（全年的不分机构），数量、用药日或范围内金额超过上限；或一行的开药天数、每日用量超过上限。只有超出的部分在疑，按时间先后算。行里写的上限可以带小数；参数 `multiple` 是上限的几倍才算。",
    "cap_cycle": "若干天为一个周期，周期内数量超过上限；周期从上一周期结束后的第一次使用开始。",
    "pair": "同一机构的两个项目互斥、必须相伴或不得同用，或一组饮片不得单独成方。参数 `days` 是 near、past 的天数。",
    "price": "单价超过上限，或同一切口的第二项手术没有打折。价格上限是随数据来的 `price` 表。",
    "valid": "一条记录自己对不上：费用在住院之外、上传太晚、没有主要诊断。",
    "timeline": "同一人的两次就诊，或就诊与死亡，时间上对不上。知识表（可无）列出不算的诊断类目。",
    "reconcile": "两本账对不上：一年里结算的多于进的，一个追溯码卖了两次，结算总额与费用明细之和不等，收了手术费而手术操作没有填好。",
    "statistic": "机构一个月里的一个份额，和它在同级同类机构中的位次：某几类费用或某些项目占全部费用，院内感染或非计划再入院占出院人次。只是指标，从不是疑点。知识表写分子数哪些项目或诊断，再入院的写哪些是按计划的。参数 `least` 是分母至少多少行或多少人次，`within` 是多少天之内。",
    "graph": "一个季度里总在一起出现的人。",
    "frequency": "不看编码，只数次数：一张处方里的味数、种数，一天里的医院数，一个月、一个季度、半年里的就诊次数超过上限，超出的那几次在疑。数什么由参数的名称说："
    + "、".join(f"`{name}` {label}" for name, (_, _, label) in COUNTS.items())
    + "。知识表（可无）列出不算的诊断类目。",
}
_SETTINGS = {
    "subject": "指什么：item 费用行，diag 诊断，oprn 手术",
    "dim": "比哪个属性：sex 性别（1 男 2 女），insurance 险种，visit_type 医疗类别，channel 互联网诊疗标志，age_days、age_months、age_years 满多少天、月、岁，hosp_level 机构等级组（3、2、1，药店 0）",
    "op": "怎样比：in 须在 vals 之内，not_in 不得在 vals 之内，between 须在知识行的 low 与 high 之间（含两端，可空一端），never 谁都不能用",
    "vals": "比的值，写成 `|a|b|`；`{value}` 换成知识行的 value，缺省就是 `|{value}|`",
    "relation": "什么关系。诊断关系：requires_any 须有其中之一，forbids 不得有；项目关系：excludes a 已含 b（b 在疑），requires 有 a 须有 b（a 在疑），forbid_together 不得同用（价低的一行在疑），alone 一组饮片不得单独成方（处方里另有别的饮片就不算）",
    "measure": "数什么：qty 数量（缺省），days 不同的使用日，amount 范围内金额（元），supply 一行开药的天数（住院和门诊慢特病不算），daily 一行平均每天的数量",
    "per": "在多大范围内：day 当日，encounter 一次就诊，year 自然年（不分机构），line 一行（supply、daily 只能是它）",
    "win": "在多大范围内：day 当日，encounter 同次就诊，rx 同一处方，hour 同一小时，hours6 六小时内，near 前后各 `days` 日，past 当日和此前 `days` 日、不论机构（此前已在用 a 的也算有）；也可写在知识行里",
    "occasion": "什么场合才算：any 任何时候（缺省），clean_operation 手术当日，且本次就诊的手术都是Ⅰ类切口",
    "algo": "哪一种算法。计价：ceiling 单价上限，discount 同切口打折；时序：readmit 分解住院，after_death 死亡之后，overlap 两段住院重叠，during_stay 住院期间另有就诊或购药；账实：stock 进销存，trace 追溯码，total 结算总额与明细，operations 手术费与手术操作；统计：fees 费用类别占比，items 项目占比，infection 院内感染率，readmission 非计划再入院率",
    "list_types": "进销存：数哪几类目录的东西，写成 `|101|102|`",
    "chk": "查什么：fee_outside_stay 费用在住院之外，late_upload 上传太晚，no_main_diagnosis 没有主要诊断",
    "kind": "住院期间另有的是：outp 门诊，pharm 购药",
    "num_types": "fees 的分子是哪几类收费项目，写成 `|09|10|`",
    "kinds": "算哪几种就诊，写成 `|outp|pharm|`",
}
_COLUMNS = {
    "code": "编码，几个用 `|` 分开；`match` 列写 exact（整个编码，缺省）或 prefix（编码开头）",
    "a_code": "项目 a 的编码",
    "b_code": "项目 b 的编码",
    "earlier": "此前应当用过的药品，编码或分类的开头，几个用 `|` 分开；代替 b_code",
    "value": "允许的值，几个用 `|` 分开",
    "low": "下限，含",
    "high": "上限，含",
    "diag_prefixes": "诊断编码的开头，几个用 `|` 分开",
    "max_value": "上限，数量、天数或元",
    "cycle_days": "一个周期几天",
}


def family_page(book: Rulebook) -> str:
    """Markdown: a section for each family, and what a sentence may name."""
    lines = [
        "# 规则族",
        "",
        "本页由 `hengjian docs` 生成。写 YAML 规则时，`family` 选一族，`settings` 只能写下面列出的设置，知识表要有下面列出的列。`subject`、`dim`、`measure`、`per`、`win` 也可写成知识表的同名列，行里写了的先算。"
        "每张知识表另有 `kid`、`valid_from`、`valid_to`、`official`、`notice`、`batch`、`row`，`name` 是给人看的名称。"
        "编码从哪里来：官方知识点附有国家编码；本地在用的编码见 `hengjian codes coverage` 或数据湖的 `code_item`、`code_diag`、`code_oprn`。",
        "",
        f"说法（message）的大括号里可以写：知识表的任何一列，{'、'.join(f'`{n}`' for n in (*RUNTIME, *LABELS))}。",
        "",
        f"参数（params）的单位：{'、'.join(UNITS)}。",
    ]
    for family in sorted(book.families.values(), key=lambda f: f.name):
        lines += ["", *_section(book, family)]
    return "\n".join(lines) + "\n"


def _section(book: Rulebook, family: Family) -> list[str]:
    lines = [f"## {family.title} `{family.name}`", "", _ABOUT[family.name]]
    if settings := SETTINGS[family.name]:
        lines += ["", "| 设置 | 意思 | 可用 |", "| --- | --- | --- |"]
        for name in settings:
            words = OPTIONS.get(family.name, {}).get(name, ())
            lines.append(f"| `{name}` | {_escaped(_SETTINGS[name])} | {'、'.join(f'`{w}`' for w in words) or '—'} |")
    if groups := READS.get(family.name):
        lines += ["", "| 知识表的列 | 意思 |", "| --- | --- |"]
        names = dict.fromkeys(name for group in groups for name in group)
        lines += [f"| `{name}` | {_escaped(_COLUMNS[name])} |" for name in names]
    mine = [r for r in book.rules.values() if r.family == family.name and r.status in ("active", "shadow")]
    if mine:  # one whose knowledge is shipped, if there is one
        lines += ["", *_example(book, next((r for r in mine if book.knowledge.get(r.knowledge)), mine[0]))]
    return lines


def _example(book: Rulebook, rule: Rule) -> list[str]:
    settings = ", ".join(f'{k}: "{v}"' if "{" in v or "|" in v else f"{k}: {v}" for k, v in rule.settings.items())
    lines = [f"例：{rule.title} `{rule.rule_id}`", "", "```yaml", f"family: {rule.family}"]
    lines += [f"settings: {{{settings}}}"] if settings else []
    lines += [f"knowledge: {rule.knowledge}"] if rule.knowledge else []
    lines += [f"params: {{{name}: {{unit: {p.unit}, …}}}}" for name, p in rule.params.items()]
    lines += ["```"]
    if rows := book.knowledge.get(rule.knowledge, ()):
        cells = {k: v for k, v in rows[0].values.items() if k not in ("notice", "batch", "row")}
        lines += ["", "```csv", ",".join(cells) + ",…", ",".join(cells.values()) + ",…", "```"]
    return lines


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
