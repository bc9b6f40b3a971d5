"""The reply in the body of a response of OpenAI's dialect: its words, its tokens and its first candidates. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model said.

    Attributes:
        text: its words.
        prompt, cached, completion: tokens, as the endpoint counts them; 0 if it does not.
        is_cut: whether the reply ended at its longest.
        first: the candidates for the first token with their log-probabilities, if they were asked for and given.
    """

    text: str
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    is_cut: bool = False
    first: Mapping[str, float] | None = None


class _Message(msgspec.Struct):
    content: str | None = None


class _Candidate(msgspec.Struct):
    token: str
    logprob: float


class _Place(msgspec.Struct):
    top_logprobs: list[_Candidate] = []


class _Logprobs(msgspec.Struct):
    content: list[_Place] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


def reply_in(raw: bytes) -> Reply | None:
    """The reply in the body of a response; ``None`` if there is none."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        read = msgspec.json.decode(raw, type=_Completion)
        if not read.choices:
            return None
        choice, usage = read.choices[0], read.usage or _Usage()
        places = (choice.logprobs.content if choice.logprobs else None) or []
        return Reply(
            text=choice.message.content or "",
            prompt=usage.prompt_tokens,
            cached=(usage.prompt_tokens_details.cached_tokens or 0) if usage.prompt_tokens_details else 0,
            completion=usage.completion_tokens,
            is_cut=choice.finish_reason == "length",
            first={each.token: each.logprob for each in places[0].top_logprobs} if places else None,
        )
    return None
