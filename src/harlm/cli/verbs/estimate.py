"""``harlm estimate``: what a question would cost, in each mode, before anything is spent."""

from __future__ import annotations

from typing import Any

import click

from harlm.budget.estimate import Estimate, Figures, RunEstimate
from harlm.cli.printing import show, show_json
from harlm.cli.settings import (
    budget_flags,
    budget_options,
    load_settings,
    read,
    reading_flags,
    reading_options,
)
from harlm.client import HARLM

_FLAGS = {
    "model": "models.root",
    "sub_model": "models.sub",
    "concurrency": "engine.concurrency",
}


@click.command("estimate")
@click.argument("question")
@reading_options
@click.option("-m", "--model", metavar="NAME", help="Root model, as for ask.")
@click.option("--sub-model", metavar="NAME", help="What model-written code calls; the root model by default.")
@click.option(
    "-j", "--concurrency", type=click.IntRange(1, 1024), metavar="N", help="Model requests in flight at once."
)
@budget_options
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(question: str, paths: tuple[str, ...], **options: Any) -> None:
    """Estimate what QUESTION would cost over files, folders, globs or - for standard input. No key is needed."""
    flags = {name: options[option] for option, name in _FLAGS.items() if options[option] is not None}
    settings = load_settings({**flags, **reading_flags(options), **budget_flags(options)}).config
    context = read(paths, settings)
    show_forecast(HARLM(settings=settings).estimate(question, context), options["style"])


def show_forecast(forecast: RunEstimate, style: str) -> None:
    """The table, on stdout."""
    if style == "json":
        show_json(_as_json(forecast))
        return
    models = dict.fromkeys((forecast.root.name, forecast.sub.name))
    show(
        f"{forecast.tokens:,} tokens · {', '.join(models)} · the question is taken to need "
        f"{'a passage' if forecast.growth == 'constant' else 'all of it'}\n"
    )
    show(f"  {'mode':<8}{'':<10}{'cost':>12}{'calls':>8}{'tokens':>14}{'time':>10}")
    for each in forecast.modes:
        mark = "→" if each.mode == forecast.chosen else " "
        if each.obstacle is not None:
            show(f"{mark} {each.mode:<8}cannot be used: {each.obstacle}")
            continue
        show(f"{mark} {each.mode:<8}{'expected':<10}{_row(each.expected)}")
        show(f"  {'':<8}{'worst':<10}{_row(each.worst)}")
    show(f"\n{_last_line(forecast)}")


def in_short(forecast: RunEstimate) -> str:
    """The chosen mode's estimate in one line."""
    each = forecast.of_chosen
    low, high = _money(each.expected.micros), _money(each.worst.micros)
    limit = "no limit" if forecast.limit_micros is None else f"limit {_money(forecast.limit_micros)}"
    cost = "cost unknown" if each.expected.micros is None else f"about {low}, at worst {high}"
    return f"estimate: {cost} · {each.expected.calls:,} calls · about {time_text(each.expected.seconds)} · {limit}"


def time_text(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _row(figures: Figures) -> str:
    return f"{_money(figures.micros):>12}{figures.calls:>8,}{figures.tokens:>14,}{time_text(figures.seconds):>10}"


def _last_line(forecast: RunEstimate) -> str:
    if forecast.root.price is None or forecast.sub.price is None:
        unknown = forecast.root if forecast.root.price is None else forecast.sub
        return f"The price of {unknown.name} is unknown: harlm models says how to give one."
    if forecast.is_beyond_limit:
        return (
            f"More than the limit of {_money(forecast.limit_micros)}: a run would stop there with a partial answer. "
            "Raise --max-cost, or choose a cheaper mode or model."
        )
    limit = (
        "There is no limit"
        if forecast.limit_micros is None
        else f"The limit is {_money(forecast.limit_micros)}"
    )
    return f"{limit}; a run never spends more. → is the mode that would be chosen."


def _money(micros: int | None) -> str:
    return (
        "unknown"
        if micros is None
        else f"${micros / 1e6:,.4f}"
        if micros < 100_000
        else f"${micros / 1e6:,.2f}"
    )


def _as_json(forecast: RunEstimate) -> dict[str, Any]:
    return {
        "chosen": forecast.chosen,
        "growth": forecast.growth,
        "tokens": forecast.tokens,
        "root": forecast.root.name,
        "sub": forecast.sub.name,
        "limit_usd": None if forecast.limit_micros is None else forecast.limit_micros / 1e6,
        "beyond_limit": forecast.is_beyond_limit,
        "modes": [_mode_as_json(each) for each in forecast.modes],
    }


def _mode_as_json(each: Estimate) -> dict[str, Any]:
    def figures(of: Figures) -> dict[str, Any]:
        return {
            "usd": None if of.micros is None else of.micros / 1e6,
            "calls": of.calls,
            "tokens": of.tokens,
            "seconds": round(of.seconds, 3),
        }

    return {
        "mode": each.mode,
        "obstacle": each.obstacle,
        "expected": figures(each.expected),
        "worst": figures(each.worst),
    }
