from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from harlm.testing.dialects import Request
from harlm.testing.exchange import Fault
from harlm.testing.faults import (
    Dribble,
    Duplicate,
    Finish,
    Html,
    Late,
    Malformed,
    NoChoices,
    NoUsage,
    NullContent,
    PromptMore,
    Reset,
    Silence,
    Status,
    TooMany,
    Truncated,
    TruncatedStream,
)
from harlm.testing.faulty import Bill, FaultyServer
from harlm.testing.limits import Limits, go_duration
from tests.wire import asked, body, connected, eventually, heard

REPOSITORY = Path(__file__).parents[3]
WORDS = "one two three four"
HONEST = {
    "id": "chatcmpl-0",
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": WORDS}}],
    "usage": {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 0},
    },
}


def say(_: Request) -> str:
    return WORDS


def wire(fault: Fault | None, *, first: float = 5, **more: Any) -> tuple[bytes, bytes, str, list[Bill]]:
    """Head, body and end of what a fault sends over a bare socket, and the bills."""
    with FaultyServer(say, faults=[fault]) as server, connected(server) as connection:
        connection.sendall(asked(**more))
        data, end = heard(connection, first=first)
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest, end, server.bills


def endless(fault: Fault, size: int) -> tuple[bytes, bytes, list[Bill]]:
    """As ``wire``, until so many bytes have come."""
    with FaultyServer(say, faults=[fault]) as server, connected(server) as connection:
        connection.sendall(asked())
        data = b""
        while len(data) < size:
            piece = connection.recv(1 << 16)
            assert piece
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest, server.bills


def owes(*, prompt: int = 3, completion: int = 4, delivered: bool = True) -> list[Bill]:
    return [Bill(0, "m", prompt, 0, completion, delivered)]


async def post(session: aiohttp.ClientSession, server: FaultyServer, **more: Any) -> tuple[int, Any, Any]:
    async with session.post(f"{server.base_url}/chat/completions", json=body(**more)) as response:
        return response.status, response.headers, await response.read()


# An honest server


async def test_an_ordinary_reply_is_openai_s() -> None:
    with FaultyServer(say) as server:
        async with aiohttp.ClientSession() as session:
            status, headers, data = await post(session, server)
        assert (status, headers["content-type"], headers["x-request-id"]) == (
            200,
            "application/json",
            "req-0",
        )
        assert json.loads(data) == HONEST
        assert [(each.number, each.prompt, each.path) for each in server.requests] == [
            (0, "0123456789", "/v1/chat/completions")
        ]
        assert server.bills == owes()


def test_a_connection_is_kept_for_more_requests() -> None:
    with FaultyServer(say) as server, connected(server) as connection:
        for number in range(3):
            connection.sendall(asked())
            data = connection.recv(1 << 16)
            assert f'"chatcmpl-{number}"'.encode() in data
            assert b"connection: close" not in data


def test_a_connection_is_closed_for_who_asks_for_it() -> None:
    with FaultyServer(say) as server, connected(server) as connection:
        connection.sendall(asked().replace(b"Host: x", b"Connection: close"))
        data, end = heard(connection)
        assert (end, b"connection: close" in data) == ("closed", True)


def test_a_large_request_and_a_large_reply_arrive_whole() -> None:
    with FaultyServer(lambda request: request.prompt) as server, connected(server) as connection:
        text = "x" * 5_000_000
        connection.sendall(
            asked(messages=[{"role": "user", "content": text}]).replace(b"Host: x", b"Connection: close")
        )
        data, _ = heard(connection, then=5)
        assert json.loads(data.partition(b"\r\n\r\n")[2])["choices"][0]["message"]["content"] == text
        assert server.bills[0].delivered


def test_usage_is_what_a_function_says() -> None:
    with FaultyServer(say, usage=lambda request, text: (100, 60, len(text))) as server:
        with connected(server) as connection:
            connection.sendall(asked())
            usage = json.loads(heard(connection)[0].partition(b"\r\n\r\n")[2])["usage"]
        assert (usage["prompt_tokens"], usage["completion_tokens"]) == (100, len(WORDS))
        assert usage["prompt_tokens_details"] == {"cached_tokens": 60}
        assert server.bills == [Bill(0, "m", 100, 60, len(WORDS), delivered=True)]


