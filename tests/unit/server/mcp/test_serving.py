"""Where the server may be reached, and with what key."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from harlm.errors import ConfigError
from harlm.server.mcp.serving import _Guard, check_open, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    check_open(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com", "localhost.example.com", ""])
def test_elsewhere_a_key_is_needed(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ConfigError, match="HARLM_SERVER_API_KEY"):
        check_open(host, None)
    check_open(host, "a key")


async def status(key: str | None, *headers: tuple[bytes, bytes]) -> int:
    """What a request with these headers gets."""
    sent: list[MutableMapping[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    await _Guard(app, key)({"type": "http", "headers": list(headers)}, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("sent", [b"Bearer a-key", b"bearer a-key", b"BEARER  a-key "])
async def test_the_key_opens(sent: bytes) -> None:
    assert await status("a-key", (b"authorization", sent)) == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer a-ke",
        b"Bearer a-key2",
        b"Basic a-key",
        b"a-key",
        b"Bearer \xff\x00",
    ],
)
async def test_anything_else_does_not(sent: bytes) -> None:
    assert await status("a-key", (b"authorization", sent)) == 401
    assert await status("a-key") == 401


async def test_without_a_key_none_is_asked_for() -> None:
    assert await status(None) == 200
