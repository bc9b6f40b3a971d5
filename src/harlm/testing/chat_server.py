"""The chat server beneath the fake providers and the benches: its thread, sockets, HTTP, routes and counting.
Limits, faults by choice and bills are ``FaultyServer``'s.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias
from urllib.parse import unquote

import msgspec

from harlm.testing.batches import BatchDesk
from harlm.testing.dialects import SHAPES, ModelReply, Request, Tokens, estimated_tokens
from harlm.testing.exchange import Exchange, Fault, Headers
from harlm.testing.faults import Status, refusal

if TYPE_CHECKING:
    from aiohttp import web

AnyReply: TypeAlias = "str | ModelReply | web.Response | Fault"
"""The model's words, alone or with what they cost; any response; or what happens instead of one."""
ReplyOf: TypeAlias = Callable[[Request], "AnyReply | Awaitable[AnyReply]"]
UsageOf: TypeAlias = Callable[[Request, str], tuple[int, ...]]
LatencyOf: TypeAlias = "Callable[[Request], float] | float"

_BACKLOG = 1024
_READ_AHEAD = 1 << 20  # bytes
_SWITCHES_WITHIN_S = 10  # to start, to stop, to go down and to return


def words_counted(request: Request, text: str) -> tuple[int, ...]:
    """A fourth of the characters of all messages, nothing cached, and the words of the reply."""
    return estimated_tokens(request), 0, len(text.split())


