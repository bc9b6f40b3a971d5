from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.budget import UNLIMITED, Account, Caps
from harlm.budget.finishing import plan_finish, working_seconds
from harlm.types import FREE, Amounts, Price, Tier

PRICE = Price(input=1.25, output=10.0)
TIERED = Price(
    input=1.25,
    output=10.0,
    cache_write=1.5,
    tiers=(Tier(above=500, input=2.5, output=15.0, cache_write=3.0),),
)
UNLIMITED_TOO = st.just(UNLIMITED)


def spent(account: Account, amounts: Amounts) -> None:
    """Settle so much."""

    async def pay() -> None:
        (await account.reserve(amounts)).settle(amounts)

    asyncio.run(pay())


# -- the last call ---------------------------------------------------------------------------------------


def test_without_limits_the_last_call_has_its_full_size() -> None:
    plan = plan_finish(Account(), PRICE)
    assert plan is not None
    assert (plan.prompt, plan.output) == (6_000, 1_500)
    assert plan.amounts == Amounts(7_500, 0, 1)


@pytest.mark.parametrize(
    ("caps", "price"),
    [
        pytest.param(Caps(tokens=20_000), None, id="tokens"),
        pytest.param(Caps(micros=30_000), PRICE, id="money"),
        pytest.param(Caps(micros=30_000), TIERED, id="money, and long prompts cost more"),
        pytest.param(Caps(tokens=20_000, micros=30_000, calls=5), PRICE, id="all"),
    ],
)
def test_at_most_a_fifth_of_the_budget_is_kept(caps: Caps, price: Price | None) -> None:
    plan = plan_finish(Account(caps), price)
    assert plan is not None
    for kept, cap in zip(plan.amounts, caps.amounts, strict=True):
        assert 5 * kept <= cap
    assert plan.amounts.tokens == plan.prompt + plan.output
    assert 2 * plan.output < plan.prompt < 6_000


def test_a_small_budget_keeps_the_smallest_call_even_above_a_fifth() -> None:
    plan = plan_finish(Account(Caps(tokens=300, micros=900, calls=1)), PRICE)
    assert plan is not None
    assert plan.amounts == Amounts(264, 890, 1)
    assert (plan.prompt, plan.output) == (200, 64)


@pytest.mark.parametrize(
    ("caps", "price"),
    [
        pytest.param(Caps(tokens=263), None, id="tokens"),
        pytest.param(Caps(micros=889), PRICE, id="money"),
        pytest.param(Caps(calls=0), None, id="calls"),
    ],
)
def test_nothing_is_kept_if_even_the_smallest_call_is_too_expensive(caps: Caps, price: Price | None) -> None:
    assert plan_finish(Account(caps), price) is None
    assert plan_finish(Account(caps).child(), price) is None


def test_a_child_keeps_a_part_of_what_its_parents_leave_it() -> None:
    root = Account(Caps(tokens=10_000))
    root.hold(Amounts(tokens=2_000))
    plan = plan_finish(root.child(Caps(tokens=9_000)), None)
    assert plan is not None
    assert plan.amounts.tokens == 1_600


@pytest.mark.parametrize("price", [None, FREE], ids=["unknown", "nothing"])
def test_no_money_is_kept_if_the_price_is(price: Price | None) -> None:
    plan = plan_finish(Account(Caps(micros=100)), price)
    assert plan is not None
    assert plan.amounts == Amounts(7_500, 0, 1)


AMOUNTS = st.builds(
    Amounts,
    UNLIMITED_TOO | st.integers(0, 60_000),
    UNLIMITED_TOO | st.integers(0, 200_000) | st.integers(0, 3_000),
    UNLIMITED_TOO | st.integers(0, 9),
)
RATES = st.sampled_from([0.0, 0.075, 1.25, 15.0, 150.0])


@given(
    AMOUNTS,
    AMOUNTS,
    st.none() | st.builds(Price, input=RATES, output=RATES),
    st.fractions(0, 1),
)
def test_the_reserve_always_fits_and_covers_its_call(
    cap: Amounts, child_cap: Amounts, price: Price | None, share: float
) -> None:
    root = Account(Caps(tokens=cap.tokens, micros=cap.micros, calls=cap.calls))
    spent(root, Amounts(*(int(share * min(amount, 10_000)) for amount in cap)))
    node = root.child(Caps(tokens=child_cap.tokens, micros=child_cap.micros, calls=child_cap.calls))
    left = node.left
    plan = plan_finish(node, price)
    if plan is None:
        least = price.bound_micros(200, 64) if price is not None and node.limits_money else 0
        assert left.tokens < 264 or left.micros < least or left.calls < 1
        return
    assert node.hold(plan.amounts)
    assert plan.prompt >= 200
    assert plan.output >= 64
    assert plan.amounts.tokens >= plan.prompt + plan.output
    if price is not None and node.limits_money:
        assert plan.amounts.micros >= price.bound_micros(plan.prompt, plan.output)


# -- time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "slowest", "working"),
    [
        pytest.param(1.0, 0.0, 0.85, id="15 % are kept"),
        pytest.param(300.0, 0.0, 298.0, id="two seconds at most"),
        pytest.param(300.0, 20.0, 270.0, id="more where calls are slow"),
        pytest.param(60.0, 30.0, 42.0, id="but never more than 30 %"),
        pytest.param(0.0, 5.0, 0.0, id="of nothing, nothing"),
        pytest.param(math.inf, 5.0, math.inf, id="without an end, none"),
    ],
)
def test_some_time_is_kept_for_the_last_call(seconds: float, slowest: float, working: float) -> None:
    assert working_seconds(seconds, slowest) == pytest.approx(working)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_most_of_the_time_is_for_work(seconds: float, slowest: float) -> None:
    assert 0.7 * seconds <= working_seconds(seconds, slowest) <= seconds


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 1e3))
def test_more_time_and_faster_calls_leave_more_time_for_work(
    seconds: float, more: float, slowest: float
) -> None:
    assert working_seconds(seconds + more, slowest) >= working_seconds(seconds, slowest) - 1e-9
    assert working_seconds(seconds, slowest + more) <= working_seconds(seconds, slowest)
