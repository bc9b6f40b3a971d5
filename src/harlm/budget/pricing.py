"""The prices of models: a dated snapshot of public price lists, a user's own prices above it, and exact
arithmetic.

Never takes an unknown price for zero. Does not depend on what a call was for.

Money is exact. A price of 1 USD per million tokens is one micro-dollar per token, so prices are kept as whole
pico-dollars per token, and a bill is an integer. ``Cents`` turns bills into the integer micro-dollars of the
ledger and carries the remainder over, so that a run's total differs from the exact sum by less than one
micro-dollar.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from harlm.config.tables import read_table
from harlm.config.values import in_short
from harlm.errors import ConfigError
from harlm.patterns import lazy_pattern
from harlm.types import FREE, PICOS, Price


class Cents:
    """Turns exact bills into whole micro-dollars, and carries the remainder over to the next bill."""

    def __init__(self) -> None:
        self._left_over = 0

    def micros(self, picos: int) -> int:
        """The micro-dollars to book for a bill of ``picos`` pico-dollars; never more than the bill rounded
        up.
        """
        whole, self._left_over = divmod(self._left_over + picos, PICOS)
        return whole


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A published price table from which the snapshot was made."""

    package: str
    version: str
    licence: str


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A figure on which the sources differ.

    Attributes:
        model: its full name.
        field: a field of ``Price``, with the tier it belongs to.
        values: the figure of each source.
        taken: the figure in the snapshot.
    """

    model: str
    field: str
    values: Mapping[str, float]
    taken: float


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of one day.

    Attributes:
        date: the day, ISO 8601.
        sources: the tables that the prices come from.
        models: prices by full name, ``provider/name``.
        disagreements: figures on which the sources differ by more than 1 %.
    """

    date: str
    sources: tuple[Source, ...]
    models: Mapping[str, Price]
    disagreements: tuple[Disagreement, ...] = ()


@lru_cache(maxsize=1)
def snapshot() -> Snapshot:
    """The prices that this version of HARLM ships with; ``tools/prices.py`` makes the file."""
    return msgspec.json.decode(files("harlm.budget").joinpath("prices.json").read_bytes(), type=Snapshot)


class PriceList:
    """The prices of a run: the user's own prices take precedence over those of the snapshot.

    Args:
        file: TOML with a table for each model; ``None`` or a missing file adds no prices.
        own: prices by full name; they take precedence over those of the file.

    Attributes:
        own: the user's own prices, by full name.

    Raises:
        ConfigError: the file cannot be used; the message names the value.
    """

    def __init__(self, file: Path | None = None, own: Mapping[str, Price] | None = None) -> None:
        read: Mapping[str, Price] = {} if file is None or not file.is_file() else _read(file)
        self.own: Mapping[str, Price] = {**read, **(own or {})}

    def window_of(self, model: str) -> int | None:
        """The window of a model by its full name, in tokens; ``None`` if it is unknown."""
        price = self.of(model)
        return None if price is None else price.window

    def of(self, model: str) -> Price | None:
        """The price of a model by its full name; ``None`` if it is unknown.

        A model of the snapshot is also found with a date after its name (``gpt-5-2025-08-07``) and, below
        ``openrouter/``, by its maker's name: OpenRouter charges the maker's price.
        """
        if model in self.own:
            return self.own[model]
        if model.startswith(("offline/", "ollama/", "local/")) or _is_free_variant(model):
            return FREE
        known = snapshot().models
        return next((known[name] for name in _names(model) if name in known), None)


_MAKERS: Mapping[str, str] = {"openai": "openai", "anthropic": "anthropic", "google": "gemini"}
"""Our provider name for each maker's name on OpenRouter; a maker's prices are listed once."""

_ROUTES = (":batch", ":exacto", ":floor", ":nitro", ":thinking")
"""Suffixes with which OpenRouter serves a model at its listed price. Not ``:extended`` and ``:online``, which
cost more: their price is unknown.
"""

_DATE = lazy_pattern(r"[-@](\d{8}|\d{4}-\d\d-\d\d)$")


def _is_free_variant(model: str) -> bool:
    return model.startswith("openrouter/") and model.endswith(":free")


def _names(model: str) -> tuple[str, ...]:
    """The names under which a model may be listed, the most exact first."""
    if not model.startswith("openrouter/"):
        return (model, _undated(model))
    base = next((model.removesuffix(route) for route in _ROUTES if model.endswith(route)), model)
    maker, _, name = base.removeprefix("openrouter/").partition("/")
    if maker not in _MAKERS:
        return (model, base, _undated(base))
    if maker == "anthropic":
        name = name.replace(".", "-")  # claude-sonnet-4.5 is claude-sonnet-4-5
    direct = f"{_MAKERS[maker]}/{name}"
    return (model, base, _undated(base), direct, _undated(direct))


def _undated(name: str) -> str:
    return _DATE.sub("", name).removesuffix("-latest")


_EXAMPLE = (
    'It holds a table for each model, such as ["openai/my-model"] with input = 0.25 and output = 2.0 '
    "(USD per million tokens)"
)


def _read(path: Path) -> Mapping[str, Price]:
    try:
        tables = read_table(path, may_be_link=True)
    except ConfigError as error:
        raise ConfigError(f"prices cannot be read: {error} {_EXAMPLE}") from error
    if tables is None:
        raise ConfigError(
            f"prices cannot be read: you may not read {path}; check its permissions. {_EXAMPLE}"
        )
    return {model: _read_price(path, model, table) for model, table in tables.items()}


def _read_price(path: Path, model: str, table: object) -> Price:
    try:
        return msgspec.convert(table, Price)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{path} cannot be used as prices: {in_short(model)} = {in_short(table)}: {error}. {_EXAMPLE}"
        ) from error
