"""A node pays from what it has leased: few round trips, nothing overdrawn, and nodes do not starve each other."""

from __future__ import annotations

import asyncio

import pytest

from harlm.budget import Account, Caps
from harlm.budget.leased import LeasedPurse
from harlm.budget.leasing import BookLessor, BudgetLease, LeaseBook, LeaseKind, LeaseReport, LeaseState
from harlm.budget.refusals import BATCH
from harlm.errors import CallLimit, ExecutorFailure
from harlm.types import Amounts

WANT = Amounts(tokens=1_000, micros=100, calls=1)
PAID = Amounts(tokens=100, micros=10, calls=1)


async def _calls(purse: LeasedPurse, count: int, paid: list[int], latency_s: float = 0.0) -> None:
    for _ in range(count):
        reservation = await purse.reserve(WANT)
        await asyncio.sleep(latency_s)
        reservation.settle(PAID)
        paid.append(PAID.micros)


async def test_many_requests_are_paid_with_few_leases() -> None:
    book, paid = LeaseBook(Caps(micros=1_000_000), slots=64), list[int]()
    purses = [LeasedPurse(BookLessor(book, each)) for each in "ab"]
    await asyncio.gather(*(_calls(each, 400, paid) for each in purses))
    for each in purses:
        await each.close()
    assert book.leases < 800 / 20
    assert book.committed == Amounts(tokens=80_000, micros=8_000, calls=800)
    assert book.leased == BudgetLease()


async def test_slots_hold_over_all_nodes_and_both_nodes_get_their_share() -> None:
    book, in_flight, most = LeaseBook(Caps(), slots=4), [0, 0], list[int]()
    purses = [LeasedPurse(BookLessor(book, each)) for each in "ab"]

    async def call(at: int) -> None:
        reservation = await purses[at].reserve(WANT)
        in_flight[at] += 1
        most.append(sum(in_flight))
        await asyncio.sleep(0.002)
        in_flight[at] -= 1
        reservation.settle(PAID)

    first = [asyncio.create_task(call(0)) for _ in range(60)]
    await asyncio.sleep(0.004)
    await asyncio.wait_for(asyncio.gather(*(call(1) for _ in range(10))), 20)
    assert not all(each.done() for each in first), "the other node did not wait for all of the first one's"
    await asyncio.gather(*first)
    for each in purses:
        await each.close()
    assert max(most) == 4


async def test_one_slot_serves_two_nodes() -> None:
    book, paid = LeaseBook(Caps(), slots=1), list[int]()
    purses = [LeasedPurse(BookLessor(book, each)) for each in "ab"]
    await asyncio.wait_for(asyncio.gather(*(_calls(each, 10, paid) for each in purses)), 20)
    for each in purses:
        await each.close()
    assert len(paid) == 20


async def test_the_last_money_goes_to_whoever_needs_it_and_then_all_are_refused() -> None:
    book = LeaseBook(Caps(calls=50), slots=64)
    purses = [LeasedPurse(BookLessor(book, each)) for each in "abc"]
    idle = await purses[0].reserve(WANT)
    idle.settle(PAID)  # and the node keeps the rest of its chunk
    made = [0, 0]

    async def until_refused(at: int) -> None:
        async def spend() -> None:
            while True:
                (await purses[at + 1].reserve(WANT)).settle(PAID)
                made[at] += 1

        with pytest.raises(CallLimit) as caught:
            await spend()
        assert caught.value.limit == BATCH

    await asyncio.wait_for(asyncio.gather(until_refused(0), until_refused(1)), 20)
    for each in purses:
        await each.close()
    assert sum(made) == 49
    assert min(made) > 0
    assert book.committed.calls == 50


async def test_a_request_that_is_cancelled_while_it_waits_keeps_nothing() -> None:
    book = LeaseBook(Caps(micros=100), slots=4)
    purse = LeasedPurse(BookLessor(book, "a"))
    run = Account(purse=purse)
    held = await purse.reserve(WANT)
    waiting = asyncio.create_task(run.reserve(WANT))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    held.refund()
    assert run.reserved == Amounts()
    (await asyncio.wait_for(run.reserve(WANT), 5)).settle(PAID)
    await purse.close()
    assert (book.committed.micros, book.leased) == (10, BudgetLease())


class _Gone:
    async def lease(
        self, kind: LeaseKind, report: LeaseReport, want: BudgetLease, most: BudgetLease
    ) -> tuple[BudgetLease, LeaseState]:
        raise ExecutorFailure("the books are gone")

    async def settle(self, kind: LeaseKind, report: LeaseReport) -> LeaseState:
        raise ExecutorFailure("the books are gone")

    async def shortage(self, kind: LeaseKind) -> None:
        raise ExecutorFailure("the books are gone")


async def test_without_books_nothing_is_spent() -> None:
    purse = LeasedPurse(_Gone())
    with pytest.raises(ExecutorFailure, match="gone"):
        await purse.reserve(WANT)
    await purse.close()
