"""The names that an interactive Python has in addition to its builtins, for cells: ``exit``, ``quit`` and
``help``. They read no input and start no pager.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from .awaitable import MARK, awaitable
from .tools import shape_of

_HOW = "help(x) describes x: an object, or the name of a module, keyword or topic"


def exit(code: Any = None) -> NoReturn:
    """End the cell, as ``sys.exit`` does."""
    raise SystemExit(code)


def help(*request: Any) -> None:
    """Print the documentation of an object, or of the module, keyword or topic with a name; of a tool, what the host says."""
    if not request or request[0] is help:
        sys.stdout.write(f"{_HOW}\n")
        return
    if (shape := shape_of(request[0])) is not None:
        sys.stdout.write(f"{shape['help']}\n")
        return
    import pydoc

    pydoc.pager = _page  # topics go to the pager whatever the output is
    pydoc.Helper(output=sys.stdout).help(*request)


def _page(text: str, title: str = "") -> None:
    import pydoc

    sys.stdout.write(pydoc.plain(text))


NAMES: dict[str, Callable[..., Any]] = {"exit": exit, "quit": exit, "help": help, MARK: awaitable}
"""The functions by name."""
