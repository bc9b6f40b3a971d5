"""Parts of HARLM that other installed packages bring, found by entry points. None is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from harlm.errors import ConfigError, HarlmError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Kind = Literal["models", "embedders", "stores", "routers", "strategies", "readers", "tools"]
"""What a package can bring; the group of its entry points is ``harlm.`` with this behind it."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension as its package declares it.

    Attributes:
        kind: what it is.
        name: by which users choose it.
        package: the installed package that brings it.
        value: what its entry point names, ``module:attribute``.
    """

    kind: Kind
    name: str
    package: str
    value: str


def names(kind: Kind) -> tuple[str, ...]:
    """The names of all extensions of a kind, in order."""
    return tuple(entries(f"harlm.{kind}"))


def installed(*kinds: Kind) -> tuple[Extension, ...]:
    """All extensions of these kinds, by default of all kinds; none is imported."""
    return tuple(
        Extension(kind=kind, name=name, package=_package(each), value=each.value)
        for kind in kinds or KINDS
        for name, found in entries(f"harlm.{kind}").items()
        for each in found
    )


def extension(kind: Kind, name: str) -> object | None:
    """What an entry point names, imported now; ``None`` if no installed package has one of this name.

    Raises:
        ConfigError: two packages bring the name, or it cannot be imported.
    """
    return loaded(f"harlm.{kind}", name)


def made(kind: Kind, name: str, *arguments: object) -> object | None:
    """What the function of an extension returns; ``None`` if no installed package has one of this name.

    Raises:
        ConfigError: it cannot be imported, is no function, or fails.
    """
    make = extension(kind, name)
    if make is None:
        return None
    if not callable(make):
        raise wrong(kind, name, f"is a {type(make).__name__}, and must be a function")
    function: Callable[..., object] = make
    try:
        return function(*arguments)
    except HarlmError:
        raise
    except Exception as error:
        raise wrong(kind, name, f"failed ({type(error).__name__}: {error})") from error


def wrong(kind: Kind, name: str, what: str) -> ConfigError:
    """The error of an extension that does not keep its contract.

    Args:
        kind, name: of the extension.
        what: what is wrong with it, as the end of a sentence that it begins.
    """
    found = entries(f"harlm.{kind}").get(name, ())
    package = " and ".join(map(_package, found)) or "unknown"
    return ConfigError(
        f"{name!r} of the package {package} (harlm.{kind}) {what}; tell its authors, or leave {name!r} out"
    )


def loaded(group: str, name: str) -> object | None:
    """What an entry point of any group names; see ``extension``.

    Raises:
        ConfigError: two packages bring the name, or it cannot be imported.
    """
    found = entries(group).get(name, ())
    if not found:
        return None
    if len(found) > 1:
        packages = " and ".join(_package(each) for each in found)
        raise ConfigError(
            f"{name!r} is brought by {packages} (entry point {group}); uninstall all of them but one"
        )
    (entry,) = found
    try:
        part: object = entry.load()
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"{name!r} of the package {_package(entry)} cannot be imported ({type(error).__name__}: {error}); "
            f"install it again with what it needs, or leave {name!r} out"
        ) from error
    return part


@cache
def entries(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points of a group by name; packages that are installed later are found by the next process.

    What lies in the current folder is not installed: Python finds it there when it is started as ``python -m``, or by Jupyter, and
    the folder may be a stranger's.
    """
    from importlib.metadata import entry_points  # costs a run without extensions nothing

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in sorted(entry_points(group=group), key=lambda each: (each.name, each.value)):
        known = found.get(entry.name, ())
        if entry.value in {each.value for each in known} or _is_here(entry):
            continue  # an editable install can be listed twice
        found[entry.name] = (*known, entry)
    return found


def _is_here(entry: EntryPoint) -> bool:
    """Whether the package of an entry point lies in the current folder itself."""
    if entry.dist is None:
        return False
    try:
        return Path(str(entry.dist.locate_file(""))).samefile(Path.cwd())
    except OSError:
        return False


def _package(entry: EntryPoint) -> str:
    return entry.value.partition(":")[0].partition(".")[0] if entry.dist is None else entry.dist.name
