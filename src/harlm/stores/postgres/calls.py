"""Paid calls in Postgres; see ``harlm.protocols.CallStore``. Namespaces are separate."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from harlm.errors import MemoryFailure
from harlm.journal.store import call_of, packed_text
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress
from harlm.stores.postgres.writing import PostgresPending, make_room
from harlm.types import PaidCall

_ROW = 600  # bytes of a row besides its text
_GET = "SELECT key, model, value, packing, usage, created FROM harlm.calls WHERE space = %s AND key = %s"


def encoded(text: str) -> bytes:
    """Any text as ``bytea``."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: object) -> str:
    """The text that was encoded."""
    return bytes(data).decode("utf-8", "surrogatepass")  # type: ignore[call-overload, no-any-return] # bytea


class PostgresCallTable:
    """Calls as rows; see ``harlm.stores.postgres.writing.PostgresTable``.

    Args:
        space: the namespace.
        max_bytes: of the rows of all namespaces.
    """

    noun = "journal"
    is_one_statement = False

    def __init__(self, space: str, max_bytes: int) -> None:
        self._space = encoded(space)
        self.max_bytes = max_bytes

    def key_of(self, item: PaidCall) -> str:
        """See ``harlm.storage.Sized``."""
        return item.key

    def size_of(self, item: PaidCall) -> int:
        """See ``harlm.storage.Sized``."""
        return sys.getsizeof(item.text) + _ROW

    def make_room(self, connection: Connection, size: int) -> None:
        """See ``PostgresTable``."""
        make_room(connection, "calls", self.max_bytes, size)

    def insert(self, connection: Connection, items: Sequence[PaidCall]) -> None:
        """See ``PostgresTable``. A call whose key exists counts as one more use; the stored call stays as it is."""
        rows = []
        for each in sorted(
            items, key=self.key_of
        ):  # in one order, or two processes would wait for each other
            value, packing = packed_text(each.text)
            usage = msgspec.json.encode(each.usage).decode()
            size = len(value) + len(usage) + _ROW // 4
            rows.append(
                (
                    self._space,
                    encoded(each.key),
                    encoded(each.model),
                    value,
                    packing,
                    usage,
                    each.created,
                    size,
                    each.created,
                )
            )
        connection.cursor().executemany(
            "INSERT INTO harlm.calls AS kept (space, key, model, value, packing, usage, created, size, used, uses)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0)"
            " ON CONFLICT (space, key) DO UPDATE SET used = excluded.used, uses = kept.uses + 1",
            rows,
        )


class PostgresCalls:
    """Calls that several machines share; see ``harlm.protocols.CallStore``.

    Args:
        address: of the database.
        reading, writing: connections to it; ``writing`` is used by one thread.
        space: the namespace.
        max_bytes: of the rows of all namespaces.
    """

    def __init__(
        self,
        address: PostgresAddress,
        reading: PostgresLink,
        writing: PostgresLink,
        space: str,
        max_bytes: int,
    ) -> None:
        self._reading, self._writing = reading, writing
        self._space = encoded(space)
        self._pending: PostgresPending[PaidCall] = PostgresPending(
            writing, PostgresCallTable(space, max_bytes), address
        )
        self._address = address
        self._missed = 0

    @property
    def is_behind(self) -> bool:
        """See ``harlm.storage.Behind``."""
        return self._pending.is_behind

    @property
    def failure(self) -> str | None:
        """Why calls are not in the store; ``None`` as long as they are."""
        return self._pending.failure

    def put(self, call: PaidCall) -> None:
        """See ``harlm.protocols.CallStore``."""
        self._pending.put(call)

    def get(self, key: str) -> PaidCall | None:
        """See ``harlm.protocols.CallStore``.

        Raises:
            MemoryFailure: the server is away, and this process has not put the call.
        """
        if self._pending.is_closed:
            return None
        waiting = self._pending.waiting(key)
        try:
            rows = self._reading.ask(
                _GET, (self._space, encoded(key))
            )  # first: a stored call stays the one under its key
        except MemoryFailure:
            if waiting is None:
                self._missed += 1
                raise
            return waiting
        if not rows:
            return waiting
        found, model, value, packing, usage, created = rows[0]
        return call_of((decoded(found), decoded(model), value, packing, usage, created))

    def flush(self) -> None:
        """See ``harlm.protocols.CallStore``.

        Raises:
            MemoryFailure: calls cannot be written; or the server was away for a time, so that calls were made without a look.
        """
        self._pending.flush()
        self._pending.tell_left_out()
        missed, self._missed = self._missed, 0
        if missed:
            raise MemoryFailure(
                f"the shared store {self._address.shown} was away for a time: {missed:,} times no earlier reply could be looked up, "
                "and the call was made; what was paid for is kept there now"
            )

    def close(self) -> None:
        """See ``harlm.protocols.CallStore``."""
        if self._pending.end_writing():
            self._reading.close()
            self._writing.close()
