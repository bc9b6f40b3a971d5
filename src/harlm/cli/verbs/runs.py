"""``harlm runs``: lists stored runs, and shows their questions, calls and results."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from harlm.cli.printing import say, show, show_json
from harlm.cli.settings import load_settings
from harlm.errors import TraceError
from harlm.events import CellFinished, CellStarted, Event
from harlm.home import runs_of
from harlm.tracing.console import counted
from harlm.tracing.jsonl import RunFolder, RunResult, find_run, list_runs
from harlm.tracing.memory_table import memory_lines
from harlm.tracing.tree import CallTree, NodeSummary, node_line, one_line

_UNKNOWN_TIME = "?"


@click.group("runs")
def command() -> None:
    """List and show stored runs."""


@command.command("list")
@click.option("-n", "count", type=click.IntRange(1), default=20, help="How many, newest first.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def list_(*, count: int, style: str, **_: Any) -> None:
    """List runs, newest first."""
    folder = runs_of(load_settings({}).config)
    rows = [_row(folder / name) for name in list_runs(folder)[:count]]
    if style == "json":
        show_json(rows)
        return
    if not rows:
        say(f"no runs in {folder} yet; ask something first")
    for row in rows:
        show(f"{row['run']}  {row['started']:<19}  {row['state']:<10}  {one_line(row['question'])}")


@command.command("show")
@click.argument("run")
@click.option("--cells", is_flag=True, help="Show the cells and their output.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def show_(*, run: str, cells: bool, style: str, **_: Any) -> None:
    """Show one run, named by its id, the beginning of its id, or `last`."""
    folder = find_run(runs_of(load_settings({}).config), run)
    if style == "json":
        whole = {"run": folder.record, "result": folder.result, "events": list(folder.events())}
        show_json(whole)
        return
    show(f"{folder.record.run}  {_when(folder.record.started)}  {folder.folder}")
    show(f"question: {folder.record.question}")
    show(f"context:  {counted(folder.record.documents, 'document')}, about {folder.record.tokens:,} tokens")
    show(f"models:   {folder.record.root_model}, {folder.record.sub_model}\n")
    events, damage = _readable_events(folder)
    if (root := CallTree(events).root) is not None:
        _print_tree(root, 0)
    if cells:
        for event in events:
            if isinstance(event, CellStarted):
                show(f"\n--- node {event.node}, turn {event.turn}\n{event.code.rstrip()}")
            elif isinstance(event, CellFinished):
                show(f"--- printed ({event.wall_s:.3f} s)\n{event.output.rstrip()}{_error(event)}")
    show()
    _print_result(folder.result)
    if damage is not None:
        raise damage


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


def _readable_events(folder: RunFolder) -> tuple[list[Event], TraceError | None]:
    """The events up to the first damaged one, and the damage; ``None`` if there is none."""
    events: list[Event] = []
    try:
        events.extend(folder.events())
    except TraceError as damage:
        return events, damage
    return events, None


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
        show(result.answer.text)
        for each in result.answer.citations:
            show(f"  {each.place}: “{' '.join(each.quote.split())}”")
        for line in memory_lines(result.answer.memory, result.answer.usage):
            show(line)
    elif result.error is not None:
        show(f"{result.error_type}: {result.error}")
    else:
        show("the result is damaged: it holds neither an answer nor an error")
