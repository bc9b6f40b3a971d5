"""One batch of a provider from its making to its results: polled, patient with failures, and cancelled if nothing waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from harlm.errors import ModelError, ModelUnavailable, RateLimited

if TYPE_CHECKING:
    from harlm.models.batches.wire import BatchState, BatchWire, Results

FIRST_POLL_S = 2.0
"""Seconds until a batch is asked for the first time how far it is; more each time after that."""

_LONGEST_POLL_S = 60.0
_GROWTH = 1.5
_GIVEN_UP_S = 26 * 3600.0  # providers end a batch within a day
_ATTEMPTS = 5  # to make a batch, and to fetch its results
_WAIT_S = 1.0  # before the second attempt; twice as much before each later one

_T = TypeVar("_T")


class BatchRun:
    """One batch.

    Args:
        wire: the batch interface of its provider.
        batch: its id, if it was made before.
        waiting: how many calls wait for it.

    Attributes:
        batch: its id; empty until it is made.
    """

    def __init__(self, wire: BatchWire, *, batch: str = "", waiting: int = 1) -> None:
        self.batch = batch
        self._wire = wire
        self._waiting = waiting
        self._abandoned = asyncio.Event()

    def leave(self) -> None:
        """One of the calls does not wait any more."""
        self._waiting -= 1
        if self._waiting <= 0:
            self._abandoned.set()

    @property
    def is_abandoned(self) -> bool:
        """Whether none of the calls waits any more."""
        return self._abandoned.is_set()

    def abandon(self) -> None:
        """None of the calls waits any more."""
        self._abandoned.set()

    async def create(self, lines: Sequence[bytes]) -> str:
        """Make the batch.

        Returns:
            its id.

        Raises:
            ModelError: it cannot be made, or, if ``perhaps_billed``, it may have been made.
        """
        self.batch = await self._tried(lambda: self._wire.create(lines), is_safe=False)
        return self.batch

    async def results(self) -> Results:
        """The results, once the batch has ended.

        Raises:
            ModelError: the provider serves none of it, or the results cannot be fetched.
        """
        state = await self._ended()
        if state.failure:
            raise ModelError(state.failure, model="")
        try:
            return await self._tried(lambda: self._wire.results(state), is_safe=True)
        except ModelError as error:
            error.perhaps_billed = True
            raise

    async def _ended(self) -> BatchState:
        """The state of the batch at its end. A batch that nothing waits for is cancelled.

        Raises:
            ModelError: the provider does not know the batch, or does not end it.
        """
        loop = asyncio.get_running_loop()
        gives_up, pause = loop.time() + _GIVEN_UP_S, FIRST_POLL_S
        while True:
            if self._abandoned.is_set():
                await self._cancelled()
            try:
                state = await self._wire.state(self.batch)
                if state.has_ended:
                    return state
            except ModelError as error:
                if not _may_pass(error) or loop.time() > gives_up:
                    error.perhaps_billed = True
                    raise
            if loop.time() > gives_up:
                raise ModelUnavailable("it did not end within a day", model="", perhaps_billed=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._abandoned.wait(), pause)
            pause = min(_LONGEST_POLL_S, pause * _GROWTH)

    async def _cancelled(self) -> None:
        """Cancel the batch at its provider.

        Raises:
            ModelError: always; nothing waits for its results.
        """
        with suppress(ModelError):
            await self._wire.cancel(self.batch)
        raise ModelError("it was cancelled", model="", perhaps_billed=True)

    async def _tried(self, work: Callable[[], Awaitable[_T]], *, is_safe: bool) -> _T:
        """The result of ``work``, which is tried again after failures that may pass.

        Args:
            work: a request.
            is_safe: whether it may be sent a second time although the first one may have been served, and although
                something was not found, which may come late.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return await work()
            except ModelError as error:
                may_pass = _may_pass(error) or (is_safe and error.status == 404)
                is_last = attempt == _ATTEMPTS - 1
                if is_last or not may_pass or (error.perhaps_billed and not is_safe):
                    raise
                wait = _WAIT_S * 2**attempt
                await asyncio.sleep(max(wait, min(error.retry_after or 0.0, _LONGEST_POLL_S)))
        raise AssertionError("the last attempt returns or raises")


def _may_pass(error: ModelError) -> bool:
    return isinstance(error, ModelUnavailable | RateLimited)