async def test_latency_may_depend_on_the_request() -> None:
    with FaultyServer(say, latency_s=lambda request: 0.3 if request.number else 0.0) as server:
        async with aiohttp.ClientSession() as session:
            took = []
            for _ in range(2):
                started = time.perf_counter()
                await post(session, server)
                took.append(time.perf_counter() - started)
        assert took[0] < 0.3 <= took[1]


def _broken(_: Request) -> str:
    raise KeyError("script")


async def test_a_mistake_in_the_test_s_function_is_status_500() -> None:
    with FaultyServer(_broken) as server:
        async with aiohttp.ClientSession() as session:
            status, _, data = await post(session, server)
            assert (status, b"KeyError('script')" in data) == (500, True)
        assert server.bills == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /v1/models HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 4\r\n\r\nnope", b"400"),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
    ],
)
def test_what_it_does_not_know_it_refuses(sent: bytes, status: bytes) -> None:
    with FaultyServer(say) as server, connected(server) as connection:
        connection.sendall(sent)
        assert heard(connection)[0].startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01", b"x" * 100_000, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"]
)
def test_what_is_no_http_ends_one_connection_only(sent: bytes) -> None:
    with FaultyServer(say) as server:
        with connected(server) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert heard(connection)[0] == b""
        with connected(server) as connection:
            connection.sendall(asked())
            assert heard(connection)[0].startswith(b"HTTP/1.1 200")


# Faults by order and by function


async def test_faults_come_in_order_of_arrival_and_then_none() -> None:
    with FaultyServer(say, faults=[Status(503), None, Status(529)]) as server:
        async with aiohttp.ClientSession() as session:
            assert [(await post(session, server))[0] for _ in range(5)] == [503, 200, 529, 200, 200]


async def test_faults_may_depend_on_the_request() -> None:
    with FaultyServer(say, faults=lambda request: Status(401) if request.model == "bad" else None) as server:
        async with aiohttp.ClientSession() as session:
            assert [(await post(session, server, model=each))[0] for each in ("bad", "good")] == [401, 200]


# Instead of a completion

_DATE = "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Retry-After", "2"),
        ("Retry-After", _DATE),
        ("Retry-After", "-5"),
        ("Retry-After", "86400"),
        ("retry-after-ms", "120"),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 529])
async def test_a_status_carries_any_header(status: int, name: str, value: str) -> None:
    with FaultyServer(say, faults=[Status(status, '{"error": "no"}', ((name, value),))]) as server:
        async with aiohttp.ClientSession() as session:
            got, headers, data = await post(session, server)
        assert (got, headers[name], data) == (status, value, b'{"error": "no"}')
        assert (server.bills, server.refused) == ([], int(status == 429))


def test_a_status_may_replace_the_usual_headers_and_have_no_body() -> None:
    head, rest, end, _ = wire(Status(400, headers=(("Content-Type", "text/plain"),)))
    assert (head.count(b"ontent-"), b"text/plain" in head, rest, end) == (
        1 + head.count(b"-length"),
        True,
        b"",
        "silent",
    )


def test_html_is_a_page_under_status_200() -> None:
    head, rest, _, bills = wire(Html())
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/html")
    assert rest.startswith(b"<!DOCTYPE html>")
    assert bills == []


# The connection breaks


def test_a_reset_at_once_sends_nothing_and_is_not_billed() -> None:
    assert wire(Reset()) == (b"", b"", "reset", [])


def test_a_reset_may_come_after_some_bytes() -> None:
    head, rest, end, bills = wire(Reset(after=20))
    assert (len(head + rest), end, bills) == (20, "reset", owes(delivered=False))


