"""The retry loop: what is tried again, when, under which name, and when it is enough."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from harlm.errors import (
    BadCompletion,
    CallLimit,
    CodeError,
    ConfigError,
    ContextOverflow,
    CostLimit,
    DeadlineExceeded,
    HarlmError,
    ModelError,
    ModelUnavailable,
    RateLimited,
    TokenLimit,
)
from harlm.events import Event, Retried
from harlm.models.wrappers import Patience, Retrying
from harlm.types import Completion, Sampling
from tests.support.timed_provider import ASKED, Outcome, Provider, failing, refused, said
from tests.support.virtual_time import in_virtual_time, now

NAME = Provider.name


def error(kind: type[ModelError], status: int | None = None, **more: Any) -> ModelError:
    return kind(f"{kind.__name__} {status}", model=NAME, status=status, **more)


def limited(seconds: float | None) -> RateLimited:
    return RateLimited("slow down, please", model=NAME, status=429, retry_after=seconds)


def bad(text: str = "no completion") -> BadCompletion:
    return BadCompletion(text, model=NAME, perhaps_billed=True)


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Jitter always draws its upper bound; the bounds that it was asked for."""
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    monkeypatch.setattr("harlm.models.wrappers.retrying.random.uniform", uniform)
    return drawn


async def tried(
    outcomes: Sequence[Outcome] | Callable[[int], Outcome],
    *,
    takes: float = 0.0,
    told: Callable[[Event], None] = lambda event: None,
    has_answered: bool = True,
    **patience: Any,
) -> tuple[Provider, Completion | BaseException]:
    """The provider after one call, and what came of it."""
    provider = Provider(outcomes, takes)
    line = Retrying(provider, Patience(**patience), on_event=told, has_answered=lambda: has_answered)
    try:
        return provider, await line.complete(ASKED, Sampling())
    except Exception as failure:  # noqa: BLE001 - the test looks at it, whatever it is
        return provider, failure


# -- what is tried again -----------------------------------------------------------------------------------

PASSES = [
    error(ModelUnavailable),
    error(ModelUnavailable, perhaps_billed=True),
    *(error(ModelUnavailable, status) for status in (408, 409, 500, 502, 503, 504, 520, 529, 599)),
    error(RateLimited, 429),
    error(BadCompletion),
    error(BadCompletion, perhaps_billed=True),
]
STAYS: list[HarlmError] = [
    *(error(ModelError, status) for status in (301, 307, 400, 401, 402, 403, 404, 405, 410, 422, 451)),
    error(ContextOverflow, 400),
    error(ContextOverflow, 413),
    *(
        kind("spent", limit="x", used=1, allowed=1)
        for kind in (TokenLimit, CostLimit, CallLimit, DeadlineExceeded)
    ),
    ConfigError("no such thing"),
    CodeError("the model's fault"),
]


@pytest.mark.parametrize("failure", PASSES, ids=str)
@in_virtual_time
async def test_a_failure_that_may_pass_is_tried_again(failure: HarlmError) -> None:
    provider, reply = await tried([failure, "fine"])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("fine", 2)


@pytest.mark.parametrize("failure", STAYS, ids=str)
@in_virtual_time
async def test_a_failure_that_stays_is_raised_at_once_and_untouched(failure: HarlmError) -> None:
    began = now()
    provider, reply = await tried([failure, "fine"])
    assert reply is failure
    assert len(provider.asked) == 1
    assert now() == pytest.approx(began, abs=0.001)


@in_virtual_time
async def test_a_fault_of_ours_is_not_tried_again() -> None:
    provider, reply = await tried([RuntimeError("a bug"), "fine"])
    assert isinstance(reply, RuntimeError)
    assert len(provider.asked) == 1


@in_virtual_time
async def test_a_timeout_inside_the_model_is_its_own_and_no_end_of_patience() -> None:
    _, reply = await tried([TimeoutError("of the caller's own model")])
    assert isinstance(reply, TimeoutError)


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [(refused(), 7), (failing(503), 7), (limited(None), 7), (bad(), 3)],
    ids=str,
)
@in_virtual_time
async def test_patience_has_an_end_and_the_last_failure_is_raised(failure: ModelError, attempts: int) -> None:
    provider, reply = await tried([failure])
    assert reply is failure
    assert len(provider.asked) == attempts


