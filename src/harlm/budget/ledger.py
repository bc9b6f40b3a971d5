"""The ledger: a tree of accounts that cannot be overdrawn. Knows amounts; refuses to know what they buy.

Every node of a run has an account below its parent's. Before a request leaves, its worst case is *reserved* at the node and
at every account above it; when the reply is there, what it really took is *settled* and the rest flows back. At every
account and at every moment (theorem T10, ``docs/concepts/budget.md``)::

    committed + reserved + held <= cap

``held`` is the finishing reserve: what a node keeps for the one call that turns what it has learned into an answer (T11).
A request that does not fit waits while the shortfall is only reserved by others, and is refused when it cannot fit any more.

All of an account's methods run in one event loop; between checking and adding there is no place where another task could
run, which is what makes a reservation atomic along its path.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from harlm.errors import CallLimit, CostLimit, DeadlineExceeded, DepthLimit, LimitExceeded, TokenLimit
from harlm.types import Amounts, Usage, summed

Currency = Literal["tokens", "micros", "calls"]

UNLIMITED = 1 << 62
"""The cap of a currency without one."""

_UNSUMMED = 256  # bills that are kept before they are added up: adding is dearer than keeping

_KINDS: tuple[tuple[str, str, type[LimitExceeded], int], ...] = (
    ("tokens", "--max-tokens", TokenLimit, 1),
    ("usd", "--max-cost", CostLimit, 1_000_000),
    ("calls", "--max-calls", CallLimit, 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What an account may give out at most.

    Attributes:
        tokens, micros, calls: ``UNLIMITED`` for no limit.
        ends: when its time is over, by the ledger's clock; infinity for never.
        depth: the deepest account below the root.
    """

    tokens: int = UNLIMITED
    micros: int = UNLIMITED
    calls: int = UNLIMITED
    ends: float = math.inf
    depth: int = UNLIMITED

    @property
    def amounts(self) -> Amounts:
        """The currencies that add up."""
        return Amounts(self.tokens, self.micros, self.calls)


