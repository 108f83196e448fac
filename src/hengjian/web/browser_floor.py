"""The browser floor: our own style sheets, scripts and templates use nothing that Chromium 86 lacks, nothing inline and no other host.

`python -m hengjian.web.browser_floor` lists what breaks it and ends with 1. It knows what it lists, it is no full parser.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FLOOR = 86
HERE = Path(__file__).resolve().parent.parent
"""The package: web/static/office, web/templates, each room's templates and the gate's page lie below."""


class Rule(NamedTuple):
    """A pattern, what it is, the Chromium that brought it (0: forbidden by the content policy), and what to write instead."""

    pattern: str
    what: str
    since: int
    instead: str


class Breach(NamedTuple):
    """One place that breaks the floor."""

    file: str
    line: int
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}，改用{self.instead}"


def _property(name: str) -> str:
    return rf"(?<![-\w.#]){name}\s*:(?!:)"


CSS = (
    Rule(r":has\(", ":has()", 105, "结构里的 class，或 input:checked + 兄弟元素"),
    Rule(r":(is|where)\(", ":is() 和 :where()", 88, "逐个写选择器"),
    Rule(r":not\([^()]*,", "带逗号的 :not()", 88, "连写几个 :not()"),
    Rule(r":nth-(last-)?child\([^()]*\bof\b", ":nth-child(… of …)", 111, "class"),
    Rule(r":(modal|popover-open|user-valid|user-invalid|autofill|open)\b", "新的伪类", 105, "class 或属性选择器"),
    Rule(r"::(file-selector-button|highlight|view-transition|details-content)", "新的伪元素", 89, "label 包住的 input"),
    Rule(r"::backdrop\s*\{[^}]*var\(", "::backdrop 里的 var()", 122, "写定的颜色"),
    Rule(
        r"@(layer|container|scope|starting-style|counter-style|view-transition|position-try)\b", "新的 @ 规则", 91, "普通规则"
    ),
    Rule(r"@media[^{]*[<>]", "媒体查询的 < 和 >", 104, "min-width 和 max-width"),
    Rule(r"\((prefers-contrast|forced-colors|scripting|update)\b", "新的媒体特性", 89, "不写"),
    Rule(_property(r"inset(-[a-z-]+)?"), "inset", 87, "top、right、bottom、left"),
    Rule(_property(r"(margin|padding)-(inline|block)"), "逻辑方向的简写", 87, "margin-left、padding-top 等"),
    Rule(_property(r"text-(underline-offset|decoration-thickness)"), "下划线的位置和粗细", 87, "border-bottom"),
    Rule(_property("aspect-ratio"), "aspect-ratio", 88, "固定的高，或 padding-top 百分比"),
    Rule(_property("accent-color"), "accent-color", 93, "appearance: none 后自己画"),
    Rule(_property("(scrollbar-gutter|scrollbar-width|scrollbar-color)"), "滚动条属性", 94, "不写"),
    Rule(_property("(translate|rotate|scale)"), "单独的变换属性", 104, "transform"),
    Rule(_property("(container|container-type|container-name)"), "容器查询", 105, "媒体查询"),
    Rule(_property("text-wrap"), "text-wrap", 114, "white-space"),
    Rule(_property("(field-sizing|interpolate-size|transition-behavior)"), "新的尺寸和过渡属性", 117, "不写"),
    Rule(
        _property("(anchor-name|position-anchor|position-area|animation-timeline)"), "锚点和滚动动画", 115, "position: absolute"
    ),
    Rule(_property(r"mask(-image|-size|-position|-repeat)?"), "不带前缀的 mask", 120, "-webkit-mask"),
    Rule(_property("print-color-adjust"), "不带前缀的 print-color-adjust", 136, "-webkit-print-color-adjust"),
    Rule(_property("border-(start|end)-(start|end)-radius"), "逻辑方向的圆角", 89, "border-top-left-radius 等"),
    Rule(r"overflow(-[xy])?\s*:\s*clip", "overflow: clip", 90, "overflow: hidden"),
    Rule(r"justify-content\s*:\s*(start|end)\b", "弹性盒里的 start 和 end", 93, "flex-start、flex-end"),
    Rule(r"clip-path\s*:\s*path\(", "clip-path: path()", 88, "polygon()"),
    Rule(r"\bsubgrid\b", "subgrid", 117, "各自的 grid-template-columns"),
    Rule(r"color-mix\(|light-dark\(", "color-mix() 和 light-dark()", 111, "写定的颜色变量"),
    Rule(r"(?<![-\w])(oklch|oklab|lch|lab|hwb|color)\(", "新的颜色写法", 101, "#rrggbb 或 rgba()"),
    Rule(r"\d(dvh|svh|lvh|dvw|svw|lvw|dvi|cqw|cqh|cqi|rlh|lh)\b", "新的长度单位", 105, "vh 或 rem"),
    Rule(r"(?<![-\w])(round|mod|rem|sin|cos|tan|sqrt|pow)\(", "新的计算函数", 111, "calc() 或写定的值"),
    Rule(r"(?:^|[{};])\s*&", "嵌套规则", 112, "写全的选择器"),
    Rule(r"(@import|url\(\s*['\"]?)[^;)]*//", "别的主机", 0, "随项目发布的文件"),
)
JS = (
    Rule(r"\.at\(", ".at()", 92, "下标"),
    Rule(r"\.(findLast|findLastIndex)\(", ".findLast()", 97, "倒着找的循环"),
    Rule(r"\.(toSorted|toReversed|toSpliced|with)\(", "返回新数组的方法", 110, "[...a].sort() 等"),
    Rule(r"\b(Object|Map)\.groupBy\(|\bArray\.fromAsync\(|\bPromise\.withResolvers\(", "新的静态方法", 117, "循环"),
    Rule(r"\bObject\.hasOwn\(", "Object.hasOwn()", 93, "hasOwnProperty.call()"),
    Rule(r"\bstructuredClone\(", "structuredClone()", 98, "JSON，或展开"),
    Rule(r"\brandomUUID\(", "randomUUID()", 92, "服务器给的编号"),
    Rule(r"\bAbortSignal\.(timeout|any)\(", "AbortSignal 的新方法", 103, "setTimeout 和 AbortController"),
    Rule(r"\bURL\.(canParse|parse)\(", "URL.canParse()", 120, "try 和 new URL()"),
    Rule(
        r"\.(showPicker|showPopover|hidePopover|togglePopover|checkVisibility|requestClose)\(",
        "新的元素方法",
        99,
        "dialog 和 class",
    ),
    Rule(r"startViewTransition|\bscheduler\.|\bnavigation\.", "新的页面接口", 94, "普通的 DOM 操作"),
    Rule(r"\.inert\b", "inert", 102, "dialog"),
    Rule(r"\bstatic\s*\{", "类里的 static 块", 94, "类外的语句"),
    Rule(r"#\w+\s+in\s", "#x in 对象", 91, "普通属性"),
    Rule(r"addEventListener\([^;\n]*\bsignal\b", "addEventListener 的 signal", 90, "removeEventListener"),
    Rule(r"new FormData\([^()]*,", "FormData 的第二个参数", 112, "自己 append 按钮的值"),
    Rule(r"\bIntl\.Segmenter\b", "Intl.Segmenter", 87, "[...文字]"),
    Rule(r"\bcause\s*:", "Error 的 cause", 93, "写进文字"),
    Rule(r"\beval\(|new Function\(", "eval", 0, "普通函数"),
    Rule(r"setAttribute\(\s*['\"]style|['\"`][^'\"`\n]*<\w[^'\"`\n]*\sstyle=", "写进标签的样式", 0, "class，或 element.style"),
    Rule(r"https?://(?!www\.w3\.org/)|['\"`]//\w", "别的主机", 0, "本机的地址"),
)
HTML = (
    Rule(r"<[^<>]*\sstyle\s*=", "标签里的样式", 0, "class、SVG 属性、<progress> 或 <meter>"),
    Rule(r"<style\b", "页面里的样式表", 0, "static/office 下的 CSS"),
    Rule(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", "页面里的脚本", 0, "static/office 下的 JS"),
    Rule(r"<[^<>]*\s(on[a-z]+|hx-on[\w:-]*)\s*=", "标签里的脚本", 0, "data- 属性和 static/office 下的 JS"),
    Rule(r"javascript:|=\s*['\"]js:", "地址里的脚本", 0, "按钮和 static/office 下的 JS"),
    Rule(r"hx-trigger\s*=\s*\"[^\"]*\w\[", "hx-trigger 里的条件", 0, "服务器判断"),
    Rule(
        r"\b(src|href|action|formaction|poster|hx-(get|post|put|patch|delete))\s*=\s*['\"]\s*(https?:)?//",
        "别的主机",
        0,
        "本机的地址",
    ),
    Rule(r"<search\b", "<search>", 118, '<form role="search">'),
    Rule(r"<details[^<>]*\sname\s*=", "<details name>", 120, "不限一个打开"),
    Rule(
        r"<[^<>]*\s(popover|popovertarget|commandfor|closedby)\b",
        "popover 一类的属性",
        114,
        '<details class="menu"> 或 <dialog>',
    ),
    Rule(r"<[^<>]*\sinert\b", "inert", 102, "<dialog>"),
)
RULES = {".css": CSS, ".js": JS, ".html": HTML}
_COMMENTS = {
    ".css": r"/\*.*?\*/",
    ".js": r"/\*.*?\*/|(?:(?<=\s)|^)//[^\n]*",
    ".html": r"\{#[^\n]*?#\}|<!--.*?-->|\{%\s*comment.*?endcomment\s*%\}",
}


def breaches_in(text: str, suffix: str, name: str) -> Iterator[Breach]:
    """What one file's text breaks; `suffix` says which rules hold."""
    bare = re.sub(_COMMENTS[suffix], lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S | re.M)
    for rule in RULES[suffix]:
        why = f"{rule.what} 要 Chromium {rule.since}，底线是 {FLOOR}" if rule.since else f"{rule.what}，安全策略不许"
        for hit in re.finditer(rule.pattern, bare, re.M):
            yield Breach(name, bare.count("\n", 0, hit.start()) + 1, why, rule.instead)


def our_files(package: Path = HERE) -> list[Path]:
    """Every style sheet, script and template that we wrote."""
    places: Sequence[tuple[Path, str]] = (
        (package / "web" / "static" / "office", "**/*"),
        (package / "web" / "templates", "**/*.html"),
        (package / "apps", "*/templates/**/*.html"),
        (package / "gate" / "trial" / "static", "*"),
    )
    return sorted(f for place, glob in places if place.is_dir() for f in place.glob(glob) if f.suffix in RULES)


def check(files: Iterable[Path], root: Path = HERE) -> list[Breach]:
    """All breaches of the files, in order."""
    return [
        breach
        for file in files
        for breach in sorted(
            breaches_in(file.read_text(encoding="utf-8"), file.suffix, file.relative_to(root).as_posix()), key=lambda b: b.line
        )
    ]


def main() -> int:
    """Print what breaks the floor; 1 if anything does."""
    files = our_files()
    found = check(files)
    for breach in found:
        print(breach)  # noqa: T201
    print(f"查了 {len(files)} 个文件，{len(found)} 处不合 Chromium {FLOOR} 或安全策略。")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
