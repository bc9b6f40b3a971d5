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
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from harlm.errors import ConfigError
from harlm.types import FREE, PICOS, Price


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

    def window_of(self, model: str) -> int | None:
        """The window of a model by its full name, in tokens; ``None`` if it is unknown."""
        price = self.of(model)
        return None if price is None else price.window

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
