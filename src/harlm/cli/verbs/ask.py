"""``harlm ask``: answers a question over files. The answer goes to stdout, everything else to stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from harlm.budget.estimate import RunEstimate
from harlm.cli.approving import asks_at_terminal
from harlm.cli.delivery import Undelivered, deliver, refuse_unwritable, rescue
from harlm.cli.output import LINES
from harlm.cli.printing import say, show_json_line
from harlm.cli.settings import (
    budget_flags,
    budget_options,
    load_settings,
    read,
    reading_flags,
    reading_options,
    sandbox_flags,
    sandbox_options,
)
from harlm.cli.sources import question_of, question_options
from harlm.cli.streams import StdoutFailed
from harlm.cli.verbs.estimate import forecast_in_short, in_figures, in_short, show_estimate
from harlm.client import HARLM
from harlm.engine.failing import partial_in
from harlm.errors import HarlmError, LimitExceeded, SchemaMismatch
from harlm.events import CallFinished, Event, Noted, RunStarted
from harlm.home import runs_of
from harlm.loading import LoadingClock
from harlm.protocols import TraceSink
from harlm.tools.files import tools_in_files
from harlm.tracing.causes import Causes
from harlm.tracing.console import LiveTree, PlainLines
from harlm.tracing.fanout import NOT_WRITTEN
from harlm.tracing.tree import one_line
from harlm.typed import schema_of
from harlm.types import MODES, STRATEGIES, Answer, Task

_FLAGS = {
    "model": "models.root",
    "sub_model": "models.sub",
    "offline": "models.offline",
    "mode": "engine.mode",
    "strategy": "engine.strategy",
    "max_depth": "engine.max_depth",
    "concurrency": "engine.concurrency",
    "speculation": "engine.speculation",
    "branches": "engine.branches",
    "value_per_second": "engine.value_per_second",
    "seed": "engine.seed",
    "strict": "engine.strict",
    "cache": "memory.cache",
}


@click.command("ask")
@question_options
@reading_options
@click.option(
    "-m", "--model", metavar="NAME", help="Root model: provider/name[@base_url] or http://host:port/v1#name."
)
@click.option("--sub-model", metavar="NAME", help="What model-written code calls; the root model by default.")
@click.option(
    "--mode",
    type=click.Choice(["auto", *MODES]),
    help="How to solve the question; auto by default.",
)
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="Use this strategy, without a root model (mode plan).",
)
@click.option(
    "--max-depth", type=click.IntRange(0, 16), metavar="N", help="Greatest depth of a node with its own REPL."
)
@click.option(
    "-j",
    "--concurrency",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Most model requests in flight at once.",
)
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
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "md", "json"]),
    help="How to print the answer; text by default.",
)
@click.option(
    "--json",
    "as_events",
    is_flag=True,
    help="Print the run's events on stdout instead of the answer, as they happen, one JSON object per line.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the answer to this file; - is stdout.",
)
@click.option(
    "--schema",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answer with a JSON value that follows the JSON Schema in this file.",
)
@click.option("--approve", is_flag=True, help="Show each cell of model-written code, and ask before it runs.")
@click.option(
    "--tools",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.py",
    help="Run this file; model-written code may call the functions in it that are tools (may be repeated).",
)
@click.option(
    "--mcp",
    multiple=True,
    metavar="SERVER",
    help="Let model-written code call the tools of this MCP server: an address or a command (may be repeated).",
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
@click.option(
    "--no-cache",
    "cache",
    is_flag=True,
    flag_value=False,
    default=None,
    help="Use no replies of earlier runs, and keep nothing for later runs.",
)
@click.option("--offline", is_flag=True, default=None, help="Refuse every model that needs a network.")
@click.option(
    "--seed",
    type=click.IntRange(-(2**63), 2**63 - 1),
    metavar="N",
    help="For models that accept a seed, and for random in the REPL.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(question: str | None, paths: tuple[str, ...], **options: Any) -> None:
    """Ask QUESTION over files, folders, globs, @list.txt, web pages, or - for standard input.

    Without a path, the text on standard input is read if there is any, else the current folder. Only the answer goes to stdout; progress, cost and sources go to stderr.
    """
    style = _style(options)
    asked, paths = question_of(question, paths, options["question_file"], quiet=options["quiet"])
    flags = {name: options[option] for option, name in _FLAGS.items() if options[option] is not None}
    quiet = options["quiet"]
    settings = load_settings(
        {**flags, **reading_flags(options), **sandbox_flags(options), **budget_flags(options)}, quiet=quiet
    ).config
    client = HARLM(
        settings=settings,
        tools=tools_in_files(options["tools"]),
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
    output = None if options["output"] == Path("-") else options["output"]
    if output is not None:
        refuse_unwritable(output)
    events = _EventLines() if options["as_events"] else None
    with _progress_kept() as kept, _displayed(quiet, events, asks=options["approve"]) as displays:
        sinks = [kept, *displays, *([events] if events is not None else [])]
        answer, ended_by = _asked(
            client, Task(question=asked, context=context, schema=schema), sinks, reading_s
        )
    failure = events.undelivered if events is not None else deliver(answer, style, output)
    if not quiet:
        if options["explain"]:
            _explain(answer, estimate)
        _report(answer, ended_by, explain=options["explain"])
    if failure is not None:
        raise rescue(answer, style, failure, runs_of(settings))
    if ended_by is not None:
        raise ended_by


def _style(options: Mapping[str, Any]) -> str:
    """How the answer is printed.

    Raises:
        click.UsageError: the options for stdout contradict.
    """
    if options["as_events"] and options["output"] is not None:
        raise click.UsageError(
            "--json prints events on stdout and -o writes the answer to a file; use one of them"
        )
    if options["as_events"] and options["style"] is not None:
        raise click.UsageError("--json prints events and --format is that of the answer; use one of them")
    return options["style"] or "text"


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


def _asked(
    client: HARLM, task: Task, sinks: Sequence[TraceSink], reading_s: float
) -> tuple[Answer, HarlmError | None]:
    """The answer, and ``None``; or a partial answer, and the limit or failure that ended the run.

    The time limit counts the seconds of reading, but not those that the user took to confirm.
    """
    try:
        with Causes() as causes:
            began = time.monotonic() - reading_s
            told = [*sinks, causes]
            return client.ask(task.question, task.context, schema=task.schema, sinks=told, began=began), None
    except HarlmError as error:
        if (so_far := partial_in(error)) is None:
            raise
        return so_far, error


@contextmanager
def _displayed(quiet: bool, events: _EventLines | None, *, asks: bool) -> Iterator[list[TraceSink]]:
    """The sinks that show progress on stderr; closed at the end, also after an error."""
    if quiet:
        yield []
        return
    # The tree would overwrite the events, and what the user is asked.
    is_shared = asks or (events is not None and sys.stdout.isatty())
    display = LiveTree(sys.stderr) if sys.stderr.isatty() and not is_shared else PlainLines(sys.stderr)
    try:
        yield [display]
    finally:
        display.close()


@contextmanager
def _progress_kept() -> Iterator[_Kept]:
    """A sink that says, if the block fails, what the run has stored so far."""
    kept = _Kept()
    try:
        yield kept
    except (Exception, KeyboardInterrupt):
        kept.report()
        raise


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


def _report(answer: Answer, ended_by: HarlmError | None, *, explain: bool) -> None:
    """Print the sources, the cost and any warning of an answer on stderr."""
    for each in answer.citations[:10]:
        say(f"source: {each.place} “{one_line(each.quote)}”", [each])
    _report_confidence(answer, explain=explain)
    if answer.citations_dropped:
        say(f"{answer.citations_dropped} citation(s) could not be verified and were removed")
    if answer.status == "not_found":
        say("not found in the context")
    elif answer.status == "partial":
        say(f"this answer is partial: {_why_partial(ended_by)}")
    if answer.warning is not None:
        say(f"WARNING: {answer.warning}")
    say(_summary(answer))


def _report_confidence(answer: Answer, *, explain: bool) -> None:
    """Print how probable it is that an answer is right, if anything says so, and why on demand."""
    first, *others = answer.confidence_reasons or ("nothing was measured",)
    if answer.confidence is not None:
        say(f"confidence: {answer.confidence:.0%}, since {first}")
    elif explain:
        say(f"no confidence: {first}")
    if explain:
        for reason in others:
            say(f"  {reason}")


def _why_partial(ended_by: HarlmError | None) -> str:
    if ended_by is None:
        return "the model did not finish by itself"
    if isinstance(ended_by, LimitExceeded):
        return "the turns or the budget ran out"
    if isinstance(ended_by, SchemaMismatch):
        return "it does not follow the schema"
    return "a failure ended the run"


def _summary(answer: Answer) -> str:
    usage, latency = answer.usage, answer.latency
    cost = "cost unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    about = "about " if usage.estimated else ""
    sandbox = f" · sandbox {answer.sandbox}" if answer.sandbox else ""
    early = f" ({usage.early.made} early, {usage.early.wasted} wasted)" if usage.early.made else ""
    reused = f", {answer.memory.reused} reused" if answer.memory.reused else ""
    way = answer.mode if answer.strategy is None else f"{answer.mode} {answer.strategy}"
    return (
        f"{way} · {cost} · {usage.calls} calls{early}{reused} · {about}{usage.input_tokens:,} + {usage.output_tokens:,} tokens · "
        f"{latency.wall_s:.2f} s (critical path {latency.critical_path_s:.2f} s){sandbox} · run {answer.run_id}"
    )


class _Kept:
    """Counts what a run has stored, to report it if the run ends early. A ``TraceSink`` behind the stored run."""

    def __init__(self) -> None:
        self._run = ""
        self._calls = 0
        self._is_storing = True

    def emit(self, event: Event) -> None:
        """Receive one event."""
        match event:
            case Noted(message=message) if message.startswith(NOT_WRITTEN):
                self._is_storing = False
            case RunStarted() if self._is_storing:
                self._run = event.run
            case CallFinished() if self._is_storing:
                self._calls += 1

    def report(self) -> None:
        """Print one line on stderr, if the run has started."""
        if self._run:
            kept = f"{self._calls} answered call(s)" if self._calls else "no answered call, but the events"
            say(f"{kept} are kept: harlm runs show {self._run}")


class _EventLines:
    """Prints events as JSON lines on stdout. If that fails, the run continues without them. A ``TraceSink``.

    Attributes:
        undelivered: the failure of stdout; ``None`` if there was none.
    """

    def __init__(self) -> None:
        self.undelivered: Undelivered | None = None

    def emit(self, event: Event) -> None:
        """Print one event."""
        if self.undelivered is None:
            try:
                show_json_line(event)
            except StdoutFailed as failure:
                self.undelivered = Undelivered("stdout", failure)
