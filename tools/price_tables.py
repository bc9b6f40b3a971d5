"""Reads the published price tables inside the packages ``litellm`` and ``genai-prices``.

Handles the layout of each table. Does not choose between tables: ``tools.prices`` does.

Neither package is imported, so their dependencies need not be installed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, NamedTuple

from harlm.budget.pricing import Source

MAKERS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
"""The name of each maker on OpenRouter, by provider."""

_IN_GENAI = {
    "input": "input_mtok",
    "cached": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "output": "output_mtok",
}
_IN_LITELLM = {
    "input": "input_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "output": "output_cost_per_token",
}
_MILLION = Decimal(1_000_000)

Steps = Mapping[int, Decimal]
"""Prices by size of the input: each holds for calls with more input tokens than its key; 0 is for all
calls.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The figures of one table for one model.

    Attributes:
        rates: prices by field of ``Price``, in USD per million tokens.
        window: tokens of input and output of one call together, in a cautious reading of the table.
        window_at_most: the same, in the most generous reading.
        max_output: tokens of the longest reply.
        is_retired: whether the model is no longer served.
    """

    rates: Mapping[str, Steps]
    window: int | None = None
    window_at_most: int | None = None
    max_output: int | None = None
    is_retired: bool = False


class Table(NamedTuple):
    """A published table.

    Attributes:
        source: the package that contains it.
        names: returns the models of one of our providers.
        find: returns the entries of a model by provider and name, each with a label; several if its price
            depends on the date or the time of day.
    """

    source: Source
    names: Callable[[str], Iterable[str]]
    find: Callable[[str, str], Mapping[str, Entry]]


# -- litellm: one JSON object, prices per token, tiers in the names of keys ------------------------------


def read_litellm(package: Path, today: date) -> Table:
    """The table inside ``litellm``, as of ``today``."""
    text = (package / "model_prices_and_context_window_backup.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = json.loads(text, parse_float=Decimal)
    listed = {
        (each["litellm_provider"], name.removeprefix(f"{each['litellm_provider']}/")): each
        for name, each in table.items()
        if each.get("mode") in ("chat", "embedding") and each.get("litellm_provider") in MAKERS
    }
    known = {key: {"litellm": _litellm_entry(each, today)} for key, each in listed.items()}
    return Table(
        source=_source("litellm", package),
        names=lambda provider: [name for owner, name in known if owner == provider],
        find=lambda provider, name: known.get((provider, name), {}),
    )


def _litellm_entry(table: Mapping[str, Any], today: date) -> Entry:
    holds, writes = table.get("max_input_tokens"), table.get("max_output_tokens")
    retires = table.get("deprecation_date")
    rates = {field: _litellm_steps(table, key) for field, key in _IN_LITELLM.items() if table.get(key)}
    if table["mode"] == "embedding":
        rates["output"] = {0: Decimal(0)}  # vectors cost nothing
    return Entry(
        rates=rates,
        # The whole window for some models, only the input's part of it for others.
        window=int(holds) if holds else None,
        window_at_most=int(holds) + int(writes or 0) if holds else None,
        max_output=int(writes) if writes else None,
        is_retired=retires is not None and date.fromisoformat(retires) <= today,
    )


def _litellm_steps(table: Mapping[str, Any], key: str) -> Steps:
    steps = {0: _MILLION * Decimal(table[key])}
    for name, value in table.items():
        if (tier := re.fullmatch(rf"{key}_above_(\d+)k_tokens", name)) and value:
            steps[1000 * int(tier[1])] = _MILLION * Decimal(value)
    return steps


# -- genai-prices: a Python module of constructor calls, prices per million tokens -----------------------


class Called(NamedTuple):
    """A constructor call in the module that contains the table: the name of the class and the arguments."""

    name: str
    given: Mapping[str, Any]


def read_genai(package: Path, today: date) -> Table:
    """The table inside ``genai-prices``, as of ``today``. Read as syntax, since importing it needs
    pydantic.
    """
    module = ast.parse((package / "data.py").read_text(encoding="utf-8"))
    assigned = next(each.value for each in module.body if isinstance(each, ast.AnnAssign) and each.value)
    models = {each.given["id"]: [model.given for model in each.given["models"]] for each in _value(assigned)}

    def of(provider: str) -> list[Mapping[str, Any]]:
        return models[MAKERS.get(provider, provider)]

    def find(provider: str, name: str) -> Mapping[str, Entry]:
        """Look a model up as the package does: the first one whose clause matches."""
        found = next((model for model in of(provider) if _matches(model["match"], name.lower())), None)
        return {} if found is None else _genai_entries(found, today)

    return Table(
        source=_source("genai-prices", package),
        names=lambda provider: [model["id"] for model in of(provider)],
        find=find,
    )


def _value(node: ast.expr) -> Any:
    """The value of an expression of literals, lists and calls."""
    match node:
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=text)]):
            return Decimal(str(text))
        case ast.Call(func=ast.Attribute(attr="date"), args=[*parts]):
            return date(*(_value(part) for part in parts))
        case ast.Call(func=ast.Attribute(attr="time"), args=[*parts]):
            return ":".join(f"{_value(part):02}" for part in parts)
        case ast.Call(func=ast.Name(id=name)):
            return Called(name, {each.arg: _value(each.value) for each in node.keywords if each.arg})
        case ast.List(elts=parts):
            return [_value(part) for part in parts]
        case _:
            return ast.literal_eval(node)


def _matches(clause: Called, name: str) -> bool:
    [(kind, sought)] = clause.given.items()
    match kind:
        case "or_":
            return any(_matches(each, name) for each in sought)
        case "and_":
            return all(_matches(each, name) for each in sought)
        case "equals":
            return name == str(sought).lower()
        case "starts_with":
            return name.startswith(str(sought).lower())
        case "ends_with":
            return name.endswith(str(sought).lower())
        case "contains":
            return str(sought).lower() in name
        case "regex":
            return re.search(sought, name) is not None
        case _:
            raise ValueError(f"genai-prices has an unknown clause, {kind!r}; add it here")


def _genai_entries(model: Mapping[str, Any], today: date) -> Mapping[str, Entry]:
    def entry(prices: Called) -> Entry:
        return Entry(
            rates={
                field: _genai_steps(prices.given[key])
                for field, key in _IN_GENAI.items()
                if prices.given.get(key)
            },
            window=model.get("context_window"),
            window_at_most=model.get("context_window"),
            is_retired=bool(model.get("deprecated")),
        )

    if isinstance(model["prices"], Called):
        return {"genai-prices": entry(model["prices"])}
    entries = {}
    for each in model["prices"]:
        constraint = each.given.get("constraint")
        start = constraint.given.get("start_date") if constraint else date.min
        if start is None:
            label = f"genai-prices at {constraint.given['start_time']}"
        else:
            label = "genai-prices" if start <= today else f"genai-prices from {start}"
        entries[label] = entry(
            each.given["prices"]
        )  # several in force today have one label: the last one holds
    return entries


def _genai_steps(price: Decimal | Called) -> Steps:
    if isinstance(price, Decimal):
        return {0: price}
    return {0: price.given["base"]} | {
        tier.given["start"]: tier.given["price"] for tier in price.given["tiers"]
    }


def _source(package: str, folder: Path) -> Source:
    found = next((each for each in distributions(path=[str(folder.parent)]) if _is(package, each)), None)
    if found is None:
        raise SystemExit(f"{folder.parent} has no installed package {package}, so its version is unknown")
    return Source(package=package, version=found.version, licence=found.metadata["License-Expression"])


def _is(package: str, distribution: Distribution) -> bool:
    return distribution.metadata["Name"].lower().replace("_", "-") == package
