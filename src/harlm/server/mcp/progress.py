"""Tells a client how a run gets on: a few times a second at most, and often enough that the client does not give up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from harlm.cleanup import finished
from harlm.events import Event, RunStarted
from harlm.tracing.status import RunStatus

Tell = Callable[[float, str], Awaitable[None]]
"""Tells the client the seconds so far, which only grow, and a message."""

_EVERY_S = 0.4
_AT_LEAST_S = 8.0  # clients give up after a time without news, such as 60 s


class ProgressSink:
    """The figures of a run as a message. A ``harlm.protocols.TraceSink``.

    Args:
        doing: what happens before the run begins.

    Attributes:
        is_news: whether something has happened since it was last read.
    """

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._status = RunStatus()
        self._began = False
        self.is_news = True

    def emit(self, event: Event) -> None:
        """Take in one event."""
        self._began |= isinstance(event, RunStarted)
        self._status.add(event)
        self.is_news = True

    def message(self) -> str:
        """``0:03 · 12 done, 3 in flight · 4,000 tokens · $0.0200``."""
        self.is_news = False
        return str(self._status.line()) if self._began else self._doing


@asynccontextmanager
async def told(tell: Tell, doing: str) -> AsyncIterator[ProgressSink]:
    """Tell a client of what happens in this block.

    Args:
        tell: tells it.
        doing: what happens before the run begins.

    Yields:
        a sink for the events of the run.
    """
    progress, began = ProgressSink(doing), time.monotonic()
    telling = asyncio.create_task(_tell_on(progress, tell, began))
    try:
        yield progress
    finally:
        telling.cancel()
        await finished(asyncio.wait([telling]))
        if not telling.cancelled():
            telling.exception()  # retrieved: a client that cannot be told anything is no failure of the run
    if progress.is_news:
        await tell(time.monotonic() - began, progress.message())


async def _tell_on(progress: ProgressSink, tell: Tell, began: float) -> None:
    last = began
    while True:
        await asyncio.sleep(_EVERY_S)
        now = time.monotonic()
        if progress.is_news or now - last >= _AT_LEAST_S:
            last = now
            await tell(now - began, progress.message())
