"""Requests to a model, and its replies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harlm.types.price import Price
from harlm.types.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The sampling options of a request. ``None`` leaves the choice to the provider.

    Attributes:
        max_tokens: the most output tokens.
        temperature: 0 is the most repeatable.
        seed: for providers that support seeds; it also seeds ``random`` in the REPL.
        request_key: identifies the request, so that the provider serves a repeated request only once.
        on_text: called by models that can stream with the reply so far, each time more of it arrives;
            ``None`` asks for the whole reply at once.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    request_key: str | None = None
    on_text: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One rate limit of a provider.

    Attributes:
        limit: the most requests or tokens in each period, usually a minute.
        left: how many of them remain after the request that reported this.
        reset_s: seconds until the whole limit is available again; ``None`` if the provider does not say.
    """

    limit: int
    left: int
    reset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rate limits that a provider reports; ``None`` for a limit that it does not report."""

    requests: Rate | None = None
    tokens: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's reply.

    Attributes:
        text: the reply; empty if the model spent its tokens on something else, such as reasoning.
        model: the name of the model, as the caller knows it.
        usage: of this one call; an empty reply is paid for as well.
        stop: why the model stopped: ``end``, cut at ``length``, or a ``filter`` of the provider.
        request_id: the provider's id of the request.
        rates: the rate limits that the provider reported with the reply.
    """

    text: str
    model: str
    usage: Usage
    stop: Literal["end", "length", "filter"] = "end"
    request_id: str | None = None
    rates: Rates | None = None


LONGEST_REPLY = 2_000_000
"""The most characters of a reply. A longer one is cut where it enters the engine, and by adapters as it arrives: no
model writes as much, and everything that reads a reply does so in the event loop.
"""

RELIABLE_SHARE = 0.25
"""The share of its window in which a model is assumed to read reliably, unless it was measured for that
model. Published accuracy curves fall long before the window is full.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known about a model before it is called.

    Attributes:
        name: the full name, such as ``openai/gpt-5``.
        window: the most tokens of one call, input and output together.
        price: ``None`` if it is unknown.
        effective_window: tokens of the window that the model reads reliably; 0 stands for ``RELIABLE_SHARE``
            of the window.
    """

    name: str
    window: int
    price: Price | None = None
    effective_window: int = 0

    def __post_init__(self) -> None:
        if not self.effective_window:
            object.__setattr__(self, "effective_window", int(RELIABLE_SHARE * self.window))

    @property
    def is_local(self) -> bool:
        """Whether it is the built-in model, which answers without delay."""
        return self.name.startswith("offline/")
