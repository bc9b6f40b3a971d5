"""A reservation is settled exactly once, and each request of an account is in its log. What accounts book is in test_ledger.py."""

from __future__ import annotations

import pytest

from harlm.budget import Account, Caps
from harlm.budget.reservation import Reservation
from harlm.errors import StorageFull
from harlm.types import Amounts, Usage

BOUND = Amounts(100, 20, 1)


class Log:
    """Remembers requests; refuses them once it is full."""

    def __init__(self) -> None:
        self.lines: list[tuple[object, ...]] = []
        self.is_full = False

    def sent(self, bound: Amounts) -> int:
        if self.is_full:
            raise StorageFull("full", limit="disk", used=0, allowed=0)
        self.lines.append(("sent", bound))
        return len(self.lines)

    def settled(self, number: int, actual: Amounts, model: str, usage: Usage | None) -> None:
        self.lines.append(("settled", number, actual, model, usage))


def reservation() -> tuple[Reservation, list[tuple[Amounts, str, Usage | None]]]:
    booked: list[tuple[Amounts, str, Usage | None]] = []

    def settle(_: Reservation, actual: Amounts, model: str, usage: Usage | None) -> None:
        booked.append((actual, model, usage))

    return Reservation(settle, BOUND, Amounts()), booked


def test_it_is_settled_once() -> None:
    one, booked = reservation()
    before = one.is_open
    one.settle(Amounts(3, 2, 1), "a/b", Usage(calls=1))
    assert (before, one.is_open) == (True, False)
    with pytest.raises(ValueError, match="settled already"):
        one.refund()
    assert booked == [(Amounts(3, 2, 1), "a/b", Usage(calls=1))]


def test_one_that_is_left_open_is_charged_in_full() -> None:
    one, booked = reservation()

    def fail() -> None:
        with one:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert booked == [(BOUND, "", None)]


def test_one_that_is_settled_in_its_block_is_not_charged_again() -> None:
    one, booked = reservation()
    with one:
        one.refund()
    assert booked == [(Amounts(), "", None)]


async def test_a_request_is_written_down_before_it_is_sent_and_when_it_has_ended() -> None:
    log = Log()
    account = Account(Caps(tokens=1_000), log=log)
    child = account.child()
    first, second = await account.reserve(BOUND), await child.reserve(BOUND)
    second.settle(Amounts(5, 1, 1), "a/b", Usage(calls=1))
    first.refund()
    assert log.lines == [
        ("sent", BOUND),
        ("sent", BOUND),
        ("settled", second.number, Amounts(5, 1, 1), "a/b", Usage(calls=1)),
        ("settled", first.number, Amounts(), "", None),
    ]
    assert first.number != second.number


async def test_what_cannot_be_written_down_is_not_reserved() -> None:
    log = Log()
    account = Account(Caps(tokens=1_000), log=log)
    before = account.left
    log.is_full = True
    with pytest.raises(StorageFull):
        await account.reserve(BOUND)
    assert account.left == before