@pytest.mark.parametrize(
    ("part", "share"),
    [("headers", 0.0), ("half", 0.5)],
)
def test_a_reset_may_come_in_mid_reply(part: Any, share: float) -> None:
    head, rest, end, bills = wire(Reset(part))
    assert head.startswith(b"HTTP/1.1 200")
    assert (len(rest), end) == (int(_length(head) * share), "reset")
    assert bills == owes(delivered=False)


async def test_a_reset_is_a_client_error_for_aiohttp() -> None:
    with FaultyServer(say, faults=[Reset(), Reset("half")]) as server:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectionError):
                await post(session, server)
            with pytest.raises(aiohttp.ClientError):
                await post(session, server)


@pytest.mark.parametrize(
    ("part", "share", "paid"), [("nothing", None, False), ("headers", 0.0, True), ("half", 0.5, True)]
)
def test_silence_holds_the_connection(part: Any, share: float | None, paid: bool) -> None:
    head, rest, end, bills = wire(Silence(part), first=5 if paid else 0.3)
    assert end == "silent"
    assert len(rest) == (0 if share is None else int(_length(head) * share))
    assert bills == (owes(delivered=False) if paid else [])


def test_silence_ends_when_the_client_leaves() -> None:
    def is_served() -> bool:
        with connected(server) as connection:
            connection.sendall(asked())
            return connection.recv(1 << 16).startswith(b"HTTP/1.1 200")

    with FaultyServer(say, faults=[Silence()], limits=Limits(in_flight=1)) as server:
        with connected(server) as connection:
            connection.sendall(asked())
            assert eventually(lambda: len(server.requests) == 1)
            assert not is_served()
        assert eventually(is_served)


def test_a_dribble_never_ends() -> None:
    started = time.perf_counter()
    head, rest, bills = endless(Dribble(0.01), 300)
    assert b"transfer-encoding: chunked" in head
    assert set(rest.split(b"\r\n")) == {b"1", b" ", b""}
    assert time.perf_counter() - started >= 0.01 * (rest.count(b" ") - 1)
    assert bills == owes(delivered=False)


def test_a_dribble_may_repeat_any_bytes() -> None:
    _, rest, _ = endless(Dribble(0.0, b'{"a"'), 1000)
    assert rest.startswith(b'1\r\n{\r\n1\r\n"\r\n1\r\na\r\n1\r\n"\r\n1\r\n{\r\n')


def test_a_truncated_reply_promises_more_than_comes() -> None:
    head, rest, end, bills = wire(Truncated())
    assert (end, len(rest)) == ("closed", _length(head) // 2)
    assert bills == owes(delivered=False)


def test_a_truncated_reply_may_lack_its_last_chunk() -> None:
    head, rest, end, _ = wire(Truncated("chunked"))
    assert (end, b"transfer-encoding: chunked" in head) == ("closed", True)
    size, _, data = rest.partition(b"\r\n")
    assert len(data) == int(size, 16) + 2


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_truncated_reply_is_a_payload_error_for_aiohttp(framing: Any) -> None:
    with FaultyServer(say, faults=[Truncated(framing)]) as server:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientPayloadError):
                await post(session, server)


def test_a_truncated_stream_has_no_done() -> None:
    head, rest, end, bills = wire(TruncatedStream())
    assert b"content-type: text/event-stream" in head
    events = [json.loads(line.removeprefix(b"data: ")) for line in rest.split(b"\n\n") if line]
    assert "".join(each["choices"][0]["delta"]["content"] for each in events) == "one two "
    assert (end, b"[DONE]" in rest, bills) == ("closed", False, owes(delivered=False))


def test_a_malformed_reply_is_half_a_json_of_the_right_length() -> None:
    head, rest, end, bills = wire(Malformed())
    assert (end, _length(head)) == ("silent", len(rest))
    with pytest.raises(json.JSONDecodeError):
        json.loads(rest)
    assert (rest[:1], bills) == (b"{", owes(delivered=False))


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


# The reply is odd


def said(fault: Fault, **more: Any) -> tuple[Any, list[Bill]]:
    _, rest, end, bills = wire(fault, **more)
    assert end == "silent"
    return json.loads(rest), bills


