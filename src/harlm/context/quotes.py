"""Finds a quote in the text of a document.

A document may be large and a quote may be anything, so both are searched piece by piece: each step of a search
takes about a millisecond, and a caller can do other work between them.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that yields after each step, and returns its result."""

Span = tuple[int, int]

_STEP = 1 << 18  # characters that are searched in one step
_OVERLAP = 1 << 16  # characters of a step that the next one searches again, when blanks may differ
_MOST_WORDS = 120  # words of a quote that is also found if its whitespace differs
_LONGEST = 8_000  # characters of such a quote
_WORD = re.compile(r"\S+")


def first_at(text: str, quote: str, start: int = 0) -> Steps[int]:
    """The offset of the first occurrence at or after ``start``; -1 if there is none."""
    while start + len(quote) <= len(text):
        found = text.find(quote, start, start + _STEP + len(quote) - 1)
        if found >= 0:
            return found
        start += _STEP
        yield
    return -1


def last_before(text: str, quote: str, end: int) -> Steps[int]:
    """The offset of the last occurrence that begins before ``end``; -1 if there is none."""
    reverse = quote[::-1]
    while end > 0:
        start = max(0, end - _STEP)
        # Backwards, since the standard library searches forwards alone in time that is always linear.
        piece = text[start : end + len(quote) - 1]
        found = piece[::-1].find(reverse)
        if found >= 0:
            return start + len(piece) - found - len(quote)
        end = start
        yield
    return -1


def with_other_blanks(text: str, quote: str, near: int) -> Steps[Span | None]:
    """The span of a quote of several words between which other blanks may stand: the first at or after ``near``,
    else the first of all.
    """
    words = quote.split()
    if not 2 <= len(words) <= _MOST_WORDS or len(quote) > _LONGEST:
        return None
    found = yield from _of_words(text, words, near, len(text))
    if found is None and near > 0:
        found = yield from _of_words(text, words, 0, min(len(text), near + _OVERLAP))
    return found


def _of_words(text: str, words: list[str], start: int, end: int) -> Steps[Span | None]:
    squeezed, longest = " ".join(words), max(words, key=len)
    while start < end:
        piece = text[start : min(end, start + _STEP + _OVERLAP)]
        at = " ".join(piece.split()).find(squeezed) if longest in piece else -1
        if at >= 0:
            first, last = _spread(piece, at, at + len(squeezed))
            return start + first, start + last
        start += _STEP
        yield
    return None


def _spread(text: str, start: int, end: int) -> Span:
    """The span in ``text`` of a span of its words with one blank between them."""
    squeezed = " ".join(text.split())
    return _unsqueezed(text, squeezed, start), _unsqueezed(text, squeezed, end - 1) + 1


def _unsqueezed(text: str, squeezed: str, at: int) -> int:
    """The offset in ``text`` of a character of ``squeezed`` that is not blank."""
    number = squeezed.count(" ", 0, at)
    word = next(islice(_WORD.finditer(text), number, None))
    return word.start() + at - (squeezed.rfind(" ", 0, at) + 1)
