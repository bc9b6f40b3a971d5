from __future__ import annotations

import json

import pytest

from harlm.testing.dialects import ModelReply, Request, Tokens, estimated_tokens

OPENAI = Request("/v1/chat/completions", {}, {"model": "m", "messages": [{"role": "system", "content": "rules"}, {"role": "user", "content": [{"type": "text", "text": "why"}, {"type": "text", "text": "?"}]}]}, 3)  # fmt: skip
ANTHROPIC = Request("/v1/messages", {}, {"model": "m", "system": "rules", "messages": [{"role": "user", "content": "why?"}]})  # fmt: skip
GEMINI = Request("/v1beta/models/m:generateContent", {}, {"systemInstruction": {"parts": [{"text": "rules"}]}, "contents": [{"role": "user", "parts": [{"text": "why"}, {"text": "?"}]}]})  # fmt: skip
TOKENS = Tokens(prompt=100, cached=40, completion=20, reasoning=5)


@pytest.mark.parametrize("request_", [OPENAI, ANTHROPIC, GEMINI], ids=["openai", "anthropic", "gemini"])
def test_every_dialect_reads_as_one_conversation(request_: Request) -> None:
    assert request_.model == "m"
    assert request_.messages == [("system", "rules"), ("user", "why?")]
    assert request_.prompt == "why?"
    assert estimated_tokens(request_) == len("ruleswhy?") // 4 + 1


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ({}, None),
        ({"max_tokens": 7}, 7),
        ({"max_tokens": 7, "max_completion_tokens": 9}, 9),
        ({"max_tokens": "7"}, None),
    ],
)
def test_the_limit_of_a_reply_has_two_names(body: dict[str, object], most: int | None) -> None:
    assert Request("/v1/chat/completions", {}, body).max_tokens == most


def test_only_openais_dialect_streams() -> None:
    assert Request("/v1/chat/completions", {}, {"stream": True}).is_streamed
    assert not Request("/v1/chat/completions", {}, {"stream": False}).is_streamed
    assert not Request("/v1/messages", {}, {"stream": True}).is_streamed


def test_each_dialect_reports_all_tokens_in_its_own_terms() -> None:
    openai = ModelReply(OPENAI, "42", TOKENS).completion()["usage"]
    assert (openai["prompt_tokens"], openai["completion_tokens"], openai["total_tokens"]) == (100, 20, 120)
    anthropic = ModelReply(ANTHROPIC, "42", TOKENS).completion()["usage"]
    assert (anthropic["input_tokens"], anthropic["cache_read_input_tokens"]) == (60, 40)
    gemini = ModelReply(GEMINI, "42", TOKENS).completion()["usageMetadata"]
    assert gemini["candidatesTokenCount"] + gemini["thoughtsTokenCount"] == 20


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (OPENAI, "finish_reason': 'length"),
        (ANTHROPIC, "stop_reason': 'max_tokens"),
        (GEMINI, "finishReason': 'MAX_TOKENS"),
    ],
    ids=["openai", "anthropic", "gemini"],
)
def test_a_reply_that_was_cut_says_so_in_the_words_of_its_dialect(request_: Request, words: str) -> None:
    assert words in str(ModelReply(request_, "4", TOKENS, "length").completion())


def test_the_events_of_a_stream_join_to_the_text_and_end_with_done() -> None:
    request = Request(
        "/v1/chat/completions", {}, {"model": "m", "stream": True, "stream_options": {"include_usage": True}}
    )
    reply = ModelReply(request, "one\ntwo\n", TOKENS)
    data = b"".join(reply.text_events()) + reply.last_events()
    *lines, last = [line.removeprefix("data: ") for line in data.decode().split("\n\n") if line]
    events = [json.loads(line) for line in lines]
    pieces = [choice["delta"].get("content", "") for each in events for choice in each["choices"]]
    assert "".join(pieces) == "one\ntwo\n"
    assert events[-1]["usage"]["total_tokens"] == 120
    assert last == "[DONE]"


def test_usage_is_not_streamed_unless_it_was_asked_for() -> None:
    request = Request("/v1/chat/completions", {}, {"stream": True})
    assert b"usage" not in ModelReply(request, "x", TOKENS).last_events()
