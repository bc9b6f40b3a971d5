"""Finds a quote in the text of a document: as it is, typeset in another way, or with parts left out.

A document may be large and a quote may be anything, so both are searched piece by piece: each step of a search
takes about a millisecond, and a caller can do other work between them.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

from harlm.context.typography import SOFT, canonical, skeleton
from harlm.patterns import lazy_pattern

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that yields after each step, and returns its result."""

Span = tuple[int, int]

_STEP = 1 << 18  # characters that are searched in one step
_PIECE = 1 << 16  # characters whose skeleton is made in one step
_OVERLAP = 1 << 14  # characters of a piece that the next one searches again
_LONGEST = 8_000  # characters of a quote that may be typeset in another way
_MOST_TRIED = 200  # places of a quote that are compared character by character
_BEFORE = 1 << 16  # characters before a place, in which the last occurrence is preferred to the first
_KEPT = 24 << 20  # characters of skeletons that are kept for the next quote
_MOST_MADE = 128 << 20  # characters whose skeletons are made for one answer
_MOST_SEARCHED = 4 << 30  # characters of skeletons that are searched for one answer

_ELISION = lazy_pattern(r"[\[(]\s?(?:…|\.\.\.)\s?[\])]|…|\.\s?\.\s?\.")
_MOST_PARTS = 8  # of a quote with parts left out
_LONG_PART = 12  # characters; a shorter part must stand near
_FAR, _NEAR = 1_000, 200  # characters that may be left out between two parts
_MOST_ELIDED = 5_000  # places at which quotes with parts left out are tried for one answer
_IN_WINDOW = 20  # places that are compared between two parts


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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A quote, prepared for comparison.

    Attributes:
        skeleton: its skeleton.
        letters: its canonical characters.
        lead: how many of them may stand before the first one of the skeleton.
    """

    skeleton: str
    letters: Sequence[str]
    lead: int

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, quote: str, *, is_marked: bool) -> _Wanted | None:
        """``None`` for a quote that holds nothing but blanks and marks."""
        bare = skeleton(quote)
        if not bare or len(quote) > _LONGEST:
            return None
        letters = [each for each, _, _ in canonical(quote, 0, len(quote), is_marked=is_marked)]
        while letters and letters[0] in (" ", SOFT):
            del letters[0]
        while letters and letters[-1] in (" ", SOFT):
            del letters[-1]
        lead = next((at for at, each in enumerate(letters) if skeleton(each)), 0)
        return cls(bare, letters, lead)


@dataclass(slots=True)
class Typeset:
    """Searches texts for quotes that are typeset in another way: other quotation marks, dashes, blanks, hyphens at line
    ends, emphasis. What it prepares is kept for the next quote.
    """

    _skeletons: dict[tuple[int, int], str] = field(default_factory=dict)
    _texts: dict[int, str] = field(default_factory=dict)  # so that no other text gets the id of one
    _room: int = _KEPT
    _makes: int = _MOST_MADE
    _searches: int = _MOST_SEARCHED
    _tries: int = _MOST_ELIDED

    def near(
        self, text: str, quote: str, start: int, end: int, *, is_marked: bool = True
    ) -> Steps[Span | None]:
        """The span of a quote: in ``text[start:end]``, or else about as near to it as possible.

        Args:
            text, quote: what is searched, and for what.
            start, end: the place where the quote should begin.
            is_marked: as for ``canonical``.
        """
        wanted = _Wanted.of(quote, is_marked=is_marked)
        if wanted is None:
            return None
        if len(text) <= _PIECE and wanted.skeleton not in self.skeleton_at(text, 0):
            return None
        look = _Look(self, text, is_marked=is_marked)
        after = yield from look.first(wanted, start, len(text))
        if after is not None and after[0] < end:
            return after
        before = yield from look.last(wanted, max(0, start - _BEFORE), start)
        if before is None and after is None:
            before = yield from look.first(wanted, 0, start)
        if before is None or after is None:
            return before or after
        return min(before, after, key=lambda span: abs(span[0] - start))

    def within(
        self, text: str, quote: str, start: int, end: int, *, is_marked: bool = True
    ) -> Steps[Span | None]:
        """The span of the first occurrence that begins in ``text[start:end]``."""
        wanted = _Wanted.of(quote, is_marked=is_marked)
        if wanted is None:
            return None
        return (yield from _Look(self, text, is_marked=is_marked).first(wanted, start, end))

    def elided(self, text: str, quote: str, start: int, *, is_marked: bool = True) -> Steps[Span | None]:
        """The span from the first to the last part of a quote in which dots stand for what was left out: the first one
        after ``start``, or else of all. Parts stand in their order, each near to the one before it.
        """
        parts = [part for each in _ELISION.split(quote, _MOST_PARTS) if (part := each.strip())]
        if not parts or parts == [quote.strip()]:
            return None
        wanted = [each for part in parts if (each := _Wanted.of(part, is_marked=is_marked)) is not None]
        if len(wanted) < len(parts):
            return None
        look = _Look(self, text, is_marked=is_marked)
        for begin, end in ((start, len(text)), (0, start)):
            at = begin
            for _ in range(_MOST_TRIED):
                first = yield from look.first(wanted[0], at, end)
                self._tries -= 1
                if first is None or self._tries < 0:
                    break
                last = look.following(wanted[1:], first[1])
                if last is not None:
                    return first[0], last
                at = first[0] + 1
        return None

    def skeleton_at(self, text: str, start: int) -> str:
        """The skeleton of a piece of ``text``; empty if no more may be made for this answer."""
        key = id(text), start
        if (kept := self._skeletons.get(key)) is not None:
            self._searches -= len(kept)
            return kept if self._searches > 0 else ""
        piece = text[start : start + _PIECE + _OVERLAP]
        self._makes -= len(piece)
        if self._makes < 0:
            return ""
        made = skeleton(piece)
        if self._room >= len(made):
            self._room -= len(made)
            self._skeletons[key] = made
            self._texts[id(text)] = text
        return made


class _Look:
    """One look through one text."""

    def __init__(self, typeset: Typeset, text: str, *, is_marked: bool) -> None:
        self._typeset = typeset
        self._text = text
        self._is_marked = is_marked

    def first(self, wanted: _Wanted, start: int, end: int) -> Steps[Span | None]:
        """The first occurrence that begins in ``text[start:end]``."""
        tried = 0
        for piece in range(start // _PIECE * _PIECE, end, _PIECE):
            bare = self._typeset.skeleton_at(self._text, piece)
            at = len(skeleton(self._text[piece:start])) if piece < start else 0
            while (at := bare.find(wanted.skeleton, at)) >= 0:
                offset = self._offset(piece, at)
                if offset >= piece + _PIECE:
                    break
                if (span := self._matched(wanted, offset, start)) is not None:
                    return span if span[0] < end else None
                tried += 1
                if tried == _MOST_TRIED:
                    return None
                at += 1
                yield
            yield
        return None

    def last(self, wanted: _Wanted, start: int, end: int) -> Steps[Span | None]:
        """The last of the first occurrences that begin in ``text[start:end]``."""
        found = None
        for _ in range(_MOST_TRIED):
            span = yield from self.first(wanted, start, end)
            if span is None:
                break
            found, start = span, span[0] + 1
        return found

    def following(self, parts: Sequence[_Wanted], at: int) -> int | None:
        """The end of the last part, if all follow ``at`` in their order, each near to the one before it."""
        for part in parts:
            gap = _FAR if len(part.letters) >= _LONG_PART else _NEAR
            bare = skeleton(self._text[at : at + gap + 4 * len(part.letters)])
            found, found_at = None, -1
            for _ in range(_IN_WINDOW):
                found_at = bare.find(part.skeleton, found_at + 1)
                if found_at < 0 or (offset := self._offset(at, found_at)) > at + gap:
                    break
                if (found := self._matched(part, offset, at)) is not None:
                    break
            if found is None:
                return None
            at = found[1]
        return at

    def _offset(self, start: int, kept: int) -> int:
        """The offset of the character that stands behind ``kept`` characters of the skeleton from ``start`` on."""
        size = 1
        while len(skeleton(self._text[start : start + size])) <= kept:
            size *= 2
        first, last = start, start + size  # the character is in text[first:last]
        while last - first > 1:
            middle = (first + last) // 2
            before = len(skeleton(self._text[first:middle]))
            if before > kept:
                last = middle
            else:
                first, kept = middle, kept - before
        return first

    def _matched(self, wanted: _Wanted, offset: int, floor: int) -> Span | None:
        """The span of the quote whose first character of the skeleton is at ``offset``."""
        earliest = max(floor, offset - 4 * wanted.lead)
        for at in range(offset, earliest - 1, -1):
            if (end := self._end_of(wanted.letters, at)) is not None:
                return at, end
            if not wanted.lead:
                break
        return None

    def _end_of(self, letters: Sequence[str], start: int) -> int | None:
        """The end of the quote that begins at ``start``; ``None`` if another text stands there."""
        reach = min(len(self._text), start + 4 * len(letters) + _OVERLAP // 4)
        found = canonical(self._text, start, reach, is_marked=self._is_marked)
        at, end = 0, start
        for letter, first, last in found:
            if at == len(letters):
                is_cut = first < end and self._text[first] not in _LIGATURES
                return None if is_cut or _is_accent(letter) else end
            if letter == " " and first == start:
                return None
            if letter == SOFT:
                at += letters[at] in ("-", SOFT)
                at += 0 < at < len(letters) and letters[at] == " " and letters[at - 1] == "-"
            else:
                at += letters[at] == SOFT and letter != "-"
                if at == len(letters) or (
                    letters[at] != letter and not (letter == "-" and letters[at] == SOFT)
                ):
                    return None
                at += 1
            end = last
        return end if at == len(letters) else None


_LIGATURES = frozenset(map(chr, range(0xFB00, 0xFB07)))


def _is_accent(letter: str) -> bool:
    return not skeleton(letter) and letter.isprintable() and not letter.isascii() and letter != "…"
