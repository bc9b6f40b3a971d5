"""What a reply reports about its cost, in the terms of HARLM's books. What it does not report is estimated; never less
is booked than what was certainly used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm.tokens import estimate_tokens
from harlm.types import Message, Usage

_MOST_DOLLARS = 1e6  # for one call; a larger reported cost is ignored


@dataclass(slots=True)
class Counts:
    """The counts of one reply; ``None`` for what was not reported. ``prompt`` and ``completion`` hold all of the input
    and all of the output, as far as a provider's own numbers tell.

    Attributes:
        prompt: input tokens, those from and to a cache included.
        completion: output tokens.
        total: both together, as the provider counts it.
        cached, cache_write: input tokens read from and written to a cache.
        reasoning: output tokens of thoughts.
        dollars: what the provider has charged.
    """

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    dollars: float | None = None

    def take(self, other: Counts) -> None:
        """Take over later counts of the same reply. Counts only grow while a reply arrives, so the largest hold."""
        for name in self.__slots__:
            theirs = getattr(other, name)
            if theirs is not None and ((mine := getattr(self, name)) is None or theirs > mine):
                setattr(self, name, theirs)

    @property
    def is_empty(self) -> bool:
        """Whether no tokens were reported. Some servers report zeros for what they do not count."""
        return not (self.prompt or self.completion or self.total)


def usage_of(counts: Counts, messages: Sequence[Message], text: str) -> Usage:
    """The usage of one call.

    What the total has beyond prompt and completion is output: some providers count reasoning beside the completion.
    Where no total tells, reasoning that exceeds the completion stands beside it.

    Args:
        counts: as they were reported.
        messages: the prompt, to estimate from.
        text: all that the model wrote, thoughts included.
    """
    if counts.is_empty:
        return replace(estimated_usage(messages, text), cost_micros=_micros(counts.dollars))
    prompt, completion, total = counts.prompt, counts.completion or 0, counts.total or 0
    reasoning = counts.reasoning or 0
    estimated = False
    if not prompt:
        prompt = max(0, total - completion) if total and completion else 0
        if not prompt:
            guess = sum(estimate_tokens(message.content) for message in messages)
            prompt, estimated = min(guess, total) if total else guess, True
    output = max(completion, total - prompt)
    if reasoning > output or (not total and reasoning > completion):
        output = completion + reasoning
    if not output and text:
        output, estimated = estimate_tokens(text), True
    cached = counts.cached or 0
    return Usage(
        calls=1,
        input_tokens=max(prompt, cached),
        output_tokens=output,
        cached_tokens=cached,
        cache_write_tokens=counts.cache_write or 0,
        reasoning_tokens=min(reasoning, output),
        cost_micros=_micros(counts.dollars),
        estimated=estimated,
    )


def usage_so_far(counts: Counts, messages: Sequence[Message], text: str, pieces: int) -> Usage:
    """The usage of a reply that its caller has ended, before all of its usage was reported: at least what arrived.

    Args:
        counts: as far as they were reported.
        messages: the prompt.
        text: all that arrived.
        pieces: in which it arrived; each has at least one token.
    """
    usage = usage_of(counts, messages, text)
    output = max(usage.output_tokens, estimate_tokens(text), pieces)
    return replace(usage, output_tokens=output, cost_micros=None, estimated=True)


def estimated_usage(messages: Sequence[Message], text: str) -> Usage:
    """The usage of a call that sent ``messages`` and returned ``text``. Tokens are estimated."""
    return Usage(
        calls=1,
        input_tokens=sum(estimate_tokens(message.content) for message in messages),
        output_tokens=estimate_tokens(text),
        cost_micros=None,
        estimated=True,
    )


def _micros(dollars: float | None) -> int | None:
    """Micro-dollars, rounded up; ``None`` if the cost is unknown or absurd."""
    return (
        math.ceil(round(dollars * 1_000_000, 6))
        if dollars is not None and 0 <= dollars < _MOST_DOLLARS
        else None
    )
