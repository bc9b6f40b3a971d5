"""What a model costs, in exact integers.

A price of 1 USD for a million tokens is one micro-dollar for each token. Prices are kept as whole
pico-dollars for each token, so that every bill is an integer.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.types.usage import Usage

PICOS = 1_000_000
"""Pico-dollars in a micro-dollar."""

_Rate = Annotated[float, Meta(ge=0, le=100_000)]  # USD for a million tokens
_Count = Annotated[int, Meta(ge=1)]
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
    """

    input: _Rate
    output: _Rate
    cached: _Rate | None = None
    cache_write: _Rate | None = None
    window: _Count | None = None
    max_output: _Count | None = None
    tiers: tuple[Tier, ...] = ()

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
