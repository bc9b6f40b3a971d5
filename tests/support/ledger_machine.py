"""Plays programs on a tree of accounts, in a real event loop whose clock is turned by hand, and checks the laws of the ledger
(T10 of docs/design/budget-theorems.md) against books of its own after every step. Knows what a ledger promises; refuses to
know how it keeps it.

A program is bytes. Six of them make the root's caps; then four make a step: what is done and how far the loop runs afterwards,
with whom, and two amounts. So Hypothesis makes programs, and makes those that break a law shorter; a step of zeros does
nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import ModuleType
from typing import Any, Literal

from harlm.budget import UNLIMITED, Account, Caps, Reservation
from harlm.errors import DeadlineExceeded, DepthLimit, LimitExceeded
from harlm.types import Amounts, Usage

Laws = Literal["all", "caps"]
"""``caps``: only that no account has paid more than its cap."""

HEADER, RECORD = 6, 4
_TICK = (
    0.01  # seconds: timers are only so exact, some early and some late, as uvloop's are (to the millisecond)
)
_ACCOUNTS = 14
_NAMES = ("tokens", "usd", "calls")
_NONE = Amounts()

_STEPS: tuple[str, ...] = (
    *["rest"],
    *["ask"] * 20,
    *["settle"] * 11,
    *["settle_and_cancel"] * 2,
    *["leave"] * 2,
    *["refund"] * 4,
    *["settle_again"] * 1,
    *["cancel"] * 4,
    *["tick"] * 2,
    *["near_the_end"] * 4,
    *["hold"] * 4,
    *["close"] * 1,
    *["finish"] * 3,
    *["open"] * 4,
    *["look"] * 1,
)


class Broken(AssertionError):
    """A law does not hold."""

    def __init__(self, law: str, what: str, log: Sequence[str]) -> None:
        super().__init__(f"{law}: {what}\nthe last steps:\n  " + "\n  ".join(log))
        self.law = law


class ManualLoop(asyncio.SelectorEventLoop):
    """A real event loop with a clock that is turned by hand. Its timers are rounded to ``_TICK``."""

    clock = 0.0

    def time(self) -> float:
        """The clock as timers see it."""
        return round(self.clock / _TICK) * _TICK

    @property
    def is_calm(self) -> bool:
        """Whether nothing would happen if it ran on."""
        ready: deque[object] = getattr(self, "_ready")  # noqa: B009 - there is no public way to ask
        return not ready


# -- the books ------------------------------------------------------------------------------------------------


@dataclass(eq=False, slots=True, kw_only=True)
class Node:
    """An account, and what should stand in it."""

    number: int
    account: Account
    caps: Caps
    cap: Amounts
    path: tuple[Node, ...] = ()
    ends: float = math.inf
    committed: Amounts = _NONE
    reserved: Amounts = _NONE
    held: Amounts = _NONE
    debt: Amounts = _NONE
    own_hold: Amounts = _NONE
    finishing: AbstractContextManager[None] | None = None

    def room(self, at: int) -> int:
        """What can still be given out here."""
        return self.cap[at] - self.committed[at] - self.reserved[at] - self.held[at]

    def beyond_hold(self, want: Amounts) -> Amounts:
        """The part of ``want`` that does not come out of the finishing reserve."""
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
    is_over: bool = False
    is_received: bool = False
    is_cancelled: bool = False
    must_be_granted: bool = False
    can_do_with_less: bool = False
    reservation: Reservation | None = None
    hopeless: set[str] = field(default_factory=set)


class Books:
    """What is true of a tree of accounts, kept apart from what the accounts say.

    Attributes:
        broken: laws that were broken while the ledger was at work, as (law, what happened).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.nodes: list[Node] = []
        self.waiting: list[Ask] = []  # in order of arrival, and not granted, refused or cancelled
        self.asks: dict[int, Ask] = {}  # by the identity of what they want
        self.open: dict[Reservation, Ask] = {}
        self.usage: dict[Node, list[int]] = {}
        self.is_closed = False
        self.last_paid = _NONE
        self.broken: list[tuple[str, str]] = []

    # -- told by the driver --------------------------------------------------------------------------------

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
        ask.is_over = True
        if ask in self.waiting:
            self.waiting.remove(ask)

    def refused(self, ask: Ask, refusal: LimitExceeded) -> None:
        if ask.reservation is not None and ask.reservation.is_open:
            self.broken.append(("granted or refused", f"ask {ask.number} was both"))
        if isinstance(refusal, DeadlineExceeded):
            if self.clock() < ask.node.ends - _TICK:
                self.broken.append(("refused rightly", f"ask {ask.number} has time left"))
        elif not self.is_closed and refusal.limit not in ask.hopeless | ask.node.hopeless(ask.want):
            self.broken.append(("refused rightly", f"ask {ask.number} could still fit: {refusal}"))
        self.leaves(ask)

    def note_the_hopeless(self) -> None:
        """Before room is made: who cannot fit now may have been refused already, and just not know it."""
        for ask in self.waiting:
            ask.hopeless |= ask.node.hopeless(ask.want)

    def sets_hold(self, node: Node, want: Amounts) -> None:
        more = minus(want, node.own_hold)
        if any(each < 0 for each in more):
            self.note_the_hopeless()
        for each in node.path:
            each.held = plus(each.held, more)
        node.own_hold = want

    # -- told by reservations ------------------------------------------------------------------------------

    def granted(self, reservation: Reservation) -> None:
        ask = self.asks.get(id(reservation.bound))
        if ask is None or ask.reservation is not None or ask.is_over or ask.is_cancelled:
            self.broken.append(("granted or refused", "something was granted that nobody waits for"))
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
            self.broken.append(("closed by debt", f"ask {ask.number} was granted all the same"))
        if self.clock() >= node.ends:
            self.broken.append(("in time", f"ask {ask.number} was granted after its time"))
        if node.short_of(ask.want):
            self.broken.append(("within caps", f"ask {ask.number} was granted without room"))
        if reservation.from_hold != minus(ask.want, node.beyond_hold(ask.want)):
            self.broken.append(("from the hold", f"{reservation.from_hold} for {ask.want}"))
        if node.finishing is None and not self._is_next(ask):
            self.broken.append(("in order of arrival", f"ask {ask.number} was granted before its turn"))

    def _is_next(self, ask: Ask) -> bool:
        """Whether all who came before, and still wait, wait for what ``ask`` does not need."""
        short: set[Node] = set()
        for earlier in self.waiting:
            if earlier is ask:
                return True
            if earlier.hopeless or earlier.node.hopeless(earlier.want):
                continue  # it is refused, and does not know it
            lacks = earlier.node.short_of(earlier.want)
            waits_for = lacks | short.intersection(earlier.node.path)
            may_be_over = self.clock() >= earlier.node.ends - _TICK
            if not may_be_over and waits_for.issubset(ask.node.path):
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
            unused = most(_NONE, least(reservation.from_hold, minus(bound, actual)))
            self.sets_hold(node, plus(node.own_hold, unused))

    # -- the laws ------------------------------------------------------------------------------------------

    def check(self) -> Iterator[tuple[str, str]]:
        """Laws that hold at every moment and do not hold now."""
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
                yield "held is what is kept", f"account {node.number}: {account.held} for {held}"
            if account.debt != node.debt:
                yield "debt is the overshoot", f"account {node.number}: {account.debt} for {node.debt}"
            for paid, under_way, kept, debt, cap in zip(
                committed, reserved, held, node.debt, node.cap, strict=True
            ):
                if paid + under_way + kept > cap + debt:
                    yield "within caps", f"account {node.number} has given out more than its cap"

    def check_calm(self) -> Iterator[tuple[str, str]]:
        """Laws that hold whenever everybody has had his turn."""
        short: set[Node] = set()
        for ask in self.waiting:
            who, node = f"ask {ask.number} at account {ask.node.number}", ask.node
            lacks = node.short_of(ask.want)
            if self.is_closed:
                yield "none waits in vain", f"{who} waits for a closed ledger"
            elif self.clock() >= node.ends + _TICK:
                yield "none waits in vain", f"{who} waits though its time is over"
            elif node.finishing is None and not ask.can_do_with_less and node.hopeless(ask.want):
                yield "none waits in vain", f"{who} waits for what cannot come"
            elif ask.must_be_granted:
                yield "the last call waits for nobody", f"{who} waits though its reserve pays for it"
            elif not lacks and short.isdisjoint(node.path) and self.clock() < node.ends:
                yield "no wake-up is lost", f"{who} waits for nobody"
            short |= lacks
        for ask in self.open.values():
            if not ask.is_received and ask.task is not None and ask.task.done():
                yield "nothing is lost", f"what ask {ask.number} was granted is open, and nobody has it"

    def check_paid(self) -> Iterator[tuple[str, str]]:
        """The one law that can be asked of a counter that reserves nothing; bills are honest."""
        for node in self.nodes:
            if any(paid > cap for paid, cap in zip(node.committed, node.cap, strict=True)):
                yield "within caps", f"account {node.number} has paid {node.committed} of {node.cap}"


