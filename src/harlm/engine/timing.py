"""Where the time of calls goes: how much ran side by side, and what would be left if all of it could. Knows when calls
began and ended; refuses to know what they were for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from harlm.types import Early

Now = Callable[[], float]


class CallClock:
    """Call time of one node and everything below it: how much calls overlapped."""

    def __init__(self, parent: CallClock | None = None, now: Now = time.monotonic) -> None:
        self._parent = parent
        self._now = now
        self._in_flight = 0
        self._busy_since = 0.0
        self._busy = 0.0
        self._call_time = 0.0
        self.early = Early()
        """What making calls early came to, here and below."""

    def made_early(self, early: Early) -> None:
        """A cell has ended."""
        self.early += early
        if self._parent:
            self._parent.made_early(early)

    def call_started(self) -> None:
        """A request left."""
        if not self._in_flight:
            self._busy_since = self._now()
        self._in_flight += 1
        if self._parent:
            self._parent.call_started()

    def call_ended(self, seconds: float) -> None:
        """A request came back after ``seconds``, or failed."""
        self._in_flight -= 1
        self._call_time += seconds
        if not self._in_flight:
            self._busy += self._now() - self._busy_since
        if self._parent:
            self._parent.call_ended(seconds)

    @property
    def parallelism(self) -> float:
        """Call time over the time in which any call was in flight; 1 when calls went one after another."""
        return self._call_time / self._busy if self._busy > 0 else float(bool(self._call_time))


class Bursts:
    """What unlimited concurrency would have saved one node.

    Calls of a cell that are under way together form a burst. With unlimited concurrency a burst lasts as long as the
    longest of its calls by its own critical path; what it lasted beyond that was waiting for a free slot.
    """

    def __init__(self, now: Now = time.monotonic) -> None:
        self._now = now
        self._open = 0
        self._since = 0.0
        self._longest = 0.0
        self.saved = 0.0

    def save(self, seconds: float) -> None:
        """Count what was saved before any burst began."""
        self.saved += seconds

    def enter(self) -> None:
        """A call of a cell began."""
        if not self._open:
            self._since, self._longest = self._now(), 0.0
        self._open += 1

    def leave(self, critical_s: float) -> None:
        """It ended; ``critical_s`` is its own critical path."""
        self._open -= 1
        self._longest = max(self._longest, critical_s)
        if not self._open:
            self.saved += max(0.0, self._now() - self._since - self._longest)
