"""With what key the server may be reached over HTTP."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from harlm.server.keys import KeyRing, keys_in
from harlm.server.mcp.serving import _Guard


async def status(keys: str, *headers: tuple[bytes, bytes]) -> int:
    """What a request with these headers gets."""
    sent: list[MutableMapping[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    ring = KeyRing(keys_in(keys), usd=None, at_once=1)
    await _Guard(app, ring)({"type": "http", "headers": list(headers)}, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("sent", [b"Bearer a-long-key", b"bearer a-long-key", b"BEARER  a-long-key "])
async def test_the_key_opens(sent: bytes) -> None:
    assert await status("a-long-key", (b"authorization", sent)) == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer a-long-ke",
        b"Bearer a-long-key2",
        b"Basic a-long-key",
        b"a-long-key",
        b"Bearer \xff\x00",
    ],
)
async def test_anything_else_does_not(sent: bytes) -> None:
    assert await status("a-long-key", (b"authorization", sent)) == 401
    assert await status("a-long-key") == 401


async def test_each_of_several_keys_opens() -> None:
    for key in (b"a-long-key", b"another-key"):
        assert await status("a-long-key, another-key", (b"authorization", b"Bearer " + key)) == 200
    both = (b"authorization", b"Bearer a-long-key, another-key")
    assert await status("a-long-key, another-key", both) == 401


async def test_without_a_key_none_is_asked_for() -> None:
    assert await status("") == 200
