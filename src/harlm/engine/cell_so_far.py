"""The first cell of a reply that is still being written: which of its statements are whole.

It is asked whenever more of the reply arrives, so it looks at what is new only.
"""

from __future__ import annotations

import ast

from harlm.engine.parsing import Fence, fence_in
from harlm.scheduler.analysis import LONGEST_CELL

_LONGEST = 100_000  # characters of a reply; a longer one is not looked at while it is written
_IN_VAIN = 50_000  # characters that are parsed without result, in all
_CONTINUING = ("elif", "else", "except", "finally", "case", ")", "]", "}", '"', "'", "#", "@")
"""Beginnings of an unindented line that may still belong to the statement above it."""


class CellSoFar:
    """Follows one reply, line by line."""

    def __init__(self) -> None:
        self._text = ""
        self._line_at = 0  # in the text, of the first line that is not read
        self._fence: Fence | None = None  # of the block that is open
        self._code = ""
        self._pending: list[str] = []  # lines after that code
        self._size = 0  # of these
        self._whole = 0  # how many of them are before the last statement
        self._parsed_in_vain = 0
        self._is_over = False

    def extends_to(self, text: str) -> bool:
        """Whether ``text`` is the reply that was taken so far, and perhaps more of it."""
        return text.startswith(self._text)

    def take(self, text: str) -> str:
        """Take the reply so far.

        Returns:
            the statements of its first cell that stay as they are whatever the model writes next. The last
            statement is held back while its block is open. Empty if there is no cell, or if the code so far is
            not Python.
        """
        if len(text) > _LONGEST:
            self._is_over = True
        if self._is_over:
            return self._code
        self._text = text
        self._read_lines(text)
        return self._code

    def _read_lines(self, text: str) -> None:
        while (end := text.find("\n", self._line_at)) >= 0:
            self._read(text[self._line_at : end + 1])
            self._line_at = end + 1
            if self._is_over:
                return
        if self._whole:
            self._add(self._whole)

    def _read(self, line: str) -> None:
        if self._fence is None:
            self._fence = fence_in(line)
        elif line[:-1].strip(" \t") == self._fence.ticks:
            if self._fence.is_code:
                self._add(len(self._pending))
                self._is_over = True
            self._fence = None
        elif self._fence.is_code:
            line = line.removeprefix(self._fence.indent)
            if _begins_a_statement(line):
                self._whole = len(self._pending)
            self._pending.append(line)
            self._size += len(line)
            self._is_over = len(self._code) + self._size > LONGEST_CELL

    def _add(self, lines: int) -> None:
        """Add lines that are whole statements, if they are Python."""
        new = "".join(self._pending[:lines])
        try:
            ast.parse(new)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            self._parsed_in_vain += len(new)
            self._is_over = self._parsed_in_vain > _IN_VAIN
        else:
            self._code += new
            del self._pending[:lines]
            self._size -= len(new)
        self._whole = 0


def _begins_a_statement(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and not line.startswith(_CONTINUING)
