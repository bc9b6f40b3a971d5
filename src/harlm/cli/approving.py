"""Asks at the terminal before a cell runs (``harlm ask --approve``)."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from harlm.cli.printing import say
from harlm.types import PendingCell


def asks_at_terminal() -> Callable[[PendingCell], bool]:
    """A function that shows a cell on stderr and asks whether it may run.

    Raises:
        click.UsageError: there is no terminal to ask at.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(
            "--approve asks at a terminal, and there is none; leave it out, or pass approve= in Python"
        )
    return _Asking().may_run


class _Asking:
    """Asks until the user allows all."""

    def __init__(self) -> None:
        self._allows_all = False

    def may_run(self, cell: PendingCell) -> bool:
        if self._allows_all:
            return True
        say(f"\nnode {cell.node}, turn {cell.turn}, wants to run:\n{cell.code}")
        said = click.prompt(
            "Run it? [y]es, [n]o, [a]ll from here on",
            type=click.Choice(["y", "n", "a"], case_sensitive=False),
            show_choices=False,
            default="n",
            err=True,
        )
        self._allows_all = said == "a"
        return bool(said != "n")
