"""The limiter: how many at once, in which order, how fast, and that nobody is forgotten."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import ModelError, ModelUnavailable, RateLimited
from harlm.models.wrappers import Layers, Limited, Limiter
from harlm.types import Completion, Message, Rate, Rates, Sampling
from tests.support.timed_provider import ASKED, Outcome, Provider, failing, said
from tests.support.virtual_time import in_virtual_time, now

NAME = Provider.name
MOST = 32
FIRST = 8


def limited(seconds: float | None = None, rates: Rates | None = None) -> RateLimited:
    return RateLimited("429", model=NAME, status=429, retry_after=seconds, rates=rates)


def requests(left: int, limit: int = 600, reset_s: float | None = None) -> Rates:
    return Rates(requests=Rate(limit=limit, left=left, reset_s=reset_s), tokens=None)


def tokens(left: int, limit: int = 60_000, reset_s: float | None = None) -> Rates:
    return Rates(requests=None, tokens=Rate(limit=limit, left=left, reset_s=reset_s))


async def answer(limiter: Limiter, outcome: Outcome, seconds: float = 0.0, size: int = 0) -> None:
    """One request through the limiter, and its outcome."""
    text = (Message(role="user", content="x" * 4 * size),)
    line = Limited(Provider([outcome], seconds), limiter)
    await asyncio.gather(line.complete(text, Sampling()), return_exceptions=True)


async def flight(limiter: Limiter, *outcomes: Outcome, size: int = 0) -> list[asyncio.Task[None]]:
    """Requests that leave together; each comes back a second after the one before."""
    flying = [
        asyncio.create_task(answer(limiter, outcome, 1.0 + number, size))
        for number, outcome in enumerate(outcomes)
    ]
    await asyncio.sleep(0.5)
    return flying


async def queued(limiter: Limiter, count: int) -> tuple[list[asyncio.Task[None]], list[int]]:
    """So many waiters in order, and the numbers of those whose turn has come."""
    came: list[int] = []

    async def wait(number: int) -> None:
        await limiter.enter()
        came.append(number)

    waiting = [asyncio.create_task(wait(number)) for number in range(count)]
    await asyncio.sleep(0)
    return waiting, came


async def let_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def given_up(*tasks: asyncio.Task[Any]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# -- how many at once --------------------------------------------------------------------------------------


@in_virtual_time
async def test_it_begins_carefully_and_opens_fully_where_no_limits_are_told() -> None:
    limiter = Limiter(MOST, now=now)
    assert (limiter.window, limiter.is_open) == (FIRST, False)
    await answer(limiter, "fine")
    assert (limiter.window, limiter.is_open) == (MOST, True)


@pytest.mark.parametrize("most", [1, 3, 8])
@in_virtual_time
async def test_it_never_begins_above_the_most(most: int) -> None:
    assert Limiter(most, now=now).window == most


@in_virtual_time
async def test_where_limits_are_told_it_feels_its_way() -> None:
    limiter = Limiter(MOST, now=now)
    await answer(limiter, said("x", rates=requests(599)))
    assert (limiter.window, limiter.is_open) == (FIRST, False)


@in_virtual_time
async def test_it_grows_only_while_it_is_full() -> None:
    limiter = Limiter(MOST, now=now)
    for _ in range(100):
        await answer(limiter, said("x", rates=requests(599)))
    assert limiter.window == FIRST


@in_virtual_time
async def test_full_round_trips_bring_it_to_the_most_in_a_few() -> None:
    provider, limiter = Provider([said("x", rates=requests(599))], 1.0), Limiter(MOST, now=now)
    began = now()
    await asyncio.gather(*(Limited(provider, limiter).complete(ASKED, Sampling()) for _ in range(100)))
    assert limiter.window == MOST
    assert now() - began < 6.001


@pytest.mark.parametrize(
    ("failure", "is_cut"),
    [
        (limited(), True),
        (limited(rates=requests(5)), True),
        (limited(rates=requests(0)), False),
        (failing(503), True),
        (failing(529), True),
        (ModelUnavailable("nobody", model=NAME), False),
        (ModelUnavailable("broke off", model=NAME, perhaps_billed=True), False),
        (ModelError("no", model=NAME, status=400), False),
        *((failing(status), False) for status in (408, 409, 500, 502)),
        (limited(rates=tokens(left=3)), False),
    ],
    ids=lambda each: getattr(each, "args", [each])[0] if isinstance(each, Exception) else str(each),
)
@in_virtual_time
async def test_a_server_that_has_too_much_to_do_gets_three_quarters(
    failure: ModelError, is_cut: bool
) -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    flying = await flight(limiter, failure, *["fine"] * (MOST - 1), size=100)
    await asyncio.sleep(1)
    assert limiter.window == (24 if is_cut else MOST)
    assert limiter.is_open == (not is_cut)
    await given_up(*flying)


@pytest.mark.parametrize("failure", [limited(), failing(503)], ids=str)
@in_virtual_time
async def test_one_refusal_of_a_call_alone_does_not_put_a_fan_out_in_single_file(failure: ModelError) -> None:
    provider = Provider(lambda n: failure if n == 1 else "fine", 10.0)
    limiter = Limiter(MOST, now=now)
    line = Limited(provider, limiter)
    for _ in range(3):
        await asyncio.gather(line.complete(ASKED, Sampling()), return_exceptions=True)
    began = now()
    await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(64)))
    assert now() - began <= 60, "20 s at full width; 640 s in single file"


@pytest.mark.parametrize("refusals", [1, 2, 5, MOST])
@in_virtual_time
async def test_refusals_of_one_flight_are_one_cut(refusals: int) -> None:
    """Two cuts would leave 18, and 32 of them 1; some of those refused may still be taken off."""
    limiter = Limiter(MOST, is_open=True, now=now)
    flying = await flight(limiter, *[limited()] * refusals, *["fine"] * (MOST - refusals))
    await asyncio.sleep(refusals)
    assert 0.75 * (MOST - min(refusals - 1, MOST / 2)) - 1 < limiter.window <= 24
    await given_up(*flying)


@in_virtual_time
async def test_a_later_flight_cuts_it_again() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    windows = []
    for _ in range(20):
        flying = await flight(limiter, limited(), *["fine"] * (limiter.window - 1))
        await asyncio.sleep(1)
        windows.append(limiter.window)
        await given_up(*flying)
    assert windows[:3] == [24, 18, 13]
    assert windows[-1] == 1, "and never below"


@in_virtual_time
async def test_after_a_refusal_it_does_not_look_for_the_ceiling_for_a_while_and_then_does() -> None:
    """A server that takes 20: refusals are few, and what it takes is used."""
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


# -- in which order, and nobody forgotten ------------------------------------------------------------------


@in_virtual_time
async def test_turns_come_in_order_of_arrival() -> None:
    limiter = Limiter(1, now=now)
    await limiter.enter()
    waiting, came = await queued(limiter, 20)
    for done in range(20):
        assert came == list(range(done))
        limiter.leave()
        await let_run()
    await asyncio.gather(*waiting)
    assert came == list(range(20))


@in_virtual_time
async def test_nobody_passes_those_who_wait() -> None:
    limiter = Limiter(2, now=now)
    await limiter.enter()
    await limiter.enter()
    waiting, came = await queued(limiter, 1)
    limiter.leave()
    assert not limiter.try_enter(), "the place is the waiter's"
    await let_run()
    assert came == [0]
    await given_up(*waiting)


@pytest.mark.parametrize("who", ["the first", "one between", "the last", "all"])
@in_virtual_time
async def test_who_is_given_up_before_its_turn_leaves_it_to_the_next(who: str) -> None:
    limiter = Limiter(1, now=now)
    await limiter.enter()
    waiting, came = await queued(limiter, 5)
    gone = {"the first": {0}, "one between": {2}, "the last": {4}, "all": set(range(5))}[who]
    await given_up(*(waiting[number] for number in gone))
    for _ in range(6):
        if limiter.in_flight:
            limiter.leave()
        await let_run()
    assert came == [number for number in range(5) if number not in gone]
    assert limiter.in_flight == 0
    await limiter.enter()


@in_virtual_time
async def test_who_is_given_up_in_the_moment_of_its_turn_passes_it_on() -> None:
    limiter = Limiter(1, now=now)
    await limiter.enter()
    waiting, came = await queued(limiter, 2)
    limiter.leave()  # the turn of 0, which has not run yet
    waiting[0].cancel()
    await let_run()
    assert came == [1]
    assert limiter.in_flight == 1
    await asyncio.gather(*waiting, return_exceptions=True)


@in_virtual_time
async def test_who_is_given_up_after_its_turn_gives_its_place_back() -> None:
    provider, limiter = Provider(["fine"], 10.0), Limiter(1, now=now)
    line = Limited(provider, limiter)
    first = asyncio.create_task(line.complete(ASKED, Sampling()))
    second = asyncio.create_task(line.complete(ASKED, Sampling()))
    await asyncio.sleep(1)
    await given_up(first)
    assert (await second).text == "fine"
    assert limiter.in_flight == 0


@in_virtual_time
async def test_a_first_waiter_that_leaves_does_not_keep_the_others_waiting_for_its_tokens() -> None:
    limiter = Limiter(8, is_open=True, now=now)
    await answer(limiter, said("x", rates=tokens(left=100, limit=60_000)))
    large = asyncio.create_task(limiter.enter(50_000))
    await asyncio.sleep(0)
    small = asyncio.create_task(limiter.enter(50))
    await asyncio.sleep(0)
    assert not small.done()
    began = now()
    await given_up(large)
    await small
    assert now() == pytest.approx(began, abs=0.001)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),  # when it comes, in tenths of a second
            st.sampled_from(["fine", "told", "429", "wait", "503", "nobody"]),
            st.integers(0, 20),  # how long it takes, in tenths of a second
            st.none() | st.integers(0, 40),  # when it is given up
        ),
        max_size=40,
    ),
    st.integers(1, 12),
)
def test_whatever_happens_nobody_is_forgotten_and_the_window_holds(
    calls: list[tuple[int, str, int, int | None]], most: int
) -> None:
    class Watched(Limiter):
        def _go(self, tokens: int) -> Any:
            assert self.in_flight < self.window
            return super()._go(tokens)  # type: ignore[func-returns-value,unused-ignore] # whatever it is

    outcomes: dict[str, Outcome] = {
        "fine": "fine",
        "told": said("x", rates=replace(requests(3, limit=60), tokens=tokens(900, limit=6000).tokens)),
        "429": limited(),
        "wait": limited(0.7, rates=requests(0, limit=60, reset_s=1.0)),
        "503": failing(503),
        "nobody": ModelUnavailable("nobody", model=NAME),
    }

    @in_virtual_time
    async def check() -> None:
        limiter = Watched(most, now=now)

        async def call(comes: int, kind: str, takes: int, leaves: int | None) -> None:
            await asyncio.sleep(comes / 10)
            provider = Provider([outcomes[kind]], takes / 10)
            asked = asyncio.create_task(Limited(provider, limiter).complete(ASKED, Sampling()))
            if leaves is not None:
                await asyncio.sleep(leaves / 10)
                asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            assert 1 <= limiter.window <= most
            assert limiter.in_flight >= provider.in_flight == 0

        await asyncio.gather(*(call(*each) for each in calls))
        assert limiter.in_flight == 0
        await limiter.enter()  # a place is free at the end

    check()


# -- how fast ----------------------------------------------------------------------------------------------


async def granted(limiter: Limiter, count: int, size: int = 0) -> list[float]:
    """When each of so many requests may go, one after another, in seconds from now."""
    began, times = now(), []
    for _ in range(count):
        await limiter.enter(size)
        times.append(now() - began)
        limiter.leave()
    return times


@in_virtual_time
async def test_what_is_left_of_a_minute_goes_at_once_and_the_rest_as_it_fills() -> None:
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
async def test_the_pace_is_what_the_reset_tells_and_never_above_the_limit(
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
async def test_a_prompt_larger_than_the_limit_waits_for_a_full_bucket_and_goes() -> None:
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
async def test_absurd_limits_stop_nobody_for_ever(rates: Rates) -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, said("x", rates=rates))
    assert await asyncio.wait_for(granted(limiter, 1, size=10), 86_400)


@in_virtual_time
async def test_a_window_that_opens_lets_all_waiters_go() -> None:
    limiter = Limiter(MOST, now=now)
    flying = await flight(limiter, *["fine"] * FIRST)
    waiting, came = await queued(limiter, 20)
    await asyncio.sleep(0.6)  # the first of eight is back, and told no limits
    assert came == list(range(20))
    await given_up(*flying, *waiting)


@in_virtual_time
async def test_news_of_more_room_wake_who_waits_for_the_old_time() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    none_left, some_left = requests(left=0, limit=1, reset_s=60.0), requests(left=100, limit=600)
    flying = await flight(limiter, said("x", rates=none_left), "fine", said("x", rates=some_left))
    await asyncio.sleep(1)
    began = now()
    waiting, came = await queued(limiter, 1)
    await asyncio.gather(*waiting)
    assert came == [0]
    assert now() - began == pytest.approx(1.5)
    await given_up(*flying)


@in_virtual_time
async def test_a_wait_that_one_was_asked_for_holds_for_all() -> None:
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
async def test_a_shorter_wait_does_not_undo_a_longer_one() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await flight(limiter, limited(7.0), limited(1.0))
    await asyncio.sleep(2)
    assert await granted(limiter, 1) == [pytest.approx(5.5, abs=0.1)]


@in_virtual_time
async def test_a_wait_beyond_all_patience_is_for_whom_it_was_told() -> None:
    limiter = Limiter(MOST, is_open=True, now=now)
    await answer(limiter, limited(86_400.0))
    assert (await granted(limiter, 1))[0] < 10


When = Literal["as it comes", "as it goes"]
"""The moment of which a reply tells: that at which its request came, or that at which it is sent. Providers do either."""


class Minute:
    """A provider whose limit returns one by one, with so much at once after a rest."""

    def __init__(self, limit: int, size: int, tells: When = "as it comes", amount: int = 1) -> None:
        self._limit, self._size, self._amount, self._tells = limit, size, amount, tells
        self._level, self._at = float(size), now()
        self.refusals = 0

    def _filled(self) -> float:
        self._level = min(self._size, self._level + (now() - self._at) * self._limit / 60)
        self._at = now()
        return self._level

    def _told(self) -> Rates:
        left = self._filled()
        rate = Rate(limit=self._limit, left=int(left), reset_s=(self._size - left) * 60 / self._limit)
        return Rates(requests=rate, tokens=None) if self._amount == 1 else Rates(requests=None, tokens=rate)

    async def serve(self, takes: float) -> Completion:
        fits = self._filled() >= self._amount
        short = (self._amount - self._level) * 60 / self._limit
        self._level -= self._amount if fits else 0
        rates = self._told()
        await asyncio.sleep(takes if fits else 0.01)
        if self._tells == "as it goes":
            rates = self._told()
        if not fits:
            self.refusals += 1
            raise limited(short, rates)
        return said("x", rates=rates)


async def burst(
    calls: int,
    minute: Minute,
    *,
    takes: Callable[[], float],
    prompt: int = 100,
    max_tokens: int | None = None,
) -> float:
    """Seconds that so many calls take."""

    class Provided(Provider):
        async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
            return await minute.serve(takes())

    line = Limited(Provided(), Limiter(MOST, now=now))
    text = (Message(role="user", content="x" * 4 * prompt),)

    async def call() -> None:
        while True:
            try:
                await line.complete(text, Sampling(max_tokens=max_tokens))
                return
            except RateLimited:
                pass

    began = now()
    await asyncio.gather(*(call() for _ in range(calls)))
    return now() - began


def steady(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def uneven(seconds: float) -> Callable[[], float]:
    """Around so many, as models take: some ten times as long."""
    drawn = random.Random(5)
    return lambda: drawn.lognormvariate(0, 0.8) * seconds


@pytest.mark.parametrize("tells", ["as it comes", "as it goes"])
@pytest.mark.parametrize("takes", [steady(0.05), steady(2.0), uneven(0.5), uneven(5.0)])
@pytest.mark.parametrize(
    ("calls", "limit", "size"), [(800, 600, 600), (300, 600, 20), (100, 60, 60), (300, 2400, 60)]
)
@in_virtual_time
async def test_requests_wait_here_instead_of_being_refused_there(
    calls: int, limit: int, size: int, takes: Callable[[], float], tells: When
) -> None:
    minute = Minute(limit, size, tells)
    took = await burst(calls, minute, takes=takes)
    in_turn = sum(takes() for _ in range(calls)) / MOST
    slowest = max(takes() for _ in range(calls))
    assert minute.refusals <= 0.03 * calls
    assert took <= 1.25 * max((calls - size) * 60 / limit, in_turn) + 3 * slowest + 10


@pytest.mark.parametrize("tells", ["as it comes", "as it goes"])
@pytest.mark.parametrize("takes", [steady(0.5), uneven(2.0)])
@pytest.mark.parametrize("max_tokens", [None, 400])
@in_virtual_time
async def test_tokens_wait_here_as_well(
    max_tokens: int | None, takes: Callable[[], float], tells: When
) -> None:
    """Of prompts, and what a reply may take: as OpenAI counts, when a request comes."""
    minute = Minute(60_000, 60_000, tells, amount=500)
    took = await burst(300, minute, takes=takes, prompt=500 - (max_tokens or 0), max_tokens=max_tokens)
    assert minute.refusals <= 0.02 * 300
    assert took <= 1.25 * (300 * 500 - 60_000) / 1000 + 20


# -- neighbours --------------------------------------------------------------------------------------------


def named(name: str, outcome: Outcome) -> Provider:
    provider = Provider([outcome], 1.0)
    provider.name = f"openai/{name}"
    return provider


async def side_by_side(layers: Layers, provider: Provider, calls: int = MOST) -> None:
    line = layers.around(provider, lambda model: model)
    await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(calls)))


@pytest.mark.parametrize(
    ("address", "outcome", "most"),
    [
        ("http://a", "fine", MOST),
        ("http://b", "fine", FIRST),
        ("http://a", said("x", rates=requests(599)), FIRST),
    ],
    ids=["a neighbour that tells no limits", "another address", "a neighbour that tells some"],
)
@in_virtual_time
async def test_what_a_neighbour_knows_of_an_address_holds_for_a_new_model(
    address: str, outcome: Outcome, most: int
) -> None:
    layers = Layers(concurrency=MOST)
    first, second = named("first", outcome), named("second", "fine")
    layers.add(first, "http://a")
    layers.add(second, address)
    await side_by_side(layers, first, 1)
    running = asyncio.create_task(side_by_side(layers, second))
    await asyncio.sleep(0.5)
    assert second.in_flight == most
    await running
