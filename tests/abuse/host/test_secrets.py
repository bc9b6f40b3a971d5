"""A provider that echoes the key that it was sent, anywhere: no reply, error, trace, file or terminal shows it (F16)."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from harlm.errors import ModelError
from harlm.models.anthropic import AnthropicMessages
from harlm.models.gemini import GeminiContent
from harlm.models.openai import OpenAIChat
from harlm.testing import Request, ScriptedServer
from harlm.testing.dialects import ModelReply, event, text_event
from harlm.testing.exchange import Exchange, Fault
from harlm.types import Sampling
from tests.support.cli import harlm
from tests.support.model_server import TALK, model_at

KEY = "sk-Proj_4711/abc+DEF=-0123456789xyz"
_SHOWS = (
    KEY[3:20],
    KEY[12:],
    quote(KEY, safe="")[3:20],
    "u0050",  # the P, escaped
    *(base64.b64encode(bytes(before) + KEY.encode()).decode()[8:24] for before in range(3)),
)
"""Parts of the key that nothing else holds."""


@dataclass(frozen=True, slots=True)
class Raw(Fault):
    """Any bytes as a response; the connection is then closed."""

    data: bytes

    async def play(self, exchange: Exchange) -> None:
        exchange.keep_alive = False
        await exchange.send(self.data)


@dataclass(frozen=True, slots=True)
class Pieces(Fault):
    """A streamed reply whose text comes in these pieces, and whose bytes come in packets of ``size``."""

    texts: tuple[str, ...]
    size: int = 1 << 16

    async def play(self, exchange: Exchange) -> None:
        end = event(exchange.request, choices=[{"delta": {}, "finish_reason": "stop"}]) + b"data: [DONE]\n\n"
        body = b"".join(text_event(exchange.request, text) for text in self.texts) + end
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body)}\r\n\r\n"
        await exchange.send(head.encode())
        for at in range(0, len(body), self.size):
            await exchange.send(body[at : at + self.size])


def _completion(text: object, **more: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], **more}).encode()


def _escaped(data: bytes) -> bytes:
    """JSON in which every character of the key is escaped."""
    return data.replace(
        json.dumps(KEY)[1:-1].encode(), "".join(f"\\u{ord(each):04X}" for each in KEY).encode()
    )


def _status(status: int, body: object, **headers: str) -> Callable[[Request], web.Response]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: web.Response(body=data, status=status, headers=headers)


def _said(data: bytes) -> Callable[[Request], web.Response]:
    return _status(200, data, **{"content-type": "application/json"})


_BEARER = f"Bearer {KEY}"
ECHOES: dict[str, Callable[[Request], web.Response | Fault]] = {
    "reply": _said(_completion(f"The key is {KEY}.")),
    "reply in escapes": _said(_escaped(_completion(f"The key is {KEY}."))),
    "reply with escaped slashes": _said(_completion(f"The key is {KEY}.").replace(b"/", b"\\/")),
    "reply in a URL": _said(_completion(f"http://x/?key={quote(KEY, safe='')}")),
    "reply in base64": _said(_completion(base64.b64encode(f"Authorization: {_BEARER}\n".encode()).decode())),
    "reply in parts": _said(_completion([{"text": "The key is " + KEY[:15]}, {"text": KEY[15:]}])),
    "refusal": _said(json.dumps({"choices": [{"message": {"refusal": KEY}}]}).encode()),
    "id of the request": _status(
        200, _completion("4711"), **{"x-request-id": KEY, "content-type": "application/json"}
    ),
    "no choices": _said(json.dumps({"choices": [], "error": {"message": f"bad key {KEY}"}}).encode()),
    "broken off": _said(
        json.dumps({"choices": [{"message": {"content": KEY}, "finish_reason": "error"}]}).encode()
    ),
    "page": _status(200, f"<html>{_BEARER} was sent</html>".encode()),
    "page in UTF-16": _status(200, f"<html>{_BEARER} was sent</html>".encode("utf-16")),
    "page in escapes": _status(200, _escaped(f'{{"key": "{KEY}"'.encode())),
    "half a page": _status(200, f"{'x' * 55}{KEY}".encode()),
    "401": _status(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
    "400 in escapes": _status(400, _escaped(json.dumps({"error": {"message": KEY}}).encode())),
    "422": _status(422, {"detail": [{"input": {"headers": {"authorization": _BEARER}}}]}),
    "429": _status(429, {"error": KEY}, **{"retry-after": KEY, "x-ratelimit-limit-requests": KEY}),
    "500": _status(500, f"Traceback: headers={{'Authorization': '{_BEARER}'}}".encode()),
    "500 in UTF-16": _status(500, _BEARER.encode("utf-16-be")),
    "cut at the end": _status(500, f"{'x' * 280}{KEY}{'y' * 99}".encode()),
    "redirect": _status(307, b"", location=f"http://127.0.0.1:9/?key={KEY}"),
    "status line": lambda request: Raw(f"HTTP/1.1 2oo {KEY}\r\n\r\n".encode()),
    "no HTTP": lambda request: Raw(f"{_BEARER}\r\n\r\n".encode()),
    "bad header": lambda request: Raw(f"HTTP/1.1 200 OK\r\nx\x01{KEY}: {KEY}\r\n\r\n".encode()),
    "bad length": lambda request: Raw(f"HTTP/1.1 200 OK\r\ncontent-length: {KEY}\r\n\r\n".encode()),
    "bad chunk": lambda request: Raw(
        f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{KEY}\r\n".encode()
    ),
    "stream": lambda request: Pieces(("The key is ", KEY, ".")),
    "stream of letters": lambda request: Pieces(("It is ", *KEY, " and ", *quote(KEY, safe=""), ".")),
    "stream in packets": lambda request: Pieces((f"The key is {KEY}.",), size=7),
    "stream of an error": lambda request: Raw(
        f'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {{"error": {{"message": "{KEY}"}}}}\n\n'.encode()
    ),
    "stream of garbage": lambda request: Raw(
        f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {_BEARER}\n\n".encode()
    ),
}


@pytest.mark.parametrize("place", ECHOES)
async def test_f16_no_echo_of_the_key_leaves_the_adapter(place: str) -> None:
    heard: list[str] = []
    with ScriptedServer(ECHOES[place]) as server:
        async with model_at(server.base_url, OpenAIChat, key=KEY) as model:
            try:
                completion = await model.complete(TALK, Sampling(on_text=heard.append))
            except ModelError as error:
                seen = "".join(traceback.format_exception(error)) + repr(vars(error))
            else:
                seen = repr(completion)
    assert server.requests[0].headers["authorization"] == _BEARER
    for part in _SHOWS:
        assert part not in seen + "".join(heard)
    assert all(later.startswith(earlier) for earlier, later in pairwise(heard))


@pytest.mark.parametrize(
    ("adapter", "reply"),
    [
        (
            AnthropicMessages,
            {"content": [{"type": "text", "text": KEY[:9]}, {"type": "text", "text": KEY[9:]}]},
        ),
        (GeminiContent, {"candidates": [{"content": {"parts": [{"text": KEY[:9]}, {"text": KEY[9:]}]}}]}),
    ],
)
async def test_f16_other_dialects_hide_a_key_in_parts(
    adapter: type[AnthropicMessages], reply: object
) -> None:
    with ScriptedServer(lambda request: web.json_response(reply)) as server:
        async with model_at(server.url, adapter, key=KEY) as model:
            assert (await model.complete(TALK, Sampling())).text == "[redacted]"


async def test_f16_a_password_in_the_address_is_hidden() -> None:
    def echo(request: Request) -> str:
        return f"{request.headers['authorization']} hunter2-hunter2"

    with ScriptedServer(echo) as server:
        address = server.base_url.replace("://", "://me:hunter2-hunter2@")
        async with model_at(address, OpenAIChat, key=None) as model:
            text = (await model.complete(TALK, Sampling())).text
    assert text == "Basic [redacted] [redacted]"


async def test_an_honest_reply_is_not_changed() -> None:
    text = f'Grüße "\\u0041" \\/ 😀 \u2028 {KEY[:-1]} sk- Bearer \x00'

    def reply(request: Request) -> web.Response:
        return web.Response(body=_completion(text), content_type="application/json")

    with ScriptedServer(reply) as server:
        async with model_at(server.base_url, OpenAIChat, key=KEY) as model:
            assert (await model.complete(TALK, Sampling())).text == text


def _words(request: Request) -> ModelReply | web.Response:
    """Cells that echo the key in every way that a run passes text on."""
    if request.number == 0:
        return web.Response(
            body=_completion(
                f"```repl\nr = llm_query('x')\nprint(r, '{KEY}')\nmemory.note('{KEY}')\nFINAL(r)\n```"
            ),
            content_type="application/json",
        )
    return web.Response(body=_escaped(_completion(f"It is {KEY}")), content_type="application/json")


def test_f16_no_file_and_no_stream_of_a_run_holds_the_key(clean_environment: Path) -> None:
    with ScriptedServer(_words) as server:
        environment = {"HARLM_API_KEY": KEY, "HARLM_BASE_URL": server.base_url, "HARLM_MODEL": "openai/x"}
        ran = harlm("ask", "What is it?", "-", "--mode", "full", "-v", stdin=b"text", environment=environment)
    assert ran.code == 0, ran.err
    assert "[redacted]" in ran.out
    shown = harlm("runs", "show", "last", "--cells", "--format", "json").out
    stored = b"".join(path.read_bytes() for path in clean_environment.rglob("*") if path.is_file())
    assert len(stored) > 10_000
    for part in _SHOWS:
        assert part not in ran.out + ran.err + shown
        assert part.encode() not in stored
