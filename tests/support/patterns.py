"""All regular expressions of HARLM, and texts that are hard for each of them."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import re._constants as kinds  # type: ignore[import-not-found] # typeshed does not know it
import re._parser as parser  # type: ignore[import-not-found] # typeshed does not know it
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import harlm
from harlm.errors import ConfigError
from harlm.patterns import _Lazy

_FUNCTIONS = frozenset(
    {"compile", "match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn"}
)
_CODE = (ast.FunctionDef, ast.AsyncFunctionDef)
_ANCHORED = frozenset({"match", "fullmatch"})
_GENERIC = (
    " ", "\n", "\t", "a", "0", '"', "'", "“", "[", "]", "(", ")", "<", "`", "\\", ".", ",", "-", "*", "_",
    "a ", "a\n", " \n", "0 ", "a.", "a-", '\\"', "[a", "[a“", "[ ", "(a", ")\n", "a:", "a=", "A", "Aa", "é", "a0_", "<a ", "“a",
)  # fmt: skip
_BREAKERS = ("", "\0", "\n!", "a")


class Found(NamedTuple):
    """A regular expression: where it stands, and whether it is only matched at the beginning of a text."""

    where: str
    pattern: re.Pattern[Any]
    is_anchored: bool


class TooSlow(Exception):
    """A match took longer than it may."""


def modules() -> Iterator[ModuleType]:
    """All modules of HARLM but those that are programs, and adapters whose packages are not here."""
    for each in pkgutil.walk_packages(harlm.__path__, "harlm."):
        if not each.name.endswith("__main__"):
            with suppress(ConfigError):
                yield importlib.import_module(each.name)


def patterns_of(module: ModuleType) -> Iterator[Found]:
    """The patterns in a module's globals and classes, and those that it passes to functions of ``re``."""
    tree = ast.parse(inspect.getsource(module)) if module.__file__ else ast.Module(body=[], type_ignores=[])
    methods = _methods(tree)
    for name, value in list(vars(module).items()):
        is_anchored = bool(methods.get(name)) and methods[name] <= _ANCHORED
        for pattern in _inside(value, module.__name__):
            yield Found(f"{module.__name__}.{name}", pattern, is_anchored)
    inside = [
        node for function in ast.walk(tree) if isinstance(function, _CODE) for node in ast.walk(function)
    ]
    for node in dict.fromkeys(inside):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            of, name = node.func.value, node.func.attr
            if isinstance(of, ast.Name) and of.id == "re" and name in _FUNCTIONS:
                for pattern in _written(node, module):
                    yield Found(f"{module.__name__}:{node.lineno}", pattern, name in _ANCHORED)


def _methods(tree: ast.AST) -> dict[str, set[str]]:
    """The methods that are called on each name."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return found


def _inside(value: object, module: str, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, dict):
        for each in value.values():
            yield from _inside(each, module, depth + 1)
    elif depth < 4 and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _inside(each, module, depth + 1)
    elif isinstance(value, type) and value.__module__ == module and depth == 0:
        for each in vars(value).values():
            yield from _inside(each, module, depth + 1)
    elif isinstance(value, _Lazy):
        yield value._compiled


def _written(call: ast.Call, module: ModuleType) -> Iterator[re.Pattern[Any]]:
    """The pattern of a call such as ``re.search(rf"…{word}…", text)``; parts that are not known stand for a word."""
    source = _text(call.args[0], module)
    flags = [_flags(each, module) for each in (*call.args[1:], *(word.value for word in call.keywords))]
    if source:
        try:
            yield re.compile(source, sum(flags))
        except re.error:
            return


def _text(node: ast.expr, module: ModuleType) -> str | bytes | None:
    match node:
        case ast.Constant(value=str() | bytes() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(_text(part, module) or "word") for part in parts)
        case ast.FormattedValue(value=value):
            return _text(value, module)
        case ast.Name(id=name):
            known = getattr(module, name, None)
            return known if isinstance(known, str | bytes) else None
        case ast.Attribute(value=ast.Name(id=of), attr=name):
            known = getattr(getattr(module, of, None), name, None)
            return known if isinstance(known, str) else None
    return None


def _flags(node: ast.expr, module: ModuleType) -> int:
    names = [each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)]
    return sum(int(getattr(re, name)) for name in names if name.isupper() and hasattr(re, name))


# -- texts ----------------------------------------------------------------------------------------------------


class HardText(NamedTuple):
    """A text of any size: a part many times, after what must come before it and before something that does not fit."""

    before: str
    part: str
    after: str

    def of(self, size: int) -> str:
        """The text with about ``size`` characters."""
        return f"{self.before}{self.part * (size // len(self.part))}{self.after}"


def hard_texts(pattern: re.Pattern[Any]) -> list[HardText]:
    """Texts that are hard for a pattern: each part of it that may be repeated, and texts that are hard for many."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
    own = [(before, part) for before, part in _pumps(parser.parse(source, flags), "") if part]
    found = [HardText("", part, after) for part in _GENERIC for after in ("\0", "\n!")]
    found += [HardText(before, part, after) for before, part in own for after in _BREAKERS]
    found += [HardText("", before + part, after) for before, part in own for after in _BREAKERS]
    return list(dict.fromkeys(found))


