"""A server on loopback that speaks ``/v1/embeddings``. Its vectors are hashed words; it fails when a test
wants it to.
"""

from __future__ import annotations

import asyncio
import base64
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from harlm.embedders.hashing import HashingEmbedder
from harlm.testing import ChatServer, Request
from harlm.testing.faults import refusal


class Embeddings:
    """The behaviour of the server, and what it received.

    Attributes:
        requests: the texts of each request.
        fails: how many of the next requests are answered with ``status``.
        status: of those replies.
        dimension: numbers in each vector.
        as_lists: whether vectors are lists of numbers, not base64.
        rows: the rows of each reply; None for the vectors of the texts, in reverse order.
        usage: the reported usage.
        slow_s: seconds before each reply.
    """

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.fails = 0
        self.status = 503
        self.dimension = 64
        self.as_lists = False
        self.rows: list[dict[str, object]] | None = None
        self.usage: object = {"prompt_tokens": 1}
        self.slow_s = 0.0

    async def answer(self, request: Request) -> web.Response:
        """The reply to one request."""
        texts = request.body["input"]
        self.requests.append(texts)
        await asyncio.sleep(self.slow_s)
        if self.fails:
            self.fails -= 1
            return web.json_response({"error": {"message": "later"}}, status=self.status)
        if self.rows is not None:
            return web.json_response({"data": self.rows, "usage": self.usage})
        rows = await HashingEmbedder(self.dimension).embed(texts)
        shown = [list(array("f", row)) if self.as_lists else base64.b64encode(row).decode() for row in rows]
        data = [{"index": at, "embedding": each} for at, each in enumerate(shown)]
        return web.json_response({"data": data[::-1], "usage": self.usage})


@contextmanager
def embedding_server(does: Embeddings | None = None) -> Iterator[str]:
    """Run the server, and yield its base URL."""
    routes = {"/embeddings": (does or Embeddings()).answer}
    with ChatServer(lambda request: refusal(404, "no model here"), routes=routes) as server:
        yield server.base_url
