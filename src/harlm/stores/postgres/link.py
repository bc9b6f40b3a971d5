"""One connection that several callers share, and that is opened again when the server was away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import psycopg

from harlm.errors import MemoryFailure
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress

_AGAIN_S = 1.0  # to the next attempt to reach a server that is away
_T = TypeVar("_T")


class PostgresLink:
    """A connection for one kind of work. Safe to use from several threads, one at a time.

    Args:
        address: of the database.
        on_opened: called with each new connection, before anything else uses it.
    """

    def __init__(
        self, address: PostgresAddress, on_opened: Callable[[Connection], None] = lambda _: None
    ) -> None:
        self._address = address
        self._on_opened = on_opened
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._is_closed = False
        self._users = 0
        self._why = ""
        self._tried = 0.0
        self._trying: threading.Thread | None = None

    def do(self, work: Callable[[Connection], _T]) -> _T:
        """The result of ``work``, which is done once more if the connection turns out to be lost. Waits for the server to answer.

        Raises:
            psycopg.Error: the server is away, or refuses.
        """
        with self._lock:
            if self._is_closed:
                raise psycopg.InterfaceError("the connection is closed")
            had_one = self._connection is not None
            try:
                return self._done(work)
            except psycopg.Error:
                if not had_one or self._connection is not None:
                    raise
            return self._done(work)

    def ask(self, query: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        """The rows that a query finds; none once this is closed. Does not wait for a server that is known to be away.

        Raises:
            MemoryFailure: the server is away, or refuses.
        """
        with self._lock:
            if self._is_closed:
                return []
            if self._connection is None and self._why:
                self._try_aside()
                raise self._away()
            try:
                return self.do(lambda connection: connection.execute(query, values, binary=True).fetchall())
            except psycopg.Error as error:
                self._why = self._address.said(error)
                raise self._away() from None

    def joined(self) -> PostgresLink:
        """This link, for one more user; each calls ``close`` once."""
        self._users += 1
        return self

    def close(self) -> None:
        """Close the connection when its last user does. Without users, safe to call twice."""
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
            self._is_closed = True
            self._drop()

    def _away(self) -> MemoryFailure:
        return MemoryFailure(
            f"the shared store {self._address.shown} does not answer ({self._why}); what this process put into it stays here until it does"
        )

    def _done(self, work: Callable[[Connection], _T]) -> _T:
        if self._connection is None:
            self._connection = self._connected()
        try:
            return work(self._connection)
        except psycopg.Error:
            if self._connection.broken or self._connection.closed:
                self._drop()
            else:
                with suppress(psycopg.Error):
                    self._connection.rollback()
            raise

    def _connected(self) -> Connection:
        connection = self._address.connect()
        try:
            self._on_opened(connection)
        except BaseException:
            connection.close()
            raise
        self._why = ""
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _try_aside(self) -> None:
        """Look in a thread whether the server is back, so that no caller waits for it."""
        if time.monotonic() < self._tried + _AGAIN_S or (
            self._trying is not None and self._trying.is_alive()
        ):
            return
        self._tried = time.monotonic()
        self._trying = threading.Thread(target=self._try, name="harlm-store", daemon=True)
        self._trying.start()

    def _try(self) -> None:
        try:
            connection = self._connected()
        except psycopg.Error:
            return
        with self._lock:
            if self._connection is None and not self._is_closed:
                self._connection = connection
                return
        connection.close()
