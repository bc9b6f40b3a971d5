"""What the adapters of all protocols share, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import web

from harlm.errors import BadCompletion, ModelUnavailable
from harlm.models.anthropic import AnthropicMessages
from harlm.models.gemini import GeminiContent
from harlm.models.openai import OpenAIChat
from harlm.testing import Request, ScriptedServer
from harlm.types import Completion, Rate, Rates, Sampling
from tests.support.model_server import TALK, Adapter, model_at

WORDS = "the words"
OPENAI: list[dict[str, Any]] = [
    {"choices": [{"delta": {"reasoning_content": "hm"}}]},
    {"choices": [{"delta": {"content": "the "}}]},
    {"choices": [{"delta": {"content": "words"}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}},
]
ANTHROPIC: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "the "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "words"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
]
GEMINI: list[dict[str, Any]] = [
    {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "the "}]}}]},
    {
        "candidates": [{"content": {"parts": [{"text": "words"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "thoughtsTokenCount": 1},
    },
]
STREAMS: list[tuple[Adapter, list[dict[str, Any]]]] = [
    (OpenAIChat, OPENAI), (AnthropicMessages, ANTHROPIC), (GeminiContent, GEMINI),
]  # fmt: skip


def stream(events: list[dict[str, Any]]) -> web.Response:
    return web.Response(body=b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in events))


async def streamed(
    adapter: Adapter, *replies: web.Response, times: int = 1
) -> tuple[Completion, list[str], list[Request]]:
    """The last completion of ``times`` calls, what was heard of them, and the requests."""
    heard: list[str] = []
    pending = list(replies)
    with ScriptedServer(lambda request: pending.pop(0) if pending else WORDS) as server:
        async with model_at(server.url, adapter) as model:
            for _ in range(times):
                completion = await model.complete(TALK, Sampling(on_text=heard.append))
        return completion, heard, list(server.requests)


@pytest.mark.parametrize(("adapter", "events"), STREAMS)
async def test_every_protocol_is_streamed(adapter: Adapter, events: list[dict[str, Any]]) -> None:
    completion, heard, (request,) = await streamed(adapter, stream(events))
    assert (completion.text, completion.thoughts, completion.stop) == (WORDS, "hm", "end")
    assert heard
    assert all(WORDS.startswith(each) for each in heard)
    assert (completion.usage.input_tokens, completion.usage.output_tokens, completion.usage.estimated) == (
        9,
        4,
        False,
    )
    assert request.body.get("stream") or request.path.endswith(":streamGenerateContent")


@pytest.mark.parametrize(("adapter", "events"), STREAMS)
async def test_a_stream_that_cannot_be_read_is_not_asked_for_again(
    adapter: Adapter, events: list[dict[str, Any]]
) -> None:
    nonsense = web.Response(body=b"data: {nonsense\n\n")
    heard: list[str] = []
    replies = [nonsense]
    with ScriptedServer(lambda request: replies.pop() if replies else WORDS) as server:
        async with model_at(server.url, adapter) as model:
            with pytest.raises(BadCompletion):
                await model.complete(TALK, Sampling(on_text=heard.append))
            assert (await model.complete(TALK, Sampling(on_text=heard.append))).text == WORDS
        _, second = server.requests
    assert not second.body.get("stream")
    assert not second.path.endswith(":streamGenerateContent")


@pytest.mark.parametrize(("adapter", "events"), STREAMS)
async def test_a_stream_that_ends_in_the_middle_is_no_reply(
    adapter: Adapter, events: list[dict[str, Any]]
) -> None:
    cut = [each for each in events if "words" not in json.dumps(each)]
    cut = [
        each
        for each in cut
        if each.get("type") not in ("message_delta", "message_stop") and each.get("choices") != []
    ]
    with pytest.raises(ModelUnavailable, match="the stream ended in the middle") as caught:
        await streamed(adapter, stream(cut))
    assert caught.value.perhaps_billed


async def test_a_call_that_learns_from_another_is_sent_again_too() -> None:
    """Both are refused; what the first one learns changes what the second one sends."""
    import asyncio

    def reply(request: Request) -> str | web.Response:
        if "max_tokens" in request.body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return web.json_response({"error": {"message": said}}, status=400)
        return WORDS

    with ScriptedServer(reply, latency_s=0.05) as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            calls = (model.complete(TALK, Sampling(max_tokens=50)) for _ in range(8))
            assert [each.text for each in await asyncio.gather(*calls)] == [WORDS] * 8
    assert len(server.requests) == 16


async def test_an_address_without_its_version_is_tried_with_it() -> None:
    def reply(request: Request) -> str | web.Response:
        return (
            WORDS
            if request.path.startswith("/v1/")
            else web.json_response({"detail": "Not Found"}, status=404)
        )

    with ScriptedServer(reply) as server:
        async with model_at(server.url, OpenAIChat) as model:
            for _ in range(2):
                assert (await model.complete(TALK, Sampling())).text == WORDS
        assert [each.path for each in server.requests] == ["/chat/completions"] + ["/v1/chat/completions"] * 2


async def test_a_choice_is_taken_out_of_its_schema() -> None:
    with ScriptedServer(lambda request: '{"choice": "No"}') as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            sampling = Sampling(choices=("Yes", "No"), logprobs=2)
            assert (await model.complete(TALK, sampling)).text == "No"
        body = server.requests[0].body
    assert body["response_format"]["type"] == "json_schema"
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)


async def test_log_probabilities_are_read() -> None:
    token = {
        "token": "a",
        "logprob": -0.5,
        "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -2}],
    }
    body = {"choices": [{"message": {"content": "a"}, "logprobs": {"content": [token, None]}}]}
    with ScriptedServer(lambda request: web.json_response(body)) as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            completion = await model.complete(TALK, Sampling(logprobs=2))
    (first,) = completion.logprobs
    assert (first.token, first.logprob, first.alternatives) == ("a", -0.5, (("a", -0.5), ("b", -2.0)))


async def test_the_model_that_answered_and_its_own_reason_are_told() -> None:
    body = {"model": "other", "choices": [{"message": {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}, "finish_reason": "tool_calls"}]}  # fmt: skip
    with ScriptedServer(lambda request: web.json_response(body)) as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            completion = await model.complete(TALK, Sampling())
            assert not model.seems_local  # type: ignore[attr-defined] # of a remote model
    assert (completion.served_by, completion.stop, completion.reason, completion.calls[0].name) == (
        "other",
        "tool",
        "tool_calls",
        "f",
    )


async def test_llama_cpp_is_known_by_its_name() -> None:
    body = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    with ScriptedServer(lambda request: web.json_response(body, headers={"server": "llama.cpp"})) as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            await model.complete(TALK, Sampling())
            assert model.seems_local  # type: ignore[attr-defined] # of a remote model


async def test_a_stream_that_is_whole_but_not_closed_properly_is_a_reply() -> None:
    """Its words and its end have arrived; only the last chunk of the connection is missing."""
    import asyncio

    body = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in OPENAI) + b"data: [DONE]\n\n"
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(body), body)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, model_at(f"http://127.0.0.1:{port}/v1", OpenAIChat) as model:
        assert (await model.complete(TALK, Sampling(on_text=lambda _: None))).text == WORDS
        assert model.form.streams  # type: ignore[attr-defined] # of a remote model


@pytest.mark.parametrize(("adapter", "events"), STREAMS)
async def test_a_reply_ends_once_it_is_enough_where_it_is_known_what_that_costs(
    adapter: Adapter, events: list[dict[str, Any]]
) -> None:
    """Google's servers write on, and charge for it, when their client leaves."""
    asked: list[str] = []

    def is_enough(text: str) -> bool:
        asked.append(text)
        return "the" in text

    word = {"choices": [{"delta": {"content": "words"}}]}
    so_far = [*OPENAI[:2], word] if adapter is OpenAIChat else ANTHROPIC[:7]
    sampling = Sampling(on_text=lambda _: None, is_enough=is_enough)
    sent = events if adapter is GeminiContent else so_far
    with ScriptedServer(lambda _: stream(sent)) as server:
        async with model_at(server.url, adapter) as model:
            completion = await model.complete(TALK, sampling)
    usage = completion.usage
    if adapter is GeminiContent:
        assert (completion.text, completion.stop, usage.estimated, asked) == (WORDS, "end", False, [])
        return
    assert completion.stop == "enough"
    assert completion.text.startswith("the ")
    assert usage.estimated
    assert usage.output_tokens >= 2, "a thought and a word"
    assert usage.input_tokens == (9 if adapter is AnthropicMessages else usage.input_tokens) > 0