def test_no_choices() -> None:
    assert said(NoChoices()) == ({**HONEST, "choices": []}, owes())


def test_null_content() -> None:
    told, bills = said(NullContent())
    assert (told["choices"][0]["message"], bills) == ({"role": "assistant", "content": None}, owes())


@pytest.mark.parametrize("reason", ["length", "content_filter", "tired"])
def test_any_finish_reason(reason: str) -> None:
    told, bills = said(Finish(reason))
    assert (told["choices"][0]["finish_reason"], bills) == (reason, owes())


def test_no_usage_is_billed_all_the_same() -> None:
    told, bills = said(NoUsage())
    assert (told, bills) == ({key: HONEST[key] for key in HONEST if key != "usage"}, owes())


@pytest.mark.parametrize(
    ("asks", "completion"), [({"max_tokens": 2}, 12), ({"max_completion_tokens": 7}, 17), ({}, 14)]
)
def test_more_completion_tokens_than_were_asked(asks: dict[str, int], completion: int) -> None:
    told, bills = said(TooMany(10), **asks)
    assert (told["usage"]["completion_tokens"], bills) == (completion, owes(completion=completion))
    assert told["usage"]["total_tokens"] == 3 + completion


def test_more_prompt_tokens_than_were_sent() -> None:
    told, bills = said(PromptMore(1000))
    assert (told["usage"]["prompt_tokens"], bills) == (1003, owes(prompt=1003))


def test_a_duplicate_is_billed_once() -> None:
    head, rest, end, bills = wire(Duplicate())
    first, again = rest[: _length(head)], rest[_length(head) :]
    assert (json.loads(first), again, end) == (HONEST, head + b"\r\n\r\n" + first, "silent")
    assert bills == owes()


def test_a_late_reply_arrives_late() -> None:
    started = time.perf_counter()
    with FaultyServer(say, faults=[Late(0.2)]) as server, connected(server) as connection:
        connection.sendall(asked())
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert time.perf_counter() - started >= 0.2
        assert server.bills == owes()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_late_reply_is_billed_when_the_client_has_left(how: str) -> None:
    with FaultyServer(say, faults=[Late(0.2)]) as server:
        with connected(server) as connection:
            connection.sendall(asked())
            assert eventually(lambda: len(server.requests) == 1)
            if how == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert server.bills == []
        assert eventually(lambda: server.bills == owes(delivered=False))


def test_a_reply_that_is_not_read_to_its_end_is_not_delivered() -> None:
    with FaultyServer(lambda _: "x" * 12_000_000) as server:
        with connected(server) as connection:
            connection.sendall(asked())
            connection.recv(1000)
        assert eventually(lambda: not server.bills[0].delivered)


# Down


async def test_a_server_that_is_down_refuses_connections_and_returns_on_its_port() -> None:
    with FaultyServer(say) as server:
        address = server.base_url
        async with aiohttp.ClientSession() as session:
            assert (await post(session, server))[0] == 200  # leaves an idle connection in the pool
            with server.down():
                for _ in range(3):
                    with pytest.raises(aiohttp.ClientConnectionError):
                        await post(session, server)
                with pytest.raises(ConnectionRefusedError), connected(server):
                    pass
            assert (await post(session, server))[0] == 200
        assert (server.base_url, len(server.requests)) == (address, 2)


def test_requests_under_way_are_answered_while_the_server_goes_down() -> None:
    with FaultyServer(say, latency_s=0.1) as server, connected(server) as connection:
        connection.sendall(asked())
        assert eventually(lambda: len(server.requests) == 1)
        with server.down():
            data, end = heard(connection, then=5)
        assert (data[:12], b"connection: close" in data, end) == (b"HTTP/1.1 200", True, "closed")


def test_a_server_may_go_down_again_and_again() -> None:
    with FaultyServer(say) as server:
        for _ in range(5):
            with server.down(), pytest.raises(ConnectionRefusedError), connected(server):
                pass
            with connected(server) as connection:
                connection.sendall(asked())
                assert connection.recv(100).startswith(b"HTTP/1.1 200")


# Limits


