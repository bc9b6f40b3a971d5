"""``harlm models``: shows the models that -m accepts, which of them are ready to use, and their prices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from harlm.budget.pricing import PriceList, snapshot
from harlm.cli.installed import is_built_in
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show
from harlm.cli.settings import load_settings
from harlm.extensions import installed
from harlm.home import models_folder, prices_file
from harlm.models.local.finding import is_here
from harlm.models.local.known import KNOWN, KnownModel
from harlm.models.names import PROVIDERS, Provider
from harlm.types import Price


@click.command("models")
@click.option(
    "--local", "is_local", is_flag=True, help="Show the known files of models that run on this machine."
)
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(**options: Any) -> None:
    """Show providers, how to name their models, whether a key is set, and prices. Keys are never shown."""
    style = output_style(options)
    config = load_settings({}).config
    if options["is_local"]:
        _show_local(models_folder(config), style)
        return
    chosen, file = config.models, prices_file(config)
    prices = {**snapshot().models, **PriceList(file).own}
    rows = [_row(name, provider) for name, provider in PROVIDERS.items()]
    extensions = [each for each in installed("models") if not is_built_in(each)]
    if style != "text":
        show_value(
            {
                "root": chosen.root,
                "sub": chosen.sub or chosen.root,
                "providers": rows,
                "extensions": [
                    {"provider": each.name, "example": f"{each.name}/NAME", "package": each.package}
                    for each in extensions
                ],
                "prices": {"date": snapshot().date, "sources": snapshot().sources, "models": prices},
            },
            style,
        )
        return
    show(f"root model: {chosen.root}\nsub-model:  {chosen.sub or chosen.root}\n")
    for row in rows:
        show(f"{row['provider']:<11} {row['example']:<28} {row['key']:<34} window {row['window']:,}")
    for each in extensions:
        show(f"{each.name:<11} {each.name + '/NAME':<28} from the package {each.package}")
    show(
        "\nAny OpenAI-compatible server: openai/NAME@http://host:port/v1 or http://host:port/v1#NAME (no key needed)."
    )
    show("A window above is used for a model without a window below; models.window overrides both.")
    show("Models that run on this machine: local/PATH.gguf, or a known file (`harlm models --local`).")
    show(f"\nUSD per million tokens{'':<21}{'input':>9}{'cached':>9}{'output':>9}{'window':>12}")
    for name, price in sorted(prices.items()):
        show(f"{name:<43}{_price_row(price)}")
    sources = ", ".join(f"{each.package} {each.version} ({each.licence})" for each in snapshot().sources)
    show(
        f"\nPrices as of {snapshot().date}, from {sources}; models marked * cost more for long prompts. Put your own prices into {file}: "
        '["openai/my-model"] with input = 0.25 and output = 2.0.'
    )


def _show_local(folder: Path, style: str) -> None:
    """The known model files, and other model files in the folder of models."""
    rows = [_local_row(known, folder) for known in KNOWN.values()]
    names = {known.file for known in KNOWN.values()}
    others = sorted(each.name for each in folder.glob("*.gguf") if each.name not in names)
    if style != "text":
        show_value({"folder": str(folder), "known": rows, "others": others}, style)
        return
    for row in rows:
        here = "here" if row["here"] else f"not here: harlm local fetch {row['name']}"
        show(
            f"local/{row['name']:<20} {row['title']}, {row['licence']}, {row['bytes'] / 1e6:,.0f} MB; {here}"
        )
        show(f"  {row['file']}, SHA-256 {row['sha256']}")
        show(f"  on the package index: {row['packages']}")
    for name in others:
        show(f"local/{name.removesuffix('.gguf')}")
    show(f"\nThe folder of model files is {folder}. local/PATH.gguf takes any other.")


def _local_row(known: KnownModel, folder: Path) -> dict[str, Any]:
    return {
        "name": known.name,
        "title": known.title,
        "file": known.file,
        "bytes": known.size,
        "sha256": known.sha256,
        "licence": known.licence,
        "packages": known.packages,
        "here": is_here(known, folder),
    }


def _price_row(price: Price) -> str:
    window = "" if price.window is None else f"{price.window:,}"
    cached = "" if price.cached is None else f"{price.cached:,.3f}"
    more = " *" if price.tiers else ""
    return f"{price.input:>9,.3f}{cached:>9}{price.output:>9,.3f}{window:>12}{more}"


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
