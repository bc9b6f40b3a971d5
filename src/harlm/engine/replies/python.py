"""Python code as text: where its strings begin and end, line by line, and whether it is Python.

Nothing is executed. The parser runs in the event loop, so what it may read is bounded.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from harlm import syntax
from harlm.patterns import lazy_pattern
from harlm.scheduler.analysis import LONGEST_CELL

_PARSED = 12_000  # characters of one reply that the parser may read, which takes at most 40 ms

_DOUBLE = lazy_pattern(r'(?:[^"\\\n]|\\.)*+"', re.DOTALL)
_SINGLE = lazy_pattern(r"(?:[^'\\\n]|\\.)*+'", re.DOTALL)
_THREE_DOUBLE = lazy_pattern(r'(?:[^"\\]|\\.|"(?!""))*+"""', re.DOTALL)
_THREE_SINGLE = lazy_pattern(r"(?:[^'\\]|\\.|'(?!''))*+'''", re.DOTALL)
_REST_OF_STRING = {
    '"': _DOUBLE.match,
    "'": _SINGLE.match,
    '"""': _THREE_DOUBLE.match,
    "'''": _THREE_SINGLE.match,
}


@lru_cache(maxsize=64)
def tokens_with(marks: str) -> re.Pattern[str]:
    """The pattern for ``scan_line`` that finds ``marks``: a pattern of texts that no Python code has outside of
    strings and comments.
    """
    return re.compile(rf"""(?P<comment>\#)|(?P<quotes>"{{3}}|'{{3}}|["'])|(?P<mark>{marks})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LineScan:
    """One line of code.

    Attributes:
        quotes: those of the string that is open after the line; empty if none is open.
        mark: the first mark outside of strings and comments.
        comment_mark: the offset of a mark that ends the line, in a comment.
    """

    quotes: str
    mark: re.Match[str] | None = None
    comment_mark: int | None = None


_NOTHING = LineScan("")


def scan_line(text: str, start: int, end: int, quotes: str, tokens: re.Pattern[str]) -> LineScan:
    """Look for a mark in one line of code.

    Args:
        text: that the line is in.
        start, end: the line, with its line end.
        quotes: of the string that is open before it.
        tokens: from ``tokens_with``.
    """
    at = start
    while True:
        if quotes:
            closing = _REST_OF_STRING[quotes](text, at, end)
            if closing is None:
                return _open_string(text, at, end, quotes, tokens)
            at, quotes = closing.end(), ""
        token = tokens.search(text, at, end)
        if token is None:
            return _NOTHING
        if token["mark"] is not None:
            return LineScan("", token)
        if token["comment"] is not None:
            return LineScan("", comment_mark=_ending_mark(text, token.end(), end, tokens))
        at, quotes = token.end(), token["quotes"]


def _open_string(text: str, at: int, end: int, quotes: str, tokens: re.Pattern[str]) -> LineScan:
    """The scan of a line whose last string has no end in it. Quotes of one line then are an apostrophe or a
    mistake, unless a backslash continues the line.
    """
    if len(quotes) == 3 or text.endswith(("\\\n", "\\"), at, end):
        return LineScan(quotes)
    while (token := tokens.search(text, at, end)) is not None:
        if token["mark"] is not None:
            return LineScan("", token)
        at = token.end()
    return LineScan("")


def _ending_mark(text: str, at: int, end: int, tokens: re.Pattern[str]) -> int | None:
    while (token := tokens.search(text, at, end)) is not None:
        if token["mark"] is not None and not text[token.end() : end].strip():
            return token.start("mark")
        at = token.end()
    return None


def parsed(code: str) -> ast.Module | None:
    """The syntax of code; ``None`` if it is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings that are no escapes
        try:
            return syntax.parsed(code)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return None


class Parser:
    """Parses code of one reply, as long as that is cheap."""

    def __init__(self) -> None:
        self._left = _PARSED

    def tree(self, code: str) -> ast.Module | None:
        """The syntax of code; ``None`` if it is not Python, or if parsing it would take too long."""
        if len(code) > min(self._left, LONGEST_CELL):
            return None
        self._left -= len(code)
        return parsed(code)

    def may_be_python(self, code: str) -> bool:
        """Whether code is Python. True if finding out would take too long."""
        return len(code) > min(self._left, LONGEST_CELL) or self.tree(code) is not None

    def may_do_something(self, code: str) -> bool:
        """Whether code is Python with a statement that does something, rather than words. True if finding out
        would take too long.
        """
        if len(code) > min(self._left, LONGEST_CELL):
            return True
        tree = self.tree(code)
        return tree is not None and has_statement(tree)


_WORDS = (ast.Name, ast.Constant, ast.Attribute, ast.JoinedStr, ast.Tuple, ast.List, ast.Dict, ast.Set)
BLOCKS = (
    ast.Import,
    ast.ImportFrom,
    ast.For,
    ast.While,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.With,
    ast.Try,
    ast.AugAssign,
    ast.Delete,
)


def does_something(tree: ast.Module) -> bool:
    """Whether code is more than values, names and words: it has an import, a block, an assignment of something
    computed, or a call in a line of its own.
    """
    return any(_does_something(statement) for statement in tree.body)


def _does_something(statement: ast.stmt) -> bool:
    if isinstance(statement, BLOCKS):
        return True
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return statement.value is not None and not isinstance(statement.value, _WORDS)
    if isinstance(statement, ast.Expr):
        value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        return isinstance(value, ast.Call | ast.ListComp)
    return False


def has_statement(tree: ast.Module) -> bool:
    """Whether code has an assignment, an import or a call."""
    return does_something(tree) or any(isinstance(each, ast.Assign | ast.AnnAssign) for each in tree.body)
