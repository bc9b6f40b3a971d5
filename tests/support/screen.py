"""A small terminal: it takes what a program writes and knows what a user would see."""

from __future__ import annotations

import re
from typing import Literal

from rich.cells import get_character_cell_size

_SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")
_UNFINISHED = re.compile(r"\x1b(\[\??[0-9;]*)?\Z")
_FILLER = "\0"  # the second cell of a wide character


class Screen:
    """Knows the sequences that HARLM writes, and refuses all others.

    Attributes:
        rows: the characters of each row.
        scrolled: rows that have left the screen at the top.
        row, column: the cursor.
        is_wrapping, shows_cursor: the modes.
        overflowed: how often a character had no room in its row.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows: list[list[str]] = [[] for _ in range(height)]
        self.scrolled: list[str] = []
        self.row = self.column = 0
        self.is_wrapping = self.shows_cursor = True
        self.overflowed = 0
        self._unfinished = ""

    @property
    def lines(self) -> list[str]:
        """The text of each row, down to the last one with text."""
        texts = [_text(row) for row in self.rows]
        while texts and not texts[-1]:
            texts.pop()
        return texts

    def feed(self, text: str) -> None:
        """Take what a program writes. The terminal's driver makes ``\\r\\n`` of a line feed."""
        text = self._unfinished + text
        unfinished = _UNFINISHED.search(text)
        self._unfinished = unfinished[0] if unfinished else ""
        at, end = 0, len(text) - len(self._unfinished)
        while at < end:
            match = _SEQUENCE.match(text, at)
            if match is not None:
                self._obey(match[1], match[2], match[3])
                at = match.end()
                continue
            assert text[at] != "\x1b", text[at : at + 20]
            self._put(text[at])
            at += 1

    def resize(self, width: int, height: int, way: Literal["folded", "cut"]) -> None:
        """Become smaller or larger: rows that are too long are folded, as most terminals do, or cut."""
        rows: list[list[str]] = []
        top = 0
        for number, row in enumerate(self.rows):
            if number == self.row:
                top = len(rows)
            pieces = [row[at : at + width] for at in range(0, len(row), width)] or [[]]
            rows += pieces if way == "folded" else pieces[:1]
        self.width, self.height, self.row = width, height, top
        while len(rows) > height and len(rows) > top + 1 and not rows[-1]:
            del rows[-1]
        while len(rows) > height and self.row > 0:
            self.scrolled.append(_text(rows.pop(0)))
            self.row -= 1
        self.rows = rows[:height] + [[] for _ in range(height - len(rows))]

    def _put(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.column = 0
            self._down()
        elif size := get_character_cell_size(letter):
            if self.column + size > self.width:
                self.overflowed += 1
                if not self.is_wrapping:
                    return
                self.column = 0
                self._down()
            row = self.rows[self.row]
            row += [" "] * (self.column + size - len(row))
            row[self.column : self.column + size] = [letter, *[_FILLER] * (size - 1)]
            self.column += size

    def _down(self) -> None:
        self.row += 1
        if self.row == self.height:
            self.scrolled.append(_text(self.rows.pop(0)))
            self.rows.append([])
            self.row -= 1

    def _obey(self, private: str, number: str, command: str) -> None:
        match private, number, command:
            case "", _, "A":
                self.row = max(0, self.row - int(number or 1))
            case "", "", "J":
                self._erase_row()
                self.rows[self.row + 1 :] = [[] for _ in range(self.height - self.row - 1)]
            case "", "", "K":
                self._erase_row()
            case "", _, "m":
                pass
            case "?", "7", "l" | "h":
                self.is_wrapping = command == "h"
            case "?", "25", "l" | "h":
                self.shows_cursor = command == "h"
            case _:
                raise AssertionError((private, number, command))

    def _erase_row(self) -> None:
        del self.rows[self.row][self.column :]


def _text(row: list[str]) -> str:
    return "".join(row).replace(_FILLER, "").rstrip()
