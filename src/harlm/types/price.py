"""What a model costs, in exact integers.

A price of 1 USD for a million tokens is one micro-dollar for each token. Prices are kept as whole
pico-dollars for each token, so that every bill is an integer.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from harlm.types.usage import Usage

PICOS = 1_000_000
"""Pico-dollars in a micro-dollar."""

BATCH_SHARE = 0.5
"""What a call costs in a batch of its provider, as a share of its price. OpenAI offers each model at a discount of 50 %
(Batch API FAQ, help.openai.com/en/articles/9197833), Anthropic charges half of the standard prices (Batch processing,
platform.claude.com/docs/en/build-with-claude/batch-processing); both read in December 2026.
"""

_Rate = Annotated[float, Meta(ge=0, le=100_000)]  # USD for a million tokens
_Count = Annotated[int, Meta(ge=1)]
_Share = Annotated[float, Meta(ge=0, le=1)]
_ANY_OUTPUT = 1 << 40  # tokens: more than any model writes


class Tier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Prices of calls whose whole input is longer than a limit, in USD for a million tokens.

    Attributes:
        above: the limit in input tokens, cached ones included; the tier applies to longer inputs.
        input, cached, cache_write, output: as in ``Price``.
    """

    above: _Count
    input: _Rate
    output: _Rate
    cached: _Rate | None = None
    cache_write: _Rate | None = None


class Price(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, dict=True
):
    """The price of one model, in USD for a million tokens, and the sizes it allows.

    Attributes:
        input: price of prompt tokens that no cache served.
        output: price of reply tokens, including reasoning.
        cached: price of tokens that the provider's cache served; ``None`` means the same as ``input``.
        cache_write: price of tokens written into the cache; ``None`` means the same as ``input``.
        window: the most tokens of one call, input and output together; ``None`` if unknown.
        max_output: the most tokens of one reply; ``None`` if unknown.
        tiers: prices of long prompts; of the tiers whose limit the input exceeds, the one with the highest
            limit applies.
        batch: what a call costs in a batch of the provider (``models.cheap``), as a share of all these prices.
    """

    input: _Rate
    output: _Rate
    cached: _Rate | None = None
    cache_write: _Rate | None = None
    window: _Count | None = None
    max_output: _Count | None = None
    tiers: tuple[Tier, ...] = ()
    batch: _Share = BATCH_SHARE

    @cached_property
    def in_batch(self) -> Price:
        """The price of calls in a batch of the provider."""
        tiers = tuple(_lowered(tier, self.batch) for tier in self.tiers)
        return msgspec.structs.replace(_lowered(self, self.batch), tiers=tiers)

    def picos(self, usage: Usage) -> int:
        """The cost of one call with this usage, in pico-dollars.

        Its whole input decides which tier applies.
        """
        rates = self._rates(usage.input_tokens)
        cached = min(usage.cached_tokens, usage.input_tokens)
        written = min(usage.cache_write_tokens, usage.input_tokens - cached)
        return (
            (usage.input_tokens - cached - written) * rates.input
            + cached * rates.cached
            + written * rates.cache_write
            + usage.output_tokens * rates.output
        )

    def bound_micros(self, input_tokens: int, output_tokens: int) -> int:
        """The most that a call can cost with up to these many tokens, in micro-dollars.

        It is the cost at the most expensive tier that the call can reach, with nothing cached, and with the
        whole prompt written into the cache if that costs more.
        """
        return max(
            -(-(input_tokens * rates.highest_input + output_tokens * rates.output) // PICOS)
            for rates in self._within_reach(input_tokens)
        )

    def affordable_output(self, input_tokens: int, micros: int) -> int:
        """The most output tokens for which ``bound_micros`` is at most ``micros``; negative if the input
        alone costs more.
        """
        left = [
            (micros * PICOS - input_tokens * rates.highest_input, rates.output)
            for rates in self._within_reach(input_tokens)
        ]
        if any(picos < 0 for picos, _ in left):
            return -1
        return min((picos // rate for picos, rate in left if rate), default=_ANY_OUTPUT)

    def _within_reach(self, input_tokens: int) -> list[_Rates]:
        """The rates of every tier that a call with up to ``input_tokens`` can be in."""
        return [rates for above, rates in self._tiered if above < max(input_tokens, 0)]

    def _rates(self, input_tokens: int) -> _Rates:
        for above, rates in reversed(self._tiered):
            if input_tokens > above:
                return rates
        return self._tiered[0][1]

    @cached_property
    def _tiered(self) -> tuple[tuple[int, _Rates], ...]:
        tiers = sorted(self.tiers, key=lambda tier: tier.above)
        return ((-1, _Rates(self)), *((tier.above, _Rates(tier)) for tier in tiers))


_Priced = TypeVar("_Priced", Price, Tier)


def _lowered(priced: _Priced, share: float) -> _Priced:
    """The same with this share of each price."""
    cached, written = priced.cached, priced.cache_write
    return msgspec.structs.replace(
        priced,
        input=priced.input * share,
        output=priced.output * share,
        cached=None if cached is None else cached * share,
        cache_write=None if written is None else written * share,
    )


FREE = Price(input=0, output=0)
"""The price of models that cost nothing: the offline model, and functions of the caller."""


class _Rates:
    """Prices as whole pico-dollars for each token."""

    __slots__ = ("cache_write", "cached", "highest_input", "input", "output")

    def __init__(self, priced: Price | Tier) -> None:
        self.input = round(priced.input * PICOS)
        self.output = round(priced.output * PICOS)
        self.cached = self.input if priced.cached is None else round(priced.cached * PICOS)
        self.cache_write = self.input if priced.cache_write is None else round(priced.cache_write * PICOS)
        self.highest_input = max(self.input, self.cached, self.cache_write)
