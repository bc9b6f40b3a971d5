"""A server at an address: streamable HTTP, through the SDK, with a limit on every reply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from harlm.tools.mcp.servers import McpServer
from harlm.tools.mcp.stdio import LONGEST_MESSAGE
from harlm.tools.mcp.words import ServerWords

LARGEST_REPLY = 4 * LONGEST_MESSAGE
"""Bytes of one reply, of which a stream of events may hold many messages."""

_CONNECTING_S = 30.0


@asynccontextmanager
async def reached(server: McpServer, words: ServerWords) -> AsyncIterator[tuple[Any, Any]]:
    """Speak with the server at an address.

    Args:
        server: with an address.
        words: why it ended.

    Returns:
        streams of messages, as transports of the SDK have them.
    """
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    async def note(response: httpx2.Response) -> None:
        if response.request.method != "POST":
            pass  # a stream beside the calls, which a server need not have
        elif response.status_code >= 400:  # the SDK says only that there was an error
            words.because(f"it answered with status {response.status_code} {response.reason_phrase}".strip())
        elif 200 <= response.status_code < 300:
            words.reason = ""
        response.stream = _limited(response.stream, words)

    client = httpx2.AsyncClient(
        headers=dict(server.headers),
        timeout=httpx2.Timeout(_CONNECTING_S, read=max(_CONNECTING_S, server.timeout_s)),
        event_hooks={"response": [note]},
    )
    async with (
        client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=LONGEST_MESSAGE) as streams,
    ):
        yield streams


def _limited(stream: Any, words: ServerWords) -> Any:
    """A stream of bytes that fails beyond ``LARGEST_REPLY``."""
    import httpx2

    class Limited(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for piece in stream:
                size += len(piece)
                if size > LARGEST_REPLY:
                    words.because(f"it sent more than {LARGEST_REPLY >> 20} MiB at once")
                    raise httpx2.StreamError(words.reason)
                yield piece

        async def aclose(self) -> None:
            await stream.aclose()

    return Limited()
