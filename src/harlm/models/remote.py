"""What the adapters of all protocols share: a request is sent, adapted to what the endpoint refuses, and its reply read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from harlm.errors import (
    BadCompletion,
    ContextOverflow,
    ModelError,
    ModelUnavailable,
    QuotaExceeded,
    RateLimited,
)
from harlm.models.access import Endpoint
from harlm.models.addresses import joined
from harlm.models.descriptions import ask_description
from harlm.models.failures import LARGEST_REPLY
from harlm.models.http import Received, request_headers
from harlm.models.incoming import Incoming
from harlm.models.lenient import UNREADABLE
from harlm.models.rates import rates_of
from harlm.models.refusals import Refusing
from harlm.models.reply_reader import ReplyReader
from harlm.models.sent_keys import redactor_of
from harlm.models.streams import Takes
from harlm.models.usage import usage_of, usage_so_far
from harlm.types import Completion, Message, ModelDescription, Sampling, Stop

_MOST_ADAPTATIONS = 8  # requests of one call that were refused for their form
_STOPS: dict[str, Stop] = {
    **dict.fromkeys(
        ("length", "max_tokens", "model_length", "max_output_tokens", "token_limit", "model_context_window_exceeded"),
        "length",
    ),
    **dict.fromkeys(
        (
            "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
            "refusal", "sensitive", "guardrail_intervened", "language", "other", "image_safety", "content-filter",
        ),
        "filter",
    ),
    **dict.fromkeys(
        (
            "tool_calls", "tool_call", "tool_use", "function_call", "malformed_function_call", "unexpected_tool_call",
            "too_many_tool_calls",
        ),
        "tool",
    ),
}  # fmt: skip
_FAILED = frozenset(
    {"error", "insufficient_system_resource", "network_error", "abort", "aborted", "engine_error"}
)
"""Reasons that mean that the reply broke off, of OpenRouter, DeepSeek, Zhipu, SGLang and others."""


class RemoteModel(ABC):
    """A model at an endpoint. A subclass knows its protocol.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.

    Attributes:
        name: the full name.
        window: tokens that fit; what the server states replaces a default.
        model: the server's own name of the model.
        form: what its requests look like.
        seems_local: whether a reply showed that the server runs on a machine of the user's own.
    """

    reader: type[ReplyReader]

    def __init__(self, endpoint: Endpoint, window: int) -> None:
        self.name = endpoint.name
        self.window = window
        self.model = endpoint.model
        self.form = endpoint.form
        self.seems_local = False
        self.description: ModelDescription | None = None
        self._endpoint = endpoint
        self._refusals: tuple[str, Refusing] | None = None
        self._transport = endpoint.transport
        self._headers = dict(self.headers_of(endpoint))
        self._keys = redactor_of(self._headers, endpoint.base_url)

    @abstractmethod
    def headers_of(self, endpoint: Endpoint) -> Mapping[str, str]:
        """The headers of each request."""

    @abstractmethod
    def url(self, base_url: str, *, is_stream: bool) -> str:
        """The address of a request."""

    @abstractmethod
    def body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        """A request, in the form that the endpoint takes."""

    def is_stream(self, body: Mapping[str, Any], sampling: Sampling) -> bool:
        """Whether a request asks for a stream."""
        return "stream" in body

    @property
    def address(self) -> str:
        """Where requests go, as it may be shown."""
        return self._refusing().address

    @property
    def _has_stream_path(self) -> bool:
        """Whether streams are asked for at a path of their own, which a gateway may lack."""
        base = self._endpoint.base_url
        return self.url(base, is_stream=True) != self.url(base, is_stream=False)

    @property
    def knows_cost_of_part(self) -> bool:
        """Whether it is known what a reply costs that is ended in the middle: its server stops writing then, and
        all that it has written was seen.
        """
        return self.stops_when_left and not self.form.hides_thoughts

    @property
    def stops_when_left(self) -> bool:
        """Whether the server is known to stop writing, and charging, when its client closes the connection."""
        return False

    def is_path_missing(self, error: ModelError) -> bool:
        """Whether a refusal shows that the address lacks the ``/v1`` that servers of this protocol answer at."""
        return False

    async def describe(self) -> ModelDescription:
        """See ``harlm.protocols.Described``."""
        if self.description is None:
            self.description = await ask_description(self._endpoint, self._headers)
            if self.description.window is not None and self._endpoint.may_learn_window:
                self.window = self.description.window
        return self.description

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request, or several if the endpoint refuses its form; see ``harlm.protocols.LanguageModel``."""
        return await self.adapted(messages, sampling, lambda body: self._asked(body, messages, sampling))

    async def adapted(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        ask: Callable[[dict[str, Any]], Awaitable[Completion]],
    ) -> Completion:
        """The completion that ``ask`` gets for a request, in another form each time that the endpoint refuses it.

        Args:
            messages, sampling: of the request.
            ask: sends its body.

        Raises:
            ModelError: as ``ask`` raises it, if no other form may help.
        """
        for _ in range(_MOST_ADAPTATIONS):
            body = self.body(messages, sampling)
            try:
                return await ask(body)
            except ModelError as error:
                if not _is_refusal(error):
                    raise
                # Another call may have learned it in the meantime.
                if (
                    not self._adapts(body, error, is_stream=self.is_stream(body, sampling))
                    and self.body(messages, sampling) == body
                ):
                    raise
        return await ask(self.body(messages, sampling))

    def completion_in(
        self, reply: bytes, messages: Sequence[Message], sampling: Sampling, request_id: str | None
    ) -> Completion:
        """The completion in a whole reply that was received elsewhere, such as in the results of a batch.

        Args:
            reply: as the endpoint would have sent it.
            messages, sampling: of the request.
            request_id: the provider's id of it.

        Raises:
            ModelError: it is none.
        """
        reader = self.reader(None, self._keys, None)
        incoming = Incoming(reader)
        incoming.take(reply)
        received = Received(b"", {}, request_id)
        return self._read(reader, incoming, received, messages, sampling, asked_to_stream=False)

    def refusal_in(self, reply: bytes, status: int, request_id: str | None) -> ModelError:
        """The error for a refusal that was received elsewhere."""
        return self._refusing().with_status(status, {}, reply, request_id)

    async def fetch(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        body: object = b"",
        content_type: str = "application/json",
        into: Takes | None = None,
        most: int = LARGEST_REPLY,
    ) -> Received:
        """A request to another path of the endpoint, with its key; arguments and errors as of ``Transport.send``.

        Args:
            path: after the address; begins with a slash.
            content_type: of the body, if there is one.
        """

        async def ask() -> Received:
            url = joined(joined(self._endpoint.base_url, self.form.path), path)
            refusing = Refusing(model=self.name, where=url, key_hint=self._endpoint.key_hint, keys=self._keys)
            headers = {**self._headers, "content-type": content_type} if body else self._headers
            return await self._transport.send(
                method, url, headers=headers, body=body, refusing=refusing, into=into, most=most
            )

        try:
            return await ask()
        except ModelError as error:
            if not self.is_path_missing(error):
                raise
            return await self._below_version(ask)

    async def _below_version(self, ask: Callable[[], Awaitable[Received]]) -> Received:
        """What ``ask`` gets below ``/v1``. If that is missing too, it is not what the address lacks."""
        self.form.path = "/v1"
        try:
            return await ask()
        except ModelError:
            self.form.path = ""
            raise

    def _adapts(self, body: Mapping[str, Any], error: ModelError, *, is_stream: bool) -> bool:
        if (
            error.perhaps_billed
            or error.status in (401, 402, 429)
            or isinstance(error, QuotaExceeded | RateLimited)
        ):
            return False
        if error.status is None:
            return False
        if self.is_path_missing(error):
            self.form.path = "/v1"
            return True
        if is_stream and error.status in (404, 405, 501) and self._has_stream_path:
            self.form.streams = False
            return True
        return self.form.adapt(body, error.said, error.status, overflows=isinstance(error, ContextOverflow))

    async def _asked(
        self, body: dict[str, Any], messages: Sequence[Message], sampling: Sampling
    ) -> Completion:
        is_stream = self.is_stream(body, sampling)
        reader = self.reader(
            sampling.on_text if is_stream else None,
            self._keys,
            sampling.is_enough if self.knows_cost_of_part else None,
        )
        incoming = Incoming(reader)
        try:
            received = await self._transport.post(
                self.url(joined(self._endpoint.base_url, self.form.path), is_stream=is_stream),
                headers=request_headers(self._headers, sampling),
                body=body,
                refusing=self._refusing(),
                into=incoming,
                on_head=_rates_to(sampling) if is_stream else None,
            )
        except ModelUnavailable:
            if incoming.is_stream:
                self.form.stream_broke()
            raise
        return self._read(reader, incoming, received, messages, sampling, asked_to_stream=is_stream)

    def _read(
        self,
        reader: ReplyReader,
        incoming: Incoming,
        received: Received,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        asked_to_stream: bool,
    ) -> Completion:
        """The completion in a reply that has arrived.

        Raises:
            ModelError: it is none.
        """
        try:
            if not incoming.is_empty:
                incoming.end()
        except UNREADABLE as error:
            if incoming.is_stream:
                self.form.streams = False
            raise self._no_completion(error, incoming, received) from error
        self._check(reader, incoming, self._refusing(), received, asked_to_stream=asked_to_stream)
        self.seems_local |= received.server.startswith("llama.cpp")
        return self._completion(reader, messages, sampling, received)

    def _refusing(self) -> Refusing:
        if self._refusals is None or self._refusals[0] != self.form.path:
            self._refusals = (self.form.path, self._made_refusing())
        return self._refusals[1]

    def _made_refusing(self) -> Refusing:
        where = self.url(joined(self._endpoint.base_url, self.form.path), is_stream=False)
        return Refusing(model=self.name, where=where, key_hint=self._endpoint.key_hint, keys=self._keys)

    def _check(
        self,
        reader: ReplyReader,
        incoming: Incoming,
        refusing: Refusing,
        received: Received,
        *,
        asked_to_stream: bool,
    ) -> None:
        """Check that a reply is whole.

        Raises:
            ModelError: it is not, or is a refusal.
        """
        if reader.error is not None:
            has_ended = reader.reason is not None and _plain(reader.reason) not in _FAILED
            if reader.has_words and not has_ended:
                raise refusing.broken_off(reader.error, received)
            if not reader.has_words:
                raise refusing.with_status_200(reader.error, received)
        if reader.is_enough:
            return
        reason = _plain(reader.reason)
        is_cut = incoming.is_stream and not (reader.reason or reader.is_ended)
        if incoming.is_empty or is_cut or reason in _FAILED:
            if is_cut and asked_to_stream:
                self.form.streams = False  # the next attempt is asked for the whole reply
            why = "an empty reply" if incoming.is_empty else reader.reason or "the stream ended in the middle"
            raise ModelUnavailable(
                f"{self.name} broke off its reply ({why}) at {self.address}; try later",
                model=self.name,
                request_id=received.request_id,
                perhaps_billed=True,
            )
        if asked_to_stream and incoming.is_stream and reader.counts.is_empty:
            self.form.streams = False  # the usage of a stream is not reported

    def _completion(
        self, reader: ReplyReader, messages: Sequence[Message], sampling: Sampling, received: Received
    ) -> Completion:
        text, calls = self._keys.clean_text(reader.text), reader.calls
        thoughts = self._keys.clean_text(reader.thoughts) if reader.thoughts else ""
        stop = _STOPS.get(_plain(reader.reason), "end")
        if reader.refusal and not text.strip():
            text, stop = self._keys.clean_text(reader.refusal), "filter"
        if reader.blocks_prompt and not text:
            stop = "filter"
        if calls and stop == "end":
            stop = "tool"
        written = (
            "".join([text, thoughts, *(call.arguments for call in calls)]) if thoughts or calls else text
        )
        if reader.is_enough:
            stop, usage = "enough", usage_so_far(reader.counts, messages, written, reader.pieces)
        else:
            usage = usage_of(reader.counts, messages, written)
            self.form.hides_thoughts |= usage.reasoning_tokens > 0 and not thoughts
        return Completion(
            text=_chosen(text, sampling),
            model=self.name,
            usage=usage,
            stop=stop,
            reason=": ".join(filter(None, (reader.reason, self._keys.clean_text(reader.explanation))))
            or None,
            thoughts=thoughts,
            calls=calls,
            logprobs=tuple(reader.logprobs),
            served_by=reader.served_by,
            request_id=received.request_id,
            rates=received.rates,
        )

    def _no_completion(self, error: Exception, incoming: Incoming, received: Received) -> BadCompletion:
        return BadCompletion(
            f"{self.name} answered with something that is not a completion ({error}); it begins "
            f"{self._keys.clean_text(incoming.shown)!r}. Is {self.address} the API's base URL?",
            model=self.name,
            request_id=received.request_id,
            perhaps_billed=True,
        )


def _rates_to(sampling: Sampling) -> Callable[[Mapping[str, str]], None] | None:
    """Passes on what the head of a reply states of rate limits; ``None`` if no caller asks for it."""
    on_rates = sampling.on_rates
    return None if on_rates is None else lambda headers: on_rates(rates_of(headers))


def _plain(reason: str | None) -> str:
    """A reason for the end as it is looked up: without case and without what explains it."""
    return (reason or "").lower().partition(":")[0].strip()


def _is_refusal(error: ModelError) -> bool:
    """Whether an error may be about the form of the request."""
    if error.perhaps_billed or error.status is None or isinstance(error, QuotaExceeded | RateLimited):
        return False
    return error.status not in (401, 402, 429)


def _chosen(text: str, sampling: Sampling) -> str:
    """The choice in a reply that was asked for by a schema; the reply itself if it is not of that form."""
    if not sampling.choices or text in sampling.choices:
        return text
    try:
        choice = msgspec.json.decode(text, type=dict[str, Any]).get("choice")
    except UNREADABLE:
        return text.strip()
    return choice if isinstance(choice, str) else text
