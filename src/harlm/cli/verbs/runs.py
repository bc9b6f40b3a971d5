"""``harlm runs``: lists stored runs, shows their questions, calls and results, and removes runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from harlm.cli.moving import export_, import_, replay_
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import say, show
from harlm.cli.resuming import resume_
from harlm.cli.settings import Duration, bytes_text, load_settings
from harlm.errors import TraceError
from harlm.events import CellFinished, CellStarted
from harlm.home import ratings_file, runs_of
from harlm.tracing import housekeeping
from harlm.tracing.console import counted
from harlm.tracing.experience import rated
from harlm.tracing.housekeeping import Pruned, StoredRun
from harlm.tracing.jsonl import RunFolder, RunResult, find_run, list_runs
from harlm.tracing.memory_table import memory_lines
from harlm.tracing.rating import judged_in, rate, rating_of
from harlm.tracing.tree import CallTree, NodeSummary, node_line, one_line

_UNKNOWN_TIME = "?"


@click.group("runs")
def command() -> None:
    """List, show, resume, replay, move, rate, pin and remove stored runs."""


for each in (resume_, replay_, export_, import_):
    command.add_command(each)


@command.command("list")
@click.option("-n", "count", metavar="N", type=click.IntRange(1), default=20, help="How many, newest first.")
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def list_(*, count: int, **options: Any) -> None:
    """List runs, newest first."""
    style = output_style(options)
    folder = runs_of(load_settings({}).config)
    rows = [_row(folder / name) for name in list_runs(folder)[:count]]
    if style != "text":
        show_value(rows, style)
        return
    if not rows:
        say(f"no runs in {folder} yet; ask something first")
    for row in rows:
        show(f"{row['run']}  {row['started']:<19}  {row['state']:<10}  {one_line(row['question'])}")


@command.command("show")
@click.argument("run")
@click.option("--cells", is_flag=True, help="Show the cells and their output.")
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def show_(*, run: str, cells: bool, **options: Any) -> None:
    """Show one run, named by its id, the beginning of its id, or `last`."""
    style = output_style(options)
    folder = find_run(runs_of(load_settings({}).config), run)
    if style != "text":
        whole = {"run": folder.record, "result": folder.result, "events": list(folder.events())}
        show_value(whole, style)
        return
    show(f"{folder.record.run}  {_when(folder.record.started)}  {folder.folder}")
    show(f"question: {folder.record.question}")
    show(f"context:  {counted(folder.record.documents, 'document')}, about {folder.record.tokens:,} tokens")
    show(f"models:   {folder.record.root_model}, {folder.record.sub_model}\n")
    tree, damage = _tree(folder)
    for root in (*([] if tree.root is None else [tree.root]), *tree.later_roots):
        _print_tree(root, 0)
    if tree.is_cut:
        show("(the trace was cut at its size, tracing.run_mb: what came later is not counted here)")
    if cells:
        _print_cells(folder)
    show()
    _print_result(folder.result)
    if damage is not None:
        raise damage


@command.command("rate")
@click.argument("run")
@click.argument("rating", type=click.Choice(["good", "bad"]))
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def rate_(*, run: str, rating: str, **_: Any) -> None:
    """Say whether the answer of a run was good. Rated runs train routers (harlm router train --runs), and with router.bandit they shift
    the choice over the same corpus.
    """
    config = load_settings({}).config
    folder = find_run(runs_of(config), run)
    judged = judged_in(folder)
    if judged is None:
        raise TraceError(f"run {folder.folder.name} has no answer to rate; name a run that has answered")
    is_good = rating == "good"
    before = rating_of(folder.folder)
    rated(ratings_file(config), judged.corpus, judged.mode, is_good=is_good, before=before)
    rate(folder.folder, is_good=is_good)
    say(f"{folder.folder.name} (mode {judged.mode}) is rated {rating}")


@command.command("rm")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def rm_(*, runs: tuple[str, ...], yes: bool, **_: Any) -> None:
    """Remove runs, named by id, the beginning of an id, or `last`. A pinned run is removed as well."""
    found = _named(runs)
    _confirm(found, yes=yes)
    removed = [run for run in found if housekeeping.remove(run)]
    _say_removed(Pruned(removed, open=len(found) - len(removed), pinned=0, left=0))
    if len(removed) < len(found):
        raise TraceError("a run that is open cannot be removed; try again when it has ended")


@command.command("prune")
@click.option(
    "--older-than", type=Duration(), metavar="TIME", help="Remove runs that are older, such as 30d or 12h."
)
@click.option(
    "--to-mb", type=click.IntRange(0), metavar="N", help="Remove the oldest until all runs take N megabytes."
)
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def prune_(*, older_than: float | None, to_mb: int | None, dry_run: bool, yes: bool, **_: Any) -> None:
    """Remove the oldest runs, except pinned and open ones; by default down to the setting tracing.runs_mb."""
    config = load_settings({}).config
    if older_than is None and to_mb is None:
        to_mb = config.tracing.runs_mb
    folder, most = runs_of(config), None if to_mb is None else to_mb << 20
    before = None if older_than is None else time.time() - older_than
    planned = housekeeping.prune(folder, most, started_before=before, dry_run=True)
    if dry_run:
        for run in planned.removed:
            show(f"{run.folder.name}  {_when(run.started):<19}  {bytes_text(run.size)}")
        _say_removed(planned, would=True)
        return
    _confirm(planned.removed, yes=yes)
    _say_removed(housekeeping.prune(folder, most, started_before=before))


@command.command("pin")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def pin_(*, runs: tuple[str, ...], **_: Any) -> None:
    """Keep runs from being pruned."""
    for run in _named(runs):
        housekeeping.pin(run, is_pinned=True)
        say(f"{run.folder.name} is pinned")


@command.command("unpin")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def unpin_(*, runs: tuple[str, ...], **_: Any) -> None:
    """Let pinned runs be pruned again."""
    for run in _named(runs):
        housekeeping.pin(run, is_pinned=False)
        say(f"{run.folder.name} is not pinned")


def _named(names: Sequence[str]) -> list[StoredRun]:
    """The runs with these names, each once.

    Raises:
        TraceError: one does not name a single run.
    """
    folder = runs_of(load_settings({}).config)
    found = (housekeeping.named_run(folder, name) for name in names)
    return list({run.folder: run for run in found}.values())


def _confirm(runs: Sequence[StoredRun], *, yes: bool) -> None:
    """Ask whether runs may be removed.

    Raises:
        click.Abort: the user says no.
        click.UsageError: there is no user to ask.
    """
    if yes or not runs:
        return
    what = f"{counted(len(runs), 'run')} ({bytes_text(sum(run.size for run in runs))})"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"{what} would be removed, and there is no terminal to ask; add -y")
    if not click.confirm(f"Remove {what}?", err=True):
        raise click.Abort


def _say_removed(pruned: Pruned, *, would: bool = False) -> None:
    verb = "would be removed" if would else "removed"
    kept = [f"{count} {why}" for count, why in ((pruned.pinned, "pinned"), (pruned.open, "open")) if count]
    say(
        f"{counted(len(pruned.removed), 'run')} {verb}, {bytes_text(pruned.freed)}"
        f"{'; kept: ' + ', '.join(kept) if kept else ''}"
    )


def _row(folder: Path) -> dict[str, str]:
    """The row of a run; for a damaged run, everything that can be read."""
    row = {"run": folder.name, "started": _UNKNOWN_TIME, "state": "unreadable", "question": ""}
    try:
        stored = RunFolder(folder)
        row |= {"started": _when(stored.record.started), "question": stored.record.question}
        row["state"] = _state(stored.result)
    except TraceError:
        pass  # `harlm runs show` reports the damage
    return row


def _tree(folder: RunFolder) -> tuple[CallTree, TraceError | None]:
    """The tree of the events up to the first damaged one, and the damage; ``None`` if there is none."""
    tree = CallTree()
    try:
        for event in folder.events():
            tree.add(event)
    except TraceError as damage:
        return tree, damage
    return tree, None


def _print_cells(folder: RunFolder) -> None:
    with suppress(TraceError):  # raised by ``show_`` in the end
        for event in folder.events():
            if isinstance(event, CellStarted):
                show(f"\n--- node {event.node}, turn {event.turn}\n{event.code.rstrip()}")
            elif isinstance(event, CellFinished):
                show(f"--- printed ({event.wall_s:.3f} s)\n{event.output.rstrip()}{_error(event)}")


def _state(result: RunResult | None) -> str:
    if result is None:
        return "unfinished"
    if result.answer is not None:
        return result.answer.status
    return "failed" if result.error is not None else "unreadable"


def _when(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return _UNKNOWN_TIME  # a number outside the range of the calendar


def _print_tree(node: NodeSummary, depth: int) -> None:
    show("  " * depth + node_line(node))
    for child in node.children:
        _print_tree(child, depth + 1)


def _error(event: CellFinished) -> str:
    return f"\n{event.error}" if event.error else ""


def _print_result(result: RunResult | None) -> None:
    if result is None:
        show("no result: the run has not ended, or was killed")
    elif result.answer is not None:
        show(result.answer.text, result.answer.citations)
        for each in result.answer.citations:
            show(f"  {each.place}: “{' '.join(each.quote.split())}”", [each])
        for line in memory_lines(result.answer.memory, result.answer.usage):
            show(line)
    elif result.error is not None:
        show(f"{result.error_type}: {result.error}")
    else:
        show("the result is damaged: it holds neither an answer nor an error")
