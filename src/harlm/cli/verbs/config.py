"""``harlm config``: prints every setting and where it comes from, and writes one into the user's file."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import say, show
from harlm.cli.settings import load_settings
from harlm.config import set_in_file, setting_names
from harlm.home import user_config_file


@click.group("config", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show or write the settings. Precedence: flag > environment > user file > default; a project file narrows them."""
    if context.invoked_subcommand is None:
        context.invoke(show_)


@command.command("show")
@click.option("--origin", is_flag=True, help="Show where each value comes from.")
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def show_(*, origin: bool, **options: Any) -> None:
    """Print all settings in this folder. Keys are hidden."""
    style = output_style(options)
    settings = load_settings({})
    if style != "text":
        listing = {
            name: {"value": value, "origin": settings.origin(name)}
            for name, value in settings.shown().items()
        }
        show_value(listing, style)
        return
    rows = settings.rows()
    width = max(len(name) for name, _, _ in rows)
    for name, value, source in rows:
        show(f"{name:<{width}} = {value}" + (f"   # {source}" if origin else ""))


@command.command("path")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def path_(**_: Any) -> None:
    """Print the path of your settings file."""
    file = user_config_file()
    show(str(file))
    if not file.exists():
        say("the file does not exist yet; harlm config set KEY VALUE makes it")


def _complete_name(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [CompletionItem(name) for name in setting_names() if name.startswith(incomplete)]


@command.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=_complete_name)
@click.argument("value")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def set_(*, key: str, value: str, **_: Any) -> None:
    """Write a setting, such as models.root openai/gpt-5, into your settings file. Everything else in the file stays.

    A list is written as TOML writes it, such as '["vendor/", "*.lock"]'; a single word is a list of one.
    """
    file = user_config_file()
    say(f"{file}: {set_in_file(file, key, value)}")
