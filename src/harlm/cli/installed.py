"""What installed packages bring, for ``harlm doctor`` and ``harlm models``: which of it is ignored, and which cannot be imported."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from harlm.config import ROUTERS
from harlm.context.readers import OWN_SUFFIXES
from harlm.errors import ConfigError
from harlm.extensions import Extension, Kind, extension, installed
from harlm.models.names import PROVIDERS
from harlm.types import STRATEGIES

_ONE: dict[Kind, str] = {
    "models": "model provider",
    "embedders": "embedder",
    "stores": "store",
    "routers": "router",
    "strategies": "strategy",
    "readers": "reader",
    "tools": "tool",
}


class Brought(Struct, frozen=True):
    """An extension, and whether it can be used.

    Attributes:
        kind: what it is, in words.
        name: by which it is chosen.
        package: the installed package that brings it.
        problem: why it cannot be used; ``None`` if it can.
    """

    kind: str
    name: str
    package: str
    problem: str | None


def brought(*kinds: Kind) -> Iterator[Brought]:
    """All extensions of these kinds, by default of all kinds. Imports each."""
    for each in installed(*kinds):
        yield Brought(_ONE[each.kind], each.name, each.package, _problem(each))


def is_built_in(each: Extension) -> bool:
    """Whether the name of an extension is one of HARLM's own, so that the extension is ignored."""
    match each.kind:
        case "models":
            return each.name in PROVIDERS
        case "embedders":
            return each.name in ("hashing", "minilm", *PROVIDERS)
        case "routers":
            return each.name in ROUTERS
        case "strategies":
            return each.name in STRATEGIES
        case "readers":
            return f".{each.name.lower().lstrip('.')}" in OWN_SUFFIXES
    return False


def _problem(each: Extension) -> str | None:
    if is_built_in(each):
        return f"ignored, since {each.name!r} is built in"
    try:
        extension(each.kind, each.name)
    except ConfigError as error:
        return str(error)
    return None
