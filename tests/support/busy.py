"""For tests of what a busy machine does later than a quiet one: waiting for it, or trying again."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 4
"""How often a run is made whose head start is tested: its scout may start too late to have one."""


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it comes to hold."""
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.005)
    return holds()
