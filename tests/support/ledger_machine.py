"""Plays programs on a tree of accounts, in a real event loop with a manual clock, and checks the laws of the
ledger (T10 of docs/design/budget-theorems.md) after every step.

A program is bytes. Six of them make the caps of the root; after that, four make one step: the kind of the
step and how far the loop runs after it, the object it picks, and two amounts. So Hypothesis can generate
programs, and shrink those that break a law; a step of zeros does nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Literal

from harlm.budget import Account, Caps
from harlm.budget.reservation import Settle
from harlm.types import Amounts, Usage
from tests.support.ledger_books import NONE, TICK, Books
from tests.support.ledger_steps import STEPS, Steps, Tally, cap
from tests.support.virtual_time import ManualLoop

Laws = Literal["all", "caps"]
"""``caps``: only the law that no account has paid more than its cap."""

HEADER, RECORD = 6, 4
"""Bytes of the root's caps, and of one step."""


class Broken(AssertionError):
    """A law does not hold."""

    def __init__(self, law: str, what: str, log: Sequence[str]) -> None:
        super().__init__(f"{law}: {what}\nthe last steps:\n  " + "\n  ".join(log))
        self.law = law


class Machine:
    """Plays one program.

    Args:
        loop: the loop in which it is played.
        root: makes the account to test.
        laws: the laws to check.
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
        self.tally = tally or Tally()
        self.books = Books(loop.clock)
        self._steps = Steps(
            loop,
            self.books,
            self.tally,
            bills_are_honest=bills_are_honest,
            checks_amounts=laws == "all",
        )
        self._log: deque[str] = deque(maxlen=16)

    async def play(self, program: bytes) -> None:
        """Play from the first step until no ask is unfinished.

        Raises:
            Broken: a law does not hold.
        """
        self._begin(program[:HEADER].ljust(HEADER, b"\0"))
        for at in range(HEADER, len(program) - RECORD + 1, RECORD):
            kind, pick, first, second = program[at : at + RECORD]
            step = STEPS[kind & 63]
            if step == "rest":
                continue
            done = self._steps.play(step, pick, first, second)
            self.tally.steps += 1
            self._log.append(f"{step}: {done}")
            self._check()
            if step == "near_the_end":  # and something happens in that very moment
                await asyncio.sleep(0)
                self._log.append(f"settle: {self._steps.play('settle', pick, first, second)}")
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
            tokens=cap(25 + tokens // 3, tokens > 200),
            micros=cap(25 + micros // 3, micros > 200),
            calls=cap(6 + calls // 4, calls > 150),
            ends=self._loop.clock.now + ends * TICK if ends > 192 else math.inf,
            depth=1 + depth % 8,
        )
        self._steps.bills_are_honest = self._steps.bills_are_honest or honest < 170
        self._steps.add(self._root(caps, self.books.clock), caps, None)
        self._log.append(f"the root has {caps}")

    def _check(self, *, has_run: bool = False) -> None:
        books = self.books
        found = next(books.check() if self._laws == "all" else books.check_paid(), None)
        if found is None and self._laws == "all" and has_run and self._loop.is_calm:
            found = next(books.check_calm(), None)
        if found is not None:
            raise Broken(*found, self._log)

    async def _wind_down(self) -> None:
        """Settle open reservations until no ask waits; then all accounts must be empty."""
        books = self.books
        for turn in range(200):
            self._log.append("winding down")
            await asyncio.sleep(0)
            await self._until_calm()
            self._check(has_run=True)
            reservations = self._steps.open_reservations()
            for reservation in reservations:
                self._steps.pay(reservation, Amounts(*(each // (2 + turn % 3) for each in reservation.bound)))
            if not reservations and all(ask.task is None or ask.task.done() for ask in books.asks.values()):
                break
        for node in books.nodes:
            if node.finishing is not None:
                node.finishing.__exit__(None, None, None)
                node.finishing = None
            books.sets_hold(node, NONE)
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
    """In this context, reservations of ``ledger`` report to the books of the machine that was passed last."""
    base: Any = ledger.Reservation
    machines: list[Machine] = []

    class Recorded(base):  # type: ignore[misc] # a class of the ledger that is tested
        def __init__(self, settle: Settle, bound: Amounts, from_hold: Amounts, number: int) -> None:
            super().__init__(settle, bound, from_hold, number)
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
    """Play programs one after another on accounts of ``ledger``.

    Raises:
        Broken: a law does not hold.
    """
    tally = tally or Tally()
    make = root or (lambda caps, now: ledger.Account(caps, now=now))
    loop = ManualLoop(tick=TICK)
    try:
        with recorded(ledger) as report_to:
            for program in programs:
                machine = Machine(loop, make, laws=laws, bills_are_honest=bills_are_honest, tally=tally)
                report_to(machine)
                loop.run_until_complete(machine.play(program))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    return tally
