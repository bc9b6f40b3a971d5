"""Shared stores that other installed packages bring: the scheme of an address is the name of an entry point of ``harlm.stores``."""

from __future__ import annotations

from typing import Final

from harlm.config.values import without_password
from harlm.errors import ConfigError
from harlm.extensions import extension, names, wrong
from harlm.stores.sockets import StoreSet

_KIND: Final = "stores"


def brought_stores(scheme: str, url: str, space: str) -> StoreSet:
    """The stores that a package opens for an address.

    Args:
        scheme: of the address, the name of the extension.
        url: the address; no message shows its password.
        space: the namespace of entries and calls.

    Raises:
        ConfigError: no package brings stores for the scheme, they cannot be opened, or are no stores.
    """
    opens = extension(_KIND, scheme)
    if opens is None:
        known = ", ".join(f"{each}://" for each in ("postgresql", *names(_KIND)))
        raise ConfigError(
            f"memory.store begins with {scheme}://, and there are stores for {known} only; install a package that brings one for {scheme} "
            "(entry point harlm.stores), or unset it to keep memory on this machine"
        )
    if not callable(opens):
        raise wrong(_KIND, scheme, f"is a {type(opens).__name__}, and must be a function")
    try:
        opened: object = opens(url, space)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - its message may hold the password
        raise ConfigError(
            f"the store {without_password(url)} cannot be opened ({type(error).__name__})"
        ) from None
    if not isinstance(opened, StoreSet):
        raise wrong(
            _KIND, scheme, f"made a {type(opened).__name__}, and must make stores with entries() and calls()"
        )
    return opened
