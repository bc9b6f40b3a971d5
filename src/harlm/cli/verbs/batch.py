"""``harlm batch``: many questions over the same files. Results go to a file or to stdout, everything else to stderr."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click

from harlm.batch.asking import BatchProgress
from harlm.batch.client_part import AT_ONCE
from harlm.batch.questions import BatchQuestions, questions_in
from harlm.batch.rows import BatchRow
from harlm.cli.printing import say, show_json_line
from harlm.cli.progress_line import ProgressLine, time_text
from harlm.cli.settings import (
    Duration,
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
from harlm.cli.stopping import first_ctrl_c
from harlm.client import HARLM
from harlm.errors import HarlmError, Interrupted
from harlm.executors.choosing import EXECUTORS, check_executor
from harlm.interruption import Interruption
from harlm.loading import LoadingClock
from harlm.tracing.request import Sources
from harlm.typed import schema_of
from harlm.types import MODES, Budget, Context, OutputSchema

_LIMITS = {
    "usd": "--max-cost-each",
    "tokens": "--max-tokens-each",
    "calls": "--max-calls-each",
    "seconds": "--timeout-each",
}
"""The options that limit one question, by the limit that a run reaches."""


@click.command("batch")
@click.argument("questions", type=click.Path(dir_okay=False, path_type=Path), metavar="QUESTIONS")
@reading_options
@model_options
@click.option(
    "--mode",
    type=click.Choice(["auto", *MODES]),
    help="How to solve questions that name no mode; auto by default.",
)
@concurrency_option
@click.option(
    "--at-once",
    type=click.IntRange(1, 4_096),
    default=AT_ONCE,
    metavar="N",
    help=f"Questions under way at once, on each node of a cluster; {AT_ONCE} by default.",
)
@click.option(
    "--executor",
    type=click.Choice(EXECUTORS),
    default="local",
    help="Where runs are carried out: in this process, or on the nodes of a Ray cluster; local by default.",
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="The head of the cluster, or auto for the one on this machine; without it one is started here.",
)
@budget_options
@click.option(
    "--max-cost-each",
    type=click.FloatRange(0),
    metavar="USD",
    help="Most dollars of one question; 1 by default.",
)
@click.option("--max-tokens-each", type=click.IntRange(1), metavar="N", help="Most tokens of one question.")
@click.option(
    "--max-calls-each", type=click.IntRange(1), metavar="N", help="Most model requests of one question."
)
@click.option("--timeout-each", type=Duration(), metavar="TIME", help="Most time of one question.")
@sandbox_options
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Append results to this file. If it has some already, only questions without an answer are asked.",
)  # fmt: skip
@click.option(
    "--schema", type=click.Path(path_type=Path), metavar="FILE",
    help="Answer with a JSON value that follows the JSON Schema in this file; a row may have its own.",
)  # fmt: skip
@click.option("--accept-changes", is_flag=True, help="Continue although the documents have changed since.")
@tool_options
@run_options
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(questions: Path, paths: tuple[str, ...], **options: Any) -> None:
    """Ask every question in QUESTIONS over the same files: JSON lines with a field question, or a table (.csv, .tsv) with such a column.

    The limits of --max-cost and the like hold for the whole batch, those that end in -each for one question. A batch that was stopped continues when it is started again with the same -o.
    """
    quiet = options["quiet"]
    check_executor(options["executor"], options["address"])
    asked = questions_in(questions)
    config = load_settings(
        {**question_flags(options), **_each(options), "engine.mode": options["mode"]}, quiet=quiet
    ).config
    client = HARLM(settings=config, tools=tools_given(options), mcp=options["mcp"])
    schema = None if options["schema"] is None else schema_of(options["schema"])
    began = time.monotonic()
    documents = read(paths, config, quiet=quiet, clock=LoadingClock(options["timeout"], began))
    left = None if options["timeout"] is None else max(0.0, options["timeout"] - (time.monotonic() - began))
    budget = Budget(
        usd=options["max_cost"], tokens=options["max_tokens"], calls=options["max_calls"], seconds=left
    )
    failed = asyncio.run(_ask(client, asked, documents, origin_of(paths, options), schema, budget, options))
    if failed is not None:
        raise failed


def _each(options: Mapping[str, Any]) -> dict[str, object]:
    """The limits of one question."""
    return {
        "budget.usd": options["max_cost_each"],
        "budget.tokens": options["max_tokens_each"],
        "budget.calls": options["max_calls_each"],
        "budget.seconds": options["timeout_each"],
    }


async def _ask(
    client: HARLM,
    questions: BatchQuestions,
    documents: Context,
    origin: Sources,
    schema: OutputSchema | None,
    budget: Budget,
    options: Mapping[str, Any],
) -> HarlmError | None:
    """Ask all questions. Returns what ended the batch early, or an error if a question has no answer."""
    output = None if options["output"] in (None, Path("-")) else options["output"]
    quiet, stop, progress = options["quiet"], Interruption(), BatchProgress()
    first: BatchRow | None = None
    was_stopped = False

    def stop_first() -> None:
        nonlocal was_stopped
        was_stopped = True
        stop.request()
        if not quiet:
            say(
                "stopping: questions that are under way end with what they have; Ctrl-C again ends them at once"
            )

    rows = client.abatch(
        questions, documents, results=output, schema=schema, budget=budget, at_once=options["at_once"],
        executor=options["executor"], address=options["address"],
        accept_changes=options["accept_changes"], origin=origin, interruption=stop, progress=progress,
    )  # fmt: skip
    with first_ctrl_c(stop_first), ProgressLine(lambda: _line(progress), quiet=quiet) as shown:
        async with aclosing(rows):
            async for row in rows:
                if output is None:
                    shown.hide()
                    show_json_line(row)
                if row.error is not None and (first is None or row.has_stopped):
                    first = row
                shown.moved()
    return _end(first, progress, output, was_stopped=was_stopped)


def _line(progress: BatchProgress) -> str:
    """Such as ``120 of 10,000 questions, 38 min left, $0.31; 2 without an answer``; empty before it begins."""
    if not progress.total:
        return ""
    parts = [f"{progress.known + progress.ended:,} of {progress.total:,} questions"]
    if progress.left and (seconds := progress.seconds_left) is not None:
        parts.append(f"about {time_text(seconds)} left")
    if progress.micros:
        parts.append(f"${progress.micros / 1e6:.2f}")
    return ", ".join(parts) + (f"; {progress.failed:,} without an answer" if progress.failed else "")


def _end(
    first: BatchRow | None, progress: BatchProgress, output: Path | None, *, was_stopped: bool
) -> HarlmError | None:
    """The error with which a batch ends; ``None`` if every question has its answer."""
    hint = "" if output is None else f"the same command continues where this one ended (-o {output})"
    if was_stopped:
        if hint:
            say(hint)
        return Interrupted("stopped", limit="stop", used=0, allowed=0)
    if first is None or first.error is None:
        return None
    failed = f"{progress.failed:,} of {progress.total:,} questions have no answer, such as {first.id!r}"
    advice = (
        f" ({_LIMITS[limit]} and the like are the limits of one question)"
        if (limit := first.error.limit) in _LIMITS
        else ""
    )
    again = f"; {hint}" if hint else ""
    return first.error.error(f"{failed}: {first.error.message}{advice}{again}")