async def test_more_at_once_than_allowed_are_refused() -> None:
    with FaultyServer(say, latency_s=0.3, limits=Limits(in_flight=5)) as server:
        async with aiohttp.ClientSession() as session:
            got = [each[0] for each in await asyncio.gather(*(post(session, server) for _ in range(12)))]
            assert sorted(got) == [200] * 5 + [429] * 7
            assert (server.refused, server.most_in_flight, len(server.bills)) == (7, 5, 5)
            assert (await post(session, server))[0] == 200


async def test_a_client_that_keeps_to_the_limit_is_never_refused() -> None:
    with FaultyServer(say, limits=Limits(in_flight=8)) as server:
        async with aiohttp.ClientSession() as session:

            async def worker() -> None:
                for _ in range(50):
                    assert (await post(session, server))[0] == 200

            await asyncio.gather(*(worker() for _ in range(8)))
        assert (server.refused, server.most_in_flight <= 8, len(server.bills)) == (0, True, 400)


async def test_an_empty_bucket_says_when_to_return() -> None:
    with FaultyServer(say, limits=Limits(per_minute=120, burst=2)) as server:
        async with aiohttp.ClientSession() as session:
            got = [await post(session, server) for _ in range(3)]
            assert [each[0] for each in got] == [200, 200, 429]
            headers = got[2][1]
            assert headers["retry-after"] == "1"
            assert 0 < int(headers["retry-after-ms"]) <= 500
            assert json.loads(got[2][2])["error"]["code"] == "rate_limit_exceeded"
            assert "retry-after" not in got[0][1]
            await asyncio.sleep(int(headers["retry-after-ms"]) / 1000)
            assert [(await post(session, server))[0] for _ in range(2)] == [200, 429]
        assert server.refused == 2


async def test_every_reply_tells_the_state_of_the_limits() -> None:
    limits = Limits(per_minute=60, burst=3, tokens_per_minute=6000)
    with FaultyServer(say, faults=[None, Status(503)], limits=limits) as server:
        async with aiohttp.ClientSession() as session:
            told = [(await post(session, server, max_tokens=100))[1] for _ in range(4)]
    assert [each["x-ratelimit-remaining-requests"] for each in told] == ["2", "1", "0", "0"]
    assert {each["x-ratelimit-limit-requests"] for each in told} == {"60"}
    assert {each["x-ratelimit-limit-tokens"] for each in told} == {"6000"}
    assert 5890 <= int(told[0]["x-ratelimit-remaining-tokens"]) <= 5900
    assert told[0]["x-ratelimit-reset-requests"] in {"1s", *(f"{ms}ms" for ms in range(1000))}
    assert told[2]["x-ratelimit-reset-requests"].startswith(("2.", "3s"))


async def test_tokens_are_limited_by_prompt_and_max_tokens() -> None:
    with FaultyServer(say, limits=Limits(tokens_per_minute=100)) as server:
        async with aiohttp.ClientSession() as session:
            got = [(await post(session, server, max_tokens=most)) for most in (40, 40, 40, 200)]
    assert [each[0] for each in got] == [200, 200, 429, 429]
    assert ["retry-after" in each[1] for each in got] == [False, False, True, False]  # 200 never fit


