"""Finds the brackets in an answer that may be citations: ``[head]``, ``[head "quote"]`` or ``[head “quote”]``. Brackets
and quotation marks of other scripts count as these, such as ``【head「quote」】``.

The head is one line of at most 301 characters, in which a pair of brackets without others in it counts as one. A
bracket that a parenthesis follows is a link. An answer may be anything, so it is read in time that is linear in its
length: no part of it is looked at again for each bracket before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harlm.patterns import lazy_pattern

_HEAD = lazy_pattern(r"""\[\s*+((?:[^\[\]\n"“”]++|\[[^\[\]\n"“”]*+\])*+)""")
_PAIR = lazy_pattern(r"\[[^\[\]]*+\]")
_BLANKS = lazy_pattern(r"\s*+")
_QUOTE = lazy_pattern(r'(?:[^"\\]++|\\.)*+"', re.DOTALL)
_INSIDE = lazy_pattern(r"(?:[^\[\]]++|\[\s?(?:…|\.\.\.)\s?\])*+")
_LONGEST_HEAD = 300  # characters before its last one
_PLAIN = str.maketrans("［］【】〔〕＂「」『』«»„", '[][][]"“”“”“”“')
"""The same marks of other scripts, each one character."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """A bracket of an answer.

    Attributes:
        start, end: its span.
        head: the text before its quote, without outer blanks.
        quote: the text between quotation marks, as it is written; ``None`` if there is none. If the first mark that
            could close it does not end the bracket, it goes on to the last mark in the bracket.
        is_curly: whether these are curly, so that nothing in them is escaped.
    """

    start: int
    end: int
    head: str
    quote: str | None = None
    is_curly: bool = False


def brackets(text: str) -> Iterator[Bracket | None]:
    """The brackets of a text in order, and ``None`` for an opening bracket that begins none."""
    scanner = _Scanner(text)
    at = scanner.opening(0)
    while at >= 0:
        bracket = scanner.bracket_at(at)
        yield bracket
        at = scanner.opening(at + 1 if bracket is None else bracket.end)


class _Scanner:
    """Reads brackets at ascending offsets.

    Since the next mark is the same for all offsets before it, each mark is looked for once.
    """

    def __init__(self, original: str) -> None:
        text = original if original.isascii() else original.translate(_PLAIN)
        self._original = original
        self._text = text
        self._plain = _Marks(text)
        self._curly = _CurlyMarks(text)

    def opening(self, start: int) -> int:
        """The offset of the next opening bracket; -1 if there is none."""
        return self._text.find("[", start)

    def bracket_at(self, start: int) -> Bracket | None:
        """The bracket that begins at ``start``."""
        text = self._text
        head = _HEAD.match(text, start)
        if head is None:
            return None
        first, end = head.span(1)
        stripped = head[1].rstrip()
        if stripped and stripped[-1] != "]" and _is_short(stripped[:-1]):
            found = self._ended(start, first, first + len(stripped), end)
            if found is not None:
                return found
        if text.startswith("]", end) and _is_short(head[1]):  # a bracket may be the last character of a head
            return self._ended(start, first, end + 1, end + 1)
        return None

    def _ended(self, start: int, first: int, last: int, at: int) -> Bracket | None:
        """The bracket whose head is ``text[first:last]``, if it ends at ``at`` or after a quote there."""
        text = self._text
        at = _after_blanks(text, at)
        if text.startswith("]", at) and not text.startswith("(", at + 1):
            return Bracket(start, at + 1, self._original[first:last])
        mark = text[at : at + 1]
        if mark not in ('"', "“"):
            return None
        marks = self._plain if mark == '"' else self._curly
        closed, end = marks.closing(at + 1)
        if not end:
            closed, end = self._last_mark(at + 1)
        if not end:
            return None
        written = self._original
        return Bracket(start, end, written[first:last], written[at + 1 : closed], mark == "“")

    def _last_mark(self, start: int) -> tuple[int, int]:
        """The last quotation mark of the bracket, and its end; 0 if it does not end with one."""
        text = self._text
        inside = _INSIDE.match(text, start)
        end = start if inside is None else inside.end()
        before = text[start:end].rstrip()
        is_end = text.startswith("]", end) and not text.startswith("(", end + 1)
        if not is_end or not before.endswith(('"', "”", "“")) or before[-2:-1] == "\\":
            return 0, 0
        return start + len(before) - 1, end + 1


class _Marks:
    """The quotation marks of a text that are not escaped.

    A mark is escaped by an odd number of backslashes before it, wherever the quote begins.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked = 0  # the last offset that was asked for
        self._closed = -1  # the next mark after it
        self._end = 0

    def closing(self, start: int) -> tuple[int, int]:
        """The next mark from ``start`` on, and the end of a bracket that ends after it; 0 if none does."""
        if not self._asked <= start <= self._closed:
            self._asked, self._closed = start, self._next(start)
            self._end = self._bracket_end(self._closed + 1)
        return self._closed, self._end

    def _next(self, start: int) -> int:
        found = _QUOTE.match(self._text, start)
        return len(self._text) if found is None else found.end() - 1

    def _bracket_end(self, at: int) -> int:
        at = _after_blanks(self._text, at)
        is_end = self._text.startswith("]", at) and not self._text.startswith("(", at + 1)
        return at + 1 if is_end else 0


class _CurlyMarks(_Marks):
    """The closing curly quotation marks of a text."""

    def _next(self, start: int) -> int:
        found = self._text.find("”", start)
        return len(self._text) if found < 0 else found


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()


def _is_short(head: str) -> bool:
    return len(head) <= _LONGEST_HEAD or len(_PAIR.sub("#", head)) <= _LONGEST_HEAD
