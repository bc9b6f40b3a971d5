"""The limiter of a cluster: one actor that keeps the books of money and slots, and the way of a node to it."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec

from harlm.budget import Caps
from harlm.budget.leasing import BookLessor, BudgetLease, LeaseBook, LeaseKind, LeaseReport, LeaseState
from harlm.errors import ExecutorFailure, LimitExceeded
from harlm.executors.runs import RunFailure
from harlm.types import Amounts


class LeaseRefusal(msgspec.Struct, frozen=True):
    """A refusal, as it is sent: exceptions with arguments of their own cannot be."""

    failure: RunFailure
    used: float
    allowed: float

    def error(self) -> LimitExceeded:
        """The refusal as it was raised."""
        error = self.failure.error(self.failure.message)
        assert isinstance(error, LimitExceeded)
        error.used, error.allowed = self.used, self.allowed
        return error


class BookTotals(NamedTuple):
    """The state of the books.

    Attributes:
        committed, debt: as in ``LeaseBook``.
        leased: by all nodes.
        leases: how often a lease was asked for.
        reports: how often something was reported without asking for more.
    """

    committed: Amounts
    leased: BudgetLease
    debt: Amounts
    leases: int
    reports: int


class RayLimiter:
    """The actor. Its methods run in one event loop.

    Args:
        caps: tokens, micro-dollars and requests of the batch.
        slots: requests in flight at once over all nodes.
        earlier: what earlier attempts at the batch have paid.
    """

    def __init__(self, caps: Amounts, slots: int, earlier: Amounts) -> None:
        self._book = LeaseBook(Caps(tokens=caps[0], micros=caps[1], calls=caps[2]), slots, Amounts(*earlier))
        self._lessors: dict[str, BookLessor] = {}
        self._reports = 0

    def _of(self, node: str) -> BookLessor:
        if node not in self._lessors:
            self._lessors[node] = BookLessor(self._book, node)
        return self._lessors[node]

    async def lease(
        self, node: str, kind: LeaseKind, report: LeaseReport, want: BudgetLease, most: BudgetLease
    ) -> tuple[BudgetLease, LeaseState] | LeaseRefusal:
        """As ``Lessor.lease``; a refusal is a value."""
        try:
            return await self._of(node).lease(kind, report, want, most)
        except LimitExceeded as error:
            return LeaseRefusal(RunFailure.of(error), error.used, error.allowed)

    async def settle(self, node: str, kind: LeaseKind, report: LeaseReport) -> LeaseState:
        """As ``Lessor.settle``."""
        self._reports += 1
        return await self._of(node).settle(kind, report)

    async def shortage(self, node: str, kind: LeaseKind) -> None:
        """As ``Lessor.shortage``."""
        await self._of(node).shortage(kind)

    async def lost(self, node: str) -> None:
        """See ``LeaseBook.lost``."""
        self._book.lost(node)

    async def totals(self) -> BookTotals:
        """The state of the books."""
        book = self._book
        return BookTotals(book.committed, book.leased, book.debt, book.leases, self._reports)

    async def stay(self) -> None:
        """Never return: who waits for this learns when the actor is gone."""
        await asyncio.Event().wait()


class RayLessor:
    """Leases to one node from the limiter of its cluster; see ``Lessor``.

    Args:
        limiter: the handle of the actor.
        node: the name of the node.
    """

    def __init__(self, limiter: Any, node: str) -> None:
        self._limiter, self._node = limiter, node

    async def lease(
        self, kind: LeaseKind, report: LeaseReport, want: BudgetLease, most: BudgetLease
    ) -> tuple[BudgetLease, LeaseState]:
        """See ``Lessor``."""
        reply = await _replied(self._limiter.lease.remote(self._node, kind, report, want, most))
        if isinstance(reply, LeaseRefusal):
            raise reply.error()
        lease, state = reply
        return BudgetLease(*lease), LeaseState(*state)

    async def settle(self, kind: LeaseKind, report: LeaseReport) -> LeaseState:
        """See ``Lessor``."""
        return LeaseState(*await _replied(self._limiter.settle.remote(self._node, kind, report)))

    async def shortage(self, kind: LeaseKind) -> None:
        """See ``Lessor``."""
        await _replied(self._limiter.shortage.remote(self._node, kind))


async def _replied(reply: Any) -> Any:
    """What the actor returns.

    Raises:
        ExecutorFailure: the actor is gone, or counts the node as lost.
    """
    from ray.exceptions import RayError

    try:
        return await reply
    except RayError as error:
        raise ExecutorFailure(
            "the limiter of the cluster does not answer any more, so nothing more is spent"
        ) from error
