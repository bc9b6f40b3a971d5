"""The server beneath all fake providers: dialects, routes, replies of every kind, counting."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from harlm.testing import ChatServer, ModelReply, Request, ScriptedServer, Tokens
from harlm.testing.exchange import Exchange, Fault
from harlm.testing.faults import Reset, Status
from tests.support.wire import asked, body, connected, heard

TALK = [("system", "Be brief."), ("user", "one"), ("user", "two")]
DIALECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": role, "content": text} for role, text in TALK]},
    ),
    "anthropic": (
        "/v1/messages",
        {
            "model": "m",
            "system": "Be brief.",
            "messages": [
                {"role": role, "content": [{"type": "text", "text": text}]} for role, text in TALK[1:]
            ],
        },
    ),
    "gemini": (
        "/v1beta/models/m:generateContent?key=secret",
        {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [{"role": role, "parts": [{"text": text}]} for role, text in TALK[1:]],
        },
    ),
}
REPORTED = {
    "openai": lambda told: (
        told["choices"][0]["message"]["content"],
        told["choices"][0]["finish_reason"],
        [
            told["usage"]["prompt_tokens"],
            told["usage"]["prompt_tokens_details"]["cached_tokens"],
            told["usage"]["completion_tokens"],
            told["usage"]["completion_tokens_details"]["reasoning_tokens"],
        ],
    ),
    "anthropic": lambda told: (
        told["content"][0]["text"],
        told["stop_reason"],
        [
            told["usage"]["input_tokens"] + told["usage"]["cache_read_input_tokens"],
            told["usage"]["cache_read_input_tokens"],
            told["usage"]["output_tokens"],
        ],
    ),
    "gemini": lambda told: (
        told["candidates"][0]["content"]["parts"][0]["text"],
        told["candidates"][0]["finishReason"],
        [
            told["usageMetadata"]["promptTokenCount"],
            told["usageMetadata"]["cachedContentTokenCount"],
            told["usageMetadata"]["candidatesTokenCount"] + told["usageMetadata"]["thoughtsTokenCount"],
            told["usageMetadata"]["thoughtsTokenCount"],
        ],
    ),
}
LENGTH = {"openai": "length", "anthropic": "max_tokens", "gemini": "MAX_TOKENS"}


def say(_: Request) -> str:
    return "one\ntwo\n"


async def post(server: ChatServer, path: str, sent: object) -> tuple[int, Any, bytes]:
    async with aiohttp.ClientSession() as session, session.post(server.url + path, json=sent) as response:
        return response.status, response.headers, await response.read()


# Dialects


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_dialect_is_the_same_request_and_the_same_reply(dialect: str) -> None:
    path, sent = DIALECTS[dialect]
    with ChatServer(
        lambda request: ModelReply(request, "cut off", Tokens(100, 60, 9, 4), finish="length")
    ) as server:
        status, headers, data = await post(server, path, sent)
        request = server.requests[0]
    assert (request.model, request.messages, request.prompt) == ("m", TALK, "two")
    assert request.path == path.partition("?")[0]
    assert (status, headers["content-type"]) == (200, "application/json")
    tokens = [100, 60, 9, 4] if dialect != "anthropic" else [100, 60, 9]
    assert REPORTED[dialect](json.loads(data)) == ("cut off", LENGTH[dialect], tokens)


@pytest.mark.parametrize("asks", [{}, {"stream_options": {"include_usage": True}}])
@pytest.mark.parametrize("line_s", [0.0, 0.001])
def test_a_stream_has_an_event_for_each_line_and_the_connection_is_kept(
    asks: dict[str, Any], line_s: float
) -> None:
    with ChatServer(say, line_s=line_s) as server, connected(server) as connection:
        for _ in range(2):
            connection.sendall(asked(stream=True, **asks))
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += connection.recv(1 << 16)
            head, _, rest = data.partition(b"\r\n\r\n")
            assert b"content-type: text/event-stream" in head
            assert b"transfer-encoding: chunked" in head
            lines = [line.removeprefix(b"data: ") for line in rest.split(b"\n") if line.startswith(b"data: ")]
            assert lines.pop() == b"[DONE]"
            events = [json.loads(line) for line in lines]
            usage = [each["usage"] for each in events if "usage" in each]
            assert [each["completion_tokens"] for each in usage] == ([2] if asks else [])
            pieces = [choice for each in events for choice in each["choices"]]
            assert [each["delta"].get("content") for each in pieces] == ["one\n", "two\n", None]
            assert [each["finish_reason"] for each in pieces] == [None, None, "stop"]


async def test_a_script_reports_every_kind_of_tokens() -> None:
    with ScriptedServer(say) as server:
        path, sent = DIALECTS["openai"]
        told = REPORTED["openai"](json.loads((await post(server, path, sent))[2]))
    assert told == ("one\ntwo\n", "stop", [4, 2, 3, 1])


# What a reply may be


async def test_a_reply_may_wait_for_another_request() -> None:
    both = asyncio.Event()

    async def reply(request: Request) -> str:
        if request.number == 1:
            both.set()
        await both.wait()
        return f"reply {request.number}"

    with ChatServer(reply) as server:
        path, sent = DIALECTS["openai"]
        told = await asyncio.gather(*(post(server, path, sent) for _ in range(2)))
        texts = [json.loads(each[2])["choices"][0]["message"]["content"] for each in told]
        assert sorted(texts) == ["reply 0", "reply 1"]
    assert (server.most_in_flight, server.in_flight) == (2, 0)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (web.json_response({"error": "no"}, status=400), (400, b'{"error": "no"}')),
        (web.Response(text="gone", status=503, headers={"retry-after": "7"}), (503, b"gone")),
        (web.Response(status=500), (500, b"")),
        (Status(529, "busy", (("retry-after", "7"),)), (529, b"busy")),
    ],
    ids=str,
)
async def test_a_reply_may_be_any_response(
    response: web.Response | Status, expected: tuple[int, bytes]
) -> None:
    async def later(_: Request) -> web.Response | Status:
        return response

    for reply in (lambda _: response, later):
        with ChatServer(reply) as server:
            status, headers, data = await post(server, *DIALECTS["openai"])
        assert (status, data) == expected
        assert ("retry-after" in headers) == (status in (503, 529))


def test_a_reply_may_be_a_fault_and_what_it_sends_a_part_of_is_empty() -> None:
    with ChatServer(lambda _: Reset("half")) as server, connected(server) as connection:
        connection.sendall(asked())
        data, end = heard(connection)
    assert (data[:15], end) == (b"HTTP/1.1 200 OK", "reset")
    assert len(server.requests) == 1


@dataclass(frozen=True, slots=True)
class HalfAHead(Fault):
    async def play(self, exchange: Exchange) -> None:
        exchange.keep_alive = False
        await exchange.send(exchange.head()[:20])


def test_a_fault_may_send_any_bytes() -> None:
    with ChatServer(lambda _: HalfAHead()) as server, connected(server) as connection:
        connection.sendall(asked())
        assert heard(connection) == (b"HTTP/1.1 200 OK\r\nx-r", "closed")


async def test_a_reply_that_raises_is_status_500_and_the_next_is_served() -> None:
    def reply(request: Request) -> str:
        return ["first"][request.number - 1] if request.number else str(1 // 0)

    with ChatServer(reply) as server:
        told = [await post(server, *DIALECTS["openai"]) for _ in range(2)]
    assert server.in_flight == 0
    assert [each[0] for each in told] == [500, 200]
    assert b"ZeroDivisionError" in told[0][2]


# Routes


async def test_a_route_can_be_added() -> None:
    def embed(request: Request) -> web.Response:
        return web.json_response({"data": [{"index": 0, "embedding": [float(len(request.body["input"]))]}]})

    with ChatServer(say, routes={"/embeddings": embed}) as server:
        status, _, data = await post(server, "/v1/embeddings", {"input": "four"})
        assert (status, json.loads(data)["data"][0]["embedding"]) == (200, [4.0])
        assert (await post(server, *DIALECTS["openai"]))[0] == 200
        assert [each.number for each in server.requests] == [0, 1]


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [("/v1/nothing", {"model": "m"}, 404), ("/v1/messages", [1], 400), ("/v1/messages", None, 400)],
)
async def test_what_it_does_not_serve_it_refuses(path: str, sent: object, status: int) -> None:
    with ChatServer(say) as server:
        assert (await post(server, path, sent))[0] == status
        assert server.arrived == (status == 400)


async def test_a_model_s_name_in_a_path_may_be_escaped() -> None:
    with ChatServer(lambda request: request.model) as server:
        sent = DIALECTS["gemini"][1]
        data = (await post(server, "/v1beta/models/a%C3%A9%20b:generateContent", sent))[2]
        assert json.loads(data)["candidates"][0]["content"]["parts"][0]["text"] == "aé b"


# Counting


async def test_a_long_measurement_keeps_no_requests() -> None:
    with ChatServer(lambda request: str(request.number), keeps_requests=False) as server:
        for _ in range(3):
            await post(server, "/v1/chat/completions", body())
        assert (server.requests, server.arrived, server.most_in_flight) == ([], 3, 1)


def test_latency_may_depend_on_the_request_and_zero_is_no_latency() -> None:
    asked_for: list[int] = []

    def latency(request: Request) -> float:
        asked_for.append(request.number)
        return 0.0

    with ChatServer(say, latency_s=latency) as server, connected(server) as connection:
        for _ in range(2):
            connection.sendall(asked())
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    assert asked_for == [0, 1]
