"""A server of ``/v1/embeddings`` on loopback. Its vectors are hashed words, and it fails as it is told to."""

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
    """What the server does.

    Attributes:
        requests: the texts of each.
        fails: how many requests are answered with ``status``.
        dimension: of its vectors.
        usage: what it reports of tokens.
        slow_s: how long it takes.
    """

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.fails = 0
        self.status = 503
        self.dimension = 64
        self.as_lists = False
        self.usage: object = {"prompt_tokens": 1}
        self.slow_s = 0.0

    async def answer(self, request: Request) -> web.Response:
        texts = request.body["input"]
        self.requests.append(texts)
        await asyncio.sleep(self.slow_s)
        if self.fails:
            self.fails -= 1
            return web.json_response({"error": {"message": "later"}}, status=self.status)
        rows = await HashingEmbedder(self.dimension).embed(texts)
        shown = [list(array("f", row)) if self.as_lists else base64.b64encode(row).decode() for row in rows]
        data = [{"index": at, "embedding": each} for at, each in enumerate(shown)]
        return web.json_response({"data": data[::-1], "usage": self.usage})


@contextmanager
def embedding_server(does: Embeddings | None = None) -> Iterator[str]:
    """Its base URL."""
    routes = {"/embeddings": (does or Embeddings()).answer}
    with ChatServer(lambda request: refusal(404, "no model here"), routes=routes) as server:
        yield server.base_url
