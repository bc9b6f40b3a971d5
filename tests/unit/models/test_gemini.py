"""Gemini's generateContent: what is sent, and what a reply means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from harlm.errors import BadCompletion
from harlm.models.gemini import GeminiContent
from harlm.types import Completion, Message, Sampling
from tests.support.model_server import KEY, exchange


async def completion_of(body: dict[str, Any]) -> Completion:
    """The completion of a reply with this body."""
    return (await exchange(GeminiContent, lambda request: web.json_response(body))).completion


def candidate(*parts: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": reason}]}


async def test_the_model_is_in_the_path_and_roles_have_gemini_s_names() -> None:
    sampling = Sampling(max_tokens=9, seed=4)
    completion, request = await exchange(GeminiContent, lambda asked: "reply", sampling=sampling)
    assert request.path == "/v1beta/models/test:generateContent"
    assert [turn["role"] for turn in request.body["contents"]] == ["user", "model", "user"]
    assert request.body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert request.body["generationConfig"] == {"maxOutputTokens": 9, "seed": 4}
    assert request.headers["x-goog-api-key"] == KEY
    assert completion.usage.reasoning_tokens == 1
    assert completion.usage.output_tokens >= 2


async def test_what_is_not_set_is_not_sent() -> None:
    one = [Message(role="user", content="one")]
    _, request = await exchange(GeminiContent, lambda asked: "reply", messages=one, key=None)
    assert set(request.body) == {"contents"}
    assert "x-goog-api-key" not in request.headers


async def test_a_base_url_may_end_with_the_version() -> None:
    _, request = await exchange(GeminiContent, lambda asked: "reply", path="/v1beta")
    assert request.path == "/v1beta/models/test:generateContent"


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("STOP", "end"),
        ("FINISH_REASON_UNSPECIFIED", "end"),
        (None, "end"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "filter"),
        ("RECITATION", "filter"),
    ],
)
async def test_finish_reasons(reason: str | None, stop: str) -> None:
    completion = await completion_of(candidate({"text": "a"}, reason=reason))
    assert (completion.text, completion.stop) == ("a", stop)


async def test_thoughts_are_not_part_of_the_text() -> None:
    parts = candidate({"text": "hm", "thought": True}, {"text": "a"}, {"text": "b"})
    assert (await completion_of(parts)).text == "ab"


async def test_thoughts_are_counted_as_part_of_the_output() -> None:
    usage = {
        "promptTokenCount": 10,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 40,
        "cachedContentTokenCount": 6,
    }
    counted = (await completion_of({**candidate({"text": "a"}), "usageMetadata": usage})).usage
    assert (counted.input_tokens, counted.output_tokens) == (10, 43)
    assert (counted.cached_tokens, counted.reasoning_tokens, counted.estimated) == (6, 40, False)


async def test_usage_is_estimated_if_missing() -> None:
    usage = (await completion_of(candidate({"text": "hello there"}))).usage
    assert usage.estimated
    assert usage.output_tokens == 2


async def test_a_reply_without_text_is_a_completion() -> None:
    completion = await completion_of({"candidates": [{"finishReason": "MAX_TOKENS"}]})
    assert (completion.text, completion.stop, completion.usage.calls) == ("", "length", 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"candidates": []}, "not a completion (it has no message)"),
        ({}, "not a completion (it has no message)"),
    ],
    ids=json.dumps,
)
async def test_a_reply_without_candidates_is_not_a_completion(body: dict[str, Any], message: str) -> None:
    with pytest.raises(BadCompletion) as caught:
        await completion_of(body)
    assert message in str(caught.value)
    assert caught.value.perhaps_billed


async def test_a_blocked_prompt_is_a_completion_without_text_that_names_the_reason() -> None:
    completion = await completion_of({"promptFeedback": {"blockReason": "SAFETY"}})
    assert (completion.text, completion.stop) == ("", "filter")
    assert completion.reason == "SAFETY (the prompt was blocked)"