async def test_a_reply_whose_end_has_arrived_is_not_ended_before_it() -> None:
    sampling = Sampling(on_text=lambda _: None, is_enough=lambda text: True)
    with ScriptedServer(lambda _: stream(OPENAI)) as server:
        async with model_at(server.url, OpenAIChat) as model:
            completion = await model.complete(TALK, sampling)
    assert (completion.text, completion.stop, completion.usage.estimated) == (WORDS, "end", False)


async def test_a_model_that_thinks_unseen_is_not_ended() -> None:
    """It is unknown how much it has thought by then."""
    hidden = {
        "prompt_tokens": 9,
        "completion_tokens": 40,
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    replies = [stream([*OPENAI[1:3], {"choices": [], "usage": hidden}]), stream([*OPENAI[1:]])]
    with ScriptedServer(lambda _: replies.pop(0)) as server:
        async with model_at(server.url, OpenAIChat) as model:
            assert isinstance(model, OpenAIChat)
            assert model.knows_cost_of_part
            await model.complete(TALK, Sampling(on_text=lambda _: None))
            assert not model.knows_cost_of_part


@pytest.mark.parametrize(("adapter", "events"), STREAMS)
async def test_the_rates_in_the_head_of_a_stream_are_told_before_its_text(
    adapter: Adapter, events: list[dict[str, Any]]
) -> None:
    """A refusal tells none, and neither does a reply that is not streamed."""
    heard: list[object] = []
    reply = stream(events)
    reply.headers.update({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "7"})
    replies = [reply, stream(events), web.json_response({"error": {"message": "no"}}, status=503)]
    sampling = Sampling(on_text=heard.append, on_rates=heard.append)
    with ScriptedServer(lambda request: replies.pop(0) if replies else WORDS) as server:
        async with model_at(server.url, adapter) as model:
            rates = (await model.complete(TALK, sampling)).rates
            assert rates == Rates(requests=Rate(limit=60, left=7))
            assert heard[0] == rates
            assert heard[1:]
            assert all(isinstance(each, str) for each in heard[1:])
            first = len(heard)
            await model.complete(TALK, sampling)
            assert heard[first] is None, "it states none"
            so_far = list(heard)
            with pytest.raises(ModelUnavailable):
                await model.complete(TALK, sampling)
            await model.complete(TALK, Sampling(on_rates=heard.append))
    assert heard == so_far
