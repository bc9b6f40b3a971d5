"""``harlm models``: what can be named with -m, and what is ready to use."""

from __future__ import annotations

import os
from typing import Any

import click

from harlm.cli.printing import show, show_json
from harlm.cli.settings import load_settings
from harlm.models.names import PROVIDERS, Provider


@click.command("models")
@click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print it."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(**options: Any) -> None:
    """Show providers, how their models are named, and whether a key is set. Keys themselves are never shown."""
    chosen = load_settings({}).config.models
    rows = [_row(name, provider) for name, provider in PROVIDERS.items()]
    if options["style"] == "json":
        show_json({"root": chosen.root, "sub": chosen.sub or chosen.root, "providers": rows})
        return
    show(f"root model: {chosen.root}\nsub-model:  {chosen.sub or chosen.root}\n")
    for row in rows:
        show(f"{row['provider']:<11} {row['example']:<28} {row['key']:<34} window {row['window']:,}")
    show(
        "\nAny OpenAI-compatible server: openai/NAME@http://host:port/v1 or http://host:port/v1#NAME (no key needed)."
    )
    show("The windows are what is assumed to fit; set models.window where you know better.")


def _row(name: str, provider: Provider) -> dict[str, Any]:
    found = next((variable for variable in provider.key_variables if os.environ.get(variable)), None)
    if not provider.key_variables:
        key = "needs no key"
    elif found:
        key = f"{found} is set"
    else:
        key = f"set {provider.key_variables[0]}"
    return {
        "provider": name,
        "example": provider.example,
        "key": key,
        "ready": bool(found) or not provider.key_variables,
        "base_url": provider.base_url,
        "window": provider.window,
    }
