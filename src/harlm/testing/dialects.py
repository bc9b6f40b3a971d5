"""The JSON of chat requests and replies in the dialects of OpenAI, Anthropic and Gemini. No sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

OPENAI = "/completions"
"""The end of the path in OpenAI's dialect, the one that streams here."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent.

    Attributes:
        path: of the URL.
        headers: with lower-case names.
        body: the JSON object; empty if the body is anything else.
        number: 0, 1, 2, … in order of arrival.
        method: of HTTP.
        data: the body as it came.
    """

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    number: int = 0
    method: str = "POST"
    data: bytes = b""

    @property
    def end(self) -> str:
        """The end of the path, which says what is asked for: ``/completions``, ``:generateContent``."""
        return self.path[max(self.path.rfind("/"), self.path.rfind(":")) :]

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return str(self.body.get("model") or self.path.rpartition("/")[2].partition(":")[0])

    @property
    def messages(self) -> list[tuple[str, str]]:
        """The conversation as (role, text), the system's part first, in every dialect."""
        if "contents" in self.body:
            system = self.body.get("systemInstruction")
            turns = [(turn["role"], _text(turn.get("parts", ()))) for turn in self.body["contents"]]
            return turns if system is None else [("system", _text(system.get("parts", ()))), *turns]
        system = [("system", str(self.body["system"]))] if "system" in self.body else []
        return system + [(turn["role"], _text(turn["content"])) for turn in self.body.get("messages", ())]

    @property
    def prompt(self) -> str:
        """The text of the last message."""
        return self.messages[-1][1]

    @property
    def max_tokens(self) -> int | None:
        """The most completion tokens that the request allows; ``None`` if it sets no limit."""
        most = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        return most if isinstance(most, int) else None

    @property
    def is_streamed(self) -> bool:
        """Whether the reply is to be sent as events."""
        return "stream" in self.body and bool(self.body["stream"]) and self.end == OPENAI


class Tokens(NamedTuple):
    """What a reply costs. ``cached`` is part of ``prompt``, ``reasoning`` is part of ``completion``."""

    prompt: int
    cached: int
    completion: int
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class ModelReply:
    """What the model says, and what it costs."""

    request: Request
    text: str
    tokens: Tokens
    finish: str = "stop"

    def completion(self) -> dict[str, Any]:
        """The JSON of a whole reply, in the dialect of the request."""
        return SHAPES[self.request.end](self)

    def text_events(self) -> Iterator[bytes]:
        """OpenAI's server-sent events of the text, one a line."""
        for line in self.text.splitlines(keepends=True):
            yield text_event(self.request, line)

    def last_events(self) -> bytes:
        """The events after the text: the reason of the end, the usage if it was asked for, and ``[DONE]``."""
        end = event(self.request, choices=[{"index": 0, "delta": {}, "finish_reason": self.finish}])
        if (self.request.body.get("stream_options") or {}).get("include_usage"):
            end += event(self.request, choices=[], usage=_openai_usage(self.tokens))
        return end + b"data: [DONE]\n\n"


def estimated_tokens(request: Request) -> int:
    """Prompt tokens as these servers estimate them: a fourth of the characters."""
    return sum(len(text) for _, text in request.messages) // 4 + 1


def text_event(request: Request, text: str) -> bytes:
    """OpenAI's server-sent event of a piece of text."""
    return event(request, choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])


def event(request: Request, **parts: object) -> bytes:
    """One server-sent event of OpenAI's dialect."""
    head = {"id": f"chatcmpl-{request.number}", "object": "chat.completion.chunk", "model": request.model}
    return b"data: %b\n\n" % msgspec.json.encode(head | parts)


def _openai(reply: ModelReply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text}
    return {
        "id": f"chatcmpl-{reply.request.number}",
        "object": "chat.completion",
        "model": reply.request.model,
        "choices": [{"index": 0, "finish_reason": reply.finish, "message": message}],
        "usage": _openai_usage(reply.tokens),
    }


def _openai_usage(tokens: Tokens) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.prompt + tokens.completion,
        "prompt_tokens_details": {"cached_tokens": tokens.cached},
    }
    if tokens.reasoning:
        usage["completion_tokens_details"] = {"reasoning_tokens": tokens.reasoning}
    return usage


def _anthropic(reply: ModelReply) -> dict[str, Any]:
    return {
        "id": f"msg_{reply.request.number}",
        "type": "message",
        "role": "assistant",
        "model": reply.request.model,
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": {"stop": "end_turn", "length": "max_tokens"}.get(reply.finish, reply.finish),
        "usage": {
            "input_tokens": reply.tokens.prompt - reply.tokens.cached,
            "cache_read_input_tokens": reply.tokens.cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": reply.tokens.completion,
        },
    }


def _gemini(reply: ModelReply) -> dict[str, Any]:
    finish = {"stop": "STOP", "length": "MAX_TOKENS"}.get(reply.finish, reply.finish)
    content = {"role": "model", "parts": [{"text": reply.text}]}
    return {
        "candidates": [{"content": content, "finishReason": finish}],
        "usageMetadata": {
            "promptTokenCount": reply.tokens.prompt,
            "candidatesTokenCount": reply.tokens.completion
            - reply.tokens.reasoning,  # Gemini counts them apart
            "cachedContentTokenCount": reply.tokens.cached,
            "thoughtsTokenCount": reply.tokens.reasoning,
        },
    }


SHAPES: Mapping[str, Callable[[ModelReply], dict[str, Any]]] = {
    OPENAI: _openai,
    "/messages": _anthropic,
    ":generateContent": _gemini,
    ":streamGenerateContent": _gemini,
}
"""The shape of a whole reply, by the end of the path."""


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
