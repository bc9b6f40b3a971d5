"""What stands before every request."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.support.served import Served, served


def sent(server: Served, data: bytes) -> bytes:
    """What comes back for these bytes."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as connection:
        connection.sendall(data)
        back = b""
        while piece := connection.recv(65_536):
            back += piece
        return back


def head(*lines: str) -> bytes:
    return "\r\n".join(
        ["POST /v1/chat/completions HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""]
    ).encode()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[1]", b"{}", b"\xff\xfe\x00", b'{"model": "harlm/docs"', b'{"model": "harlm/docs", "messages": "x"}',
     b'{"model": ["harlm/docs"], "messages": []}', b'{"model": "\\ud800", "messages": [{"role": "user", "content": "a"}]}',
     b"[" * 100_000, b'{"a":' * 100_000, b"model=harlm/docs", b'{"model": "harlm/docs", "messages": [{"role": "user", "content": NaN}]}'],
    ids=range(14),
)  # fmt: skip
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with served() as server:
        got = server.call("POST", "/v1/chat/completions", body)
        assert got.status in (400, 404)
        assert got.json["error"]["message"]
        assert server.is_healthy


def test_a_wrong_field_is_named() -> None:
    with served() as server:
        got = server.chat({"role": "user", "content": 3}).json["error"]
    assert got["param"] == "messages[0].content"
    assert "got `int`" in got["message"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    with served(largest=1_000, linger_s=0.2) as server:
        back = sent(server, head("Content-Length: 100000000") + b"{" * 2_000)
        assert back.startswith(b"HTTP/1.1 413 ")
        assert b"more than 1,000 bytes" in back
        assert server.is_healthy


def test_a_client_that_sends_all_of_a_large_body_gets_the_reply() -> None:
    with served(largest=1_000_000) as server:
        got = server.chat({"role": "user", "content": "x" * 100_000_000})
        assert (got.status, got.json["error"]["code"]) == (413, "request_too_large")
        assert server.is_healthy


def test_a_large_body_with_a_wrong_key_is_answered_too() -> None:
    with served(keys=["secret-key-1"]) as server:
        got = server.chat({"role": "user", "content": "x" * 20_000_000})
        assert got.status == 401
        assert server.is_healthy


def test_a_chunked_body_is_counted_too() -> None:
    piece = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    with served(largest=10_000) as server:
        back = sent(server, head("Transfer-Encoding: chunked") + piece * 4 + b"0\r\n\r\n")
        assert back.startswith(b"HTTP/1.1 413 ")
        small = b'{"model": "none", "messages": []}'
        chunk = f"{len(small):x}\r\n".encode() + small + b"\r\n0\r\n\r\n"
        assert sent(server, head("Transfer-Encoding: chunked") + chunk).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("length", ["-1", "x", "99999999999999999999999999"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    with served() as server:
        back = sent(server, head(f"Content-Length: {length}"))
        assert back.split()[1] in (b"400", b"413")
        assert server.is_healthy


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Host": "[::1]:8642"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_pages_of_other_sites_are_not_served_without_a_key(headers: dict[str, str], status: int) -> None:
    with served() as server:
        assert server.call("GET", "/v1/models", headers=headers).status == status
        assert server.chat(headers=headers).status == status


def test_with_keys_the_key_decides() -> None:
    headers = {"Origin": "https://chat.example", "Authorization": "Bearer secret-key-1"}
    with served(keys=["secret-key-1"]) as server:
        assert server.call("GET", "/v1/models", headers=headers).status == 200
