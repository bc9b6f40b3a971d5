"""Opens the shared stores of the settings, chosen by the scheme of their address."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from harlm.config import Config
from harlm.errors import ConfigError
from harlm.stores.brought import brought_stores
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
    return brought_stores(scheme, url, config.memory.namespace)


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