async def test_a_server_may_keep_its_limits_to_itself() -> None:
    with FaultyServer(say, limits=Limits(per_minute=1, headers=False)) as server:
        async with aiohttp.ClientSession() as session:
            for expected in (200, 429):
                status, headers, _ = await post(session, server)
                assert status == expected
                assert not [name for name in headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0001, "0s"),
        (0.12, "120ms"),
        (0.9999, "1s"),
        (1.2, "1.2s"),
        (59.9996, "1m0s"),
        (90.5, "1m30.5s"),
        (360, "6m0s"),
        (7260.25, "2h1m0.25s"),
    ],
)
def test_times_are_written_as_openai_does(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text


# Many, counts, and the end


async def test_200_requests_at_once_are_served() -> None:
    with FaultyServer(lambda request: request.prompt, latency_s=1.0) as server:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            started = time.perf_counter()

            async def one(number: int) -> bool:
                messages = [{"role": "user", "content": f"item {number}"}]
                _, _, data = await post(session, server, messages=messages)
                return bool(json.loads(data)["choices"][0]["message"]["content"] == f"item {number}")

            assert all(await asyncio.gather(*(one(number) for number in range(200))))
            assert time.perf_counter() - started < 5
        assert server.most_in_flight == 200
        assert sorted(each.number for each in server.requests) == list(range(200))
        assert len(server.bills) == 200
        assert all(bill.delivered for bill in server.bills)


def test_512_connections_are_held_and_let_go() -> None:
    with FaultyServer(say, faults=lambda _: Silence("headers")) as server, ManySockets(server, 512):
        assert eventually(lambda: len(server.bills) == 512)
        assert server.most_in_flight == 512


class ManySockets:
    def __init__(self, server: FaultyServer, count: int) -> None:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        self.sockets = [socket.create_connection(address, timeout=5) for _ in range(count)]
        for each in self.sockets:
            each.sendall(asked())

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        for each in self.sockets:
            each.close()


@pytest.mark.parametrize(
    "fault", [Silence(), Silence("half"), Dribble(0.01), Dribble(0.0), Late(60), None], ids=repr
)
def test_the_end_is_quick_whatever_is_held(fault: Fault | None) -> None:
    with FaultyServer(say, faults=lambda _: fault) as server:
        held = ManySockets(server, 50)  # the honest ones stay open, and are not read
        assert eventually(lambda: len(server.requests) == 50)
        started = time.perf_counter()
    took = time.perf_counter() - started
    with held:
        assert took < 0.5


def test_the_end_is_quick_while_a_client_does_not_read() -> None:
    with FaultyServer(lambda _: "x" * 12_000_000) as server:
        held = ManySockets(server, 2)
        assert eventually(lambda: len(server.bills) == 2)
        started = time.perf_counter()
    took = time.perf_counter() - started
    with held:
        assert took < 0.5


def test_a_server_may_end_while_it_is_down() -> None:
    server = FaultyServer(say)
    with pytest.raises(KeyError), server, server.down():
        raise KeyError


async def test_counts_are_told_over_http() -> None:
    faults = [None, Status(429), Reset("half"), None]
    with FaultyServer(say, faults=faults, usage=lambda *_: (10, 4, 2)) as server:
        async with aiohttp.ClientSession() as session:
            for _ in faults:
                try:
                    await post(session, server)
                except aiohttp.ClientError:
                    continue
            async with session.get(f"{server.url}/counts") as response:
                told = await response.json()
        assert told == {
            "requests": 4,
            "refused": 1,
            "most_in_flight": 1,
            "calls": 3,
            "delivered": 2,
            "prompt": 30,
            "cached": 12,
            "completion": 6,
        }
        assert told == server.counts()


def test_the_server_of_the_benchmarks() -> None:
    command = [
        sys.executable,
        "-m",
        "bench.faulty_server",
        "--fault-share",
        "0.5",
        "--seed",
        "1",
        "--burst",
        "90",
    ]
    process = subprocess.Popen(
        [*command, "--per-minute", "60"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        statuses, told = asyncio.run(_many(url, 100))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        process.stdout.close()
    assert {200, 429, 503, None} == set(statuses)
    assert (told["requests"], told["most_in_flight"]) == (100, 1)
    assert told["refused"] == statuses.count(429) >= 9
    assert told["completion"] == 50 * told["calls"]
    assert told["delivered"] < told["calls"] < 90


async def _many(url: str, count: int) -> tuple[list[int | None], dict[str, int]]:
    statuses: list[int | None] = []
    async with aiohttp.ClientSession() as session:
        for _ in range(count):
            try:
                async with session.post(f"{url}/chat/completions", json=body(model="words-50")) as response:
                    await response.read()
                    statuses.append(response.status)
            except aiohttp.ClientError:
                statuses.append(None)
        async with session.get(url.replace("/v1", "/counts")) as response:
            return statuses, await response.json()
