"""``harlm demo``: asks real questions over Python's own standard library and a mixed folder, offline, and checks every
answer.
"""

from __future__ import annotations

import click

from harlm import demo
from harlm.cli.printing import show
from harlm.cli.settings import load_settings, patience, sandbox_flags, sandbox_options
from harlm.config import OFFLINE_MODEL


@click.command("demo")
@sandbox_options
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(*, verbose: bool, **options: object) -> None:
    """Ask ten real questions, over Python's own standard library and over a folder of prose, a table, a log and a mail,
    offline, and check the answers. Then run a plain loop of calls twice, without and with early calls, and show how a
    run uses its memory.
    """
    flags = {"models.root": OFFLINE_MODEL, "loading.exclude": demo.LEFT_OUT, **sandbox_flags(options)}
    settings = load_settings(flags).config
    with patience("reading the standard library"):
        library = demo.read_library(settings)
    if not demo.run(settings, library, show):
        raise click.exceptions.Exit(1)
