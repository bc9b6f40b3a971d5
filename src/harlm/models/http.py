"""One POST of JSON to a model provider: connections, timeouts, and what each failure becomes.

Retries are in ``harlm.models.wrappers``.
"""

from __future__ import annotations

import errno
import functools
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from aiohttp.client_proto import ResponseHandler

from harlm.cleanup import finished
from harlm.config import ModelSettings
from harlm.errors import (
    BadCompletion,
    ConfigError,
    ContextOverflow,
    ModelError,
    ModelUnavailable,
    RateLimited,
)
from harlm.models.rates import rates_of, retry_after
from harlm.models.sent_keys import redactor_of, shows_key
from harlm.models.streams import CleanStream, Streamed
from harlm.redact import Redactor
from harlm.types import Rates, Sampling

T = TypeVar("T")

_UNREADABLE = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
)  # the last for JSON that is nested too deep
_LARGEST_REPLY = 64 << 20  # bytes
_LONGEST_ERROR = 1 << 20  # bytes of a refusal that is read as JSON
_SHOWN = 300  # characters of a provider's message that are shown
_OVERFLOW = re.compile(
    r"context[ _]length|context[ _]window|context size|maximum context|too many (?:input )?tokens"
    r"|(?:prompt|input) is too long|exceeds? the (?:available )?context|input token count",
    re.IGNORECASE,
)
_REQUEST_IDS = ("x-request-id", "request-id", "x-goog-request-id")


@dataclass(frozen=True, slots=True)
class Received(Generic[T]):
    """A reply.

    Attributes:
        value: the decoded JSON.
        request_id: the provider's id of the request; None if it states none.
        rates: the rate limits that the provider stated; None if it stated none.
    """

    value: T
    request_id: str | None
    rates: Rates | None


def request_headers(headers: Mapping[str, str], sampling: Sampling) -> Mapping[str, str]:
    """``headers`` with the key of one request, by which a provider recognises a repeated request."""
    key = sampling.request_key
    return headers if key is None else {**headers, "idempotency-key": key}


