"""``harlm ask``: answers a question over files. The answer goes to stdout, everything else to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from harlm.budget.estimate import RunEstimate
from harlm.cli.answering import Showing, show_answer, style_of
from harlm.cli.approving import asks_at_terminal
from harlm.cli.output import LINES
from harlm.cli.printing import say
from harlm.cli.resuming import resume_run
from harlm.cli.settings import (
    StrategyName,
    answer_options,
    budget_options,
    concurrency_option,
    load_settings,
    model_options,
    origin_of,
    question_flags,
    read,
    reading_options,
    run_options,
    sandbox_options,
    tool_options,
    tools_given,
)
from harlm.cli.sources import question_of, question_options
from harlm.cli.verbs.estimate import forecast_in_short, in_figures, in_short, show_estimate
from harlm.client import HARLM
from harlm.interruption import Interruption
from harlm.loading import LoadingClock
from harlm.protocols import TraceSink
from harlm.typed import schema_of
from harlm.types import MODES, Answer

_FLAGS = {
    "mode": "engine.mode",
    "strategy": "engine.strategy",
    "max_depth": "engine.max_depth",
    "speculation": "engine.speculation",
    "branches": "engine.branches",
    "value_per_second": "engine.value_per_second",
    "strict": "engine.strict",
}


_WITH_RESUME = frozenset(
    {"resume", "max_cost", "max_tokens", "max_calls", "timeout", "style", "as_events", "output", "approve"}
    | {"tools", "tool_names", "mcp", "yes", "quiet", "verbose", "question_file"}
)
"""The options that mean something together with ``--resume``."""


@click.command("ask")
@question_options
@reading_options
@model_options
@click.option(
    "--mode",
    type=click.Choice(["auto", *MODES]),
    help="How to solve the question; auto by default.",
)
@click.option(
    "--strategy",
    type=StrategyName(),
    help="Use this strategy, without a root model (mode plan).",
)
@click.option(
    "--max-depth", type=click.IntRange(0, 16), metavar="N", help="Greatest depth of a node with its own REPL."
)
@concurrency_option
@click.option(
    "--speculation",
    type=click.Choice(["off", "safe", "eager"]),
    help="Calls made before a cell makes them: none, those that are certain (default), or all that can be foreseen.",
)
@click.option(
    "--branches",
    type=click.IntRange(1, 8),
    metavar="K",
    help="Most strategies side by side; another one starts only if it is worth its cost. 1 by default.",
)
@click.option(
    "--value-per-second",
    type=click.FloatRange(0, 1e9),
    metavar="USD",
    help="What each second is worth by which the answer comes earlier, in dollars; 0 by default.",
)
@budget_options
@sandbox_options
@answer_options
@click.option(
    "--schema",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answer with a JSON value that follows the JSON Schema in this file.",
)
@tool_options
@click.option(
    "--resume",
    metavar="RUN",
    help="Take up a run that was stopped, in place of a question; as harlm runs resume, which has more options.",
)
@click.option("--dry-run", is_flag=True, help="Show what the question would cost, and stop.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Continue without asking when the expected cost exceeds the limit.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Say why the mode and the strategy were chosen, what the others would have cost, and what the confidence rests on.",
)
@click.option(
    "--strict",
    is_flag=True,
    default=None,
    help="Fail (exit code 6) if nothing in the context supports an answer.",
)
@run_options
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(question: str | None, paths: tuple[str, ...], **options: Any) -> None:
    """Ask QUESTION over files, folders, globs, @list.txt, web pages, or - for standard input.

    Without a path, the text on standard input is read if there is any, else the current folder. Only the answer goes to stdout; progress, cost and sources go to stderr.
    """
    if options["resume"] is not None:
        _resume(question, paths, options)
        return
    style = style_of(options)
    asked, paths = question_of(question, paths, options["question_file"], quiet=options["quiet"])
    quiet = options["quiet"]
    own = {name: options[option] for option, name in _FLAGS.items()}
    settings = load_settings({**own, **question_flags(options)}, quiet=quiet).config
    client = HARLM(
        settings=settings,
        tools=tools_given(options),
        mcp=options["mcp"],
        approve=asks_at_terminal() if options["approve"] else None,
    )
    schema = None if options["schema"] is None else schema_of(options["schema"])
    started = time.monotonic()
    context = read(paths, settings, quiet=quiet, clock=LoadingClock(settings.budget.seconds, started))
    reading_s = time.monotonic() - started
    estimate = client.estimate(asked, context)
    if options["dry_run"]:
        show_estimate(estimate, LINES if options["as_events"] else "json" if style == "json" else "text")
        return
    _confirm(estimate, yes=options["yes"], quiet=quiet)
    showing = Showing.of(options, style)
    origin = origin_of(paths, options)

    def ask(sinks: Sequence[TraceSink], stop: Interruption) -> Answer:
        began = time.monotonic() - reading_s  # without the time that the user took to confirm
        return client.ask(
            asked, context, schema=schema, sinks=sinks, began=began, origin=origin, interruption=stop
        )

    show_answer(ask, showing, settings, explain=lambda answer: _explain(answer, estimate))


def _resume(question: str | None, paths: tuple[str, ...], options: Mapping[str, Any]) -> None:
    """Take up a stopped run.

    Raises:
        click.UsageError: there is a question too, or an option that the run has its own value of.
    """
    context = click.get_current_context()
    given = [
        each.opts[0]
        for each in context.command.params
        if isinstance(each, click.Option)
        and each.name not in _WITH_RESUME
        and context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(
            f"--resume takes up a run with its own settings, so {', '.join(given)} would mean nothing; leave it out, or ask anew"
        )
    if question is not None or options["question_file"] is not None:
        raise click.UsageError(
            f"--resume {options['resume']} has its question; leave the question and the paths out"
        )
    resume_run(options["resume"], paths, options)


def _confirm(estimate: RunEstimate, *, yes: bool, quiet: bool) -> None:
    """Show the estimate. If it exceeds the limit, ask a user at a terminal whether to continue.

    Raises:
        click.Abort: the user says no.
    """
    if not quiet and not estimate.root.is_local:
        say(in_short(estimate))
    if not estimate.is_beyond_limit or yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not click.confirm(
        "The expected cost exceeds the limit. The run would stop there with a partial answer. Continue?",
        err=True,
    ):
        raise click.Abort


def _explain(answer: Answer, estimate: RunEstimate) -> None:
    """Print on stderr why the answer was made as it was, and what the other ways would have cost."""
    if answer.route is not None:
        chances = ", ".join(f"{mode} {chance:.0%}" for mode, chance in answer.route.probabilities.items())
        say(f"route: {answer.route.mode} ({chances})")
        for reason in answer.route.reasons:
            say(f"  {reason}")
    proposal = next((each for each in estimate.proposals if each.strategy == answer.strategy), None)
    if proposal is not None:
        say(f"strategy: {proposal.strategy}, {forecast_in_short(proposal.forecast)}")
        for reason in proposal.reasons:
            say(f"  {reason}")
    for each in estimate.modes:
        if each.mode != answer.mode:
            cost = f"about {in_figures(each.expected)}" if each.obstacle is None else each.obstacle
            say(f"mode {each.mode} instead: {cost}")
    if answer.reading is not None and answer.reading.ratio is not None:
        say(
            f"read: {answer.reading.tokens_read:,} tokens, {answer.reading.ratio:.2f} times the least that a question "
            f"of its class needs ({answer.reading.growth}: {answer.reading.least_tokens:,})"
        )
