"""Cutting a text into passages that are worth ranking on their own, by blank lines and sizes.

Does not depend on the language or format of the text.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import sub

from harlm.patterns import lazy_pattern

SCHEME = 2
"""The version of the cut. Stored indexes of another version are rebuilt."""

ALONE = 360  # characters; a block of at least this size is a passage by itself
LONGEST = 1600  # characters; a longer block is cut

_GAP = lazy_pattern(r"\n[ \t\f]*\n\s*")
_SOLID = lazy_pattern(r"\S")
_WINDOW = 1 << 18  # characters: a few milliseconds of searching
_SOFT_BREAK = lazy_pattern(r"\n|(?<=[.!?])[ \t]|[。！？।]")
_WORD_END = lazy_pattern(r"[\s,;{}()]")
_REACH = 200  # characters before the longest passage in which the end of a word is looked for


def split_passages(text: str) -> list[tuple[int, int]]:
    """The passages of ``text`` as consecutive spans that together cover it; see ``passages_in``."""
    return list(passages_in(text))


def passages_in(text: str) -> Iterator[tuple[int, int]]:
    """The passages of ``text``, one after another.

    A passage is a long paragraph, or a run of short ones. If every line is a paragraph, the text is cut at
    its lines.
    """
    start = 0
    for block_start, block_end in _blocks(text):
        if block_end - block_start > LONGEST:
            yield from _cut(text, start, block_end)
            start = block_end
        elif block_end - start >= ALONE:
            yield start, block_end
            start = block_end
    if start < len(text):
        yield start, len(text)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """The spans between blank lines. A long line also ends a block, since it is a paragraph."""
    start = 0
    for gap_end in _gap_ends(text):
        yield from _long_lines(text, start, gap_end)
        start = gap_end
    if start < len(text):
        yield from _long_lines(text, start, len(text))


def _gap_ends(text: str) -> Iterator[int]:
    """The end of each run of blank lines. The text is read in windows, since one search through a large text would
    keep all other threads waiting.
    """
    at, size = 0, len(text)
    while at < size:
        end = min(at + _WINDOW, size)
        if end < size:  # a window ends where no gap can go on
            solid = _SOLID.search(text, end, min(end + _WINDOW, size))
            end = min(end + _WINDOW, size) if solid is None else solid.end()
        for gap in _GAP.finditer(text, at, end):
            yield gap.end()
        at = end


def _long_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > ALONE:
        line_end = text.find("\n", start, end - 1)
        if line_end < 0:
            break
        if line_end - start < ALONE:  # wrapped text, whose lines are not paragraphs
            break
        yield start, line_end + 1
        start = line_end + 1
    yield start, end


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a long block after about ``LONGEST`` / 2 characters, at line or sentence ends if possible."""
    while end - start > LONGEST:
        middle = start + LONGEST // 2
        found = _SOFT_BREAK.search(text, middle, start + LONGEST) or _WORD_END.search(
            text, start + LONGEST - _REACH, start + LONGEST
        )
        at = found.end() if found else start + LONGEST
        yield start, at
        start = at
    if start < end:
        yield start, end


class Passages:
    """The spans of the passages of some texts, by the number of the passage.

    Args:
        spans: three numbers for each passage (number of the text, start, end), ordered by text; it may still
            grow.
    """

    def __init__(self, spans: array[int]) -> None:
        self._spans = spans

    def __len__(self) -> int:
        return len(self._spans) // 3

    def passage(self, number: int) -> tuple[int, int, int]:
        """The number of the text, the start and the end of a passage."""
        text, start, end = self._spans[3 * number : 3 * number + 3]
        return text, start, end

    def passage_at(self, text: int, offset: int) -> int:
        """The number of the passage of a text that has the character at ``offset``."""
        first, last = self.passages_of(text)
        return max(
            first, bisect_right(range(last + 1), offset, lo=first, key=lambda at: self._spans[3 * at + 1]) - 1
        )

    def lengths(self) -> list[int]:
        """The lengths of all passages, in characters."""
        return list(map(sub, self._spans[2::3], self._spans[1::3]))

    def passages_of(self, text: int) -> tuple[int, int]:
        """The first and the last passage of a text."""

        def text_of(number: int) -> int:  # ascending in the number
            return self._spans[3 * number]

        numbers = range(len(self))
        return bisect_left(numbers, text, key=text_of), bisect_right(numbers, text, key=text_of) - 1
