"""The books of a budget that several machines share: what each has leased, and what is spent.

A node leases money and slots for requests in flight in chunks, and pays from what it has leased without asking
(``harlm.budget.leased``). At every moment, for tokens, micro-dollars, requests and slots::

    committed + leased <= cap

Only a bill beyond its bound can break this, since it is paid already; the books are closed then, as the ledger is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from harlm.budget.amounts import plus
from harlm.budget.caps import UNLIMITED, Caps
from harlm.budget.refusals import in_debt, refused_by_batch, spent
from harlm.budget.waiting import Waiter, WaitingList
from harlm.errors import ExecutorFailure, LimitExceeded
from harlm.types import Amounts

LeaseKind = Literal["money", "slots"]
"""What is leased: tokens, micro-dollars and requests; or slots. A shortage of one holds up nothing of the other."""


class BudgetLease(NamedTuple):
    """What a node may use without asking.

    Attributes:
        tokens, micros, calls: as in ``Amounts``: spent once they are used.
        slots: requests in flight at once: returned when a request has ended.
    """

    tokens: int = 0
    micros: int = 0
    calls: int = 0
    slots: int = 0

    @property
    def amounts(self) -> Amounts:
        """What is spent once it is used."""
        return Amounts(self.tokens, self.micros, self.calls)

    def more(self, other: BudgetLease) -> BudgetLease:
        """Both together."""
        return BudgetLease(*(mine + its for mine, its in zip(self, other, strict=True)))

    def less(self, other: BudgetLease) -> BudgetLease:
        """What is left without the other; nothing where the other is more."""
        return BudgetLease(*(max(0, mine - its) for mine, its in zip(self, other, strict=True)))

    def covers(self, other: BudgetLease) -> bool:
        """Whether the other is a part of this."""
        return all(mine >= its for mine, its in zip(self, other, strict=True))


_NOTHING, _NO_LEASE = Amounts(), BudgetLease()


class LeaseReport(NamedTuple):
    """What a node reports: what it has used since its last report, and what it does not need."""

    used: Amounts = _NOTHING
    back: BudgetLease = _NO_LEASE


class LeaseState(NamedTuple):
    """What a node must know to share.

    Attributes:
        is_short: whether a node waits for a lease, so that others give back what they do not need.
        is_closed: whether nothing may be spent any more, also of what is leased.
        fair_slots: slots that a node may keep while others wait for some.
    """

    is_short: bool = False
    is_closed: bool = False
    fair_slots: int = 0


class Lessor(Protocol):
    """Leases to one node; where the books are is its own affair."""

    async def lease(
        self, kind: LeaseKind, report: LeaseReport, want: BudgetLease, most: BudgetLease
    ) -> tuple[BudgetLease, LeaseState]:
        """Take a report, and lease at least ``want`` and at most ``most``; waits as long as others may give back enough.

        Raises:
            LimitExceeded: ``want`` can never fit.
            ExecutorFailure: the books are gone.
        """
        ...

    async def settle(self, kind: LeaseKind, report: LeaseReport) -> LeaseState:
        """Take a report.

        Raises:
            ExecutorFailure: the books are gone.
        """
        ...

    async def shortage(self, kind: LeaseKind) -> None:
        """Return as soon as a node waits for a lease.

        Raises:
            ExecutorFailure: the books are gone.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Grant:
    """A lease that was made, to be given back if its node has stopped waiting for it."""

    book: LeaseBook
    node: str
    lease: BudgetLease

    def refund(self) -> None:
        self.book.settle(self.node, Amounts(), self.lease)


