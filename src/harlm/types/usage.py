"""Usage and budgets: tokens, money, calls and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import NamedTuple


class Amounts(NamedTuple):
    """What calls take from a budget: tokens of input and output together, micro-dollars, requests."""

    tokens: int = 0
    micros: int = 0
    calls: int = 0


_LIMITS: Sequence[tuple[str, str, type[Real | Integral]]] = (
    ("usd", "a number of dollars, such as 0.5", Real),
    ("tokens", "a whole number of tokens, such as 100_000", Integral),
    ("calls", "a whole number of requests, such as 50", Integral),
    ("seconds", "a number of seconds, such as 120", Real),
    ("depth", "a whole number of levels, such as 2", Integral),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may use at most, over its whole recursion. ``None`` means no limit.

    Attributes:
        usd: dollars.
        tokens: input and output tokens together.
        calls: model requests.
        seconds: wall time.
        depth: the deepest node that has its own REPL; 0 is the root alone.

    Raises:
        TypeError: a limit is no number of its kind.
        ValueError: a limit is negative.
    """

    usd: float | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None
    depth: int | None = None

    def __post_init__(self) -> None:
        for name, unit, kind in _LIMITS:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, kind):
                raise TypeError(f"Budget({name}={value!r}): {name} is {unit}; leave it out for no limit")
            if not float(value) >= 0:
                raise ValueError(
                    f"Budget({name}={value!r}): {name} is {unit}, at least 0; leave it out for no limit"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Early:
    """Calls that were made before their cell reached them (``harlm.scheduler``). They are part of the usage.

    Attributes:
        made: the number of early calls.
        claimed: how many of them their cells reached; the others were wasted.
        wasted_tokens, wasted_micros: the tokens and micro-dollars of the wasted calls; ``wasted_micros`` is
            ``None`` as soon as one price is unknown.
    """

    made: int = 0
    claimed: int = 0
    wasted_tokens: int = 0
    wasted_micros: int | None = 0

    @property
    def wasted(self) -> int:
        """The number of early calls that no cell reached."""
        return self.made - self.claimed

    def __add__(self, other: Early) -> Early:
        return Early(
            made=self.made + other.made,
            claimed=self.claimed + other.claimed,
            wasted_tokens=self.wasted_tokens + other.wasted_tokens,
            wasted_micros=_sum_known(self.wasted_micros, other.wasted_micros),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What calls have used. Usages add up: that of a run is the sum over its whole tree.

    Attributes:
        calls: model requests that were answered.
        input_tokens: all tokens sent, cached ones included.
        output_tokens: all tokens received, reasoning included.
        cached_tokens: input tokens that the provider served from its cache.
        cache_write_tokens: input tokens that the provider wrote to its cache.
        reasoning_tokens: output tokens of reasoning, which are not part of the reply's text.
        cost_micros: micro-dollars; ``None`` as soon as the price of one call is unknown.
        estimated: whether some token counts are estimates, because a provider reported none.
        unconfirmed_micros: micro-dollars of ``cost_micros`` for requests that ended without a reply, such as those that
            were cancelled: what they may have cost at most. The bill is lower by this much at most.
        by_model: the usage of each model.
        early: the calls that were made early, and how many of them were wasted; known for whole nodes only.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_micros: int | None = 0
    estimated: bool = False
    unconfirmed_micros: int = 0
    by_model: Mapping[str, Usage] = field(default_factory=dict)
    early: Early = field(default_factory=Early)

    def __add__(self, other: Usage) -> Usage:
        merged = dict(self.by_model)
        for model, usage in other.by_model.items():
            merged[model] = merged[model] + usage if model in merged else usage
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_micros=_sum_known(self.cost_micros, other.cost_micros),
            estimated=self.estimated or other.estimated,
            unconfirmed_micros=self.unconfirmed_micros + other.unconfirmed_micros,
            by_model=merged,
            early=self.early + other.early,
        )

    def of_model(self, model: str) -> Usage:
        """This usage, recorded under ``model``."""
        return replace(self, by_model={model: self})

    @property
    def cost_usd(self) -> float | None:
        """The cost in dollars; ``None`` if a price is unknown."""
        return None if self.cost_micros is None else self.cost_micros / 1_000_000


def summed(usages: Sequence[Usage]) -> Usage:
    """The sum of many usages, without ``by_model`` and ``early``; it takes an eighth of the time of ``+``."""
    costs = [usage.cost_micros for usage in usages if usage.cost_micros is not None]
    return Usage(
        calls=sum(usage.calls for usage in usages),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        cost_micros=sum(costs) if len(costs) == len(usages) else None,
        estimated=any(usage.estimated for usage in usages),
        unconfirmed_micros=sum(usage.unconfirmed_micros for usage in usages),
    )


def _sum_known(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right
