"""What differs between protocols, seen from the server's side."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from harlm.config import ModelSettings
from harlm.errors import BadCompletion
from harlm.models.access import Endpoint
from harlm.models.anthropic import AnthropicMessages
from harlm.models.gemini import GeminiContent
from harlm.models.http import Transport
from harlm.testing import Request, ScriptedServer
from harlm.types import Completion, Message, Sampling

TALK = [
    Message(role="system", content="Be brief."),
    Message(role="user", content="one"),
    Message(role="assistant", content="two"),
    Message(role="user", content="three"),
]


async def ask(adapter: Any, reply: Any, sampling: Sampling | None = None) -> tuple[Completion, Request]:
    with ScriptedServer(reply) as server:
        async with Transport(ModelSettings()) as transport:
            model = adapter(
                Endpoint(
                    name="p/m", model="m", base_url=server.url, key="k-123", key_hint="K", transport=transport
                ),
                window=1,
            )
            completion = await model.complete(TALK, sampling or Sampling())
        return completion, server.requests[0]


async def test_anthropic_takes_the_system_apart_and_caches_conversations() -> None:
    completion, request = await ask(
        AnthropicMessages, lambda asked: "reply", Sampling(max_tokens=9, temperature=0.5)
    )
    body = request.body
    assert body["system"] == "Be brief."
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][-1]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert (body["max_tokens"], body["temperature"]) == (9, 0.5)
    assert request.headers["x-api-key"] == "k-123"
    assert completion.usage.cached_tokens > 0
    assert completion.usage.input_tokens > completion.usage.cached_tokens


async def test_gemini_names_roles_and_puts_the_model_into_the_path() -> None:
    completion, request = await ask(GeminiContent, lambda asked: "reply", Sampling(max_tokens=9, seed=4))
    assert request.path == "/v1beta/models/m:generateContent"
    assert [turn["role"] for turn in request.body["contents"]] == ["user", "model", "user"]
    assert request.body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert request.body["generationConfig"] == {"maxOutputTokens": 9, "seed": 4}
    assert request.headers["x-goog-api-key"] == "k-123"
    assert completion.usage.reasoning_tokens == 1
    assert completion.usage.output_tokens >= 2


@pytest.mark.parametrize(
    ("adapter", "body", "text", "stop"),
    [
        (
            AnthropicMessages,
            {
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}],
                "stop_reason": "max_tokens",
            },
            "a",
            "length",
        ),
        (
            AnthropicMessages,
            {"content": [{"type": "text", "text": "no"}], "stop_reason": "refusal"},
            "no",
            "filter",
        ),
        (
            GeminiContent,
            {
                "candidates": [
                    {
                        "content": {"parts": [{"text": "hm", "thought": True}, {"text": "a"}]},
                        "finishReason": "MAX_TOKENS",
                    }
                ]
            },
            "a",
            "length",
        ),
        (
            GeminiContent,
            {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "SAFETY"}]},
            "a",
            "filter",
        ),
    ],
)
async def test_thoughts_are_not_text_and_stops_are_told(
    adapter: Any, body: Any, text: str, stop: str
) -> None:
    completion, _ = await ask(adapter, lambda asked: web.json_response(body))
    assert (completion.text, completion.stop) == (text, stop)
    assert completion.usage.estimated


@pytest.mark.parametrize(
    ("adapter", "body"),
    [
        (AnthropicMessages, {"content": [], "stop_reason": "max_tokens"}),
        (GeminiContent, {"candidates": [{"finishReason": "MAX_TOKENS"}]}),
    ],
)
async def test_a_reply_without_text_is_one(adapter: Any, body: Any) -> None:
    completion, _ = await ask(adapter, lambda asked: web.json_response(body))
    assert (completion.text, completion.stop, completion.usage.calls) == ("", "length", 1)


@pytest.mark.parametrize(
    ("adapter", "body", "said"),
    [
        (AnthropicMessages, {"error": "x"}, "not a completion"),
        (GeminiContent, {"candidates": []}, "without any candidate"),
        (GeminiContent, {"promptFeedback": {"blockReason": "SAFETY"}}, "blocked the prompt: SAFETY"),
    ],
)
async def test_what_is_no_reply_says_why(adapter: Any, body: Any, said: str) -> None:
    with pytest.raises(BadCompletion) as caught:
        await ask(adapter, lambda asked: web.json_response(body))
    assert said in str(caught.value)
