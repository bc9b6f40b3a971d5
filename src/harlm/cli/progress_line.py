"""Shows on stderr how far long work is: one moving line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from harlm.cli.printing import say
from harlm.tracing.area import Area
from harlm.tracing.cells import cut
from harlm.tracing.terminal import Terminal
from harlm.visible import harmless

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
        self._terminal = Terminal(sys.stderr)
        self._area: Area | None = None

    def __enter__(self) -> Self:
        if not self._quiet and self._terminal.can_be_drawn_on():
            self._area = Area(sys.stderr)
            self.moved()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._area is not None:
            self._area.close()
        if not self._quiet and (line := self._line()):
            say(line)

    def moved(self) -> None:
        """The work has moved."""
        if self._area is not None:
            self._area.draw([cut(harmless(self._line()), self._terminal.size.columns)])
        elif not self._quiet and self._clock() - self._shown_at >= _EVERY_S:
            self._shown_at = self._clock()
            say(self._line())

    def hide(self) -> None:
        """Make room for other lines. It is shown again when the work has moved."""
        if self._area is not None:
            self._area.draw([""])


def time_text(seconds: float) -> str:
    """A duration with a unit, such as ``12 s`` or ``3 min``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
