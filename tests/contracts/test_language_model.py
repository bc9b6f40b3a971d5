"""What every language model promises, run over each adapter (against real HTTP) and each fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from harlm.config import Models
from harlm.models.anthropic import AnthropicMessages
from harlm.models.function import FunctionModel
from harlm.models.gemini import GeminiContent
from harlm.models.http import Transport
from harlm.models.offline import ExtractiveModel
from harlm.models.openai import OpenAIChat
from harlm.protocols import LanguageModel
from harlm.testing import ScriptedModel, ScriptedServer
from harlm.types import Message, Sampling

TALK = (
    Message(role="system", content="You answer from the documents."),
    Message(role="user", content='<document name="a.txt">\nThe bridge opened in 1883.\n</document>'),
    Message(role="assistant", content="I have read it."),
    Message(role="user", content="<question>\nWhen did the bridge open?\n</question>"),
)

HTTP: dict[str, Callable[..., LanguageModel]] = {
    "openai": OpenAIChat,
    "anthropic": AnthropicMessages,
    "gemini": GeminiContent,
}


@pytest.fixture(params=["openai", "anthropic", "gemini", "function", "async function", "offline", "scripted"])
async def model(request: pytest.FixtureRequest) -> AsyncIterator[LanguageModel]:
    async def later(messages: list[dict[str, str]]) -> str:
        await asyncio.sleep(0)
        return f"I was told {len(messages)} things."

    async with AsyncExitStack() as stack:
        match request.param:
            case "function":
                yield FunctionModel(
                    lambda prompt: f"I was told {len(prompt)} characters.", name="callable/test"
                )
            case "async function":
                yield FunctionModel(later)
            case "offline":
                yield ExtractiveModel()
            case "scripted":
                yield ScriptedModel(lambda messages: f"I was told {len(messages)} things.")
            case provider:
                server = stack.enter_context(
                    ScriptedServer(lambda asked: f"I was told {len(asked.messages)} things.")
                )
                adapter = HTTP[provider]
                transport = await stack.enter_async_context(Transport(Models()))
                yield adapter(
                    name=f"{provider}/test",
                    model="test",
                    base_url=server.base_url if provider == "openai" else server.url,
                    key="sk-test-key",
                    key_hint="TEST_KEY",
                    window=1000,
                    transport=transport,
                )


async def test_a_model_has_a_name_and_a_window(model: LanguageModel) -> None:
    assert "/" in model.name
    assert model.window >= 1000


async def test_a_reply_is_text_booked_to_the_model(model: LanguageModel) -> None:
    completion = await model.complete(TALK, Sampling())
    assert completion.text
    assert completion.model == model.name
    assert completion.stop == "end"


async def test_usage_counts_one_call_and_all_tokens(model: LanguageModel) -> None:
    usage = (await model.complete(TALK, Sampling())).usage
    assert usage.calls == 1
    assert usage.input_tokens > 10
    assert usage.output_tokens > 0
    assert usage.cached_tokens <= usage.input_tokens
    assert usage.reasoning_tokens <= usage.output_tokens


async def test_many_calls_can_be_under_way_at_once(model: LanguageModel) -> None:
    replies = await asyncio.gather(*(model.complete(TALK, Sampling()) for _ in range(20)))
    assert len({reply.text for reply in replies}) == 1


async def test_sampling_is_taken_and_does_not_change_the_shape_of_a_reply(model: LanguageModel) -> None:
    completion = await model.complete(TALK, Sampling(max_tokens=50, temperature=0.0, seed=7))
    assert completion.text
