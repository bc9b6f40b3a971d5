"""``harlm report``: writes a stored run as one file of HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harlm.cli.printing import say
from harlm.cli.settings import bytes_text, load_settings
from harlm.errors import ConfigError
from harlm.home import runs_of
from harlm.tracing.housekeeping import named_run
from harlm.tracing.jsonl import write_private


@click.command("report")
@click.argument("run")
@click.option(
    "--html", "as_html", is_flag=True, required=True, help="As one file of HTML that needs no network."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="harlm-RUN.html by default.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(*, run: str, as_html: bool, output: Path | None, **_: Any) -> None:
    """Write a stored run as one file: what `harlm view` shows, with the run inside. RUN is an id, the beginning of one, or `last`.

    The file holds the prompts, replies and quotes of the run: pass it on as you would pass on those.
    """
    from harlm.viewer.report import report_html  # here, since aiohttp takes long to import

    config = load_settings({}).config
    folder = named_run(runs_of(config), run).folder
    file = output or Path(f"harlm-{folder.name}.html")
    page = report_html(folder, config).encode("utf-8", "replace")
    try:
        write_private(file, page)
    except OSError as error:
        raise ConfigError(
            f"{str(file)!r} cannot be written ({error.strerror}); name another with -o"
        ) from error
    say(f"{file} ({bytes_text(len(page))})")
