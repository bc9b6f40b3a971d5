"""The adapter for Gemini's generateContent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from harlm.errors import BadCompletion
from harlm.models.access import Endpoint
from harlm.models.http import request_headers
from harlm.models.sent_keys import redactor_of
from harlm.models.usage import estimated_usage
from harlm.types import Completion, Message, Sampling, Usage

_ENDS = frozenset({"STOP", "FINISH_REASON_UNSPECIFIED"})


class _Part(msgspec.Struct):
    text: str = ""
    thought: bool = False


class _Content(msgspec.Struct):
    parts: list[_Part] = []


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Reply(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] = []
    usage_metadata: _Usage | None = None
    prompt_feedback: _Feedback | None = None


class GeminiContent:
    """A model behind ``:generateContent``.

    Args:
        endpoint: the address and key of the model.
        window: tokens that fit.
    """

    def __init__(self, endpoint: Endpoint, window: int) -> None:
        self.name = endpoint.name
        self.window = window
        self._url = f"{endpoint.base_url.removesuffix('/v1beta')}/v1beta/models/{quote(endpoint.model)}:generateContent"
        self._headers = {"x-goog-api-key": endpoint.key} if endpoint.key else {}
        self._key_hint = endpoint.key_hint
        self._keys = redactor_of(self._headers, self._url)
        self._transport = endpoint.transport

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request; see ``harlm.protocols.LanguageModel``."""
        body: dict[str, object] = {
            "contents": [
                {
                    "role": "model" if message.role == "assistant" else "user",
                    "parts": [{"text": message.content}],
                }
                for message in messages
                if message.role != "system"
            ]
        }
        if system := [{"text": message.content} for message in messages if message.role == "system"]:
            body["systemInstruction"] = {"parts": system}
        wanted = {
            "maxOutputTokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "seed": sampling.seed,
        }
        if config := {key: value for key, value in wanted.items() if value is not None}:
            body["generationConfig"] = config
        received = await self._transport.post(
            self._url,
            headers=request_headers(self._headers, sampling),
            body=body,
            reply=_Reply,
            model=self.name,
            key_hint=self._key_hint,
        )
        reply = received.value
        if not reply.candidates:
            blocked = reply.prompt_feedback.block_reason if reply.prompt_feedback else None
            why = f"blocked the prompt: {blocked}" if blocked else "answered without any candidate"
            raise BadCompletion(
                f"{self.name} {why}",
                model=self.name,
                request_id=received.request_id,
                perhaps_billed=True,
            )
        text, reason = _text(reply)
        text = self._keys.clean_text(text)
        usage = (
            estimated_usage(messages, text) if reply.usage_metadata is None else _usage(reply.usage_metadata)
        )
        stop: Literal["end", "length", "filter"] = "length" if reason == "MAX_TOKENS" else "filter"
        return Completion(
            text=text,
            model=self.name,
            usage=usage,
            stop="end" if reason in _ENDS else stop,
            request_id=received.request_id,
            rates=received.rates,
        )


def _text(reply: _Reply) -> tuple[str, str]:
    """The text of the reply without the model's thoughts, and the reason why it ended."""
    candidate = reply.candidates[0]
    parts = candidate.content.parts if candidate.content else []
    return "".join(part.text for part in parts if not part.thought), candidate.finish_reason or "STOP"


def _usage(reported: _Usage) -> Usage:
    """The usage in HARLM's terms: thoughts are part of the output. Gemini counts them separately."""
    return Usage(
        calls=1,
        input_tokens=reported.prompt_token_count,
        output_tokens=reported.candidates_token_count + reported.thoughts_token_count,
        cached_tokens=reported.cached_content_token_count,
        reasoning_tokens=reported.thoughts_token_count,
        cost_micros=None,
    )
