"""Asks at the terminal before a cell runs (``harlm ask --approve``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

from harlm.cli.printing import say
from harlm.types import PendingCell

_ANSWERS = ("y", "yes", "n", "no", "a", "all")
_PIECE = 1 << 12


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
        said = _answer("Run it? [y]es, [n]o, [a]ll from here on [n]: ")
        self._allows_all = said == "a"
        return said != "n"


def _answer(question: str) -> str:
    """``y``, ``n`` or ``a``.

    Raises:
        click.Abort: the input has ended.
    """
    while True:
        sys.stderr.write(question)
        sys.stderr.flush()
        said = _line().strip().lower() or "n"
        if said in _ANSWERS:
            return said[0]


def _line() -> str:
    """A line that the user types. It is read from the descriptor: Python cannot end while a thread, as this one, waits for
    ``sys.stdin``.

    Raises:
        click.Abort: the input has ended.
    """
    typed = b""
    while not typed.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), _PIECE)
        if not piece:
            raise click.Abort
        typed += piece
    return typed.decode(errors="replace")
