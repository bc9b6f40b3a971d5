"""Makes ``src/harlm/budget/prices.json`` from two published tables: those inside the packages ``litellm`` and
``genai-prices``. Knows where the tables keep what, and which models are worth a line; knows no price itself.

    python tools/prices.py --litellm SITE/litellm --genai SITE/genai_prices

Neither package is imported, so nothing that they depend on has to be installed. The rules:

1. A model is listed when a pattern of ``WANTED`` names it, none of ``UNWANTED`` does, and no table calls it retired.
2. What only one table knows is taken from that one.
3. Of two prices the higher is taken, since a budget must not be overdrawn. A rise that is announced for a later day
   counts already: the snapshot will outlive that day. Prices that differ by more than 1 % are written down.
4. Of two windows, and of two longest replies, the smaller is taken.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.metadata import Distribution, distributions
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harlm.budget.pricing import Disagreement, Snapshot, Source
from harlm.types import Price, Tier

TARGET = Path(__file__).parents[1] / "src" / "harlm" / "budget" / "prices.json"

WANTED: Mapping[str, Sequence[str]] = {
    "openai": (
        r"gpt-4o(-mini)?",
        r"gpt-4\.1(-mini|-nano)?",
        r"gpt-5(\.\d)?(-mini|-nano|-sol|-terra|-luna)?",
        r"gpt-6(\.\d)?-(sol|terra|luna|astra)",
        r"o[34](-mini)?",
        r"text-embedding-(3-(small|large)|ada-002)",
    ),
    "anthropic": (r"claude-(haiku|sonnet|opus|fable)-\d(-\d)?",),
    "gemini": (
        r"gemini-(2\.5|[3-9](\.\d)?)-(pro|flash|flash-lite|argon|hydrogen)(-preview)?",
        r"gemini-(pro|flash|flash-lite)-latest",
    ),
    "openrouter": (
        r"cohere/command-a-plus",
        r"deepseek/deepseek-(r1-0528|v3\.2)",
        r"deepseek/deepseek-v[4-9](\.\d)?-(flash|pro)(-\d{4})?",
        r"google/gemma-3-27b-it",
        r"google/gemma-[4-9]-\d+b(-a\d+b)?-it",
        r"meta-llama/llama-(3\.1-8b|3\.1-70b|3\.3-70b)-instruct",
        r"meta-llama/llama-[4-9]-\w+",
        r"microsoft/phi-[4-9]",
        r"minimax/minimax-m(2\.\d|[3-9](\.\d)?)",
        r"mistralai/(codestral-2508|devstral-2512|ministral-8b-2512|mistral-large-2512|mistral-small-2603)",
        r"mistralai/mistral-(nemo|large-4-0|medium-3-5|small-3\.2-24b-instruct)",
        r"moonshotai/kimi-k2-thinking",
        r"moonshotai/kimi-k\d\.\d(-code|-pro)?",
        r"moonshotai/kimi-k[3-9]",
        r"nvidia/nemotron-[3-9](\.\d)?-(nano|super|ultra|lightning)(-\d+b-a\d+b)?",
        r"openai/gpt-oss-\d+b",
        r"qwen/qwen3-(8b|14b|32b|(30b-a3b|235b-a22b)(-instruct|-thinking)?-2507)",
        r"qwen/qwen3-(coder(-30b-a3b-instruct|-next)?|max|next-80b-a3b-instruct)",
        r"qwen/qwen3\.[5-9]-(\d+b(-a\d+b)?|2\.4t-a95b|flash|plus|max(-0902)?)",
        r"x-ai/grok-(\d\.\d+|code-fast-1)",
        r"xiaomi/mimo-v2\.[6-9]-(flash|pro)",
        r"z-ai/glm-(4\.5-air|4\.6|4\.7(-flash)?|[5-9](\.\d)?(-flash)?)",
    ),
}
"""Patterns of the names worth a line, by provider. Closed models below ``openrouter/`` need none: ``PriceList`` looks
them up by their makers' names. Neither do models that answer at ``/responses`` only: we cannot ask them.
"""

UNWANTED: Sequence[str] = (
    r"anthropic/claude-(opus|sonnet)-4-[01]",  # retired; genai-prices keeps them for old bills
    r"openai/gpt-5\.3",  # never was a model of the API
)
"""Exceptions from ``WANTED``."""

FIELDS = ("input", "cached", "cache_write", "output")
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
_MAKERS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
_MILLION = Decimal(1_000_000)
_PICO = Decimal("0.000001")  # of USD per million tokens: one pico-dollar a token
_DIFFERS = Decimal("1.01")
_AT_MOST = 60_000  # bytes of the file that is written

Steps = Mapping[int, Decimal]
"""A price by size: from which input on it holds, exclusively, 0 for always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one table says about one model.

    Attributes:
        rates: by field of ``Price``, in USD for a million tokens.
        window: input and output of one call together, cautiously read.
        window_at_most: the same, boldly read.
        max_output: the longest reply.
        is_retired: whether it cannot be asked any more.
    """

    rates: Mapping[str, Steps]
    window: int | None = None
    window_at_most: int | None = None
    max_output: int | None = None
    is_retired: bool = False


class Table(NamedTuple):
    """A published table.

    Attributes:
        names: what it knows of one of our providers.
        find: what it says of a model, by provider and name; more than one entry, by where it is from, when a price
            does not hold always.
    """

    source: Source
    names: Callable[[str], Iterable[str]]
    find: Callable[[str, str], Mapping[str, Entry]]


# -- litellm: one JSON object, prices a token, tiers in the names of keys ------------------------------------------


def read_litellm(package: Path, today: date) -> Table:
    """The table inside ``litellm``."""
    text = (package / "model_prices_and_context_window_backup.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = json.loads(text, parse_float=Decimal)
    listed = {
        (each["litellm_provider"], name.removeprefix(f"{each['litellm_provider']}/")): each
        for name, each in table.items()
        if each.get("mode") in ("chat", "embedding") and each.get("litellm_provider") in _MAKERS
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
        rates["output"] = {0: Decimal(0)}  # vectors are not charged for
    return Entry(
        rates=rates,
        # The whole window for some models, the input's part of it for others.
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


# -- genai-prices: a Python module of constructor calls, prices for a million tokens -------------------------------


class Called(NamedTuple):
    """A constructor call in the module that holds the table."""

    name: str
    given: Mapping[str, Any]


def read_genai(package: Path, today: date) -> Table:
    """The table inside ``genai-prices``, read as syntax: importing it needs pydantic."""
    module = ast.parse((package / "data.py").read_text(encoding="utf-8"))
    assigned = next(each.value for each in module.body if isinstance(each, ast.AnnAssign) and each.value)
    models = {each.given["id"]: [model.given for model in each.given["models"]] for each in _value(assigned)}

    def of(provider: str) -> list[Mapping[str, Any]]:
        return models[_MAKERS.get(provider, provider)]

    def find(provider: str, name: str) -> Mapping[str, Entry]:
        """As the package itself looks models up: the first whose clause matches."""
        found = next((model for model in of(provider) if _matches(model["match"], name.lower())), None)
        return {} if found is None else _genai_entries(found, today)

    return Table(
        source=_source("genai-prices", package),
        names=lambda provider: [model["id"] for model in of(provider)],
        find=find,
    )


def _value(node: ast.expr) -> Any:
    """The value of an expression that is made of literals, lists and calls."""
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
            raise ValueError(f"genai-prices has a clause that this script does not know: {kind!r}")


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
        entries[label] = entry(each.given["prices"])  # of those in force today the last holds
    return entries


def _genai_steps(price: Decimal | Called) -> Steps:
    if isinstance(price, Decimal):
        return {0: price}
    return {0: price.given["base"]} | {
        tier.given["start"]: tier.given["price"] for tier in price.given["tiers"]
    }


# -- merging -------------------------------------------------------------------------------------------------------


def merge(name: str, entries: Mapping[str, Entry]) -> tuple[Price, list[Disagreement]]:
    """One price from what the tables say, and where they differ."""
    fits = _window(list(entries.values()))
    believed = {package: _believed(each.rates) for package, each in entries.items()}
    limits = sorted({at for rates in believed.values() for steps in rates.values() for at in steps})
    taken: dict[int, dict[str, Decimal]] = {}
    disagreements = []
    for limit in (each for each in limits if fits is None or each < fits):
        stated = {field: _stated(believed, field, limit) for field in FIELDS}
        taken[limit] = {field: max(values.values()) for field, values in stated.items() if values}
        disagreements += [
            _disagreement(name, field, limit, values)
            for field, values in stated.items()
            if values and max(values.values()) > _DIFFERS * min(values.values())
        ]
    writes = min((each.max_output for each in entries.values() if each.max_output is not None), default=None)
    tiers = [limit for before, limit in pairwise(taken) if taken[limit] != taken[before]]
    price = Price(
        **_numbers(taken[0]),
        window=fits,
        # A reply as long as the window is a table's way to say that it does not know.
        max_output=writes if writes is not None and (fits is None or writes < fits) else None,
        tiers=tuple(Tier(above=limit, **_numbers(taken[limit])) for limit in tiers),
    )
    return price, disagreements


def _window(entries: Sequence[Entry]) -> int | None:
    """The largest cautious reading that no bold reading contradicts."""
    readings = [each.window for each in entries if each.window is not None]
    limits = [each.window_at_most for each in entries if each.window_at_most is not None]
    return min(max(readings), *limits) if readings else None


def _stated(tables: Mapping[str, Mapping[str, Steps]], field: str, limit: int) -> Mapping[str, Decimal]:
    return {package: _at(rates[field], limit) for package, rates in tables.items() if field in rates}


def _believed(rates: Mapping[str, Steps]) -> Mapping[str, Steps]:
    """Rates without what cannot be: to write a token into a cache is never cheaper than to read it without one.
    OpenRouter's lists give for Gemini what a cache adds to the price of the input.
    """
    written = rates.get("cache_write", {})
    if any(price < _at(rates["input"], limit) for limit, price in written.items()):
        return {field: steps for field, steps in rates.items() if field != "cache_write"}
    return rates


def _at(steps: Steps, limit: int) -> Decimal:
    """The price of calls with more input than ``limit``."""
    return steps[max(each for each in steps if each <= limit)]


def _numbers(prices: Mapping[str, Decimal]) -> dict[str, float]:
    return {field: _number(price) for field, price in prices.items()}


def _number(price: Decimal) -> float:
    return float(price.quantize(_PICO, ROUND_HALF_EVEN))


def _disagreement(name: str, field: str, limit: int, values: Mapping[str, Decimal]) -> Disagreement:
    return Disagreement(
        model=name,
        field=f"{field} above {limit}" if limit else field,
        values=_numbers(values),
        taken=_number(max(values.values())),
    )


# -- the whole -----------------------------------------------------------------------------------------------------


def select(tables: Sequence[Table]) -> Iterator[tuple[str, dict[str, Entry]]]:
    """Our full names of the models worth a line, and what the tables say about each."""
    for provider, patterns in sorted(WANTED.items()):
        names = {name for table in tables for name in table.names(provider)}
        for name in sorted(each for each in names if any(re.fullmatch(one, each) for one in patterns)):
            full = f"{provider}/{name}"
            found = {label: each for table in tables for label, each in table.find(provider, name).items()}
            priced = {
                label: each for label, each in found.items() if {"input", "output"} <= each.rates.keys()
            }
            is_gone = any(each.is_retired for each in found.values())
            if priced and not is_gone and not any(re.fullmatch(one, full) for one in UNWANTED):
                yield full, priced


def made(tables: Sequence[Table], day: date) -> Snapshot:
    """The prices of the models worth a line."""
    merged = {name: merge(name, entries) for name, entries in select(tables)}
    return Snapshot(
        date=day.isoformat(),
        sources=tuple(table.source for table in tables),
        models={name: price for name, (price, _) in merged.items()},
        disagreements=tuple(each for _, disagreements in merged.values() for each in disagreements),
    )


def written(snapshot: Snapshot) -> str:
    """The file: JSON with one model a line, so that a change of one price is a change of one line."""
    models = [f"{_json(name)}: {_json(price)}" for name, price in sorted(snapshot.models.items())]
    return (
        f'{{\n"date": {_json(snapshot.date)},\n'
        f'"sources": [\n{_lines(map(_json, snapshot.sources))}\n],\n'
        f'"models": {{\n{_lines(models)}\n}},\n'
        f'"disagreements": [\n{_lines(map(_json, snapshot.disagreements))}\n]\n}}\n'
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _lines(items: Iterable[str]) -> str:
    return ",\n".join(f"  {each}" for each in items)


def doubts(snapshot: Snapshot) -> Iterator[str]:
    """What a maintainer should look at before the file is kept."""
    for name, price in snapshot.models.items():
        embeds = "/text-embedding-" in name
        if not price.input or not (price.output or embeds):
            yield f"{name} costs nothing"
        if price.output < price.input and not embeds:
            yield f"{name} writes cheaper than it reads: {price.output:g} < {price.input:g}"
        if price.cached is not None and price.cached > price.input:
            yield f"{name} reads dearer from its cache: {price.cached:g} > {price.input:g}"
        if price.window is not None and not 8_000 <= price.window <= 4_000_000:
            yield f"{name} has a window of {price.window}"
        if any(tier.input < price.input or tier.output < price.output for tier in price.tiers):
            yield f"{name} is cheaper for long prompts"


def dearer_on_openrouter(snapshot: Snapshot, tables: Sequence[Table]) -> Iterator[str]:
    """Closed models for which OpenRouter asks more than ``PriceList`` says, which goes by the makers' prices."""
    for full, price in snapshot.models.items():
        provider, _, name = full.partition("/")
        routed = re.sub(r"-(\d)-(\d)$", r"-\1.\2", name) if provider == "anthropic" else name
        for table in tables if provider in _MAKERS else ():
            for entry in table.find("openrouter", f"{_MAKERS[provider]}/{routed}").values():
                for field, steps in _believed(entry.rates).items():
                    ours = getattr(price, field)
                    if _number(steps[0]) > (price.input if ours is None else ours):
                        yield f"{full} is dearer on OpenRouter: {field} {_number(steps[0]):g}, here {ours}"


