"""Requests to a model, and its replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from harlm.types.price import Price
from harlm.types.usage import Usage

Stop = Literal["end", "length", "filter", "tool", "enough"]
"""Why a model stopped."""


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
        schema: a JSON Schema that the reply must follow. A server that does not support schemas ignores it or has
            it left out, so the caller must check the reply.
        choices: the texts of which the reply must be one, for servers that constrain replies; as ``schema``.
        logprobs: how many alternatives of each token are reported with their log probabilities.
        seed: for providers that support seeds; it also seeds ``random`` in the REPL.
        request_key: identifies the request, so that the provider serves a repeated request only once.
        on_text: called by models that can stream with the reply so far, each time more of it arrives;
            ``None`` asks for the whole reply at once.
        is_enough: asked after ``on_text``, with the same text, whether the caller has no use for the rest. A model
            that knows what a reply costs that is ended in the middle ends it then; others do not.
        on_rates: called by models that stream with the rate limits that the head of a reply states, before any of its
            text; with ``None`` if it states none.
        call: the number of the call in the trace, which the layers around a model report with what they do; 0 for none.
        request: the number of the request in the journal of the run, set by the meter; 0 for none.
        on_batch: called by models that collect requests, with ``request`` and the id of the provider's batch, once the
            request is part of it.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    schema: Mapping[str, object] | None = None
    choices: tuple[str, ...] = ()
    logprobs: int | None = None
    seed: int | None = None
    request_key: str | None = None
    on_text: Callable[[str], None] | None = None
    is_enough: Callable[[str], bool] | None = None
    on_rates: Callable[[Rates | None], None] | None = None
    call: int = 0
    request: int = 0
    on_batch: Callable[[int, str], None] | None = None


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
class ToolCall:
    """A call of a tool that a model made in its provider's own notation. HARLM gives models no tools.

    Attributes:
        name: the tool that the model named.
        arguments: as the model wrote them, usually JSON.
    """

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """One token of a reply.

    Attributes:
        token: its text.
        logprob: the natural logarithm of its probability.
        alternatives: tokens that could have stood there, with their log probabilities.
    """

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's reply.

    Attributes:
        text: the reply; empty if the model spent its tokens on something else, such as reasoning.
        model: the name of the model, as the caller knows it.
        usage: of this one call; an empty reply is paid for as well.
        stop: why the model stopped: ``end``, cut at ``length``, a ``filter`` of the provider, a call of a
            ``tool``, or because the caller had ``enough``.
        reason: the same in the provider's own word, such as ``SAFETY``; ``None`` if it stated none.
        thoughts: what the model wrote as its reasoning, which is not part of the reply.
        calls: the tools that the model called, though it was given none.
        logprobs: the tokens of the reply, if they were asked for and the provider reports them.
        served_by: the model that the provider says has answered; ``None`` if it does not say.
        request_id: the provider's id of the request.
        rates: the rate limits that the provider reported with the reply.
    """

    text: str
    model: str
    usage: Usage
    stop: Stop = "end"
    reason: str | None = None
    thoughts: str = ""
    calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    served_by: str | None = None
    request_id: str | None = None
    rates: Rates | None = None


SMALL = 4_000_000_000
"""Parameters up to which a model needs short rules: larger ones follow a page of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDescription:
    """What a server says about one of its models; ``None`` for what it does not say.

    Attributes:
        window: the tokens that the server gives a request, input and output together.
        parameters: how many the model has.
    """

    window: int | None = None
    parameters: int | None = None

    @property
    def is_small(self) -> bool:
        """Whether the model is known to need short rules."""
        return self.parameters is not None and self.parameters <= SMALL


LONGEST_REPLY = 2_000_000
"""The most characters of a reply. A longer one is cut where it enters the engine, and by adapters as it arrives: no
model writes as much, and everything that reads a reply does so in the event loop.
"""

RELIABLE_SHARE = 0.25
"""The share of its window in which a model is assumed to read reliably, unless it was measured for that
model. Published accuracy curves fall long before the window is full.
"""


_FIRST_TOKEN_S = 0.8  # seconds until the first token, of an average provider
_INPUT_PER_S, _OUTPUT_PER_S = 8_000, 60  # tokens per second
_LOCAL_S = 0.1  # seconds of a call of the built-in model


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

    def call_micros(self, input_tokens: int, output_tokens: int) -> int | None:
        """Micro-dollars of one call of this size, at most; ``None`` if the price is unknown."""
        return None if self.price is None else self.price.bound_micros(input_tokens, output_tokens)

    def call_seconds(self, input_tokens: int, output_tokens: int) -> float:
        """Seconds that one call of this size is expected to take. A rough figure for estimates: that of an average provider."""
        if self.is_local:
            return _LOCAL_S
        return _FIRST_TOKEN_S + input_tokens / _INPUT_PER_S + output_tokens / _OUTPUT_PER_S
