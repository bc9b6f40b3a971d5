"""All stores in one database of Postgres."""

from __future__ import annotations

from harlm.stores.postgres.calls import PostgresCalls
from harlm.stores.postgres.entries import PostgresEntries
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.runs import PostgresRuns
from harlm.stores.postgres.schema import Connection
from harlm.stores.postgres.server import PostgresAddress
from harlm.stores.postgres.vectors import PostgresVectors


def _prefer_indexes(connection: Connection) -> None:
    """Have searches use the index of words however small the table is: to compare arrays takes far longer than the planner thinks."""
    connection.execute("SET enable_seqscan = off")


class PostgresStores:
    """Stores that several machines share; see ``harlm.stores.StoreSet``, ``KeepsRuns`` and ``KeepsVectors``.

    Args:
        url: ``postgresql://user:password@host:port/database``.
        space: the namespace.
        max_bytes: of the entries, and of the calls.
        vector_bytes: of the vectors.
        run_bytes: of the journals of runs.

    Raises:
        ConfigError: the database cannot be used; the message says why.
    """

    def __init__(
        self,
        url: str,
        space: str,
        max_bytes: int = 1 << 40,
        vector_bytes: int = 1 << 40,
        run_bytes: int = 1 << 40,
    ) -> None:
        self._address = PostgresAddress(url)
        self._space, self._max_bytes, self._vector_bytes, self._run_bytes = (
            space,
            max_bytes,
            vector_bytes,
            run_bytes,
        )
        self._reading, self._writing = (
            PostgresLink(self._address, _prefer_indexes),
            PostgresLink(self._address),
        )
        self._address.opened().close()

    def entries(self) -> PostgresEntries:
        """See ``harlm.stores.StoreSet``."""
        return PostgresEntries(
            self._address, self._reading.joined(), self._writing.joined(), self._space, self._max_bytes
        )

    def calls(self) -> PostgresCalls:
        """See ``harlm.stores.StoreSet``."""
        return PostgresCalls(
            self._address, self._reading.joined(), self._writing.joined(), self._space, self._max_bytes
        )

    def vectors(self) -> PostgresVectors:
        """See ``harlm.stores.KeepsVectors``."""
        return PostgresVectors(PostgresLink(self._address), self._vector_bytes)

    def runs(self) -> PostgresRuns:
        """See ``harlm.stores.KeepsRuns``."""
        return PostgresRuns(self._address, self._space, self._run_bytes)
