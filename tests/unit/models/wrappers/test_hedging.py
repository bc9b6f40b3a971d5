"""The second request for a slow call: when it is sent, what it costs, and that the slower of the two is
cancelled.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from harlm.budget import Account, Billing, Caps, PriceList
from harlm.errors import ModelUnavailable, TokenLimit
from harlm.events import Event, Hedged
from harlm.models.wrappers import Hedging, Latencies, Limited, Limiter
from harlm.protocols import LanguageModel
from harlm.types import Amounts, Completion, Message, Price, Sampling
from tests.support.timed_provider import ASKED, Outcome, Provider, failing
from tests.support.virtual_time import in_virtual_time, now

NAME = Provider.name
FAN_OUT, ENOUGH = 8, 20
SOON = 0.9  # seconds that a call takes, where 1 is the 95th percentile


class Bench:
    """A provider behind a limiter, hedged.

    Args:
        seconds, outcome: of the requests, by number.
        learned: calls of one second that were seen before.
    """

    def __init__(
        self,
        seconds: Callable[[int], float] | float = SOON,
        outcome: Callable[[int], Outcome] = lambda n: "fine",
        *,
        learned: int = 100,
        places: int = 64,
        may_hedge: Callable[[], bool] = lambda: True,
        around: Callable[[Provider], LanguageModel] = lambda provider: provider,
    ) -> None:
        self.provider = Provider(outcome, seconds)
        self.latencies = Latencies()
        self.limiter = Limiter(places, is_open=True, now=now)
        self.log: list[Event] = []
        for _ in range(learned):
            self.latencies.add(400, 1.0)
        hedging = Hedging(
            around(self.provider), self.latencies, self.limiter, may_hedge=may_hedge, on_event=self.log.append
        )
        self._line = Limited(hedging, self.limiter)

    async def call(self) -> Completion:
        return await self._line.complete(ASKED, Sampling(request_key="one name"))

    async def fan_out(self, calls: int = 10) -> list[Completion | BaseException]:
        return await asyncio.gather(*(self.call() for _ in range(calls)), return_exceptions=True)

    @property
    def hedges(self) -> int:
        return len(self.log)


def last_is_slow(number: int) -> float:
    """Seconds of the requests: the last of ten is slow, and later ones are not."""
    return 100.0 if number == 9 else SOON


# -- when --------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_slow_call_gets_a_second_request_and_the_first_reply_counts() -> None:
    bench, began = Bench(last_is_slow), now()
    replies = await bench.fan_out()
    assert all(isinstance(each, Completion) for each in replies)
    assert now() - began == pytest.approx(1.0 + SOON)
    assert bench.log == [Hedged(model=NAME, after_s=1.0)]
    assert bench.provider.cancelled == 1, "the slower request"
    assert bench.provider.in_flight == bench.limiter.in_flight == 0


@in_virtual_time
async def test_both_requests_have_the_same_key() -> None:
    bench = Bench(last_is_slow)
    await bench.fan_out()
    assert set(bench.provider.keys) == {"one name"}


@pytest.mark.parametrize(("calls", "hedges"), [(1, 0), (FAN_OUT - 1, 0), (FAN_OUT, 1), (20, 1)])
@in_virtual_time
async def test_calls_are_hedged_only_in_fan_outs(calls: int, hedges: int) -> None:
    bench = Bench(lambda n: 100.0 if n == calls - 1 else SOON)
    await bench.fan_out(calls)
    assert bench.hedges == hedges


@pytest.mark.parametrize(("learned", "hedges"), [(0, 0), (ENOUGH - 1, 0), (ENOUGH, 1)])
@in_virtual_time
async def test_calls_are_hedged_only_once_enough_calls_of_their_size_were_timed(
    learned: int, hedges: int
) -> None:
    bench = Bench(last_is_slow, learned=learned)
    for _ in range(100):
        bench.latencies.add(100_000, 0.001)  # of other sizes
    await bench.fan_out()
    assert bench.hedges == hedges


@in_virtual_time
async def test_no_call_is_hedged_before_the_95th_percentile() -> None:
    bench = Bench(lambda n: 30.0, learned=0)
    for number in range(100):
        bench.latencies.add(400, float(number))
    await bench.fan_out()
    assert bench.hedges == 0
    assert bench.latencies.slow_after(400) == pytest.approx(93.0, abs=2.0)


@in_virtual_time
async def test_only_recent_times_count() -> None:
    latencies = Latencies()
    for seconds in (100.0, 1.0):
        for _ in range(128):
            latencies.add(400, seconds)
    assert latencies.slow_after(400) == 1.0


@in_virtual_time
async def test_times_of_earlier_runs_hold_until_enough_calls_were_timed() -> None:
    latencies = Latencies({9: 2.0, 4: 7.0})
    for calls in range(100):
        expected = 1.0 if calls >= ENOUGH else 2.0
        assert latencies.slow_after(400) == (expected if calls >= ENOUGH else None), "at most 5 % of calls"
        assert latencies.slow == {9: expected, 4: 7.0}
        latencies.add(400, 1.0)
    assert latencies.slow_after(10) == 7.0
    assert latencies.slow_after(100_000) is None


@in_virtual_time
async def test_times_within_50_ms_are_no_reason_to_hedge_whoever_measured_them() -> None:
    latencies = Latencies({9: 0.04})
    for _ in range(100):
        latencies.add(100_000, 1.0)
    assert latencies.slow_after(400) is None


@in_virtual_time
async def test_no_call_is_hedged_if_the_budget_does_not_allow_it() -> None:
    bench, began = Bench(last_is_slow, may_hedge=lambda: False), now()
    await bench.fan_out()
    assert (bench.hedges, len(bench.provider.asked)) == (0, 10)
    assert now() - began == pytest.approx(100)


@in_virtual_time
async def test_the_budget_is_checked_when_the_second_request_is_due() -> None:
    has_money = [True]
    bench = Bench(last_is_slow, may_hedge=lambda: has_money[0])
    running = asyncio.create_task(bench.fan_out())
    await asyncio.sleep(0.5)
    has_money[0] = False
    await running
    assert bench.hedges == 0


@in_virtual_time
async def test_no_call_is_hedged_if_the_limiter_has_no_free_place() -> None:
    bench = Bench(lambda n: 100.0 if n in (8, 9) else 1.5, places=10)
    running = asyncio.create_task(bench.fan_out(10))
    await asyncio.sleep(1.2)
    assert len(bench.provider.asked) == 10
    await running


# -- how many ----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_at_most_a_twentieth_of_many_calls_are_hedged() -> None:
    drawn = random.Random(3)
    bench = Bench(lambda n: drawn.lognormvariate(0, 0.9), learned=0)
    places = asyncio.Semaphore(32)

    async def one() -> None:
        async with places:
            await bench.call()

    await asyncio.gather(*(one() for _ in range(3000)))
    assert 0.03 * 3000 < bench.hedges <= 0.05 * 3000
    assert len(bench.provider.asked) == 3000 + bench.hedges
    assert bench.provider.in_flight == bench.limiter.in_flight == 0


@in_virtual_time
async def test_at_most_a_twentieth_are_hedged_when_all_become_slow_at_once() -> None:
    """That is when doubled requests would hurt the provider most."""
    bench = Bench(20.0, learned=100)
    await bench.fan_out(32)
    assert bench.hedges <= 0.05 * 132


@in_virtual_time
async def test_the_first_call_of_a_fan_out_can_be_hedged() -> None:
    bench, began = Bench(lambda n: 100.0 if n == 0 else 1.5), now()
    await bench.fan_out(20)
    assert now() - began < 10


# -- which reply -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first_fails_after", [1.5, 2.5], ids=["while the second runs", "after the second"])
@in_virtual_time
async def test_a_failure_does_not_count_while_the_other_request_may_reply(first_fails_after: float) -> None:
    bench = Bench(
        lambda n: first_fails_after if n == 9 else SOON,
        lambda n: failing(503) if n == 9 else "fine",
    )
    replies = await bench.fan_out()
    assert isinstance(replies[9], Completion)
    assert bench.hedges == 1


@in_virtual_time
async def test_the_first_request_replies_if_the_second_fails() -> None:
    bench = Bench(lambda n: 3.0 if n == 9 else SOON, lambda n: failing(503) if n == 10 else "fine")
    assert isinstance((await bench.fan_out())[9], Completion)


@in_virtual_time
async def test_the_call_fails_if_both_requests_fail() -> None:
    bench = Bench(lambda n: 3.0 if n == 9 else SOON, lambda n: failing(503) if n >= 9 else "fine")
    assert isinstance((await bench.fan_out())[9], ModelUnavailable)
    assert bench.provider.in_flight == bench.limiter.in_flight == 0


@in_virtual_time
async def test_a_request_that_fails_early_is_not_hedged() -> None:
    bench = Bench(lambda n: 0.5, lambda n: failing(503) if n == 9 else "fine")
    assert isinstance((await bench.fan_out())[9], ModelUnavailable)
    assert (bench.hedges, len(bench.provider.asked)) == (0, 10)


@in_virtual_time
async def test_a_bug_in_one_request_is_not_hidden_as_a_model_error() -> None:
    bench = Bench(
        lambda n: 1.0 + SOON if n == 9 else SOON, lambda n: RuntimeError("a bug") if n == 9 else "fine"
    )
    replies = await bench.fan_out()
    assert isinstance(replies[9], (RuntimeError, Completion))


# -- what is left ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.5, 1.5], ids=["before the second", "while both run"])
@in_virtual_time
async def test_a_cancelled_call_cancels_both_requests(after_s: float) -> None:
    bench = Bench(100.0)
    for _ in range(100):
        bench.latencies.add(400, 1.0)
    running = [asyncio.create_task(bench.call()) for _ in range(10)]
    await asyncio.sleep(after_s)
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert bench.provider.in_flight == bench.limiter.in_flight == 0
    assert bench.provider.cancelled == len(bench.provider.asked) == (10 if after_s < 1 else 10 + bench.hedges)


@in_virtual_time
async def test_the_cancelled_request_is_charged_at_its_upper_bound_and_nothing_stays_reserved() -> None:
    account = Account(Caps(tokens=1_000_000, micros=1_000_000_000))
    billing = Billing(PriceList(own={NAME: Price(input=1.0, output=1.0)}))
    bench = Bench(last_is_slow, around=lambda provider: billing.metered(provider, account))
    await bench.fan_out()
    assert account.reserved == Amounts()
    assert account.usage.calls == account.committed.calls == len(bench.provider.asked) == 11
    assert account.usage.estimated, "the cost of the cancelled request is unknown"
    replies_alone = 10 * 101
    assert account.committed.tokens > replies_alone + 100


@in_virtual_time
async def test_the_first_request_replies_if_the_budget_refuses_the_second() -> None:
    class Poor:
        """Pays for ten."""

        name, window = NAME, Provider.window

        def __init__(self, provider: Provider) -> None:
            self._provider = provider

        async def complete(self, messages: tuple[Message, ...], sampling: Sampling) -> Completion:
            if len(self._provider.asked) >= 10:
                raise TokenLimit("spent", limit="tokens", used=1, allowed=1)
            return await self._provider.complete(messages, sampling)

    bench = Bench(last_is_slow, around=Poor)  # type: ignore[arg-type] # a tuple is asked
    assert isinstance((await bench.fan_out())[9], Completion)
