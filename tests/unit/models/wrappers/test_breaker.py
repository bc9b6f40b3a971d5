"""The circuit breaker: when it opens, and how it closes again."""

from __future__ import annotations

import asyncio

import pytest

from harlm.errors import (
    BadCompletion,
    ContextOverflow,
    HarlmError,
    ModelError,
    ModelUnavailable,
    RateLimited,
    TokenLimit,
)
from harlm.models.wrappers import Breaker, Guarded, Patience, Retrying
from harlm.types import Completion, Sampling
from tests.support.timed_provider import ASKED, Provider, failing, refused
from tests.support.virtual_time import in_virtual_time, now

NAME = Provider.name
IN_A_ROW = 8


async def ask(provider: Provider, breaker: Breaker) -> Completion | BaseException:
    try:
        return await Guarded(provider, breaker).complete(ASKED, Sampling())
    except HarlmError as failure:
        return failure


async def opened(first_s: float = 0.0) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(now)
    provider = Provider([refused()], first_s)
    await asyncio.gather(*(ask(provider, breaker) for _ in range(IN_A_ROW)))
    assert breaker.state == "open"
    return breaker


@pytest.mark.parametrize("failure", [refused(), failing(500), failing(503), failing(408)], ids=str)
@in_virtual_time
async def test_eight_failures_in_a_row_open_it(failure: ModelUnavailable) -> None:
    breaker, provider = Breaker(now), Provider([failure])
    for number in range(IN_A_ROW):
        assert breaker.state == "closed", number
        assert await ask(provider, breaker) is failure
    assert breaker.state == "open"


@in_virtual_time
async def test_one_reply_among_them_resets_the_count() -> None:
    breaker = Breaker(now)
    provider = Provider(lambda n: "fine" if n % IN_A_ROW == 7 else refused())
    for _ in range(10 * IN_A_ROW):
        await ask(provider, breaker)
    assert breaker.state == "closed"


@pytest.mark.parametrize(
    "failure",
    [
        RateLimited("429", model=NAME, status=429),
        BadCompletion("html", model=NAME),
        ContextOverflow("long", model=NAME, status=400),
        ModelError("key", model=NAME, status=401),
    ],
    ids=str,
)
@in_virtual_time
async def test_a_refusal_is_an_answer(failure: ModelError) -> None:
    breaker, provider = Breaker(now), Provider([failure])
    for _ in range(3 * IN_A_ROW):
        assert await ask(provider, breaker) is failure
    assert (breaker.state, breaker.has_answered) == ("closed", True)


@in_virtual_time
async def test_a_budget_that_is_spent_says_nothing_of_the_address() -> None:
    spent = TokenLimit("spent", limit="tokens", used=1, allowed=1)
    breaker = Breaker(now)
    provider = Provider(lambda n: spent if n % 2 else refused())
    for _ in range(2 * IN_A_ROW):
        await ask(provider, breaker)
    assert (breaker.state, breaker.has_answered) == ("open", False)


@in_virtual_time
async def test_an_open_breaker_sends_nothing_and_says_when_to_ask_again() -> None:
    breaker, provider = await opened(), Provider()
    await asyncio.sleep(0.4)
    failure = await ask(provider, breaker)
    assert isinstance(failure, ModelUnavailable)
    assert failure.retry_after == pytest.approx(0.6)
    assert not failure.perhaps_billed
    assert "did not answer 8 times in a row; no request is sent to it for 0.6 s" in str(failure)
    assert provider.asked == []


@in_virtual_time
async def test_a_successful_try_closes_it() -> None:
    breaker, provider = await opened(), Provider()
    await asyncio.sleep(1.0)
    assert breaker.state == "half-open"
    assert isinstance(await ask(provider, breaker), Completion)
    assert (breaker.state, breaker.has_answered, breaker.wait_s) == ("closed", True, 0.0)


@in_virtual_time
async def test_each_failed_try_doubles_the_pause_up_to_thirty_seconds() -> None:
    breaker, provider = await opened(), Provider([refused()])
    rests = []
    for _ in range(8):
        rests.append(breaker.wait_s)
        await asyncio.sleep(breaker.wait_s)
        await ask(provider, breaker)
    assert rests == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30])


@in_virtual_time
async def test_after_it_has_closed_it_opens_for_one_second_again() -> None:
    breaker = await opened()
    await asyncio.sleep(1)
    await ask(Provider([refused()]), breaker)
    await asyncio.sleep(2)
    await ask(Provider(), breaker)
    for _ in range(IN_A_ROW):
        await ask(Provider([refused()]), breaker)
    assert breaker.wait_s == pytest.approx(1)


