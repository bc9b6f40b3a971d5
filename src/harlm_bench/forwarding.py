"""A backend that passes requests on to a real endpoint of OpenAI's dialect, and its replies back, streams included.

Adds nothing to a request but the key and the wish for a usage report. Writes the key nowhere.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from harlm.errors import ConfigError
from harlm.testing import Request, Tokens
from harlm.testing.exchange import CHUNKED, EVENTS, Exchange, Fault, Headers, chunk
from harlm_bench.replies import Answer, EstimatedTokens, Passed, error, prompt_tokens, tokens_of

_KEPT = frozenset({"retry-after", "retry-after-ms", "content-type"})
_KEPT_START = "x-ratelimit-"
_USAGE = {"include_usage": True}


class Forward:
    """A real endpoint: a local server of weights, or a hosted one.

    Args:
        base_url: of OpenAI's dialect, such as ``http://127.0.0.1:8080/v1``.
        names: what the endpoint calls a model, by the name that systems use; others are passed on as they are.
        key_variable: the environment variable with the key; ``None`` for a server that needs none.
        timeout_s: how long one reply may take.

    Raises:
        ConfigError: the environment has no such key, or the address has no scheme.
    """

    def __init__(
        self,
        base_url: str,
        *,
        names: Mapping[str, str] | None = None,
        key_variable: str | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ConfigError(
                f"{base_url!r} is not an address; write it with its scheme, as http://127.0.0.1:8080/v1"
            )
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._names = names or {}
        self._headers = {"content-type": "application/json"} | _authorization(key_variable)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=30.0)
        self._session: aiohttp.ClientSession | None = None

    async def reply(self, request: Request) -> Answer:
        """What the endpoint says; status 502 or 504 if it cannot be reached or does not answer in time."""
        body = dict(request.body) | {"model": self._names.get(request.model, request.model)}
        if request.is_streamed:
            body["stream_options"] = {**(body.get("stream_options") or {}), **_USAGE}
        try:
            response = await self._opened().post(
                self._url, data=msgspec.json.encode(body), headers=self._headers
            )
            if request.is_streamed and response.status == 200:
                return Relayed(response)
            async with response:
                return _passed(response, await response.read(), request)
        except TimeoutError:
            return error(504, "the endpoint did not answer in time", kind="timeout")
        except aiohttp.ClientError as failure:
            return error(502, f"the endpoint cannot be reached: {type(failure).__name__}", kind="bad_gateway")

    def forget(self, question: str) -> None:
        """Nothing is kept for a question."""

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, trust_env=not _is_here(self._url)
            )
        return self._session


@dataclass(frozen=True, slots=True)
class Relayed(Fault):
    """A stream that is passed on, event by event. The usage report is kept from a client that did not ask for it.

    Attributes:
        response: of the endpoint.
        whole: gets all that the endpoint has sent, once it has ended well.
    """

    response: aiohttp.ClientResponse
    whole: Callable[[bytes], None] | None = None

    async def play(self, exchange: Exchange) -> None:
        """Pass it on, until either side ends."""
        wanted = bool((exchange.request.body.get("stream_options") or {}).get("include_usage"))
        prompt = EstimatedTokens(prompt_tokens(exchange.request), 0, 0)
        reading = _Reading(is_usage_wanted=wanted, tokens=prompt)
        lines: list[bytes] = []
        try:
            await exchange.begin(exchange.head(EVENTS, CHUNKED), reading.tokens)
            async for line in self.response.content:
                if self.whole is not None:
                    lines.append(line)
                if data := reading.passed(line):
                    await exchange.send(chunk(data))
            if self.whole is not None:
                self.whole(b"".join(lines))
            await exchange.begin(chunk(b""), reading.tokens)
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError):
            await exchange.begin(b"", reading.tokens)
            exchange.reset()
        finally:
            self.response.close()


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What was read of a stream.

    Attributes:
        is_usage_wanted: whether the report of the usage is passed on.
        tokens: the usage so far: estimated, with one token an event, until the stream reports it.
    """

    is_usage_wanted: bool
    tokens: Tokens
    _skips_blank: bool = False

    def passed(self, line: bytes) -> bytes:
        """What is sent on of a line."""
        if self._skips_blank and not line.strip():
            self._skips_blank = False
            return b""
        event = _event(line)
        if event is None:
            return line
        if event.get("usage"):
            self.tokens = tokens_of(event)
            if not self.is_usage_wanted and not event.get("choices"):
                self._skips_blank = True
                return b""
        else:
            self.tokens = self.tokens._replace(completion=self.tokens.completion + 1)
        return line


def whole_of(stream: bytes) -> dict[str, Any] | None:
    """The chat completion that the events of a stream make up, of one choice.

    Returns:
        ``None`` if the stream did not end well, or has more than the words of one choice, such as calls of tools.
    """
    events = [event for line in stream.splitlines() if (event := _event(line)) is not None]
    choices = [choice for event in events for choice in event.get("choices") or ()]
    ends = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    if not ends or any(
        choice.get("index") or (choice.get("delta") or {}).get("tool_calls") for choice in choices
    ):
        return None
    text = "".join((choice.get("delta") or {}).get("content") or "" for choice in choices)
    message = {"role": "assistant", "content": text}
    head = {name: events[0][name] for name in ("id", "model") if name in events[0]}
    usage = next((event["usage"] for event in reversed(events) if event.get("usage")), None)
    choice = {"index": 0, "message": message, "finish_reason": ends[-1]}
    return head | {"object": "chat.completion", "choices": [choice]} | ({"usage": usage} if usage else {})


def _event(line: bytes) -> dict[str, Any] | None:
    data = line.removeprefix(b"data:").strip()
    if data == line.strip() or data == b"[DONE]":
        return None
    try:
        event = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return None
    return event if isinstance(event, dict) else None


def _passed(response: aiohttp.ClientResponse, body: bytes, request: Request) -> Passed:
    tokens = _billed(response.status, body, request)
    return Passed(status=response.status, body=body, headers=_kept(response), tokens=tokens)


def _billed(status: int, body: bytes, request: Request) -> Tokens | None:
    if status != 200:
        return None
    try:
        completion = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    return tokens_of(completion, prompt_tokens(request)) if isinstance(completion, dict) else None


def _kept(response: aiohttp.ClientResponse) -> Headers:
    """The headers that clients act on; none that names a cookie, an account or an organisation."""
    named = ((name.lower(), value) for name, value in response.headers.items())
    return tuple((name, value) for name, value in named if name in _KEPT or name.startswith(_KEPT_START))


def _is_here(url: str) -> bool:
    """Whether an address is of this machine, to which no proxy leads."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _authorization(variable: str | None) -> dict[str, str]:
    if variable is None:
        return {}
    if not (key := os.environ.get(variable, "").strip()):
        raise ConfigError(f"the environment has no {variable}; set it to the key of the endpoint")
    return {"authorization": f"Bearer {key}"}