@pytest.mark.parametrize("retries", [0, 1, 3, 20])
@in_virtual_time
async def test_as_many_attempts_as_are_set(retries: int) -> None:
    provider, reply = await tried([failing(500)], retries=retries)
    assert isinstance(reply, ModelUnavailable)
    assert len(provider.asked) == retries + 1


# -- a reply that says nothing -----------------------------------------------------------------------------


@in_virtual_time
async def test_an_empty_reply_is_asked_for_again() -> None:
    provider, reply = await tried([said(""), said(""), "fine"])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("fine", 3)


@in_virtual_time
async def test_a_reply_that_stays_empty_is_handed_on_since_it_was_paid_for() -> None:
    provider, reply = await tried([said("")])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("", 3)


@pytest.mark.parametrize("stop", ["length", "filter"])
@in_virtual_time
async def test_an_empty_reply_with_a_reason_is_not_asked_for_again(stop: str) -> None:
    provider, reply = await tried([said("", stop=stop)])
    assert isinstance(reply, Completion)
    assert len(provider.asked) == 1


@pytest.mark.parametrize("retries", [0, 1])
@in_virtual_time
async def test_an_empty_reply_is_handed_on_where_few_retries_are_set(retries: int) -> None:
    provider, reply = await tried([said("")], retries=retries)
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("", retries + 1)


@pytest.mark.parametrize("unusable", [bad(), said("")], ids=["no completion", "empty"])
@in_virtual_time
async def test_a_bad_reply_after_other_failures_has_attempts_of_its_own(unusable: Outcome) -> None:
    provider, reply = await tried([failing(503), failing(503), unusable, "fine"])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("fine", 4)


# -- how long ----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_jitter_is_full_and_its_bound_doubles_up_to_the_longest() -> None:
    bounds: list[tuple[float, float]] = []
    drawn = random.Random(7)

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return drawn.uniform(low, high)

    waits: list[float] = []

    def told(event: Event) -> None:
        assert isinstance(event, Retried)
        waits.append(event.wait_s)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("harlm.models.wrappers.retrying.random.uniform", uniform)
        provider, _ = await tried([failing(500)], told=told, retries=9)
    assert bounds == [(0, each) for each in (0.5, 1, 2, 4, 8, 16, 30, 30, 30)]
    gaps = [later - sooner for sooner, later in zip(provider.began, provider.began[1:], strict=False)]
    assert gaps == [pytest.approx(wait, abs=0.001) for wait in waits]
    assert all(0 <= gap <= high for gap, (_, high) in zip(gaps, bounds, strict=True))


@pytest.mark.parametrize("asked_s", [0.0, 0.25, 2.0, 90.0])
@in_virtual_time
async def test_what_a_provider_asks_for_is_waited_and_a_little_more(asked_s: float) -> None:
    for seed in range(50):
        random.seed(seed)
        provider, reply = await tried([limited(asked_s), "fine"])
        assert isinstance(reply, Completion)
        assert asked_s <= provider.began[1] - provider.began[0] <= asked_s + 0.5 / 4 + 1e-9


@pytest.mark.parametrize("asked_s", [601.0, 86_400.0, 1e300])
@in_virtual_time
async def test_who_is_asked_to_wait_longer_than_its_patience_is_told_so_at_once(asked_s: float) -> None:
    began = now()
    failure = limited(asked_s)
    provider, reply = await tried([failure, "fine"])
    assert reply is failure, "in the provider's own words"
    assert len(provider.asked) == 1
    assert now() == pytest.approx(began, abs=0.001)


@pytest.mark.parametrize("seconds", [0.0, 0.4, 3.0, 10.0, 100.0])
@in_virtual_time
async def test_no_attempt_begins_when_patience_is_over(
    seconds: float, longest: list[tuple[float, float]]
) -> None:
    began = now()
    provider, reply = await tried([failing(503)], takes=1.0, seconds=seconds, retries=20)
    assert isinstance(reply, ModelUnavailable)
    assert all(each <= began + seconds + 0.001 for each in provider.began)
    assert now() <= began + seconds + 1.001


