"""A server in the event loop of a test, whose every byte a test decides, and where those bytes are cut.

Small on purpose: it reads a request, and writes what it was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import msgspec

_TURNS = 4  # of the event loop, in which a client reads a piece before the next one is sent
_ATTEMPTS = 12  # requests of one call; an adapter that asks more often than that never ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent for every request.

    Attributes:
        body: the bytes.
        status: of HTTP.
        headers: with their names.
        cuts: the offsets at which the body is cut into pieces that the client reads one by one.
        breaks: whether the connection ends without the end of the body.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cuts: Sequence[int] = ()
    breaks: bool = False

    def pieces(self) -> list[bytes]:
        """The body in pieces, none of them empty."""
        edges = [0, *sorted({cut for cut in self.cuts if 0 < cut < len(self.body)}), len(self.body)]
        return [self.body[start:end] for start, end in pairwise(edges) if start < end]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its path with the query, its headers with lower-case names, and its JSON."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class WireServer:
    """Sends ``answer`` to every POST, and 404 to everything else. Use as an async context manager.

    Attributes:
        answer: can be changed between requests.
        asked: the POSTs so far.
        on_asked: called with each POST before it is answered.
        url: the address, without a path.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.on_asked: Callable[[Asked], None] = lambda asked: None
        self.url = ""
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            writer.transport.abort() if self.answer.breaks else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")[:-4].split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = first.split(" ", 2)
        if method != "POST":
            writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return True
        asked = Asked(path, headers, msgspec.json.decode(body))
        self.asked.append(asked)
        self.on_asked(asked)
        if len(self.asked) > _ATTEMPTS:
            return False
        return await self._answer(writer)

    async def _answer(self, writer: asyncio.StreamWriter) -> bool:
        answer = self.answer
        lines = [f"HTTP/1.1 {answer.status} Status", "transfer-encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        pieces = answer.pieces()
        if len(pieces) == 1:
            head += b"%x\r\n%b\r\n" % (len(pieces[0]), pieces[0])
            pieces = []
        if not answer.breaks and not pieces:
            writer.write(head + b"0\r\n\r\n")
            return True
        writer.write(head)
        for piece in pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        if answer.breaks:
            await writer.drain()
            await asyncio.sleep(0.02)  # what was sent is read before the connection ends
            return False
        writer.write(b"0\r\n\r\n")
        return True
