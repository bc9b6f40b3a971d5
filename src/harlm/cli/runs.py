"""``harlm runs``: what was asked before, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from harlm.assembly import runs_of
from harlm.cli.settings import load_settings
from harlm.events import CellFinished, CellStarted
from harlm.tracing.jsonl import RunFolder, RunResult, find_run, list_runs
from harlm.tracing.tree import CallTree, Node, node_line


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
    rows = [_row(RunFolder(folder / name)) for name in list_runs(folder)[:count]]
    if style == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    if not rows:
        click.echo(f"no runs in {folder} yet; ask something first", err=True)
    for row in rows:
        click.echo(f"{row['run']}  {row['started']}  {row['state']:<10}  {row['question']}")


@command.command("show")
@click.argument("run")
@click.option("--cells", is_flag=True, help="Show the code that ran, and what it printed.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def show(*, run: str, cells: bool, style: str, **_: Any) -> None:
    """Show one run: an id, the beginning of one, or `last`."""
    folder = find_run(runs_of(load_settings({}).config), run)
    if style == "json":
        whole = {"run": folder.record, "result": folder.result, "events": list(folder.events())}
        click.echo(msgspec.json.format(msgspec.json.encode(whole), indent=2).decode())
        return
    click.echo(f"{folder.record.run}  {_when(folder.record.started)}  {folder.folder}")
    click.echo(f"question: {folder.record.question}")
    click.echo(f"context:  {folder.record.documents:,} documents, about {folder.record.tokens:,} tokens")
    click.echo(f"models:   {folder.record.root_model}, {folder.record.sub_model}\n")
    told = list(folder.events())
    if (root := CallTree(told).root) is not None:
        _print_tree(root, 0)
    if cells:
        for event in told:
            if isinstance(event, CellStarted):
                click.echo(f"\n--- node {event.node}, turn {event.turn}\n{event.code.rstrip()}")
            elif isinstance(event, CellFinished):
                click.echo(f"--- printed ({event.wall_s:.3f} s)\n{event.output.rstrip()}{_error(event)}")
    click.echo("")
    _print_result(folder.result)


def _row(folder: RunFolder) -> dict[str, Any]:
    return {
        "run": folder.record.run,
        "started": _when(folder.record.started),
        "state": _state(folder.result),
        "question": folder.record.question,
    }


def _state(result: RunResult | None) -> str:
    if result is None:
        return "unfinished"
    return result.answer.status if result.answer is not None else "failed"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _print_tree(node: Node, depth: int) -> None:
    click.echo("  " * depth + node_line(node))
    for child in node.children:
        _print_tree(child, depth + 1)


def _error(event: CellFinished) -> str:
    return f"\n{event.error}" if event.error else ""


def _print_result(result: RunResult | None) -> None:
    if result is None:
        click.echo("no result: the run is under way, or was killed")
    elif result.answer is None:
        click.echo(f"{result.error_type}: {result.error}")
    else:
        click.echo(result.answer.text)
        for each in result.answer.citations:
            click.echo(f"  {each.place}: “{' '.join(each.quote.split())}”")
