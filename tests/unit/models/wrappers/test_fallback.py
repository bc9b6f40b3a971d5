"""Another model in place of one that fails."""

from __future__ import annotations

import asyncio

import pytest

from harlm.errors import BadCompletion, ContextOverflow, HarlmError, ModelError, RateLimited, TokenLimit
from harlm.events import Event, FellBack
from harlm.models.wrappers import Fallback, Layers, Patience
from harlm.testing import ScriptedModel
from harlm.types import Sampling
from tests.support.timed_provider import ASKED, Provider, failing, refused
from tests.support.virtual_time import in_virtual_time

NAME = Provider.name


def other(*outcomes: str | Exception) -> ScriptedModel:
    return ScriptedModel(outcomes or ["of the other"], name="scripted/other")


@pytest.mark.parametrize(
    "failure",
    [
        refused(),
        failing(503),
        RateLimited("429", model=NAME, status=429, retry_after=86_400.0),
        BadCompletion("html", model=NAME),
    ],
    ids=str,
)
@in_virtual_time
async def test_another_model_is_asked_after_a_failure_that_it_may_avoid(failure: ModelError) -> None:
    log: list[Event] = []
    completion = await Fallback(Provider([failure]), other(), log.append).complete(ASKED, Sampling())
    assert (completion.text, completion.model) == ("of the other", "scripted/other")
    assert log == [FellBack(model=NAME, instead="scripted/other", error=str(failure))]


@pytest.mark.parametrize(
    "failure",
    [
        *(ModelError(f"{status}", model=NAME, status=status) for status in (400, 401, 402, 403, 404)),
        ContextOverflow("long", model=NAME, status=400),
        TokenLimit("spent", limit="tokens", used=1, allowed=1),
        RuntimeError("a bug"),
    ],
    ids=str,
)
@in_virtual_time
async def test_a_failure_that_no_other_model_avoids_is_raised(failure: Exception) -> None:
    instead = other()
    with pytest.raises(type(failure)) as caught:
        await Fallback(Provider([failure]), instead).complete(ASKED, Sampling())
    assert caught.value is failure
    assert instead.asked == []


@in_virtual_time
async def test_the_other_model_is_not_asked_after_a_reply() -> None:
    instead = other()
    assert (await Fallback(Provider(), instead).complete(ASKED, Sampling())).text == "fine"
    assert instead.asked == []


@pytest.mark.parametrize(
    "second", [refused(), TokenLimit("spent", limit="tokens", used=1, allowed=1)], ids=str
)
@in_virtual_time
async def test_if_the_other_model_fails_too_its_failure_is_raised(second: HarlmError) -> None:
    first = failing(503)
    with pytest.raises(type(second)) as caught:
        await Fallback(Provider([first]), other(second)).complete(ASKED, Sampling())
    assert caught.value is second
    assert first in (caught.value.__cause__, caught.value.__context__)


@in_virtual_time
async def test_a_cancelled_call_does_not_ask_the_other_model() -> None:
    instead = other()
    call = asyncio.create_task(Fallback(Provider(["fine"], 10.0), instead).complete(ASKED, Sampling()))
    await asyncio.sleep(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert instead.asked == []


@in_virtual_time
async def test_it_has_the_name_and_the_window_of_the_first() -> None:
    both = Fallback(Provider(), other())
    assert (both.name, both.window) == (Provider.name, Provider.window)


@in_virtual_time
async def test_the_other_model_is_asked_after_the_retries_and_is_retried_itself() -> None:
    layers = Layers(patience=Patience(retries=2))
    first, second = Provider([failing(503)]), Provider([failing(503), "of the second"])
    for model, address in ((first, "http://a"), (second, "http://b")):
        layers.add(model, address)
    layers.fall_back_to(second)
    completion = await layers.around(first, lambda model: model).complete(ASKED, Sampling())
    assert completion.text == "of the second"
    assert (len(first.asked), len(second.asked)) == (3, 2)
    assert len({*first.keys, *second.keys}) == 2, "each provider gets its own key for the call"


@in_virtual_time
async def test_a_model_does_not_fall_back_to_itself() -> None:
    layers, model = Layers(patience=Patience(retries=1)), Provider([failing(503)])
    layers.add(model, "http://a")
    layers.fall_back_to(model)
    with pytest.raises(ModelError):
        await layers.around(model, lambda each: each).complete(ASKED, Sampling())
    assert len(model.asked) == 2
