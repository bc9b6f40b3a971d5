"""What a model costs, in exact integers.

A price of 1 USD for a million tokens is one micro-dollar a token, so prices are kept as whole pico-dollars a token, and a bill is an
integer.
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
        above: tokens of input, cached ones included; the tier holds from one token more.
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
    """What one model costs, in USD for a million tokens, and what it holds.

    Attributes:
        input: tokens of the prompt that no cache served.
        output: tokens of the reply, thoughts included.
        cached: tokens that the provider's cache served; as ``input`` when None.
        cache_write: tokens written into the cache; as ``input`` when None.
        window: tokens that one call can hold, input and output together; None when unknown.
        max_output: the most tokens of one reply; None when unknown.
        tiers: prices of long prompts; the one with the highest limit that the input exceeds holds.
    """

    input: _Rate
    output: _Rate
    cached: _Rate | None = None
    cache_write: _Rate | None = None
    window: _Count | None = None
    max_output: _Count | None = None
    tiers: tuple[Tier, ...] = ()

    def picos(self, usage: Usage) -> int:
        """What ``usage`` of one call costs, in pico-dollars. The tier is chosen by the whole input of the call."""
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
        """The most that a call can cost with up to these tokens, in micro-dollars: at the most expensive tier that it can
        reach, nothing cached, and all of it written into the cache if that costs more.
        """
        return max(
            -(-(input_tokens * rates.highest_input + output_tokens * rates.output) // PICOS)
            for rates in self._within_reach(input_tokens)
        )

    def affordable_output(self, input_tokens: int, micros: int) -> int:
        """The most tokens of output for which ``bound_micros`` is at most ``micros``; negative when the input alone
        costs more.
        """
        left = [
            (micros * PICOS - input_tokens * rates.highest_input, rates.output)
            for rates in self._within_reach(input_tokens)
        ]
        if any(picos < 0 for picos, _ in left):
            return -1
        return min((picos // rate for picos, rate in left if rate), default=_ANY_OUTPUT)

    def _within_reach(self, input_tokens: int) -> list[_Rates]:
        """The rates of calls with up to so much input."""
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
"""The price of models that cost nothing: the offline model, functions of the caller."""


class _Rates:
    """Prices as whole pico-dollars a token."""

    __slots__ = ("cache_write", "cached", "highest_input", "input", "output")

    def __init__(self, priced: Price | Tier) -> None:
        self.input = round(priced.input * PICOS)
        self.output = round(priced.output * PICOS)
        self.cached = self.input if priced.cached is None else round(priced.cached * PICOS)
        self.cache_write = self.input if priced.cache_write is None else round(priced.cache_write * PICOS)
        self.highest_input = max(self.input, self.cached, self.cache_write)
