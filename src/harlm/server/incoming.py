"""What stands before every request: who asks, from where, and how long the body is."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harlm.server.asking import Answering
from harlm.server.failures import RequestRefused, closing
from harlm.server.keys import KeyHolder, KeyRing
from harlm.server.streaming import PATIENCE_S, PING_S

LARGEST_BODY = 64_000_000
"""Bytes of a request, unless another limit is set."""

_BODY_S = 60.0  # seconds between two pieces of a body

_Body = TypeVar("_Body", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What every route needs.

    Attributes:
        asking: answers.
        keys: of clients.
        largest: bytes of a body.
        ping_s: seconds between signs of life of a stream.
        patience_s: seconds for which a reader may leave a piece unread.
        linger_s: seconds in which the rest of a body that was refused may arrive.
    """

    asking: Answering
    keys: KeyRing
    largest: int = LARGEST_BODY
    ping_s: float = PING_S
    patience_s: float = PATIENCE_S
    linger_s: float = 5.0

    def holder(self, request: Request) -> KeyHolder:
        """Who asks.

        Raises:
            RequestRefused: 401; 403, a page of another site asks; 503, the server ends.
        """
        holder = self.reader(request)
        if self.asking.is_closing:
            raise closing()
        return holder

    def reader(self, request: Request) -> KeyHolder:
        """As ``holder``, also while the server ends.

        Raises:
            RequestRefused: 401 or 403.
        """
        holder = self.keys.holder(request.headers.get("authorization"))
        if self.keys.is_open:
            _refuse_pages(request)
        return holder

    async def body(self, request: Request, kind: type[_Body]) -> _Body:
        """The body of a request.

        Raises:
            RequestRefused: 400, it is not JSON of this kind; 408, it does not arrive; 413, it is too large.
            ClientDisconnect: the client has left.
        """
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self.largest:
            raise self._too_large()
        data = await self._data(request)
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.ValidationError as error:
            said, _, where = str(error).partition(" - at `$")
            where = where.rstrip("`").lstrip(".")
            raise RequestRefused(
                400, f"{where or 'the body'}: {said}", code="invalid_body", param=where or None
            ) from error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RequestRefused(
                400, f"the body is not JSON: {error}; send a JSON object", code="invalid_json"
            ) from error

    async def _data(self, request: Request) -> bytearray:
        data, loop = bytearray(), asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_BODY_S) as limit:
                while True:
                    message = await request.receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    data += message.get("body", b"")
                    if len(data) > self.largest:
                        raise self._too_large()
                    if not message.get("more_body"):
                        return data
                    limit.reschedule(loop.time() + _BODY_S)
        except TimeoutError:
            raise RequestRefused(
                408, f"no more of the body has arrived for {_BODY_S:g} s; send it again", code="timeout"
            ) from None

    def _too_large(self) -> RequestRefused:
        return RequestRefused(
            413,
            f"the body has more than {self.largest:,} bytes; send less, or have the server started with a higher --max-body, or "
            "put the text into a corpus",
            code="request_too_large",
        )


def _refuse_pages(request: Request) -> None:
    """Without keys, pages of other sites must not ask through the browser of someone at this machine.

    Raises:
        RequestRefused: 403.
    """
    origin = request.headers.get("origin")
    for said, where in (("Host", f"//{request.headers.get('host', '')}"), ("Origin", origin)):
        if where is not None and not _is_here(where):
            raise RequestRefused(
                403,
                f"the header {said} names another machine, {where.lstrip('/')[:200]!r}; without API keys only this machine is "
                "served: set HARLM_SERVER_API_KEY",
                code="foreign_origin",
            )


def _is_here(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Inbox:
    """What a client sends in one request. A reply that is sent before all of it has arrived must linger: a connection that is
    closed meanwhile loses the reply.

    Args:
        scope, receive: of the request.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        names = (name for name, value in scope["headers"] if value != b"0")
        self._has_more = any(name in (b"content-length", b"transfer-encoding") for name in names)

    async def receive(self) -> Message:
        """See ASGI."""
        message = await self._receive()
        self._has_more = message["type"] == "http.request" and bool(message.get("more_body"))
        return message

    async def reply(self, reply: ASGIApp, scope: Scope, send: Send, seconds: float) -> None:
        """Send a reply, and throw away what still arrives.

        Args:
            reply: an application that sends it.
            scope, send: of the request.
            seconds: for which more may arrive.
        """
        if not self._has_more:
            await reply(scope, self._receive, send)
            return

        async def held(message: Message) -> None:
            await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

        await reply(scope, self._receive, held)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._has_more:
                    await self.receive()
        await send({"type": "http.response.body", "body": b""})
