"""What a terminal can do: whether a display can be drawn on it, and how large it is."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from harlm.tracing.ci import in_ci

_DUMB = ("dumb", "unknown")
_NARROWEST = 20  # columns that a display needs
_USUAL = os.terminal_size((80, 24))  # of a terminal that does not say its size


class Terminal:
    """The terminal behind a stream, if there is one.

    Args:
        out: the stream.
        environment: the variables that describe the terminal.
    """

    def __init__(self, out: TextIO, environment: Mapping[str, str] = os.environ) -> None:
        self._out = out
        self._environment = environment

    @property
    def size(self) -> os.terminal_size:
        """Columns and rows; ``COLUMNS`` and ``LINES`` count where they are set."""
        try:
            found = os.get_terminal_size(self._out.fileno())
        except (AttributeError, OSError, ValueError):  # the stream has no descriptor, or it is no terminal's
            found = _USUAL
        columns, rows = self._number("COLUMNS"), self._number("LINES")
        return os.terminal_size(
            (columns or found.columns or _USUAL.columns, rows or found.lines or _USUAL.lines)
        )

    def can_be_drawn_on(self) -> bool:
        """Whether the cursor can be moved on it, and its user and its size allow a display that moves."""
        return (
            self._out.isatty()
            and not in_ci()
            and not self._environment.get("NO_COLOR")
            and self._environment.get("TERM", "").lower() not in _DUMB
            and self._knows_sequences()
            and self.size.columns >= _NARROWEST
            and _is_utf8(self._out.encoding)
        )

    def _knows_sequences(self) -> bool:
        """Whether it takes escape sequences: on Windows, its newer terminal and those of other systems do."""
        return sys.platform != "win32" or "WT_SESSION" in self._environment or "TERM" in self._environment

    def _number(self, name: str) -> int:
        text = self._environment.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _is_utf8(encoding: str | None) -> bool:
    """Whether an encoding is UTF-8, which a stream that does not name its encoding is taken to be."""
    try:
        return codecs.lookup(encoding or "utf-8").name == "utf-8"
    except LookupError:
        return False