@pytest.mark.parametrize("outcomes", [["fine"], [failing(503), "fine"]], ids=["first", "second"])
@in_virtual_time
async def test_a_request_under_way_ends_with_the_patience(outcomes: Sequence[Outcome]) -> None:
    began = now()
    takes = 8.0
    provider, reply = await tried(outcomes, takes=takes, seconds=takes * len(outcomes) - 5)
    assert isinstance(reply, ModelUnavailable)
    assert now() - began == pytest.approx(takes * len(outcomes) - 5)
    assert provider.cancelled == 1, "nothing is left under way"


@in_virtual_time
async def test_a_call_that_is_given_up_while_it_waits_asks_nobody_any_more() -> None:
    provider = Provider([limited(60.0)])
    call = asyncio.create_task(Retrying(provider, Patience()).complete(ASKED, Sampling()))
    await asyncio.sleep(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(1000)
    assert len(provider.asked) == 1


# -- where nobody has ever answered ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [
        (refused(), 3),
        (failing(503), 7),
        (error(ModelUnavailable, perhaps_billed=True), 7),
        (limited(None), 7),
    ],
    ids=["nobody", "503", "broken off", "429"],
)
@in_virtual_time
async def test_an_unknown_address_is_given_up_after_two_retries_unless_something_is_there(
    failure: ModelError, attempts: int
) -> None:
    provider, reply = await tried([failure], has_answered=False)
    assert reply is failure
    assert len(provider.asked) == attempts


# -- under which name --------------------------------------------------------------------------------------


@in_virtual_time
async def test_all_attempts_of_a_call_have_one_name() -> None:
    broken = error(ModelUnavailable, perhaps_billed=True)
    provider, _ = await tried([refused(), failing(503), limited(None), broken, failing(409), "fine"])
    assert len(provider.keys) == 6
    assert len(set(provider.keys)) == 1
    assert provider.keys[0]


@in_virtual_time
async def test_every_call_has_a_name_of_its_own() -> None:
    provider = Provider()
    line = Retrying(provider, Patience())
    sampling = Sampling(request_key="of an outer layer")
    await asyncio.gather(*(line.complete(ASKED, sampling) for _ in range(100)))
    assert len({*provider.keys, sampling.request_key}) == 101


@pytest.mark.parametrize("unusable", [bad(), said("")], ids=["no completion", "empty"])
@in_virtual_time
async def test_what_was_served_and_is_of_no_use_is_asked_for_under_another_name(unusable: Outcome) -> None:
    provider, _ = await tried([failing(503), unusable, failing(503), "fine"])
    first, second, third, fourth = provider.keys
    assert first == second != third == fourth


@in_virtual_time
async def test_a_reply_that_the_provider_gave_up_is_asked_for_under_another_name() -> None:
    """As ``OpenAIChat`` raises for ``finish_reason: error``: the reply has an end, and was perhaps charged."""
    given_up = error(ModelUnavailable, perhaps_billed=True, request_id="req-7")
    provider, _ = await tried([given_up, "fine"])
    assert len(set(provider.keys)) == 2


@in_virtual_time
async def test_nothing_else_of_the_sampling_changes() -> None:
    provider = Provider([failing(503), bad(), "fine"])
    wanted = Sampling(max_tokens=7, temperature=0.5, seed=3)
    await Retrying(provider, Patience()).complete(ASKED, wanted)
    assert {(each.max_tokens, each.temperature, each.seed) for each in provider.asked} == {(7, 0.5, 3)}


# -- what is told ------------------------------------------------------------------------------------------


@in_virtual_time
async def test_every_attempt_that_is_made_again_is_told(longest: list[tuple[float, float]]) -> None:
    log: list[Event] = []
    await tried([said(""), failing(500), limited(2.0), "fine"], told=log.append)
    assert log == [
        Retried(model=NAME, attempt=1, error="it answered with no text", wait_s=0.0),
        Retried(model=NAME, attempt=2, error="failing with 500", wait_s=1.0),
        Retried(model=NAME, attempt=3, error="slow down, please", wait_s=2.5),
    ]


@in_virtual_time
async def test_the_last_failure_is_not_told_as_one_that_is_tried_again() -> None:
    log: list[Event] = []
    await tried([failing(500)], retries=2, told=log.append)
    assert len(log) == 2