class ChatServer:
    """A chat server on loopback, in a thread of its own. Use as a context manager.

    It speaks the dialects of OpenAI (streams included), Anthropic and Gemini. What a function given here
    raises is answered with status 500.

    Args:
        reply: the model; may be a coroutine function. A ``Fault`` that it returns and that sends a part of a
            reply sends a part of an empty one.
        routes: more functions, by the end of the path (``Request.end``), such as ``/embeddings``. They return
            a response or a fault.
        latency_s: how long each reply takes, faults included.
        line_s: how long each line of a streamed reply takes.
        usage: (prompt, cached, completion[, reasoning]) tokens of a request and the text of its reply.
        keeps_requests: whether ``requests`` grows; long measurements turn it off.
        batches: makes it a server with OpenAI's and Anthropic's batch interfaces; ``None`` has none.

    Attributes:
        requests: what was asked, in order.
        arrived: how many requests there were.
        in_flight: how many requests are under way.
        most_in_flight: how many requests were under way at once.
    """

    def __init__(
        self,
        reply: ReplyOf,
        *,
        routes: Mapping[str, ReplyOf] | None = None,
        latency_s: LatencyOf = 0.0,
        line_s: float = 0.0,
        usage: UsageOf = words_counted,
        keeps_requests: bool = True,
        batches: BatchDesk | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.arrived = self.in_flight = self.most_in_flight = 0
        self._routes = dict.fromkeys(SHAPES, reply) | dict(routes or {})
        self._latency = latency_s
        self._line_s = line_s
        self._usage = usage
        self._keeps_requests = keeps_requests
        self._batches = batches
        self._port = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()
        self._listener: asyncio.Server | None = None  # None while the server is down
        self._reserved: socket.socket | None = None  # keeps the port while the server is down
        self._talks: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """The address of OpenAI's dialect."""
        return f"{self.url}/v1"

    # -- starting and stopping -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._reserve()
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(started)), daemon=True, name="harlm-chat-server"
        )
        self._thread.start()
        if not started.wait(_SWITCHES_WITHIN_S):
            raise RuntimeError(f"the server did not start within {_SWITCHES_WITHIN_S} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_SWITCHES_WITHIN_S)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Be away: connections are refused, idle ones are closed, and requests under way are answered on
        connections that close then. Afterwards the server listens again, on the same port.
        """
        assert self._loop is not None, "a server can go down once it runs"
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(_SWITCHES_WITHIN_S)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_SWITCHES_WITHIN_S)

    async def _run(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            self._group = group
            await self._listen()
            started.set()
            await self._stopped.wait()
            await self._leave()
            for talk in self._talks:
                talk.cancel()
        if self._reserved is not None:
            self._reserved.close()

    def _reserve(self) -> None:
        """Take the port without listening: connections are refused, and no other process gets it."""
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", self._port))
        self._port = self._reserved.getsockname()[1]

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(
            self._accept, sock=self._reserved, backlog=_BACKLOG, limit=_READ_AHEAD
        )
        self._reserved = None

    async def _leave(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._reserve()
        for writer in self._idle:
            writer.close()

    # -- connections ---------------------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._stopped.is_set():
            writer.transport.abort()
            return
        talk = self._group.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        writer.transport.set_write_buffer_limits(0)  # drain() waits for the last byte
        try:
            while await self._serve_one(reader, writer):
                pass
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client left, or does not speak HTTP
        finally:
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether the connection may serve another."""
        self._idle.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            self._idle.discard(writer)
        method, path, headers = _parsed(head)
        length = headers.get("content-length", "")
        body = await reader.readexactly(int(length) if length.isdecimal() else 0)
        request = Request(path, headers, _decoded(body), self.arrived, method, body)
        exchange = Exchange(request, reader, writer, make=self._made, headers=self._headers, bill=self._bill)
        await self._serve(exchange)
        return exchange.keep_alive and self._listener is not None

    # -- replies -------------------------------------------------------------------------------------------

    async def _serve(self, exchange: Exchange) -> None:
        """Serve a request of any path."""
        request = exchange.request
        if (told := self._told_of_batches(request)) is not None:
            await told.play(exchange)
            return
        if request.end not in self._routes:
            await refusal(404, f"no {request.path} here").play(exchange)
            return
        self.arrived += 1
        if self._keeps_requests:
            self.requests.append(request)
        if not request.body:
            await refusal(400, "the body is not a JSON object").play(exchange)
            return
        try:
            await self._answer(exchange)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - of a caller's function; the client is shown it
            await refusal(500, repr(error)).play(exchange)

    async def _answer(self, exchange: Exchange, fault: Fault | None = None) -> None:
        """Answer a request after its latency, with a fault or with what its route returns."""
        request, latency = exchange.request, self._latency
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if seconds := latency if isinstance(latency, int | float) else latency(request):
                await asyncio.sleep(seconds)
            answer = fault or await self._returned(request)
            if fault is None and not isinstance(answer, ModelReply):
                exchange.made = self._said(request, "")  # what a fault sends a part of
            await self._play(answer, exchange)
        finally:
            self.in_flight -= 1

    async def _play(self, answer: ModelReply | web.Response | Fault, exchange: Exchange) -> None:
        """Send an answer."""
        exchange.keep_alive = exchange.keep_alive and self._listener is not None
        if isinstance(answer, ModelReply):
            await exchange.answer(answer, line_s=self._line_s)
        elif isinstance(answer, Fault):
            await answer.play(exchange)
        else:
            body = answer.body if isinstance(answer.body, bytes) else b""
            await exchange.send(exchange.whole(body, tuple(answer.headers.items()), status=answer.status))

    async def _returned(self, request: Request) -> ModelReply | web.Response | Fault:
        """What the function of the route returns."""
        returned = self._routes[request.end](request)
        if not isinstance(returned, str) and inspect.isawaitable(returned):
            returned = await returned
        return self._said(request, returned) if isinstance(returned, str) else returned

    def _told_of_batches(self, request: Request) -> Status | None:
        """The response to a request of the batch interface; ``None`` for any other."""
        try:
            return None if self._batches is None else self._batches.answer(request, self.url, self._of_batch)
        except (KeyError, TypeError, msgspec.DecodeError) as error:
            return refusal(400, f"this cannot be read: {error!r}")

    async def _of_batch(self, request: Request) -> ModelReply | Status:
        """The answer to a request of a batch: a reply, or the refusal that it is alone."""
        answer = await self._returned(request)
        return answer if isinstance(answer, ModelReply | Status) else refusal(500, "it failed")

    async def _made(self, request: Request) -> ModelReply:
        """The model's reply, for a fault that was chosen before the reply was made."""
        answer = await self._returned(request)
        return answer if isinstance(answer, ModelReply) else self._said(request, "")

    def _said(self, request: Request, text: str) -> ModelReply:
        return ModelReply(request, text, Tokens(*self._usage(request, text)))

    # -- for layers above ----------------------------------------------------------------------------------

    def _headers(self) -> Headers:
        """What every reply carries."""
        return ()

    def _bill(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        """Book what a reply costs."""


def _parsed(head: bytes) -> tuple[str, str, Mapping[str, str]]:
    """Method, path without its query, and headers with lower-case names."""
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, *path = first.split(" ")[:2]
    path = path or [""]
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return method, unquote(path[0].partition("?")[0]), headers


def _decoded(body: bytes) -> Mapping[str, object]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}
