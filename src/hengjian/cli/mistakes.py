"""Wrong arguments and failures of any command as Chinese sentences with a cure, for the terminal and for programs."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import traceback
from difflib import get_close_matches
from typing import Any

import duckdb
import typer
from rich.console import Console

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import HengjianError, InputError

wrong: Any = importlib.import_module(typer.BadParameter.__module__)
"""The argument errors of the library below, which some versions of typer bring along and others take from click."""

_NAME = re.compile(r"'([^']*)'")
_BAD_VALUES = (
    (re.compile(r"valid (integer|int)\b"), "应为整数"),
    (re.compile(r"valid (number|float|decimal)\b"), "应为数字"),
    (re.compile(r"valid (boolean|bool)\b"), "应为是或否"),
    (re.compile(r"greater than or equal to (\S+)"), "不能小于 {}"),
    (re.compile(r"less than or equal to (\S+)"), "不能大于 {}"),
    (re.compile(r"greater than (\S+)"), "须大于 {}"),
    (re.compile(r"less than (\S+)"), "须小于 {}"),
    (re.compile(r"not in the range (.+?)\.?$"), "须在 {} 之内"),
)


def is_interrupt(error: BaseException) -> bool:
    """Whether the user stopped the command: the engine says so in its own way."""
    told = isinstance(error, RuntimeError) and "interrupted" in str(error).lower()
    return isinstance(error, (KeyboardInterrupt, duckdb.InterruptException)) or told


def argument_error(error: Any) -> InputError:
    """What is wrong with the arguments of a command."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "hengjian"
    cure = f"看用法：{path} --help"
    text = error.format_message()
    named = _NAME.search(text)
    name = named[1] if named else ""
    if isinstance(error, wrong.MissingParameter):
        return InputError(f"缺少{_what(error)}", why="这一项必须写", cure=cure)
    if isinstance(error, wrong.BadParameter):
        return InputError(f"{_what(error)} 的值不对", why=_bad_value(error.message), cure=cure)
    if isinstance(error, wrong.NoSuchOption):
        return InputError(f"没有选项 {error.option_name}", why=f"{path} 不认得它", cure=_near(_closest(error)) + cure)
    if isinstance(error, wrong.BadOptionUsage):
        why = "它后面不能跟值" if "does not take a value" in text else "它后面要写一个值"
        return InputError(f"选项 {error.option_name} 用法不对", why=why, cure=cure)
    if text.startswith("No such command"):
        known = list(getattr(context.command, "commands", {})) if context else []
        near = _near(get_close_matches(name, known, 3, 0.5)) or f"可用的命令：{'、'.join(known)}。"
        return InputError(f"没有命令 {name}", why=f"{path} 没有这个子命令", cure=near + cure)
    if text.startswith("Missing command"):
        return InputError("没有写命令", cure=cure)
    if text.startswith("Got unexpected extra argument"):
        extra = text.rpartition(" (")[2].removesuffix(")")
        return InputError(f"多出了参数 {extra}", why=f"{path} 不需要它；含空格的路径要加引号", cure=cure)
    return InputError("命令的参数不对", why=text, cure=cure)


def tell(error: HengjianError) -> None:
    """Print a failure: for the user on stderr and, when a program asked for JSON, as an object on stdout too."""
    if "--json" in sys.argv[1:]:
        said = {"error": error.what, "where": error.where, "why": error.why, "cure": error.cure}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), style="red", markup=False)
    if wants_trace():
        traceback.print_exception(error)


def last_resort(error: Exception) -> HengjianError:
    """Any failure nobody foresaw, in one sentence."""
    cure = "设 HENGJIAN_TRACE=1 重新运行，可看到细节；请把它报给开发者"
    if isinstance(error, OSError):
        return InputError(
            "读写文件出错，没有做成", where=str(error.filename or ""), why=cause_of(error), cure="检查这个文件和权限；" + cure
        )
    if isinstance(error, (duckdb.IOException, duckdb.InvalidInputException)):
        return InputError("有文件读不出来，没有做成", why=cause_of(error), cure="文件可能损坏，用备份恢复或重新生成；" + cure)
    if isinstance(error, (MemoryError, duckdb.OutOfMemoryException)):
        return InputError("内存不够，没有做成", why=cause_of(error), cure="关闭其他程序，或减少一次处理的数据；" + cure)
    return InputError("程序出错，没有做成", why=cause_of(error), cure=cure)


def wants_trace() -> bool:
    """Whether the environment asks for tracebacks."""
    return os.environ.get("HENGJIAN_TRACE") == "1"


def _what(error: Any) -> str:
    hint = error.param_hint or (error.param.get_error_hint() if error.param else "")
    name = hint if isinstance(hint, str) else " / ".join(hint)
    kind = "选项" if "-" in name else "参数"
    return f"{kind} {name.replace(chr(39), '')}"


def _bad_value(text: str) -> str:
    for pattern, words in _BAD_VALUES:
        if found := pattern.search(text):
            return words.format(found[1])
    return text


def _closest(error: Any) -> list[str]:
    """The options that are nearly what was written; else whatever is like it."""
    found = list(error.possibilities or [])
    return get_close_matches(error.option_name, found, 3, 0.8) or found


def _near(names: object) -> str:
    listed = [str(name) for name in names] if isinstance(names, (list, tuple, set, frozenset)) else []
    return f"是不是 {'、'.join(sorted(listed))}？" if listed else ""
