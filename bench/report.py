"""The page of the audit benchmark."""

from __future__ import annotations

import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import machine
from bench.peers.given import RULES

BY_HAND = "## 耗时的测试"
"""What stands on the page from this heading on is written by hand."""
TITLES = {
    "scan": "裸扫描", "audit": "审计，含写出疑点", "doubled": "审计，每条 YAML 规则再抄一份", "ours": "恒鉴，装知识到命中",
    "polars": "Polars（lazy）", "pandas": "pandas（向量化）", "per_rule": "DuckDB，每条规则一次查询",
}  # fmt: skip
PANDAS_WALL = "pandas 的这份代码也先按知识筛行，筛后所剩无几，时间几乎都在把列读进内存；恒鉴的一份也多半是读列，另有每次都要付的装知识和订计划。"
PER_RULE_WALL = (
    "这些规则多半只读几列、筛得很窄，单独查询也快；整个审计里读 SQL、订计划、装知识和写出疑点，单独查询的一份都不含。"
)
"""Why a target is missed, as the profile shows it."""
Runs = dict[str, list[dict[str, Any]]]


def brief(run: dict[str, Any]) -> str:
    """One line about one run."""
    return f"CPU {run['cpu']:.2f} 秒，用时 {run['wall']:.2f} 秒，{run['peak_mb']:.0f} MB，负载 {run['load']:.1f}"


def median(runs: list[dict[str, Any]], what: str = "cpu") -> float:
    return statistics.median(r[what] for r in runs)


def ratio(over: list[dict[str, Any]], under: list[dict[str, Any]]) -> float:
    """Median of the ratios of runs of one turn."""
    return statistics.median(a["cpu"] / b["cpu"] for a, b in zip(over, under, strict=False))


def verdict(reached: bool) -> str:
    return "达到" if reached else "**没有达到**"


def page(results: dict[str, Runs], loads: dict[str, dict[str, float]], which: str, knowledge: Path) -> str:
    """The whole page above what is written by hand."""
    every = [r for runs in results.values() for done in runs.values() for r in done]
    noisy = sum(r["load"] > machine.NOISY for r in every)
    rules = "启用的规则，加上有国家编码的影子规则（当作已启用）" if which == "national" else "启用的规则"
    parts = [
        "# 量过的速度\n",
        f"{machine.facts()}。由 `make bench` 写成。\n",
        f"CPU 秒是用户态加内核态、全部线程；每次运行是单独的进程，各种运行轮流进行，第一轮不计，取中位数。开始时负载高于 {machine.NOISY} 的算受扰："
        f"{noisy} / {len(every)} 次{'；**受扰的用时不可信，看 CPU 秒和比值**' if noisy else ''}。数据是合成城市；审的是{rules}。\n",
        *(_audit(size, runs) for size, runs in results.items()),
        _marginal(results),
        _peers(results),
        _zen(results),
        _growth(results, loads),
        _knowledge(knowledge),
    ]
    return "\n".join(p for p in parts if p)


