"""The layers together, and the state that the calls of a run share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from harlm.budget import Account, Billing, Caps, PriceList
from harlm.errors import BadCompletion, CallLimit, HarlmError, LimitExceeded, ModelUnavailable, RateLimited
from harlm.events import Event, FellBack, Hedged, Retried
from harlm.models.wrappers import EndpointKnowledge, KnownLimits, Layers, Patience
from harlm.models.wrappers.known_limits import place_of
from harlm.protocols import LanguageModel
from harlm.testing import ScriptedModel
from harlm.types import Amounts, Completion, Message, Price, Sampling, Usage
from tests.support.timed_provider import ASKED, Outcome, Provider, failing, refused, said
from tests.support.virtual_time import in_virtual_time, now

NAME = Provider.name
ADDRESS = "http://provider"
PRICES = PriceList(own={NAME: Price(input=1.0, output=2.0)})


def as_it_is(model: LanguageModel) -> LanguageModel:
    return model


def layered(provider: Provider, *, address: str = ADDRESS, **settings: object) -> Layers:
    layers = Layers(**settings)  # type: ignore[arg-type] # settings of the test
    layers.add(provider, address)
    return layers


async def outcome_of(line: LanguageModel) -> Completion | HarlmError:
    try:
        return await line.complete(ASKED, Sampling())
    except HarlmError as failure:
        return failure


# -- what is around a model --------------------------------------------------------------------------------


@in_virtual_time
async def test_a_model_that_was_not_added_is_only_metered() -> None:
    model = ScriptedModel([failing(503), "fine"])
    metered: list[LanguageModel] = []

    def meter(each: LanguageModel) -> LanguageModel:
        metered.append(each)
        return each

    with pytest.raises(ModelUnavailable):
        await Layers().around(model, meter).complete(ASKED, Sampling())
    assert metered == [model]
    assert len(model.asked) == 1


@in_virtual_time
async def test_every_request_is_paid_for() -> None:
    """Retries and unusable replies are charged at their upper bound if they may have been billed."""
    broke_off = ModelUnavailable("broke off", model=NAME, perhaps_billed=True)
    bad = BadCompletion("html", model=NAME, perhaps_billed=True)
    provider = Provider([failing(503), broke_off, bad, bad, bad, "fine"])
    billing, account = Billing(PRICES), Account(Caps(micros=1_000_000))
    line = layered(provider).around(provider, lambda model: billing.metered(model, account))
    await outcome_of(line)
    billed = len(provider.asked) - 1  # all except the 503
    assert account.committed.calls == account.usage.calls == billed
    assert account.reserved == Amounts()


@in_virtual_time
async def test_the_error_of_a_spent_budget_passes_all_layers_unchanged() -> None:
    provider = Provider()
    billing, account = Billing(PRICES), Account(Caps(calls=3))
    instead = ScriptedModel(["of the other"])
    layers = layered(provider)
    layers.fall_back_to(instead)
    line = layers.around(provider, lambda model: billing.metered(model, account))
    replies = [await outcome_of(line) for _ in range(5)]
    assert [isinstance(each, CallLimit) for each in replies] == [False] * 3 + [True] * 2
    assert instead.asked == []
    assert isinstance(await outcome_of(layered(provider).around(provider, as_it_is)), Completion)


class Wordy(Provider):
    """A provider whose replies have as many tokens as they may have."""

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        whole = await super().complete(messages, sampling)
        usage = Usage(calls=1, input_tokens=100, output_tokens=sampling.max_tokens or 0, cost_micros=None)
        return replace(whole, usage=usage)


@pytest.mark.parametrize("micros", [1_000, 10_000, 40_000, 100_000])
@in_virtual_time
async def test_sixty_four_concurrent_calls_never_overdraw_the_budget(micros: int) -> None:
    """Each may have 2,000 tokens, and has."""
    provider = Wordy(seconds=lambda n: 0.1 * (n % 7))
    billing, account = Billing(PRICES), Account(Caps(micros=micros))
    line = layered(provider, concurrency=64).around(provider, lambda model: billing.metered(model, account))
    replies = await asyncio.gather(
        *(line.complete(ASKED, Sampling(max_tokens=2_000)) for _ in range(64)), return_exceptions=True
    )
    assert all(isinstance(each, (Completion, LimitExceeded)) for each in replies)
    assert micros / 2 < account.committed.micros <= micros
    assert account.debt == account.reserved == Amounts()
    assert len(provider.asked) == account.usage.calls


@in_virtual_time
async def test_the_concurrency_limit_holds() -> None:
    provider = Provider(seconds=1.0)
    line = layered(provider, concurrency=5).around(provider, as_it_is)
    await asyncio.gather(*(outcome_of(line) for _ in range(50)))
    assert provider.most_in_flight == 5


@in_virtual_time
async def test_all_calls_of_a_run_share_the_state_of_an_address() -> None:
    provider = Provider(lambda n: refused() if n < 8 else "fine")
    layers = layered(provider, patience=Patience(retries=0))
    lines = [layers.around(provider, as_it_is) for _ in range(9)]
    for line in lines[:8]:
        await outcome_of(line)
    failure = await outcome_of(lines[8])
    assert "no request is sent to it for 1.0 s" in str(failure)
    assert len(provider.asked) == 8
    other = Layers(patience=Patience(retries=0))
    other.add(provider, ADDRESS)
    assert isinstance(await outcome_of(other.around(provider, as_it_is)), Completion), (
        "another run starts without this state"
    )


@in_virtual_time
async def test_calls_that_wait_for_their_turn_are_not_sent_to_a_dead_address() -> None:
    provider = Provider(lambda n: "fine" if n < 10 else refused(), 0.1)
    line = layered(provider).around(provider, as_it_is)
    for _ in range(10):
        await outcome_of(line)
    running = [asyncio.create_task(outcome_of(line)) for _ in range(500)]
    await asyncio.sleep(0.9)  # it is open for a second
    assert len(provider.asked) <= 10 + 32 + 8
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@in_virtual_time
async def test_a_model_that_is_down_does_not_slow_another_at_the_same_address() -> None:
    """As at OpenRouter or another gateway, where a 503 concerns only the model behind it."""
    down, up = Provider([failing(503)]), Provider()
    down.name = "openai/down"
    layers = layered(down)
    layers.add(up, ADDRESS)
    broken, sound = layers.around(down, as_it_is), layers.around(up, as_it_is)
    calls = [asyncio.create_task(outcome_of(broken)) for _ in range(20)]
    for _ in range(30):
        await asyncio.sleep(0.1)
        began = now()
        assert isinstance(await outcome_of(sound), Completion)
        assert now() - began < 0.01
    await asyncio.gather(*calls)


@in_virtual_time
async def test_hedging_can_be_switched_off() -> None:
    for hedges, requests in ((True, 1), (False, 0)):
        provider = Provider(seconds=lambda n: 100.0 if n == 149 else 1.0 + n / 1000)
        log: list[Event] = []
        line = layered(provider, hedges=hedges).around(provider, as_it_is, on_event=log.append)
        for _ in range(15):
            await asyncio.gather(*(outcome_of(line) for _ in range(10)))
        assert sum(isinstance(each, Hedged) for each in log) >= requests
        assert (len(provider.asked) > 150) == hedges


@in_virtual_time
async def test_every_layer_reports_its_events() -> None:
    provider, instead = Provider([failing(503)]), Provider()
    layers = layered(provider, patience=Patience(retries=2))
    layers.fall_back_to(instead)
    log: list[Event] = []
    await layers.around(provider, as_it_is, on_event=log.append).complete(ASKED, Sampling())
    assert [type(each) for each in log] == [Retried, Retried, FellBack]


class Few(Provider):
    """A provider that serves ``places`` requests at once, and refuses others without stating a limit."""

    def __init__(self, places: int, takes_s: float) -> None:
        super().__init__()
        self._free, self._takes = places, takes_s

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        self.asked.append(sampling)
        if not self._free:
            await asyncio.sleep(0.01)
            raise RateLimited("429", model=NAME, status=429)
        self._free -= 1
        try:
            await asyncio.sleep(self._takes)
            return said("x")
        finally:
            self._free += 1


@pytest.mark.parametrize(("places", "wide"), [(5, 12), (5, 32), (2, 8), (1, 4)])
@in_virtual_time
async def test_a_provider_that_serves_few_requests_at_once_still_serves_a_whole_fan_out(
    places: int, wide: int
) -> None:
    """Also if fewer are sent than the window allows: they are still too many."""
    provider, at_once = Few(places, 10.0), asyncio.Semaphore(wide)
    line = layered(provider, hedges=False).around(provider, as_it_is)
    for _ in range(3):
        await outcome_of(line)
    began, before = now(), len(provider.asked)

    async def call() -> bool:
        async with at_once:
            return isinstance(await outcome_of(line), Completion)

    assert all(await asyncio.gather(*(call() for _ in range(100))))
    assert len(provider.asked) - before < 150
    assert now() - began < 1.1 * 100 * 10 / places + 10


@in_virtual_time
async def test_a_fan_out_after_a_long_outage_waits_for_the_first_try() -> None:
    began = now()

    def outcome(number: int) -> Outcome:
        return refused() if 60 <= provider.began[number] - began < 200 else "fine"

    provider = Provider(outcome, lambda n: 0.1 if outcome(n) != "fine" else 5.0)
    line = layered(provider, hedges=False).around(provider, as_it_is)

    async def fan_out() -> list[bool]:
        return [
            isinstance(each, Completion)
            for each in await asyncio.gather(*(outcome_of(line) for _ in range(32)))
        ]

    assert all(await fan_out())
    await asyncio.sleep(60)
    assert not any(await fan_out()), "the premise: it is unreachable, and calls no longer wait"
    await asyncio.sleep(300)
    assert all(await fan_out())


@pytest.mark.parametrize("calls", [1, 4, 8, 32])
@in_virtual_time
async def test_a_fan_out_to_an_address_that_never_answered_fails_soon(calls: int) -> None:
    provider, began = Provider([refused()], 0.01), now()
    line = layered(provider).around(provider, as_it_is)
    replies = await asyncio.gather(*(outcome_of(line) for _ in range(calls)))
    assert all(isinstance(each, ModelUnavailable) for each in replies)
    assert now() - began < 10


# -- cancelled calls ---------------------------------------------------------------------------------------


async def cancel_all(line: LanguageModel, calls: int, after_s: float) -> float:
    """The real seconds that it takes to cancel ``calls`` calls, ``after_s`` seconds after their start."""
    running = [asyncio.create_task(outcome_of(line)) for _ in range(calls)]
    await asyncio.sleep(after_s)
    began = time.perf_counter()
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("calls", "outcome", "seconds"),
    [
        (10_000, lambda n: "fine", 10.0),
        (10_000, lambda n: RateLimited("429", model=NAME, status=429, retry_after=30.0), 0.1),
        (1_000, lambda n: refused(), 0.1),
        (1_000, lambda n: "fine" if n < 20 else failing(503), 1.0),
    ],
    ids=["slow", "paused", "dead", "failing"],
)
@in_virtual_time
async def test_thousands_of_cancelled_calls_leave_nothing_behind(
    calls: int, outcome: Callable[[int], Outcome], seconds: float
) -> None:
    provider = Provider(outcome, seconds)
    billing, account = Billing(PRICES), Account(Caps(micros=10_000_000_000))
    line = layered(provider).around(provider, lambda model: billing.metered(model, account))
    took = await cancel_all(line, calls, 5.0)
    asked = len(provider.asked)
    assert provider.in_flight == 0
    assert account.reserved == Amounts()
    await asyncio.sleep(10_000)
    assert len(provider.asked) == asked, "no further request is sent"
    assert took < 10, "about 2 s on an idle machine"


# -- clocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
@in_virtual_time
async def test_a_wall_clock_that_jumps_changes_nothing(
    jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcome(number: int) -> Outcome:
        wait = RateLimited("429", model=NAME, status=429, retry_after=2.0)
        outcomes: list[Outcome] = [wait, refused(), failing(503), "fine", said("")]
        return outcomes[number % 5]

    async def run(jumps: bool) -> tuple[list[float], list[bool]]:
        provider, wall = Provider(outcome, 0.5), [time.time()]

        def at() -> float:
            wall[0] += jump_s if jumps else 0.001
            return wall[0]

        monkeypatch.setattr(time, "time", at)
        line = layered(provider).around(provider, as_it_is)
        began = now()
        replies = [isinstance(await outcome_of(line), Completion) for _ in range(10)]
        return [each - began for each in provider.began], replies

    monkeypatch.setattr("harlm.models.wrappers.retrying.random.uniform", lambda low, high: high)
    steady, jumping = await run(jumps=False), await run(jumps=True)
    assert jumping[0] == pytest.approx(steady[0], abs=0.001)
    assert jumping[1] == steady[1]


# -- a server with slots -----------------------------------------------------------------------------------


@in_virtual_time
async def test_a_server_with_slots_gets_no_more_requests_at_once_and_none_twice() -> None:
    provider = Provider(seconds=lambda n: 1_000.0 if n == 40 else 1.0)
    layers = Layers(concurrency=8)
    layers.add(provider, ADDRESS, slots=2)
    line = layers.around(provider, as_it_is)
    await asyncio.gather(*(outcome_of(line) for _ in range(41)))
    assert (provider.most_in_flight, len(provider.asked)) == (2, 41)


@in_virtual_time
async def test_a_request_to_a_server_with_slots_waits_for_all_before_it() -> None:
    provider = Provider(seconds=500.0)
    layers = Layers(concurrency=8, patience=Patience(seconds=600.0))
    layers.add(provider, ADDRESS, slots=2)
    line = layers.around(provider, as_it_is)
    began = now()
    replies = await asyncio.gather(*(outcome_of(line) for _ in range(8)))
    assert all(isinstance(each, Completion) for each in replies)
    assert now() - began == pytest.approx(2_000.0)


# -- from run to run ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("earlier", "hedges"), [(0, 0), (40, 1)])
@in_virtual_time
async def test_how_long_calls_take_is_known_to_the_next_run(earlier: int, hedges: int) -> None:
    """Of ten calls the last is slow; calls of another size came before them in the same run."""
    known = KnownLimits(now=now)
    log: list[Event] = []

    async def run(provider: Provider, *fan_outs: tuple[str, int]) -> None:
        layers = layered(provider, known=known)
        line = layers.around(provider, as_it_is, on_event=log.append)
        for text, calls in fan_outs:
            asked = (Message(role="user", content=text),)
            await asyncio.gather(*(line.complete(asked, Sampling()) for _ in range(calls)))
        layers.remember()

    await run(Provider(seconds=1.0), ("x", earlier))
    await run(Provider(seconds=lambda n: 100.0 if n == 29 else 1.0), ("x" * 5_000, 20), ("x", 10))
    assert sum(isinstance(each, Hedged) for each in log) == hedges


@in_virtual_time
async def test_a_server_that_harlm_has_started_is_forgotten_with_its_run() -> None:
    known = KnownLimits(now=now)
    layers = Layers(known=known)
    provider = Provider()
    layers.add(provider, ADDRESS, slots=4)
    await outcome_of(layers.around(provider, as_it_is))
    layers.remember()
    assert known.of(place_of(ADDRESS, None), NAME) is None


@in_virtual_time
async def test_what_is_known_of_a_started_server_does_not_count_for_another_at_its_address() -> None:
    """A server of this run may get the port that a server of the user had."""
    known = KnownLimits(now=now)
    knowledge = EndpointKnowledge(at=now(), window=2, ceiling=3, refused_at=now())
    known.learn(place_of(ADDRESS, None), NAME, knowledge)
    provider = Provider(seconds=1.0)
    layers = Layers(known=known)
    layers.add(provider, ADDRESS, slots=4)
    line = layers.around(provider, as_it_is)
    await asyncio.gather(*(outcome_of(line) for _ in range(8)))
    assert provider.most_in_flight == 4


@in_virtual_time
async def test_accounts_at_one_address_have_limits_of_their_own() -> None:
    known = KnownLimits(now=now)
    for key, waves in (("one", 2), ("two", 1)):
        knowledge = EndpointKnowledge(at=now(), window=8, ceiling=9, refused_at=now())
        known.learn(place_of(ADDRESS, "one"), NAME, knowledge)
        provider = Provider(seconds=1.0)
        layers = Layers(known=known)
        layers.add(provider, ADDRESS, key=key)
        line = layers.around(provider, as_it_is)
        await asyncio.gather(*(outcome_of(line) for _ in range(16)))
        assert len({round(each, 3) for each in provider.began}) == waves
