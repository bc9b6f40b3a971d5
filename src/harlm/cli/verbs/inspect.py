"""``harlm inspect``: shows what a question over these paths would read."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show
from harlm.cli.settings import bytes_text, load_settings, read, reading_flags, reading_options
from harlm.context import profile
from harlm.tracing.console import counted
from harlm.types import Context


@click.command("inspect")
@reading_options
@click.option("--all", "show_all", is_flag=True, help="List every skipped file.")
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Show what would be read from files, folders, globs, @list.txt, or - for standard input."""
    style = output_style(options)
    context = read(paths, load_settings(reading_flags(options)).config)
    if style != "text":
        show_value(_listing(context), style)
    else:
        _print(context, show_all=options["show_all"])


def _listing(context: Context) -> dict[str, object]:
    known = profile(context)
    return {
        "documents": known.documents,
        "characters": known.characters,
        "tokens": known.tokens,
        "structure": known.structure,
        "kinds": dict(known.kinds),
        "largest": [{"name": name, "characters": size} for name, size in known.largest],
        "skipped": [{"name": each.name, "reason": each.reason} for each in context.skipped],
    }


def _print(context: Context, *, show_all: bool) -> None:
    known = profile(context)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in known.kinds)
    show(f"{counted(known.documents, 'document')} ({kinds})")
    show(f"{bytes_text(known.characters)} of text, about {known.tokens:,} tokens, mostly {known.structure}")
    show("\nLargest:")
    for name, size in known.largest:
        show(f"  {bytes_text(size):>10}  {name}")
    if not context.skipped:
        show("\nNothing was skipped.")
        return
    show(f"\nSkipped: {len(context.skipped):,}")
    reasons = Counter(each.reason for each in context.skipped)
    shown = list(context.skipped) if show_all else []
    for reason, count in reasons.most_common():
        show(f"  {count:>6,}  {reason}")
        named = [each.name for each in (shown or context.skipped) if each.reason == reason]
        for name in named if show_all else named[:3]:
            show(f"          {name}")
        if not show_all and count > 3:
            show(f"          … {count - 3:,} more (--all lists them)")
