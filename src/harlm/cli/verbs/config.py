"""``harlm config show``: prints every setting and where it comes from."""

from __future__ import annotations

from typing import Any

import click

from harlm.cli.printing import show, show_json
from harlm.cli.settings import load_settings


@click.group("config")
def command() -> None:
    """Show the settings. Precedence: flag > environment > user file > default; a project file narrows them."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Show where each value comes from.")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def show_(*, origin: bool, style: str, **_: Any) -> None:
    """Print all settings in this folder. Keys are hidden."""
    settings = load_settings({})
    if style == "json":
        show_json(
            {
                name: {"value": value, "origin": settings.origin(name)}
                for name, value in settings.shown().items()
            }
        )
        return
    rows = settings.rows()
    width = max(len(name) for name, _, _ in rows)
    for name, value, source in rows:
        show(f"{name:<{width}} = {value}" + (f"   # {source}" if origin else ""))
