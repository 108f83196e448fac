"""What the lint says: one fault, and the list of everything it refuses."""

from __future__ import annotations

from dataclasses import dataclass

CODES = {
    "knowledge_undated": "知识没有按行为当日的有效期连接",
    "star": "最外层写了 *",
    "clock": "用了“现在”",
    "division": "用了 /",
    "float": "用了小数或浮点类型",
    "literal_amount": "金额、单价、数量与写死的数相比或相加",
    "date": "用了日期时间类型或函数",
    "window_order": "窗口的次序没有排死",
    "basis_gap": "规则有效期内有一段没有施行的依据",
    "basis_unverified": "明确违规的规则只依据未核实原文的条款",
    "knowledge_overlap": "同一键的知识有效期重叠",
    "outside_subset": "用了规则 SQL 不包括的写法",
    "does_not_run": "引擎不接受这段 SQL",
    "unreduced_product": "合计没有化小就相乘",
    "text_with_number": "文字与整数混在一起",
    "unknown_setting": "设置不是族认识的",
    "missing_column": "知识表缺族要读的列",
    "unknown_placeholder": "说法里有填不上的空",
    "found_twice": "同一知识点对同一对象同一天找出两次",
}
"""Every refusal by its code."""


@dataclass(frozen=True)
class Fault:
    """One refusal. name: rule, family or knowledge table. where: `file:line`."""

    name: str
    code: str  # one of CODES
    where: str
    what: str
    why: str
    cure: str

    def __str__(self) -> str:
        return f"{self.where} [{self.code}] {self.what}。{self.why}。{self.cure}"
