"""Opens the shared stores of the settings, chosen by the scheme of their address."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import unquote, urlsplit

from harlm.config import Config
from harlm.config.values import without_password
from harlm.errors import ConfigError
from harlm.extensions import extension, names
from harlm.stores.sockets import KeepsRuns, KeepsVectors, SharedRuns, SharedVectors, StoreSet

_POSTGRES = ("postgres", "postgresql")


def open_stores(config: Config) -> StoreSet | None:
    """The shared stores of the settings; ``None`` if everything is kept on this machine.

    Raises:
        ConfigError: they cannot be used; the message names no password.
    """
    url = config.memory.store
    if url is None:
        return None
    scheme = _scheme(url)
    if scheme in _POSTGRES:
        try:
            from harlm.stores.postgres import PostgresStores
        except ImportError as error:
            raise ConfigError(
                f"memory.store names Postgres, which needs the package psycopg ({error}): pip install 'harlm[postgres]'"
            ) from error
        return PostgresStores(
            url,
            config.memory.namespace,
            max_bytes=config.memory.max_mb << 20,
            vector_bytes=config.memory.index_mb << 20,
            run_bytes=config.tracing.runs_mb << 20,
        )
    return _extension(scheme, url, config.memory.namespace)


def runs_in(stores: object) -> SharedRuns | None:
    """The journals of runs in shared stores; ``None`` if they keep none."""
    return stores.runs() if isinstance(stores, KeepsRuns) else None


def vectors_in(stores: object) -> SharedVectors | None:
    """The vectors in shared stores; ``None`` if they keep none."""
    return stores.vectors() if isinstance(stores, KeepsVectors) else None


def secrets_of(config: Config) -> list[str | None]:
    """What must not appear in a trace: the address of the store, if it has a password or parameters, and the password."""
    url = config.memory.store
    if url is None:
        return []
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return [url]
    if password is None and not parts.query:
        return []
    return [
        url,
        password,
        unquote(password or "") or None,
        *(each.partition("=")[2] for each in parts.query.split("&") if "pass" in each),
    ]


def _scheme(url: str) -> str:
    """The scheme of an address.

    Raises:
        ConfigError: it does not begin with a scheme.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or not scheme:
        raise ConfigError(
            "memory.store does not begin with a scheme; write an address such as postgresql://USER@HOST:5432/DATABASE"
        )
    return scheme.lower()


def _extension(scheme: str, url: str, space: str) -> StoreSet:
    """The stores that another package brings.

    Raises:
        ConfigError: there is none for this scheme, or what it brings cannot be used.
    """
    found = extension("stores", scheme)
    if found is None:
        known = ", ".join(f"{each}://" for each in ("postgresql", *names("stores")))
        raise ConfigError(
            f"memory.store begins with {scheme}://, and there are stores for {known} only; install a package that brings one for {scheme} "
            "(entry point harlm.stores), or unset it to keep memory on this machine"
        )
    if not callable(found):
        raise ConfigError(
            f"the entry point {scheme!r} of harlm.stores does not name a function of an address and a namespace"
        )
    try:
        made = cast(Callable[[str, str], object], found)(url, space)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - of another package; its message may hold the password
        raise ConfigError(
            f"the store {without_password(url)} cannot be opened ({type(error).__name__})"
        ) from None
    if not isinstance(made, StoreSet):
        raise ConfigError(
            f"the entry point {scheme!r} of harlm.stores gives a {type(made).__name__}, which has no entries() and calls()"
        )
    return made
