"""The queue of the ledger: requests that wait until the reservations of others are settled.

Decides the order in which requests are served. Does not depend on accounts: each waiter brings the functions
that check, take and refuse for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from harlm.errors import LimitExceeded
from harlm.types import Amounts


class Refundable(Protocol):
    """Something that was granted and can be given back."""

    def refund(self) -> None:
        """Give it back."""


GrantT = TypeVar("GrantT", bound=Refundable)


@dataclass(slots=True, kw_only=True, eq=False)
class Waiter(Generic[GrantT]):
    """One request that waits for room.

    Attributes:
        want: the amounts that it waits for.
        less: called when ``want`` can no longer fit; returns smaller amounts, or ``None`` to be refused.
        accounts: the accounts that the amounts are taken from: the request's own and every one above.
        short_of: the accounts that have no room for these amounts now; ``None`` if they can never fit.
        take: takes the amounts, or raises ``LimitExceeded``.
        refusal: the error that says why the amounts can never fit.
        granted: the result, or the refusal.
    """

    want: Amounts
    less: Callable[[], Amounts | None] | None
    accounts: Sequence[object]
    short_of: Callable[[Amounts], Sequence[object] | None]
    take: Callable[[Amounts], GrantT]
    refusal: Callable[[Amounts], LimitExceeded]
    granted: asyncio.Future[GrantT]

    def shorten(self) -> Sequence[object] | None:
        """Wait for less instead.

        Returns:
            The accounts that have no room for the smaller amounts; ``None`` if there are no smaller amounts,
            or these can never fit either.
        """
        instead = None if self.less is None else self.less()
        if instead is None:
            return None
        self.want = instead
        return self.short_of(instead)

    def serve(self) -> None:
        """Grant what it waits for, or raise there why that cannot be granted."""
        try:
            self.granted.set_result(self.take(self.want))
        except LimitExceeded as refusal:
            self.granted.set_exception(refusal)

    def give_up(self) -> None:
        """Stop waiting. A grant that arrived in the same moment is given back."""
        granted = self.granted
        if granted.done() and not granted.cancelled() and granted.exception() is None:
            granted.result().refund()
        granted.cancel()


class WaitingList(Generic[GrantT]):
    """The waiting requests of one tree of accounts.

    Attributes:
        queue: the requests in order of arrival.
    """

    def __init__(self) -> None:
        self.queue: deque[Waiter[GrantT]] = deque()

    async def wait(self, waiter: Waiter[GrantT]) -> GrantT:
        """Wait at the end of the queue.

        Raises:
            LimitExceeded: the request can never fit.
            asyncio.CancelledError: the task was cancelled, or its time ended; the request no longer waits.
        """
        self.queue.append(waiter)
        self.serve()  # the requests ahead may wait for accounts that this one does not need
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            waiter.give_up()
            self.serve()
            raise

    def serve(self) -> None:
        """Grant or refuse every request whose turn it is; called whenever amounts become free.

        A request that must still wait holds back only later requests that need an account that has no room
        for it: requests that wait at one child do not block those of another.
        """
        waiting, self.queue = self.queue, deque()
        all_short: set[object] = set()
        for waiter in waiting:
            if waiter.granted.done():
                continue
            is_next = all_short.isdisjoint(waiter.accounts)
            short = waiter.short_of(waiter.want)
            if short is None and waiter.less is not None:
                short = waiter.shorten() if is_next else []
            if short is None:
                waiter.granted.set_exception(waiter.refusal(waiter.want))
            elif not short and is_next:
                waiter.serve()
            else:
                all_short.update(short)
                self.queue.append(waiter)