class Transport:
    """Connections to providers, shared by the models of one run. Use as an async context manager.

    Args:
        settings: timeouts, proxy and certificates.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}
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
        reply: type[T],
        model: str,
        key_hint: str,
        stream: Streamed[T] | None = None,
    ) -> Received[T]:
        """Send ``body`` as JSON and read the reply as ``reply``.

        Args:
            url: the address.
            headers: of this request.
            body: any value that can be encoded as JSON.
            reply: the type of the reply.
            model: the name of the model, for error messages.
            key_hint: where the key comes from, for error messages.
            stream: reads the reply piece by piece if the provider sends it as a stream.

        Raises:
            ModelError: the request failed. The subclass says whether a retry or another model may help.
        """
        where = _address(url)
        if self._has_ended:
            raise ModelError(f"{model} cannot be asked: the run has ended", model=model)
        keys = redactor_of(headers, url, self._proxy(url))
        stream = None if stream is None else CleanStream(stream, keys)
        try:
            status, received, raw = await self._exchange(url, headers, msgspec.json.encode(body), stream)
            raw = keys.clean(
                raw.replace(b"\0", b"")
            )  # no JSON has a NUL; UTF-16 could hide a key behind them
        except (aiohttp.ClientError, OSError, ValueError, _ReplyTooLarge) as error:
            failure = self._failure(error, model=model, where=where, keys=keys)
            raise failure from (None if shows_key(error, keys) else error)
        request_id = _request_id(received, keys)
        if status >= 300:
            raise _refusal(
                status,
                received,
                raw,
                model=model,
                where=where,
                key_hint=key_hint,
                request_id=request_id,
            )
        try:
            if stream is not None and _is_stream(received):
                return Received(stream.whole(), request_id, rates_of(received))
            return Received(msgspec.json.decode(raw, type=reply), request_id, rates_of(received))
        except _UNREADABLE as error:
            raise _no_completion(error, raw, model=model, where=where, request_id=request_id) from error

    async def _exchange(
        self, url: str, headers: Mapping[str, str], data: bytes, stream: Streamed[T] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """The status, headers and body of the reply to one POST. The body is empty if ``stream`` read it."""
        async with self._opened().post(
            url,
            data=data,
            headers={"content-type": "application/json", **headers},
            proxy=self._proxy(url),
            allow_redirects=False,  # keys and documents must go only to the address that the user named
        ) as response:
            take = stream.take if stream and response.status < 300 and _is_stream(response.headers) else None
            return response.status, response.headers, await _read(response.content, take)

    def _failure(self, error: Exception, *, model: str, where: str, keys: Redactor) -> ModelError:
        """The error for a request without a complete reply, which shows none of the keys."""
        match error:
            case aiohttp.ConnectionTimeoutError():
                limit = self._settings.connect_timeout_s
                return ModelUnavailable(
                    f"{model} did not take a connection within {limit:g} s ({where}); check the address, or raise "
                    "models.connect_timeout_s",
                    model=model,
                )
            case TimeoutError():
                limit = self._settings.timeout_s
                return ModelUnavailable(
                    f"{model} did not reply within {limit:g} s ({where}); raise models.timeout_s or try later",
                    model=model,
                    perhaps_billed=True,
                )
            case (
                aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError()
            ) if not isinstance(error, aiohttp.ClientConnectorError):
                return ModelUnavailable(
                    f"{model} broke off its reply ({where}); try later", model=model, perhaps_billed=True
                )
            case _ReplyTooLarge():
                return BadCompletion(
                    f"{model} replied with more than {_LARGEST_REPLY >> 20} MB, which no completion needs; "
                    f"is {where} the API's base URL?",
                    model=model,
                    perhaps_billed=True,
                )
        cause = getattr(error, "os_error", None) or error
        if getattr(cause, "errno", None) in (errno.EMFILE, errno.ENFILE):
            return ModelUnavailable(
                f"{model} cannot be asked: too many open files ({_reason(error)}); "
                "lower -j, or raise the limit (ulimit -n)",
                model=model,
            )
        return ModelUnavailable(
            f"{model} cannot be reached at {where} ({keys.clean_text(_reason(error))}); check the address and that a server runs there",
            model=model,
        )

    def _proxy(self, url: str) -> str | None:
        if self._settings.proxy is not None:
            return self._settings.proxy
        if url not in self._proxies:
            self._proxies[url] = _proxy_for(url)
        return self._proxies[url]

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            settings = self._settings
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=settings.timeout_s, sock_connect=settings.connect_timeout_s, connect=None
                ),
                connector=_Connector(limit=0, ssl=_certificates(settings.ca_bundle)),
            )
        return self._session


class _Connection(ResponseHandler):
    """A connection that is closed when data arrives on it while no reply is expected. aiohttp would keep the
    data, and take it for the reply to the next request.
    """

    is_idle = False

    def data_received(self, data: bytes) -> None:
        if self.is_idle and len(data):  # aiohttp passes empty data to process what it has buffered
            self.close()
        else:
            super().data_received(data)

    def set_response_params(self, **settings: Any) -> None:
        self.is_idle = False
        super().set_response_params(**settings)


class _Connector(aiohttp.TCPConnector):
    """Makes connections of this kind, and marks them as idle between requests."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(_Connection, loop=self._loop)  # type: ignore[assignment] # a subclass of the declared type

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        if isinstance(protocol, _Connection):
            protocol.is_idle = True
        super()._release(key, protocol, should_close=should_close)


def _proxy_for(url: str) -> str | None:
    """The proxy for an address by ``HTTPS_PROXY``, ``NO_PROXY`` and their kin. aiohttp's ``trust_env`` is not
    used: it runs a thread for each request, and would send passwords from ``.netrc``.
    """
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


class _ReplyTooLarge(Exception):
    """A reply is larger than any completion needs."""


def _request_id(headers: Mapping[str, str], keys: Redactor) -> str | None:
    return next((keys.clean_text(headers[name]) for name in _REQUEST_IDS if name in headers), None)