class LeaseBook:
    """The books of one batch. All methods run in one event loop.

    Args:
        caps: the limits of the batch.
        slots: requests in flight at once over all nodes.
        earlier: what earlier attempts at the batch have paid.

    Attributes:
        committed: what is spent: reported as used, or leased to a node that was lost.
        debt: what was billed beyond the caps; more than nothing closes the books.
        leases: how often a lease was asked for.
    """

    def __init__(self, caps: Caps, slots: int, earlier: Amounts = _NOTHING) -> None:
        self._caps, self._most = caps, BudgetLease(*caps.amounts, slots)
        self.committed = earlier
        self.debt = Amounts()
        self.leases = 0
        self._nodes: dict[str, BudgetLease] = {}
        self._lost: set[str] = set()
        self._queue: WaitingList[_Grant] = WaitingList()
        self._waiting: dict[str, set[asyncio.Future[_Grant]]] = {}
        self._short: dict[LeaseKind, asyncio.Event] = {"money": asyncio.Event(), "slots": asyncio.Event()}

    # -- reading -------------------------------------------------------------------------------------------

    @property
    def leased(self) -> BudgetLease:
        """What all nodes have leased and not reported as used or given back."""
        total = BudgetLease()
        for each in self._nodes.values():
            total = total.more(each)
        return total

    def state(self, kind: LeaseKind) -> LeaseState:
        """What a node must know to share."""
        fair = self._most.slots // max(1, len(self._nodes))
        return LeaseState(self._short[kind].is_set(), any(self.debt), fair)

    async def shortage(self, kind: LeaseKind) -> None:
        """Return as soon as a node waits for a lease, or the books are closed."""
        await self._short[kind].wait()

    # -- leasing -------------------------------------------------------------------------------------------

    def join(self, node: str) -> None:
        """Count a node among those that share."""
        if node not in self._lost:
            self._nodes.setdefault(node, BudgetLease())

    async def lease(self, node: str, want: BudgetLease, most: BudgetLease) -> BudgetLease:
        """Lease to a node at least ``want`` and up to ``most``; nodes that wait are served in order of arrival.

        Raises:
            LimitExceeded: with the limit ``BATCH``: ``want`` can never fit.
            ExecutorFailure: the node counts as lost.
        """
        if node in self._lost:
            raise ExecutorFailure(f"node {node} counts as lost, so it gets no lease")
        self.join(node)
        self.leases += 1
        kind: LeaseKind = "slots" if want.slots else "money"
        waiter: Waiter[_Grant] = Waiter(
            want=want.amounts,
            less=None,
            accounts=(kind,),
            short_of=lambda _: self._short_of(kind, want),
            take=lambda _: self._take(node, kind, want, most),
            refusal=lambda _: self._refusal(want),
            granted=asyncio.get_running_loop().create_future(),
        )
        mine = self._waiting.setdefault(node, set())
        mine.add(waiter.granted)
        asyncio.get_running_loop().call_soon(self._tell)  # once it waits
        try:
            return (await self._queue.wait(waiter)).lease
        finally:
            mine.discard(waiter.granted)
            self._tell()

    def settle(self, node: str, used: Amounts, back: BudgetLease = _NO_LEASE) -> None:
        """Book what a node has used since its last report, and take back what it does not need.

        A node that counts as lost is not heard: all that it had leased is counted as spent.
        """
        if node in self._lost:
            return
        leased, gone = self._nodes.get(node, BudgetLease()), BudgetLease(*used).more(back)
        self._nodes[node] = leased.less(gone)
        self.committed = plus(self.committed, used)
        if not leased.covers(gone):
            self._look_for_debt()
        self._serve()

    def lost(self, node: str) -> None:
        """Count all that a node has leased as spent: it may have been paid. Its slots are free again."""
        if node in self._lost:
            return
        self._lost.add(node)
        self.committed = plus(self.committed, self._nodes.pop(node, BudgetLease()).amounts)
        for granted in self._waiting.pop(node, set()):
            if not granted.done():
                granted.set_exception(ExecutorFailure(f"node {node} counts as lost, so it gets no lease"))
        self._serve()

    # -- inside --------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        self._queue.serve()
        self._tell()

    def _look_for_debt(self) -> None:
        """Note what bills beyond their bounds have taken beyond the caps."""
        held = self.leased
        over = Amounts(*(max(0, self.committed[at] + held[at] - self._most[at]) for at in range(3)))
        if any(over):
            self.debt = Amounts(*map(max, self.debt, over))

    def _tell(self) -> None:
        """Let holders know whether a node waits."""
        kinds = {
            account for each in self._queue.queue if not each.granted.done() for account in each.accounts
        }
        for kind, event in self._short.items():
            if kind in kinds or (kind == "money" and any(self.debt)):
                event.set()
            else:
                event.clear()

    def _room(self) -> BudgetLease:
        return self._most.less(BudgetLease(*self.committed).more(self.leased))

    def _short_of(self, kind: LeaseKind, want: BudgetLease) -> list[str] | None:
        """What must be waited for; empty if there is room, ``None`` if there never will be."""
        if kind == "money" and any(self.debt):
            return None
        if not self._most.less(BudgetLease(*self.committed)).covers(want):
            return None
        return [] if self._room().covers(want) else [kind]

    def _take(self, node: str, kind: LeaseKind, want: BudgetLease, most: BudgetLease) -> _Grant:
        """Lease a chunk: the smaller, the less is left, so that the last money is not all with one node."""
        room, share = self._room(), 1 if kind == "slots" else 2 * max(1, len(self._nodes))
        chunk = BudgetLease(
            *(
                max(least, min(upto, there // share if cap < UNLIMITED else there))
                for least, upto, there, cap in zip(want, most, room, self._most, strict=True)
            )
        )
        self._nodes[node] = self._nodes.get(node, BudgetLease()).more(chunk)
        return _Grant(self, node, chunk)

    def _refusal(self, want: BudgetLease) -> LimitExceeded:
        if any(self.debt):
            return refused_by_batch(in_debt(self._caps.amounts, self.committed, self.debt))
        left = self._most.less(BudgetLease(*self.committed))
        at = next(at for at in range(3) if want[at] > left[at])
        return refused_by_batch(spent(at, self._caps.amounts, self.committed, Amounts(), want.amounts))


class BookLessor:
    """Leases to one node out of books in the same event loop; see ``Lessor``.

    Args:
        book: the books.
        node: the name of the node.
    """

    def __init__(self, book: LeaseBook, node: str) -> None:
        self._book, self._node = book, node
        book.join(node)

    async def lease(
        self, kind: LeaseKind, report: LeaseReport, want: BudgetLease, most: BudgetLease
    ) -> tuple[BudgetLease, LeaseState]:
        """See ``Lessor``."""
        self._book.settle(self._node, *report)
        lease = await self._book.lease(self._node, want, most)
        return lease, self._book.state(kind)

    async def settle(self, kind: LeaseKind, report: LeaseReport) -> LeaseState:
        """See ``Lessor``."""
        self._book.settle(self._node, *report)
        return self._book.state(kind)

    async def shortage(self, kind: LeaseKind) -> None:
        """See ``Lessor``."""
        await self._book.shortage(kind)
