"""An event loop whose clock a test sets by hand."""

from __future__ import annotations

import asyncio
from collections import deque

TICK = 0.01
"""Seconds to which timers are rounded, so that some fire early and some late, as uvloop's do (to the
millisecond).
"""


class ManualLoop(asyncio.SelectorEventLoop):
    """A real event loop whose clock is set by hand. Its timers are rounded to ``TICK``."""

    clock = 0.0

    def time(self) -> float:
        """The clock as timers see it."""
        return round(self.clock / TICK) * TICK

    @property
    def is_calm(self) -> bool:
        """Whether nothing is ready to run."""
        ready: deque[object] = getattr(self, "_ready")  # noqa: B009 - there is no public way to ask
        return not ready
