"""The open tail of a cell that is still being written, made whole as far as it goes: brackets are closed, a block without a body
gets one, and the line that has not ended is left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NamedTuple

_TOKENS = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<string>(?:[rRbBuUfFtT]{0,2})(?P<quotes>\"\"\"|'''|"|'))|(?P<bracket>[()\[\]{}])|(?P<other>[^\#"'()\[\]{}rRbBuUfFtT]+|.)""",
    re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TRIES = 3  # lines at the end that are left out at most
_LONGEST = 20_000  # characters of a tail that is looked at


class Repaired(NamedTuple):
    """A tail that was made whole.

    Attributes:
        text: its code, without what was added.
        body: its statements; empty if they are not known yet.
        is_even: whether no bracket was closed and no line left out.
    """

    text: str = ""
    body: Sequence[ast.stmt] = ()
    is_even: bool = False

    def is_open(self, node: ast.expr) -> bool:
        """Whether the text of an expression has not ended, so that its bracket was closed here."""
        assert node.end_lineno is not None
        return node.end_lineno > self.text.count("\n")


def repaired(tail: str) -> Repaired:
    """The statements that a tail begins with.

    Args:
        tail: the text after the last whole statement of a cell.
    """
    if len(tail) > _LONGEST:
        return Repaired()
    text = tail[: tail.rfind("\n") + 1]
    for _ in range(_TRIES):
        if not text.strip():
            return Repaired()
        closed = _closed(text)
        body = None if closed is None else _parsed(closed)
        if body is not None:
            return Repaired(text, body, is_even=closed == tail)
        if closed != text and (body := _parsed(text)) is not None:  # such as quotes inside of an f-string
            return Repaired(text, body, is_even=text == tail)
        text = text[: text.rstrip("\n").rfind("\n") + 1]
    return Repaired()


def _parsed(text: str) -> list[ast.stmt] | None:
    """The statements of a text, of which the last block may lack its body; ``None`` if it is not Python."""
    last = text.rstrip().rpartition("\n")[2]
    if last.endswith(":"):
        indent = len(last) - len(last.lstrip()) + 4
        text = f"{text.rstrip()}\n{' ' * indent}pass\n"
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _closed(text: str) -> str | None:
    """A text with its open brackets closed on a line of their own; ``None`` if it ends inside a string, or closes what
    is not open.
    """
    opened: list[str] = []
    at = 0
    while found := _TOKENS.match(text, at):
        at = found.end()
        if found["string"]:
            end = _end_of_string(text, at, found["quotes"])
            if end is None:
                return None
            at = end
        elif (bracket := found["bracket"]) in _CLOSING:
            opened.append(_CLOSING[bracket])
        elif bracket and (not opened or opened.pop() != bracket):
            return None
    return f"{text}{''.join(reversed(opened))}\n" if opened else text


def _end_of_string(text: str, at: int, quotes: str) -> int | None:
    """Where a string ends that began before ``at``; ``None`` if it does not."""
    while True:
        end = text.find(quotes, at)
        line = text.find("\n", at) if len(quotes) == 1 else -1
        if end < 0 or 0 <= line < end:
            return None
        slashes = len(text[at:end]) - len(text[at:end].rstrip("\\"))
        if slashes % 2 == 0:
            return end + len(quotes)
        at = end + 1
