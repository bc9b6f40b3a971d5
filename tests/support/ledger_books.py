"""Independent books of a tree of accounts, and the laws of the ledger (T10 of docs/design/budget-theorems.md)
that they check.

The books hold what a ledger promises. They do not depend on how it keeps the promise.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from harlm.budget import Account, Caps, Reservation
from harlm.errors import DeadlineExceeded, LimitExceeded
from harlm.types import Amounts

NONE = Amounts()
TICK = 0.01
"""Seconds to which the timers of the loop are rounded."""
_NAMES = ("tokens", "usd", "calls")


@dataclass(eq=False, slots=True, kw_only=True)
class Node:
    """An account, and the figures that it should show."""

    number: int
    account: Account
    caps: Caps
    cap: Amounts
    path: tuple[Node, ...] = ()
    ends: float = math.inf
    committed: Amounts = NONE
    reserved: Amounts = NONE
    held: Amounts = NONE
    debt: Amounts = NONE
    own_hold: Amounts = NONE
    finishing: AbstractContextManager[None] | None = None

    def room(self, at: int) -> int:
        """The amount of one currency that can still be reserved here."""
        return self.cap[at] - self.committed[at] - self.reserved[at] - self.held[at]

    def beyond_hold(self, want: Amounts) -> Amounts:
        """The part of ``want`` that the finishing reserve does not cover."""
        return minus(want, least(want, self.own_hold)) if self.finishing else want

    def short_of(self, want: Amounts) -> set[Node]:
        """The accounts at which there is no room for ``want``."""
        want = self.beyond_hold(want)
        return {each for each in self.path if any(want[at] > each.room(at) for at in range(3))}

    def hopeless(self, want: Amounts) -> set[str]:
        """The currencies in which ``want`` would not fit even if all reservations came back unused."""
        want = self.beyond_hold(want)
        return {
            _NAMES[at]
            for at in range(3)
            if any(want[at] > each.room(at) + each.reserved[at] for each in self.path)
        }


@dataclass(eq=False, slots=True, kw_only=True)
class Ask:
    """One call of ``reserve``."""

    number: int
    node: Node
    want: Amounts
    task: asyncio.Task[None] | None = None
    arrived: bool = False
    has_ended: bool = False
    is_received: bool = False
    is_cancelled: bool = False
    must_be_granted: bool = False
    can_do_with_less: bool = False
    reservation: Reservation | None = None
    hopeless: set[str] = field(default_factory=set)


class Books:
    """The true state of a tree of accounts, kept apart from the accounts themselves.

    Attributes:
        broken: laws that were broken while the ledger worked, as (law, what happened).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.nodes: list[Node] = []
        self.waiting: list[Ask] = []  # in order of arrival; neither granted, refused nor cancelled
        self.asks: dict[int, Ask] = {}  # by the identity of the wanted amounts
        self.open: dict[Reservation, Ask] = {}
        self.usage: dict[Node, list[int]] = {}
        self.is_closed = False
        self.last_paid = NONE
        self.broken: list[tuple[str, str]] = []

    # -- called by the steps --------------------------------------------------------------------------------

    def arrives(self, ask: Ask) -> None:
        node = ask.node
        ask.arrived = True
        ask.must_be_granted = (
            node.finishing is not None
            and not any(node.beyond_hold(ask.want))
            and not self.is_closed
            and self.clock() < node.ends
        )
        self.waiting.append(ask)

    def leaves(self, ask: Ask) -> None:
        ask.has_ended = True
        if ask in self.waiting:
            self.waiting.remove(ask)

    def refused(self, ask: Ask, refusal: LimitExceeded) -> None:
        if ask.reservation is not None and ask.reservation.is_open:
            self.broken.append(("granted or refused", f"ask {ask.number} was both"))
        if isinstance(refusal, DeadlineExceeded):
            if self.clock() < ask.node.ends - TICK:
                self.broken.append(("refused rightly", f"ask {ask.number} has time left"))
        elif not self.is_closed and refusal.limit not in ask.hopeless | ask.node.hopeless(ask.want):
            self.broken.append(("refused rightly", f"ask {ask.number} could still fit: {refusal}"))
        self.leaves(ask)

    def note_the_hopeless(self) -> None:
        """Call before amounts become free. A request that cannot fit now may be refused already without
        having run.
        """
        for ask in self.waiting:
            ask.hopeless |= ask.node.hopeless(ask.want)

    def sets_hold(self, node: Node, want: Amounts) -> None:
        more = minus(want, node.own_hold)
        if any(each < 0 for each in more):
            self.note_the_hopeless()
        for each in node.path:
            each.held = plus(each.held, more)
        node.own_hold = want

    # -- called by reservations ----------------------------------------------------------------------------

    def granted(self, reservation: Reservation) -> None:
        ask = self.asks.get(id(reservation.bound))
        if ask is None or ask.reservation is not None or ask.has_ended or ask.is_cancelled:
            self.broken.append(("granted or refused", "something was granted that no request waits for"))
            return
        node, bound = ask.node, reservation.bound
        self._check_grant(ask, reservation)
        if any(reservation.from_hold):
            self.note_the_hopeless()
            node.own_hold = minus(node.own_hold, reservation.from_hold)
        for each in node.path:
            each.reserved = plus(each.reserved, bound)
            each.held = minus(each.held, reservation.from_hold)
        ask.reservation = reservation
        self.waiting.remove(ask)
        self.open[reservation] = ask

    def _check_grant(self, ask: Ask, reservation: Reservation) -> None:
        node = ask.node
        if self.is_closed:
            self.broken.append(("closed by debt", f"ask {ask.number} was granted in spite of a debt"))
        if self.clock() >= node.ends:
            self.broken.append(("in time", f"ask {ask.number} was granted after its time"))
        if node.short_of(ask.want):
            self.broken.append(("within caps", f"ask {ask.number} was granted without room"))
        if reservation.from_hold != minus(ask.want, node.beyond_hold(ask.want)):
            self.broken.append(("from the hold", f"{reservation.from_hold} for {ask.want}"))
        if node.finishing is None and not self._is_next(ask):
            self.broken.append(("in order of arrival", f"ask {ask.number} was granted before its turn"))

    def _is_next(self, ask: Ask) -> bool:
        """Whether all earlier requests that still wait lack room at accounts that ``ask`` does not need."""
        short: set[Node] = set()
        for earlier in self.waiting:
            if earlier is ask:
                return True
            if earlier.hopeless or earlier.node.hopeless(earlier.want):
                continue  # it is refused already, and its task has not run yet
            lacks = earlier.node.short_of(earlier.want)
            waits_for = lacks | short.intersection(earlier.node.path)
            may_have_ended = self.clock() >= earlier.node.ends - TICK
            if not may_have_ended and waits_for.issubset(ask.node.path):
                return False
            short |= lacks
        return False

    def settled(self, reservation: Reservation, actual: Amounts) -> None:
        ask = self.open.pop(reservation)
        self.last_paid = actual
        node, bound = ask.node, reservation.bound
        for each in node.path:
            each.reserved = minus(each.reserved, bound)
            each.committed = plus(each.committed, actual)
        for each in node.path:
            over = Amounts(*(max(0, -each.room(at)) for at in range(3)))
            if any(over):
                each.debt = most(each.debt, over)
                self.is_closed = True
        if node.finishing and not self.is_closed:
            unused = most(NONE, least(reservation.from_hold, minus(bound, actual)))
            self.sets_hold(node, plus(node.own_hold, unused))

    # -- the laws ------------------------------------------------------------------------------------------

    def check(self) -> Iterator[tuple[str, str]]:
        """The laws that must hold at every moment and do not hold now."""
        yield from self.broken
        for node in self.nodes:
            account, committed, reserved, held = node.account, node.committed, node.reserved, node.held
            if account.committed != committed:
                yield (
                    "committed is what was settled",
                    f"account {node.number}: {account.committed} for {committed}",
                )
            if account.reserved != reserved:
                yield "reserved is what is open", f"account {node.number}: {account.reserved} for {reserved}"
            if account.held != held:
                yield "held is the reserve", f"account {node.number}: {account.held} for {held}"
            if account.debt != node.debt:
                yield "debt is the overshoot", f"account {node.number}: {account.debt} for {node.debt}"
            for paid, under_way, kept, debt, cap in zip(
                committed, reserved, held, node.debt, node.cap, strict=True
            ):
                if paid + under_way + kept > cap + debt:
                    yield "within caps", f"account {node.number} has given out more than its cap"

    def check_calm(self) -> Iterator[tuple[str, str]]:
        """The laws that must hold when no task is ready to run, and do not hold now."""
        short: set[Node] = set()
        for ask in self.waiting:
            who, node = f"ask {ask.number} at account {ask.node.number}", ask.node
            lacks = node.short_of(ask.want)
            if self.is_closed:
                yield "no request waits in vain", f"{who} waits for a closed ledger"
            elif self.clock() >= node.ends + TICK:
                yield "no request waits in vain", f"{who} waits after its time has ended"
            elif node.finishing is None and not ask.can_do_with_less and node.hopeless(ask.want):
                yield "no request waits in vain", f"{who} waits for amounts that can never fit"
            elif ask.must_be_granted:
                yield "the last call does not wait", f"{who} waits although its reserve covers it"
            elif not lacks and short.isdisjoint(node.path) and self.clock() < node.ends:
                yield "no wake-up is lost", f"{who} waits although it has room"
            short |= lacks
        for ask in self.open.values():
            if not ask.is_received and ask.task is not None and ask.task.done():
                yield "nothing is lost", f"what ask {ask.number} was granted is open, and no task holds it"

    def check_paid(self) -> Iterator[tuple[str, str]]:
        """The one law that a counter without reservations could keep, if bills are honest."""
        for node in self.nodes:
            if any(paid > cap for paid, cap in zip(node.committed, node.cap, strict=True)):
                yield "within caps", f"account {node.number} has paid {node.committed} of {node.cap}"


# -- amounts ---------------------------------------------------------------------------------------------


def plus(left: Amounts, right: Amounts) -> Amounts:
    """The sum."""
    return Amounts(left[0] + right[0], left[1] + right[1], left[2] + right[2])


def minus(left: Amounts, right: Amounts) -> Amounts:
    """The difference."""
    return Amounts(left[0] - right[0], left[1] - right[1], left[2] - right[2])


def least(left: Amounts, right: Amounts) -> Amounts:
    """The smaller amount of each currency."""
    return Amounts(min(left[0], right[0]), min(left[1], right[1]), min(left[2], right[2]))


def most(left: Amounts, right: Amounts) -> Amounts:
    """The larger amount of each currency."""
    return Amounts(max(left[0], right[0]), max(left[1], right[1]), max(left[2], right[2]))
