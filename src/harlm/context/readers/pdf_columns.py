"""The reading order of a page whose columns are drawn row by row. Knows pieces of lines and where they stand, no PDF.

A page is reordered only if it clearly has columns of running text: a gap that several rows share, and lines on both
sides of it that go on from one row to the next. A table does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harlm.context.readers.hyphens import MARK

_FEWEST = 3  # rows that share a gap
_DEEPEST = 3  # columns within columns
_WORDS = 2.5  # words of a line of running text, on average
_GOING_ON = 0.4  # of the lines

GAP = 1.0
"""The least distance between columns, in sizes of the letters."""

SAME_ROW = 0.6
"""How far the base lines of one row may differ, likewise."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one line.

    Attributes:
        left, right: where it begins and ends, from the left of the page.
        base: the height of its base line, from the bottom of the page.
        size: the size of its letters, in the same unit.
        text: its text.
    """

    left: float
    right: float
    base: float
    size: float
    text: str

    def is_beside(self, before: Piece) -> bool:
        """Whether it stands in the same row as another piece, to the right of it and beyond a gap."""
        size = max(self.size, before.size, 1.0)
        return abs(self.base - before.base) <= SAME_ROW * size and self.left - before.right >= GAP * size


def beside_gap(pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    """The rows that share a gap, each as the numbers of the pieces on its two sides; none if they are few."""
    if (gap := _gap_of(pieces)) is None:
        return []
    return [
        (number, number + 1)
        for number, (before, piece) in enumerate(pairwise(pieces))
        if piece.is_beside(before) and before.right <= gap <= piece.left
    ]


def may_go_on(texts: Sequence[str]) -> bool:
    """Whether some lines of a column can be running text."""
    inside = sum(_is_inside(text.strip()) for text in texts)
    return 4 * inside >= len(texts) and sum(map(_words, texts)) >= 2 * len(texts)


def in_columns(pieces: Sequence[Piece]) -> str | None:
    """The text of a page column by column; ``None`` if it does not clearly have columns.

    Args:
        pieces: in the order in which the page draws them.
    """
    ordered = _ordered(list(pieces), 0)
    return None if ordered is None else _text_of(ordered)


def _ordered(pieces: list[Piece], depth: int) -> list[Piece] | None:
    if depth == _DEEPEST or (gap := _gap_of(pieces)) is None:
        return None
    out: list[Piece] = []
    band: list[Piece] = []
    is_changed = False
    for piece in [*pieces, None]:
        if piece is not None and (piece.right <= gap or piece.left >= gap):
            band.append(piece)
            continue
        columns = _band_in_columns(band, gap, depth)
        is_changed = is_changed or columns is not None
        out += band if columns is None else columns
        band = []
        if piece is not None:
            out.append(piece)
    return out if is_changed else None


def _band_in_columns(band: list[Piece], gap: float, depth: int) -> list[Piece] | None:
    """The pieces between two lines that cross the gap, the left ones first; ``None`` if they are no columns."""
    left = [piece for piece in band if piece.right <= gap]
    right = [piece for piece in band if piece.left >= gap]
    if min(len(left), len(right)) < _FEWEST:
        return None
    left = _ordered(left, depth + 1) or left
    right = _ordered(right, depth + 1) or right
    columns = left + right
    return columns if columns != band and _goes_on(left) and _goes_on(right) else None


def _gap_of(pieces: Sequence[Piece]) -> float | None:
    """A place from the left at which the most rows have a gap; ``None`` if few do."""
    edges: list[tuple[float, int]] = []
    for before, piece in pairwise(pieces):
        if piece.is_beside(before):
            edges += [(before.right, 1), (piece.left, -1)]
    edges.sort()
    open_gaps, most, place = 0, 0, 0.0
    for (at, step), (following, _) in pairwise(edges):
        open_gaps += step
        if open_gaps > most:
            most, place = open_gaps, (at + following) / 2
    return place if most >= _FEWEST else None


def _goes_on(lines: Sequence[Piece]) -> bool:
    """Whether lines are running text: of several words, and many beginning in the middle of a sentence."""
    texts = [line.text.strip() for line in lines]
    going_on = sum(before.endswith((MARK, "-", ",")) or _is_inside(text) for before, text in pairwise(texts))
    words = sum(map(_words, texts)) / len(texts)
    return words >= _WORDS and going_on >= _GOING_ON * (len(texts) - 1)


def _is_inside(text: str) -> bool:
    """Whether a line begins inside a sentence: with a small letter, or one of a script without capitals."""
    return text[:1].isalpha() and not text[:1].isupper()


def _words(text: str) -> float:
    """The number of words; in a script without blanks, three letters count as one."""
    wide = sum(letter > "\u2e80" for letter in text)
    return len(text.split()) + wide / 3


def _text_of(pieces: Iterable[Piece]) -> str:
    out: list[str] = []
    before: Piece | None = None
    for piece in pieces:
        text = piece.text.strip()
        if before is not None and not before.text.endswith(MARK):
            out.append(" " if piece.is_beside(before) else "\n")
        out.append(text)
        before = piece
    return "".join(out)
