"""The time of calls: how much they overlapped, and how long they would take with unlimited concurrency.

Handles the moments at which calls begin and end. Does not depend on what they are for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from harlm.types import Early

Now = Callable[[], float]


class CallClock:
    """Measures how much the calls of one node and all nodes below it overlapped.

    Args:
        parent: the clock of the node above, which counts the same calls.
        now: the current time in seconds.

    Attributes:
        early: the early calls that were made, claimed and wasted, here and below.
    """

    def __init__(self, parent: CallClock | None = None, now: Now = time.monotonic) -> None:
        self._parent = parent
        self._now = now
        self._in_flight = 0
        self._busy_since = 0.0
        self._busy = 0.0
        self._call_time = 0.0
        self.early = Early()

    def made_early(self, early: Early) -> None:
        """Count the early calls of a cell that has ended."""
        self.early += early
        if self._parent:
            self._parent.made_early(early)

    def call_started(self) -> None:
        """A request was sent."""
        if not self._in_flight:
            self._busy_since = self._now()
        self._in_flight += 1
        if self._parent:
            self._parent.call_started()

    def call_ended(self, seconds: float) -> None:
        """A request returned or failed after ``seconds``."""
        self._in_flight -= 1
        self._call_time += seconds
        if not self._in_flight:
            self._busy += self._now() - self._busy_since
        if self._parent:
            self._parent.call_ended(seconds)

    @property
    def parallelism(self) -> float:
        """Call time over the time with any call in flight: 1 if no calls overlapped, 0 before any call."""
        return self._call_time / self._busy if self._busy > 0 else float(bool(self._call_time))


class Bursts:
    """Measures what unlimited concurrency would have saved one node.

    Calls of a cell that overlap form a burst. With unlimited concurrency a burst lasts as long as the longest
    critical path among its calls; the rest of its time was spent waiting for a free slot.

    Attributes:
        saved: seconds that unlimited concurrency would have saved so far.
    """

    def __init__(self, now: Now = time.monotonic) -> None:
        self._now = now
        self._open = 0
        self._since = 0.0
        self._longest = 0.0
        self.saved = 0.0

    def save(self, seconds: float) -> None:
        """Add seconds that were measured elsewhere, for calls that were made early."""
        self.saved += seconds

    def enter(self) -> None:
        """A call of a cell has begun."""
        if not self._open:
            self._since, self._longest = self._now(), 0.0
        self._open += 1

    def leave(self, critical_s: float) -> None:
        """A call of a cell has ended; ``critical_s`` is its own critical path in seconds."""
        self._open -= 1
        self._longest = max(self._longest, critical_s)
        if not self._open:
            self.saved += max(0.0, self._now() - self._since - self._longest)