def _source(package: str, folder: Path) -> Source:
    found = next((each for each in distributions(path=[str(folder.parent)]) if _is(package, each)), None)
    if found is None:
        raise SystemExit(f"{folder.parent} has no installed package {package}, so its version is unknown")
    return Source(package=package, version=found.version, licence=found.metadata["License-Expression"])


def _is(package: str, distribution: Distribution) -> bool:
    return distribution.metadata["Name"].lower().replace("_", "-") == package


def _folder(module: str) -> Path | None:
    """Where a module of the running interpreter lies; it is not imported."""
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).parent if spec and spec.origin else None


def summary(snapshot: Snapshot, text: str, tables: Sequence[Table]) -> str:
    """What is printed."""
    providers = Counter(name.partition("/")[0] for name in snapshot.models)
    lines = [
        f"{snapshot.date}: {', '.join(f'{each.package} {each.version}' for each in snapshot.sources)}",
        f"{len(snapshot.models)} models {dict(providers)}, {len(text.encode())} bytes",
        f"{len(snapshot.disagreements)} disagreements, of which the highest is taken:",
        *(f"  {each.model} {each.field}: {dict(each.values)}" for each in snapshot.disagreements),
        "doubts:",
        *(f"  {each}" for each in (*doubts(snapshot), *dearer_on_openrouter(snapshot, tables))),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the snapshot, and print what is in it."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--litellm", type=Path, metavar="PATH", help="the folder of the package litellm")
    parser.add_argument("--genai", type=Path, metavar="PATH", help="the folder of the package genai_prices")
    parser.add_argument("--date", type=date.fromisoformat, default=date.today(), help="the day of the prices")
    parser.add_argument("--output", type=Path, default=TARGET, metavar="PATH")
    chosen = parser.parse_args()
    litellm, genai = chosen.litellm or _folder("litellm"), chosen.genai or _folder("genai_prices")
    if litellm is None or genai is None:
        parser.error("install litellm and genai-prices, or say with --litellm and --genai where they are")
    tables = [read_litellm(litellm, chosen.date), read_genai(genai, chosen.date)]
    snapshot = made(tables, chosen.date)
    text = written(snapshot)
    if len(text.encode()) > _AT_MOST:
        raise SystemExit(f"{len(text.encode())} bytes are more than {_AT_MOST}; want fewer models")
    chosen.output.write_text(text, encoding="utf-8")
    sys.stdout.write(summary(snapshot, text, tables))


if __name__ == "__main__":
    main()
