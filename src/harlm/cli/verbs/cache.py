"""``harlm cache``: shows and deletes the entries that HARLM keeps from run to run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import say, show
from harlm.cli.settings import Duration, bytes_text, load_settings
from harlm.config import Config
from harlm.config.values import without_password
from harlm.home import journal_file, memory_file
from harlm.journal import maintenance as journal
from harlm.memory import maintenance as memory
from harlm.storage import Contents
from harlm.tracing.console import counted


@click.group("cache", invoke_without_command=True)
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Show what HARLM keeps from run to run: entries of memory, and replies that are reused instead of new
    calls.
    """
    if context.invoked_subcommand is not None:
        return
    style = output_style(options)
    config = load_settings({}).config
    _say_shared(config)
    files = {memory_file(config): memory.held, journal_file(config): journal.held}
    held = {file: read(file) for file, read in files.items()}
    if style != "text":
        entries, calls = (
            {"file": str(file), "bytes": each.size, "rows": each.rows} for file, each in held.items()
        )
        show_value({**entries, "journal": calls}, style)
        return
    for file, contents in held.items():
        _show(file, contents)


def _say_shared(config: Config) -> None:
    """Say that the shared store is another place."""
    if config.memory.store is not None:
        say(
            f"the shared store {without_password(config.memory.store)} is left alone; these are the files of this machine"
        )


def _show(file: Path, contents: Contents) -> None:
    if not contents.rows:
        say(f"nothing is kept in {file}")
        return
    show(f"{file}: {bytes_text(contents.size)}")
    for row in contents.rows:
        spaces = "" if row.space == "default" else f", namespace {row.space}"
        show(
            f"  {row.entries:>8,} of kind {row.kind}{f' from {row.model}' if row.model else ''}{spaces}: "
            f"{bytes_text(row.size)}, used again {row.uses:,} times"
        )


@command.command("clear")
@click.option(
    "--older-than", type=Duration(), metavar="TIME", help="Only what was not used for this time, such as 12h."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def clear_(*, older_than: float | None, **_: Any) -> None:
    """Delete what is kept from run to run; stored runs stay."""
    config = load_settings({}).config
    _say_shared(config)
    used_before = None if older_than is None else time.time() - older_than
    entries = memory.forget(memory_file(config), used_before)
    calls = journal.forget(journal_file(config), used_before)
    say(f"{counted(entries, 'result')} and {counted(calls, 'paid call')} forgotten")
