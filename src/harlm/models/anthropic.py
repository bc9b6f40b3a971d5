"""The adapter for Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from harlm.models.access import Endpoint
from harlm.models.http import request_headers
from harlm.models.sent_keys import redactor_of
from harlm.models.usage import estimated_usage
from harlm.types import Completion, Message, Sampling, Usage

_VERSION = "2023-06-01"
_MAX_TOKENS = 8_192  # of a reply without a limit, since the API requires one
_STOPS: dict[str, Literal["end", "length", "filter"]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "filter",
}


class _Block(msgspec.Struct):
    type: str
    text: str | None = ""


class _Usage(msgspec.Struct):
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Reply(msgspec.Struct):
    content: list[_Block]
    stop_reason: str | None = None
    usage: _Usage | None = None


class AnthropicMessages:
    """A model behind ``/v1/messages``.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.
    """

    def __init__(self, endpoint: Endpoint, window: int) -> None:
        self.name = endpoint.name
        self.window = window
        self._model = endpoint.model
        self._url = f"{endpoint.base_url.removesuffix('/v1')}/v1/messages"
        self._headers = {
            "anthropic-version": _VERSION,
            **({"x-api-key": endpoint.key} if endpoint.key else {}),
        }
        self._key_hint = endpoint.key_hint
        self._keys = redactor_of(self._headers, self._url)
        self._transport = endpoint.transport

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request; see ``harlm.protocols.LanguageModel``."""
        body: dict[str, object] = {
            "model": self._model,
            "max_tokens": sampling.max_tokens or _MAX_TOKENS,
            "messages": _turns(messages),
        }
        if system := "\n\n".join(message.content for message in messages if message.role == "system"):
            body["system"] = system
        if sampling.temperature is not None:
            body["temperature"] = sampling.temperature
        received = await self._transport.post(
            self._url,
            headers=request_headers(self._headers, sampling),
            body=body,
            reply=_Reply,
            model=self.name,
            key_hint=self._key_hint,
        )
        reply = received.value
        text = self._keys.clean_text(
            "".join(block.text or "" for block in reply.content if block.type == "text")
        )
        usage = estimated_usage(messages, text) if reply.usage is None else _usage(reply.usage)
        stop = _STOPS.get(reply.stop_reason or "", "end")
        return Completion(
            text=text,
            model=self.name,
            usage=usage,
            stop=stop,
            request_id=received.request_id,
            rates=received.rates,
        )


def _turns(messages: Sequence[Message]) -> list[dict[str, object]]:
    """The messages without the system prompt. In a conversation the provider is asked to cache everything up
    to the last message, since the next turn repeats it.
    """
    turns: list[dict[str, object]] = [
        {"role": message.role, "content": message.content} for message in messages if message.role != "system"
    ]
    if len(turns) > 1:
        last = {"type": "text", "text": turns[-1]["content"], "cache_control": {"type": "ephemeral"}}
        turns[-1] = {"role": turns[-1]["role"], "content": [last]}
    return turns


def _usage(reported: _Usage) -> Usage:
    """The usage in HARLM's terms: cached tokens are part of the input. Anthropic counts them separately."""
    read, written = reported.cache_read_input_tokens or 0, reported.cache_creation_input_tokens or 0
    return Usage(
        calls=1,
        input_tokens=(reported.input_tokens or 0) + read + written,
        output_tokens=reported.output_tokens or 0,
        cached_tokens=read,
        cache_write_tokens=written,
        cost_micros=None,
    )