class Account:
    """One node's account.

    Args:
        caps: of this account; what the accounts above allow holds as well.
        parent: None for the root.
        now: the clock, in seconds.
        began: when its time began, by that clock; now when None.

    Attributes:
        committed: settled for good, here and below.
        reserved: under way, here and below.
        held: finishing reserves, here and below.
        debt: what was billed beyond a cap, here and below; anything but zero closes the ledger.
        refused: the last refusal that somebody had to take for an answer, noted by whoever asked; a hedge or a second try
            that is refused ends nothing.
        depth: 0 at the root.
        ends: when its time is over, by its clock.
        limits_tokens, limits_money: whether these are limited, here or above.
    """

    def __init__(
        self,
        caps: Caps | None = None,
        parent: Account | None = None,
        now: Callable[[], float] = time.monotonic,
        *,
        began: float | None = None,
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
        self._ledger: _Ledger = _Ledger() if parent is None else parent._ledger
        self._tallies: dict[str, Usage] = {}
        self._unsummed: list[tuple[str, Usage]] = []

    # -- the tree ------------------------------------------------------------------------------------------

    def child(self, caps: Caps | None = None) -> Account:
        """An account below this one. It is a view on the same money: nothing is moved, whatever its caps say.

        Raises:
            DepthLimit: it would be deeper than allowed.
        """
        for account in self._path:
            if self.depth + 1 > account.caps.depth:
                raise DepthLimit(
                    f"depth {self.depth + 1} is below the deepest that is allowed ({account.caps.depth}); raise --max-depth",
                    limit="depth",
                    used=self.depth + 1,
                    allowed=account.caps.depth,
                )
        return Account(caps, parent=self, now=self._now)

    def purse(self) -> Account:
        """An account for a part of this node's own calls, so that what they use can be told apart."""
        purse = Account(parent=self, now=self._now)
        purse.depth = self.depth
        return purse

    @property
    def set_aside(self) -> Amounts:
        """What is taken out of the accounts above for this one: what was settled, and what is reserved."""
        return _plus(self.committed, self.reserved)

    def close(self) -> None:
        """Give back what was held for finishing."""
        self.hold(Amounts())

    # -- paying --------------------------------------------------------------------------------------------

    async def reserve(self, want: Amounts, less: Callable[[], Amounts | None] | None = None) -> Reservation:
        """Take ``want`` out of what is left, here and at every account above, or nothing at all.

        Waits while it fits but for what others have reserved; who wants of the same account is served in order of arrival.

        Args:
            want: what to take.
            less: asked when ``want`` cannot be had any more after a wait; what to take instead, or None.

        Raises:
            LimitExceeded: it cannot fit any more, the time is over, or the ledger is closed.
        """
        short = self._short_of(want, finishing=self._finishing)
        if short is None:
            raise self._refusal(want)
        if not short and (self._finishing or not self._ledger.waiting):
            return self._take(want, finishing=self._finishing)
        return await self._queue(want, less)

    def hold(self, want: Amounts) -> bool:
        """Keep ``want`` for finishing, in place of what was held before. False, and nothing changes, if it does not fit."""
        more = _minus(want, self._own_hold)
        if any(each > 0 for each in more) and not self._has_room(*(max(0, each) for each in more)):
            return False
        for account in self._path:
            account.held = _plus(account.held, more)
        self._own_hold = want
        self._ledger.serve()
        return True

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Within it, this account's own reservations come out of its finishing reserve first, and wait for nobody."""
        self._finishing = True
        try:
            yield
        finally:
            self._finishing = False

    # -- what is left --------------------------------------------------------------------------------------

    @property
    def usage(self) -> Usage:
        """What all calls here and below have used."""
        self._sum()
        total = Usage()
        for model, usage in self._tallies.items():
            total += usage.of_model(model)
        return total

    @property
    def left(self) -> Amounts:
        """What can be reserved at once; ``UNLIMITED`` or more where there is no limit."""
        own = self._own_hold if self._finishing else Amounts()
        return Amounts(*(min(self._room(account, at) for account in self._path) + own[at] for at in range(3)))

    @property
    def prospect(self) -> Amounts:
        """What could be reserved if all that is under way came back unused."""
        own = self._own_hold if self._finishing else Amounts()
        return Amounts(
            *(
                min(self._room(each, at) + each.reserved[at] for each in self._path) + own[at]
                for at in range(3)
            )
        )

    @property
    def seconds_left(self) -> float:
        """Until the time is over; infinity without a limit."""
        return max(0.0, self.ends - self._now())

    @property
    def seconds(self) -> float:
        """All the time that this account has from its beginning to its end."""
        return self.ends - self._began

    def too_late(self) -> DeadlineExceeded:
        """The breach of a time that is over. It is noted as the account's refusal."""
        refusal = DeadlineExceeded(
            f"the time is over ({self.seconds:.3g} s); raise --timeout",
            limit="seconds",
            used=self._now() - self._began,
            allowed=self.seconds,
        )
        self.refused = refusal
        return refusal

    @property
    def pressure(self) -> float:
        """How much of the scarcest currency is gone, here or above: 0 at the beginning, 1 when it is spent."""
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
        """The accounts, here and above, that have no room for ``want`` as long as others have reserved what they have; None
        where it cannot be had any more.
        """
        if self._ledger.debtor is not None or self._now() >= self.ends:
            return None
        if finishing:  # what comes out of the hold is taken already
            want = _minus(want, Amounts(*map(min, want, self._own_hold)))
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
        held = Amounts()
        if finishing:
            held = Amounts(*map(min, want, self._own_hold))
            self._own_hold = _minus(self._own_hold, held)
        for account in self._path:
            account.reserved = _plus(account.reserved, want)
            if finishing:
                account.held = _minus(account.held, held)
        return Reservation(self, want, held)

    def _settle(self, reservation: Reservation, actual: Amounts, model: str, usage: Usage | None) -> None:
        bound = reservation.bound
        for account in self._path:
            account.reserved = _minus(account.reserved, bound)
            account.committed = _plus(account.committed, actual)
            if usage is not None:
                account._unsummed.append((model, usage))
                if len(account._unsummed) >= _UNSUMMED:
                    account._sum()
        if any(paid > most for paid, most in zip(actual, bound, strict=True)):
            self._look_for_debt()
        if any(reservation.from_hold) and self._finishing:
            unused = Amounts(
                *(
                    max(0, min(pair))
                    for pair in zip(reservation.from_hold, _minus(bound, actual), strict=True)
                )
            )
            self.hold(_plus(self._own_hold, unused))
        self._ledger.serve()

    def _look_for_debt(self) -> None:
        """A bill beyond its bound is paid if that fits; what does not is a debt, and nothing more is given out."""
        for account in self._path:
            over = Amounts(*(max(0, -self._room(account, at)) for at in range(3)))
            if any(over):
                account.debt = Amounts(*map(max, account.debt, over))
                self._ledger.debtor = self._ledger.debtor or account

    async def _queue(self, want: Amounts, less: Callable[[], Amounts | None] | None) -> Reservation:
        waiter = _Waiter(self, want, less, self._finishing, asyncio.get_running_loop().create_future())
        self._ledger.waiting.append(waiter)
        self._ledger.serve()  # others may wait for what this one does not need
        try:
            async with asyncio.timeout(None if math.isinf(self.ends) else self.seconds_left):
                return await waiter.granted
        except TimeoutError:
            waiter.give_up()
            raise self.too_late() from None
        except asyncio.CancelledError:
            waiter.give_up()
            raise

    def _refusal(self, want: Amounts) -> LimitExceeded:
        """Why ``want`` cannot be had any more."""
        if self._now() >= self.ends:
            return self.too_late()
        if (debtor := self._ledger.debtor) is not None:
            return debtor._debt_as_refusal()
        prospect = self.prospect
        for at, (name, flag, kind, unit) in enumerate(_KINDS):
            if want[at] > prospect[at]:
                scarce = min(self._path, key=lambda each: self._room(each, at) + each.reserved[at])
                allowed, used = scarce.caps.amounts[at] / unit, scarce.committed[at] / unit
                kept = scarce.held[at] / unit
                kept_too = f" and {_shown(name, kept)} kept for the answer" if kept else ""
                return kind(
                    f"{_shown(name, used)} of {_shown(name, allowed)} are used{kept_too}, and the next call may take "
                    f"{_shown(name, want[at] / unit)}; raise {flag}",
                    limit=name,
                    used=used,
                    allowed=allowed,
                )
        raise AssertionError("it fits")

    def _debt_as_refusal(self) -> LimitExceeded:
        """Why nothing is given out any more, at the account that is in debt."""
        at = next(at for at in range(3) if self.debt[at])
        name, _, kind, unit = _KINDS[at]
        allowed, used = self.caps.amounts[at] / unit, self.committed[at] / unit
        return kind(
            f"a provider billed more than the request allowed, {_shown(name, self.debt[at] / unit)} beyond the limit of "
            f"{_shown(name, allowed)}, so nothing more is spent",
            limit=name,
            used=used,
            allowed=allowed,
        )

    def _own_pressure(self) -> float:
        shares = [
            self.committed[at] / max(1, cap - self.held[at])
            for at, cap in enumerate(self.caps.amounts)
            if cap < UNLIMITED
        ]
        if not math.isinf(self.caps.ends):
            shares.append((self._now() - self._began) / max(1e-9, self.caps.ends - self._began))
        return min(1.0, max(shares, default=0.0))


class Reservation:
    """The worst case of one request, set aside. Settled exactly once; left unsettled (a cancelled call, whose bill nobody
    knows) it is charged in full.

    Attributes:
        bound: what was reserved.
        from_hold: the part of it that came out of the finishing reserve.
    """

    __slots__ = ("_account", "_is_open", "bound", "from_hold")

    def __init__(self, account: Account, bound: Amounts, from_hold: Amounts) -> None:
        self._account = account
        self._is_open = True
        self.bound = bound
        self.from_hold = from_hold

    def settle(self, actual: Amounts, model: str = "", usage: Usage | None = None) -> None:
        """Book what the request took; the rest of the reservation flows back.

        Args:
            actual: what it took; more than the bound is booked as well, and may close the ledger.
            model, usage: for the books.

        Raises:
            ValueError: it is settled already.
        """
        if not self._is_open:
            raise ValueError("this reservation is settled already")
        self._is_open = False
        self._account._settle(self, actual, model, usage)

    def refund(self) -> None:
        """Give all of it back: the request was not served."""
        self.settle(Amounts())

    @property
    def is_open(self) -> bool:
        """Whether it is still to be settled."""
        return self._is_open

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open:
            self.settle(self.bound)


@dataclass(slots=True)
class _Waiter:
    account: Account
    want: Amounts
    less: Callable[[], Amounts | None] | None
    finishing: bool  # when it came: who waited before then has no claim to the hold
    granted: asyncio.Future[Reservation]

    def shortened(self) -> list[Account] | None:
        """Where there is no room for what it wants instead, as ``Account._short_of`` says."""
        instead = None if self.less is None else self.less()
        if instead is None:
            return None
        self.want = instead
        return self.account._short_of(instead, finishing=self.finishing)

    def give_up(self) -> None:
        """Stop waiting. What was granted in the same moment is given back."""
        granted = self.granted
        if granted.done() and not granted.cancelled() and granted.exception() is None:
            granted.result().refund()
        granted.cancel()
        self.account._ledger.serve()


class _Ledger:
    """What all accounts of one tree share: who waits, and which account is in debt, if any is: then it is closed."""

    def __init__(self) -> None:
        self.waiting: deque[_Waiter] = deque()
        self.debtor: Account | None = None

    def serve(self) -> None:
        """Serve who waits, in order of arrival. Who has to wait on keeps back only those who want of the account that is
        short: what one child waits for does not keep another waiting.
        """
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, deque()
        all_short: set[Account] = set()
        for waiter in waiting:
            if waiter.granted.done():
                continue
            account, is_next = waiter.account, all_short.isdisjoint(waiter.account._path)
            short = account._short_of(waiter.want, finishing=waiter.finishing)
            if short is None and waiter.less is not None:
                short = waiter.shortened() if is_next else []
            if short is None:
                waiter.granted.set_exception(account._refusal(waiter.want))
            elif not short and is_next:
                waiter.granted.set_result(account._take(waiter.want, finishing=waiter.finishing))
            else:
                all_short.update(short)
                self.waiting.append(waiter)


def _plus(left: Amounts, right: Amounts) -> Amounts:
    return Amounts(left[0] + right[0], left[1] + right[1], left[2] + right[2])


def _minus(left: Amounts, right: Amounts) -> Amounts:
    return Amounts(left[0] - right[0], left[1] - right[1], left[2] - right[2])


def _shown(name: str, amount: float) -> str:
    if amount >= UNLIMITED / 1e6:
        return "no limit"
    return f"${amount:.6g}" if name == "usd" else f"{amount:,.0f} {name}"
