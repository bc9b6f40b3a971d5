"""``harlm estimate``: shows what a question would cost in each mode, before anything is spent."""

from __future__ import annotations

from typing import Any

import click

from harlm.budget.estimate import Estimate, Figures, RunEstimate
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show
from harlm.cli.progress_line import time_text
from harlm.cli.settings import (
    budget_flags,
    budget_options,
    concurrency_option,
    load_settings,
    model_flags,
    model_options,
    read,
    reading_flags,
    reading_options,
)
from harlm.cli.sources import question_of, question_options
from harlm.client import HARLM
from harlm.types import Forecast


@click.command("estimate")
@question_options
@reading_options
@model_options
@concurrency_option
@budget_options
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(question: str | None, paths: tuple[str, ...], **options: Any) -> None:
    """Estimate the cost of QUESTION over files, folders, globs or - for standard input. No key is needed."""
    style = output_style(options)
    asked, paths = question_of(question, paths, options["question_file"])
    settings = load_settings(
        {**model_flags(options), **reading_flags(options), **budget_flags(options)}
    ).config
    context = read(paths, settings)
    show_estimate(HARLM(settings=settings).estimate(asked, context), style)


def show_estimate(estimate: RunEstimate, style: str) -> None:
    """Print the estimates of all modes on stdout, as a table or as JSON."""
    if style != "text":
        show_value(_as_json(estimate), style)
        return
    models = dict.fromkeys((estimate.root.name, estimate.sub.name))
    show(
        f"{estimate.tokens:,} tokens · {', '.join(models)} · the question probably needs "
        f"{'a passage' if estimate.growth == 'constant' else 'all of it'}\n"
    )
    show(f"  {'mode':<8}{'':<10}{'cost':>12}{'calls':>8}{'tokens':>14}{'time':>10}")
    for each in estimate.modes:
        mark = "→" if each.mode == estimate.chosen else " "
        if each.obstacle is not None:
            show(f"{mark} {each.mode:<8}cannot be used: {each.obstacle}")
            continue
        show(f"{mark} {each.mode:<8}{'expected':<10}{_row(each.expected)}")
        show(f"  {'':<8}{'worst':<10}{_row(each.worst)}")
    show(f"\n{_last_line(estimate)}")


def in_short(estimate: RunEstimate) -> str:
    """The estimate of the chosen mode on one line."""
    each = estimate.of_chosen
    low, high = money(each.expected.micros), money(each.worst.micros)
    limit = "no limit" if estimate.limit_micros is None else f"limit {money(estimate.limit_micros)}"
    cost = "cost unknown" if each.expected.micros is None else f"about {low}, at worst {high}"
    return f"estimate: {cost} · {each.expected.calls:,} calls · about {time_text(each.expected.seconds)} · {limit}"


def in_figures(figures: Figures) -> str:
    """Cost, calls and time in a line."""
    return f"{money(figures.micros)} · {figures.calls:,} calls · {time_text(figures.seconds)}"


def forecast_in_short(forecast: Forecast) -> str:
    """What a strategy is expected to use, in a line."""
    tokens = forecast.input_tokens + forecast.output_tokens
    return (
        f"{money(forecast.micros)} · {forecast.calls:,} calls · {tokens:,} tokens · about {time_text(forecast.seconds)} · "
        f"{forecast.depth} in a row"
    )


def _row(figures: Figures) -> str:
    return (
        f"{money(figures.micros):>12}{figures.calls:>8,}{figures.tokens:>14,}{time_text(figures.seconds):>10}"
    )


def _last_line(estimate: RunEstimate) -> str:
    if estimate.root.price is None or estimate.sub.price is None:
        unknown = estimate.root if estimate.root.price is None else estimate.sub
        return f"The price of {unknown.name} is unknown: harlm models shows how to set one."
    if estimate.is_beyond_limit:
        return (
            f"The expected cost exceeds the limit of {money(estimate.limit_micros)}: a run would stop there with a partial "
            "answer. Raise --max-cost, or choose a cheaper mode or model."
        )
    limit = (
        "There is no limit"
        if estimate.limit_micros is None
        else f"The limit is {money(estimate.limit_micros)}"
    )
    return f"{limit}; a run never spends more. → marks the mode that a run would use."


def money(micros: int | None) -> str:
    """Micro-dollars in dollars; ``unknown`` for ``None``."""
    return (
        "unknown"
        if micros is None
        else f"${micros / 1e6:,.4f}"
        if micros < 100_000
        else f"${micros / 1e6:,.2f}"
    )


def _as_json(estimate: RunEstimate) -> dict[str, Any]:
    return {
        "chosen": estimate.chosen,
        "growth": estimate.growth,
        "tokens": estimate.tokens,
        "root": estimate.root.name,
        "sub": estimate.sub.name,
        "limit_usd": None if estimate.limit_micros is None else estimate.limit_micros / 1e6,
        "beyond_limit": estimate.is_beyond_limit,
        "modes": [_mode_as_json(each) for each in estimate.modes],
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
