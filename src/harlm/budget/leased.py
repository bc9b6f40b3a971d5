"""The purse of a node: it pays from what the node has leased, and leases more in chunks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from harlm.budget.amounts import plus
from harlm.budget.leasing import BudgetLease, LeaseKind, LeaseReport, LeaseState, Lessor
from harlm.budget.reservation import Reservation
from harlm.cleanup import all_ended
from harlm.errors import ExecutorFailure, LimitExceeded
from harlm.types import Amounts, Usage

_AHEAD = 32  # requests of the usual size whose bounds are leased at once
_CALLS_AHEAD = 64
_TOKENS_AHEAD = 50_000
_ASK_AGAIN_S = 0.25  # after which a node that has nothing to give back asks whether others still wait


class LeasedPurse:
    """Pays for the runs of one node; see ``harlm.budget.purse.Purse``. Close it at the end.

    Args:
        lessor: leases to this node.
    """

    def __init__(self, lessor: Lessor) -> None:
        self._asked, self._wanted = 0, Amounts()
        self._slots = _Pool(lessor, "slots", lambda waiting: BudgetLease(slots=waiting))
        self._money = _Pool(lessor, "money", self._chunk)

    async def reserve(self, want: Amounts) -> Reservation:
        """See ``Purse``: takes a slot too, until the reservation is settled.

        Raises:
            LimitExceeded: with the limit ``BATCH``, if the batch cannot pay for it.
            ExecutorFailure: nothing can be leased any more.
        """
        self._asked, self._wanted = self._asked + 1, plus(self._wanted, want)
        await self._slots.take(BudgetLease(slots=1))
        try:
            await self._money.take(BudgetLease(*want))
        except BaseException:
            self._slots.put_back(BudgetLease(slots=1), Amounts())
            raise
        return Reservation(self._settle, want, Amounts())

    def _settle(self, reservation: Reservation, actual: Amounts, model: str, usage: Usage | None) -> None:
        self._money.put_back(BudgetLease(*reservation.bound), actual)
        self._slots.put_back(BudgetLease(slots=1), Amounts())

    def _chunk(self, waiting: int) -> BudgetLease:
        """What is leased at once: enough for some requests of the usual size."""
        each = [total / max(1, self._asked) for total in self._wanted]
        ahead = max(_AHEAD, waiting)
        return BudgetLease(
            max(_TOKENS_AHEAD, round(each[0] * ahead)),
            round(each[1] * ahead),
            max(_CALLS_AHEAD, waiting),
        )

    async def report(self) -> None:
        """Tell what was used so far.

        Raises:
            ExecutorFailure: the books are gone.
        """
        await self._money.report()

    async def close(self) -> None:
        """Report what was used, and give all else back, as far as the books are still there."""
        with suppress(ExecutorFailure):
            await self._money.close()
            await self._slots.close()


class _Pool:
    """What a node has leased of one kind.

    Args:
        lessor: leases more.
        kind: what is leased.
        chunk: how much is leased at most at once, when so many requests wait.
    """

    def __init__(self, lessor: Lessor, kind: LeaseKind, chunk: Callable[[int], BudgetLease]) -> None:
        self._lessor, self._kind, self._chunk = lessor, kind, chunk
        self._free = BudgetLease()
        self._used = Amounts()
        self._in_use = 0
        self._state = LeaseState()
        self._waiting: deque[tuple[BudgetLease, asyncio.Future[None]]] = deque()
        self._leasing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._has_free = asyncio.Event()

    async def take(self, want: BudgetLease) -> None:
        """Take out of what is leased; waits for more.

        Raises:
            LimitExceeded: it can never fit.
            ExecutorFailure: nothing can be leased any more.
        """
        if self._watching is None:
            self._watching = asyncio.create_task(self._share())
        if not self._waiting and self._may_take(want):
            self._take(want)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((want, turn))
        if self._leasing is None or self._leasing.done():
            self._leasing = asyncio.create_task(self._lease_more())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.put_back(want, Amounts())
            raise

    def put_back(self, taken: BudgetLease, used: Amounts) -> None:
        """End a request: what it has used is spent, and the rest of what it took is free."""
        self._in_use -= 1
        self._used = plus(self._used, used)
        # A bill beyond its bound is paid from what is free; what that does not cover shows in the books.
        self._free = self._free.more(taken).less(BudgetLease(*used))
        self._serve()

    async def report(self) -> None:
        """Tell what was used so far."""
        self._state = await self._lessor.settle(self._kind, self._report(back=False))

    async def close(self) -> None:
        """Report what was used, and give all else back."""
        tasks = [each for each in (self._leasing, self._watching) if each is not None]
        for task in tasks:
            task.cancel()
        await all_ended(tasks)
        await self._lessor.settle(self._kind, self._report(back=True))

    # -- inside --------------------------------------------------------------------------------------------

    def _may_take(self, want: BudgetLease) -> bool:
        state = self._state
        if state.is_closed or not self._free.covers(want):
            return False
        return not (self._kind == "slots" and state.is_short and self._in_use >= state.fair_slots)

    def _take(self, want: BudgetLease) -> None:
        self._free = self._free.less(want)
        self._in_use += 1

    def _serve(self) -> None:
        while self._waiting:
            want, turn = self._waiting[0]
            if not turn.done():
                if not self._may_take(want):
                    break
                self._take(want)
                turn.set_result(None)
            self._waiting.popleft()
        if any(self._free):
            self._has_free.set()

    def _report(self, *, back: bool) -> LeaseReport:
        report = LeaseReport(self._used, self._free if back else BudgetLease())
        self._used = Amounts()
        if back:
            self._free = BudgetLease()
            self._has_free.clear()
        return report

    async def _lease_more(self) -> None:
        """Lease for the requests that wait, first come, first served.

        All that is free is given back first: two nodes that each keep a part of what the other needs would wait for ever.
        """
        while self._waiting:
            want, turn = self._waiting[0]
            most = self._chunk(len(self._waiting))
            try:
                lease, self._state = await self._lessor.lease(
                    self._kind, self._report(back=True), want, most.more(want.less(most))
                )
            except LimitExceeded as refusal:
                if not turn.done():
                    turn.set_exception(refusal)
            except ExecutorFailure as gone:
                for _, each in self._waiting:
                    if not each.done():
                        each.set_exception(gone)
            else:
                self._free = self._free.more(lease)
                if not turn.done():  # it was leased for this one
                    self._take(want)
                    turn.set_result(None)
            self._serve()

    async def _share(self) -> None:
        """Give back what is not needed while others wait."""
        with suppress(ExecutorFailure):
            while True:
                await self._lessor.shortage(self._kind)
                self._state = self._state._replace(is_short=True)
                while self._state.is_short or self._state.is_closed:
                    self._state = await self._lessor.settle(self._kind, self._report(back=True))
                    self._serve()
                    if not (self._state.is_short or self._state.is_closed):
                        break
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_ASK_AGAIN_S):
                            await self._has_free.wait()
