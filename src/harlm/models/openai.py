"""The adapter for OpenAI's chat completions, which vLLM, SGLang, llama.cpp, Ollama and others speak too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from harlm.errors import BadCompletion, ContextOverflow, ModelError, ModelUnavailable
from harlm.models.access import Endpoint
from harlm.models.http import Received, request_headers
from harlm.models.sent_keys import redactor_of
from harlm.models.usage import estimated_usage
from harlm.redact import Redactor
from harlm.types import LONGEST_REPLY, Completion, Message, Sampling, Usage

Stop = Literal["end", "length", "filter"]
_OLD_NAME, _NEW_NAME = "max_tokens", "max_completion_tokens"
_SHORT_REPLY = 1_024  # tokens, for a reply whose limit did not fit next to the prompt
_LONGEST_REFUSAL = 10_000  # characters
_MOST_DOLLARS = 1e6  # for one call; a larger reported cost is ignored
_STOPS: dict[str, Stop] = {
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filter",
}
_BROKEN_OFF = "broken off"  # a stream that ended without a finish reason; no server sends this value
_FAILED = frozenset(
    {"error", "insufficient_system_resource", _BROKEN_OFF}
)  # the first of OpenRouter, then DeepSeek


class _Said(msgspec.Struct):
    content: str | list[dict[str, Any]] | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    cost: float | None = None  # dollars; OpenRouter reports what it charged


class _Reply(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: Any = None  # some servers report errors with status 200


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Piece(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Event(msgspec.Struct):
    choices: list[_Piece] = []
    usage: _Usage | None = None
    error: Any = None


class _Pieces:
    """Puts the pieces of a streamed reply together, up to one character more than ``LONGEST_REPLY``.

    Args:
        on_text: called with all of the text so far when more arrives: with each piece of a short text, with each
            256th part of a long one, so that copying it takes time that is linear in its length.
        keys: hides the keys of the request, which may come in pieces too.
    """

    def __init__(self, on_text: Callable[[str], None], keys: Redactor) -> None:
        self._on_text = on_text
        self._keys = keys
        self._unread = bytearray()
        self._said: list[str] = []
        self._size = 0
        self._heard = 0  # characters with which ``on_text`` was last called
        self._refused = ""
        self._usage: _Usage | None = None
        self._error: Any = None
        self._finish: str | None = None
        self._garbage: msgspec.DecodeError | None = None

    def take(self, piece: bytes) -> None:
        """See ``harlm.models.http.Streamed``."""
        self._unread += piece
        if b"\n" not in piece:
            return
        whole, _, unread = self._unread.rpartition(b"\n")
        self._unread = unread
        try:
            for line in bytes(whole).replace(b"\r\n", b"\n").split(b"\n"):
                self._line(line)
        except msgspec.DecodeError as error:
            self._garbage = self._garbage or error
        if self._size - self._heard > self._size >> 8:
            self._heard = self._size
            self._on_text(self._keys.settled("".join(self._said)))

    def _say(self, text: str) -> None:
        text = text[: LONGEST_REPLY + 1 - self._size]
        if text:
            self._said.append(text)
            self._size += len(text)

    def _line(self, line: bytes) -> None:
        data = line.removeprefix(b"data:").strip()
        if not line.startswith(b"data:") or data == b"[DONE]":
            return
        event = msgspec.json.decode(data, type=_Event)
        self._usage = event.usage or self._usage
        self._error = event.error or self._error
        for choice in event.choices[:1]:
            if choice.delta.content:
                self._say(choice.delta.content)
            self._refused = (self._refused + (choice.delta.refusal or ""))[:_LONGEST_REFUSAL]
            self._finish = choice.finish_reason or self._finish

    def whole(self) -> _Reply:
        """See ``harlm.models.http.Streamed``."""
        self._line(bytes(self._unread))
        if self._garbage is not None:
            raise self._garbage
        if self._error is not None:
            return _Reply(choices=[], usage=self._usage, error=self._error)
        said = _Said(content="".join(self._said), refusal=self._refused or None)
        choice = _Choice(message=said, finish_reason=self._finish or _BROKEN_OFF)
        return _Reply(choices=[choice], usage=self._usage)


class OpenAIChat:
    """A model behind ``/chat/completions``.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.
    """

    def __init__(self, endpoint: Endpoint, window: int) -> None:
        self.name = endpoint.name
        self.window = window
        self._model = endpoint.model
        self._url = f"{endpoint.base_url}/chat/completions"
        # OpenAI's reasoning models refuse the old name; most other servers accept only the old one.
        self._limit_name = _NEW_NAME if "api.openai.com" in endpoint.base_url else _OLD_NAME
        self._headers = {"authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._key_hint = endpoint.key_hint
        self._keys = redactor_of(self._headers, self._url)
        self._transport = endpoint.transport
        self._streams = True  # until the server refuses to stream, or reports no usage for a stream

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request; see ``harlm.protocols.LanguageModel``."""
        body: dict[str, object] = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
        }
        if sampling.max_tokens is not None:
            body[self._limit_name] = sampling.max_tokens
        if sampling.temperature is not None:
            body["temperature"] = sampling.temperature
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if sampling.on_text is not None and self._streams:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        try:
            received = await self._post(body, sampling)
        except ModelError as error:
            if not self._adapts(body, error):
                raise
            received = await self._post(body, sampling)
        reply = received.value
        if not reply.choices:
            raise BadCompletion(
                f"{self.name} answered without any choice{_said_instead(reply.error)}; check the model's name and the server's log",
                model=self.name,
                request_id=received.request_id,
                perhaps_billed=reply.error is None,
            )
        choice = reply.choices[0]
        if choice.finish_reason in _FAILED:
            raise ModelUnavailable(
                f"{self.name} broke off its reply ({choice.finish_reason}); try later",
                model=self.name,
                request_id=received.request_id,
                perhaps_billed=True,
            )
        text = self._keys.clean_text(_text(choice.message))
        if "stream" in body and reply.usage is None:
            self._streams = False
        stop: Stop = "filter" if choice.message.refusal else _STOPS.get(choice.finish_reason or "", "end")
        return Completion(
            text=text,
            model=self.name,
            usage=_usage(reply.usage, messages, text),
            stop=stop,
            request_id=received.request_id,
            rates=received.rates,
        )

    async def _post(self, body: dict[str, object], sampling: Sampling) -> Received[_Reply]:
        hears = sampling.on_text if "stream" in body else None
        return await self._transport.post(
            self._url,
            headers=request_headers(self._headers, sampling),
            body=body,
            reply=_Reply,
            model=self.name,
            key_hint=self._key_hint,
            stream=None if hears is None else _Pieces(hears, self._keys),
        )

    def _adapts(self, body: dict[str, object], error: ModelError) -> bool:
        """Change ``body`` if the refusal was about the form of the request. Return whether it was changed.

        Some servers do not stream. Those of reasoning models accept the limit of a reply only under its new
        name. And if the window is smaller than assumed, a long limit does not fit next to the prompt.
        """
        if error.status in (400, 422) and "stream" in body and "stream" in str(error):
            self._streams = False
            del body["stream"], body["stream_options"]
            return True
        if error.status == 400 and _OLD_NAME in body and _NEW_NAME in str(error):
            self._limit_name = _NEW_NAME
            body[_NEW_NAME] = body.pop(_OLD_NAME)
            return True
        name = _OLD_NAME if _OLD_NAME in body else _NEW_NAME
        limit = body.get(name)
        if isinstance(error, ContextOverflow) and isinstance(limit, int) and limit > _SHORT_REPLY:
            body[name] = _SHORT_REPLY
            return True
        return False


