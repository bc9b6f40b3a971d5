"""How sure an answer is: the signals that speak for it, and the probability made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Acceptor = Literal["recount", "schema", "test"]
"""Code that decides about an answer and cannot err by chance. ``recount``: the answer was computed a second time.
``schema``: it fits the JSON Schema that was asked for. ``test``: a test of the caller passed.
"""

ACCEPTORS: tuple[Acceptor, ...] = ("recount", "schema", "test")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, both counted: ``Share(3, 4)`` is 3 of 4.

    Raises:
        ValueError: the part is negative or greater than the whole.
    """

    part: int
    whole: int

    def __post_init__(self) -> None:
        if not 0 <= self.part <= self.whole:
            raise ValueError(f"{self.part} of {self.whole} is not a share: use 0 <= part <= whole")

    def __str__(self) -> str:
        return f"{self.part:,} of {self.whole:,}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of a deterministic acceptor about an answer."""

    acceptor: Acceptor
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What speaks for or against an answer. ``None`` if it was not measured.

    Attributes:
        agreement: how many of the ways that decomposed the task differently came to this answer.
        coverage: items that were judged, of those that had to be.
        quotes: citations that were verified, of those that the model made.
        audit: items that were found wrong, of those that were drawn at random and checked.
        has_type: whether the answer has the form that the question asks for, such as a number.
        ran_clean: whether no cell raised an exception, nothing was cut, and the model finished by itself.
        is_found: whether the model says that the context holds the answer.
        logprob: mean probability of the tokens of the answer, or certainty of the judged items; 0 to 1.
        verdict: of a deterministic acceptor; it outranks all other signals.

    Raises:
        ValueError: ``logprob`` is not a probability.
    """

    agreement: Share | None = None
    coverage: Share | None = None
    quotes: Share | None = None
    audit: Share | None = None
    has_type: bool | None = None
    ran_clean: bool | None = None
    is_found: bool | None = None
    logprob: float | None = None
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        if self.logprob is not None and not (math.isfinite(self.logprob) and 0 <= self.logprob <= 1):
            raise ValueError(f"{self.logprob!r} is not a probability: use a number from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How probable it is that an answer is right.

    Attributes:
        value: 0 to 1; ``None`` is "no confidence": nothing is known that would justify a number.
        reasons: why it is this value, as sentences.
        signals: what it was made of.
        calibration: where the figures come from that turned signals into a probability; empty if none did.
    """

    value: float | None = None
    reasons: tuple[str, ...] = ()
    signals: Signals = field(default_factory=Signals)
    calibration: str = ""
