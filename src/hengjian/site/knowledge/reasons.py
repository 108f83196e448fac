"""Why a row of a knowledge file made no point: code, sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason: its code, what is the matter, what to do. `fault`: the row or the place it came from should be mended."""

    code: str
    title: str
    advice: str
    fault: bool = True


REASONS = {
    r.code: r
    for r in (
        Reason("Z01", "名称没有对应的编码", "导入“通用名—代码”长表或当地编码表，再导入这个文件"),
        Reason("Z02", "已被后一批公告替换", "不用处理；要留作历史的，另存为文件并用 --from 写明当时的生效日导入", False),
        Reason("Z03", "字典、目录或问题描述，不是知识点", "不用处理；只供查阅", False),
        Reason("Z04", "限定文字机器判断不了，记作“需核对”", "由当地专家把文字对应成诊断编码等，再作为知识导入", False),
        Reason("Z05", "与前面的行相同", "不用处理", False),
        Reason("Z06", "与同一次导入里前面的行矛盾", "核对原件，只留正确的一行"),
        Reason("Z07", "与已有的知识矛盾，有效期重叠", "公告是整表替换的，用 --mode replace；否则核对原件，或先撤销有误的一批"),
        Reason("Z08", "缺少必需的值", "补上这一格再导入"),
        Reason("Z09", "值读不懂", "改成说明里的写法再导入"),
        Reason("Z10", "编码不像编码", "把这一列设为文本后重新导出"),
        Reason("Z11", "已有相同的知识点", "不用处理", False),
        Reason("Z12", "推导出来的，把握低，不用", "取得官方明细后再导入", False),
        Reason("Z13", "这一行不成行", "检查引号和逗号，或另存为 xlsx"),
        Reason("Z14", "公式没有结果，或结果是错误", "在 Excel 里重新计算，或粘贴为数值后再导入"),
        Reason("Z15", "同一组里只有这一种有编码", "补上同组其他药品的编码再导入"),
        Reason("Z16", "有效期是空的，或日期读不懂", "生效日写成 2026-03-01 这样，并早于失效日"),
    )
}
"""Reasons by code."""
