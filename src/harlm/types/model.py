"""What goes to a model and what comes back."""

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
    """How a model is asked to sample. None leaves the choice to the provider.

    Attributes:
        max_tokens: the most tokens of output.
        temperature: 0 is the most repeatable.
        seed: for providers that know one; also seeds ``random`` in the REPL.
        request_key: names the request for the provider, so that one that is sent again is served once.
        on_text: called with the reply so far, each time more of it arrives, by models that can stream; None asks for it whole.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    request_key: str | None = None
    on_text: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many of something a provider takes in a time.

    Attributes:
        limit: for each minute, or whatever time the provider counts in.
        left: of it, after the request that this came with.
        reset_s: seconds until all of it is there again; None when not told.
    """

    limit: int
    left: int
    reset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a provider says of its rate limits. None where it says nothing."""

    requests: Rate | None = None
    tokens: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's reply.

    Attributes:
        text: the reply; empty when the model spent its tokens otherwise, and was paid for all the same.
        model: the name of the model, as the caller knows it.
        usage: of this one call.
        stop: why the model stopped: ``end``, cut at ``length``, or a ``filter`` of the provider.
        request_id: the provider's name for the request.
        rates: what the provider said of its rate limits along with the reply.
    """

    text: str
    model: str
    usage: Usage
    stop: Literal["end", "length", "filter"] = "end"
    request_id: str | None = None
    rates: Rates | None = None


RELIABLE_SHARE = 0.25
"""The share of its window in which a model is taken to read reliably, until it is measured for that model. Published curves fall
long before the window is full.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model before it is called.

    Attributes:
        name: full, such as ``openai/gpt-5``.
        window: tokens that one call can hold, input and output together.
        price: ``None`` if it is unknown.
        effective_window: tokens of it that the model reads reliably.
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
