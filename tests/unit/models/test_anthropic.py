"""Anthropic's Messages API: what is sent, and what a reply means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from harlm.errors import BadCompletion
from harlm.models.anthropic import AnthropicMessages
from harlm.types import Completion, Message, Sampling
from tests.support.model_server import KEY, exchange


async def completion_of(body: dict[str, Any]) -> Completion:
    """The completion of a reply with this body."""
    return (await exchange(AnthropicMessages, lambda request: web.json_response(body))).completion


async def test_the_system_prompt_is_sent_separately_and_a_conversation_is_cached() -> None:
    sampling = Sampling(max_tokens=9, temperature=0.5)
    completion, request = await exchange(AnthropicMessages, lambda asked: "reply", sampling=sampling)
    body = request.body
    assert request.path == "/v1/messages"
    assert body["system"] == "Be brief."
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][-1]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert (body["max_tokens"], body["temperature"]) == (9, 0.5)
    assert request.headers["x-api-key"] == KEY
    assert completion.usage.cached_tokens > 0
    assert completion.usage.input_tokens > completion.usage.cached_tokens


async def test_a_single_prompt_is_not_cached_and_has_a_limit_since_the_api_requires_one() -> None:
    one = [Message(role="user", content="one")]
    _, request = await exchange(AnthropicMessages, lambda asked: "reply", messages=one)
    assert request.body["messages"] == [{"role": "user", "content": "one"}]
    assert request.body["max_tokens"] == 8_192
    assert "system" not in request.body
    assert "temperature" not in request.body


async def test_no_key_header_is_sent_without_a_key() -> None:
    _, request = await exchange(AnthropicMessages, lambda asked: "reply", key=None)
    assert "x-api-key" not in request.headers


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("end_turn", "end"),
        ("stop_sequence", "end"),
        (None, "end"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "filter"),
    ],
)
async def test_stop_reasons(reason: str | None, stop: str) -> None:
    completion = await completion_of({"content": [{"type": "text", "text": "a"}], "stop_reason": reason})
    assert (completion.text, completion.stop) == ("a", stop)


async def test_thoughts_are_not_part_of_the_text() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    assert (await completion_of({"content": blocks})).text == "ab"


async def test_cached_tokens_are_counted_as_part_of_the_input() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 2,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 30,
    }
    counted = (await completion_of({"content": [], "usage": usage})).usage
    assert (counted.input_tokens, counted.cached_tokens, counted.cache_write_tokens) == (140, 100, 30)
    assert (counted.output_tokens, counted.cost_micros, counted.estimated) == (2, None, False)


async def test_usage_is_estimated_if_missing() -> None:
    usage = (await completion_of({"content": [{"type": "text", "text": "hello there"}]})).usage
    assert usage.estimated
    assert usage.output_tokens == 2


async def test_a_reply_without_text_is_a_completion() -> None:
    completion = await completion_of({"content": [], "stop_reason": "max_tokens"})
    assert (completion.text, completion.stop, completion.usage.calls) == ("", "length", 1)


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"data": []}], ids=json.dumps)
async def test_other_json_is_not_a_completion(body: dict[str, Any]) -> None:
    with pytest.raises(BadCompletion, match="not a completion"):
        await completion_of(body)
