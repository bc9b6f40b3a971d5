"""The ledger: a tree of accounts that cannot be overdrawn.

Works on amounts. Does not depend on what they pay for.

Every node of a run has an account below its parent's. Before a request is sent, its worst case is *reserved*
at the node and at every account above it. When the reply has arrived, the real usage is *settled*, and the
rest of the reservation is free again. At every account and at every moment (theorem T10,
``docs/concepts/budget.md``)::

    committed + reserved + held <= cap

``held`` is the finishing reserve: the amounts that a node keeps for its last call, which turns its findings
into an answer (T11). A request that does not fit waits as long as it would fit without the reservations of
others (``harlm.budget.waiting``), and is refused as soon as it can never fit.

All methods of an account run in one event loop. No other task can run between checking the room and taking
it, which makes a reservation atomic along its path.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from harlm.budget.amounts import minus, plus
from harlm.budget.arrears import Arrears
from harlm.budget.caps import UNLIMITED, Caps
from harlm.budget.purse import Purse
from harlm.budget.refusals import in_debt, out_of_time, spent, too_deep
from harlm.budget.reservation import RequestLog, Reservation
from harlm.budget.waiting import Waiter, WaitingList
from harlm.errors import LimitExceeded
from harlm.types import Amounts, Usage, summed

_UNSUMMED = 256  # bills that are kept before they are added up: adding costs more than keeping


class Account:
    """The account of one node.

    Args:
        caps: the limits of this account; those of the accounts above hold as well.
        parent: the account above; ``None`` for the root.
        now: the clock, in seconds.
        began: the moment at which its time began, by that clock; by default now.
        log: writes down the requests of this account and of all below it; for the root only.
        purse: must cover the requests of this account and of all below it as well; for the root only.

    Attributes:
        committed: the amounts settled, here and below.
        reserved: the amounts reserved for requests in flight, here and below.
        held: the finishing reserves, here and below.
        debt: the amounts billed beyond a cap, here and below; a debt anywhere closes the whole ledger.
        refused: the last refusal that ended something, set by the code that met it; ``None`` if there was
            none. A refused hedge or second try ends nothing and is not noted.
        depth: 0 at the root.
        ends: the moment at which its time ends, by its clock.
        limits_tokens: whether tokens are limited, here or above.
        limits_money: whether money is limited, here or above.
    """

    def __init__(
        self,
        caps: Caps | None = None,
        parent: Account | None = None,
        now: Callable[[], float] = time.monotonic,
        *,
        began: float | None = None,
        log: RequestLog | None = None,
        purse: Purse | None = None,
    ) -> None:
        caps = caps or Caps()
        self.caps = caps
        self._most: Amounts = caps.amounts
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.committed = Amounts()
        self.reserved = Amounts()
        self.held = Amounts()
        self.debt = Amounts()
        self.refused: LimitExceeded | None = None
        self.ends: float = caps.ends if parent is None else min(caps.ends, parent.ends)
        self._now = now
        self._began = now() if began is None else began
        self._own_hold = Amounts()
        self._finishing = False
        self._path: tuple[Account, ...] = (self, *(() if parent is None else parent._path))
        self.limits_tokens = any(account.caps.tokens < UNLIMITED for account in self._path)
        self.limits_money = any(account.caps.micros < UNLIMITED for account in self._path)
        self._ledger: _Ledger = _Ledger(log, purse) if parent is None else parent._ledger
        self._tallies: dict[str, Usage] = {}
        self._unsummed: list[tuple[str, Usage]] = []

    # -- the tree ------------------------------------------------------------------------------------------

    def child(self, caps: Caps | None = None) -> Account:
        """An account below this one. It spends the same money: its caps limit it, but move nothing to it.

        Raises:
            DepthLimit: the new account would be deeper than allowed.
        """
        for account in self._path:
            if self.depth + 1 > account.caps.depth:
                raise too_deep(self.depth + 1, account.caps.depth)
        return Account(caps, parent=self, now=self._now)

    def purse(self, caps: Caps | None = None) -> Account:
        """An account at the same depth for some of this node's own calls, so that their usage is counted apart, and
        limited apart if there are ``caps``.
        """
        purse = Account(caps, parent=self, now=self._now)
        purse.depth = self.depth
        return purse

    @property
    def set_aside(self) -> Amounts:
        """The amounts that this account takes out of those above: committed and reserved."""
        return plus(self.committed, self.reserved)

    def close(self) -> None:
        """Release the finishing reserve."""
        self.hold(Amounts())

    # -- paying --------------------------------------------------------------------------------------------

    async def reserve(self, want: Amounts, less: Callable[[], Amounts | None] | None = None) -> Reservation:
        """Reserve ``want`` here and at every account above, or nothing at all.

        Waits as long as ``want`` would fit without the reservations of others. Requests that wait for the
        same account are served in order of arrival.

        Args:
            want: the amounts to reserve.
            less: called when ``want`` can no longer fit after a wait; returns smaller amounts to reserve
                instead, or ``None`` to be refused.

        Raises:
            LimitExceeded: the request can never fit, its time has ended, or the ledger is closed by a debt.
        """
        if self._ledger.arrears:
            self.settle_arrears()
        short = self._short_of(want, finishing=self._finishing)
        if short is None:
            raise self._refusal(want)
        if not short and (self._finishing or not self._ledger.waiting.queue):
            taken = self._take(want, finishing=self._finishing)
        else:
            taken = await self._in_time(self._wait_for(want, less))
        if self._ledger.purse is not None:
            try:
                taken.cover = await self._in_time(self._ledger.purse.reserve(taken.bound))
            except BaseException:
                taken.refund()
                raise
        return taken

    def hold(self, want: Amounts) -> bool:
        """Set the finishing reserve to ``want``, in place of the previous one.

        Returns:
            Whether it fits; if not, nothing changes.
        """
        more = minus(want, self._own_hold)
        if any(each > 0 for each in more) and not self._has_room(*(max(0, each) for each in more)):
            return False
        for account in self._path:
            account.held = plus(account.held, more)
        self._own_hold = want
        if self._ledger.waiting.queue:
            self._ledger.waiting.serve()
        return True

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """In this context, this account's own reservations use its finishing reserve first and do not wait
        for other requests.
        """
        self._finishing = True
        try:
            yield
        finally:
            self._finishing = False

    def owe(self, bills: Sequence[tuple[str, Usage]]) -> None:
        """Count what earlier attempts at the same run have paid: each bill when ``book`` counts its reply, and the rest before
        anything new is paid for. For the root only; a purse is not told.
        """
        self._ledger.arrears = Arrears(bills)

    def settle_arrears(self) -> None:
        """Count the rest of what earlier attempts have paid, at the root."""
        for model, usage in self._ledger.arrears.rest():
            self._path[-1].count(model, usage)

    def book(self, model: str, usage: Usage) -> None:
        """Count a reply that an earlier attempt has paid for, unless all that was paid is counted already."""
        if self._ledger.arrears:
            self._ledger.arrears.take(usage)
            self.count(model, usage)

    def count(self, model: str, usage: Usage) -> None:
        """Count a request that was paid for elsewhere, here and at every account above."""
        actual = Amounts(usage.input_tokens + usage.output_tokens, usage.cost_micros or 0, usage.calls)
        self._book(Amounts(), actual, model, usage)
        self._look_for_debt()

    def end(self, reason: LimitExceeded) -> None:
        """Refuse every request from now on, also those that wait, on all accounts of the tree.

        Args:
            reason: raised by them.
        """
        self._ledger.closed = reason
        self._ledger.waiting.serve()

    def reopen(self) -> None:
        """Take ``end`` back."""
        self._ledger.closed = None

    # -- what is left --------------------------------------------------------------------------------------

    @property
    def usage(self) -> Usage:
        """The usage of all calls, here and below."""
        self._sum()
        total = Usage()
        for model, usage in self._tallies.items():
            total += usage.of_model(model)
        return total

    @property
    def left(self) -> Amounts:
        """The amounts that can be reserved now; close to ``UNLIMITED`` in a currency that is not limited."""
        own = self._own_hold if self._finishing else Amounts()
        return Amounts(*(min(self._room(account, at) for account in self._path) + own[at] for at in range(3)))

    @property
    def prospect(self) -> Amounts:
        """The amounts that could be reserved if all open reservations were refunded."""
        own = self._own_hold if self._finishing else Amounts()
        return Amounts(
            *(
                min(self._room(each, at) + each.reserved[at] for each in self._path) + own[at]
                for at in range(3)
            )
        )

    @property
    def seconds_left(self) -> float:
        """The seconds until its time ends; infinity without a limit."""
        return max(0.0, self.ends - self._now())

    @property
    def seconds(self) -> float:
        """The seconds from the beginning of its time to the end; infinity without a limit."""
        return self.ends - self._began

    def too_late(self) -> LimitExceeded:
        """The error for time that has ended, or for a ledger that was ended. It is also stored in ``refused``."""
        reason = self._ledger.closed
        refusal = out_of_time(self._now() - self._began, self.seconds) if reason is None else reason.anew()
        self.refused = refusal
        return refusal

    @property
    def pressure(self) -> float:
        """The used share of the scarcest currency, time included, here or above: from 0 to 1."""
        return max(account._own_pressure() for account in self._path)

    # -- inside --------------------------------------------------------------------------------------------

    @staticmethod
    def _room(account: Account, at: int) -> int:
        return account._most[at] - account.committed[at] - account.reserved[at] - account.held[at]

    def _sum(self) -> None:
        by_model: dict[str, list[Usage]] = {}
        for model, usage in self._unsummed:
            by_model.setdefault(model, []).append(usage)
        for model, usages in by_model.items():
            known = self._tallies.get(model)
            self._tallies[model] = summed(usages if known is None else [known, *usages])
        self._unsummed.clear()

    def _short_of(self, want: Amounts, *, finishing: bool) -> list[Account] | None:
        """The accounts, here and above, at which ``want`` must wait for the reservations of others.

        Returns:
            The accounts; empty if there is room now, ``None`` if ``want`` can never fit.
        """
        if self._ledger.closed is not None or self._ledger.debtor is not None or self._now() >= self.ends:
            return None
        if finishing:  # the part from the reserve is counted in held
            want = minus(want, Amounts(*map(min, want, self._own_hold)))
        tokens, micros, calls = want
        short = []
        for account in self._path:
            committed, reserved, held, caps = account.committed, account.reserved, account.held, account.caps
            more_tokens = caps.tokens - committed[0] - held[0] - tokens
            more_micros = caps.micros - committed[1] - held[1] - micros
            more_calls = caps.calls - committed[2] - held[2] - calls
            if more_tokens < 0 or more_micros < 0 or more_calls < 0:
                return None
            if more_tokens < reserved[0] or more_micros < reserved[1] or more_calls < reserved[2]:
                short.append(account)
        return short

    def _has_room(self, tokens: int, micros: int, calls: int) -> bool:
        if self._ledger.debtor is not None:
            return False
        for account in self._path:
            committed, reserved, held, caps = account.committed, account.reserved, account.held, account.caps
            if (
                committed[0] + reserved[0] + held[0] + tokens > caps.tokens
                or committed[1] + reserved[1] + held[1] + micros > caps.micros
                or committed[2] + reserved[2] + held[2] + calls > caps.calls
            ):
                return False
        return True

    def _take(self, want: Amounts, *, finishing: bool) -> Reservation:
        """Reserve what fits.

        Raises:
            LimitExceeded: the request cannot be written down.
        """
        log = self._ledger.log
        number = 0 if log is None else log.sent(want)
        held = Amounts()
        if finishing:
            held = Amounts(*map(min, want, self._own_hold))
            self._own_hold = minus(self._own_hold, held)
        for account in self._path:
            account.reserved = plus(account.reserved, want)
            if finishing:
                account.held = minus(account.held, held)
        return Reservation(self._settle, want, held, number)

    def _settle(self, reservation: Reservation, actual: Amounts, model: str, usage: Usage | None) -> None:
        bound = reservation.bound
        if self._ledger.log is not None:
            self._ledger.log.settled(reservation.number, actual, model, usage)
        self._book(bound, actual, model, usage)
        if any(paid > most for paid, most in zip(actual, bound, strict=True)):
            self._look_for_debt()
        if any(reservation.from_hold) and self._finishing:
            unused = Amounts(
                *(max(0, min(pair)) for pair in zip(reservation.from_hold, minus(bound, actual), strict=True))
            )
            self.hold(plus(self._own_hold, unused))
        if self._ledger.waiting.queue:
            self._ledger.waiting.serve()

    def _book(self, bound: Amounts, actual: Amounts, model: str, usage: Usage | None) -> None:
        for account in self._path:
            account.reserved = minus(account.reserved, bound)
            account.committed = plus(account.committed, actual)
            if usage is not None:
                account._unsummed.append((model, usage))
                if len(account._unsummed) >= _UNSUMMED:
                    account._sum()

    def _look_for_debt(self) -> None:
        """Note a debt. A bill beyond its bound is paid if it fits; the part that does not fit is a debt, and
        closes the ledger.
        """
        for account in self._path:
            over = Amounts(*(max(0, -self._room(account, at)) for at in range(3)))
            if any(over):
                account.debt = Amounts(*map(max, account.debt, over))
                self._ledger.debtor = self._ledger.debtor or account

    async def _wait_for(self, want: Amounts, less: Callable[[], Amounts | None] | None) -> Reservation:
        finishing = (
            self._finishing
        )  # as it is now: a request that arrived earlier has no claim to the reserve
        waiter: Waiter[Reservation] = Waiter(
            want=want,
            less=less,
            accounts=self._path,
            short_of=lambda want: self._short_of(want, finishing=finishing),
            take=lambda want: self._take(want, finishing=finishing),
            refusal=self._refusal,
            granted=asyncio.get_running_loop().create_future(),
        )
        return await self._ledger.waiting.wait(waiter)

    async def _in_time(self, waiting: Awaitable[Reservation]) -> Reservation:
        """What is waited for.

        Raises:
            DeadlineExceeded: the time of this account ended first.
        """
        try:
            async with asyncio.timeout(None if math.isinf(self.ends) else self.seconds_left):
                return await waiting
        except TimeoutError:
            raise self.too_late() from None

    def _refusal(self, want: Amounts) -> LimitExceeded:
        """Why ``want`` can never fit."""
        if (reason := self._ledger.closed) is not None:
            return reason.anew()
        if self._now() >= self.ends:
            return self.too_late()
        if (debtor := self._ledger.debtor) is not None:
            return in_debt(debtor.caps.amounts, debtor.committed, debtor.debt)
        prospect = self.prospect
        for at in range(3):
            if want[at] > prospect[at]:
                scarce = min(self._path, key=lambda each: self._room(each, at) + each.reserved[at])
                return spent(at, scarce.caps.amounts, scarce.committed, scarce.held, want)
        raise AssertionError(f"{want!r} fits")

    def _own_pressure(self) -> float:
        shares = [
            self.committed[at] / max(1, cap - self.held[at])
            for at, cap in enumerate(self._most)
            if cap < UNLIMITED
        ]
        if not math.isinf(self.caps.ends):
            shares.append((self._now() - self._began) / max(1e-9, self.caps.ends - self._began))
        return min(1.0, max(shares, default=0.0))


class _Ledger:
    """The state that all accounts of one tree share.

    Attributes:
        waiting: the requests that wait for room.
        debtor: the first account that got into debt, which closes the ledger; ``None`` while it is open.
        closed: why the ledger is closed; ``None`` while it is open.
        log: writes down each request; ``None`` if nothing does.
        purse: must cover each request as well; ``None`` if there is none.
        arrears: what earlier attempts have paid, and nothing counts yet.
    """

    def __init__(self, log: RequestLog | None = None, purse: Purse | None = None) -> None:
        self.log = log
        self.purse = purse
        self.arrears = Arrears()
        self.closed: LimitExceeded | None = None
        self.waiting: WaitingList[Reservation] = WaitingList()
        self.debtor: Account | None = None
