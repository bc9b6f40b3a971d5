"""Routers that other installed packages bring, made by the entry points of ``harlm.routers``."""

from __future__ import annotations

from typing import Final

from harlm.config import RouterSettings
from harlm.errors import ConfigError
from harlm.extensions import made, wrong
from harlm.protocols import Router

_KIND: Final = "routers"


def brought_router(settings: RouterSettings) -> Router:
    """The router that a package makes of the settings.

    Args:
        settings: the ``[router]`` settings, whose ``kind`` is the name of the extension.

    Raises:
        ConfigError: no package brings it, it cannot be made, or is no router.
    """
    router = made(_KIND, settings.kind, settings)
    if router is None:
        raise ConfigError(f"router.kind = {settings.kind!r}: no installed package brings it (harlm.routers)")
    if not all(callable(getattr(router, each, None)) for each in ("route", "judge", "follow")):
        raise wrong(
            _KIND,
            settings.kind,
            f"made a {type(router).__name__}, and must make a router with route, judge and follow",
        )
    return router  # type: ignore[return-value] # it has all that one has
