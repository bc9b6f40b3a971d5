"""The limiter: how many requests run at once."""

from __future__ import annotations

import asyncio

import pytest

from harlm.errors import ModelError, ModelUnavailable, RateLimited
from harlm.models.wrappers import Layers, Limited, Limiter
from harlm.types import Sampling
from tests.support.rate_limits import (
    FIRST,
    MOST,
    NAME,
    WIDE,
    answer,
    cancelled,
    flight,
    limited,
    requests,
    tokens,
)
from tests.support.timed_provider import ASKED, Outcome, Provider, failing, said
from tests.support.virtual_time import in_virtual_time, now


@in_virtual_time
async def test_it_starts_with_the_first_window_and_opens_it_fully_when_a_reply_states_no_limits() -> None:
    limiter = Limiter(WIDE, now=now)
    assert (limiter.window, limiter.is_open) == (FIRST, False)
    await answer(limiter, "fine")
    assert (limiter.window, limiter.is_open) == (WIDE, True)


@pytest.mark.parametrize("most", [1, 3, 31])
@in_virtual_time
async def test_the_first_window_is_at_most_the_maximum(most: int) -> None:
    assert Limiter(most, now=now).window == most


@in_virtual_time
async def test_a_reply_that_states_limits_keeps_the_window_small() -> None:
    limiter = Limiter(WIDE, now=now)
    await answer(limiter, said("x", rates=requests(599)))
    assert (limiter.window, limiter.is_open) == (FIRST, False)


@in_virtual_time
async def test_the_window_grows_only_while_it_is_full() -> None:
    limiter = Limiter(WIDE, now=now)
    for _ in range(100):
        await answer(limiter, said("x", rates=requests(599)))
    assert limiter.window == FIRST


@in_virtual_time
async def test_a_few_full_round_trips_open_the_window_to_the_maximum() -> None:
    provider, limiter = Provider([said("x", rates=requests(599))], 1.0), Limiter(WIDE, now=now)
    began = now()
    await asyncio.gather(*(Limited(provider, limiter).complete(ASKED, Sampling()) for _ in range(400)))
    assert limiter.window == WIDE
    assert now() - began < 6.001


@pytest.mark.parametrize(
    ("failure", "is_cut"),
    [
        (limited(), True),
        (limited(rates=requests(5)), True),
        (limited(rates=requests(0)), False),
        (failing(503), True),
        (failing(529), True),
        (ModelUnavailable("no server", model=NAME), False),
        (ModelUnavailable("broke off", model=NAME, perhaps_billed=True), False),
        (ModelError("no", model=NAME, status=400), False),
        *((failing(status), False) for status in (408, 409, 500, 502)),
        (limited(rates=tokens(left=3)), False),
    ],
    ids=lambda each: getattr(each, "args", [each])[0] if isinstance(each, Exception) else str(each),
)
@in_virtual_time
async def test_an_overloaded_server_gets_three_quarters_of_the_requests(
    failure: ModelError, is_cut: bool
) -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    flying = await flight(limiter, failure, *["fine"] * (MOST - 1), size=100)
    await asyncio.sleep(1)
    assert limiter.window == (24 if is_cut else MOST)
    assert limiter.is_open == (not is_cut)
    await cancelled(*flying)


@pytest.mark.parametrize("failure", [limited(), failing(503)], ids=str)
@in_virtual_time
async def test_one_refusal_of_a_single_call_does_not_make_a_fan_out_run_one_by_one(
    failure: ModelError,
) -> None:
    provider = Provider(lambda n: failure if n == 1 else "fine", 10.0)
    limiter = Limiter(MOST, now=now)
    line = Limited(provider, limiter)
    for _ in range(3):
        await asyncio.gather(line.complete(ASKED, Sampling()), return_exceptions=True)
    began = now()
    await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(64)))
    assert now() - began <= 60, "20 s at full width; 640 s one by one"


@pytest.mark.parametrize("refusals", [1, 2, 5, MOST])
@in_virtual_time
async def test_refusals_of_requests_that_ran_together_cut_the_window_once(refusals: int) -> None:
    """Two cuts would leave 18, and 32 of them 1. Refused requests may already be subtracted from the 32."""
    limiter = Limiter(MOST, is_open=True, now=now)
    flying = await flight(limiter, *[limited()] * refusals, *["fine"] * (MOST - refusals))
    await asyncio.sleep(refusals)
    assert 0.75 * (MOST - min(refusals - 1, MOST / 2)) - 1 < limiter.window <= 24
    await cancelled(*flying)


@in_virtual_time
async def test_later_refusals_cut_the_window_again() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    windows = []
    for _ in range(20):
        flying = await flight(limiter, limited(), *["fine"] * (limiter.window - 1))
        await asyncio.sleep(1)
        windows.append(limiter.window)
        await cancelled(*flying)
    assert windows[:3] == [24, 18, 13]
    assert windows[-1] == 1, "and never below"


@in_virtual_time
async def test_after_a_refusal_the_window_probes_the_ceiling_only_after_a_while() -> None:
    """A server that takes 20 at once: few requests are refused, and its capacity is used."""
    capacity = 20

    def outcome(number: int) -> Outcome:
        return limited() if provider.in_flight >= capacity else said("x", rates=requests(599))

    provider = Provider(outcome, lambda n: 0.0 if provider.in_flight > capacity else 1.0)
    limiter = Limiter(MOST, now=now)
    line = Limited(provider, limiter)
    began, left = now(), [2000]

    async def work() -> None:
        while left[0] > 0:
            try:
                await line.complete(ASKED, Sampling())
                left[0] -= 1
            except RateLimited:
                await asyncio.sleep(0.5)

    await asyncio.gather(*(work() for _ in range(MOST)))
    assert len(provider.asked) - 2000 < 60, "refusals"
    assert now() - began < 1.5 * 2000 / capacity


@in_virtual_time
async def test_five_percent_of_errors_cost_little_more_than_their_retries() -> None:
    provider, limiter = (
        Provider(lambda n: failing(500) if n % 20 == 7 else "fine", 10.0),
        Limiter(MOST, now=now),
    )
    line, places = Limited(provider, limiter), asyncio.Semaphore(MOST)

    async def call() -> None:
        async with places:
            while True:
                try:
                    await line.complete(ASKED, Sampling())
                    return
                except ModelUnavailable:
                    pass

    began = now()
    await asyncio.gather(*(call() for _ in range(600)))
    assert now() - began < 1.5 * 10 * 600 / MOST


def named(name: str, outcome: Outcome) -> Provider:
    provider = Provider([outcome], 1.0)
    provider.name = f"openai/{name}"
    return provider


async def side_by_side(layers: Layers, provider: Provider, calls: int = WIDE) -> None:
    line = layers.around(provider, lambda model: model)
    await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(calls)))


@pytest.mark.parametrize(
    ("address", "outcome", "most"),
    [
        ("http://a", "fine", WIDE),
        ("http://b", "fine", FIRST),
        ("http://a", said("x", rates=requests(599)), FIRST),
    ],
    ids=["same address, no limits stated", "another address", "same address, limits stated"],
)
@in_virtual_time
async def test_a_new_model_starts_with_what_another_model_learned_of_its_address(
    address: str, outcome: Outcome, most: int
) -> None:
    layers = Layers(concurrency=WIDE)
    first, second = named("first", outcome), named("second", "fine")
    layers.add(first, "http://a")
    layers.add(second, address)
    await side_by_side(layers, first, 1)
    running = asyncio.create_task(side_by_side(layers, second))
    await asyncio.sleep(0.5)
    assert second.in_flight == most
    await running
