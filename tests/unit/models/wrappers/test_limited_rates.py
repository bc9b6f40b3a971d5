"""The limiter: how many requests and tokens go in a minute."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import pytest

from harlm.models.wrappers import Limiter
from harlm.types import Rates
from tests.support.rate_limits import (
    FIRST,
    MOST,
    WIDE,
    Minute,
    When,
    answer,
    burst,
    cancelled,
    flight,
    granted,
    limited,
    queued,
    requests,
    steady,
    tokens,
    uneven,
)
from tests.support.timed_provider import said
from tests.support.virtual_time import in_virtual_time, now


@in_virtual_time
async def test_what_is_left_of_a_limit_is_used_at_once_and_the_rest_as_it_refills() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, said("x", rates=requests(left=5, limit=600)))
    times = await granted(limiter, 25)
    assert times[:5] == pytest.approx([0.0] * 5, abs=0.001)
    assert times[5:] == pytest.approx([0.1 * n for n in range(1, 21)], abs=0.1)


@pytest.mark.parametrize(
    ("left", "reset_s", "per_s"),
    [(0, None, 10.0), (0, 60.0, 10.0), (0, 120.0, 5.0), (0, 1.0, 10.0), (540, 6.0, 10.0), (594, 60.0, 0.1)],
)
@in_virtual_time
async def test_the_pace_follows_the_reset_time_and_never_exceeds_the_limit(
    left: int, reset_s: float | None, per_s: float
) -> None:
    limiter = Limiter(1000, is_open=True, now=now)
    await answer(limiter, said("x", rates=requests(left, reset_s=reset_s)))
    times = await granted(limiter, left + 10)
    assert times[left:] == pytest.approx([(n + 1) / per_s for n in range(10)], rel=0.01, abs=0.1)


@in_virtual_time
async def test_tokens_are_paced_like_requests() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, said("x", rates=tokens(left=1000, limit=6000)))
    assert await granted(limiter, 6, size=500) == pytest.approx([0, 0, 5, 10, 15, 20], abs=0.1)


@in_virtual_time
async def test_a_prompt_larger_than_the_limit_waits_for_a_full_bucket_and_is_then_sent() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, said("x", rates=tokens(left=0, limit=6000)))
    assert await granted(limiter, 1, size=1_000_000) == pytest.approx([60.0], abs=0.1)


@pytest.mark.parametrize(
    "rates",
    [
        requests(0, limit=1, reset_s=0.0),
        requests(0, limit=1, reset_s=1e18),
        requests(0, limit=1, reset_s=math.inf),
        requests(-5, limit=0),
        tokens(0, limit=1, reset_s=math.inf),
        Rates(requests=None, tokens=None),
    ],
    ids=str,
)
@in_virtual_time
async def test_absurd_limits_stop_no_request_for_ever(rates: Rates) -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, said("x", rates=rates))
    assert await asyncio.wait_for(granted(limiter, 1, size=10), 86_400)


@in_virtual_time
async def test_a_window_that_opens_lets_all_waiters_go() -> None:
    limiter = Limiter(WIDE, now=now)
    flying = await flight(limiter, *["fine"] * FIRST)
    waiting, came = await queued(limiter, 20)
    await asyncio.sleep(0.6)  # the first of them is back, and stated no limits
    assert came == list(range(20))
    await cancelled(*flying, *waiting)


@in_virtual_time
async def test_a_reply_that_states_more_room_wakes_waiting_requests_early() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    none_left, some_left = requests(left=0, limit=1, reset_s=60.0), requests(left=100, limit=600)
    flying = await flight(limiter, said("x", rates=none_left), "fine", said("x", rates=some_left))
    await asyncio.sleep(1)
    began = now()
    waiting, came = await queued(limiter, 1)
    await asyncio.gather(*waiting)
    assert came == [0]
    assert now() - began == pytest.approx(1.5)
    await cancelled(*flying)


@in_virtual_time
async def test_a_retry_after_of_one_request_holds_for_all() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await flight(limiter, limited(7.0))
    await asyncio.sleep(0.5)
    began = now()
    waiting, came = await queued(limiter, 1)
    await asyncio.sleep(6.9)
    assert came == []
    assert not limiter.try_enter()
    await asyncio.gather(*waiting)
    assert now() - began == pytest.approx(7.0, abs=0.1)


@in_virtual_time
async def test_a_shorter_retry_after_does_not_undo_a_longer_one() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await flight(limiter, limited(7.0), limited(1.0))
    await asyncio.sleep(2)
    assert await granted(limiter, 1) == [pytest.approx(5.5, abs=0.1)]


@in_virtual_time
async def test_a_retry_after_beyond_two_minutes_holds_only_for_its_own_request() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, limited(86_400.0))
    assert (await granted(limiter, 1))[0] < 10


@pytest.mark.parametrize("tells", ["as it comes", "as it goes"])
@pytest.mark.parametrize("takes", [steady(0.05), steady(2.0), uneven(0.5), uneven(5.0)])
@pytest.mark.parametrize(
    ("calls", "limit", "size"), [(800, 600, 600), (300, 600, 20), (100, 60, 60), (300, 2400, 60)]
)
@in_virtual_time
async def test_requests_wait_in_the_limiter_instead_of_being_refused(
    calls: int, limit: int, size: int, takes: Callable[[], float], tells: When
) -> None:
    """A provider that takes fewer than 32 at once refuses the rest of the first fan-out, in the first run only."""
    minute, limiter = Minute(limit, size, tells), Limiter(MOST, now=now)
    took = await burst(calls, minute, takes=takes, limiter=limiter)
    in_turn = sum(takes() for _ in range(calls)) / MOST
    slowest = max(takes() for _ in range(calls))
    assert minute.refusals <= 0.03 * calls + max(0, FIRST - size)
    assert took <= 1.25 * max((calls - size) * 60 / limit, in_turn) + 3 * slowest + 10
    minute.refusals = 0
    await asyncio.sleep(600)
    known = limiter.knowledge(at=1_000_000)
    await burst(calls, minute, takes=takes, limiter=Limiter(MOST, known=known, age_s=600, now=now))
    assert minute.refusals <= 0.03 * calls


@pytest.mark.parametrize("tells", ["as it comes", "as it goes"])
@pytest.mark.parametrize("takes", [steady(0.5), uneven(2.0)])
@pytest.mark.parametrize("max_tokens", [None, 400])
@in_virtual_time
async def test_tokens_wait_in_the_limiter_as_well(
    max_tokens: int | None, takes: Callable[[], float], tells: When
) -> None:
    """Tokens of the prompt and the most that the reply may take, counted when a request comes, as OpenAI
    counts.
    """
    minute = Minute(60_000, 60_000, tells, amount=500)
    took = await burst(300, minute, takes=takes, prompt=500 - (max_tokens or 0), max_tokens=max_tokens)
    assert minute.refusals <= 0.02 * 300
    assert took <= 1.25 * (300 * 500 - 60_000) / 1000 + 20
