"""One request to a model provider: its connection, its timeouts, and its reply as it arrives.

What failures mean is in ``failures``, what refusals mean in ``refusals``; retries are in ``wrappers``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import TracebackType
from typing import Literal, Protocol, Self
from urllib.parse import urlsplit

import aiohttp
import msgspec

from harlm.cleanup import finished
from harlm.config import ModelSettings
from harlm.errors import ModelError
from harlm.models.connections import Connector, certificates
from harlm.models.failures import LARGEST_REPLY, Failing, ReplyTooLarge
from harlm.models.proxies import Proxy, proxy_for
from harlm.models.rates import rates_of
from harlm.models.sent_keys import redactor_of, shows_key
from harlm.models.streams import CleanStream, Takes
from harlm.redact import Redactor
from harlm.types import Rates, Sampling

_REQUEST_IDS = ("x-request-id", "request-id", "x-goog-request-id", "apim-request-id", "x-amzn-requestid")
_LONGEST_HEADER = 256 << 10  # bytes; policies and cookies of proxies are long
_MOST_HEADERS = 2_000
_DESCRIPTION_S = 3.0  # seconds for a request that only describes a model


@dataclass(frozen=True, slots=True)
class Received:
    """A reply with a good status.

    Attributes:
        body: all of it; empty if it was taken as it arrived.
        headers: of the reply.
        request_id: the provider's id of the request; ``None`` if it states none.
    """

    body: bytes
    headers: Mapping[str, str]
    request_id: str | None

    @property
    def rates(self) -> Rates | None:
        """The rate limits that the provider stated; ``None`` if it stated none."""
        return rates_of(self.headers)

    @property
    def server(self) -> str:
        """The name that the server gives itself; empty if it gives none."""
        return self.headers.get("server", "")


class Refuses(Protocol):
    """Makes the errors of one request; see ``harlm.models.refusals.Refusing``."""

    @property
    def model(self) -> str:
        """The full name of the model."""
        ...

    @property
    def key_hint(self) -> str:
        """Where the key comes from."""
        ...

    def with_status(
        self, status: int, headers: Mapping[str, str], raw: bytes, request_id: str | None
    ) -> ModelError:
        """The error for a reply with an error status."""
        ...


def request_headers(headers: Mapping[str, str], sampling: Sampling) -> Mapping[str, str]:
    """``headers`` with the key of one request, by which a provider recognises a repeated request."""
    key = sampling.request_key
    return headers if key is None else {**headers, "idempotency-key": key}


class Transport:
    """Connections to providers, shared by the models of one run. Use as an async context manager.

    Args:
        settings: timeouts, proxy and certificates.
        is_direct: whether no proxy is used.
    """

    def __init__(self, settings: ModelSettings, *, is_direct: bool = False) -> None:
        self._settings = settings
        self._is_direct = is_direct
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, Proxy | None] = {}
        self._has_ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._has_ended = True
        if self._session is not None:
            session, self._session = self._session, None
            await finished(session.close())

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: object,
        refusing: Refuses,
        into: Takes | None = None,
        on_head: Callable[[Mapping[str, str]], None] | None = None,
    ) -> Received:
        """Send ``body`` as JSON and read the reply; arguments and errors as of ``send``."""
        return await self.send(
            "POST",
            url,
            headers={"content-type": "application/json", **headers},
            body=body,
            refusing=refusing,
            into=into,
            on_head=on_head,
        )

    async def send(
        self,
        method: Literal["GET", "POST"],
        url: str,
        *,
        headers: Mapping[str, str],
        body: object = b"",
        refusing: Refuses,
        into: Takes | None = None,
        on_head: Callable[[Mapping[str, str]], None] | None = None,
        most: int = LARGEST_REPLY,
    ) -> Received:
        """One request and its reply.

        Args:
            method: of HTTP.
            url: the address.
            headers: of this request.
            body: bytes that are sent as they are, or any value that can be encoded as JSON.
            refusing: makes the errors of refusals.
            into: takes the bytes of a good reply as they arrive; ``None`` to return them at the end.
            on_head: called with the headers of a good reply, before its bytes arrive.
            most: bytes of a reply.

        Raises:
            ModelError: the request failed. The subclass says whether a retry or another model may help.
        """
        model = refusing.model
        if self._has_ended:
            raise ModelError(f"{model} cannot be asked: the run has ended", model=model)
        proxy = self._proxy(url)
        keys = redactor_of(headers, url, None if proxy is None else proxy.url)
        failing = Failing(model, address_shown(url), refusing.key_hint, proxy, self._settings, keys)
        if proxy is not None and not proxy.is_spoken:
            raise failing.unspoken_proxy(proxy)
        clean = None if into is None else CleanStream(into, keys)
        try:
            data = body if isinstance(body, bytes) else msgspec.json.encode(body)
            status, received, raw, broken = await _sent(
                partial(self._exchange, method, url, headers, data, proxy, clean, on_head, most)
            )
            if broken is not None:
                assert clean is not None
                assert into is not None
                clean.end()
                if not into.is_whole:
                    raise broken
        except (aiohttp.ClientError, OSError, ValueError, ReplyTooLarge) as error:
            raise failing.error(error) from (None if shows_key(error, keys) else error)
        raw = keys.clean(raw.replace(b"\0", b""))  # no JSON has a NUL; UTF-16 could hide a key behind them
        request_id = _request_id(received, keys)
        if status == 407:
            raise failing.refused_by_proxy()
        if status >= 300:
            refused = refusing.with_status(status, received, raw, request_id)
            raise failing.perhaps_by_proxy(refused) if url.startswith("http://") else refused
        if clean is not None:
            clean.end()
        return Received(raw, received, request_id)

    async def get(self, url: str, headers: Mapping[str, str]) -> bytes:
        """The body at an address, read within a few seconds; empty if the server does not give one."""
        proxy = self._proxy(url)
        if self._has_ended or (proxy is not None and not proxy.is_spoken):
            return b""
        try:
            async with self._opened().get(
                url,
                headers=headers,
                proxy=None if proxy is None else proxy.url,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_DESCRIPTION_S),
            ) as response:
                return await _read(response.content) if response.status == 200 else b""
        except (aiohttp.ClientError, OSError, ValueError, ReplyTooLarge):
            return b""

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes,
        proxy: Proxy | None,
        clean: CleanStream | None,
        on_head: Callable[[Mapping[str, str]], None] | None,
        most: int,
    ) -> _Exchanged:
        """The status, headers and body of the reply to one request, and what broke it off. The body is empty if ``clean``
        took it.
        """
        async with self._opened().request(
            method,
            url,
            data=data or None,
            headers=headers,
            proxy=None if proxy is None else proxy.url,
            allow_redirects=False,  # keys and documents must go only to the address that the user named
        ) as response:
            into = clean if response.status < 300 else None
            if on_head is not None and response.status < 300:
                on_head(response.headers)
            try:  # a reply that is left before its end closes its connection
                return response.status, response.headers, await _read(response.content, into, most), None
            except aiohttp.ClientError as error:
                if into is None:
                    raise
                return response.status, response.headers, b"", error

    def _proxy(self, url: str) -> Proxy | None:
        if self._is_direct:
            return None
        if url not in self._proxies:
            self._proxies[url] = proxy_for(url, self._settings.proxy)
        return self._proxies[url]

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            settings = self._settings
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=settings.timeout_s, sock_connect=settings.connect_timeout_s, connect=None
                ),
                connector=Connector(limit=0, ssl=certificates(settings.ca_bundle)),
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                max_headers=_MOST_HEADERS,
            )
        return self._session


def _request_id(headers: Mapping[str, str], keys: Redactor) -> str | None:
    return next((keys.clean_text(headers[name]) for name in _REQUEST_IDS if name in headers), None)


_Exchanged = tuple[int, Mapping[str, str], bytes, aiohttp.ClientError | None]


async def _sent(exchange: Callable[[], Awaitable[_Exchanged]]) -> _Exchanged:
    """One exchange; a second one if the server had closed the connection after an earlier reply, so that nothing was sent."""
    try:
        return await exchange()
    except aiohttp.ClientOSError as error:
        if not isinstance(error.__cause__, aiohttp.ClientConnectionResetError):
            raise
        return await exchange()


async def _read(
    content: aiohttp.StreamReader, into: CleanStream | None = None, most: int = LARGEST_REPLY
) -> bytes:
    pieces = []
    size = 0
    async for piece in content.iter_any():
        if into is None:
            pieces.append(piece)
        else:
            into.take(piece)
            if into.is_enough:
                break
        size += len(piece)
        if size > most:
            raise ReplyTooLarge(most)
    return b"".join(pieces)


@lru_cache(maxsize=64)
def address_shown(url: str) -> str:
    """A URL without user, password and query, which must not be shown."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
