"""Vectors of texts in Postgres, by the hash of a text, so that no machine embeds what another one has embedded.

They are only ever read by their keys, so they are ``bytea``, as they came: a column of pgvector would refuse vectors of more
than 16,000 numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

import psycopg

from harlm.errors import MemoryFailure
from harlm.stores.postgres.link import PostgresLink
from harlm.stores.postgres.schema import Connection

_LOOKED_AT = 1_000  # vectors written between two looks at the size of the table


class PostgresVectors:
    """Keeps vectors for several machines. While the server is away it has none, and keeps none.

    Args:
        link: a connection, for reading and writing.
        max_bytes: of all vectors; the oldest are removed first.
    """

    def __init__(self, link: PostgresLink, max_bytes: int) -> None:
        self._link = link
        self._max_bytes = max_bytes
        self._written = _LOOKED_AT

    @property
    def is_kept(self) -> bool:
        """Whether a vector that was put can be expected to be there later."""
        return True

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """The vectors of ``keys`` that it has."""
        try:
            rows = self._link.ask("SELECT key, vector FROM harlm.vectors WHERE key = ANY(%s)", (list(keys),))
        except MemoryFailure:
            return {}
        return {bytes(cast(bytes, key)): bytes(cast(bytes, vector)) for key, vector in rows}

    def put(self, made: Mapping[bytes, bytes]) -> None:
        """Keep vectors."""
        with suppress(psycopg.Error):
            self._link.do(lambda connection: self._insert(connection, made))

    def _insert(self, connection: Connection, made: Mapping[bytes, bytes]) -> None:
        self._written += len(made)
        if self._written > _LOOKED_AT:
            self._written = 0
            connection.execute(
                "DELETE FROM harlm.vectors WHERE (SELECT sum(length(vector)) FROM harlm.vectors) > %s AND key IN"
                " (SELECT key FROM harlm.vectors ORDER BY made LIMIT (SELECT count(*) / 8 + 1 FROM harlm.vectors))",
                (self._max_bytes,),
            )
        connection.cursor().executemany(
            "INSERT INTO harlm.vectors (key, vector) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            sorted(made.items()),
        )

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._link.close()
