"""A server of OpenAI's chat completions that breaks every rule on request, has limits, and remembers what it billed. Knows
HTTP as far as a test needs it; refuses to know what its client makes of it all.
"""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from harlm.testing.faults import Exchange, Fault, Headers, Html, Reply, Status, Tokens, asked_tokens
from harlm.testing.server import Request

Faults = Callable[[Request], Fault | None] | Sequence[Fault | None]
Latency = Callable[[Request], float] | float
UsageOf = Callable[[Request, str], tuple[int, int, int]]

_BACKLOG = 1024
_STARTS_WITHIN_S = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server allows; None is no limit. A refused request uses up nothing.

    Attributes:
        in_flight: requests at once.
        per_minute: requests; they return one by one, not all at the full minute.
        burst: requests that may come at once after a rest; ``per_minute`` if None.
        tokens_per_minute: of prompts, as this server estimates them, and of the replies, as ``max_tokens`` allows them.
        headers: whether replies tell the state of limits in ``x-ratelimit-…``.
    """

    in_flight: int | None = None
    per_minute: int | None = None
    burst: int | None = None
    tokens_per_minute: int | None = None
    headers: bool = True


@dataclass(frozen=True, slots=True)
class Bill:
    """What the client owes for one request.

    Attributes:
        number: of the request.
        model: that was asked.
        prompt: tokens, the cached ones among them.
        cached: tokens.
        completion: tokens.
        delivered: whether the whole completion was sent while the client was there.
    """

    number: int
    model: str
    prompt: int
    cached: int
    completion: int
    delivered: bool


class FaultyServer:
    """A server in a thread of its own. Use as a context manager.

    A reply is billed from its first byte on, whether or not it says what it costs and whether or not the client is still
    there: not the refusals, not pages of HTML, not what is reset or silent before the first byte. ``GET /counts`` tells
    ``counts``. What a function given here raises is answered with status 500.

    Args:
        reply: the model's words.
        faults: what goes wrong with a request; a sequence holds for the first requests to arrive, refused ones included.
        latency_s: how long each answer takes, faults as well; only refusals by a limit come at once.
        limits: what is refused with 429.
        usage: (prompt, cached, completion) tokens of a request and its reply. By default a fourth of the characters of
            all messages, nothing cached, and the words of the reply.

    Attributes:
        requests: what was asked, in order.
        refused: how many requests were answered with status 429.
    """

    def __init__(
        self,
        reply: Callable[[Request], str],
        *,
        faults: Faults = (),
        latency_s: Latency = 0.0,
        limits: Limits | None = None,
        usage: UsageOf | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.refused = 0
        self._reply = reply
        self._usage = usage or _counted
        self._fault_of = faults if callable(faults) else partial(_nth, faults)
        self._latency_of = latency_s if callable(latency_s) else lambda _: latency_s
        self._gate = _Gate(limits or Limits())
        self._arrived = 0
        self._bills: dict[int, Bill] = {}
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
        """The address of OpenAI's protocol."""
        return f"{self.url}/v1"

    @property
    def most_in_flight(self) -> int:
        """How many requests were under way at once, without those that a limit refused."""
        return self._gate.most_in_flight

    @property
    def bills(self) -> list[Bill]:
        """What the client owes, in the order of the first bytes."""
        return list(self._bills.values())

    def counts(self) -> dict[str, int]:
        """Sums over everything so far: requests, refusals, bills (of them delivered) and their tokens."""
        bills = self.bills
        return {
            "requests": self._arrived,
            "refused": self.refused,
            "most_in_flight": self.most_in_flight,
            "calls": len(bills),
            "delivered": sum(bill.delivered for bill in bills),
            "prompt": sum(bill.prompt for bill in bills),
            "cached": sum(bill.cached for bill in bills),
            "completion": sum(bill.completion for bill in bills),
        }

    @contextmanager
    def down(self) -> Iterator[None]:
        """Be away: connections are refused, idle ones are closed, and requests under way are answered on connections that
        close then. Afterwards the server listens again, on the same port.
        """
        assert self._loop is not None, "a server can go down once it runs"
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(_STARTS_WITHIN_S)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_STARTS_WITHIN_S)

    def __enter__(self) -> Self:
        self._reserve()
        started = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(started)), daemon=True, name="harlm-faulty"
        )
        self._thread.start()
        started.wait(_STARTS_WITHIN_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_STARTS_WITHIN_S)

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
        """Take the port without listening: connections are refused, and nobody else gets it."""
        self._reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", self._port))
        self._port = self._reserved.getsockname()[1]

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._accept, sock=self._reserved, backlog=_BACKLOG)
        self._reserved = None

    async def _leave(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self._reserve()
        for writer in self._idle:
            writer.close()

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
            pass  # the client left, or speaks no HTTP
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
        chat = method == "POST" and path.endswith("/chat/completions")
        exchange = Exchange(
            Request(path, headers, _decoded(body) if chat else {}, self._arrived),
            reader,
            writer,
            reply=self._made,
            headers=self._gate.headers,
            bill=self._book,
        )
        if chat:
            await self._complete(exchange)
        elif path == "/counts":
            await exchange.send(exchange.whole(msgspec.json.encode(self.counts())))
        else:
            await _error(404, f"no {method} {path} here").play(exchange)
        return exchange.keep_alive and self._listener is not None

    async def _complete(self, exchange: Exchange) -> None:
        request = exchange.request
        self._arrived += 1
        self.requests.append(request)
        if not request.body:
            await _error(400, "the body is no JSON object").play(exchange)
            return
        try:
            if (refusal := self._gate.enter(request)) is not None:
                await self._play(refusal, exchange)
                return
            try:
                fault = self._fault_of(request)
                if latency := self._latency_of(request):
                    await asyncio.sleep(latency)
                await self._play(fault, exchange)
            finally:
                self._gate.leave()
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - of a function that the test gave us: its client is shown it
            await _error(500, repr(error)).play(exchange)

    async def _play(self, fault: Fault | None, exchange: Exchange) -> None:
        exchange.keep_alive = exchange.keep_alive and self._listener is not None
        match fault:
            case None:
                reply = exchange.reply()
                await exchange.deliver(reply.completion(), reply.tokens)
                return
            case Status(status=429) | Html(status=429):
                self.refused += 1
        await fault.play(exchange)

    def _made(self, request: Request) -> Reply:
        text = self._reply(request)
        return Reply(request, text, Tokens(*self._usage(request, text)))

    def _book(self, request: Request, tokens: Tokens, *, delivered: bool) -> None:
        self._bills[request.number] = Bill(request.number, request.model, *tokens, delivered)


class _Gate:
    """Who may come in. Counts those inside, and tells the state of the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = _bucket(limits.per_minute, limits.burst)
        self._tokens = _bucket(limits.tokens_per_minute)
        self._in_flight = 0
        self.most_in_flight = 0

    def enter(self, request: Request) -> Status | None:
        """Let a request in, or say why not."""
        limit, now = self._limits.in_flight, time.monotonic()
        if limit is not None and self._in_flight >= limit:
            return _error(429, f"more than {limit} requests at once")
        tokens = _prompt_tokens(request) + (asked_tokens(request) or 0) if self._tokens else 0
        for bucket, amount, what in ((self._requests, 1, "requests"), (self._tokens, tokens, "tokens")):
            if bucket is not None and (wait := bucket.wait_s(amount, now)) > 0:
                return _error(429, f"more {what} than the limit of a minute", headers=_retry_after(wait))
        for bucket, amount in ((self._requests, 1), (self._tokens, tokens)):
            if bucket is not None:
                bucket.take(amount, now)
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        return None

    def leave(self) -> None:
        """Let one out."""
        self._in_flight -= 1

    def headers(self) -> Headers:
        """The limits as OpenAI tells them."""
        if not self._limits.headers:
            return ()
        now = time.monotonic()
        buckets = (("requests", self._requests), ("tokens", self._tokens))
        return tuple(header for what, bucket in buckets if bucket for header in bucket.headers(what, now))


class _Bucket:
    """A token bucket. Time is an argument."""

    def __init__(self, *, limit: int, size: int) -> None:
        self._limit = limit  # a minute
        self._size = size
        self._level = float(size)
        self._at = 0.0

    def level(self, now: float) -> float:
        """How much is in it."""
        return min(self._size, self._level + (now - self._at) * self._limit / 60)

    def wait_s(self, amount: int, now: float) -> float:
        """Seconds until ``amount`` is in it; infinite if it never is."""
        if amount > self._size:
            return math.inf
        return max(0.0, (amount - self.level(now)) * 60 / self._limit)

    def take(self, amount: int, now: float) -> None:
        """Take what is there."""
        self._level, self._at = self.level(now) - amount, now

    def headers(self, what: str, now: float) -> Headers:
        """Its limit, level and the time until it is full."""
        full = self.wait_s(self._size, now)
        return (
            (f"x-ratelimit-limit-{what}", str(self._limit)),
            (f"x-ratelimit-remaining-{what}", str(int(self.level(now)))),
            (f"x-ratelimit-reset-{what}", _duration(full)),
        )


def _bucket(limit: int | None, size: int | None = None) -> _Bucket | None:
    return None if limit is None else _Bucket(limit=limit, size=limit if size is None else size)


def _retry_after(seconds: float) -> Headers:
    """Whole seconds for everyone, milliseconds for those who know them; nothing where waiting is in vain."""
    if math.isinf(seconds):
        return ()
    return (
        ("retry-after", str(math.ceil(seconds))),
        ("retry-after-ms", str(math.ceil(seconds * 1000))),
    )


def _duration(seconds: float) -> str:
    """As Go writes it, and so OpenAI: ``120ms``, ``1.2s``, ``6m0s``."""
    milliseconds = round(seconds * 1000)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    told = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{told}"
    return f"{minutes}m{told}" if minutes else told


def _error(status: int, message: str, *, headers: Headers = ()) -> Status:
    kind = "rate_limit_exceeded" if status == 429 else "error"
    body = msgspec.json.encode({"error": {"message": message, "type": kind, "code": kind}})
    return Status(status, body.decode(), headers)


def _nth(faults: Sequence[Fault | None], request: Request) -> Fault | None:
    return faults[request.number] if request.number < len(faults) else None


def _counted(request: Request, text: str) -> tuple[int, int, int]:
    return _prompt_tokens(request), 0, len(text.split())


def _prompt_tokens(request: Request) -> int:
    return sum(len(text) for _, text in request.messages) // 4 + 1


def _parsed(head: bytes) -> tuple[str, str, Mapping[str, str]]:
    """Method, path and headers with lower-case names."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, *_ = [*first.split(" "), ""]
    pairs = (line.partition(":") for line in lines)
    return method, path, {name.lower(): value.strip() for name, _, value in pairs}


def _decoded(body: bytes) -> Mapping[str, object]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}
