"""Replies of OpenAI's protocol that come in pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from harlm.config import ModelSettings
from harlm.errors import BadCompletion, ModelError, ModelUnavailable
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.openai import OpenAIChat, _Pieces
from harlm.testing import Request, ScriptedServer
from harlm.types import Completion, Message, Sampling

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


async def ask(server: ScriptedServer, heard: list[str], times: int = 1) -> Completion:
    async with Transport(ModelSettings()) as transport:
        model = OpenAIChat(Endpoint(name="openai/m", model="m", base_url=server.base_url, key=None, key_hint="", transport=transport), window=1000)  # fmt: skip
        for _ in range(times):
            completion = await model.complete(
                [Message(role="user", content="?")], Sampling(on_text=heard.append)
            )
    return completion


async def test_a_stream_is_heard_as_it_comes_and_is_whole_in_the_end() -> None:
    heard: list[str] = []
    with ScriptedServer(lambda _: TEXT, line_s=0.01) as server:
        completion = await ask(server, heard)
    assert completion.text == TEXT == heard[-1]
    assert heard[0] == "Let me see.\n"
    assert all(TEXT.startswith(each) for each in heard)
    assert not completion.usage.estimated


@given(st.lists(st.integers(1, 40), max_size=60))
def test_a_stream_may_be_cut_anywhere(sizes: Sequence[int]) -> None:
    heard: list[str] = []
    pieces = _Pieces(heard.append)
    rest = WHOLE
    for size in sizes:
        pieces.take(rest[:size])
        rest = rest[size:]
    pieces.take(rest)
    reply = pieces.whole()
    assert reply.choices[0].message.content == TEXT == heard[-1]
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == 7


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (said("half a re"), ModelUnavailable),
        (b"data: {nonsense\n\n" + said("x", "stop"), BadCompletion),
        (event(error={"message": "out of luck"}), BadCompletion),
        (b"", ModelUnavailable),
    ],
)
async def test_a_stream_that_is_no_reply_is_an_error(body: bytes, kind: type[ModelError]) -> None:
    with ScriptedServer(lambda _: stream(body)) as server, pytest.raises(kind) as caught:
        await ask(server, [])
    assert caught.value.perhaps_billed == (b"luck" not in body)


async def test_a_server_that_does_not_say_what_a_stream_took_is_asked_without() -> None:
    def reply(request: Request) -> str | web.Response:
        return stream(said(TEXT, "stop")) if request.body.get("stream") else TEXT

    with ScriptedServer(reply) as server:
        completion = await ask(server, [], times=2)
        assert [bool(request.body.get("stream")) for request in server.requests] == [True, False]
    assert not completion.usage.estimated


async def test_nothing_is_streamed_that_nobody_hears() -> None:
    with ScriptedServer(lambda _: TEXT) as server:
        async with Transport(ModelSettings()) as transport:
            model = OpenAIChat(Endpoint(name="m", model="m", base_url=server.base_url, key=None, key_hint="", transport=transport), window=1000)  # fmt: skip
            await model.complete([Message(role="user", content="?")], Sampling())
        assert "stream" not in server.requests[0].body