def _table(runs: Runs, kinds: list[str]) -> list[str]:
    rows = ["| | CPU 秒 | 最小–最大 | 用时（秒） | 内存峰值（MB） | 开始时负载 |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    for kind in kinds:
        done = runs[kind]
        cpu = [r["cpu"] for r in done]
        loads = "、".join(f"{r['load']:.1f}" for r in done)
        rows.append(
            f"| {TITLES[kind]} | {median(done):.2f} | {min(cpu):.2f}–{max(cpu):.2f} | {median(done, 'wall'):.2f} | {median(done, 'peak_mb'):.0f} | {loads} |"
        )
    return rows


def _audit(size: str, runs: Runs) -> str:
    scan, audit = runs["scan"], runs["audit"]
    lines, found = audit[0]["lines_all"], audit[0]["findings"]
    times = ratio(audit, scan)
    return "\n".join(
        [
            f"## 整城审计 ÷ 一次裸扫描：{size}\n",
            f"{lines:,} 行费用，{audit[0]['rules']} 条规则，{audit[0]['knowledge']} 个知识点，{found:,} 条疑点（每万行 {found * 10000 / lines:.1f} 条）。"
            f"裸扫描把规则所读的 {scan[0]['columns']} 列从规则表里读一遍，整数求和、文字求长，不靠统计信息；规则表里编号和编码是整数键，原始编码是字符串。\n",
            *_table(runs, [k for k in ("scan", "audit", "doubled") if k in runs]),
            f"\n逐轮之比的中位数 **{times:.1f}**，目标 ≤ 12：{verdict(times <= 12)}（更远的目标 ≤ 5：{verdict(times <= 5)}）。",
            _steps(runs),
        ]
    )


def _steps(runs: Runs) -> str:
    if "steps" not in runs:
        return ""
    (run,) = runs["steps"][-1:]
    spent = sorted(run["steps"].items(), key=lambda s: -s[1])[:14]
    listed = "、".join(f"{name} {cpu:.2f}" for name, cpu in spent)
    return f"\nCPU 花在（另跑一次，合计 {run['cpu']:.2f} 秒）：{listed}。\n"


def _marginal(results: dict[str, Runs]) -> str:
    rows = ["## 多一条 YAML 规则\n", "每条 YAML 规则抄一份，换编号，知识也抄一份；抄的规则命中与原来的一样多，比多数新规则贵。\n", "| 行数 | 抄了几条 | 一条合几次裸扫描 | 目标 ≤ 0.1 |", "| --- | ---: | ---: | --- |"]  # fmt: skip
    for size, runs in results.items():
        if "doubled" in runs:
            copies = runs["doubled"][0]["copies"]
            more = statistics.median(
                (d["cpu"] - a["cpu"]) / s["cpu"] for d, a, s in zip(runs["doubled"], runs["audit"], runs["scan"], strict=False)
            )
            rows.append(f"| {size} | {copies} | {more / copies:.3f} | {verdict(more / copies <= 0.1)} |")
    return "\n".join(rows) + "\n"


def _peers(results: dict[str, Runs]) -> str:
    rows = [
        "## 别的做法\n",
        f"同样 {len(RULES)} 条规则（{'、'.join(RULES)}），同样的规则表和装好的知识，从打开文件到命中集合；恒鉴的时间含装知识和订计划，别家的不含。"
        f"代码在 `bench/peers`；pandas {version('pandas')}，Polars {version('polars')}。每条规则一次查询跑的是全部规则，与整个审计比。\n",
    ]
    for size, runs in results.items():
        kinds = [k for k in ("ours", "polars", "pandas", "per_rule") if k in runs]
        if "ours" not in kinds:
            continue
        hits = {(r["hits"], r["digest"]) for k in ("ours", "polars", "pandas") if k in runs for r in runs[k]}
        same = f"命中逐条相同（{runs['ours'][0]['hits']:,} 条）" if len(hits) == 1 else "**命中不同，这张表不作数**"
        rows += [f"{size}，{same}：\n", *_table(runs, kinds), ""]
        if "pandas" in runs:
            slower = ratio(runs["pandas"], runs["ours"])
            rows.append(
                f"- pandas 是恒鉴的 **{slower:.1f}** 倍，目标 ≥ 10：{verdict(slower >= 10)}。{'' if slower >= 10 else PANDAS_WALL}"
            )
        if "polars" in runs:
            rows.append(f"- Polars 是恒鉴的 **{ratio(runs['polars'], runs['ours']):.1f}** 倍；预期相当，不争高下。")
        if "per_rule" in runs:
            slower = ratio(runs["per_rule"], runs["audit"])
            check = runs.get("per_rule_same")
            told = f"（命中{'逐条相同' if check[0]['same'] else '**不同**'}，{check[0]['hits']:,} 条）" if check else ""
            rows.append(
                f"- 每条规则一次查询是整个审计的 **{slower:.1f}** 倍{told}，目标 ≥ 2：{verdict(slower >= 2)}。{'' if slower >= 2 else PER_RULE_WALL}\n"
            )
    return "\n".join(rows)


def _zen(results: dict[str, Runs]) -> str:
    for runs in results.values():
        if "zen" in runs:
            (z,) = runs["zen"][-1:]
            return (
                f"## zen-engine {version('zen-engine')}\n\n四条限定规则是一张决策表，只编译一次（`ZenDecisionContent`），每行费用求值一次；"
                f"只计求值，不计造 JSON。{z['lines']:,} 行，命中逐条相同（{z['findings']} 条）：zen {z['zen_us']:.2f} 微秒一行，恒鉴（同样的行已在内存，单线程）"
                f"{z['ours_us']:.2f} 微秒一行，**{z['zen_us'] / z['ours_us']:.0f}** 倍。代码：`bench/peers/with_zen.py`。\n"
            )
    return ""


def _growth(results: dict[str, Runs], loads: dict[str, dict[str, float]]) -> str:
    rows = ["## 增长\n", "| 行数 | 审计，每百万行 CPU 秒 | 裸扫描 | 审计用时（秒） | 内存峰值（MB） | 加载，每百万行 CPU 秒 | 加载用时（秒） | 加载内存峰值（MB） |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    per: dict[str, float] = {}
    for size, runs in results.items():
        millions = runs["audit"][0]["lines_all"] / 1e6
        per[size] = median(runs["audit"]) / millions
        load = loads.get(size)
        took = f"{load['cpu'] / millions:.1f} | {load['wall']:.0f} | {load['peak_mb']:.0f}" if load else "— | — | —"
        rows.append(
            f"| {runs['audit'][0]['lines_all']:,} | {per[size]:.3f} | {median(runs['scan']) / millions:.3f} | "
            f"{median(runs['audit'], 'wall'):.1f} | {median(runs['audit'], 'peak_mb'):.0f} | {took} |"
        )
    rows.append("\n加载各一次，没有取中位数。")
    if "10M" in per and "100M" in per:
        rise = (per["100M"] / per["10M"] - 1) * 100
        big = results["100M"]["audit"]
        rows.append(
            f"一千万到一亿行，每行 CPU {'多' if rise > 0 else '少'} **{abs(rise):.0f}%**，目标 ≤ 多 30%：{verdict(rise <= 30)}。"
        )
        rows.append(f"一亿行审计 {median(big, 'wall'):.0f} 秒，目标 ≤ 300 秒：{verdict(median(big, 'wall') <= 300)}；内存峰值 {median(big, 'peak_mb') / 1024:.1f} GB，目标 ≤ 8 GB：{verdict(median(big, 'peak_mb') <= 8192)}。")  # fmt: skip
    else:
        rows.append("一亿行要 `python -m bench.audit --big`，这次没有跑。")
    return "\n".join(rows) + "\n"


def _knowledge(place: Path) -> str:
    """The part of the 250,000 knowledge points: whoever measures it leaves its text in the work folder."""
    return place.read_text(encoding="utf-8") if place.exists() else ""


def kept(page: Path) -> str:
    """What stands on the page by hand."""
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    return before[before.index(BY_HAND) :] if BY_HAND in before else ""
