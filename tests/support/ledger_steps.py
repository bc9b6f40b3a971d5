"""The steps of a program for the ledger: each does one thing to a tree of accounts, enters it into the books,
and returns a line for the log.

A step picks an account, an ask or a reservation by number and takes two amounts; all three are bytes.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from itertools import count

from harlm.budget import UNLIMITED, Account, Caps, Reservation
from harlm.errors import DeadlineExceeded, DepthLimit, LimitExceeded
from harlm.types import Amounts, Usage
from tests.support.ledger_books import NONE, TICK, Ask, Books, Node, minus, most, plus
from tests.support.virtual_time import ManualLoop

STEPS: tuple[str, ...] = (
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
"""The steps by number, each as often as programs should play it. ``rest`` does nothing."""

_ACCOUNTS = 14


@dataclass(slots=True)
class Tally:
    """What was played.

    Attributes:
        steps: steps other than rests.
        episodes: programs played to the end.
        seen: how often each event that is worth testing happened.
    """

    steps: int = 0
    episodes: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def see(self, what: str) -> None:
        """Count one more event."""
        self.seen[what] = self.seen.get(what, 0) + 1


class Steps:
    """Plays single steps on one tree of accounts.

    Args:
        loop: runs the asks.
        books: record everything that happens.
        tally: counts the events.
        bills_are_honest: whether no bill exceeds its bound.
        checks_amounts: whether ``left`` and ``prospect`` are compared with the books.
    """

    def __init__(
        self, loop: ManualLoop, books: Books, tally: Tally, *, bills_are_honest: bool, checks_amounts: bool
    ) -> None:
        self._loop = loop
        self.books = books
        self.tally = tally
        self.bills_are_honest = bills_are_honest
        self._checks_amounts = checks_amounts
        self._numbers = count(1)
        self._settled: list[Reservation] = []
        self._play = {name: getattr(self, f"_{name}") for name in dict.fromkeys(STEPS) if name != "rest"}

    def play(self, step: str, pick: int, first: int, second: int) -> str:
        """Play one step; returns what it did."""
        done: str = self._play[step](pick, first, second)
        return done

    def add(self, account: Account, caps: Caps, parent: Node | None) -> Node:
        """Enter a new account into the books."""
        node = Node(number=len(self.books.nodes), account=account, caps=caps, cap=caps.amounts)
        node.path = (node, *(parent.path if parent else ()))
        node.ends = min(each.caps.ends for each in node.path)
        self.books.nodes.append(node)
        self.books.usage[node] = [0, 0]
        return node

    def node(self, pick: int) -> Node:
        """The account with this number, modulo the number of accounts."""
        return self.books.nodes[pick % len(self.books.nodes)]

    def _ask(self, pick: int, first: int, second: int) -> str:
        last = [node for node in self.books.nodes if node.finishing]
        node = last[pick % len(last)] if last and first & 16 else self.node(pick)
        calls = 1 if first < 240 else second % 3
        ask = Ask(number=next(self._numbers), node=node, want=Amounts(2 + first % 13, 2 + second % 13, calls))
        if node.finishing and first & 32:
            ask.want = Amounts(*(min(pair) for pair in zip(ask.want, node.own_hold, strict=True)))
        ask.can_do_with_less = second % 4 == 0
        self.books.asks[id(ask.want)] = ask
        ask.task = self._loop.create_task(self._asking(ask))
        # An error that a mutant raises shows up in the books.
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
                self.books.broken.append(
                    ("granted or refused", f"ask {ask.number} got the reservation of another")
                )

    def _less(self, ask: Ask) -> Amounts | None:
        """Half of the wanted amounts, until nothing is left to halve."""
        if ask.want.tokens < 2:
            return None
        ask.want = Amounts(ask.want.tokens // 2, ask.want.micros // 2, ask.want.calls)
        self.books.asks[id(ask.want)] = ask
        self.tally.see("done with less")
        return ask.want

    def open_reservations(self) -> list[Reservation]:
        return [each for each, ask in self.books.open.items() if ask.is_received]

    def _settle(self, pick: int, first: int, second: int) -> str:
        if not (reservations := self.open_reservations()):
            return "nothing"
        reservation = reservations[pick % len(reservations)]
        bound = reservation.bound
        if second < 200:
            actual = Amounts(bound[0] * first // 2048, bound[1] * second // 2048, min(1, bound[2]))
        elif second < 240 or self.bills_are_honest:
            actual = bound
        else:
            actual = plus(bound, Amounts(first % 9, second % 9, first & 1))
            self.tally.see("billed beyond the bound")
        return self.pay(reservation, actual)

    def _settle_and_cancel(self, pick: int, first: int, second: int) -> str:
        """A settlement grants a wait, and that task is cancelled before it runs."""
        said = self._settle(pick, first, second)
        served = [ask for ask in self._unfinished() if ask.reservation is not None]
        return f"{said}; cancelled: {self._cancelled(served[0]) if served else 'none'}"

    def pay(self, reservation: Reservation, actual: Amounts) -> str:
        ask = self.books.open[reservation]
        waited = len(self.books.waiting)
        reservation.settle(actual, f"model {ask.number % 3}", Usage(calls=1, input_tokens=actual.tokens))
        for node in ask.node.path:
            self.books.usage[node][0] += 1
            self.books.usage[node][1] += actual.tokens
        self._settled.append(reservation)
        if len(self.books.waiting) < waited:
            self.tally.see("a wait that a settlement ended")
        return f"the reservation of ask {ask.number}, at {actual} of {reservation.bound}"

    def _leave(self, pick: int, first: int, second: int) -> str:
        """A call is cancelled or fails, so its bill is unknown."""
        if not (reservations := self.open_reservations()):
            return "nothing"
        reservation = reservations[pick % len(reservations)]
        number = self.books.open[reservation].number
        try:
            with reservation:
                if first & 1:
                    raise asyncio.CancelledError
        except asyncio.CancelledError:
            pass
        return self._ended(reservation, number, reservation.bound)

    def _refund(self, pick: int, first: int, second: int) -> str:
        if not (reservations := self.open_reservations()):
            return "nothing"
        reservation = reservations[pick % len(reservations)]
        number = self.books.open[reservation].number
        reservation.refund()
        return self._ended(reservation, number, NONE)

    def _ended(self, reservation: Reservation, number: int, actual: Amounts) -> str:
        if reservation.is_open or self.books.last_paid != actual:
            self.books.broken.append(("an unknown bill is the bound", f"{self.books.last_paid} for {actual}"))
        self._settled.append(reservation)
        return f"the reservation of ask {number}"

    def _settle_again(self, pick: int, first: int, second: int) -> str:
        if not self._settled:
            return "nothing"
        try:
            self._settled[pick % len(self._settled)].settle(Amounts(first, second, 1))
        except ValueError:
            return "refused"
        self.books.broken.append(("settled once", "a reservation could be settled twice"))
        return "settled twice"

    def _cancel(self, pick: int, first: int, second: int) -> str:
        asks = self._unfinished()
        return self._cancelled(asks[pick % len(asks)]) if asks else "nothing"

    def _unfinished(self) -> list[Ask]:
        """Asks that have not begun, that wait, or that were granted and have not run since."""
        return [
            each
            for each in dict.fromkeys(self.books.asks.values())
            if not each.has_ended and not each.is_cancelled
        ]

    def _cancelled(self, ask: Ask) -> str:
        assert ask.task is not None
        if ask.reservation is not None:
            self.tally.see("granted and cancelled in one moment")
        elif ask.arrived:
            self.tally.see("cancelled while it waited")
        ask.is_cancelled = True
        ask.has_ended = not ask.arrived
        if ask in self.books.waiting:
            self.books.waiting.remove(ask)
        ask.task.cancel()
        return f"ask {ask.number}"

    def _tick(self, pick: int, first: int, second: int) -> str:
        self._loop.clock.now += TICK * first / 64
        return f"{self._loop.clock():.4f}"

    def _near_the_end(self, pick: int, first: int, second: int) -> str:
        """Set the clock just before or after the time of a waiting request ends."""
        ends = sorted({ask.node.ends for ask in self.books.waiting if ask.node.ends < math.inf})
        if ends:
            self._loop.clock.now = max(self._loop.clock.now, ends[0] + TICK * (first - 240) / 256)
            self.tally.see("a clock set to the end of a wait")
        return f"{self._loop.clock():.4f}"

    def _hold(self, pick: int, first: int, second: int) -> str:
        node, want = self.node(pick), Amounts(first % 12, second % 12, first & 1)
        more = most(NONE, minus(want, node.own_hold))
        fits = not any(more) or (
            not self.books.is_closed
            and all(more[at] <= each.room(at) for each in node.path for at in range(3))
        )
        if fits:
            self.books.sets_hold(node, want)
        if node.account.hold(want) is not fits:
            self.books.broken.append(("hold as reserve", f"{want} at account {node.number}: it is {fits}"))
        return f"{want} at account {node.number}: {fits}"

    def _close(self, pick: int, first: int, second: int) -> str:
        node = self.node(pick)
        self.books.sets_hold(node, NONE)
        node.account.close()
        return f"account {node.number}"

    def _finish(self, pick: int, first: int, second: int) -> str:
        """A node begins or ends its finishing, unless one of its own asks is unfinished."""
        nodes = [node for node in self.books.nodes if any(node.own_hold) or node.finishing]
        if not nodes:
            return "nothing"
        node = nodes[pick % len(nodes)]
        if any(ask.node is node and not ask.has_ended for ask in self.books.asks.values()):
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

    def _open(self, pick: int, first: int, second: int) -> str:
        parent = self.node(pick)
        if len(self.books.nodes) == _ACCOUNTS:
            return "enough accounts"
        caps = Caps(
            tokens=cap(first % 50, bool(first & 64)),
            micros=cap(second % 50, bool(second & 64)),
            calls=cap(first % 11, bool(second & 128)),
            ends=self._loop.clock.now + second % 30 * TICK if first >= 192 else math.inf,
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
        node = self.add(account, caps, parent)
        return f"account {node.number} below {parent.number} with {caps}"

    def _look(self, pick: int, first: int, second: int) -> str:
        node = self.node(pick)
        own = node.own_hold if node.finishing else NONE
        left = Amounts(*(min(each.room(at) for each in node.path) + own[at] for at in range(3)))
        prospect = Amounts(
            *(min(each.room(at) + each.reserved[at] for each in node.path) + own[at] for at in range(3))
        )
        account = node.account
        if self._checks_amounts and (account.left != left or account.prospect != prospect):
            self.books.broken.append(("left and prospect", f"{account.left}, {account.prospect}"))
        if not 0.0 <= account.pressure <= 1.0:
            self.books.broken.append(("pressure", f"{account.pressure}"))
        return f"account {node.number} has {left}"


def cap(amount: int, is_unlimited: bool) -> int:
    """A cap of an account."""
    return UNLIMITED if is_unlimited else amount
