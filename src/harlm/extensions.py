"""Parts of HARLM that other installed packages bring, found by entry points. None is imported before it is used."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from harlm.errors import ConfigError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Kind = Literal["models", "embedders", "stores", "routers", "strategies", "readers", "tools"]
"""What a package can bring; the group of its entry points is ``harlm.`` with this behind it."""


def names(kind: Kind) -> tuple[str, ...]:
    """The names of all extensions of a kind, in order."""
    return tuple(_entries(kind))


def extension(kind: Kind, name: str) -> object | None:
    """What an entry point names, imported now; ``None`` if no installed package has one of this name.

    Raises:
        ConfigError: two packages bring the name, or it cannot be imported.
    """
    found = _entries(kind).get(name, ())
    if not found:
        return None
    if len(found) > 1:
        packages = " and ".join(_package(each) for each in found)
        raise ConfigError(
            f"{name!r} is brought by {packages} (entry point harlm.{kind}); uninstall all of them but one"
        )
    (entry,) = found
    try:
        loaded: object = entry.load()
    except Exception as error:
        raise ConfigError(
            f"{name!r} of the package {_package(entry)} cannot be imported ({type(error).__name__}: {error}); "
            f"install it again with what it needs, or leave {name!r} out"
        ) from error
    return loaded


@cache
def _entries(kind: Kind) -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points of a kind by name; packages that are installed later are found by the next process."""
    from importlib.metadata import entry_points  # costs a run without extensions nothing

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in sorted(entry_points(group=f"harlm.{kind}")):
        known = found.get(entry.name, ())
        if entry.value not in {each.value for each in known}:  # an editable install can be listed twice
            found[entry.name] = (*known, entry)
    return found


def _package(entry: EntryPoint) -> str:
    return entry.value.partition(":")[0].partition(".")[0] if entry.dist is None else entry.dist.name
