"""What models cost: a dated snapshot of public price lists, a user's own prices above it, and exact arithmetic. Knows
prices and how a bill is made of them; refuses to know what a call was for, and never takes an unknown price for zero.

Money is exact. A price of 1 USD for a million tokens is one micro-dollar a token, so prices are kept as whole
pico-dollars a token, and a bill is an integer. ``Cents`` cuts bills into the integer micro-dollars of the ledger and carries
what is left over, so that a run's total differs from the exact sum by less than one micro-dollar.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from harlm.errors import ConfigError
from harlm.types import Usage

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
        """The most that a call can cost with up to so many tokens, in micro-dollars: at the dearest tier that it can
        reach, nothing cached, and all of it written into the cache if that is dearer.
        """
        return max(
            -(-(input_tokens * rates.dearest_input + output_tokens * rates.output) // PICOS)
            for rates in self._within_reach(input_tokens)
        )

    def affordable_output(self, input_tokens: int, micros: int) -> int:
        """The most tokens of output for which ``bound_micros`` is at most ``micros``; negative when the input alone
        costs more.
        """
        left = [
            (micros * PICOS - input_tokens * rates.dearest_input, rates.output)
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

    __slots__ = ("cache_write", "cached", "dearest_input", "input", "output")

    def __init__(self, priced: Price | Tier) -> None:
        self.input = round(priced.input * PICOS)
        self.output = round(priced.output * PICOS)
        self.cached = self.input if priced.cached is None else round(priced.cached * PICOS)
        self.cache_write = self.input if priced.cache_write is None else round(priced.cache_write * PICOS)
        self.dearest_input = max(self.input, self.cached, self.cache_write)


class Cents:
    """Cuts exact bills into whole micro-dollars, and carries the rest to the next."""

    def __init__(self) -> None:
        self._left_over = 0

    def micros(self, picos: int) -> int:
        """The micro-dollars to book for a bill. Never more than the bill rounded up."""
        whole, self._left_over = divmod(self._left_over + picos, PICOS)
        return whole


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A published table that the snapshot was made from."""

    package: str
    version: str
    licence: str


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A figure on which the sources differ, and what was taken."""

    model: str
    field: str
    values: Mapping[str, float]
    taken: float


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Prices as they were on one day.

    Attributes:
        date: ISO 8601.
        sources: where they come from.
        models: by full name, ``provider/name``.
        disagreements: between the sources.
    """

    date: str
    sources: tuple[Source, ...]
    models: Mapping[str, Price]
    disagreements: tuple[Disagreement, ...] = ()


@lru_cache(maxsize=1)
def snapshot() -> Snapshot:
    """The prices that this version of HARLM ships with; made by ``tools/prices.py``."""
    return msgspec.json.decode(files("harlm.budget").joinpath("prices.json").read_bytes(), type=Snapshot)


class PriceList:
    """The prices of a run: the user's own above those of the snapshot.

    Args:
        file: TOML with a table for each model; None or a file that is not there for none.
        own: above those of the file.

    Raises:
        ConfigError: the file cannot be used; it names the value.
    """

    def __init__(self, file: Path | None = None, own: Mapping[str, Price] | None = None) -> None:
        read: Mapping[str, Price] = {} if file is None or not file.is_file() else _read(file)
        self.own: Mapping[str, Price] = {**read, **(own or {})}

    def of(self, model: str) -> Price | None:
        """The price of a model by its full name; None when it is unknown.

        A model of the snapshot is also found with a date behind its name (``gpt-5-2025-08-07``), and, below
        ``openrouter/``, by the name that its maker gave it: OpenRouter asks what the maker asks.
        """
        if model in self.own:
            return self.own[model]
        if model.startswith(("offline/", "ollama/")) or _is_free_variant(model):
            return FREE
        known = snapshot().models
        return next((known[name] for name in _names(model) if name in known), None)


_MAKERS: Mapping[str, str] = {"openai": "openai", "anthropic": "anthropic", "google": "gemini"}
"""Makers by their names on OpenRouter; the maker's own prices are listed once."""

_ROUTES = (":batch", ":exacto", ":floor", ":nitro", ":thinking")
"""What OpenRouter lets one write behind a name and still serves the model as listed. Not so ``:extended`` and
``:online``, which cost more: their price is unknown.
"""

_DATE = re.compile(r"[-@](\d{8}|\d{4}-\d\d-\d\d)$")


def _is_free_variant(model: str) -> bool:
    return model.startswith("openrouter/") and model.endswith(":free")


def _names(model: str) -> tuple[str, ...]:
    """Names under which a model may be listed, the most exact first."""
    if not model.startswith("openrouter/"):
        return (model, _undated(model))
    base = next((model.removesuffix(route) for route in _ROUTES if model.endswith(route)), model)
    maker, _, name = base.removeprefix("openrouter/").partition("/")
    if maker not in _MAKERS:
        return (model, base, _undated(base))
    if maker == "anthropic":
        name = name.replace(".", "-")  # claude-sonnet-4.5 is claude-sonnet-4-5
    made = f"{_MAKERS[maker]}/{name}"
    return (model, base, _undated(base), made, _undated(made))


def _undated(name: str) -> str:
    return _DATE.sub("", name).removesuffix("-latest")


_EXAMPLE = (
    'It holds a table for each model, such as ["openai/my-model"] with input = 0.25 and output = 2.0 '
    "(USD for a million tokens)"
)


def _read(path: Path) -> Mapping[str, Price]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path} cannot be used as prices: {error}. {_EXAMPLE}") from error
    return {model: _read_price(path, model, table) for model, table in tables.items()}


def _read_price(path: Path, model: str, table: object) -> Price:
    try:
        return msgspec.convert(table, Price)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{path} cannot be used as prices: {model!r} = {table!r}: {error}. {_EXAMPLE}"
        ) from error