def _text(said: _Said) -> str:
    if isinstance(said.content, list):
        return "".join(str(part.get("text") or "") for part in said.content)
    return said.content or said.refusal or ""


def _usage(reported: _Usage | None, messages: Sequence[Message], text: str) -> Usage:
    if reported is None or not (reported.prompt_tokens or reported.completion_tokens):
        return estimated_usage(messages, text)
    prompt, completion = reported.prompt_tokens_details, reported.completion_tokens_details
    return Usage(
        calls=1,
        input_tokens=max(0, reported.prompt_tokens or 0),
        output_tokens=max(0, reported.completion_tokens or 0),
        cached_tokens=max(0, (prompt.cached_tokens if prompt else None) or 0),
        reasoning_tokens=max(0, (completion.reasoning_tokens if completion else None) or 0),
        cost_micros=_micros(reported.cost),
    )


def _micros(dollars: float | None) -> int | None:
    """Micro-dollars, rounded up; None if the cost is unknown or absurd."""
    return (
        math.ceil(round(dollars * 1_000_000, 6))
        if dollars is not None and 0 <= dollars < _MOST_DOLLARS
        else None
    )


def _said_instead(error: Any) -> str:
    """The error message of a reply without choices, in parentheses; empty if it has none."""
    message = error.get("message") if isinstance(error, dict) else error
    return f" ({str(message)[:300]})" if message else ""
