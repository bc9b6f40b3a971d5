"""Stops a run that its user wants to end: nothing new is asked for, and what is under way has a few seconds to come in."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

GRACE_S = 5.0
"""Seconds for replies that are under way: they are paid for, and lost if they are not waited for."""

_CELL_S = 0.5  # more, for a cell to end by itself


class RunStop:
    """Whether a run is to stop, for everything in it that waits."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._limits: set[asyncio.Timeout] = set()

    def stop(self) -> None:
        """Let what is under way end within ``GRACE_S``. Call it in the event loop of the run."""
        self._asked.set()
        ends = asyncio.get_running_loop().time() + GRACE_S
        for limit in self._limits:
            when = limit.when()
            if not limit.expired() and (when is None or when > ends):
                limit.reschedule(ends)

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """A block that may take so many seconds, and less once the run is to stop.

        Args:
            seconds: from now on; infinity without a limit.

        Raises:
            TimeIsUp: the time has ended.
        """
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else max(0.0, seconds)) as limit:
                self._limits.add(limit)
                try:
                    yield
                finally:
                    self._limits.discard(limit)
        except TimeoutError:
            if not limit.expired():
                raise  # of the block itself
            raise TimeIsUp from None

    async def done_within(self, seconds: float, work: asyncio.Task[object]) -> bool:
        """Whether ``work`` ends within so many seconds, and, once the run is to stop, soon after that."""
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            limit = None if math.isinf(seconds) else max(0.0, seconds)
            await asyncio.wait({work, asked}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if asked.done() and not work.done():  # what it waits for, or computes
                patience = _CELL_S + (GRACE_S if self._limits else 0.0)
                await asyncio.wait({work}, timeout=min(seconds, patience))
            return work.done()
        finally:
            asked.cancel()


class TimeIsUp(Exception):
    """The time of a block has ended."""