def _is_stream(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").startswith("text/event-stream")


async def _read(content: aiohttp.StreamReader, take: Callable[[bytes], None] | None = None) -> bytes:
    pieces = []
    size = 0
    async for piece in content.iter_any():
        if take is None:
            pieces.append(piece)
        else:
            take(piece)
        size += len(piece)
        if size > _LARGEST_REPLY:
            raise _ReplyTooLarge
    return b"".join(pieces)


@lru_cache(maxsize=4)
def _certificates(bundle: str | None) -> ssl.SSLContext:
    """The trust store of the system, and in addition the certificates in ``bundle``."""
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if bundle is not None:
        if not Path(bundle).is_file():
            raise ConfigError(f"models.ca_bundle = {bundle!r} is not a file; give a PEM file of certificates")
        try:
            context.load_verify_locations(cafile=bundle)
        except ssl.SSLError as error:
            raise ConfigError(f"models.ca_bundle = {bundle!r} holds no certificates: {error}") from error
    return context


def _no_completion(
    error: Exception, raw: bytes, *, model: str, where: str, request_id: str | None
) -> BadCompletion:
    """The error for a reply with a good status that cannot be decoded."""
    shown = raw[:80].decode("utf-8", "replace").strip()
    return BadCompletion(
        f"{model} answered with something that is not a completion ({error}); it begins {shown!r}. "
        f"Is {where} the API's base URL?",
        model=model,
        request_id=request_id,
        perhaps_billed=True,
    )


def _refusal(
    status: int,
    headers: Mapping[str, str],
    raw: bytes,
    *,
    model: str,
    where: str,
    key_hint: str,
    request_id: str | None,
) -> ModelError:
    """The error for a reply with an error status."""
    said = _message(raw)
    kind, message = _meaning(status, said, model=model, where=where, key_hint=key_hint)
    wait = retry_after(headers) if status in (408, 409, 429) or status >= 500 else None
    if wait is not None:
        message += f"; it asks to wait {wait:g} s"
    return kind(
        message,
        model=model,
        status=status,
        retry_after=wait,
        request_id=request_id,
        rates=rates_of(headers),
    )


def _meaning(
    status: int, said: str, *, model: str, where: str, key_hint: str
) -> tuple[type[ModelError], str]:
    """The class of the error for a status, and its message."""
    if status < 400:
        return (
            ModelError,
            f"{where} redirects {model} ({status}), which is not followed; name the address that it redirects to",
        )
    if status in (401, 403):
        return ModelError, f"{model} refused the key ({status}: {said}); check {key_hint}"
    if status == 402:
        return ModelError, f"{model} asks for payment (402: {said}); check your account"
    if status == 429:
        return RateLimited, f"{model} is rate limited (429: {said})"
    if status == 413 or (status == 400 and _OVERFLOW.search(said)):
        return ContextOverflow, f"{model} cannot take a prompt of this length ({status}: {said})"
    if status in (408, 409):
        return ModelUnavailable, f"{model} did not serve the request ({status}: {said}); try later"
    if status == 404:
        return (
            ModelError,
            f"{model} was not found at {where} (404: {said}); check the model's name and base URL",
        )
    if status >= 500:
        return ModelUnavailable, f"{model} is not available ({status}: {said}); try later"
    return ModelError, f"{model} refused the request ({status}: {said})"


def _message(raw: bytes) -> str:
    """The error message of a provider, as one line of bounded length."""
    text = raw[:20_000].decode("utf-8", "replace")
    try:
        body = msgspec.json.decode(raw) if len(raw) <= _LONGEST_ERROR else None
    except _UNREADABLE:
        body = None
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict):
        error = body.get("error", body)
        if isinstance(error, dict):
            parts = [str(error[key]) for key in ("code", "message") if error.get(key)]
            text = ": ".join(parts) or text
        elif isinstance(error, str):
            text = error
    line = " ".join(text.split())
    return line[:_SHOWN] + "…" if len(line) > _SHOWN else line or "no message"


@lru_cache(maxsize=64)
def _address(url: str) -> str:
    """A URL without user, password and query, which must not be shown."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _reason(error: BaseException) -> str:
    """Why a connection failed, in the words of the system."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error}; set models.ca_bundle or SSL_CERT_FILE"
    cause = getattr(error, "os_error", None) or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
