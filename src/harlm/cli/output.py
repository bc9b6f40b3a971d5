"""``--format`` and ``--json``: the form of a result on stdout, the same for every verb.

``--format json`` prints one JSON value. ``--json`` prints one object a line: a line for each item of a list, else one
line. ``ask`` prints its events that way, as they happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from harlm.cli.printing import show_json, show_json_line

_Command = TypeVar("_Command", bound=Callable[..., Any])
LINES = "lines"
"""The style of ``--json``."""


def output_options(*more: str) -> Callable[[_Command], _Command]:
    """Adds ``--format`` and ``--json`` to a verb. ``output_style`` gives their value.

    Args:
        more: styles besides ``text`` and ``json``.
    """
    style = click.option(
        "--format",
        "style",
        type=click.Choice(["text", *more, "json"]),
        help="How to print it; text by default.",
    )
    lines = click.option(
        "--json",
        "as_lines",
        is_flag=True,
        help="Print JSON, one object per line: for a list, one for each item.",
    )

    def add(command: _Command) -> _Command:
        return style(lines(command))

    return add


def output_style(options: Mapping[str, Any]) -> str:
    """The style that was chosen: a value of ``--format``, or ``LINES``.

    Raises:
        click.UsageError: both options are given.
    """
    if not options["as_lines"]:
        return options["style"] or "text"
    if options["style"] is not None:
        raise click.UsageError(
            "--json prints one JSON object per line and --format another form; use one of them"
        )
    return LINES


def show_value(value: object, style: str) -> None:
    """Print a result in the style ``json`` or ``LINES``."""
    if style != LINES:
        show_json(value)
        return
    for each in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
        show_json_line(each)
