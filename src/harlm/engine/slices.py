"""Long work in the event loop, in slices between which other tasks run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

_SLICE_S = 0.005


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Run work that yields after each short step, and return its result. Other tasks run every 5 ms."""
    while True:
        end = time.monotonic() + _SLICE_S
        try:
            while time.monotonic() < end:
                next(steps)
        except StopIteration as finished:
            result: T = finished.value
            return result
        await asyncio.sleep(0)
