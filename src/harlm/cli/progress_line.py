"""Shows on stderr how far long work is: one moving line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from harlm.cli.printing import say
from harlm.visible import harmless

if TYPE_CHECKING:
    from rich.status import Status

_EVERY_S = 15.0  # seconds between two plain lines


class ProgressLine:
    """A line that is shown anew whenever the work has moved. Use it as a context manager; it says the last one at the end.

    Args:
        line: makes it; empty if there is nothing to say yet.
        quiet: show nothing.
        clock: seconds.
    """

    def __init__(
        self, line: Callable[[], str], *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._line, self._quiet, self._clock = line, quiet, clock
        self._shown_at = clock()
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console  # costs a tenth of a second, and only a terminal needs it

            self._status = Console(stderr=True, markup=False).status(harmless(self._line()), spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        if not self._quiet and (line := self._line()):
            say(line)

    def moved(self) -> None:
        """The work has moved."""
        if self._status is not None:
            self._status.update(harmless(self._line()))
        elif not self._quiet and self._clock() - self._shown_at >= _EVERY_S:
            self._shown_at = self._clock()
            say(self._line())


def time_text(seconds: float) -> str:
    """A duration with a unit, such as ``12 s`` or ``3 min``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