# -- the driver -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """What was played.

    Attributes:
        steps: those of programs that did something.
        episodes: trees of accounts, from their first step to the last reservation.
        seen: how often each thing that is worth testing came about.
    """

    steps: int = 0
    episodes: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def see(self, what: str) -> None:
        """Count one more."""
        self.seen[what] = self.seen.get(what, 0) + 1


class Machine:
    """Plays one program.

    Args:
        loop: it is played in.
        root: makes the account to test.
        laws: what is checked.
        bills_are_honest: whether no bill exceeds its bound, whatever the program says.
        tally: counts what was played.
    """

    def __init__(
        self,
        loop: ManualLoop,
        root: Callable[[Caps, Callable[[], float]], Account],
        *,
        laws: Laws = "all",
        bills_are_honest: bool = False,
        tally: Tally | None = None,
    ) -> None:
        self._loop = loop
        self._root = root
        self._laws: Laws = laws
        self._honest = bills_are_honest
        self.tally = tally or Tally()
        self.books = Books(lambda: loop.clock)
        self._numbers = count(1)
        self._settled: list[Reservation] = []
        self._log: deque[str] = deque(maxlen=16)
        self._do: Mapping[str, Callable[[int, int, int], str]] = {
            name: getattr(self, f"_{name}") for name in dict.fromkeys(_STEPS)
        }

    async def play(self, program: bytes) -> None:
        """From the first step until nothing is under way any more.

        Raises:
            Broken: a law does not hold.
        """
        self._begin(program[:HEADER].ljust(HEADER, b"\0"))
        for at in range(HEADER, len(program) - RECORD + 1, RECORD):
            kind, who, first, second = program[at : at + RECORD]
            step = _STEPS[kind & 63]
            if step == "rest":
                continue
            said = self._do[step](who, first, second)
            self.tally.steps += 1
            self._log.append(f"{step}: {said}")
            self._check()
            if step == "near_the_end":  # and something happens in that very moment
                await asyncio.sleep(0)
                self._log.append(f"settle: {self._settle(who, first, second)}")
                self._check()
            if kind >> 6:
                await asyncio.sleep(0)
            if kind >> 6 > 1:
                await self._until_calm()
            self._check(has_run=kind >> 6 > 0)
        await self._wind_down()
        self.tally.episodes += 1

    def _begin(self, header: bytes) -> None:
        tokens, micros, calls, ends, depth, honest = header
        caps = Caps(
            tokens=_cap(25 + tokens // 3, tokens > 200),
            micros=_cap(25 + micros // 3, micros > 200),
            calls=_cap(6 + calls // 4, calls > 150),
            ends=self._loop.clock + ends * _TICK if ends > 192 else math.inf,
            depth=1 + depth % 8,
        )
        self._honest = self._honest or honest < 170
        self._add(self._root(caps, self.books.clock), caps, None)
        self._log.append(f"the root has {caps}")

    def _add(self, account: Account, caps: Caps, parent: Node | None) -> Node:
        node = Node(number=len(self.books.nodes), account=account, caps=caps, cap=caps.amounts)
        node.path = (node, *(parent.path if parent else ()))
        node.ends = min(each.caps.ends for each in node.path)
        self.books.nodes.append(node)
        self.books.usage[node] = [0, 0]
        return node

    # -- steps: each says what it did ----------------------------------------------------------------------

    def _rest(self, who: int, first: int, second: int) -> str:
        raise AssertionError("a rest is no step")

    def _ask(self, who: int, first: int, second: int) -> str:
        last = [node for node in self.books.nodes if node.finishing]
        node = last[who % len(last)] if last and first & 16 else self._node(who)
        calls = 1 if first < 240 else second % 3
        ask = Ask(number=next(self._numbers), node=node, want=Amounts(2 + first % 13, 2 + second % 13, calls))
        if node.finishing and first & 32:
            ask.want = Amounts(*(min(pair) for pair in zip(ask.want, node.own_hold, strict=True)))
        ask.can_do_with_less = second % 4 == 0
        self.books.asks[id(ask.want)] = ask
        ask.task = self._loop.create_task(self._asking(ask))
        # What a mutant raises is found in the books.
        ask.task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return f"{ask.number} at account {node.number}, {ask.want}"

    async def _asking(self, ask: Ask) -> None:
        self.books.arrives(ask)
        try:
            less = (lambda: self._less(ask)) if ask.can_do_with_less else None
            reservation = await ask.node.account.reserve(ask.want, less)
        except LimitExceeded as refusal:
            if ask.reservation is not None and isinstance(refusal, DeadlineExceeded):
                self.tally.see("granted and timed out in one moment")
            self.books.refused(ask, refusal)
            self.tally.see(f"refused: {refusal.limit}")
        except asyncio.CancelledError:
            self.books.leaves(ask)
            raise
        else:
            self.books.leaves(ask)
            ask.is_received = True
            if reservation is not ask.reservation:
                self.books.broken.append(("granted or refused", f"ask {ask.number} got what is not its own"))

    def _less(self, ask: Ask) -> Amounts | None:
        """Half of what was wanted, until that is nothing."""
        if ask.want.tokens < 2:
            return None
        ask.want = Amounts(ask.want.tokens // 2, ask.want.micros // 2, ask.want.calls)
        self.books.asks[id(ask.want)] = ask
        self.tally.see("done with less")
        return ask.want

    def _open_ones(self) -> list[Reservation]:
        return [each for each, ask in self.books.open.items() if ask.is_received]

    def _settle(self, who: int, first: int, second: int) -> str:
        if not (there := self._open_ones()):
            return "nothing"
        reservation = there[who % len(there)]
        bound = reservation.bound
        if second < 200:
            actual = Amounts(bound[0] * first // 2048, bound[1] * second // 2048, min(1, bound[2]))
        elif second < 240 or self._honest:
            actual = bound
        else:
            actual = plus(bound, Amounts(first % 9, second % 9, first & 1))
            self.tally.see("billed beyond the bound")
        return self._paid(reservation, actual)

    def _settle_and_cancel(self, who: int, first: int, second: int) -> str:
        """A settlement that serves somebody who is cancelled before he knows."""
        said = self._settle(who, first, second)
        served = [ask for ask in self._under_way() if ask.reservation is not None]
        return f"{said}; cancelled: {self._cancelled(served[0]) if served else 'nobody'}"

    def _paid(self, reservation: Reservation, actual: Amounts) -> str:
        ask = self.books.open[reservation]
        waited = len(self.books.waiting)
        reservation.settle(actual, f"model {ask.number % 3}", Usage(calls=1, input_tokens=actual.tokens))
        for node in ask.node.path:
            self.books.usage[node][0] += 1
            self.books.usage[node][1] += actual.tokens
        self._settled.append(reservation)
        if len(self.books.waiting) < waited:
            self.tally.see("a wait that a settlement ended")
        return f"what ask {ask.number} has, at {actual} of {reservation.bound}"

    def _leave(self, who: int, first: int, second: int) -> str:
        """A call that is cancelled or fails: nobody knows its bill."""
        if not (there := self._open_ones()):
            return "nothing"
        reservation = there[who % len(there)]
        number = self.books.open[reservation].number
        try:
            with reservation:
                if first & 1:
                    raise asyncio.CancelledError
        except asyncio.CancelledError:
            pass
        return self._ended(reservation, number, reservation.bound)

    def _refund(self, who: int, first: int, second: int) -> str:
        if not (there := self._open_ones()):
            return "nothing"
        reservation = there[who % len(there)]
        number = self.books.open[reservation].number
        reservation.refund()
        return self._ended(reservation, number, _NONE)

    def _ended(self, reservation: Reservation, number: int, actual: Amounts) -> str:
        if reservation.is_open or self.books.last_paid != actual:
            self.books.broken.append(("an unknown bill is the bound", f"{self.books.last_paid} for {actual}"))
        self._settled.append(reservation)
        return f"what ask {number} has"

    def _settle_again(self, who: int, first: int, second: int) -> str:
        if not self._settled:
            return "nothing"
        try:
            self._settled[who % len(self._settled)].settle(Amounts(first, second, 1))
        except ValueError:
            return "refused"
        self.books.broken.append(("settled once", "a reservation could be settled twice"))
        return "it was taken"

    def _cancel(self, who: int, first: int, second: int) -> str:
        there = self._under_way()
        return self._cancelled(there[who % len(there)]) if there else "nothing"

    def _under_way(self) -> list[Ask]:
        """Who has not begun, who waits, and who was granted something in this moment and does not know it."""
        return [
            each
            for each in dict.fromkeys(self.books.asks.values())
            if not each.is_over and not each.is_cancelled
        ]

    def _cancelled(self, ask: Ask) -> str:
        assert ask.task is not None
        if ask.reservation is not None:
            self.tally.see("granted and cancelled in one moment")
        elif ask.arrived:
            self.tally.see("cancelled while it waited")
        ask.is_cancelled = True
        ask.is_over = not ask.arrived
        if ask in self.books.waiting:
            self.books.waiting.remove(ask)
        ask.task.cancel()
        return f"ask {ask.number}"

    def _tick(self, who: int, first: int, second: int) -> str:
        self._loop.clock += _TICK * first / 64
        return f"{self._loop.clock:.4f}"

    def _near_the_end(self, who: int, first: int, second: int) -> str:
        """Just before or after somebody's time is over."""
        ends = sorted({ask.node.ends for ask in self.books.waiting if ask.node.ends < math.inf})
        if ends:
            self._loop.clock = max(self._loop.clock, ends[0] + _TICK * (first - 240) / 256)
            self.tally.see("a clock turned to the end of a wait")
        return f"{self._loop.clock:.4f}"

    def _hold(self, who: int, first: int, second: int) -> str:
        node, want = self._node(who), Amounts(first % 12, second % 12, first & 1)
        more = most(_NONE, minus(want, node.own_hold))
        fits = not any(more) or (
            not self.books.is_closed
            and all(more[at] <= each.room(at) for each in node.path for at in range(3))
        )
        if fits:
            self.books.sets_hold(node, want)
        if node.account.hold(want) is not fits:
            self.books.broken.append(("hold as reserve", f"{want} at account {node.number}: it is {fits}"))
        return f"{want} at account {node.number}: {fits}"

    def _close(self, who: int, first: int, second: int) -> str:
        node = self._node(who)
        self.books.sets_hold(node, _NONE)
        node.account.close()
        return f"account {node.number}"

    def _finish(self, who: int, first: int, second: int) -> str:
        """A node begins its end, or comes to it: not while something of its own is still to be answered."""
        there = [node for node in self.books.nodes if any(node.own_hold) or node.finishing]
        if not there:
            return "nothing"
        node = there[who % len(there)]
        if any(ask.node is node and not ask.is_over for ask in self.books.asks.values()):
            return "not yet"
        if node.finishing is None:
            finishing = node.account.finishing()
            finishing.__enter__()
            node.finishing = finishing
            self.tally.see("finishing")
        else:
            node.finishing.__exit__(None, None, None)
            node.finishing = None
        return f"account {node.number}: {node.finishing is not None}"

    def _open(self, who: int, first: int, second: int) -> str:
        parent = self._node(who)
        if len(self.books.nodes) == _ACCOUNTS:
            return "there are enough"
        caps = Caps(
            tokens=_cap(first % 50, bool(first & 64)),
            micros=_cap(second % 50, bool(second & 64)),
            calls=_cap(first % 11, bool(second & 128)),
            ends=self._loop.clock + second % 30 * _TICK if first >= 192 else math.inf,
            depth=UNLIMITED if first % 5 else len(parent.path) + second % 3,
        )
        is_too_deep = any(len(parent.path) > each.caps.depth for each in parent.path)
        try:
            account = parent.account.child(caps)
        except DepthLimit as refusal:
            if not is_too_deep or "--max-depth" not in str(refusal):
                self.books.broken.append(("depth", f"account {parent.number} may have a child"))
            return f"refused below account {parent.number}"
        if is_too_deep:
            self.books.broken.append(("depth", f"account {parent.number} may not have a child"))
        node = self._add(account, caps, parent)
        return f"account {node.number} below {parent.number} with {caps}"

    def _look(self, who: int, first: int, second: int) -> str:
        node = self._node(who)
        own = node.own_hold if node.finishing else _NONE
        left = Amounts(*(min(each.room(at) for each in node.path) + own[at] for at in range(3)))
        prospect = Amounts(
            *(min(each.room(at) + each.reserved[at] for each in node.path) + own[at] for at in range(3))
        )
        account = node.account
        if self._laws == "all" and (account.left != left or account.prospect != prospect):
            self.books.broken.append(("what is left", f"{account.left}, {account.prospect}"))
        if not 0.0 <= account.pressure <= 1.0:
            self.books.broken.append(("pressure", f"{account.pressure}"))
        return f"account {node.number} has {left}"

    # -- inside --------------------------------------------------------------------------------------------

    def _node(self, who: int) -> Node:
        return self.books.nodes[who % len(self.books.nodes)]

    def _check(self, *, has_run: bool = False) -> None:
        books = self.books
        found = next(books.check() if self._laws == "all" else books.check_paid(), None)
        if found is None and self._laws == "all" and has_run and self._loop.is_calm:
            found = next(books.check_calm(), None)
        if found is not None:
            raise Broken(*found, self._log)

    async def _wind_down(self) -> None:
        """Settle what is open until nobody waits any more; then nothing may be left."""
        books = self.books
        for turn in range(200):
            self._log.append("winding down")
            await asyncio.sleep(0)
            await self._until_calm()
            self._check(has_run=True)
            there = self._open_ones()
            for reservation in there:
                self._paid(reservation, Amounts(*(each // (2 + turn % 3) for each in reservation.bound)))
            if not there and all(ask.task is None or ask.task.done() for ask in books.asks.values()):
                break
        for node in books.nodes:
            if node.finishing is not None:
                node.finishing.__exit__(None, None, None)
                node.finishing = None
            books.sets_hold(node, _NONE)
            node.account.close()
        self._check()
        if self._laws == "all":
            self._check_the_end()

    async def _until_calm(self) -> None:
        for _ in range(100):
            if self._loop.is_calm:
                return
            await asyncio.sleep(0)
        raise Broken("in time", "the loop never rests", self._log)

    def _check_the_end(self) -> None:
        for node in self.books.nodes:
            account, usage = node.account, node.account.usage
            if any(account.reserved) or any(account.held) or self.books.waiting or self.books.open:
                raise Broken("at rest", f"account {node.number} is not empty", self._log)
            if [usage.calls, usage.input_tokens] != self.books.usage[node]:
                raise Broken("usage adds up", f"account {node.number}: {usage}", self._log)


@contextmanager
def recorded(ledger: ModuleType) -> Iterator[Callable[[Machine], None]]:
    """Within it, reservations of ``ledger`` tell the books of the machine that was named last of themselves."""
    base: Any = ledger.Reservation
    machines: list[Machine] = []

    class Recorded(base):  # type: ignore[misc] # a class of whichever ledger is tested
        def __init__(self, account: Account, bound: Amounts, from_hold: Amounts) -> None:
            super().__init__(account, bound, from_hold)
            machines[-1].books.granted(self)

        def settle(self, actual: Amounts, model: str = "", usage: Usage | None = None) -> None:
            if self.is_open and self in machines[-1].books.open:
                machines[-1].books.settled(self, actual)
            super().settle(actual, model, usage)

    ledger.Reservation = Recorded  # type: ignore[attr-defined] # as above
    try:
        yield machines.append
    finally:
        ledger.Reservation = base  # type: ignore[attr-defined] # as above


def play(
    ledger: ModuleType,
    programs: Sequence[bytes],
    root: Callable[[Caps, Callable[[], float]], Account] | None = None,
    *,
    laws: Laws = "all",
    bills_are_honest: bool = False,
    tally: Tally | None = None,
) -> Tally:
    """Play programs one after the other on accounts of ``ledger``.

    Raises:
        Broken: a law does not hold.
    """
    tally = tally or Tally()
    make = root or (lambda caps, now: ledger.Account(caps, now=now))
    loop = ManualLoop()
    try:
        with recorded(ledger) as tell:
            for program in programs:
                machine = Machine(loop, make, laws=laws, bills_are_honest=bills_are_honest, tally=tally)
                tell(machine)
                loop.run_until_complete(machine.play(program))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    return tally


# -- amounts --------------------------------------------------------------------------------------------------


def plus(left: Amounts, right: Amounts) -> Amounts:
    """The sum."""
    return Amounts(left[0] + right[0], left[1] + right[1], left[2] + right[2])


def minus(left: Amounts, right: Amounts) -> Amounts:
    """The difference."""
    return Amounts(left[0] - right[0], left[1] - right[1], left[2] - right[2])


def least(left: Amounts, right: Amounts) -> Amounts:
    """The smaller of each currency."""
    return Amounts(min(left[0], right[0]), min(left[1], right[1]), min(left[2], right[2]))


def most(left: Amounts, right: Amounts) -> Amounts:
    """The larger of each currency."""
    return Amounts(max(left[0], right[0]), max(left[1], right[1]), max(left[2], right[2]))


def _cap(amount: int, is_unlimited: bool) -> int:
    return UNLIMITED if is_unlimited else amount
