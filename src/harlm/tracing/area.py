"""An area at the bottom of a terminal that is drawn over and over, below lines that stay.

Between frames the cursor rests at the beginning of the area. So it is erased from there, whatever the terminal did
with its rows when it was resized, and nothing is left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TextIO

_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_ERASE_BELOW = "\r\x1b[J"
_ERASE_REST_OF_LINE = "\x1b[K"
_RESET = "\x1b[0m"

DIM, YELLOW = "\x1b[2m", "\x1b[33m"
"""Styles of lines that stay."""


class Area:
    """Draws on a terminal.

    Args:
        out: the terminal.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._drawn: Sequence[str] = ()
        self._write(_HIDE_CURSOR)

    def draw(self, rows: Sequence[str]) -> None:
        """Show ``rows``, each of which fits on a line of the terminal, in place of those shown before."""
        if rows == self._drawn:
            return
        self._drawn = rows
        lines = f"{_ERASE_REST_OF_LINE}\r\n".join(rows)
        back = f"\r\x1b[{len(rows) - 1}A" if len(rows) > 1 else "\r"
        self._write(f"\r{_NO_WRAP}{lines}\x1b[J{back}{_WRAP}")

    def say(self, line: str, style: str = "") -> None:
        """Write a line that stays, above the area."""
        self._erase(f"{style}{line}{_RESET if style else ''}\n")

    def close(self) -> None:
        """Leave nothing of the area on the terminal."""
        self._erase(_SHOW_CURSOR)

    def _erase(self, then: str) -> None:
        self._drawn = ()
        self._write(f"{_ERASE_BELOW}{then}")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class Ticker:
    """Calls a function again and again, in a thread.

    Args:
        tick: the function.
        every_s: seconds between two calls.
    """

    def __init__(self, tick: Callable[[], None], every_s: float) -> None:
        self._tick = tick
        self._every_s = every_s
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="harlm-display", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Return when the function runs no more."""
        self._has_ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._has_ended.wait(self._every_s):
            self._tick()
