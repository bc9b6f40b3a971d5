"""What a model costs, by its name: a dated snapshot, and exact bills. Never takes an unknown price for zero.

The arithmetic is written apart from ``harlm.budget.pricing``, so that the bill of the gateway checks the meter of HARLM.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from harlm.errors import ConfigError
from harlm.testing import Tokens
from harlm.types import Price

PICOS = 1_000_000
"""Pico-dollars in a micro-dollar. A price of 1 USD for a million tokens is so many for each token."""

_DATE = re.compile(r"[-@](\d{8}|\d{4}-\d\d-\d\d)$")


class Listing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The prices of one day.

    Attributes:
        date: the day, ISO 8601.
        models: prices by the model's name, without its provider.
    """

    date: str
    models: Mapping[str, Price]

    def of(self, model: str) -> Price | None:
        """The price of a model, whose name may have a provider before it and a date behind it; ``None`` if unknown."""
        name = model.rpartition("/")[2]
        return self.models.get(name) or self.models.get(_DATE.sub("", name))


@lru_cache(maxsize=1)
def snapshot() -> Listing:
    """The prices that this version ships with."""
    return _listing(files("harlm_bench").joinpath("prices.toml").read_text(encoding="utf-8"), "prices.toml")


def read(path: Path) -> Listing:
    """The prices in a file of the same form as ``prices.toml``.

    Raises:
        ConfigError: the file cannot be read, or is not of that form.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the prices in {path} cannot be read: {error}") from error
    return _listing(text, str(path))


def picos(price: Price, tokens: Tokens) -> int:
    """The exact bill of one call, in pico-dollars: cached tokens at their own price, reasoning as output."""
    cached_rate = price.input if price.cached is None else price.cached
    return (
        (tokens.prompt - tokens.cached) * round(price.input * PICOS)
        + tokens.cached * round(cached_rate * PICOS)
        + tokens.completion * round(price.output * PICOS)
    )


def _listing(text: str, name: str) -> Listing:
    try:
        return msgspec.convert(tomllib.loads(text), Listing)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(
            f'{name} cannot be used as prices: {error}. It holds a date and a table for each model, such as [models."gpt-5"] '
            "with input = 1.25 and output = 10.0 (USD for a million tokens)"
        ) from error
