"""Connects to a server of Postgres: with limits on waiting, with the tables of HARLM, and with errors that name no password."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import conninfo

from harlm.errors import ConfigError
from harlm.redact import HIDDEN, Redactor
from harlm.stores.postgres.schema import Connection, prepare

_CONNECTING_S = 3
_SILENT_MS = 10_000  # without an answer of the other machine's system after which a connection is lost
_SHOWN = 300  # characters of an error
_SETTINGS = (
    "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';"
    # a machine that is lost must not keep its locks for the two hours that systems wait by default
    " SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
)


class PostgresAddress:
    """A database on a server of Postgres, by its address.

    Args:
        url: ``postgresql://user:password@host:port/database``.

    Attributes:
        shown: the address without its password.

    Raises:
        ConfigError: it cannot be read.
    """

    def __init__(self, url: str) -> None:
        try:
            self._parameters = conninfo.conninfo_to_dict(url)
            if "@" in str(self._parameters.get("dbname")):
                raise ValueError("a password with a slash, or a name that no one has")
            parts = urlsplit(url)
            _ = parts.port  # raises where a password stands for it
            passwords = [
                parts.password,
                unquote(parts.password or ""),
                str(self._parameters.get("password") or ""),
            ]
        except (ValueError, psycopg.Error):  # the message may hold the password
            raise ConfigError(
                "memory.store cannot be read; write postgresql://USER@HOST:5432/DATABASE (with "
                "%XX for signs in a password that have a meaning in addresses)"
            ) from None
        self._passwords = [each for each in passwords if each]
        self._redactor = Redactor(self._passwords)
        self.shown = _without_password(self._parameters)

    def connect(self) -> Connection:
        """A new connection, in which each statement is a transaction of its own.

        Raises:
            psycopg.Error: the server cannot be reached, or refuses.
        """
        wanted: dict[str, object] = {
            "connect_timeout": _CONNECTING_S, "application_name": "harlm", "keepalives_idle": 10, "keepalives_interval": 5,
            "keepalives_count": 3, "tcp_user_timeout": _SILENT_MS,
        } | self._parameters  # fmt: skip
        connection = psycopg.connect(autocommit=True, **wanted)  # type: ignore[arg-type] # as libpq takes them
        try:
            connection.execute(_SETTINGS)
        except BaseException:
            connection.close()
            raise
        return connection

    def opened(self) -> Connection:
        """The first connection, which makes the tables if the database has none.

        Raises:
            ConfigError: the database cannot be used; the message says why.
        """
        try:
            connection = self.connect()
        except psycopg.Error as error:
            raise ConfigError(
                f"the shared store {self.shown} cannot be opened ({self.said(error)}); start its server, correct memory.store "
                "(HARLM_STORE), or unset it to keep memory on this machine"
            ) from None
        try:
            prepare(connection, self.shown)
        except psycopg.Error as error:
            connection.close()
            raise ConfigError(
                f"the tables of the shared store {self.shown} cannot be made or read ({self.said(error)}); its user needs the right "
                "to create the schema harlm, or one that exists"
            ) from None
        except BaseException:
            connection.close()
            raise
        return connection

    def said(self, error: Exception) -> str:
        """What an error says, in one line and without the password."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        text = self._redactor.clean_text(lines[0])
        for each in self._passwords:  # a short one, too, where nothing else would be cut out of a text
            text = text.replace(f":{each}@", f":{HIDDEN}@").replace(f"password={each}", f"password={HIDDEN}")
        return text[:_SHOWN]


def _without_password(parameters: Mapping[str, object]) -> str:
    """An address as a user may see it."""
    user, host, port, name = (str(parameters.get(each) or "") for each in ("user", "host", "port", "dbname"))
    return f"postgresql://{user}{'@' if user else ''}{host}{':' if port else ''}{port}/{name}"
