"""Work that is done to its end, such as closing: a cancellation waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def finished(work: Awaitable[T]) -> T:
    """The result of ``work``, which is done to its end however often the waiting task is cancelled.

    An event loop that ends cancels every task, ``work`` too. So whatever can be closed without waiting is closed
    before, or in a ``finally`` of ``work``.

    Raises:
        asyncio.CancelledError: the waiting task was cancelled in the meantime; ``work`` has ended.
    """
    doing = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait([doing])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return doing.result()
    if not doing.cancelled():
        doing.exception()  # retrieved, or asyncio would log it
    raise cancelled


async def all_ended(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Return when every task has ended, however it ends. ``tasks`` may be a set that tasks leave when they end."""
    waited = tuple(tasks)
    if waited:
        await finished(asyncio.wait(waited))


async def all_finished(*works: Awaitable[object]) -> None:
    """Do all of ``works`` at once, each to its end, also if others fail.

    Raises:
        BaseException: the first error of any of them.
    """
    results = await finished(asyncio.gather(*works, return_exceptions=True))
    for result in results:
        if isinstance(result, BaseException):
            raise result
