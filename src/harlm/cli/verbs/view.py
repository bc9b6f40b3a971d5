"""``harlm view``: shows stored runs in a browser, also while they work."""

from __future__ import annotations

from typing import Any

import click

from harlm.cli.printing import say, show
from harlm.cli.settings import load_settings
from harlm.home import runs_of
from harlm.tracing.housekeeping import named_run


@click.command("view")
@click.argument("run", required=False)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, help="Of 127.0.0.1; any free one by default."
)
@click.option("--no-open", is_flag=True, help="Only print the address.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(*, run: str | None, port: int, no_open: bool, **_: Any) -> None:
    """Show stored runs in a browser, until Ctrl-C. RUN is an id, the beginning of one, or `last`; by default the list of runs.

    The page is served on 127.0.0.1, and its address holds a token without which nothing of a run is told.
    """
    import asyncio  # here and below, since aiohttp takes long to import

    from harlm.viewer.serving import open_in_browser, serve

    config = load_settings({}).config
    runs = runs_of(config)
    name = None if run is None else named_run(runs, run).folder.name

    def tell(address: str, once: str) -> None:
        show(address)
        if not no_open and not open_in_browser(once):
            say("no display: open the address in a browser on this machine")
        say("serving until Ctrl-C")

    asyncio.run(serve(runs, config, run=name, port=port, on_address=tell))
