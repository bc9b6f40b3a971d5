"""The contract of a language model, run over each adapter (over real HTTP), each fake, and each wrapper of
both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from harlm.budget import Account, Billing, Caps, PriceList
from harlm.config import ModelSettings
from harlm.errors import ConfigError, ContextOverflow, ModelError, TokenLimit
from harlm.models.access import Endpoint
from harlm.models.anthropic import AnthropicMessages
from harlm.models.function import FunctionModel
from harlm.models.gemini import GeminiContent
from harlm.models.http import Transport
from harlm.models.offline import ExtractiveModel
from harlm.models.openai import OpenAIChat
from harlm.models.wrappers import (
    Breaker,
    Fallback,
    Guarded,
    Hedging,
    Latencies,
    Layers,
    Limited,
    Limiter,
    Patience,
    Retrying,
)
from harlm.protocols import LanguageModel
from harlm.testing import ScriptedModel, ScriptedServer
from harlm.testing.contracts import LanguageModelContract
from harlm.testing.contracts.language_model import TALK
from harlm.types import Price, Sampling

HTTP: dict[str, Callable[[Endpoint, int], LanguageModel]] = {
    "openai": OpenAIChat,
    "anthropic": AnthropicMessages,
    "gemini": GeminiContent,
}


BARE = ["openai", "anthropic", "gemini", "function", "async function", "offline", "scripted"]


def _layered(model: LanguageModel) -> LanguageModel:
    """All layers, as a run puts them around a model that has a fallback."""
    layers = Layers(concurrency=8)
    layers.add(model, "http://test")
    layers.fall_back_to(ScriptedModel(["of the fallback"], name="scripted/fallback"))
    account = Account(Caps(tokens=1_000_000, micros=1_000_000, calls=1_000, ends=time.monotonic() + 600))
    billing = Billing(PriceList(own={model.name: Price(input=1.0, output=2.0)}))
    return layers.around(model, lambda each: billing.metered(each, account.child()))


WRAPPERS: dict[str, Callable[[LanguageModel], LanguageModel]] = {
    "Retrying": lambda model: Retrying(model, Patience()),
    "Guarded": lambda model: Guarded(model, Breaker()),
    "Limited": lambda model: Limited(model, Limiter(4)),
    "Hedging": lambda model: Hedging(model, Latencies(), Limiter(32)),
    "Fallback": lambda model: Fallback(model, ScriptedModel([], name="scripted/fallback")),
    "Metered": lambda model: Billing().metered(model, Account()),
    "Metered and limited": lambda model: Billing().metered(model, Account(Caps(tokens=100_000, calls=1_000))),
    "all layers": _layered,
}


async def _bare(kind: str, stack: AsyncExitStack) -> LanguageModel:
    async def later(messages: list[dict[str, str]]) -> str:
        await asyncio.sleep(0)
        return f"I was told {len(messages)} things."

    match kind:
        case "function":
            return FunctionModel(lambda prompt: f"I was told {len(prompt)} characters.", name="callable/test")
        case "async function":
            return FunctionModel(later)
        case "offline":
            return ExtractiveModel()
        case "scripted":
            return ScriptedModel(lambda messages: f"I was told {len(messages)} things.")
    server = stack.enter_context(ScriptedServer(lambda asked: f"I was told {len(asked.messages)} things."))
    endpoint = Endpoint(
        name=f"{kind}/test",
        model="test",
        base_url=server.base_url if kind == "openai" else server.url,
        key="sk-test-key",
        key_hint="TEST_KEY",
        transport=await stack.enter_async_context(Transport(ModelSettings())),
    )
    return HTTP[kind](endpoint, 1000)


class TestLanguageModels(LanguageModelContract):
    reports_cost = True  # the built-in model is free, and wrappers know prices

    @pytest.fixture(
        params=[
            *BARE,
            *(f"{wrapper} around {kind}" for wrapper in WRAPPERS for kind in ("scripted", "openai")),
        ]
    )
    async def model(self, request: pytest.FixtureRequest) -> AsyncIterator[LanguageModel]:
        wrapper, _, kind = request.param.rpartition(" around ")
        async with AsyncExitStack() as stack:
            bare = await _bare(kind, stack)
            yield WRAPPERS[wrapper](bare) if wrapper else bare


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(
    "failure",
    [
        ModelError("refused", model="scripted/model", status=401),
        ContextOverflow("too long", model="scripted/model", status=400),
        TokenLimit("spent", limit="tokens", used=1, allowed=1),
        ConfigError("no such thing"),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_a_permanent_failure_passes_every_wrapper_unchanged(wrapper: str, failure: Exception) -> None:
    wrapped = WRAPPERS[wrapper](ScriptedModel([failure, "a second reply that should not be asked for"]))
    with pytest.raises(type(failure)) as caught:
        await wrapped.complete(TALK, Sampling())
    assert caught.value is failure


@pytest.mark.parametrize("wrapper", WRAPPERS)
async def test_wrappers_can_be_nested(wrapper: str) -> None:
    model: LanguageModel = ScriptedModel(lambda messages: f"I was told {len(messages)} things.")
    for each in WRAPPERS.values():
        model = each(model)
    model = WRAPPERS[wrapper](model)
    replies = await asyncio.gather(*(model.complete(TALK, Sampling()) for _ in range(20)))
    assert {reply.text for reply in replies} == {"I was told 4 things."}
    assert (model.name, model.window) == ("scripted/model", 128_000)
