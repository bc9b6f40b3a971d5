"""``harlm runs replay``, ``export`` and ``import``: a stored run again, and on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import say, show
from harlm.cli.settings import bytes_text, load_settings, read
from harlm.client import HARLM
from harlm.home import runs_of
from harlm.replaying import Difference, first_difference, shortened, stored_run
from harlm.resuming import go_to_folder_of
from harlm.tracing.console import counted
from harlm.tracing.jsonl import find_run
from harlm.tracing.moving import EXPORTED, export_run, import_run
from harlm.tracing.request import has_context, is_imported, read_request


@click.command("replay")
@click.argument("run")
@click.argument("paths", nargs=-1, metavar="[PATH|GLOB|URL|@LIST|-]...")
@click.option(
    "--against",
    metavar="RUN",
    help="Run nothing: show the first difference from this other run, made by another version or with another prompt.",
)
@output_options()
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def replay_(*, run: str, paths: tuple[str, ...], against: str | None, quiet: bool, **options: Any) -> None:
    """Run RUN again from its journal: no model, no network, no cost. RUN is an id, the beginning of one, `last`, or an exported file.

    Its cells, their output, its calls, its answer and its cost are compared with what is stored; the exit code is 1 if something differs. It reads its documents where it has read them; PATHs are read instead.
    """
    style = output_style(options)
    config = load_settings({}, quiet=quiet).config
    runs = runs_of(config)
    with stored_run(runs, run) as stored:
        if against is not None:
            with stored_run(runs, against) as other:
                difference = first_difference(list(stored.events()), list(other.events()))
            found = f"{stored.record.run} and {other.record.run}"
        else:
            given: object = read(paths, config, quiet=quiet) if paths else None
            named = Path(run).absolute() if run.endswith(EXPORTED) else stored.record.run
            if given is None and not (has_context(stored.folder) or is_imported(stored.folder)):
                go_to_folder_of(read_request(stored.folder))
            replay = HARLM(settings=config).replay(named, given)
            difference = replay.difference
            found = f"{counted(replay.cells, 'cell')} and {counted(replay.calls, 'call')} in {replay.seconds:.2f} s"
    if style != "text":
        show_value({"run": stored.record.run, "difference": difference}, style)
    elif difference is None:
        show(f"the same: {found}")
    else:
        _show(difference, against or "now")
    if difference is not None:
        raise click.exceptions.Exit(1)


@click.command("export")
@click.argument("run")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="RUN.harlm by default.",
)
@click.option(
    "--no-documents",
    "documents",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Leave the documents out.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def export_(*, run: str, output: Path | None, documents: bool, **_: Any) -> None:
    """Write RUN with its documents into one file, which `harlm runs import` and `harlm runs replay` read. It holds no key."""
    config = load_settings({}).config
    stored = find_run(runs_of(config), run)
    file = (output or Path(f"{stored.folder.name}{EXPORTED}")).absolute()
    context = None
    if documents and not (has_context(stored.folder) or is_imported(stored.folder)):
        request = read_request(stored.folder)
        go_to_folder_of(request)
        context = read(list(request.origin.paths or ()), config, quiet=True)
    size = export_run(stored, file, context, with_documents=documents)
    say(f"{stored.folder.name} is in {file} ({bytes_text(size)})")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def import_(*, files: Sequence[Path], **_: Any) -> None:
    """Add runs from files that `harlm runs export` has written."""
    runs = runs_of(load_settings({}).config)
    for file in files:
        say(f"{import_run(file, runs)} is added")


def _show(difference: Difference, other: str) -> None:
    show(f"the first difference is {difference.what}")
    show(f"--- stored\n{shortened(difference.before, difference.now)}")
    show(f"--- {other}\n{shortened(difference.now, difference.before)}")
