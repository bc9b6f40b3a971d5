"""Measures and cuts text by the cells that it takes on a terminal.

Where terminals differ, as for emoji that are joined, the widest reading counts, so that no row is longer than it
seems.
"""

from __future__ import annotations

import unicodedata

_MARKS = 3  # marks on one letter that are shown; more would be drawn over the lines above
_OF_ONE_CELL = frozenset(
    map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x250), *map(ord, "“”…≥├└─│—–’")])
)
_WITHOUT_CELL = ("Cc", "Cf", "Me", "Mn")  # categories of controls and of marks on the letter before
_SHOWN_CONTROLS = frozenset(
    map(chr, [0xAD, *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD])
)
_WIDE_LATER = frozenset(
    map(
        chr,
        [
            *range(0x2630, 0x2638),
            *range(0x268A, 0x2690),
            *range(0x4DC0, 0x4E00),
            *range(0x1D300, 0x1D357),
            *range(0x1D360, 0x1D379),
        ],
    )
)  # since Unicode 16, which not every Python knows
_UNKNOWN = "Cn"  # the category of characters that are newer than this Python
_EMOJI_STYLE = "\ufe0f"  # the character before it may become wide


def cells(text: str) -> int:
    """The most cells that any terminal needs for a line of text."""
    if _OF_ONE_CELL.issuperset(text):
        return len(text)
    total = before = 0
    for letter in text:
        size = _size(letter, before)
        total += size
        before = size or before
    return total


def cut(text: str, width: int) -> str:
    """A line of text in at most ``width`` cells; one that was cut ends with ``…``."""
    if width <= 0:
        return ""
    if _OF_ONE_CELL.issuperset(text):
        return text if len(text) <= width else f"{text[: width - 1]}…"
    kept: list[str] = []
    total = before = marks = 0
    room = 0  # letters that still fit if "…" follows
    for letter in text:
        size = _size(letter, before)
        marks = 0 if size else marks + 1
        if total + size > width:
            return "".join(kept[:room]) + "…"
        if marks <= _MARKS:
            kept.append(letter)
        total += size
        before = size or before
        if total < width:
            room = len(kept)
    return "".join(kept)


def _size(letter: str, before: int) -> int:
    if letter == _EMOJI_STYLE:
        return int(before == 1)
    category = unicodedata.category(letter)
    if category in _WITHOUT_CELL and letter not in _SHOWN_CONTROLS:
        return 0
    is_wide = unicodedata.east_asian_width(letter) in "WF" or category == _UNKNOWN or letter in _WIDE_LATER
    return 2 if is_wide else 1
