"""The books of a budget that several machines share are never overdrawn, and count each payment once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm.budget import Caps
from harlm.budget.leased import LeasedPurse
from harlm.budget.leasing import BookLessor, BudgetLease, LeaseBook
from harlm.budget.refusals import BATCH
from harlm.budget.reservation import Reservation
from harlm.errors import CostLimit, ExecutorFailure, LimitExceeded
from harlm.types import Amounts

WANT, MOST = BudgetLease(micros=10, calls=1), BudgetLease(micros=1_000, calls=64)


async def test_a_chunk_is_leased_the_smaller_the_less_is_left() -> None:
    book = LeaseBook(Caps(micros=1_000), slots=8)
    for node in ("a", "b"):
        book.join(node)
    assert (await book.lease("a", WANT, MOST)).micros == 250
    assert (await book.lease("b", WANT, MOST)).micros == 187
    assert (await book.lease("b", WANT, BudgetLease(micros=20, calls=1))).micros == 20, (
        "not more than is asked for"
    )
    assert book.leased == BudgetLease(micros=457, calls=129)
    assert book.committed == Amounts()


async def test_who_waits_gets_what_another_gives_back_and_is_refused_once_it_can_never_fit() -> None:
    book = LeaseBook(Caps(micros=100), slots=8)
    first = await book.lease("a", BudgetLease(micros=90), BudgetLease(micros=90))
    waiting = asyncio.ensure_future(book.lease("b", BudgetLease(micros=50), BudgetLease(micros=50)))
    await asyncio.wait_for(book.shortage("money"), 5)
    assert not waiting.done()
    book.settle("a", Amounts(micros=40), BudgetLease(micros=50))
    assert (await waiting).micros == 50
    assert first.micros == 90
    waiting = asyncio.ensure_future(book.lease("a", BudgetLease(micros=50), BudgetLease(micros=50)))
    await asyncio.sleep(0)
    book.settle("b", Amounts(micros=20))
    with pytest.raises(CostLimit, match="the budget of the batch") as caught:
        await waiting
    assert caught.value.limit == BATCH
    assert not book.state("money").is_short


async def test_what_a_lost_node_has_leased_is_spent_and_its_slots_are_free() -> None:
    book = LeaseBook(Caps(micros=1_000), slots=2)
    leased = await book.lease("a", WANT, MOST)
    await book.lease("a", BudgetLease(slots=1), BudgetLease(slots=2))
    waiting = asyncio.ensure_future(book.lease("a", BudgetLease(micros=999), BudgetLease(micros=999)))
    await asyncio.sleep(0)
    book.lost("a")
    book.lost("a")
    book.settle("a", Amounts(micros=5))
    assert book.committed.micros == leased.micros
    assert (await book.lease("b", BudgetLease(slots=1), BudgetLease(slots=2))).slots == 2
    with pytest.raises(ExecutorFailure, match="counts as lost"):
        await waiting
    with pytest.raises(ExecutorFailure, match="counts as lost"):
        await book.lease("a", WANT, MOST)


async def test_earlier_attempts_count() -> None:
    book = LeaseBook(Caps(micros=100), slots=1, earlier=Amounts(micros=95))
    with pytest.raises(CostLimit):
        await book.lease("a", WANT, MOST)


async def test_a_bill_beyond_its_bound_that_does_not_fit_closes_the_books() -> None:
    book = LeaseBook(Caps(micros=100), slots=1)
    await book.lease("a", BudgetLease(micros=40), BudgetLease(micros=40))
    await book.lease("b", BudgetLease(micros=40), BudgetLease(micros=40))
    book.settle("a", Amounts(micros=90))
    assert (book.committed.micros, book.debt.micros) == (90, 30)
    assert book.state("money").is_closed
    with pytest.raises(CostLimit, match="billed more than the request allowed"):
        await book.lease("b", BudgetLease(micros=1), BudgetLease(micros=1))


async def test_who_stops_waiting_keeps_nothing() -> None:
    book = LeaseBook(Caps(micros=100), slots=1)
    await book.lease("a", BudgetLease(micros=100), BudgetLease(micros=100))
    waiting = asyncio.ensure_future(book.lease("b", WANT, MOST))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    book.settle("a", Amounts(), BudgetLease(micros=100))
    assert book.leased == BudgetLease()
    assert not book.state("money").is_short


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(1, 60)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.sampled_from((0, 10, 50, 100, 130))),
        st.tuples(st.just("lose"), st.integers(0, 2), st.integers(0, 0)),
        st.tuples(st.just("wait"), st.integers(0, 0), st.integers(1, 4)),
    ),
    max_size=40,
)


class _World:
    """Three nodes over one book, and what they have really paid."""

    def __init__(self, cap: int, slots: int, at_most: int) -> None:
        self.cap, self.slots, self.at_most = cap, slots, at_most
        self.book = LeaseBook(Caps(micros=cap, calls=40), slots)
        self.purses = {n: LeasedPurse(BookLessor(self.book, f"n{n}")) for n in range(3)}
        self.open: list[tuple[int, Reservation]] = []
        self.waiting: set[asyncio.Task[None]] = set()
        self.paid = self.beyond = 0
        self.lost: set[int] = set()

    async def reserve(self, node: int, want: int) -> None:
        async def ask() -> None:
            try:
                self.open.append((node, await self.purses[node].reserve(Amounts(micros=want, calls=1))))
            except (LimitExceeded, ExecutorFailure):
                pass

        if node not in self.lost:
            self.waiting.add(asyncio.create_task(ask()))

    def settle(self, at: int, percent: int) -> None:
        if at < len(self.open):
            _, reservation = self.open.pop(at)
            used = reservation.bound.micros * min(percent, self.at_most) // 100
            self.beyond += max(0, used - reservation.bound.micros)
            self.paid += used
            reservation.settle(Amounts(micros=used, calls=1))

    def lose(self, node: int) -> None:
        if len(self.lost) < 2:
            self.lost.add(node)
            self.paid += sum(each.bound.micros for where, each in self.open if where == node)  # at worst
            self.open = [each for each in self.open if each[0] != node]
            self.book.lost(f"n{node}")

    def check(self) -> None:
        book = self.book
        assert book.committed.micros + book.leased.micros <= self.cap + book.debt.micros
        assert book.committed.calls + book.leased.calls <= 40
        assert book.leased.slots <= self.slots
        assert book.debt.micros <= self.beyond, "only bills beyond their bounds make a debt"
        assert len(self.open) <= self.slots
        held = sum(each.bound.micros for _, each in self.open)
        assert self.paid + held <= self.cap + self.beyond, "what is paid, and what is under way at worst"


async def _lived(cap: int, slots: int, at_most: int, steps: list[tuple[str, int, int]]) -> None:
    world = _World(cap, slots, at_most)
    for step, which, how_much in steps:
        match step:
            case "reserve":
                await world.reserve(which, how_much)
            case "settle":
                world.settle(which, how_much)
            case "lose":
                world.lose(which)
            case _:
                for _ in range(how_much * 5):
                    await asyncio.sleep(0)
        world.check()
    async with asyncio.timeout(20):
        while any(not each.done() for each in world.waiting) and (world.open or not world.lost):
            await asyncio.sleep(0)
            world.settle(0, 50)
            world.check()
            if not world.open:
                await asyncio.sleep(0.001)
    while world.open:
        world.settle(0, 50)
    for purse in world.purses.values():
        await purse.close()
    for task in world.waiting:
        task.cancel()
    await asyncio.gather(*world.waiting, return_exceptions=True)
    world.check()
    if not world.lost:
        assert (world.book.committed.micros, world.book.leased) == (world.paid, BudgetLease()), (
            "each payment counts once"
        )
    else:
        assert world.book.committed.micros + world.beyond >= world.paid


@settings(deadline=None)
@given(st.integers(20, 300), st.integers(1, 6), st.sampled_from((100, 130)), STEPS)
def test_no_order_of_leases_bills_and_losses_overdraws_the_books(
    cap: int, slots: int, at_most: int, steps: list[tuple[str, int, int]]
) -> None:
    asyncio.run(_lived(cap, slots, at_most, steps))