def _pumps(tree: Iterable[tuple[Any, Any]], before: str) -> Iterator[tuple[str, str]]:
    """Each repeated part: a text that can come before it, and one that it matches."""
    for kind, value in tree:
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
            inner = value[2]
            for sample in _samples(inner):
                yield before, sample
            yield from _pumps(inner, before)
        elif kind is kinds.SUBPATTERN:
            yield from _pumps(value[-1], before)
        elif kind is kinds.ATOMIC_GROUP:
            yield from _pumps(value, before)
        elif kind is kinds.BRANCH:
            for branch in value[1]:
                yield from _pumps(branch, before)
        elif kind in (kinds.ASSERT, kinds.ASSERT_NOT):
            yield from _pumps(value[1], before)
        before += next(iter(_samples([(kind, value)])), "")


def _samples(tree: Iterable[tuple[Any, Any]]) -> list[str]:
    """A few texts that the tree matches, about."""
    made = [""]
    for kind, value in tree:
        made = [start + end for start in made for end in _of_one(kind, value)][:6]
    return list(dict.fromkeys(made))


def _of_one(kind: Any, value: Any) -> list[str]:
    if kind is kinds.LITERAL:
        return [chr(value)]
    if kind is kinds.NOT_LITERAL:
        return ["a" if value != ord("a") else "b"]
    if kind is kinds.ANY:
        return ["a", " "]
    if kind is kinds.IN:
        return _of_class(value)
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        least, _, inner = value
        return [sample * max(1, min(least, 8)) for sample in _samples(inner)]
    if kind is kinds.SUBPATTERN:
        return _samples(value[-1])
    if kind is kinds.ATOMIC_GROUP:
        return _samples(value)
    if kind is kinds.BRANCH:
        return [sample for branch in value[1] for sample in _samples(branch)[:2]][:4]
    return [""]


def _of_class(parts: list[tuple[Any, Any]]) -> list[str]:
    """Characters of a class: some of those that it names, and of the generic ones that are in it."""
    is_negated = bool(parts) and parts[0][0] is kinds.NEGATE
    named = [chr(value) for kind, value in parts if kind is kinds.LITERAL]
    named += [chr(value[0]) for kind, value in parts if kind is kinds.RANGE]
    categories = [value for kind, value in parts if kind is kinds.CATEGORY]
    by_category = {
        kinds.CATEGORY_SPACE: " ", kinds.CATEGORY_DIGIT: "0", kinds.CATEGORY_WORD: "a",
        kinds.CATEGORY_NOT_SPACE: "a", kinds.CATEGORY_NOT_DIGIT: "a", kinds.CATEGORY_NOT_WORD: " ",
    }  # fmt: skip
    inside = [*named, *(by_category[each] for each in categories)]
    if not is_negated:
        return inside[:4]
    return [each for each in ("a", " ", "0", ".", "é") if each not in inside][:3] or ["z"]


# -- time -----------------------------------------------------------------------------------------------------


def cost(found: Found, text: str, limit_s: float) -> float:
    """The processor time of finding all matches, at most ``limit_s``: of this thread, since that of the process is counted in ticks of
    4 ms while a timer runs.
    """
    given: Any = text if isinstance(found.pattern.pattern, str) else text.encode("latin-1", "replace")
    before = signal.signal(signal.SIGVTALRM, _stop)
    started = time.thread_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
    try:
        if found.is_anchored:
            found.pattern.match(given)
        else:
            for _ in found.pattern.finditer(given):
                pass
        return time.thread_time() - started
    except TooSlow:
        return limit_s
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow
