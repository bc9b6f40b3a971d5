"""The result of one question put to one system: a line of the journal. No I/O."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["answered", "no answer", "limit", "crashed", "not installed", "endpoint"]
"""``endpoint``: the model could not be reached or answered nonsense. All of them count as wrong but ``not installed`` and
``endpoint``, which are shown beside the score and never dropped from the denominator."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """One request on the clock of its question.

    Attributes:
        begin_s, end_s: seconds since the question was opened.
        role: which model was asked.
        tokens: of the prompt and the reply.
        is_refused: whether it was refused or failed.
    """

    begin_s: float
    end_s: float
    role: Literal["root", "sub"]
    tokens: int = 0
    is_refused: bool = False


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway counted for one question.

    Attributes:
        calls: requests that were answered.
        refused: requests that were refused (rate limits, budget, window) or failed.
        prompt, cached, completion: tokens as the model's own usage says; ``cached`` is part of ``prompt``.
        micro_usd: the bill; ``None`` if it is unknown: a model has no price, or a reply had no usage.
        most_in_flight: the most requests under way at once.
        busy_s: the time in which at least one request was under way.
        call_s: the sum of the times of all requests.
        timeline: the first requests, in the order in which they began. Empty if the gateway keeps none.
    """

    calls: int = 0
    refused: int = 0
    prompt: int = 0
    cached: int = 0
    completion: int = 0
    micro_usd: int | None = None
    most_in_flight: int = 0
    busy_s: float = 0.0
    call_s: float = 0.0
    timeline: tuple[Span, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a system did with one question.

    Attributes:
        text: the answer; empty if there is none.
        status: how it ended.
        reason: why it ended so, if it is not ``answered``.
        wall_s: seconds from the question to the answer.
        cpu_s: CPU of the system itself: this process's, or that of the process of a rival.
        notes: what the system says of itself, such as the mode that it chose or what it thinks that it spent
            (``meter_micro_usd``).
    """

    text: str
    status: Status
    reason: str = ""
    wall_s: float
    cpu_s: float
    notes: dict[str, str | int | float] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal.

    Attributes:
        system: its name with its version, such as ``rlms 0.1.3, depth 1``.
        task, version, seed, tokens, window: the window.
        digest: of the window; a result is used again only for the same one.
        question, kind: which question.
        gold: the right answer; of a secret window its keyed digest, as in ``outcome.text``.
        score: 0 to 1.
        outcome, usage: what the system did, and what it cost.
    """

    system: str
    task: str
    version: int
    seed: int
    tokens: int
    window: str
    digest: str
    question: str
    kind: str
    gold: str
    score: float
    outcome: Outcome
    usage: Usage
