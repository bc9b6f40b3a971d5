"""The retry loop: what is tried again, when, under which request key, and when it ends."""

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


def bad(text: str = "not a completion") -> BadCompletion:
    return BadCompletion(text, model=NAME, perhaps_billed=True)


@pytest.fixture
def longest(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Jitter always draws its upper bound. The value is a list of the bounds that were asked for."""
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
    on_event: Callable[[Event], None] = lambda event: None,
    has_answered: bool = True,
    **patience: Any,
) -> tuple[Provider, Completion | BaseException]:
    """The provider after one call, and its completion or failure."""
    provider = Provider(outcomes, takes)
    line = Retrying(provider, Patience(**patience), on_event=on_event, has_answered=lambda: has_answered)
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
async def test_a_temporary_failure_is_tried_again(failure: HarlmError) -> None:
    provider, reply = await tried([failure, "fine"])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("fine", 2)


@pytest.mark.parametrize("failure", STAYS, ids=str)
@in_virtual_time
async def test_a_permanent_failure_is_raised_at_once_and_unchanged(failure: HarlmError) -> None:
    began = now()
    provider, reply = await tried([failure, "fine"])
    assert reply is failure
    assert len(provider.asked) == 1
    assert now() == pytest.approx(began, abs=0.001)


@in_virtual_time
async def test_a_bug_is_not_tried_again() -> None:
    provider, reply = await tried([RuntimeError("a bug"), "fine"])
    assert isinstance(reply, RuntimeError)
    assert len(provider.asked) == 1


@in_virtual_time
async def test_a_timeout_error_of_the_model_itself_is_raised_as_it_is() -> None:
    _, reply = await tried([TimeoutError("of the caller's own model")])
    assert isinstance(reply, TimeoutError)


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [(refused(), 7), (failing(503), 7), (limited(None), 7), (bad(), 3)],
    ids=str,
)
@in_virtual_time
async def test_the_last_failure_is_raised_after_the_last_attempt(failure: ModelError, attempts: int) -> None:
    provider, reply = await tried([failure])
    assert reply is failure
    assert len(provider.asked) == attempts


@pytest.mark.parametrize("retries", [0, 1, 3, 20])
@in_virtual_time
async def test_the_number_of_retries_can_be_set(retries: int) -> None:
    provider, reply = await tried([failing(500)], retries=retries)
    assert isinstance(reply, ModelUnavailable)
    assert len(provider.asked) == retries + 1


# -- empty replies ---------------------------------------------------------------------------------------


@in_virtual_time
async def test_an_empty_reply_is_tried_again() -> None:
    provider, reply = await tried([said(""), said(""), "fine"])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("fine", 3)


@in_virtual_time
async def test_a_reply_that_stays_empty_is_returned_since_it_was_paid_for() -> None:
    provider, reply = await tried([said("")])
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("", 3)


@pytest.mark.parametrize("stop", ["length", "filter"])
@in_virtual_time
async def test_an_empty_reply_with_a_stop_reason_is_not_tried_again(stop: str) -> None:
    provider, reply = await tried([said("", stop=stop)])
    assert isinstance(reply, Completion)
    assert len(provider.asked) == 1


@pytest.mark.parametrize("retries", [0, 1])
@in_virtual_time
async def test_an_empty_reply_is_returned_if_no_retries_are_left(retries: int) -> None:
    provider, reply = await tried([said("")], retries=retries)
    assert isinstance(reply, Completion)
    assert (reply.text, len(provider.asked)) == ("", retries + 1)


@pytest.mark.parametrize("unusable", [bad(), said("")], ids=["not a completion", "empty"])
@in_virtual_time
async def test_unusable_replies_are_counted_apart_from_other_failures(unusable: Outcome) -> None:
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

    def on_event(event: Event) -> None:
        assert isinstance(event, Retried)
        waits.append(event.wait_s)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("harlm.models.wrappers.retrying.random.uniform", uniform)
        provider, _ = await tried([failing(500)], on_event=on_event, retries=9)
    assert bounds == [(0, each) for each in (0.5, 1, 2, 4, 8, 16, 30, 30, 30)]
    gaps = [later - sooner for sooner, later in zip(provider.began, provider.began[1:], strict=False)]
    assert gaps == [pytest.approx(wait, abs=0.001) for wait in waits]
    assert all(0 <= gap <= high for gap, (_, high) in zip(gaps, bounds, strict=True))


@pytest.mark.parametrize("asked_s", [0.0, 0.25, 2.0, 90.0])
@in_virtual_time
async def test_a_wait_is_as_long_as_the_provider_asks_and_a_little_longer(asked_s: float) -> None:
    for seed in range(50):
        random.seed(seed)
        provider, reply = await tried([limited(asked_s), "fine"])
        assert isinstance(reply, Completion)
        assert asked_s <= provider.began[1] - provider.began[0] <= asked_s + 0.5 / 4 + 1e-9


@pytest.mark.parametrize("asked_s", [601.0, 86_400.0, 1e300])
@in_virtual_time
async def test_a_wait_longer_than_the_patience_ends_the_call_at_once(asked_s: float) -> None:
    began = now()
    failure = limited(asked_s)
    provider, reply = await tried([failure, "fine"])
    assert reply is failure, "with the provider's own message"
    assert len(provider.asked) == 1
    assert now() == pytest.approx(began, abs=0.001)


@pytest.mark.parametrize("seconds", [0.0, 0.4, 3.0, 10.0, 100.0])
@in_virtual_time
async def test_no_attempt_begins_after_the_patience_has_ended(
    seconds: float, longest: list[tuple[float, float]]
) -> None:
    began = now()
    provider, reply = await tried([failing(503)], takes=1.0, seconds=seconds, retries=20)
    assert isinstance(reply, ModelUnavailable)
    assert all(each <= began + seconds + 0.001 for each in provider.began)
    assert now() <= began + seconds + 1.001


@pytest.mark.parametrize("outcomes", [["fine"], [failing(503), "fine"]], ids=["first", "second"])
@in_virtual_time
async def test_a_running_request_is_cancelled_when_the_patience_ends(outcomes: Sequence[Outcome]) -> None:
    began = now()
    takes = 8.0
    provider, reply = await tried(outcomes, takes=takes, seconds=takes * len(outcomes) - 5)
    assert isinstance(reply, ModelUnavailable)
    assert now() - began == pytest.approx(takes * len(outcomes) - 5)
    assert provider.cancelled == 1, "no request keeps running"


@in_virtual_time
async def test_a_call_cancelled_while_it_waits_sends_no_further_request() -> None:
    provider = Provider([limited(60.0)])
    call = asyncio.create_task(Retrying(provider, Patience()).complete(ASKED, Sampling()))
    await asyncio.sleep(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.sleep(1000)
    assert len(provider.asked) == 1


# -- an address that never answered ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [
        (refused(), 3),
        (failing(503), 7),
        (error(ModelUnavailable, perhaps_billed=True), 7),
        (limited(None), 7),
    ],
    ids=["no server", "503", "broken off", "429"],
)
@in_virtual_time
async def test_an_address_that_never_answered_gets_two_retries_unless_a_server_is_there(
    failure: ModelError, attempts: int
) -> None:
    provider, reply = await tried([failure], has_answered=False)
    assert reply is failure
    assert len(provider.asked) == attempts


# -- request keys ------------------------------------------------------------------------------------------


@in_virtual_time
async def test_all_attempts_of_a_call_have_one_key() -> None:
    broken = error(ModelUnavailable, perhaps_billed=True)
    provider, _ = await tried([refused(), failing(503), limited(None), broken, failing(409), "fine"])
    assert len(provider.keys) == 6
    assert len(set(provider.keys)) == 1
    assert provider.keys[0]


@in_virtual_time
async def test_every_call_has_its_own_key_unless_it_brings_one() -> None:
    provider = Provider()
    line = Retrying(provider, Patience())
    await asyncio.gather(*(line.complete(ASKED, Sampling()) for _ in range(100)))
    assert len(set(provider.keys)) == 100
    await line.complete(ASKED, Sampling(request_key="of the run's journal"))
    assert provider.keys[-1] == "of the run's journal"


@pytest.mark.parametrize("unusable", [bad(), said("")], ids=["not a completion", "empty"])
@in_virtual_time
async def test_the_attempt_after_an_unusable_reply_has_another_key(unusable: Outcome) -> None:
    provider, _ = await tried([failing(503), unusable, failing(503), "fine"])
    first, second, third, fourth = provider.keys
    assert first == second != third == fourth


@in_virtual_time
async def test_the_attempt_after_a_reply_that_the_provider_broke_off_has_another_key() -> None:
    """As ``OpenAIChat`` raises for ``finish_reason: error``: the reply is complete, and may have been
    charged.
    """
    broken_off = error(ModelUnavailable, perhaps_billed=True, request_id="req-7")
    provider, _ = await tried([broken_off, "fine"])
    assert len(set(provider.keys)) == 2


@in_virtual_time
async def test_nothing_else_of_the_sampling_changes() -> None:
    provider = Provider([failing(503), bad(), "fine"])
    wanted = Sampling(max_tokens=7, temperature=0.5, seed=3)
    await Retrying(provider, Patience()).complete(ASKED, wanted)
    assert {(each.max_tokens, each.temperature, each.seed) for each in provider.asked} == {(7, 0.5, 3)}


# -- events -----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_every_attempt_that_is_made_again_is_an_event(longest: list[tuple[float, float]]) -> None:
    log: list[Event] = []
    await tried([said(""), failing(500), limited(2.0), "fine"], on_event=log.append)
    assert log == [
        Retried(model=NAME, attempt=1, error="it answered with no text", wait_s=0.0),
        Retried(model=NAME, attempt=2, error="failing with 500", wait_s=1.0),
        Retried(model=NAME, attempt=3, error="slow down, please", wait_s=2.5),
    ]


@in_virtual_time
async def test_the_last_failure_is_not_an_event() -> None:
    log: list[Event] = []
    await tried([failing(500)], retries=2, on_event=log.append)
    assert len(log) == 2
