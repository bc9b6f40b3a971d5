"""The first fan-out of a run goes out at once, and what a run has learned of an address serves the next one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.wrappers import KnownLimits, Layers, Limited, Limiter
from harlm.models.wrappers.known_limits import place_of
from harlm.types import Completion, Message, Rates, Sampling
from tests.support.host import FUZZ
from tests.support.rate_limits import FIRST, WIDE, AtOnce, answer, limited, requests, steady, uneven
from tests.support.timed_provider import ASKED, Outcome, Provider, failing, said
from tests.support.virtual_time import in_virtual_time, now

ADDRESS = "http://provider/v1"
UNLIMITED = float("inf")


def known_in_run() -> KnownLimits:
    """An empty table on the virtual clock."""
    return KnownLimits(now=now)


async def run(
    provider: Provider, calls: int, known: KnownLimits, concurrency: int = 32, address: str = ADDRESS
) -> None:
    """One run: a fan-out through all layers, and what it learned is handed on."""
    layers = Layers(concurrency=concurrency, known=known)
    layers.add(provider, address)
    line = layers.around(provider, lambda model: model)
    await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(calls)))
    layers.remember()


@pytest.mark.parametrize("states", [False, True], ids=["no limits stated", "limits stated"])
@pytest.mark.parametrize("calls", [16, 32])
@in_virtual_time
async def test_the_first_fan_out_to_an_unknown_address_is_one_wave(calls: int, states: bool) -> None:
    provider = AtOnce(UNLIMITED, steady(0.5), states=states)
    await run(provider, calls, known_in_run())
    assert (provider.waves, provider.most_in_flight) == (1, calls)


@in_virtual_time
async def test_a_fan_out_under_a_root_s_reply_that_still_comes_is_one_wave() -> None:
    """Both roles are of one model, so the window has a place less."""
    root, layers = AtOnce(UNLIMITED, steady(10.0)), Layers(concurrency=33, known=known_in_run())
    layers.add(root, ADDRESS)
    line = layers.around(root, lambda model: model)
    writing = asyncio.create_task(line.complete(ASKED, Sampling()))
    await asyncio.sleep(1)
    calls = [asyncio.create_task(line.complete(ASKED, Sampling())) for _ in range(16)]
    await asyncio.sleep(1)
    assert root.waves == 2
    assert root.in_flight == 17
    await asyncio.gather(writing, *calls)


@in_virtual_time
async def test_more_than_the_first_window_follows_as_the_first_answer_comes() -> None:
    provider = AtOnce(UNLIMITED, uneven(0.5))
    await run(provider, 512, known_in_run(), concurrency=512)
    assert provider.waves == 2
    assert provider.began.count(provider.began[0]) <= FIRST


@pytest.mark.parametrize("states", [False, True], ids=["no limits stated", "limits stated"])
@in_virtual_time
async def test_a_known_address_without_refusals_gets_all_at_once(states: bool) -> None:
    known, first = known_in_run(), AtOnce(UNLIMITED, steady(0.5), states=states)
    await run(first, 2_000, known, concurrency=256)
    second = AtOnce(UNLIMITED, steady(0.5), states=states)
    await run(second, 256, known, concurrency=256)
    assert second.waves == 1


_BURSTS = list(
    itertools.product(
        {"at once": 0.0, "soon": 30.0, "later": 3_600.0}.items(),
        [32, 512],
        {"short": steady(0.05), "long": steady(2.0), "uneven": uneven(0.5)}.items(),
        {"no limits stated": False, "limits stated": True}.items(),
    )
)
"""Seconds between runs, concurrency, the time of a reply, and whether limits are stated."""
_STATUSES = (429, 503, 529)


def bursts() -> Iterator[Any]:
    """Each burst with one status, such that each value of the others meets each status; with ``HARLM_FUZZ`` with all of them."""
    for number, (between, concurrency, takes, states) in enumerate(_BURSTS):
        for status in _STATUSES if FUZZ else [_STATUSES[(number + number // 6 + number // 12) % 3]]:
            yield pytest.param(
                between[1], concurrency, takes[1], states[1], status,
                id=f"{between[0]}-{concurrency}-{takes[0]}-{states[0]}-{status}",
            )  # fmt: skip


@pytest.mark.parametrize(("between_s", "concurrency", "takes", "states", "status"), list(bursts()))
@in_virtual_time
async def test_of_a_burst_few_are_refused_in_the_first_run_and_hardly_any_later(
    between_s: float, concurrency: int, takes: Callable[[], float], states: bool, status: int
) -> None:
    """512 calls to a server that takes 20 at once."""
    known, shares = known_in_run(), []
    for _ in range(4):
        provider = AtOnce(20, takes, states=states, status=status)
        await run(provider, 512, known, concurrency)
        shares.append(provider.refused_share)
        await asyncio.sleep(between_s)
    assert shares[0] <= 0.05
    assert max(shares[1:]) <= 0.02


@in_virtual_time
async def test_what_is_known_of_one_address_says_nothing_of_another() -> None:
    known = known_in_run()
    await run(AtOnce(10, steady(0.5)), 64, known)
    other = AtOnce(UNLIMITED, steady(0.5))
    await run(other, 32, known, address="http://other/v1")
    assert other.waves == 1


@in_virtual_time
async def test_what_is_older_than_a_day_is_forgotten() -> None:
    known = known_in_run()
    await run(AtOnce(10, steady(0.5)), 64, known)
    for wait_s, waves in ((3_600.0, 2), (86_400.0, 1)):
        await asyncio.sleep(wait_s)
        later = AtOnce(UNLIMITED, steady(0.5))
        layers = Layers(known=known)
        layers.add(later, ADDRESS)
        line = layers.around(later, lambda model: model)
        await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(20)))
        assert min(later.waves, 2) == waves


@pytest.mark.parametrize("states", [False, True], ids=["no limits stated", "limits stated"])
@in_virtual_time
async def test_a_refusal_is_forgotten_after_a_day_though_runs_go_on(states: bool) -> None:
    known = known_in_run()
    await run(AtOnce(10, steady(0.5), states=states), 64, known)
    for waves in (2, 2, 1):
        await asyncio.sleep(40_000)
        later = AtOnce(UNLIMITED, steady(0.5), states=states)
        await run(later, 16, known)
        assert min(later.waves, 2) == waves


@pytest.mark.parametrize("failure", [limited(), failing(503)], ids=str)
@in_virtual_time
async def test_the_refusal_of_a_single_call_costs_the_next_run_no_wave(failure: Outcome) -> None:
    known = known_in_run()
    await run(Provider([failure, "fine"]), 1, known)
    later = AtOnce(UNLIMITED, steady(0.5))
    await run(later, 32, known)
    assert later.waves == 1


@in_virtual_time
async def test_a_run_that_begins_while_another_one_runs_knows_what_that_one_was_refused() -> None:
    known, first = known_in_run(), AtOnce(20, steady(5.0))
    running = asyncio.create_task(run(first, 512, known))
    await asyncio.sleep(1.0)
    assert not running.done()
    learned = known.of(place_of(ADDRESS, None), Provider.name)
    assert learned is not None
    assert learned.window < FIRST
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answered", "refused", "429 without limits"]),
            st.integers(-5, (1 << 50) - 1),  # as headers are read
            st.integers(-5, (1 << 50) - 1),  # as headers are read
            st.none() | st.floats(0, 1e300) | st.just(float("inf")),
            st.floats(0, 1e6),
        ),
        max_size=10,
    ),
    st.integers(1, 5_000),
)
def test_whatever_a_provider_states_can_be_stored_and_begun_with(
    replies: list[tuple[str, int, int, float | None, float]], most: int
) -> None:
    @in_virtual_time
    async def check() -> None:
        limiter, data = Limiter(most, now=now), [b""]
        for kind, left, limit, reset_s, wait_s in replies:
            rates = requests(left, limit, reset_s)
            stated = None if kind == "429 without limits" else rates
            outcome = said("x", rates=rates) if kind == "answered" else limited(rates=stated)
            await answer(limiter, outcome)
            await asyncio.sleep(wait_s)
        learned = limiter.knowledge(now())
        if learned is None:
            return
        known = KnownLimits(lambda: data[0], lambda new: data.__setitem__(0, new), now=now)
        known.learn("place", "model", learned)
        known.save()
        other = KnownLimits(lambda: data[0], now=now)
        other.refresh()
        assert other.of("place", "model") == learned
        later = Limiter(most, known=learned, age_s=60.0, now=now)
        assert 1 <= later.window <= most
        await asyncio.wait_for(later.enter(), 86_400)

    check()


class Streaming(Provider):
    """A provider whose replies state their limits at their head, and take ten seconds from there."""

    def __init__(self, rates: Rates | None) -> None:
        super().__init__()
        self._rates = rates

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        if sampling.on_rates is not None:
            sampling.on_rates(self._rates)
        await asyncio.sleep(10.0)
        return said("x", rates=self._rates)


@in_virtual_time
async def test_the_head_of_a_reply_opens_the_window_before_its_text_has_come() -> None:
    limiter = Limiter(WIDE, now=now)
    asked = Limited(Streaming(None), limiter).complete(ASKED, Sampling(on_text=lambda text: None))
    writing = asyncio.create_task(asked)
    await asyncio.sleep(1)
    assert (limiter.window, limiter.is_open) == (WIDE, True)
    await writing


@in_virtual_time
async def test_the_head_of_a_reply_states_what_is_left_for_the_fan_out_under_it() -> None:
    limiter = Limiter(WIDE, now=now)
    line = Limited(Streaming(requests(left=5, limit=600)), limiter)
    writing = asyncio.create_task(line.complete(ASKED, Sampling(on_text=lambda text: None)))
    await asyncio.sleep(0.01)
    for _ in range(5):
        assert limiter.try_enter()
    assert not limiter.try_enter(), "the sixth would be refused"
    await writing


@in_virtual_time
async def test_a_call_that_is_not_streamed_asks_for_no_head() -> None:
    provider = Provider()
    await Limited(provider, Limiter(1, now=now)).complete(ASKED, Sampling())
    assert provider.asked[0].on_rates is None
