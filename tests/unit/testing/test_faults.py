from __future__ import annotations

import json
import socket
import time
from typing import Any

import aiohttp
import pytest

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
from harlm.testing.limits import Limits
from tests.support.busy import eventually
from tests.support.wire import HONEST, asked, connected, heard, owes, post, say


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
