"""Cutting a text into passages that are worth ranking on their own. Knows blank lines and sizes; refuses to know
what language or format the text is in.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import sub

SCHEME = 1
"""Raised whenever the cut changes, so that stored indexes are built anew."""

ALONE = 360  # a block of at least this many characters is a passage of its own
LONGEST = 1600  # a longer block is cut

_GAP = re.compile(r"\n[ \t\f]*\n\s*")
_SOFT_BREAK = re.compile(r"\n|(?<=[.!?])[ \t]")


def split_passages(text: str) -> list[tuple[int, int]]:
    """Consecutive spans that together cover ``text``: paragraphs where they are long enough, else runs of short
    ones. A text of one paragraph a line is cut at its lines.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for block_start, block_end in _blocks(text):
        if block_end - block_start > LONGEST:
            spans.extend(_cut(text, start, block_end))
            start = block_end
        elif block_end - start >= ALONE:
            spans.append((start, block_end))
            start = block_end
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Stretches between blank lines; a long line ends a block too, since it is a paragraph."""
    start = 0
    for gap in _GAP.finditer(text):
        yield from _long_lines(text, start, gap.end())
        start = gap.end()
    if start < len(text):
        yield from _long_lines(text, start, len(text))


def _long_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > ALONE:
        line_end = text.find("\n", start, end - 1)
        if line_end < 0:
            break
        if line_end - start < ALONE:  # wrapped text: its lines are no paragraphs
            break
        yield start, line_end + 1
        start = line_end + 1
    yield start, end


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cuts a long stretch near ``LONGEST`` / 2, at a line or sentence end where there is one."""
    while end - start > LONGEST:
        middle = start + LONGEST // 2
        at = next((m.end() for m in _SOFT_BREAK.finditer(text, middle, start + LONGEST)), start + LONGEST)
        yield start, at
        start = at
    if start < end:
        yield start, end


class Passages:
    """Where the passages of some texts stand, by number: three numbers each, text, start and end.

    Args:
        spans: of all passages, text by text; may still grow.
    """

    def __init__(self, spans: array[int]) -> None:
        self._spans = spans

    def __len__(self) -> int:
        return len(self._spans) // 3

    def passage(self, number: int) -> tuple[int, int, int]:
        """The text, start and end of a passage."""
        text, start, end = self._spans[3 * number : 3 * number + 3]
        return text, start, end

    def lengths(self) -> list[int]:
        """Of all passages, in characters."""
        return list(map(sub, self._spans[2::3], self._spans[1::3]))

    def passages_of(self, text: int) -> tuple[int, int]:
        """The first and the last passage of a text."""

        def text_of(number: int) -> int:  # ascending, as the passages were cut
            return self._spans[3 * number]

        numbers = range(len(self))
        return bisect_left(numbers, text, key=text_of), bisect_right(numbers, text, key=text_of) - 1
