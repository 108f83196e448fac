"""Where an audit's CPU goes: its steps, each less what it called."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from hengjian.engine import collect, run
from hengjian.engine.backends import duckdb as backend

_RUN = {
    "attach_small_tables": "打开字典和机构表", "bind": "装知识", "make_plan": "读规则 SQL、订计划", "choose": "找出要重审的人",
    "withdraw": "比对以前的疑点", "grand_total": "合计金额", "write_pack": "保存规则", "_period": "数据起止日", "_fund_total": "基金支付合计",
    "connect": "打开引擎",
}  # fmt: skip
_COLLECT = {
    "cite": "命中换成编号",
    "write_findings": "写出疑点",
    "write_indicators": "写出指标",
    "create_tables": "准备疑点的说明",
}


class Steps:
    """CPU seconds by step, gathered while the audit runs in this process."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []
        for name, label in _RUN.items():
            setattr(run, name, self.timed(label, getattr(run, name)))
        for name, label in _COLLECT.items():
            setattr(collect, name, self.timed(label, getattr(collect, name)))
        load, judge = backend.load_table, backend.DuckDBBackend.judge

        def load_one(con: Any, lake: Any, table: str, *rest: Any) -> None:
            self.timed(f"读 {table}", load)(con, lake, table, *rest)

        def judge_each(engine: Any, texts: Any) -> None:
            for text in texts:
                self.timed(f"审 {text.name}", judge)(engine, [text])

        backend.load_table = load_one  # type: ignore[assignment]
        backend.DuckDBBackend.judge = judge_each  # type: ignore[method-assign]

    def timed(self, label: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, with its CPU less that of timed calls inside it added to `label`."""

        def wrapped(*args: Any, **named: Any) -> Any:
            before = time.process_time()
            self._inner.append(0.0)
            try:
                return call(*args, **named)
            finally:
                took = time.process_time() - before
                self.spent[label] += took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return wrapped
