"""``harlm config show``: every setting, and where it comes from."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from harlm.cli.settings import load_settings


@click.group("config")
def command() -> None:
    """Show the settings. Precedence: flag > environment > project file > user file > default."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def show(*, origin: bool, style: str, **_: Any) -> None:
    """Print all settings as they hold in this folder. Keys are hidden."""
    rows = load_settings({}).rows()
    if style == "json":
        listing = {name: {"value": value, "origin": source} for name, value, source in rows}
        click.echo(msgspec.json.format(msgspec.json.encode(listing), indent=2).decode())
        return
    width = max(len(name) for name, _, _ in rows)
    for name, value, source in rows:
        click.echo(f"{name:<{width}} = {value}" + (f"   # {source}" if origin else ""))
