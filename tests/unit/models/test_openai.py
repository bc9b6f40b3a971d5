"""OpenAI's protocol: what is sent, what a reply means, and replies that arrive in pieces."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import BadCompletion, ModelError, ModelUnavailable
from harlm.models.incoming import Incoming
from harlm.models.openai import OpenAIChat, OpenAIReader
from harlm.redact import Redactor
from harlm.testing import Request, ScriptedServer
from harlm.types import LONGEST_REPLY, Completion, Message, Sampling
from tests.support.model_server import KEY, TALK, exchange, model_at


async def completion_of(body: str) -> Completion:
    """The completion of a reply with this body, or with this text if it is not JSON."""

    def reply(request: Request) -> str | web.Response:
        return web.Response(text=body) if body.startswith("{") else body

    hello = [Message(role="user", content="hi")]
    return (await exchange(OpenAIChat, reply, messages=hello, path="/v1")).completion


# -- one reply ---------------------------------------------------------------------------------------------


async def test_the_cost_of_a_reply_without_text_is_reported() -> None:
    body = (
        '{"choices": [{"message": {"content": null}, "finish_reason": "length"}],'
        ' "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.5}}'
    )
    completion = await completion_of(body)
    assert (completion.text, completion.stop, completion.usage.cost_micros) == ("", "length", 500_000)


@pytest.mark.parametrize(
    ("body", "text", "cost"),
    [
        ('{"choices": [{"message": {"content": [{"text": null}, {"text": "a"}]}}]}', "a", None),
        ('{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": null}}', "a", None),
        (
            '{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": 1, "cost": 1e308}}',
            "a",
            None,
        ),
        (
            '{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": 1, "cost": -1}}',
            "a",
            None,
        ),
    ],
)
async def test_odd_replies_are_accepted_since_they_were_charged(
    body: str, text: str, cost: int | None
) -> None:
    completion = await completion_of(body)
    assert (completion.text, completion.usage.cost_micros) == (text, cost)


async def test_usage_is_normalised_and_estimated_if_missing() -> None:
    usage = (await completion_of("hello")).usage
    assert (usage.cached_tokens, usage.reasoning_tokens, usage.estimated, usage.cost_micros) == (
        0,
        1,
        False,
        None,
    )
    bare = '{"choices": [{"message": {"content": "hello there"}, "finish_reason": "length"}]}'
    completion = await completion_of(bare)
    assert completion.usage.estimated
    assert completion.usage.output_tokens == 2
    assert completion.stop == "length"


async def test_the_cost_that_a_provider_reports_is_used() -> None:
    body = '{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1, "cost": 0.0125}}'
    assert (await completion_of(body)).usage.cost_micros == 12_500


async def test_text_in_parts_and_refusals_are_text() -> None:
    parts = '{"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]}'
    assert (await completion_of(parts)).text == "ab"
    refusal = '{"choices": [{"message": {"content": null, "refusal": "I will not."}}]}'
    completion = await completion_of(refusal)
    assert (completion.text, completion.stop) == ("I will not.", "filter")


async def test_sampling_reaches_the_provider() -> None:
    sampling = Sampling(max_tokens=5, temperature=0.0, seed=3)
    _, request = await exchange(OpenAIChat, lambda asked: "x", sampling=sampling, path="/v1", key=None)
    body = request.body
    assert (body["max_tokens"], body["temperature"], body["seed"], body["model"]) == (5, 0.0, 3, "test")
    assert "stream" not in body
    assert "authorization" not in request.headers


async def test_messages_and_the_key_reach_the_provider() -> None:
    _, request = await exchange(OpenAIChat, lambda asked: "x", path="/v1")
    assert request.path == "/v1/chat/completions"
    assert request.body["messages"] == [{"role": each.role, "content": each.content} for each in TALK]
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_a_request_key_is_sent_as_an_idempotency_key() -> None:
    sampling = Sampling(request_key="call-7")
    _, request = await exchange(OpenAIChat, lambda asked: "x", sampling=sampling, path="/v1")
    assert request.headers["idempotency-key"] == "call-7"


@pytest.mark.parametrize("reason", ["error", "insufficient_system_resource"])
async def test_a_reply_that_the_provider_broke_off_is_an_error_that_may_be_retried(reason: str) -> None:
    body = json.dumps({"choices": [{"message": {"content": "half a re"}, "finish_reason": reason}]})
    with pytest.raises(ModelUnavailable, match=f"broke off its reply \\({reason}\\)") as caught:
        await completion_of(body)
    assert caught.value.perhaps_billed


async def test_a_server_that_accepts_only_the_new_name_of_the_limit_is_asked_with_it() -> None:
    def reply(request: Request) -> str | web.Response:
        if "max_tokens" in request.body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return web.json_response({"error": {"message": said}}, status=400)
        return "short"

    with ScriptedServer(reply) as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            for _ in range(2):
                await model.complete(TALK, Sampling(max_tokens=50))
    assert [sorted(request.body) for request in server.requests] == [
        ["max_tokens", "messages", "model"],
        ["max_completion_tokens", "messages", "model"],
        ["max_completion_tokens", "messages", "model"],
    ]


async def test_a_limit_that_does_not_fit_next_to_the_prompt_is_lowered_once() -> None:
    def reply(request: Request) -> str | web.Response:
        if request.body["max_tokens"] > 2_000:
            said = "This model's maximum context length is 4096 tokens, you requested 9000"
            return web.json_response({"error": {"message": said}}, status=400)
        return "short"

    with ScriptedServer(reply) as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            assert (await model.complete(TALK, Sampling(max_tokens=8_192))).text == "short"
    assert [request.body["max_tokens"] for request in server.requests] == [8_192, 1_024]


# -- streams -----------------------------------------------------------------------------------------------


TEXT = "Let me see.\n```repl\nprint('é 漢')\n```\n"


def event(**parts: object) -> bytes:
    return b"data: " + json.dumps(parts).encode() + b"\n\n"


def said(text: str, finish: str | None = None) -> bytes:
    return event(choices=[{"delta": {"content": text}, "finish_reason": finish}])


USAGE = event(choices=[], usage={"prompt_tokens": 7, "completion_tokens": 3})
WHOLE = (
    b": a comment\n\n"
    + b"".join(said(each) for each in TEXT)
    + said("", "stop")
    + USAGE
    + b"data: [DONE]\n\n"
)


def stream(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/event-stream")


async def ask(server: ScriptedServer, texts: list[str], times: int = 1) -> Completion:
    """The last completion of ``times`` calls whose text is passed to ``texts`` as it arrives."""
    async with model_at(server.base_url, OpenAIChat) as model:
        for _ in range(times):
            completion = await model.complete(TALK, Sampling(on_text=texts.append))
    return completion


async def test_a_stream_is_passed_on_as_it_arrives_and_is_complete_at_the_end() -> None:
    texts: list[str] = []
    with ScriptedServer(lambda _: TEXT, line_s=0.01) as server:
        completion = await ask(server, texts)
    assert completion.text == TEXT == texts[-1]
    assert texts[0] == "Let me see.\n"
    assert all(TEXT.startswith(each) for each in texts)
    assert not completion.usage.estimated


@given(st.lists(st.integers(1, 40), max_size=60))
def test_a_stream_can_be_split_at_any_byte(sizes: Sequence[int]) -> None:
    texts: list[str] = []
    reader = OpenAIReader(texts.append, Redactor([]))
    incoming = Incoming(reader)
    rest = WHOLE
    for size in sizes:
        incoming.take(rest[:size])
        rest = rest[size:]
    incoming.take(rest)
    incoming.end()
    assert reader.text == TEXT == texts[-1]
    assert (reader.reason, reader.counts.prompt) == ("stop", 7)


def test_a_long_stream_is_heard_in_growing_pieces_and_not_kept_beyond_a_limit() -> None:
    heard: list[int] = []
    reader = OpenAIReader(lambda text: heard.append(len(text)), Redactor(()))
    incoming = Incoming(reader)
    for _ in range(3_000):
        incoming.take(said("x" * 1_000))
    assert heard[:3] == [1_000, 2_000, 3_000]
    assert sum(heard) < 300 * LONGEST_REPLY, "copied a bounded number of times"
    assert len(reader.text) == LONGEST_REPLY + 1


def test_a_line_of_a_stream_that_never_ends_is_not_read_again_and_again() -> None:
    pieces = Incoming(OpenAIReader())
    started = time.process_time()
    for _ in range(10_000):
        pieces.take(b"x" * 1_000)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (said("half a re"), ModelUnavailable),
        (b"data: {nonsense\n\n" + said("x", "stop"), BadCompletion),
        (event(error={"message": "out of luck"}), ModelUnavailable),
        (b"", ModelUnavailable),
    ],
)
async def test_a_stream_that_is_not_a_reply_is_an_error(body: bytes, kind: type[ModelError]) -> None:
    with ScriptedServer(lambda _: stream(body)) as server, pytest.raises(kind) as caught:
        await ask(server, [])
    assert caught.value.perhaps_billed == (b"luck" not in body)


async def test_a_server_that_reports_no_usage_for_a_stream_is_asked_without_streaming() -> None:
    def reply(request: Request) -> str | web.Response:
        return stream(said(TEXT, "stop")) if request.body.get("stream") else TEXT

    with ScriptedServer(reply) as server:
        completion = await ask(server, [], times=2)
        assert [bool(request.body.get("stream")) for request in server.requests] == [True, False]
    assert not completion.usage.estimated