@in_virtual_time
async def test_only_one_request_tries_at_a_time() -> None:
    breaker, provider = await opened(), Provider(["fine"], 5.0)
    await asyncio.sleep(1)
    asking = [asyncio.create_task(ask(provider, breaker)) for _ in range(20)]
    await asyncio.sleep(4.9)
    assert provider.most_in_flight == 1
    await asyncio.gather(*asking)


@in_virtual_time
async def test_a_cancelled_try_makes_room_for_another() -> None:
    breaker, provider = await opened(), Provider(["fine"], 5.0)
    await asyncio.sleep(1)
    cancelled = asyncio.create_task(ask(provider, breaker))
    await asyncio.sleep(1)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert breaker.state == "half-open"
    assert isinstance(await ask(provider, breaker), Completion)
    assert breaker.state == "closed"


@in_virtual_time
async def test_a_try_that_the_budget_refuses_makes_room_for_another() -> None:
    breaker = await opened()
    await asyncio.sleep(1)
    spent = TokenLimit("spent", limit="tokens", used=1, allowed=1)
    assert await ask(Provider([spent]), breaker) is spent
    assert breaker.state == "half-open"


@in_virtual_time
async def test_a_late_reply_to_an_earlier_request_closes_it() -> None:
    breaker = Breaker(now)
    late = asyncio.create_task(ask(Provider(["fine"], 0.5), breaker))
    await asyncio.sleep(0)
    for _ in range(IN_A_ROW):
        await ask(Provider([refused()]), breaker)
    assert breaker.state == "open"
    await late
    assert breaker.state == "closed"


@pytest.mark.parametrize("leaves", [False, True], ids=["fails", "is cancelled"])
@in_virtual_time
async def test_the_end_of_an_earlier_request_does_not_count_as_the_try(leaves: bool) -> None:
    breaker, slow = Breaker(now), Provider(["fine"], 10.0)
    straggler = asyncio.create_task(ask(Provider([refused()], 3.0), breaker))
    await asyncio.sleep(0)
    for _ in range(IN_A_ROW):
        await ask(Provider([refused()]), breaker)
    await asyncio.sleep(2)
    trying = asyncio.create_task(ask(slow, breaker))
    await asyncio.sleep(0)
    if leaves:
        straggler.cancel()
    await asyncio.gather(straggler, return_exceptions=True)
    await asyncio.sleep(5)
    others = [asyncio.create_task(ask(slow, breaker)) for _ in range(5)]
    await asyncio.sleep(0.1)
    assert slow.most_in_flight == 1
    await asyncio.gather(trying, *others)


# -- together with the retry loop --------------------------------------------------------------------------


async def outage(*, gone_s: float, takes_s: float, calls: int = 100, side_by_side: int = 32) -> list[object]:
    """The replies to a fan-out whose provider is unreachable for ``gone_s`` seconds after the first calls."""
    leaves = now() + 1.5 * takes_s

    def reply(number: int) -> str | ModelUnavailable:
        if leaves <= provider.began[number] < leaves + gone_s:
            return refused()
        broke = provider.began[number] < leaves < provider.began[number] + takes_s
        return ModelUnavailable("broke off", model=NAME, perhaps_billed=True) if broke else "fine"

    def seconds(number: int) -> float:
        began = provider.began[number]
        if leaves <= began < leaves + gone_s:
            return 0.0
        return leaves - began if began < leaves < began + takes_s else takes_s

    provider, breaker = Provider(reply, seconds), Breaker(now)
    line = Retrying(Guarded(provider, breaker), Patience(), has_answered=lambda: breaker.has_answered)
    places = asyncio.Semaphore(side_by_side)

    async def call() -> object:
        async with places:
            try:
                return (await line.complete(ASKED, Sampling())).text
            except ModelError as failure:
                return failure

    return await asyncio.gather(*(call() for _ in range(calls)))


@pytest.mark.parametrize("takes_s", [0.5, 5.0, 20.0, 60.0])
@in_virtual_time
async def test_a_fan_out_survives_two_seconds_without_a_provider_however_long_calls_take(
    takes_s: float,
) -> None:
    assert set(await outage(gone_s=2.0, takes_s=takes_s)) == {"fine"}


@in_virtual_time
async def test_calls_to_an_address_that_stays_unreachable_end_in_time() -> None:
    began = now()
    replies = await outage(gone_s=1e9, takes_s=0.1, calls=64)
    assert sum(isinstance(each, ModelUnavailable) for each in replies) == 32
    assert now() - began < 200
