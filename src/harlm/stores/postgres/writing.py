"""Items that one thread writes into Postgres behind its callers, and the room that is made for them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import psycopg

from harlm.storage import Sized, WaitingItems
from harlm.storage.pending import Item, Record
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress

_AT_ONCE = 256  # rows of one transaction
_FREED = 8  # 1 of 8 bytes of the maximum is freed at once
_LOOKED_AT = 64  # how often, while the maximum is written once, its size is looked at
_LATELY_S = 900  # rows used since then are removed after all others: a run that is under way may need them


class PostgresTable(Sized[Record], Protocol[Record]):
    """Turns items into rows of a table."""

    @property
    def is_one_statement(self) -> bool:
        """Whether ``insert`` is a single statement, so that it needs neither a transaction nor room: one round trip instead of three."""
        ...

    def make_room(self, connection: Connection, size: int) -> None:
        """Remove rows until ``size`` bytes find room; called inside a transaction, now and then."""
        ...

    def insert(self, connection: Connection, items: Sequence[Record]) -> None:
        """Write items; called inside a transaction."""
        ...


class PostgresPending(WaitingItems[Item]):
    """Writes items into a table; see ``harlm.storage.WaitingItems``.

    Args:
        link: the connection for writing.
        table: turns items into rows.
        address: of the database.
    """

    def __init__(self, link: PostgresLink, table: PostgresTable[Item], address: PostgresAddress) -> None:
        super().__init__(
            table, f"in the shared store {address.shown}", "Start its server again, or unset memory.store"
        )
        self._link, self._table, self._address = link, table, address
        self._since = table.max_bytes  # bytes written since the size was looked at: at first it is unknown

    def _write_some(self, items: list[Item]) -> Exception | None:
        failed: Exception | None = None
        while items:
            some = items[:_AT_ONCE]
            try:
                self._link.do(lambda connection, some=some: self._insert(connection, some))  # type: ignore[misc] # of a loop
            except psycopg.OperationalError as error:  # it is away, full or busy: all is tried again
                return self._told(error)
            except Exception as error:  # noqa: BLE001 - an item that Postgres cannot store; write the others
                failed = self._told(error)
                self._insert_each(some)
            else:
                self._written(some)
            del items[: len(some)]
        return failed

    def _told(self, error: Exception) -> Exception:
        return RuntimeError(self._address.said(error))

    def _insert(self, connection: Connection, items: Sequence[Item]) -> None:
        if self._table.is_one_statement:
            self._table.insert(connection, items)
            return
        size = sum(map(self._table.size_of, items))
        with connection.transaction():
            if self._since + size >= self._table.max_bytes // _LOOKED_AT:
                self._table.make_room(connection, size)
                self._since = 0
            self._table.insert(connection, items)
        self._since += size

    def _insert_each(self, items: Sequence[Item]) -> None:
        """Write the items that can be written; the others are served from memory."""
        for item in items:
            try:
                self._link.do(lambda connection, item=item: self._insert(connection, [item]))  # type: ignore[misc] # as above
            except Exception:  # noqa: BLE001, S112 - said already
                continue
            self._written([item])


def make_room(connection: Connection, table: str, max_bytes: int, size: int) -> None:
    """Remove the rows that were used least and longest ago until ``size`` bytes find room; called inside a transaction.

    Args:
        connection: to the database.
        table: the name of a table with the columns ``size``, ``used`` and ``uses``; it becomes part of the SQL.
        max_bytes: of its rows.
        size: bytes to come.
    """
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext(%s))", (f"harlm {table}",)
    )  # two would remove twice as much
    row = connection.execute(f"SELECT coalesce(sum(size), 0)::bigint FROM harlm.{table}").fetchone()  # noqa: S608 - our own name
    held = int(str(row[0])) if row else 0
    if held + size <= max_bytes - max_bytes // _LOOKED_AT:
        return
    connection.execute(
        f"DELETE FROM harlm.{table} WHERE (space, key) IN (SELECT space, key FROM (SELECT space, key, sum(size) OVER "  # noqa: S608 - as above
        "(ORDER BY used >= %s, uses, used, key) - size AS before FROM "
        f"harlm.{table}) AS ranked WHERE before < %s)",
        (time.time() - _LATELY_S, held + size - max_bytes + max_bytes // _FREED),
    )
