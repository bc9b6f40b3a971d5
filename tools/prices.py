"""Makes ``src/harlm/budget/prices.json`` from two published price tables: those inside the packages
``litellm`` and ``genai-prices``. Contains the list of models to include, but no price.

    python -m tools.prices --litellm SITE/litellm --genai SITE/genai_prices

The rules:

1. A model is included if a pattern of ``WANTED`` matches it, none of ``UNWANTED`` does, and no table marks it
   as retired.
2. A figure that only one table has is taken from that table.
3. Of two prices the higher is taken, since a budget must not be overdrawn. A rise announced for a later day
   already counts, because the snapshot will still be used then. Prices that differ by more than 1 % are
   written down.
4. Of two windows, and of two longest replies, the smaller is taken.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from pathlib import Path

import msgspec

from harlm.budget.pricing import Disagreement, Snapshot
from harlm.types import Price, Tier
from tools.price_tables import MAKERS, Entry, Steps, Table, read_genai, read_litellm

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
"""Patterns of the models to include, by provider. Closed models below ``openrouter/`` need none, since
``PriceList`` looks them up by their makers' names. Models that are served only at ``/responses`` are left
out: HARLM cannot call them.
"""

UNWANTED: Sequence[str] = (
    r"anthropic/claude-(opus|sonnet)-4-[01]",  # retired; genai-prices keeps them to price old bills
    r"openai/gpt-5\.3",  # was never a model of the API
)
"""Exceptions from ``WANTED``."""

FIELDS = ("input", "cached", "cache_write", "output")
_PICO = Decimal("0.000001")  # USD per million tokens: one pico-dollar per token
_DIFFERS = Decimal("1.01")
_AT_MOST = 60_000  # bytes of the written file

# -- merging ---------------------------------------------------------------------------------------------


def merge(name: str, entries: Mapping[str, Entry]) -> tuple[Price, list[Disagreement]]:
    """Merge the entries of one model, by their labels, into one price; also returns where they differ."""
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
        # A longest reply as long as the window means that the table does not know it.
        max_output=writes if writes is not None and (fits is None or writes < fits) else None,
        tiers=tuple(Tier(above=limit, **_numbers(taken[limit])) for limit in tiers),
    )
    return price, disagreements


def _window(entries: Sequence[Entry]) -> int | None:
    """The largest cautious window that no generous reading contradicts."""
    readings = [each.window for each in entries if each.window is not None]
    limits = [each.window_at_most for each in entries if each.window_at_most is not None]
    return min(max(readings), *limits) if readings else None


def _stated(tables: Mapping[str, Mapping[str, Steps]], field: str, limit: int) -> Mapping[str, Decimal]:
    return {package: _at(rates[field], limit) for package, rates in tables.items() if field in rates}


def _believed(rates: Mapping[str, Steps]) -> Mapping[str, Steps]:
    """The rates without impossible ones: writing a token into a cache is never cheaper than reading it
    without one. OpenRouter's lists give, for Gemini, the surcharge of a cache on the price of the input.
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


# -- the snapshot ----------------------------------------------------------------------------------------


def select(tables: Sequence[Table]) -> Iterator[tuple[str, dict[str, Entry]]]:
    """The full names of the models to include, each with its entries by label."""
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
    """The snapshot of a day, from all tables."""
    merged = {name: merge(name, entries) for name, entries in select(tables)}
    return Snapshot(
        date=day.isoformat(),
        sources=tuple(table.source for table in tables),
        models={name: price for name, (price, _) in merged.items()},
        disagreements=tuple(each for _, disagreements in merged.values() for each in disagreements),
    )


def written(snapshot: Snapshot) -> str:
    """The content of the file: JSON with one model per line, so that a new price changes one line."""
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
    """Figures that a maintainer should check before the file is committed."""
    for name, price in snapshot.models.items():
        embeds = "/text-embedding-" in name
        if not price.input or not (price.output or embeds):
            yield f"{name} costs nothing"
        if price.output < price.input and not embeds:
            yield f"{name} charges less for output than for input: {price.output:g} < {price.input:g}"
        if price.cached is not None and price.cached > price.input:
            yield f"{name} charges more for cached input: {price.cached:g} > {price.input:g}"
        if price.window is not None and not 8_000 <= price.window <= 4_000_000:
            yield f"{name} has a window of {price.window}"
        if any(tier.input < price.input or tier.output < price.output for tier in price.tiers):
            yield f"{name} is cheaper for long prompts"


def more_expensive_on_openrouter(snapshot: Snapshot, tables: Sequence[Table]) -> Iterator[str]:
    """Closed models for which OpenRouter charges more than ``PriceList`` assumes: it uses the makers'
    prices.
    """
    for full, price in snapshot.models.items():
        provider, _, name = full.partition("/")
        routed = re.sub(r"-(\d)-(\d)$", r"-\1.\2", name) if provider == "anthropic" else name
        for table in tables if provider in MAKERS else ():
            for entry in table.find("openrouter", f"{MAKERS[provider]}/{routed}").values():
                for field, steps in _believed(entry.rates).items():
                    ours = getattr(price, field)
                    if _number(steps[0]) > (price.input if ours is None else ours):
                        yield f"{full} costs more on OpenRouter: {field} {_number(steps[0]):g}, here {ours}"


def _folder(module: str) -> Path | None:
    """The folder of an installed module; it is not imported."""
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).parent if spec and spec.origin else None


def summary(snapshot: Snapshot, text: str, tables: Sequence[Table]) -> str:
    """The text that the script prints."""
    providers = Counter(name.partition("/")[0] for name in snapshot.models)
    lines = [
        f"{snapshot.date}: {', '.join(f'{each.package} {each.version}' for each in snapshot.sources)}",
        f"{len(snapshot.models)} models {dict(providers)}, {len(text.encode())} bytes",
        f"{len(snapshot.disagreements)} disagreements (the highest value is taken):",
        *(f"  {each.model} {each.field}: {dict(each.values)}" for each in snapshot.disagreements),
        "to check:",
        *(f"  {each}" for each in (*doubts(snapshot), *more_expensive_on_openrouter(snapshot, tables))),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the snapshot and print a summary."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--litellm", type=Path, metavar="PATH", help="the folder of the package litellm")
    parser.add_argument("--genai", type=Path, metavar="PATH", help="the folder of the package genai_prices")
    parser.add_argument(
        "--date",
        type=date.fromisoformat,
        default=date.today(),
        help="the day of the prices; today by default",
    )
    parser.add_argument("--output", type=Path, default=TARGET, metavar="PATH")
    chosen = parser.parse_args()
    litellm, genai = chosen.litellm or _folder("litellm"), chosen.genai or _folder("genai_prices")
    if litellm is None or genai is None:
        parser.error("install litellm and genai-prices, or give their folders with --litellm and --genai")
    tables = [read_litellm(litellm, chosen.date), read_genai(genai, chosen.date)]
    snapshot = made(tables, chosen.date)
    text = written(snapshot)
    if len(text.encode()) > _AT_MOST:
        raise SystemExit(f"{len(text.encode())} bytes are more than {_AT_MOST}; include fewer models")
    chosen.output.write_text(text, encoding="utf-8")
    sys.stdout.write(summary(snapshot, text, tables))


if __name__ == "__main__":
    main()
