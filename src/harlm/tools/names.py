"""Names of tools: those that cells can call, and such names made of others."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

from harlm.errors import ConfigError
from harlm.guest.vocabulary import VOCABULARY
from harlm.types import ToolShape

LONGEST_NAME = 60

_TAKEN = frozenset(row.name for row in VOCABULARY if not row.is_inner and (row.modes or not row.function)) | {
    "answer",
    "ask_tables",
    "context",
    "help",
    "memory",
    "place",
    "search",
}
_OTHER = re.compile(r"[^0-9A-Za-z_]+")


def check_name(name: str) -> None:
    """Check that a cell can call a tool by a name, and that the name is free.

    Raises:
        ConfigError: it cannot, or the name is taken.
    """
    if (
        not name.isidentifier()
        or unicodedata.normalize("NFKC", name) != name  # Python reads it as another name
        or keyword.iskeyword(name)
        or name.startswith("_")
        or len(name) > LONGEST_NAME
    ):
        raise ConfigError(
            f"{name[: 2 * LONGEST_NAME]!r} cannot be the name of a tool: cells call it by a name of Python, of at most "
            f"{LONGEST_NAME} characters, without a leading underscore; pass tool(name=…)"
        )
    if is_taken(name):
        raise ConfigError(f"the name {name!r} is taken in cells; give the tool another with tool(name=…)")


def is_taken(name: str) -> bool:
    """Whether cells know another function, variable or builtin under a name."""
    return name in _TAKEN or hasattr(builtins, name)


def refuse_equal_names(shapes: Iterable[ToolShape]) -> None:
    """Check that the names of tools differ.

    Raises:
        ConfigError: two have one name.
    """
    seen: set[str] = set()
    for shape in shapes:
        if shape.name in seen:
            raise ConfigError(
                f"two tools have the name {shape.name!r}; give one of them another with tool(name=…)"
            )
        seen.add(shape.name)


def python_name(text: str) -> str:
    """A name of Python that is like a text: ``get-user.v2`` becomes ``get_user_v2``. ``tool`` if nothing of it can be kept."""
    name = _OTHER.sub("_", text[: 4 * LONGEST_NAME]).strip("_")[:LONGEST_NAME].rstrip("_") or "tool"
    if name[0].isdigit():
        name = f"tool_{name}"[:LONGEST_NAME]
    return f"{name}_" if keyword.iskeyword(name) else name


def free_name(wanted: str, prefix: str, taken: Iterable[str]) -> str:
    """A name like ``wanted`` that cells do not know yet: as it is, else behind a prefix, else with a number.

    Args:
        wanted: the name, as it came.
        prefix: of the server that the tool belongs to.
        taken: the names of other tools.
    """
    used = set(taken)
    plain = python_name(wanted)
    for name in (plain, python_name(f"{prefix}_{wanted}")):
        if name not in used and not is_taken(name):
            return name
    short = plain[: LONGEST_NAME - 5].rstrip("_")
    return next(
        name
        for number in range(2, 10_000)
        if (name := f"{short}_{number}") not in used and not is_taken(name)
    )
