"""What a cell means by the ways to finish: the text that ``FINAL_VAR`` was given, and the ``answer`` dict. The
worker and Monty decide it by the same rules.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

_LONGEST = 2_000  # characters of an expression in quotes
_QUOTED = re.compile(
    r"""\bFINAL_VAR\s*+\(\s*+(?:\w++\s*+=\s*+)?+(?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')\s*+,?+\s*+\)"""
)
_AROUND = "\"'` \t\r\n"


def only(function: str, values: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """The one value that a function was given, by position or by any name.

    Raises:
        TypeError: it was given none, or several.
    """
    given = (*values, *named.values())
    if len(given) != 1:
        raise TypeError(f"{function} takes one value, not {len(given)}")
    return given[0]


def name_in(text: str) -> str:
    """A variable's name without the blanks, quotes and backticks around it."""
    return text.strip(_AROUND)


def is_quoted(text: str, sources: Iterable[str]) -> bool:
    """Whether code calls ``FINAL_VAR`` with this text in quotes, and not with a value that happens to be the
    text.
    """
    for source in sources:
        for found in _QUOTED.finditer(source) if "FINAL_VAR" in source else ():
            if len(found["text"]) <= _LONGEST and _literal(found["text"]) == text:
                return True
    return False


def _literal(quoted: str) -> object:
    try:
        return ast.literal_eval(quoted)
    except (ValueError, SyntaxError):
        return None


def expression(text: str, names: Collection[str]) -> str | None:
    """The expression that a text in quotes is: it uses a variable, and every name in it exists; else ``None``.

    Args:
        text: the text.
        names: of the variables.

    Raises:
        NameError: it is an item of a variable, or a call, and has a name that does not exist.
    """
    if len(text) > _LONGEST:
        return None
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    own: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
    missing = sorted(name for name in used - own if name not in names and not hasattr(builtins, name))
    if not missing:
        return text if any(name in names for name in used - own) else None
    if isinstance(tree, ast.Subscript | ast.Call):
        raise NameError(f"FINAL_VAR({text!r}): there is no variable {missing[0]!r}; SHOW_VARS() lists them")
    return None


def content_of(answer: dict[Any, Any]) -> Any:
    """The value of the ``answer`` dict: its ``content``; if that is not set, what stands under another key, or the
    dict of several others.
    """
    content = answer.get("content")
    if content is not None:
        return content
    others = {
        key: value for key, value in answer.items() if key not in ("content", "ready") and value is not None
    }
    return next(iter(others.values())) if len(others) == 1 else others or None
